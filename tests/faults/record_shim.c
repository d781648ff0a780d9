/* Records, in order, everything that a process does to the files of one folder, with the data, and marks of its own.
   Preloaded into a test's process; RECORD_FOLDER is the folder (without links in its path), RECORD_TO the file written.
   Shared memory (`-shm`) is left out: no power loss leaves any of it that SQLite would read. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE = 1, WRITE, TRUNCATE, SYNC, UNLINK, RENAME, MARK };
#define MAX_FD 1024
#define MAX_NAME 64

struct header {
  uint8_t kind, name_size;
  uint16_t unused;
  uint32_t data_size;
  int64_t place;
} __attribute__((packed));

static char names[MAX_FD][MAX_NAME];
static char folder[4096];
static int output = -1;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
  const char *in = getenv("RECORD_FOLDER"), *to = getenv("RECORD_TO");
  if (!in || !to) return;
  strncpy(folder, in, sizeof folder - 1);
  output = syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void record(int kind, const char *name, int64_t place, const void *data, uint32_t size) {
  struct header header = {kind, strlen(name), 0, size, place};
  struct iovec parts[] = {{&header, sizeof header}, {(void *)name, header.name_size}, {(void *)data, size}};
  if (syscall(SYS_writev, output, parts, 3) != (long)(sizeof header + header.name_size + size)) abort();
}

/* What the process itself wants to say: which hit was acknowledged, for one. */
void shim_mark(const void *text, uint32_t size) {
  pthread_mutex_lock(&order);
  record(MARK, "", 0, text, size);
  pthread_mutex_unlock(&order);
}

/* Returns the name within the folder, "." for the folder itself, NULL for what is not recorded. */
static const char *within(const char *path) {
  size_t size = strlen(folder);
  if (output < 0 || strncmp(path, folder, size)) return NULL;
  if (!path[size]) return ".";
  const char *name = path + size + 1, *shared = strstr(name, "-shm");
  return path[size] != '/' || strlen(name) >= MAX_NAME || (shared && !shared[4]) ? NULL : name;
}

static const char *name_of(int fd) { return fd >= 0 && fd < MAX_FD && names[fd][0] ? names[fd] : NULL; }

#define REAL(result, name, ...)                        \
  static result (*real)(__VA_ARGS__);                  \
  if (!real) real = dlsym(RTLD_NEXT, #name);

#define OPENER(name)                                                        \
  int name(const char *path, int flags, ...) {                              \
    REAL(int, name, const char *, int, ...)                                 \
    va_list more;                                                           \
    va_start(more, flags);                                                  \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
    va_end(more);                                                           \
    const char *inside = within(path);                                      \
    if (!inside) return real(path, flags, mode);                            \
    pthread_mutex_lock(&order);                                             \
    int is_new = access(path, F_OK) != 0;                                   \
    int fd = real(path, flags, mode);                                       \
    if (fd >= MAX_FD) abort();                                              \
    if (fd >= 0) strcpy(names[fd], inside);                                 \
    if (fd >= 0 && is_new) record(CREATE, inside, 0, "", 0);                \
    else if (fd >= 0 && flags & O_TRUNC) record(TRUNCATE, inside, 0, "", 0);\
    pthread_mutex_unlock(&order);                                           \
    return fd;                                                              \
  }
OPENER(open)
OPENER(open64)

int close(int fd) {
  REAL(int, close, int)
  if (fd >= 0 && fd < MAX_FD) names[fd][0] = 0;
  return real(fd);
}

#define WRITER(name, offset)                                          \
  ssize_t name(int fd, const void *data, size_t size, offset place) { \
    REAL(ssize_t, name, int, const void *, size_t, offset)            \
    const char *file = name_of(fd);                                   \
    if (!file) return real(fd, data, size, place);                    \
    pthread_mutex_lock(&order);                                       \
    ssize_t done = real(fd, data, size, place);                       \
    if (done > 0) record(WRITE, file, place, data, done);             \
    pthread_mutex_unlock(&order);                                     \
    return done;                                                      \
  }
WRITER(pwrite, off_t)
WRITER(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t size) {
  REAL(ssize_t, write, int, const void *, size_t)
  const char *file = name_of(fd);
  if (!file) return real(fd, data, size);
  pthread_mutex_lock(&order);
  off_t place = lseek(fd, 0, SEEK_CUR);
  ssize_t done = real(fd, data, size);
  if (done > 0) record(WRITE, file, place, data, done);
  pthread_mutex_unlock(&order);
  return done;
}

#define TRUNCATER(name, offset)                             \
  int name(int fd, offset size) {                           \
    REAL(int, name, int, offset)                            \
    const char *file = name_of(fd);                         \
    if (!file) return real(fd, size);                       \
    pthread_mutex_lock(&order);                             \
    int failed = real(fd, size);                            \
    if (!failed) record(TRUNCATE, file, size, "", 0);       \
    pthread_mutex_unlock(&order);                           \
    return failed;                                          \
  }
TRUNCATER(ftruncate, off_t)
TRUNCATER(ftruncate64, off64_t)

/* Under the lock, so that a sync covers exactly the writes recorded before it. */
#define SYNCER(name)                           \
  int name(int fd) {                           \
    REAL(int, name, int)                       \
    const char *file = name_of(fd);            \
    if (!file) return real(fd);                \
    pthread_mutex_lock(&order);                \
    int failed = real(fd);                     \
    if (!failed) record(SYNC, file, 0, "", 0); \
    pthread_mutex_unlock(&order);              \
    return failed;                             \
  }
SYNCER(fsync)
SYNCER(fdatasync)

int unlink(const char *path) {
  REAL(int, unlink, const char *)
  const char *file = within(path);
  if (!file) return real(path);
  pthread_mutex_lock(&order);
  int failed = real(path);
  if (!failed) record(UNLINK, file, 0, "", 0);
  pthread_mutex_unlock(&order);
  return failed;
}

int rename(const char *from, const char *to) {
  REAL(int, rename, const char *, const char *)
  const char *old = within(from), *new = within(to);
  if (!old || !new) return real(from, to);
  pthread_mutex_lock(&order);
  int failed = real(from, to);
  if (!failed) record(RENAME, old, 0, new, strlen(new));
  pthread_mutex_unlock(&order);
  return failed;
}
