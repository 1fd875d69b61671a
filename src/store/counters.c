#include "store/counters.h"

enum rc counter_next_(struct db *db, struct str name, int64_t *out, struct err *e)
{
    if (db_kind(db) == DB_POSTGRES && str_eq(name, STR("ticket")))
        return db_query_int(db, "SELECT nextval('ticket_number_seq')", DB_NO_ARGS, out, e);
    return db_query_int(db, "UPDATE counters SET value = value + 1 WHERE name = $1 RETURNING value",
                        DB_ARGS(DB_TEXT(name)), out, e);
}

enum rc counter_read_(struct db *db, struct str name, int64_t *out, struct err *e)
{
    return db_query_int(db, "SELECT value FROM counters WHERE name = $1", DB_ARGS(DB_TEXT(name)), out, e);
}

enum rc counter_take_tickets(struct db *db, int64_t n, int64_t *first, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    if (db_kind(db) == DB_SQLITE) {
        TRY(db_query_int(db,
                         "UPDATE counters SET value = value + $1 WHERE name = 'ticket' RETURNING"
                         " value - $1 + 1",
                         DB_ARGS(DB_INT(n)), first, e));
        return RC_OK;
    }
    TRY(db_query(db, &r, /* other sessions may hold blocks of the sequence: jump over them */
                 "SELECT setval('ticket_number_seq', nextval('ticket_number_seq') + 32 + $1) - $1",
                 DB_ARGS(DB_INT(n)), e));
    if (db_next(&r, e))
        *first = db_int(&r, 0);
    return e->rc;
}
