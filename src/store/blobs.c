#include "store/blobs.h"

enum { PAGE_ROWS = 500, PAGE_ARENA = 1024 * 1024 };

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

struct page {
    struct str hash[PAGE_ROWS];
    int64_t size[PAGE_ROWS], refs[PAGE_ROWS];
    size_t n;
};

static enum rc page_load(struct db *db, struct str after, struct arena *a, struct page *p, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    p->n = 0;
    TRY(db_query(db, &r, "SELECT hash, size, refs FROM blobs WHERE hash > $1 ORDER BY hash LIMIT 500",
                 DB_ARGS(DB_TEXT(after)), e));
    while (p->n < PAGE_ROWS && db_next(&r, e)) {
        p->hash[p->n] = db_text(&r, 0, a);
        p->size[p->n] = db_int(&r, 1);
        p->refs[p->n++] = db_int(&r, 2);
    }
    return e->rc;
}

enum rc blobs_each(struct db *db,
                   enum rc (*each)(void *arg, struct str hash, int64_t size, int64_t refs, struct err *e),
                   void *arg, struct err *e)
{
    struct arena *a CLEAN(arena_clean) = arena_new(PAGE_ARENA);
    struct page *p = ARENA_NEW(a, struct page);
    char last[128] = "";

    do {
        struct arena *rows CLEAN(arena_clean) = arena_new(PAGE_ARENA);

        TRY(page_load(db, str_of(last), rows, p, e));
        for (size_t i = 0; i < p->n; i++)
            TRY(each(arg, p->hash[i], p->size[i], p->refs[i], e));
        if (p->n)
            snprintf(last, sizeof(last), "%.*s", STR_ARG(p->hash[p->n - 1]));
    } while (p->n == PAGE_ROWS);
    return RC_OK;
}
