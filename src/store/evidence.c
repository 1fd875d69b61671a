#include "store/evidence.h"

enum rc evidence_insert(struct db *db, struct evidence_row *row, struct err *e)
{
    return db_query_int(db,
                        "INSERT INTO evidence (kind, at_us, ok, version, summary, figures)"
                        " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
                        DB_ARGS(DB_TEXT(row->kind), DB_INT(row->at_us), DB_INT(row->ok),
                                DB_TEXT(row->version), DB_TEXT(row->summary),
                                DB_TEXT(row->figures)),
                        &row->id, e);
}

static struct evidence_row row_read(struct db_rows *r, struct arena *a)
{
    return (struct evidence_row){
        .id = db_int(r, 0),
        .kind = db_text(r, 1, a),
        .at_us = db_int(r, 2),
        .ok = db_int(r, 3) != 0,
        .version = db_text(r, 4, a),
        .summary = db_text(r, 5, a),
        .figures = db_text(r, 6, a),
    };
}

enum rc evidence_rows_list(struct db *db, const struct evidence_filter *f, struct arena *a,
                           struct evidence_row **out, size_t *n, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    *n = 0;
    *out = ARENA_ARRAY(a, struct evidence_row, (size_t)f->limit);
    sql_add(&q, "SELECT id, kind, at_us, ok, version, summary, figures FROM evidence WHERE id < ?",
            DB_ARGS(DB_INT(f->before_id ? f->before_id : INT64_MAX)));
    if (f->kind.n)
        sql_add(&q, " AND kind = ?", DB_ARGS(DB_TEXT(f->kind)));
    if (f->only_ok)
        sql_add(&q, " AND ok = 1", DB_NO_ARGS);
    sql_add(&q, " ORDER BY id DESC LIMIT ?", DB_ARGS(DB_INT(f->limit)));
    TRY(db_query_sql(db, &r, &q, e));
    while (db_next(&r, e))
        (*out)[(*n)++] = row_read(&r, a);
    return e->rc;
}
