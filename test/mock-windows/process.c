/* A stand-in for what Windows reports about processes: four functions of kernel32 and ntdll. The processes are in the file
 * named by MOCK_PROCESSES, one line each, the command line to its end; "-" where it is not told:
 *   PID PARENT STARTED COMMAND LINE
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API __attribute__((visibility("default")))
#define QUERY_LIMITED 0x1000
#define ACCESS_DENIED ((int)0xc0000022)
#define TOO_SMALL ((int)0xc0000004)

typedef struct {
  unsigned parent;
  unsigned long long started;
  char command[2000];
} process_t;
static int open_handles;

static int find(unsigned pid, process_t *process) {
  const char *path = getenv("MOCK_PROCESSES");
  FILE *file = path ? fopen(path, "r") : 0;
  if (!file) return 0;
  char line[2200];
  unsigned number;
  int found = 0;
  while (!found && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    found = sscanf(line, "%u %u %llu %1999[^\n]", &number, &process->parent, &process->started, process->command) == 4 &&
            number == pid;
  }
  fclose(file);
  return found;
}

/* a handle is a process number and something more, so that mixing them up is noticed */
API uint32_t OpenProcess(uint32_t access, int inherit, uint32_t pid) {
  process_t process;
  if (access != QUERY_LIMITED || inherit || !find(pid, &process)) return 0;
  open_handles++;
  return pid + 1000000;
}

API int CloseHandle(uintptr_t handle) {
  (void)handle;
  open_handles--;
  return 1;
}

API int OpenHandles(void) {
  return open_handles;
}

API int GetProcessTimes(uintptr_t handle, uint64_t *created, uint64_t *ended, uint64_t *kernel, uint64_t *user) {
  process_t process;
  if (!find(handle - 1000000, &process)) return 0;
  *created = process.started;
  *ended = *kernel = *user = 0;
  return 1;
}

API int NtQueryInformationProcess(uintptr_t handle, uint32_t class, unsigned char *out, uint32_t size, uint32_t *length) {
  process_t process;
  if (!find(handle - 1000000, &process)) return ACCESS_DENIED;
  if (class == 0) {
    if (size != 48) return TOO_SMALL;
    memset(out, 0, size);
    *(uint64_t *)(out + 40) = process.parent;
    *length = 48;
    return 0;
  }
  if (class != 60 || !strcmp(process.command, "-")) return ACCESS_DENIED;
  uint16_t bytes = (uint16_t)(2 * strlen(process.command));
  *length = 16 + bytes + 2u;
  if (size < *length) return TOO_SMALL;
  *(uint16_t *)out = bytes;
  *(uint16_t *)(out + 2) = bytes + 2;
  *(unsigned char **)(out + 8) = out + 16;
  for (int i = 0; i <= bytes / 2; i++) *(uint16_t *)(out + 16 + 2 * i) = (unsigned char)process.command[i];
  return 0;
}
