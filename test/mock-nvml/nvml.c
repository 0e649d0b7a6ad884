/*
 * A stand-in for the driver's NVML library: real C calls through the real binding, without a GPU.
 *
 * The file named by MOCK_NVML_CONTROL steers it while it runs; it is read again whenever it changes. One line each:
 *
 *   set GPU NAME VALUE        a value: set 0 temp 71, set * power_mw 250000, set -1 count 4 (-1: the library itself)
 *   code GPU SYMBOL CODE      a call answers this nvmlReturn_t: code 1 nvmlDeviceGetTemperature 15, code * * 18
 *   delay GPU SYMBOL MS       a call takes this long
 *   hang GPU SYMBOL           a call does not return while this line is there
 *
 * Without it, MOCK_NVML_COUNT says how many GPUs there are, and calls cost next to nothing.
 *
 * GPU and SYMBOL may be '*'. Later lines win. Struct layouts and signatures are those of nvml.h.
 * Built without a symbol by -DWITHOUT_<symbol>, as an older driver would be.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define MAX_RULES 512
#define MAX_GPUS 64
#define LIBRARY -1
#define ANY -2

enum { SET, CODE, DELAY, HANG };
typedef struct {
  int kind, gpu;
  char name[64];
  double value;
} rule_t;

static rule_t rules[MAX_RULES];
static int rule_count;
static struct timespec control_time;
static off_t control_size;
static int opened;

static void parse(FILE *file) {
  char line[256], kind[16], gpu[16], name[64], value[64];
  rule_count = 0;
  while (rule_count < MAX_RULES && fgets(line, sizeof line, file)) {
    value[0] = 0;
    int fields = sscanf(line, "%15s %15s %63s %63s", kind, gpu, name, value);
    if (fields < 3) continue;
    rule_t *rule = &rules[rule_count];
    if (!strcmp(kind, "set")) rule->kind = SET;
    else if (!strcmp(kind, "code")) rule->kind = CODE;
    else if (!strcmp(kind, "delay")) rule->kind = DELAY;
    else if (!strcmp(kind, "hang")) rule->kind = HANG;
    else continue;
    rule->gpu = strcmp(gpu, "*") ? atoi(gpu) : ANY;
    strcpy(rule->name, name);
    rule->value = atof(value);
    rule_count++;
  }
}

static void reload(void) {
  const char *path = getenv("MOCK_NVML_CONTROL");
  struct stat now;
  if (!path || stat(path, &now)) return;
  if (now.st_size == control_size && now.st_mtim.tv_sec == control_time.tv_sec && now.st_mtim.tv_nsec == control_time.tv_nsec) return;
  FILE *file = fopen(path, "r");
  if (!file) return;
  control_time = now.st_mtim;
  control_size = now.st_size;
  parse(file);
  fclose(file);
}

static const rule_t *find(int kind, int gpu, const char *name) {
  for (int i = rule_count - 1; i >= 0; i--) {
    const rule_t *rule = &rules[i];
    if (rule->kind == kind && (rule->gpu == ANY || rule->gpu == gpu) && (!strcmp(rule->name, "*") || !strcmp(rule->name, name))) return rule;
  }
  return 0;
}

static double value(int gpu, const char *name, double otherwise) {
  const rule_t *rule = find(SET, gpu, name);
  return rule ? rule->value : otherwise;
}

static void pause_ms(double ms) {
  struct timespec time = {(time_t)(ms / 1000), (long)((ms - 1000 * (long)(ms / 1000)) * 1e6)};
  nanosleep(&time, 0);
}

/* what every call does first: obey the control file */
static int enter(int gpu, const char *symbol) {
  reload();
  const rule_t *delay = find(DELAY, gpu, symbol);
  if (delay) pause_ms(delay->value);
  while (find(HANG, gpu, symbol)) {
    pause_ms(20);
    reload();
  }
  const rule_t *code = find(CODE, gpu, symbol);
  if (code) return (int)code->value;
  return opened || gpu == LIBRARY ? 0 : 1; /* UNINITIALIZED */
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static int count(void) {
  const char *many = getenv("MOCK_NVML_COUNT");
  return (int)value(LIBRARY, "count", many ? atoi(many) : 2);
}

/* a handle is the position plus one: never null, and a wild one is refused as the driver would crash on it */
typedef void *device_t;
static int position(device_t device) { return (int)(intptr_t)device - 1; }

#define CALL(symbol) \
  int code = enter(position(device), #symbol); \
  if (position(device) < 0 || position(device) >= MAX_GPUS) return 2; \
  if (code) return code; \
  int gpu = position(device); \
  (void)gpu;

/* ---- the library */
EXPORT int nvmlInit_v2(void) {
  int code = enter(LIBRARY, "nvmlInit_v2");
  if (!code) opened = 1;
  return code;
}
EXPORT int nvmlShutdown(void) {
  opened = 0;
  return enter(LIBRARY, "nvmlShutdown");
}
EXPORT int nvmlSystemGetDriverVersion(char *text, unsigned size) {
  int code = enter(LIBRARY, "nvmlSystemGetDriverVersion");
  if (!code) snprintf(text, size, "575.57.08");
  return code;
}
EXPORT int nvmlSystemGetNVMLVersion(char *text, unsigned size) {
  int code = enter(LIBRARY, "nvmlSystemGetNVMLVersion");
  if (!code) snprintf(text, size, "12.575.57.08");
  return code;
}
EXPORT int nvmlDeviceGetCount_v2(unsigned *number) {
  int code = enter(LIBRARY, "nvmlDeviceGetCount_v2");
  if (!code && !opened) return 1;
  *number = count();
  return code;
}
EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, device_t *device) {
  int code = enter(index, "nvmlDeviceGetHandleByIndex_v2");
  if (code) return code;
  if ((int)index >= count()) return 2;
  *device = (device_t)(intptr_t)(value(index, "position", index) + 1);
  return 0;
}

/* ---- identity */
EXPORT int nvmlDeviceGetName(device_t device, char *text, unsigned size) {
  CALL(nvmlDeviceGetName)
  snprintf(text, size, "Mock GPU %d", gpu);
  return 0;
}
EXPORT int nvmlDeviceGetUUID(device_t device, char *text, unsigned size) {
  CALL(nvmlDeviceGetUUID)
  snprintf(text, size, "GPU-00000000-0000-0000-0000-%012d", gpu);
  return 0;
}
EXPORT int nvmlDeviceGetVbiosVersion(device_t device, char *text, unsigned size) {
  CALL(nvmlDeviceGetVbiosVersion)
  snprintf(text, size, "95.02.3C.00.%02d", gpu);
  return 0;
}
typedef struct {
  char legacy[16];
  unsigned domain, bus, device, device_id, subsystem_id;
  char bus_id[32];
} pci_t;
EXPORT int nvmlDeviceGetPciInfo_v3(device_t device, pci_t *pci) {
  CALL(nvmlDeviceGetPciInfo_v3)
  memset(pci, 0, sizeof *pci);
  pci->bus = gpu + 1;
  snprintf(pci->legacy, sizeof pci->legacy, "0000:%02X:00.0", gpu + 1);
  snprintf(pci->bus_id, sizeof pci->bus_id, "00000000:%02X:00.0", gpu + 1);
  return 0;
}

/* ---- readings */
EXPORT int nvmlDeviceGetTemperature(device_t device, int sensor, unsigned *temp) {
  CALL(nvmlDeviceGetTemperature)
  if (sensor != 0) return 2;
  *temp = (unsigned)value(gpu, "temp", 60 + gpu);
  return 0;
}
EXPORT int nvmlDeviceGetTemperatureThreshold(device_t device, int type, unsigned *temp) {
  CALL(nvmlDeviceGetTemperatureThreshold)
  static const double limits[] = {98, 95, -1, 93, -1, 83, -1, -1};
  static const char *names[] = {"shutdown", "slowdown", "mem_max", "gpu_max", "acoustic_min", "acoustic_curr", "acoustic_max", "gps_curr"};
  if (type < 0 || type > 7) return 2;
  double limit = value(gpu, names[type], limits[type]);
  if (limit < 0) return 3;
  *temp = (unsigned)limit;
  return 0;
}
EXPORT int nvmlDeviceGetPowerUsage(device_t device, unsigned *milliwatts) {
  CALL(nvmlDeviceGetPowerUsage)
  *milliwatts = (unsigned)value(gpu, "power_mw", 200000 + 1000 * gpu);
  return 0;
}
EXPORT int nvmlDeviceGetEnforcedPowerLimit(device_t device, unsigned *milliwatts) {
  CALL(nvmlDeviceGetEnforcedPowerLimit)
  *milliwatts = (unsigned)value(gpu, "power_limit_mw", 350000);
  return 0;
}
EXPORT int nvmlDeviceGetPowerManagementDefaultLimit(device_t device, unsigned *milliwatts) {
  CALL(nvmlDeviceGetPowerManagementDefaultLimit)
  *milliwatts = 350000;
  return 0;
}
EXPORT int nvmlDeviceGetPowerManagementLimitConstraints(device_t device, unsigned *low, unsigned *high) {
  CALL(nvmlDeviceGetPowerManagementLimitConstraints)
  *low = 100000;
  *high = 400000;
  return 0;
}
EXPORT int nvmlDeviceGetTotalEnergyConsumption(device_t device, unsigned long long *millijoules) {
  CALL(nvmlDeviceGetTotalEnergyConsumption)
  double power = value(gpu, "power_mw", 200000 + 1000 * gpu);
  *millijoules = (unsigned long long)value(gpu, "energy_mj", power * seconds());
  return 0;
}
EXPORT int nvmlDeviceGetUtilizationRates(device_t device, unsigned *rates) {
  CALL(nvmlDeviceGetUtilizationRates)
  rates[0] = (unsigned)value(gpu, "gpu_util", 97);
  rates[1] = (unsigned)value(gpu, "mem_util", 41);
  return 0;
}
typedef struct {
  unsigned version;
  unsigned long long total, reserved, free, used;
} memory_v2_t;
#ifndef WITHOUT_nvmlDeviceGetMemoryInfo_v2
EXPORT int nvmlDeviceGetMemoryInfo_v2(device_t device, memory_v2_t *memory) {
  CALL(nvmlDeviceGetMemoryInfo_v2)
  if (memory->version != (sizeof *memory | (2u << 24))) return 25;
  memory->total = 24ull << 30;
  memory->reserved = 400ull << 20;
  memory->used = (unsigned long long)value(gpu, "vram_used", 8.0 * (1ull << 30));
  memory->free = memory->total - memory->reserved - memory->used;
  return 0;
}
#endif
typedef struct {
  unsigned long long total, free, used;
} memory_t;
EXPORT int nvmlDeviceGetMemoryInfo(device_t device, memory_t *memory) {
  CALL(nvmlDeviceGetMemoryInfo)
  memory->total = 24ull << 30;
  memory->used = (unsigned long long)value(gpu, "vram_used", 8.0 * (1ull << 30)) + (400ull << 20);
  memory->free = memory->total - memory->used;
  return 0;
}
EXPORT int nvmlDeviceGetClockInfo(device_t device, int type, unsigned *megahertz) {
  CALL(nvmlDeviceGetClockInfo)
  static const unsigned clocks[] = {1800, 1800, 9751, 1500};
  if (type < 0 || type > 3) return 2;
  *megahertz = clocks[type] + gpu;
  return 0;
}
EXPORT int nvmlDeviceGetPerformanceState(device_t device, unsigned *state) {
  CALL(nvmlDeviceGetPerformanceState)
  *state = (unsigned)value(gpu, "pstate", 2);
  return 0;
}
#ifndef WITHOUT_nvmlDeviceGetCurrentClocksEventReasons
EXPORT int nvmlDeviceGetCurrentClocksEventReasons(device_t device, unsigned long long *mask) {
  CALL(nvmlDeviceGetCurrentClocksEventReasons)
  *mask = (unsigned long long)value(gpu, "reasons", 0x4);
  return 0;
}
#endif
EXPORT int nvmlDeviceGetCurrentClocksThrottleReasons(device_t device, unsigned long long *mask) {
  CALL(nvmlDeviceGetCurrentClocksThrottleReasons)
  *mask = (unsigned long long)value(gpu, "reasons", 0x4);
  return 0;
}
EXPORT int nvmlDeviceGetFanSpeed_v2(device_t device, unsigned fan, unsigned *percent) {
  CALL(nvmlDeviceGetFanSpeed_v2)
  if (fan > 1) return 2;
  *percent = (unsigned)value(gpu, "fan", 55);
  return 0;
}

/* ---- processes: one compute process where the control file names its pid */
typedef struct {
  unsigned pid;
  unsigned long long used;
  unsigned gpu_instance, compute_instance;
} process_t;
EXPORT int nvmlDeviceGetComputeRunningProcesses_v3(device_t device, unsigned *number, process_t *processes) {
  CALL(nvmlDeviceGetComputeRunningProcesses_v3)
  int pid = (int)value(gpu, "process_pid", 0);
  unsigned room = *number;
  *number = pid ? 1 : 0;
  if (!pid) return 0;
  if (room < 1) return 7;
  processes[0] = (process_t){pid, 6ull << 30, ~0u, ~0u};
  return 0;
}
EXPORT int nvmlDeviceGetGraphicsRunningProcesses_v3(device_t device, unsigned *number, process_t *processes) {
  CALL(nvmlDeviceGetGraphicsRunningProcesses_v3)
  (void)processes;
  *number = 0;
  return 0;
}
EXPORT int nvmlSystemGetProcessName(unsigned pid, char *text, unsigned size) {
  int code = enter(LIBRARY, "nvmlSystemGetProcessName");
  if (!code) snprintf(text, size, "/usr/bin/process-%u", pid);
  return code;
}

/* ---- fields: 40 bytes each, see nvmlFieldValue_t */
typedef struct {
  unsigned id, scope;
  long long timestamp, latency;
  unsigned type, code;
  union {
    double real;
    int sint;
    unsigned uint;
    unsigned long long ull;
  } value;
} field_t;
EXPORT int nvmlDeviceGetFieldValues(device_t device, int number, field_t *fields) {
  CALL(nvmlDeviceGetFieldValues)
  for (int i = 0; i < number; i++) {
    field_t *field = &fields[i];
    char name[32];
    snprintf(name, sizeof name, "field_%u", field->id);
    field->type = 3;
    field->code = (unsigned)value(gpu, strcat(strcpy((char[64]){0}, name), "_code"), 0);
    field->value.ull = 0;
    switch (field->id) {
      case 82: /* memory temperature: as on a GeForce, not there unless set */
        field->type = 1;
        if (find(SET, gpu, name)) field->value.uint = (unsigned)value(gpu, name, 0);
        else field->code = 3;
        break;
      case 185: case 186:
        field->type = 1;
        field->value.uint = (unsigned)value(gpu, name, value(gpu, "power_mw", 200000 + 1000 * gpu));
        break;
      case 74: case 269: case 270: case 271:
        field->value.ull = (unsigned long long)value(gpu, name, field->id == 74 ? 5e9 : 0);
        break;
      case 193: case 194: case 196:
        field->type = 5;
        if (find(SET, gpu, name)) field->value.sint = (int)value(gpu, name, 0);
        else field->code = 3;
        break;
      default: /* a field that this driver knows only when it is set */
        if (find(SET, gpu, name)) field->value.ull = (unsigned long long)value(gpu, name, 0);
        else field->code = 2;
    }
  }
  return 0;
}
