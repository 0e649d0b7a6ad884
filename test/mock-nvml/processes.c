/*
 * Processes: process_count of them (1) from process_pid on where that is set, number N with process_pid_N where that is,
 * and one that draws where graphics_pid is.
 * "process_stride" 32 is the entry of drivers 535.43 to 536, which has the memory under protection behind it.
 */
#include "mock.h"
#include <time.h>

/* number `i` of the processes that begin with `pid` */
static unsigned pid_of(int gpu, unsigned pid, unsigned i) {
  char name[32];
  snprintf(name, sizeof name, "process_pid_%u", i);
  return i == 0 ? pid : (unsigned)value(gpu, name, pid + i);
}

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
    *(unsigned *)entry = pid_of(gpu, pid, (unsigned)i);
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
/*
 * Only processes with non-zero use are listed: the first with process_sm, process number N with process_sm_N, and
 * process_samples more that are on no list. process_repeated 1: the driver repeats its entries with their old stamp.
 */
API(nvmlDeviceGetProcessUtilization)(device_t device, sample_t *samples, unsigned *number, ull last_seen) {
  CALL(nvmlDeviceGetProcessUtilization)
  unsigned pid = (unsigned)value(gpu, "process_pid", 0), room = *number, found = 0;
  unsigned many = (unsigned)value(gpu, "process_count", 1), more = (unsigned)value(gpu, "process_samples", 0);
  static ull repeated[MAX_GPUS];
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now); /* other programs ask for what is newer than their own clock less a second */
  ull stamp = (ull)now.tv_sec * 1000000 + (ull)now.tv_nsec / 1000;
  if (value(gpu, "process_repeated", 0) > 0) {
    if (!repeated[gpu]) repeated[gpu] = stamp;
    stamp = repeated[gpu];
    last_seen = 0;
  } else repeated[gpu] = 0;
  if (!pid || stamp <= last_seen || value(gpu, "process_unsampled", 0) > 0) return NOT_FOUND;
  for (unsigned i = 0; i < many + more; i++) {
    char name[32];
    snprintf(name, sizeof name, "process_sm_%u", i);
    ull sm = i == 0 ? whole(gpu, "process_sm", value(gpu, "process_sm", 88))
                    : (ull)value(gpu, name, i < many ? 0 : 1);
    if (sm == 0) continue;
    if (samples && found < room)
      samples[found] = (sample_t){i < many ? pid_of(gpu, pid, i) : 1000000 + i, stamp, (unsigned)sm, 20, 0, 0};
    found++;
  }
  *number = found;
  if (found == 0) return NOT_FOUND;
  return !samples || found > room ? INSUFFICIENT_SIZE : SUCCESS;
}
