/* Sealing of small secrets that must be read again (TOTP keys, mail passwords): secretbox with a
 * key from SECRET_KEY, or derived from JWT_SECRET.  The text names its key, so that keys can be
 * rotated.  Any thread. */
#ifndef DESK_SECRET_H
#define DESK_SECRET_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct auth;

struct str secret_seal(const struct auth *au, struct str plain, struct arena *a);
/* RC_FAIL when the key has changed or the text was altered. */
enum rc secret_open(const struct auth *au, struct str sealed, struct arena *a, struct str *plain,
                    struct err *e) MUST_USE;

#endif
