/* Rows of the table settings: values as text. */
#ifndef STORE_SETTINGS_H
#define STORE_SETTINGS_H

#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct arena;

struct setting_row {
    struct str value; /* p == NULL: no row */
    int64_t updated_us, updated_by;
};

enum rc settings_load(struct db *db, struct str name, struct arena *a, struct setting_row *out,
                      struct err *e) MUST_USE;
/* The value as a number; absent: *out stays. */
enum rc settings_load_int(struct db *db, struct str name, int64_t *out, struct err *e) MUST_USE;
enum rc settings_save(struct db *db, struct str name, struct str value, int64_t now_us, int64_t by,
                      struct err *e) MUST_USE;
enum rc settings_delete(struct db *db, struct str name, struct err *e) MUST_USE;

#endif
