#include "store/sealed.h"

const char *const sealed_names[SEALED_PLACES_] = { "second_steps" };

#define SQL(text) text, sizeof(text) - 1

static const struct {
    const char *list;
    size_t list_n;
    const char *replace;
    size_t replace_n;
} places[SEALED_PLACES_] = {
    [SEALED_TOTP] = { SQL("SELECT id, totp_sealed FROM users WHERE totp_sealed IS NOT NULL AND id > $1"
                          " ORDER BY id LIMIT $2"),
                      SQL("UPDATE users SET totp_sealed = $3 WHERE id = $1 AND totp_sealed = $2") },
};

enum rc sealed_list(struct db *db, enum sealed_place place, int64_t after, int64_t limit, struct arena *a,
                    struct sealed_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = (struct sealed_rows){ .v = ARENA_ARRAY(a, struct sealed, (size_t)limit) };
    TRY(db_query_(db, &r, places[place].list, places[place].list_n, DB_ARGS(DB_INT(after), DB_INT(limit)), e));
    while (out->n < (size_t)limit && db_next(&r, e))
        out->v[out->n++] = (struct sealed){ db_int(&r, 0), db_text(&r, 1, a) };
    return e->rc;
}

enum rc sealed_replace(struct db *db, enum sealed_place place, const struct sealed *row, struct str text,
                       struct err *e)
{
    return db_exec_(db, places[place].replace, places[place].replace_n,
                    DB_ARGS(DB_INT(row->id), DB_TEXT(row->text), DB_TEXT(text)), NULL, e);
}
