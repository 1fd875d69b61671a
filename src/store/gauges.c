#include "store/gauges.h"

static enum rc load_tickets(struct db *db, struct gauges *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT s.type, CAST(sum(c.n) AS BIGINT) FROM ticket_counts c JOIN states s ON "
                 "s.id = c.state_id"
                 " GROUP BY s.type ORDER BY s.type",
                 DB_NO_ARGS, e));
    while (out->n_tickets < GAUGE_TYPES_MAX && db_next(&r, e)) {
        out->tickets[out->n_tickets].type = (int)db_int(&r, 0);
        out->tickets[out->n_tickets++].n = db_int(&r, 1);
    }
    return e->rc;
}

static enum rc load_jobs(struct db *db, struct gauges *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT state, count(*) FROM jobs WHERE state IN (0, 1) GROUP BY state",
                 DB_NO_ARGS, e));
    while (db_next(&r, e))
        *(db_int(&r, 0) == 0 ? &out->jobs_waiting : &out->jobs_running) = db_int(&r, 1);
    return e->rc;
}

enum rc gauges_load(struct db *db, int64_t now_us, struct gauges *out, struct err *e)
{
    *out = (struct gauges){ 0 };
    TRY(load_tickets(db, out, e));
    TRY(load_jobs(db, out, e));
    TRY(db_query_int(db, "SELECT count(*) FROM sessions WHERE ended_us IS NULL AND expires_us > $1",
                     DB_ARGS(DB_INT(now_us)), &out->sessions, e));
    TRY(db_query_int(db, "SELECT count(*) FROM outbox WHERE state = 0", DB_NO_ARGS,
                     &out->outbox_waiting, e));
    return db_query_int(db, "SELECT n FROM audit_head WHERE id = 1", DB_NO_ARGS, &out->audit_n, e);
}
