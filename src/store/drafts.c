#include "store/drafts.h"

#define COLUMNS                                                                                    \
    "d.id, d.version, d.user_id, d.ticket_id, u.name, d.slot, d.shared, d.data_json,"              \
    " d.created_us, d.updated_us FROM drafts d JOIN users u ON u.id = d.user_id"

static struct draft read_row(struct db_rows *r, struct arena *a)
{
    return (struct draft){
        .id = db_int(r, 0),
        .version = db_int(r, 1),
        .user_id = db_int(r, 2),
        .ticket_id = db_int(r, 3),
        .user_name = db_text(r, 4, a),
        .slot = db_text(r, 5, a),
        .is_shared = db_int(r, 6) != 0,
        .data_json = db_text(r, 7, a),
        .created_us = db_int(r, 8),
        .updated_us = db_int(r, 9),
    };
}

static enum rc insert(struct db *db, struct draft *d, struct db_rows *r, struct err *e)
{
    return db_query(db, r,
                    "INSERT INTO drafts (user_id, ticket_id, slot, shared, data_json, created_us,"
                    " updated_us) VALUES ($1, $2, $3, $4, $5, $6, $6)"
                    " ON CONFLICT (user_id, ticket_id, slot) DO NOTHING"
                    " RETURNING id, version, created_us",
                    DB_ARGS(DB_INT(d->user_id), DB_INT(d->ticket_id), DB_TEXT(d->slot),
                            DB_INT(d->is_shared), DB_TEXT(d->data_json), DB_INT(d->updated_us)),
                    e);
}

static enum rc update(struct db *db, struct draft *d, struct db_rows *r, struct err *e)
{
    return db_query(db, r,
                    "UPDATE drafts SET shared = $1, data_json = $2, updated_us = $3,"
                    " version = version + 1 WHERE user_id = $4 AND ticket_id = $5 AND slot = $6"
                    " AND version = $7 RETURNING id, version, created_us",
                    DB_ARGS(DB_INT(d->is_shared), DB_TEXT(d->data_json), DB_INT(d->updated_us),
                            DB_INT(d->user_id), DB_INT(d->ticket_id), DB_TEXT(d->slot),
                            DB_INT(d->version)),
                    e);
}

enum rc drafts_put(struct db *db, struct draft *d, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(d->version ? update(db, d, &r, e) : insert(db, d, &r, e));
    if (!db_next(&r, e))
        return e->rc != RC_OK
                   ? e->rc
                   : err_set(e, RC_STALE, "version_mismatch", "The draft changed in the meantime.");
    d->id = db_int(&r, 0);
    d->version = db_int(&r, 1);
    d->created_us = db_int(&r, 2);
    return RC_OK;
}

static enum rc read_one(struct db_rows *r, struct arena *a, struct draft *out, struct err *e)
{
    if (!db_next(r, e))
        return e->rc != RC_OK ? e->rc : err_set(e, RC_NOT_FOUND, "", "There is no such draft.");
    *out = read_row(r, a);
    return RC_OK;
}

enum rc drafts_load(struct db *db, int64_t id, struct arena *a, struct draft *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT " COLUMNS " WHERE d.id = $1", DB_ARGS(DB_INT(id)), e));
    return read_one(&r, a, out, e);
}

enum rc drafts_find(struct db *db, int64_t user_id, int64_t ticket_id, struct str slot,
                    struct arena *a, struct draft *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT " COLUMNS " WHERE d.user_id = $1 AND d.ticket_id = $2 AND d.slot = $3",
                 DB_ARGS(DB_INT(user_id), DB_INT(ticket_id), DB_TEXT(slot)), e));
    return read_one(&r, a, out, e);
}

enum rc drafts_list(struct db *db, const struct draft_query *q, struct arena *a,
                    struct draft_list *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = (struct draft_list){ .v = ARENA_ARRAY(a, struct draft, (size_t)q->limit) };
    TRY(db_query(
        db, &r,
        "SELECT " COLUMNS " WHERE d.ticket_id = $1 AND (d.user_id = $2"
        " OR (d.shared = 1 AND d.ticket_id > 0 AND CAST($3 AS BIGINT) = 1))"
        " ORDER BY d.updated_us DESC, d.id DESC LIMIT $4",
        DB_ARGS(DB_INT(q->ticket_id), DB_INT(q->user_id), DB_INT(q->with_shared), DB_INT(q->limit)),
        e));
    while (db_next(&r, e))
        out->v[out->n++] = read_row(&r, a);
    return e->rc;
}

enum rc drafts_count(struct db *db, int64_t user_id, int64_t *n, struct err *e)
{
    return db_query_int(db, "SELECT count(*) FROM drafts WHERE user_id = $1",
                        DB_ARGS(DB_INT(user_id)), n, e);
}

enum rc drafts_delete(struct db *db, int64_t id, struct err *e)
{
    return db_exec(db, "DELETE FROM drafts WHERE id = $1", DB_ARGS(DB_INT(id)), NULL, e);
}
