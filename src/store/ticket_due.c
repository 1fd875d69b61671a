#include "store/ticket_due.h"

static enum rc take(struct db_rows *r, int64_t *ids, size_t *n, struct err *e)
{
    *n = 0;
    while (db_next(r, e))
        ids[(*n)++] = db_int(r, 0);
    return e->rc;
}

enum rc tickets_until_reached(struct db *db, int64_t now_us, int64_t limit, int64_t *ids, size_t *n,
                              struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT id FROM tickets WHERE until_us IS NOT NULL AND until_us <= $1"
                 " AND +state_type IN (2, 3) ORDER BY until_us, id LIMIT $2",
                 DB_ARGS(DB_INT(now_us), DB_INT(limit)), e));
    return take(&r, ids, n, e);
}

enum rc tickets_solved_before(struct db *db, int64_t before_us, int64_t limit, int64_t *ids,
                              size_t *n, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT id FROM tickets WHERE state_type = 4 AND solved_us <= $1"
                 " ORDER BY solved_us, id LIMIT $2",
                 DB_ARGS(DB_INT(before_us), DB_INT(limit)), e));
    return take(&r, ids, n, e);
}
