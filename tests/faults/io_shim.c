/* Makes the n-th call of a kind fail, for files of a Firsthand log only. Preloaded into a test's process, which arms it
   through `shim_arm`; so the SQLite under test is the one that is installed. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { OPEN, WRITE, SYNC, TRUNCATE, KINDS };
enum { FAIL, SHORT };
#define MAX_FD 4096

static atomic_int ours[MAX_FD];
static atomic_int calls[KINDS];
static atomic_int kind = -1, first = 0, last = 0, manner = FAIL, number = EIO, hits = 0;

/* Calls of `which` numbered from `from` to `to`, counted from 1, fail with `error`, or write half where `how` is SHORT. */
void shim_arm(int which, int from, int to, int how, int error) {
  for (int each = 0; each < KINDS; each++) atomic_store(&calls[each], 0);
  atomic_store(&hits, 0);
  first = from;
  last = to;
  manner = how;
  number = error;
  kind = which;
}

void shim_disarm(void) { kind = -1; }
int shim_hits(void) { return hits; }
int shim_calls(int which) { return calls[which]; }

static int is_ours(int fd) { return fd >= 0 && fd < MAX_FD && ours[fd]; }

static int strikes(int which) {
  int place = atomic_fetch_add(&calls[which], 1) + 1;
  if (kind != which || place < first || place > last) return 0;
  atomic_fetch_add(&hits, 1);
  return 1;
}

static int refuse(void) {
  errno = number;
  return -1;
}

static int opened(int fd, const char *path) {
  if (fd >= 0 && fd < MAX_FD) ours[fd] = strstr(path, "log-0.db") != NULL;
  return fd;
}

#define OPENER(name)                                                        \
  int name(const char *path, int flags, ...) {                              \
    static int (*real)(const char *, int, ...);                             \
    if (!real) real = dlsym(RTLD_NEXT, #name);                              \
    va_list more;                                                           \
    va_start(more, flags);                                                  \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
    va_end(more);                                                           \
    if (strstr(path, "log-0.db") && strikes(OPEN)) return refuse();         \
    return opened(real(path, flags, mode), path);                           \
  }
OPENER(open)
OPENER(open64)

#define WRITER(name, offset)                                               \
  ssize_t name(int fd, const void *data, size_t size, offset place) {      \
    static ssize_t (*real)(int, const void *, size_t, offset);             \
    if (!real) real = dlsym(RTLD_NEXT, #name);                             \
    if (is_ours(fd) && strikes(WRITE)) {                                   \
      if (manner == FAIL) return refuse();                                 \
      size = size > 1 ? size / 2 : size;                                   \
      if (real(fd, data, size, place) < 0) return -1;                      \
      return refuse();                                                     \
    }                                                                      \
    return real(fd, data, size, place);                                    \
  }
WRITER(pwrite, off_t)
WRITER(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t size) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = dlsym(RTLD_NEXT, "write");
  if (is_ours(fd) && strikes(WRITE)) return refuse();
  return real(fd, data, size);
}

#define SYNCER(name)                                    \
  int name(int fd) {                                    \
    static int (*real)(int);                            \
    if (!real) real = dlsym(RTLD_NEXT, #name);          \
    if (is_ours(fd) && strikes(SYNC)) return refuse();  \
    return real(fd);                                    \
  }
SYNCER(fsync)
SYNCER(fdatasync)

#define TRUNCATER(name, offset)                            \
  int name(int fd, offset size) {                          \
    static int (*real)(int, offset);                       \
    if (!real) real = dlsym(RTLD_NEXT, #name);             \
    if (is_ours(fd) && strikes(TRUNCATE)) return refuse(); \
    return real(fd, size);                                 \
  }
TRUNCATER(ftruncate, off_t)
TRUNCATER(ftruncate64, off64_t)
