#include "store/access.h"

enum rc access_insert(struct db *db, const struct access *x, struct err *e)
{
    return db_exec(db,
                   "INSERT INTO access_log (at_us, user_id, address, request_id, op, object, status, times)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                   DB_ARGS(DB_INT(x->at_us), DB_INT(x->user_id), DB_TEXT(x->address), DB_TEXT(x->request_id),
                           DB_TEXT(x->op), DB_TEXT(x->object), DB_INT(x->status), DB_INT(x->times)),
                   NULL, e);
}

enum rc access_list(struct db *db, const struct access_page *p, struct arena *a, struct access_rows *out,
                    struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = (struct access_rows){ .v = ARENA_ARRAY(a, struct access, (size_t)p->limit) };
    TRY(db_query(db, &r,
                 "SELECT id, at_us, user_id, address, request_id, op, object, status, times FROM access_log"
                 " WHERE (at_us, id) > ($1, $2) AND at_us < $3 ORDER BY at_us, id LIMIT $4",
                 DB_ARGS(DB_INT(p->after_us), DB_INT(p->after_id), DB_INT(p->to_us), DB_INT(p->limit)), e));
    while (out->n < (size_t)p->limit && db_next(&r, e))
        out->v[out->n++] = (struct access){
            .id = db_int(&r, 0),
            .at_us = db_int(&r, 1),
            .user_id = db_int(&r, 2),
            .address = db_text(&r, 3, a),
            .request_id = db_text(&r, 4, a),
            .op = db_text(&r, 5, a),
            .object = db_text(&r, 6, a),
            .status = db_int(&r, 7),
            .times = db_int(&r, 8),
        };
    return e->rc;
}
