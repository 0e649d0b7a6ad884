/*
 * A disk that fails when told, for tests: preloaded into a program, it answers writes to files whose name contains
 * "history" with the error number that stands in the file named by MOCK_DISK_CONTROL (0 or no file: the real disk).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <unistd.h>

static int failure(void) {
  const char *name = getenv("MOCK_DISK_CONTROL");
  char text[16] = {0};
  if (!name) return 0;
  FILE *file = fopen(name, "r");
  if (!file) return 0;
  size_t read = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  return read ? atoi(text) : 0;
}

static int failing(int fd) {
  char link[64], name[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, name, sizeof name - 1);
  if (length <= 0) return 0;
  name[length] = 0;
  if (!strstr(name, "history")) return 0;
  errno = failure();
  return errno;
}

typedef ssize_t (*pwrite_t)(int, const void *, size_t, off64_t);

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  static pwrite_t real;
  if (!real) real = (pwrite_t)dlsym(RTLD_NEXT, "pwrite64");
  return failing(fd) ? -1 : real(fd, data, size, at);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }

typedef int (*statfs_t)(const char *, struct statfs *);

/* Room on the disk: as many bytes as stand in the file named by MOCK_DISK_FREE. */
static int roomy(const char *symbol, const char *path, struct statfs *into) {
  statfs_t real = (statfs_t)dlsym(RTLD_NEXT, symbol);
  int result = real(path, into);
  const char *name = getenv("MOCK_DISK_FREE");
  FILE *file = name ? fopen(name, "r") : NULL;
  if (!file) return result;
  unsigned long long bytes;
  if (fscanf(file, "%llu", &bytes) == 1) into->f_bavail = bytes / into->f_bsize;
  fclose(file);
  return result;
}

int statfs(const char *path, struct statfs *into) { return roomy("statfs", path, into); }

int statfs64(const char *path, struct statfs64 *into) { return roomy("statfs64", path, (struct statfs *)into); }
