/* Small whole files: settings, secrets, certificates. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"

struct arena;

void fd_close(int *fd); /* for CLEAN() */
/* All of a file of at most max bytes, NUL behind it, in the arena.  RC_NOT_FOUND when there is
 * none; RC_TOO_BIG; RC_FAIL with the system's words in e->detail. */
enum rc file_read(const char *path, size_t max, struct arena *a, struct str *out,
                  struct err *e) MUST_USE;
/* Replaces path by these bytes: a new file beside it, synced, renamed, directory synced. */
enum rc file_replace(const char *path, struct str bytes, unsigned mode, struct err *e) MUST_USE;
/* Makes a directory and its parents. */
enum rc dir_make(const char *path, unsigned mode, struct err *e) MUST_USE;
/* Writes all of it; false with errno set. */
bool fd_write_all(int fd, struct str bytes);

#endif
