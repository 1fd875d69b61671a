/* Settings that administrators change while the server runs: a closed table (settings.def), values
 * in the table "settings", defaults in the code.
 *
 * A read is one prepared look-up by key in the caller's transaction, so it is never stale and needs
 * no cache that other nodes would have to be told of. */
#ifndef DESK_SETTINGS_H
#define DESK_SETTINGS_H

#include "base/err.h"
#include "base/str.h"
#include "desk/actor.h"
#include "store/db.h"

struct arena;

enum setting {
#define I(id, ...) SETTING_##id,
#define B(id, ...) SETTING_##id,
#define C(id, ...) SETTING_##id,
#define T(id, ...) SETTING_##id,
#include "desk/settings.def"
#undef I
#undef B
#undef C
#undef T
    SETTING_COUNT_
};

enum setting_type { SETTING_T_INT, SETTING_T_BOOL, SETTING_T_CHOICE, SETTING_T_TEXT };

struct setting_def {
    const char *name;
    enum setting_type type;
    int64_t number;      /* default, but for texts */
    const char *text;    /* default of texts */
    int64_t min, max;    /* texts: max code points */
    const char *choices; /* "a|b|c" */
    const char *help;
};
extern const struct setting_def setting_defs[SETTING_COUNT_];

/* Numbers, booleans and choices. */
enum rc setting_int(struct db *db, enum setting id, int64_t *out, struct err *e) MUST_USE;
enum rc setting_text(struct db *db, enum setting id, struct arena *a, struct str *out,
                     struct err *e) MUST_USE;

/* A value as the API shows and takes it. */
struct setting_value {
    struct str text; /* texts; the name of a choice */
    int64_t number;
    bool is_default;
    int64_t updated_us, updated_by;
};
enum rc setting_load(struct db *db, enum setting id, struct arena *a, struct setting_value *out,
                     struct err *e) MUST_USE;
/* Index of the setting of this name, or SETTING_COUNT_. */
enum setting setting_find(struct str name);
/* Changes one and writes the audit entry; the same value again changes nothing.  is_reset: back to
 * the default.  Field errors point at /name.  Write connection. */
struct setting_change {
    enum setting id;
    bool is_reset;
    struct str text; /* texts and choices */
    int64_t number;  /* numbers and booleans */
};
enum rc setting_save(struct db *db, const struct actor *who, const struct setting_change *ch,
                     struct arena *a, struct err *e) MUST_USE;

#endif
