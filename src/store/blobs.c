#include "store/blobs.h"

enum rc blobs_ref(struct db *db, struct str hash, int64_t size, int64_t now_us, struct err *e)
{
    return db_exec(db,
                   "INSERT INTO blobs (hash, size, refs, created_us) VALUES ($1, $2, 1, $3)"
                   " ON CONFLICT (hash) DO UPDATE SET refs = blobs.refs + 1",
                   DB_ARGS(DB_TEXT(hash), DB_INT(size), DB_INT(now_us)), NULL, e);
}

enum rc blobs_unref(struct db *db, struct str hash, int64_t n, int64_t now_us, struct err *e)
{
    /* created_us moves on, so that a blob rests for the grace time after its last use too. */
    return db_exec(db, "UPDATE blobs SET refs = refs - $2, created_us = $3 WHERE hash = $1",
                   DB_ARGS(DB_TEXT(hash), DB_INT(n), DB_INT(now_us)), NULL, e);
}

enum rc blobs_is_known(struct db *db, struct str hash, bool *known, struct err *e)
{
    int64_t n;

    TRY(db_query_int(db, "SELECT count(*) FROM blobs WHERE hash = $1", DB_ARGS(DB_TEXT(hash)), &n,
                     e));
    *known = n > 0;
    return RC_OK;
}

enum rc blobs_forget(struct db *db, int64_t before_us, int64_t limit, struct arena *a,
                     struct blob_hashes *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = (struct blob_hashes){ .v = ARENA_ARRAY(a, struct str, (size_t)limit) };
    TRY(db_query(db, &r,
                 "DELETE FROM blobs WHERE hash IN (SELECT hash FROM blobs WHERE refs = 0"
                 " AND created_us < $1 ORDER BY created_us, hash LIMIT $2) AND refs = 0"
                 " RETURNING hash",
                 DB_ARGS(DB_INT(before_us), DB_INT(limit)), e));
    while (db_next(&r, e))
        out->v[out->n++] = db_text(&r, 0, a);
    return e->rc;
}
