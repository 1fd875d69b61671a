/* Passwords: argon2id hashes as PHC strings, and which passwords are refused.
 * password_hash() and password_verify() take tens of milliseconds and the memory they are told:
 * only on the slow lane and the command line.  Any thread. */
#ifndef DESK_PASSWORD_H
#define DESK_PASSWORD_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { PASSWORD_MIN_BYTES = 8, PASSWORD_MAX_BYTES = 1024 };

/* A hash that takes as long to verify as any and fits no password; made in no time. */
struct str password_of_nobody(int64_t kib, int64_t passes, struct arena *a);
/* Adds a field error at pointer for one that is too short, too long, common, or made of the
 * person's address or name (either may be empty). */
enum rc password_check(struct str password, struct str email, struct str name, const char *pointer,
                       struct err *e) MUST_USE;

enum rc password_hash(struct str password, int64_t kib, int64_t passes, struct arena *a,
                      struct str *out, struct err *e) MUST_USE;
/* An unreadable hash is just wrong. */
bool password_verify(struct str password, struct str hash, struct arena *a) MUST_USE;
/* Made with other parameters than these. */
bool password_is_outdated(struct str hash, int64_t kib, int64_t passes, struct arena *a);

#endif
