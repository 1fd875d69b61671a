#include "store/settings.h"

#define LOAD "SELECT value, updated_us, updated_by FROM settings WHERE name = $1"

enum rc settings_load(struct db *db, struct str name, struct arena *a, struct setting_row *out,
                      struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = (struct setting_row){ 0 };
    TRY(db_query(db, &r, LOAD, DB_ARGS(DB_TEXT(name)), e));
    if (db_next(&r, e))
        *out = (struct setting_row){ db_text(&r, 0, a), db_int(&r, 1), db_int(&r, 2) };
    return e->rc;
}

enum rc settings_load_int(struct db *db, struct str name, int64_t *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, LOAD, DB_ARGS(DB_TEXT(name)), e));
    if (db_next(&r, e) && !str_i64(db_view(&r, 0), INT64_MIN, INT64_MAX, out))
        return err_fail(e, "setting %.*s is not a number", STR_ARG(name));
    return e->rc;
}

enum rc settings_save(struct db *db, struct str name, struct str value, int64_t now_us, int64_t by,
                      struct err *e)
{
    return db_exec(
        db,
        "INSERT INTO settings (name, value, updated_us, updated_by) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_us = "
        "excluded.updated_us,"
        " updated_by = excluded.updated_by",
        DB_ARGS(DB_TEXT(name), DB_TEXT(value), DB_INT(now_us), DB_ID(by)), NULL, e);
}

enum rc settings_delete(struct db *db, struct str name, struct err *e)
{
    return db_exec(db, "DELETE FROM settings WHERE name = $1", DB_ARGS(DB_TEXT(name)), NULL, e);
}
