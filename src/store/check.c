#include "store/check.h"

#include "store/db_priv.h"

static enum rc check_pages(struct db *db, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "PRAGMA integrity_check(1)", DB_NO_ARGS, e));
    if (!db_next(&r, e))
        return e->rc == RC_OK ? err_fail(e, "no verdict") : e->rc;
    if (str_eq(db_view(&r, 0), STR("ok")))
        return RC_OK;
    return err_set(e, RC_FAIL, "database_damaged", "the database is damaged: %.*s",
                   STR_ARG(str_sub(db_view(&r, 0), 0, 150)));
}

static enum rc check_references(struct db *db, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "PRAGMA foreign_key_check", DB_NO_ARGS, e));
    if (!db_next(&r, e))
        return e->rc;
    return err_set(e, RC_FAIL, "database_damaged", "a row of %.*s refers to one of %.*s that is missing",
                   STR_ARG(db_view(&r, 0)), STR_ARG(db_view(&r, 2)));
}

enum rc store_check(struct db *db, struct err *e)
{
    if (db->drv->kind != DB_SQLITE)
        return RC_OK;
    TRY(check_pages(db, e));
    return check_references(db, e);
}
