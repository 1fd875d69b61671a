#include "store/audit.h"

#include "base/arena.h"

enum rc audit_head_load(struct db *db, bool lock, struct arena *a, struct audit_head *out,
                        struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    sql_add(&q, "SELECT n, hash FROM audit_head WHERE id = 1", DB_NO_ARGS);
    if (lock)
        sql_for_update(&q, db);
    TRY(db_query_sql(db, &r, &q, e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : err_fail(e, "the audit log has no head");
    *out = (struct audit_head){ db_int(&r, 0), db_text(&r, 1, a) };
    return RC_OK;
}

enum rc audit_append(struct db *db, const struct audit_row *row, struct err *e)
{
    TRY(db_exec(
        db,
        "INSERT INTO audit (n, at_us, actor_id, actor_type, address, request_id, action, object,"
        " object_id, details, details_salt, details_hash, hash)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        DB_ARGS(DB_INT(row->n), DB_INT(row->at_us), DB_ID(row->actor_id), DB_INT(row->actor_type),
                DB_TEXT(row->address), DB_TEXT(row->request_id), DB_TEXT(row->action),
                DB_TEXT(row->object), DB_ID(row->object_id), DB_TEXT(row->details),
                DB_TEXT(row->salt), DB_TEXT(row->details_hash), DB_TEXT(row->hash)),
        NULL, e));
    return db_exec(db, "UPDATE audit_head SET n = $1, hash = $2 WHERE id = 1",
                   DB_ARGS(DB_INT(row->n), DB_TEXT(row->hash)), NULL, e);
}

static void add_filter(struct sql *q, const struct audit_filter *f)
{
    if (f->actor_id)
        sql_add(q, " AND actor_id = ?", DB_ARGS(DB_INT(f->actor_id)));
    if (f->action.n)
        sql_add(q, " AND action = ?", DB_ARGS(DB_TEXT(f->action)));
    if (f->object.n)
        sql_add(q, " AND object = ?", DB_ARGS(DB_TEXT(f->object)));
    if (f->request_id.n)
        sql_add(q, " AND request_id = ?", DB_ARGS(DB_TEXT(f->request_id)));
    if (f->object_id)
        sql_add(q, " AND object_id = ?", DB_ARGS(DB_INT(f->object_id)));
    if (f->from_us)
        sql_add(q, " AND at_us >= ?", DB_ARGS(DB_INT(f->from_us)));
    if (f->to_us)
        sql_add(q, " AND at_us < ?", DB_ARGS(DB_INT(f->to_us)));
    if (f->has_key && f->ascending)
        sql_add(q, " AND n > ?", DB_ARGS(DB_INT(f->key)));
    else if (f->has_key)
        sql_add(q, " AND n < ?", DB_ARGS(DB_INT(f->key)));
    if (f->ascending)
        sql_add(q, " ORDER BY n LIMIT ?", DB_ARGS(DB_INT(f->limit)));
    else
        sql_add(q, " ORDER BY n DESC LIMIT ?", DB_ARGS(DB_INT(f->limit)));
}

static struct audit_row row_read(struct db_rows *r, struct arena *a)
{
    return (struct audit_row){
        .n = db_int(r, 0),
        .at_us = db_int(r, 1),
        .actor_id = db_int(r, 2),
        .actor_type = db_int(r, 3),
        .address = db_text(r, 4, a),
        .request_id = db_text(r, 5, a),
        .action = db_text(r, 6, a),
        .object = db_text(r, 7, a),
        .object_id = db_int(r, 8),
        .details = db_text(r, 9, a),
        .salt = db_text(r, 10, a),
        .details_hash = db_text(r, 11, a),
        .hash = db_text(r, 12, a),
    };
}

enum rc audit_rows_list(struct db *db, const struct audit_filter *f, struct arena *a,
                        struct audit_row **out, size_t *n, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);
    struct audit_row *rows = ARENA_ARRAY(a, struct audit_row, (size_t)f->limit);
    size_t count = 0;

    sql_add(&q,
            "SELECT n, at_us, actor_id, actor_type, address, request_id, action, object, "
            "object_id, details,"
            " details_salt, details_hash, hash FROM audit WHERE 1 = 1",
            DB_NO_ARGS);
    add_filter(&q, f);
    TRY(db_query_sql(db, &r, &q, e));
    while (count < (size_t)f->limit && db_next(&r, e))
        rows[count++] = row_read(&r, a);
    *out = rows;
    *n = count;
    return e->rc;
}

enum rc audit_time_behind(struct db *db, int64_t n, int64_t *at_us, struct err *e)
{
    return db_query_int(db, "SELECT at_us FROM audit WHERE n > $1 ORDER BY n LIMIT 1", DB_ARGS(DB_INT(n)), at_us, e);
}
