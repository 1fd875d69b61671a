#include "store/jobs.h"

const char *const job_state_names[] = { "waiting", "running", "done", "failed", "cancelled", NULL };

#define COLUMNS                                                                                    \
    "id, kind, state, progress, total, attempts, user_id, run_at_us, created_us, finished_us"
#define TEXTS ", payload_json, result_json"

static struct job read_row(struct db_rows *r, struct arena *a)
{
    return (struct job){
        .id = db_int(r, 0),
        .kind = db_text(r, 1, a),
        .state = (enum job_state)db_int(r, 2),
        .progress = db_int(r, 3),
        .total = db_int(r, 4),
        .attempts = db_int(r, 5),
        .user_id = db_int(r, 6),
        .run_at_us = db_int(r, 7),
        .created_us = db_int(r, 8),
        .finished_us = db_int(r, 9),
    };
}

static enum rc read_whole(struct db_rows *r, struct arena *a, struct job *out, struct err *e)
{
    if (!db_next(r, e))
        return e->rc != RC_OK ? e->rc : err_set(e, RC_NOT_FOUND, "", "There is no such job.");
    *out = read_row(r, a);
    out->payload_json = db_text(r, 10, a);
    out->result_json = db_text(r, 11, a);
    return RC_OK;
}

enum rc jobs_add(struct db *db, struct job *j, struct err *e)
{
    return db_query_int(db,
                        "INSERT INTO jobs (kind, state, payload_json, total, user_id, run_at_us,"
                        " created_us) VALUES ($1, 0, $2, $3, $4, $5, $6) RETURNING id",
                        DB_ARGS(DB_TEXT(j->kind), DB_TEXT(j->payload_json), DB_INT(j->total),
                                DB_ID(j->user_id), DB_INT(j->run_at_us), DB_INT(j->created_us)),
                        &j->id, e);
}

enum rc jobs_load(struct db *db, int64_t id, struct arena *a, struct job *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT " COLUMNS TEXTS " FROM jobs WHERE id = $1", DB_ARGS(DB_INT(id)),
                 e));
    return read_whole(&r, a, out, e);
}

enum rc jobs_list(struct db *db, const struct job_page *page, struct arena *a, struct job_list *out,
                  struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    *out = (struct job_list){ .v = ARENA_ARRAY(a, struct job, (size_t)page->limit) };
    sql_add(&q, "SELECT " COLUMNS " FROM jobs WHERE user_id = ?", DB_ARGS(DB_INT(page->user_id)));
    if (page->descending)
        sql_add(&q, " AND id < ? ORDER BY id DESC LIMIT ?",
                DB_ARGS(DB_INT(page->key ? page->key : INT64_MAX), DB_INT(page->limit)));
    else
        sql_add(&q, " AND id > ? ORDER BY id LIMIT ?",
                DB_ARGS(DB_INT(page->key), DB_INT(page->limit)));
    TRY(db_query_sql(db, &r, &q, e));
    while (db_next(&r, e))
        out->v[out->n++] = read_row(&r, a);
    return e->rc;
}

enum rc jobs_open_of(struct db *db, int64_t user_id, int64_t *n, struct err *e)
{
    return db_query_int(db, "SELECT count(*) FROM jobs WHERE user_id = $1 AND state IN (0, 1)",
                        DB_ARGS(DB_INT(user_id)), n, e);
}

/* ---- Where the engines differ: PostgreSQL's runners on several nodes pass each other by ---- */

#define DUE                                                                                        \
    "SELECT id FROM jobs WHERE state IN (0, 1) AND run_at_us <= $1"                                \
    " AND (state = 0 OR claimed_until_us < $1) ORDER BY run_at_us, id LIMIT 1"
#define CLAIM(due)                                                                                 \
    "UPDATE jobs SET state = 1, attempts = attempts + 1, claimed_by = $2, claimed_until_us = $3"   \
    " WHERE id = (" due ") RETURNING " COLUMNS TEXTS

static enum rc claim(struct db *db, const struct job_claim *c, struct db_rows *r, struct err *e)
{
    struct db_args args = DB_ARGS(DB_INT(c->now_us), DB_TEXT(c->by), DB_INT(c->until_us));

    if (db_kind(db) == DB_POSTGRES)
        return db_query(db, r, CLAIM(DUE " FOR UPDATE SKIP LOCKED"), args, e);
    return db_query(db, r, CLAIM(DUE), args, e);
}

enum rc jobs_try_lock(struct db *db, int64_t key, bool *got, struct err *e)
{
    int64_t n = 1;

    if (db_kind(db) == DB_POSTGRES)
        TRY(db_query_int(db, "SELECT CAST(pg_try_advisory_xact_lock($1) AS INTEGER)",
                         DB_ARGS(DB_INT(key)), &n, e));
    *got = n == 1;
    return RC_OK;
}

/* ---- */

enum rc jobs_claim(struct db *db, const struct job_claim *c, struct arena *a, struct job *out,
                   struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(claim(db, c, &r, e));
    return read_whole(&r, a, out, e);
}

enum rc jobs_progress(struct db *db, const struct job_claim *c, const struct job *j, bool *mine,
                      struct err *e)
{
    int64_t n;

    TRY(db_exec(db,
                "UPDATE jobs SET progress = $1, result_json = $2, claimed_until_us = $3"
                " WHERE id = $4 AND state = 1 AND claimed_by = $5",
                DB_ARGS(DB_INT(j->progress), DB_TEXT(j->result_json), DB_INT(c->until_us),
                        DB_INT(j->id), DB_TEXT(c->by)),
                &n, e));
    *mine = n == 1;
    return RC_OK;
}

enum rc jobs_end(struct db *db, const struct job *j, int64_t now_us, struct err *e)
{
    bool again = j->state == JOB_WAITING;

    return db_exec(db,
                   "UPDATE jobs SET state = $1, result_json = $2, progress = $3, run_at_us = $4,"
                   " finished_us = $5, claimed_by = NULL, claimed_until_us = NULL"
                   " WHERE id = $6 AND state = 1",
                   DB_ARGS(DB_INT(j->state), DB_TEXT(j->result_json), DB_INT(j->progress),
                           DB_INT(j->run_at_us), again ? DB_NULL : DB_INT(now_us), DB_INT(j->id)),
                   NULL, e);
}

enum rc jobs_cancel(struct db *db, int64_t id, int64_t now_us, bool *did, struct err *e)
{
    int64_t n;

    TRY(db_exec(db, "UPDATE jobs SET state = 4, finished_us = $2 WHERE id = $1 AND state IN (0, 1)",
                DB_ARGS(DB_INT(id), DB_INT(now_us)), &n, e));
    *did = n == 1;
    return RC_OK;
}

enum rc jobs_queue(struct db *db, int64_t now_us, struct job_queue *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT count(*) FILTER (WHERE state = 0), count(*) FILTER (WHERE state = 1),"
                 " min(run_at_us) FILTER (WHERE state = 0) FROM jobs"
                 " WHERE state IN (0, 1) AND run_at_us <= $1",
                 DB_ARGS(DB_INT(now_us)), e));
    if (!db_next(&r, e))
        return e->rc;
    *out = (struct job_queue){ db_int(&r, 0), db_int(&r, 1), db_int(&r, 2) };
    return RC_OK;
}
