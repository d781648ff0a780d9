/* Makes one folder read-only under a running process for as long as a file exists, as a file system does that found an
   error in itself: files that are open for writing stay open, and every change fails with EROFS. (A mount cannot be
   made read-only by hand while files are open for writing, so a test cannot do it without this.)
   READONLY_FOLDER is the folder, without links in its path; READONLY_WHILE the file. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define MAX_FD 4096

static char inside[MAX_FD];

static int is_within(const char *path) {
  const char *folder = getenv("READONLY_FOLDER");
  return folder && !strncmp(path, folder, strlen(folder)) && path[strlen(folder)] == '/';
}

static int is_readonly(void) {
  int before = errno;
  const char *file = getenv("READONLY_WHILE");
  int found = file && access(file, F_OK) == 0;
  errno = before;
  return found;
}

static int refuse(void) {
  errno = EROFS;
  return -1;
}

static int is_refused(int fd) { return fd >= 0 && fd < MAX_FD && inside[fd] && is_readonly(); }

#define REAL(result, name, ...)       \
  static result (*real)(__VA_ARGS__); \
  if (!real) real = dlsym(RTLD_NEXT, #name);

#define OPENER(name)                                                                                     \
  int name(const char *path, int flags, ...) {                                                           \
    REAL(int, name, const char *, int, ...)                                                              \
    va_list more;                                                                                        \
    va_start(more, flags);                                                                               \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;                              \
    va_end(more);                                                                                        \
    int ours = is_within(path);                                                                          \
    if (ours && (flags & O_ACCMODE) != O_RDONLY && is_readonly()) return refuse();                       \
    int fd = real(path, flags, mode);                                                                    \
    if (fd >= 0 && fd < MAX_FD) inside[fd] = ours;                                                       \
    return fd;                                                                                           \
  }
OPENER(open)
OPENER(open64)

int close(int fd) {
  REAL(int, close, int)
  if (fd >= 0 && fd < MAX_FD) inside[fd] = 0;
  return real(fd);
}

#define WRITER(name, offset)                                                                     \
  ssize_t name(int fd, const void *data, size_t size, offset place) {                            \
    REAL(ssize_t, name, int, const void *, size_t, offset)                                       \
    return is_refused(fd) ? refuse() : real(fd, data, size, place);                              \
  }
WRITER(pwrite, off_t)
WRITER(pwrite64, off64_t)

#define TRUNCATER(name, offset)                            \
  int name(int fd, offset size) {                          \
    REAL(int, name, int, offset)                           \
    return is_refused(fd) ? refuse() : real(fd, size);     \
  }
TRUNCATER(ftruncate, off_t)
TRUNCATER(ftruncate64, off64_t)

int unlink(const char *path) {
  REAL(int, unlink, const char *)
  return is_within(path) && is_readonly() ? refuse() : real(path);
}
