/* Opening and closing, who the GPUs are, and events. */
#include "mock.h"
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int users; /* NVML counts them: it is closed by the last */
static double driver_loads;

int is_open(void) {
  return users > 0 && driver_loads == value(LIBRARY, "driver_loads", 0);
}
int position(device_t device) { return (int)((intptr_t)device & 0xffff) - 1; }
int instance(device_t device) { return (int)((intptr_t)device >> 16) - 1; }
static device_t handle(int gpu) { return (device_t)(intptr_t)(gpu + 1); }

static int init(const char *symbol) {
  int code = enter(LIBRARY, symbol);
  if (code) return code;
  pthread_mutex_lock(&lock);
  users++;
  driver_loads = value(LIBRARY, "driver_loads", 0);
  pthread_mutex_unlock(&lock);
  return SUCCESS;
}
API(nvmlInit)(void) { return init("nvmlInit"); }
API(nvmlInit_v2)(void) { return init("nvmlInit_v2"); }
API(nvmlInitWithFlags)(unsigned flags) { /* what NVIDIA's Python binding calls */
  (void)flags;
  return init("nvmlInitWithFlags");
}
API(nvmlShutdown)(void) {
  int code = enter(LIBRARY, "nvmlShutdown");
  pthread_mutex_lock(&lock);
  int was = users;
  if (users) users--;
  pthread_mutex_unlock(&lock);
  return code ? code : was ? SUCCESS : UNINITIALIZED;
}
API(nvmlSystemGetDriverVersion)(char *text, unsigned size) {
  int code = enter(LIBRARY, "nvmlSystemGetDriverVersion");
  if (!code) snprintf(text, size, "575.57.08");
  return code;
}
API(nvmlSystemGetNVMLVersion)(char *text, unsigned size) {
  int code = enter(LIBRARY, "nvmlSystemGetNVMLVersion");
  if (!code) snprintf(text, size, "12.575.57.08");
  return code;
}
API(nvmlSystemGetProcessName)(unsigned pid, char *text, unsigned size) {
  int code = enter(LIBRARY, "nvmlSystemGetProcessName");
  if (!code) snprintf(text, size, "/usr/bin/process-%u", pid);
  return code;
}

/* ---- finding GPUs: "position" is where in the driver's list a GPU stands, when its order has changed */
static int device_count(const char *symbol, unsigned *number) {
  int code = enter(LIBRARY, symbol);
  if (code) return code;
  if (!is_open()) return UNINITIALIZED;
  *number = (unsigned)whole(LIBRARY, "count", count());
  return SUCCESS;
}
API(nvmlDeviceGetCount)(unsigned *number) { return device_count("nvmlDeviceGetCount", number); }
API(nvmlDeviceGetCount_v2)(unsigned *number) { return device_count("nvmlDeviceGetCount_v2", number); }

static int by_index(const char *symbol, unsigned index, device_t *device) {
  int code = enter((int)index, symbol);
  if (code) return code;
  if ((int)index >= count()) return INVALID_ARGUMENT;
  *device = handle((int)value((int)index, "position", index));
  return SUCCESS;
}
API(nvmlDeviceGetHandleByIndex)(unsigned index, device_t *device) {
  return by_index("nvmlDeviceGetHandleByIndex", index, device);
}
API(nvmlDeviceGetHandleByIndex_v2)(unsigned index, device_t *device) {
  return by_index("nvmlDeviceGetHandleByIndex_v2", index, device);
}

static int by_bus_id(const char *symbol, const char *bus_id, device_t *device) {
  unsigned domain, bus;
  if (sscanf(bus_id, "%x:%x:", &domain, &bus) != 2 || domain || bus < 1) return NOT_FOUND;
  int code = enter((int)bus - 1, symbol);
  if (code) return code;
  if ((int)bus > count()) return NOT_FOUND;
  *device = handle((int)bus - 1);
  return SUCCESS;
}
API(nvmlDeviceGetHandleByPciBusId)(const char *bus_id, device_t *device) {
  return by_bus_id("nvmlDeviceGetHandleByPciBusId", bus_id, device);
}
API(nvmlDeviceGetHandleByPciBusId_v2)(const char *bus_id, device_t *device) {
  return by_bus_id("nvmlDeviceGetHandleByPciBusId_v2", bus_id, device);
}
API(nvmlDeviceGetIndex)(device_t device, unsigned *index) {
  CALL(nvmlDeviceGetIndex)
  for (int i = 0; i < count(); i++)
    if ((int)value(i, "position", i) == gpu) *index = (unsigned)i;
  return SUCCESS;
}

