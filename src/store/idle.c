#include "store/idle.h"

enum rc idle_tickets_list(struct db *db, int64_t now_us, int64_t limit, struct arena *a,
                          struct idle_tickets *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = (struct idle_tickets){ .v = ARENA_ARRAY(a, int64_t, (size_t)limit) };
    TRY(db_query(db, &r,
                 "SELECT t.id FROM groups g JOIN tickets t ON t.group_id = g.id"
                 " AND t.state_type IN (0, 1) WHERE g.assignment_timeout_min > 0"
                 " AND t.owner_id IS NOT NULL"
                 " AND t.created_us < $1 - g.assignment_timeout_min * 60000000"
                 " AND NOT EXISTS (SELECT 1 FROM events ev WHERE ev.ticket_id = t.id"
                 " AND ev.created_us >= $1 - g.assignment_timeout_min * 60000000"
                 " AND ev.actor_id <> t.customer_id) ORDER BY t.id LIMIT $2",
                 DB_ARGS(DB_INT(now_us), DB_INT(limit)), e));
    while (db_next(&r, e))
        out->v[out->n++] = db_int(&r, 0);
    return e->rc;
}
