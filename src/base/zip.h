/* A ZIP file that grows member by member, on minizip.  Names are ours, never a client's; times are
 * fixed, so that the same members give the same bytes.  One thread. */
#ifndef BASE_ZIP_H
#define BASE_ZIP_H

#include "base/err.h"
#include "base/str.h"

struct zip;

/* Makes the file or empties it.  The failures of all of these: RC_FULL, RC_FAIL. */
enum rc zip_create(const char *path, struct zip **out, struct err *e) MUST_USE;
enum rc zip_add(struct zip *z, const char *name, struct str bytes, struct err *e) MUST_USE;
/* All that can be read from fd. */
enum rc zip_add_fd(struct zip *z, const char *name, int fd, struct err *e) MUST_USE;
/* Writes the directory at the end; only then it is a ZIP file.  *z is NULL behind it in any case. */
enum rc zip_finish(struct zip **z, struct err *e) MUST_USE;
/* Without the directory: the file is worth nothing. */
void zip_drop(struct zip **z);

#endif
