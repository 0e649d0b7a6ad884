/*
 * A power cut, for tests: preloaded into a program, it copies each file whose name contains "history" into the folder named
 * by MOCK_POWER_FOLDER whenever the program has flushed it. What is in that folder is what a power cut leaves at the least:
 * nothing that was only written.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void keep(int fd) {
  const char *folder = getenv("MOCK_POWER_FOLDER"), *base;
  char link[64], name[4096], copy[8192], final[8192], buffer[65536];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, name, sizeof name - 1);
  if (!folder || length <= 0) return;
  name[length] = 0;
  base = strrchr(name, '/');
  if (!base || !strstr(base, "history")) return;
  snprintf(final, sizeof final, "%s%s", folder, base);
  snprintf(copy, sizeof copy, "%s%s.copying", folder, base);
  int to = open(copy, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (to < 0) return;
  off_t at = 0;
  for (ssize_t got; (got = pread(fd, buffer, sizeof buffer, at)) > 0; at += got)
    if (write(to, buffer, (size_t)got) != got) break;
  close(to);
  rename(copy, final);
}

typedef int (*one_fd_t)(int);

static int flush(const char *symbol, int fd) {
  one_fd_t real = (one_fd_t)dlsym(RTLD_NEXT, symbol);
  pthread_mutex_lock(&lock);
  int result = real(fd);
  if (result == 0) keep(fd);
  pthread_mutex_unlock(&lock);
  return result;
}

int fsync(int fd) { return flush("fsync", fd); }

int fdatasync(int fd) { return flush("fdatasync", fd); }
