/*
 * A process that is killed at a chosen step, for tests: preloaded into a program, it counts calls that change which files
 * there are, or that make them last, and kills the process before the one whose number stands in MOCK_KILL_AT. Each call is
 * written to the file named by MOCK_KILL_LOG. Files whose path does not contain MOCK_KILL_FOLDER do not count.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_int steps;

static void step(const char *what, const char *name) {
  const char *folder = getenv("MOCK_KILL_FOLDER"), *at = getenv("MOCK_KILL_AT"), *log = getenv("MOCK_KILL_LOG");
  if (!folder || !name || !strstr(name, folder)) return;
  int number = atomic_fetch_add(&steps, 1) + 1;
  if (log) {
    char line[4200];
    int length = snprintf(line, sizeof line, "%d %s %s\n", number, what, name);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd >= 0 && write(fd, line, (size_t)length) >= 0) close(fd);
  }
  if (at && atoi(at) == number) kill(getpid(), SIGKILL);
}

static void step_of(const char *what, int fd) {
  char link[64], name[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, name, sizeof name - 1);
  if (length <= 0) return;
  name[length] = 0;
  step(what, name);
}

#define REAL(type, name) \
  static type real; \
  if (!real) real = (type)dlsym(RTLD_NEXT, #name)

typedef int (*two_names_t)(const char *, const char *);
typedef int (*one_name_t)(const char *);
typedef int (*one_fd_t)(int);
typedef int (*truncate_t)(int, off64_t);

int rename(const char *from, const char *to) {
  REAL(two_names_t, rename);
  step("rename", to);
  return real(from, to);
}

int link(const char *from, const char *to) {
  REAL(two_names_t, link);
  if (getenv("MOCK_NO_LINKS")) {
    errno = EPERM; /* as a file system without hard links answers */
    return -1;
  }
  step("link", to);
  return real(from, to);
}

int unlink(const char *name) {
  REAL(one_name_t, unlink);
  step("unlink", name);
  return real(name);
}

int fsync(int fd) {
  REAL(one_fd_t, fsync);
  step_of("fsync", fd);
  return real(fd);
}

int fdatasync(int fd) {
  REAL(one_fd_t, fdatasync);
  step_of("fdatasync", fd);
  return real(fd);
}

int ftruncate64(int fd, off64_t size) {
  REAL(truncate_t, ftruncate64);
  step_of("ftruncate", fd);
  return real(fd, size);
}
