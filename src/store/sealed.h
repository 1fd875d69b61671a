/* Where the database holds sealed texts (desk/secret.h), place by place, so that they can be sealed
 * with another key.  A new column with one is a new line of the table in sealed.c. */
#ifndef STORE_SEALED_H
#define STORE_SEALED_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

enum sealed_place { SEALED_TOTP, SEALED_PLACES_ };
extern const char *const sealed_names[SEALED_PLACES_]; /* "second_steps" */

struct sealed {
    int64_t id;
    struct str text;
};
struct sealed_rows {
    struct sealed *v;
    size_t n;
};
/* By id behind after, at most limit. */
enum rc sealed_list(struct db *db, enum sealed_place place, int64_t after, int64_t limit, struct arena *a,
                    struct sealed_rows *out, struct err *e) MUST_USE;
/* Puts text in the place of row's, if that still stands; else nothing happens: who wrote meanwhile is
 * right. */
enum rc sealed_replace(struct db *db, enum sealed_place place, const struct sealed *row, struct str text,
                       struct err *e) MUST_USE;

#endif
