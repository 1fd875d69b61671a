#include "store/idempotency.h"

enum rc idempotency_load(struct db *db, struct str key_hash, int64_t since_us, struct arena *a,
                         struct idempotency_row *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT request_hash, status, headers, body, created_us FROM idempotency"
                 " WHERE key_hash = $1 AND created_us >= $2",
                 DB_ARGS(DB_TEXT(key_hash), DB_INT(since_us)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : err_set(e, RC_NOT_FOUND, "", "%s", "");
    *out = (struct idempotency_row){
        .key_hash = key_hash,
        .request_hash = db_text(&r, 0, a),
        .status = db_int(&r, 1),
        .headers = db_text(&r, 2, a),
        .body = db_text(&r, 3, a),
        .created_us = db_int(&r, 4),
    };
    return RC_OK;
}

enum rc idempotency_save(struct db *db, const struct idempotency_row *row, int64_t since_us, struct err *e)
{
    int64_t changed;

    TRY(db_exec(db,
                "INSERT INTO idempotency (key_hash, request_hash, status, headers, body, created_us)"
                " VALUES ($1, $2, $3, $4, $5, $6)"
                " ON CONFLICT (key_hash) DO UPDATE SET request_hash = excluded.request_hash,"
                " status = excluded.status, headers = excluded.headers, body = excluded.body,"
                " created_us = excluded.created_us WHERE idempotency.created_us < $7",
                DB_ARGS(DB_TEXT(row->key_hash), DB_TEXT(row->request_hash), DB_INT(row->status),
                        DB_TEXT(row->headers), DB_BLOB(row->body), DB_INT(row->created_us), DB_INT(since_us)),
                &changed, e));
    /* The same request ran on another node and has ended since: run again, this one finds its answer. */
    if (changed == 0)
        return err_set(e, RC_RETRY, "", "A request with this key has just ended.");
    return RC_OK;
}
