/*
 * Processes: process_count of them (1) from process_pid on where that is set, and one that draws where graphics_pid is.
 * "process_stride" 32 is the entry of drivers 535.43 to 536, which has the memory under protection behind it.
 */
#include "mock.h"

static int list(int gpu, const char *pid_name, int many, int stride, unsigned *number, char *entries) {
  unsigned pid = (unsigned)value(gpu, pid_name, 0), room = *number;
  *number = (unsigned)whole(gpu, "process_count_told", pid ? many : 0);
  if (!*number) return SUCCESS;
  if (room < *number) return INSUFFICIENT_SIZE;
  for (int i = 0; i < many; i++) {
    char *entry = entries + i * stride;
    ull used = whole(gpu, "process_vram", value(gpu, "process_vram", 6.0 * (1ull << 30)));
    unsigned whole_gpu[2] = {~0u, ~0u};
    ull protected = whole(gpu, "process_protected", 0);
    memset(entry, 0, stride);
    *(unsigned *)entry = pid + (unsigned)i;
    memcpy(entry + 8, &used, 8);
    if (stride >= 24) memcpy(entry + 16, whole_gpu, 8);
    if (stride >= 32) memcpy(entry + 24, &protected, 8);
  }
  return SUCCESS;
}

#define LIST(symbol, pid_name, many, stride) \
  API(symbol)(device_t device, unsigned *number, char *entries) { \
    CALL(symbol) \
    return list(gpu, pid_name, many, stride, number, entries); \
  }
#define LISTS(symbol, pid_name, many) \
  LIST(symbol, pid_name, many, 16) \
  LIST(symbol##_v2, pid_name, many, 24) \
  LIST(symbol##_v3, pid_name, many, (int)value(gpu, "process_stride", 24))
LISTS(nvmlDeviceGetComputeRunningProcesses, "process_pid", (int)value(gpu, "process_count", 1))
LISTS(nvmlDeviceGetGraphicsRunningProcesses, "graphics_pid", 1)

typedef struct {
  unsigned pid;
  ull stamp;
  unsigned sm, memory, encoder, decoder;
} sample_t;
API(nvmlDeviceGetProcessUtilization)(device_t device, sample_t *samples, unsigned *number, ull last_seen) {
  CALL(nvmlDeviceGetProcessUtilization)
  unsigned pid = (unsigned)value(gpu, "process_pid", 0);
  ull stamp = (ull)(seconds() * 1e6);
  if (!pid || stamp <= last_seen) return NOT_FOUND;
  if (!samples || *number < 1) return INSUFFICIENT_SIZE;
  *number = 1;
  samples[0] = (sample_t){pid, stamp, (unsigned)whole(gpu, "process_sm", value(gpu, "process_sm", 88)), 20, 0, 0};
  return SUCCESS;
}
