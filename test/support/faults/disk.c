// Makes the disk fail on order: preloaded, it counts what is written to files below FAULTS_DIR and fails the n-th.
// The order lies in the file FAULTS_ORDER, 5 numbers of 32 bits, which the tested process writes and reads as it runs:
// the number of the operation that fails (0: none), its errno, 1 when all after it fail too, operations so far, failures so far.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static struct order { int at, error, lasting, count, failed; } *order;
static const char *below;

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("FAULTS_ORDER");
  below = getenv("FAULTS_DIR");
  if (file == NULL || below == NULL) return;
  int fd = open(file, O_RDWR);
  if (fd < 0) return;
  void *mapped = mmap(NULL, sizeof *order, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped != MAP_FAILED) order = mapped;
}

static int watched(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n < 0) return 0;
  path[n] = 0;
  return strncmp(path, below, strlen(below)) == 0;
}

static int fails(int fd) {
  if (order == NULL || order->at == 0 || !watched(fd)) return 0;
  int count = ++order->count;
  if (count != order->at && !(order->lasting && count > order->at)) return 0;
  order->failed++;
  errno = order->error;
  return 1;
}

#define REAL(name) static __typeof__(&name) real; if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *from, size_t n) { REAL(write); return fails(fd) ? -1 : real(fd, from, n); }
ssize_t writev(int fd, const struct iovec *from, int n) { REAL(writev); return fails(fd) ? -1 : real(fd, from, n); }
ssize_t pwrite(int fd, const void *from, size_t n, off_t at) { REAL(pwrite); return fails(fd) ? -1 : real(fd, from, n, at); }
ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at) { REAL(pwrite64); return fails(fd) ? -1 : real(fd, from, n, at); }
int ftruncate(int fd, off_t n) { REAL(ftruncate); return fails(fd) ? -1 : real(fd, n); }
int ftruncate64(int fd, off64_t n) { REAL(ftruncate64); return fails(fd) ? -1 : real(fd, n); }
int fsync(int fd) { REAL(fsync); return fails(fd) ? -1 : real(fd); }
int fdatasync(int fd) { REAL(fdatasync); return fails(fd) ? -1 : real(fd); }
