/* How the card is: memory errors, spare rows, links, instances, and the numbered fields. */
#include "mock.h"

/* ---- memory errors */
API(nvmlDeviceGetEccMode)(device_t device, unsigned *current, unsigned *pending) {
  CALL(nvmlDeviceGetEccMode)
  HAVE(ecc, "ecc", NONE)
  *current = *pending = (unsigned)ecc;
  return SUCCESS;
}
API(nvmlDeviceGetTotalEccErrors)(device_t device, unsigned error, unsigned counter, ull *errors) {
  CALL(nvmlDeviceGetTotalEccErrors)
  if (error > 1 || counter > 1) return INVALID_ARGUMENT;
  char name[32];
  snprintf(name, sizeof name, "ecc_%u_%u", error, counter);
  HAVE(found, name, value(gpu, "ecc_count", NONE))
  *errors = whole(gpu, name, found);
  return SUCCESS;
}
typedef struct {
  unsigned version;
  ull counts[11];
  unsigned exceeded;
} sram_t;
API(nvmlDeviceGetSramEccErrorStatus)(device_t device, sram_t *out) {
  CALL(nvmlDeviceGetSramEccErrorStatus)
  if (out->version != (sizeof *out | 1u << 24)) return VERSION_MISMATCH;
  HAVE(exceeded, "sram_exceeded", NONE)
  out->exceeded = (unsigned)exceeded;
  return SUCCESS;
}
API(nvmlDeviceGetRowRemapperHistogram)(device_t device, unsigned banks[5]) {
  CALL(nvmlDeviceGetRowRemapperHistogram)
  HAVE(max, "remap_max", NONE)
  const char *const names[] = {"remap_max", "remap_high", "remap_partial", "remap_low", "remap_none"};
  for (int i = 0; i < 5; i++) banks[i] = (unsigned)value(gpu, names[i], 0);
  return SUCCESS;
}
API(nvmlDeviceGetPersistenceMode)(device_t device, unsigned *mode) {
  CALL(nvmlDeviceGetPersistenceMode)
  HAVE(found, "persistence", 1)
  *mode = (unsigned)found;
  return SUCCESS;
}

/* ---- instances: the first mig_instances of mig_slots exist */
API(nvmlDeviceGetMigMode)(device_t device, unsigned *current, unsigned *pending) {
  CALL(nvmlDeviceGetMigMode)
  HAVE(mode, "mig_mode", NONE)
  *current = *pending = (unsigned)mode;
  return SUCCESS;
}
API(nvmlDeviceGetMaxMigDeviceCount)(device_t device, unsigned *number) {
  CALL(nvmlDeviceGetMaxMigDeviceCount)
  HAVE(slots, "mig_slots", 0)
  *number = (unsigned)whole(gpu, "mig_slots", slots);
  return SUCCESS;
}
API(nvmlDeviceGetMigDeviceHandleByIndex)(device_t device, unsigned index, device_t *found) {
  CALL(nvmlDeviceGetMigDeviceHandleByIndex)
  if (index >= value(gpu, "mig_slots", 0)) return INVALID_ARGUMENT;
  if (index >= value(gpu, "mig_instances", 0)) return NOT_FOUND;
  *found = (device_t)((intptr_t)(index + 1) << 16 | (gpu + 1));
  return SUCCESS;
}

/* ---- links between GPUs: field 91 says how many */
API(nvmlDeviceGetNvLinkState)(device_t device, unsigned link, unsigned *up) {
  CALL(nvmlDeviceGetNvLinkState)
  char name[32];
  snprintf(name, sizeof name, "nvlink_%u", link);
  HAVE(state, name, 1)
  *up = (unsigned)state;
  return SUCCESS;
}
API(nvmlDeviceGetNvLinkErrorCounter)(device_t device, unsigned link, unsigned type, ull *errors) {
  CALL(nvmlDeviceGetNvLinkErrorCounter)
  char name[48];
  snprintf(name, sizeof name, "nvlink_%u_error_%u", link, type);
  *errors = whole(gpu, name, value(gpu, name, type));
  return SUCCESS;
}

/*
 * ---- fields: 40 bytes each, see nvmlFieldValue_t. Named "field_ID" or, in another scope than 0, "field_ID_SCOPE"; with
 * "_code" and "_type" behind it the code and the nvmlValueType_t of the answer.
 */
typedef struct {
  unsigned id, scope;
  long long timestamp, latency;
  unsigned type, code;
  union {
    double real;
    int sint;
    unsigned uint;
    unsigned long ulong;
    ull ull;
    long long sll;
    unsigned short ushort;
  } value;
} field_t;
enum { REAL, UINT, ULONG, ULL, SLL, SINT, USHORT };

static const struct {
  unsigned id, type;
  double otherwise;
} known[] = {
  {29, ULL, NONE},  {30, ULL, NONE},  {31, ULL, NONE},  {74, ULL, 5e9},    {76, ULL, 0},     {82, UINT, NONE},
  {91, UINT, NONE}, {142, UINT, NONE}, {143, UINT, NONE}, {144, UINT, NONE}, {145, UINT, NONE}, {193, SINT, NONE},
  {194, SINT, NONE}, {195, SINT, NONE}, {196, SINT, NONE}, {230, UINT, NONE}, {269, ULL, 0},    {270, ULL, 0},
  {271, ULL, 0},
};

static void put(field_t *field, int gpu, const char *name, double found) {
  switch (field->type) {
    case REAL: field->value.real = found; return;
    case SINT: field->value.sint = (int)found; return;
    case SLL: field->value.sll = (long long)found; return;
    case UINT: field->value.uint = (unsigned)whole(gpu, name, found); return;
    case USHORT: field->value.ushort = (unsigned short)whole(gpu, name, found); return;
    case ULONG: field->value.ulong = (unsigned long)whole(gpu, name, found); return;
    default: field->value.ull = whole(gpu, name, found);
  }
}

static void answer(field_t *field, int gpu) {
  char name[32] = "", with_code[40] = "", with_type[40] = "";
  if (!is_plain()) {
    snprintf(name, sizeof name, field->scope ? "field_%u_%u" : "field_%u", field->id, field->scope);
    snprintf(with_code, sizeof with_code, "%s_code", name);
    snprintf(with_type, sizeof with_type, "%s_type", name);
  }
  int is_power = field->id == 185 || field->id == 186;
  double otherwise = is_power && !field->scope
                         ? value(gpu, "power_mw", simulated(gpu, "power_mw", 200000 + 1000 * gpu))
                         : NONE;
  unsigned type = UINT, code = is_power ? SUCCESS : INVALID_ARGUMENT; /* a field that this driver does not know */
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (known[i].id != field->id) continue;
    otherwise = known[i].otherwise;
    type = known[i].type;
    code = SUCCESS;
  }
  double found = value(gpu, name, otherwise);
  field->type = (unsigned)value(gpu, with_type, type);
  field->value.ull = 0;
  field->code = (unsigned)value(gpu, with_code, code ? code : isnan(found) ? NOT_SUPPORTED : SUCCESS);
  if (!field->code) put(field, gpu, name, found);
}

API(nvmlDeviceGetFieldValues)(device_t device, int number, field_t *fields) {
  CALL(nvmlDeviceGetFieldValues)
  for (int i = 0; i < number; i++) answer(&fields[i], gpu);
  return SUCCESS;
}
