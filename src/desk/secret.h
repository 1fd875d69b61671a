/* Sealing of small secrets that must be read again (TOTP keys, mail passwords): secretbox.
 *
 * The first key seals: SECRET_KEY, or one derived from JWT_SECRET.  The others still open what they
 * sealed: what JWT_SECRET gives when there is a SECRET_KEY by now, SECRET_KEY_FORMER, and what
 * JWT_SECRET_FORMER gives.  A sealed text names its key, "k2.<name of the key>.<text>" ("k1.<text>",
 * of former versions, names none).  How all of them come to the first key: desk/reseal.h.
 *
 * Constant after secret_keys_make(); any thread. */
#ifndef DESK_SECRET_H
#define DESK_SECRET_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct config;

enum { SECRET_KEYS_MAX = 4, SECRET_KEY_LEN = 32, SECRET_ID_LEN = 8 };

struct secret_from {
    struct str secret_key, jwt_secret; /* the first may be empty */
    struct str secret_former, jwt_former; /* both may be */
};
struct secret_key {
    const char *setting;         /* where it comes from: "SECRET_KEY" */
    char id[SECRET_ID_LEN + 1];  /* its name: a part of a hash, tells nothing of the key */
    unsigned char key[SECRET_KEY_LEN];
};
struct secret_keys {
    struct secret_key v[SECRET_KEYS_MAX]; /* all differ */
    size_t n; /* 0: no secret is set, and nothing can be sealed */
};
void secret_keys_make(const struct secret_from *from, struct secret_keys *out);
void secret_keys_of(const struct config *cfg, struct secret_keys *out);

struct str secret_seal(const struct secret_keys *k, struct str plain, struct arena *a);
/* RC_FAIL when no key opens it: the key is not known any more, or the text was altered. */
enum rc secret_open(const struct secret_keys *k, struct str sealed, struct arena *a, struct str *plain,
                    struct err *e) MUST_USE;
/* Which key opens it; k->n: none.  *plain as above. */
size_t secret_opener(const struct secret_keys *k, struct str sealed, struct arena *a, struct str *plain);

#endif
