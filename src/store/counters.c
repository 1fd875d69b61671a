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