/* ---- identity */
API(nvmlDeviceGetName)(device_t device, char *text, unsigned size) {
  CALL(nvmlDeviceGetName)
  const profile_t *profile = profile_of(gpu);
  if (profile) snprintf(text, size, "%s", profile->card);
  else snprintf(text, size, "Mock GPU %d", gpu);
  return SUCCESS;
}
API(nvmlDeviceGetUUID)(device_t device, char *text, unsigned size) {
  CALL(nvmlDeviceGetUUID)
  if (instance(device) < 0) snprintf(text, size, "GPU-00000000-0000-0000-0000-%012d", gpu);
  else snprintf(text, size, "MIG-00000000-0000-0000-%04d-%012d", instance(device), gpu);
  return SUCCESS;
}
API(nvmlDeviceGetVbiosVersion)(device_t device, char *text, unsigned size) {
  CALL(nvmlDeviceGetVbiosVersion)
  snprintf(text, size, "95.02.3C.00.%02d", gpu);
  return SUCCESS;
}
API(nvmlDeviceGetArchitecture)(device_t device, unsigned *architecture) {
  CALL(nvmlDeviceGetArchitecture)
  const profile_t *profile = profile_of(gpu);
  *architecture = profile ? (unsigned)profile->architecture : 7;
  return SUCCESS;
}
typedef struct {
  char legacy[16];
  unsigned domain, bus, device, device_id, subsystem_id;
  char bus_id[32];
} pci_t;
static void fill_pci(pci_t *pci, int gpu, int with_bus_id) {
  memset(pci, 0, sizeof *pci);
  pci->bus = (unsigned)gpu + 1;
  snprintf(pci->legacy, sizeof pci->legacy, "0000:%02X:00.0", gpu + 1);
  if (with_bus_id) snprintf(pci->bus_id, sizeof pci->bus_id, "00000000:%02X:00.0", gpu + 1);
}
API(nvmlDeviceGetPciInfo)(device_t device, pci_t *pci) {
  CALL(nvmlDeviceGetPciInfo)
  fill_pci(pci, gpu, 0);
  return SUCCESS;
}
API(nvmlDeviceGetPciInfo_v2)(device_t device, pci_t *pci) {
  CALL(nvmlDeviceGetPciInfo_v2)
  fill_pci(pci, gpu, 0);
  return SUCCESS;
}
API(nvmlDeviceGetPciInfo_v3)(device_t device, pci_t *pci) {
  CALL(nvmlDeviceGetPciInfo_v3)
  fill_pci(pci, gpu, 1);
  return SUCCESS;
}

/* ---- events: a set tells what happens to its GPUs after they were registered */
#define MAX_SETS 16
#define XID_CRITICAL 0x8ull
typedef struct {
  int used, first, queued;
  ull gpus;
  event_t queue[64];
} set_t;
static set_t sets[MAX_SETS];
typedef struct {
  device_t device;
  ull type, data;
  unsigned gpu_instance, compute_instance;
} event_data_t;

void on_event(event_t event) {
  for (set_t *set = sets; set < sets + MAX_SETS; set++)
    if (set->used && event.gpu >= 0 && set->gpus >> event.gpu & 1 && set->queued < 64)
      set->queue[(set->first + set->queued++) % 64] = event;
}
API(nvmlEventSetCreate)(set_t **created) {
  int code = enter(LIBRARY, "nvmlEventSetCreate");
  if (code) return code;
  for (set_t *set = sets; set < sets + MAX_SETS; set++) {
    if (set->used) continue;
    *set = (set_t){.used = 1};
    *created = set;
    return SUCCESS;
  }
  return 23; /* INSUFFICIENT_RESOURCES */
}
API(nvmlEventSetFree)(set_t *set) {
  set->used = 0;
  return enter(LIBRARY, "nvmlEventSetFree");
}
API(nvmlDeviceGetSupportedEventTypes)(device_t device, ull *types) {
  CALL(nvmlDeviceGetSupportedEventTypes)
  *types = whole(gpu, "event_types", 0x1f);
  return SUCCESS;
}
API(nvmlDeviceRegisterEvents)(device_t device, ull mask, set_t *set) {
  CALL(nvmlDeviceRegisterEvents)
  if (mask & XID_CRITICAL) set->gpus |= 1ull << gpu;
  return SUCCESS;
}
static int wait_for(const char *symbol, set_t *set, event_data_t *data, unsigned timeout_ms) {
  int code = enter(LIBRARY, symbol);
  if (code) return code;
  if (!set->queued) {
    pause_ms(timeout_ms);
    return TIMEOUT;
  }
  event_t event = set->queue[set->first];
  set->first = (set->first + 1) % 64;
  set->queued--;
  *data = (event_data_t){handle(event.gpu), XID_CRITICAL, event.xid, ~0u, ~0u};
  return SUCCESS;
}
API(nvmlEventSetWait)(set_t *set, event_data_t *data, unsigned timeout_ms) {
  return wait_for("nvmlEventSetWait", set, data, timeout_ms);
}
API(nvmlEventSetWait_v2)(set_t *set, event_data_t *data, unsigned timeout_ms) {
  return wait_for("nvmlEventSetWait_v2", set, data, timeout_ms);
}
