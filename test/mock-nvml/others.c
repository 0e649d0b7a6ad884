/*
 * What other monitors (nvitop, nvtop, gpustat, NVIDIA's Python binding) ask and Slowburn does not. Without these calls they
 * show "N/A" or refuse to start.
 */
#include "mock.h"

/* device → one unsigned int */
#define SINGLE(symbol, name, otherwise) \
  API(symbol)(device_t device, unsigned *out) { \
    CALL(symbol) \
    HAVE(found, name, otherwise) \
    *out = (unsigned)whole(gpu, name, found); \
    return SUCCESS; \
  }

/* the texts of nvmlReturn_t, by code */
static const char *const meanings[] = {
  "Success", "Uninitialized", "Invalid Argument", "Not Supported", "Insufficient Permissions", "Already Initialized",
  "Not Found", "Insufficient Size", "Insufficient External Power", "Driver Not Loaded", "Timeout",
  "Interrupt Request Issue", "NVML Shared Library Not Found", "Function Not Found", "Corrupted infoROM", "GPU is lost",
  "GPU requires reset", "GPU access blocked by the operating system", "Driver/library version mismatch", "In Use",
  "Insufficient Memory", "No Data",
};
__attribute__((visibility("default"))) const char *nvmlErrorString(int code) {
  return code >= 0 && code < (int)(sizeof meanings / sizeof *meanings) ? meanings[code] : "Unknown Error";
}

static int cuda_version(const char *symbol, int *version) {
  int code = enter(LIBRARY, symbol);
  if (!code) *version = (int)value(LIBRARY, "cuda", 12090);
  return code;
}
API(nvmlSystemGetCudaDriverVersion)(int *version) { return cuda_version("nvmlSystemGetCudaDriverVersion", version); }
API(nvmlSystemGetCudaDriverVersion_v2)(int *version) {
  return cuda_version("nvmlSystemGetCudaDriverVersion_v2", version);
}

API(nvmlDeviceGetHandleByUUID)(const char *uuid, device_t *device) {
  for (int gpu = 0; gpu < count(); gpu++) {
    char own[64];
    snprintf(own, sizeof own, "GPU-00000000-0000-0000-0000-%012d", gpu);
    if (strcmp(own, uuid)) continue;
    int code = enter(gpu, "nvmlDeviceGetHandleByUUID");
    if (!code) *device = (device_t)(intptr_t)(gpu + 1);
    return code;
  }
  return NOT_FOUND;
}
API(nvmlDeviceGetMinorNumber)(device_t device, unsigned *number) {
  CALL(nvmlDeviceGetMinorNumber)
  *number = (unsigned)gpu;
  return SUCCESS;
}
API(nvmlDeviceGetSerial)(device_t device, char *text, unsigned size) { /* boards of servers have one */
  (void)text, (void)size;
  CALL(nvmlDeviceGetSerial)
  return NOT_SUPPORTED;
}
#define NO_DRIVER_MODEL(symbol) /* Windows has one */ \
  API(symbol)(device_t device, unsigned *current, unsigned *pending) { \
    (void)current, (void)pending; \
    CALL(symbol) \
    return NOT_SUPPORTED; \
  }
NO_DRIVER_MODEL(nvmlDeviceGetDriverModel)
NO_DRIVER_MODEL(nvmlDeviceGetDriverModel_v2)
API(nvmlDeviceGetCudaComputeCapability)(device_t device, int *major, int *minor) {
  CALL(nvmlDeviceGetCudaComputeCapability)
  *major = (int)value(gpu, "cuda_major", 8);
  *minor = (int)value(gpu, "cuda_minor", 6);
  return SUCCESS;
}
API(nvmlDeviceIsMigDeviceHandle)(device_t device, unsigned *is) {
  CALL(nvmlDeviceIsMigDeviceHandle)
  *is = instance(device) >= 0;
  return SUCCESS;
}
SINGLE(nvmlDeviceGetNumFans, "fans", 2)
SINGLE(nvmlDeviceGetBrand, "brand", 5)
SINGLE(nvmlDeviceGetComputeMode, "compute_mode", 0)
SINGLE(nvmlDeviceGetDisplayActive, "display_active", 0)
SINGLE(nvmlDeviceGetDisplayMode, "display_mode", 0)
SINGLE(nvmlDeviceGetPowerManagementMode, "power_mode", 1)
SINGLE(nvmlDeviceGetMemoryBusWidth, "bus_width", 384)
SINGLE(nvmlDeviceGetNumGpuCores, "cores", 10496)

/* no process uses the multi-process service */
#define EMPTY_LIST(symbol) \
  API(symbol)(device_t device, unsigned *number, char *entries) { \
    (void)entries; \
    CALL(symbol) \
    *number = 0; \
    return SUCCESS; \
  }
EMPTY_LIST(nvmlDeviceGetMPSComputeRunningProcesses)
EMPTY_LIST(nvmlDeviceGetMPSComputeRunningProcesses_v2)
EMPTY_LIST(nvmlDeviceGetMPSComputeRunningProcesses_v3)
