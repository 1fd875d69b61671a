#include "store/attachments.h"

#include "store/blobs.h"

#define COLUMNS                                                                                    \
    "a.id, a.hash, a.message_id, a.ticket_id, a.user_id, a.name, a.content_type, a.size,"          \
    " a.created_us, a.expires_us, m.visibility"

static void read_row(struct db_rows *r, struct arena *a, struct attachment *out)
{
    *out = (struct attachment){
        .id = db_int(r, 0),
        .hash = db_text(r, 1, a),
        .message_id = db_int(r, 2),
        .ticket_id = db_int(r, 3),
        .user_id = db_int(r, 4),
        .name = db_text(r, 5, a),
        .content_type = db_text(r, 6, a),
        .size = db_int(r, 7),
        .created_us = db_int(r, 8),
        .expires_us = db_int(r, 9),
        .is_internal = db_int(r, 10) != 0,
    };
}

enum rc attachments_insert(struct db *db, struct attachment *at, struct err *e)
{
    TRY(blobs_ref(db, at->hash, at->size, at->created_us, e));
    return db_query_int(
        db,
        "INSERT INTO attachments (hash, message_id, ticket_id, user_id, name, content_type, size,"
        " created_us, expires_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
        DB_ARGS(DB_TEXT(at->hash), DB_ID(at->message_id), DB_ID(at->ticket_id), DB_ID(at->user_id),
                DB_TEXT(at->name), DB_TEXT(at->content_type), DB_INT(at->size),
                DB_INT(at->created_us), DB_ID(at->expires_us)),
        &at->id, e);
}

enum rc attachments_load(struct db *db, int64_t id, struct arena *a, struct attachment *out,
                         struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT " COLUMNS " FROM attachments a LEFT JOIN messages m ON m.id = a.message_id"
                 " WHERE a.id = $1",
                 DB_ARGS(DB_INT(id)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc
                              : err_set(e, RC_NOT_FOUND, "", "There is no such attachment.");
    read_row(&r, a, out);
    return RC_OK;
}

static enum rc read_list(struct db_rows *r, int64_t limit, struct arena *a,
                         struct attachment_list *out, struct err *e)
{
    *out = (struct attachment_list){ .v = ARENA_ARRAY(a, struct attachment, (size_t)limit) };
    while (db_next(r, e))
        read_row(r, a, &out->v[out->n++]);
    return e->rc;
}

enum rc attachments_list(struct db *db, const struct attachment_page *page, struct arena *a,
                         struct attachment_list *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    sql_add(&q,
            "SELECT " COLUMNS " FROM attachments a JOIN messages m ON m.id = a.message_id"
            " WHERE a.ticket_id IN (SELECT CAST(? AS BIGINT) UNION ALL"
            " SELECT id FROM tickets WHERE merged_into_id = ?) AND m.visibility <= ?",
            DB_ARGS(DB_INT(page->ticket_id), DB_INT(page->ticket_id),
                    DB_INT(page->with_internal ? 1 : 0)));
    if (page->descending)
        sql_add(&q, " AND a.id < ? ORDER BY a.id DESC LIMIT ?",
                DB_ARGS(DB_INT(page->after ? page->after : INT64_MAX), DB_INT(page->limit)));
    else
        sql_add(&q, " AND a.id > ? ORDER BY a.id LIMIT ?",
                DB_ARGS(DB_INT(page->after), DB_INT(page->limit)));
    TRY(db_query_sql(db, &r, &q, e));
    return read_list(&r, page->limit, a, out, e);
}

enum rc attachments_waiting(struct db *db, int64_t user_id, int64_t now_us, int64_t *n,
                            int64_t *bytes, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT count(*), coalesce(CAST(sum(size) AS BIGINT), 0) FROM attachments"
                 " WHERE user_id = $1 AND expires_us > $2",
                 DB_ARGS(DB_INT(user_id), DB_INT(now_us)), e));
    if (!db_next(&r, e))
        return e->rc;
    *n = db_int(&r, 0);
    *bytes = db_int(&r, 1);
    return RC_OK;
}

enum rc attachments_take(struct db *db, const struct attachment_claim *c, bool *taken,
                         struct err *e)
{
    int64_t n;

    TRY(db_exec(db,
                "UPDATE attachments SET message_id = $1, ticket_id = $2, expires_us = NULL"
                " WHERE id = $3 AND user_id = $4 AND message_id IS NULL AND expires_us > $5",
                DB_ARGS(DB_INT(c->message_id), DB_INT(c->ticket_id), DB_INT(c->id),
                        DB_INT(c->user_id), DB_INT(c->now_us)),
                &n, e));
    *taken = n == 1;
    return RC_OK;
}

enum rc attachments_copy(struct db *db, const struct attachment_copy *c, int64_t *n, struct err *e)
{
    TRY(db_exec(db,
                "UPDATE blobs SET refs = refs + (SELECT count(*) FROM attachments a"
                " WHERE a.hash = blobs.hash AND a.message_id = $1)"
                " WHERE hash IN (SELECT hash FROM attachments WHERE message_id = $1)",
                DB_ARGS(DB_INT(c->from_message)), NULL, e));
    return db_exec(db,
                   "INSERT INTO attachments (hash, message_id, ticket_id, user_id, name,"
                   " content_type, size, content_id, created_us)"
                   " SELECT hash, CAST($2 AS BIGINT), CAST($3 AS BIGINT), user_id, name,"
                   " content_type, size, content_id, CAST($4 AS BIGINT) FROM attachments"
                   " WHERE message_id = $1 ORDER BY id",
                   DB_ARGS(DB_INT(c->from_message), DB_INT(c->to_message), DB_INT(c->to_ticket),
                           DB_INT(c->now_us)),
                   n, e);
}

enum rc attachments_move(struct db *db, int64_t message_id, int64_t to_ticket, int64_t *n,
                         struct err *e)
{
    return db_exec(db, "UPDATE attachments SET ticket_id = $2 WHERE message_id = $1",
                   DB_ARGS(DB_INT(message_id), DB_INT(to_ticket)), n, e);
}

enum rc attachments_delete(struct db *db, const struct attachment *at, int64_t now_us,
                           struct err *e)
{
    int64_t n;

    TRY(db_exec(db, "DELETE FROM attachments WHERE id = $1", DB_ARGS(DB_INT(at->id)), &n, e));
    return n ? blobs_unref(db, at->hash, n, now_us, e) : RC_OK;
}

enum rc attachments_expired(struct db *db, int64_t now_us, int64_t limit, struct arena *a,
                            struct attachment_list *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT " COLUMNS " FROM attachments a LEFT JOIN messages m ON m.id = a.message_id"
                 " WHERE a.expires_us <= $1 ORDER BY a.expires_us, a.id LIMIT $2",
                 DB_ARGS(DB_INT(now_us), DB_INT(limit)), e));
    return read_list(&r, limit, a, out, e);
}

enum rc attachments_behind(struct db *db, int64_t after_id, struct arena *a, struct attachment_hash *out, size_t cap,
                           size_t *n, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *n = 0;
    TRY(db_query(db, &r, "SELECT id, hash FROM attachments WHERE id > $1 ORDER BY id LIMIT 200",
                 DB_ARGS(DB_INT(after_id)), e));
    while (*n < cap && db_next(&r, e))
        out[(*n)++] = (struct attachment_hash){ db_int(&r, 0), db_text(&r, 1, a) };
    return e->rc;
}
