#include "store/api_tokens.h"

#define TOKEN_COLUMNS                                                                              \
    "SELECT id, version, user_id, name, hint, perms, read_only, expires_us, last_used_us,"         \
    " created_us, revoked_us FROM api_tokens"

static void read_token(struct db_rows *r, struct arena *a, struct api_token_row *t)
{
    *t = (struct api_token_row){
        .id = db_int(r, 0),
        .version = db_int(r, 1),
        .user_id = db_int(r, 2),
        .name = db_text(r, 3, a),
        .hint = db_text(r, 4, a),
        .perms = db_int(r, 5),
        .read_only = db_int(r, 6) != 0,
        .expires_us = db_int(r, 7),
        .last_used_us = db_int(r, 8),
        .created_us = db_int(r, 9),
        .revoked_us = db_int(r, 10),
    };
}

enum rc api_tokens_insert(struct db *db, const struct api_token_row *t, struct str hash, int64_t *id,
                          struct err *e)
{
    return db_query_int(db,
                        "INSERT INTO api_tokens (user_id, name, token_hash, hint, perms, read_only,"
                        " expires_us, created_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
                        DB_ARGS(DB_INT(t->user_id), DB_TEXT(t->name), DB_TEXT(hash),
                                DB_TEXT(t->hint), DB_INT(t->perms), DB_INT(t->read_only),
                                DB_ID(t->expires_us), DB_INT(t->created_us)),
                        id, e);
}

enum rc api_tokens_load(struct db *db, int64_t id, struct arena *a, struct api_token_row *out,
                        struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, TOKEN_COLUMNS " WHERE id = $1", DB_ARGS(DB_INT(id)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : RC_NOT_FOUND;
    read_token(&r, a, out);
    return RC_OK;
}

enum rc api_tokens_list(struct db *db, const struct api_token_filter *f, struct arena *a,
                        struct api_token_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    out->v = ARENA_ARRAY(a, struct api_token_row, (size_t)f->limit);
    out->n = 0;
    sql_add(&q, TOKEN_COLUMNS " WHERE revoked_us IS NULL", DB_NO_ARGS);
    if (f->user_id)
        sql_add(&q, " AND user_id = ?", DB_ARGS(DB_INT(f->user_id)));
    if (f->beyond_id && f->descending)
        sql_add(&q, " AND id < ?", DB_ARGS(DB_INT(f->beyond_id)));
    if (f->beyond_id && !f->descending)
        sql_add(&q, " AND id > ?", DB_ARGS(DB_INT(f->beyond_id)));
    if (f->descending)
        sql_add(&q, " ORDER BY id DESC LIMIT ?", DB_ARGS(DB_INT(f->limit)));
    else
        sql_add(&q, " ORDER BY id LIMIT ?", DB_ARGS(DB_INT(f->limit)));
    TRY(db_query_sql(db, &r, &q, e));
    while (out->n < (size_t)f->limit && db_next(&r, e))
        read_token(&r, a, &out->v[out->n++]);
    return e->rc;
}

enum rc api_tokens_revoke(struct db *db, int64_t id, int64_t now_us, struct err *e)
{
    return db_exec(db, "UPDATE api_tokens SET revoked_us = $2, version = version + 1 WHERE id = $1",
                   DB_ARGS(DB_INT(id), DB_INT(now_us)), NULL, e);
}

enum rc api_tokens_revoke_all(struct db *db, int64_t user_id, int64_t now_us, int64_t *changed,
                              struct err *e)
{
    return db_exec(db,
                   "UPDATE api_tokens SET revoked_us = $2, version = version + 1"
                   " WHERE user_id = $1 AND revoked_us IS NULL",
                   DB_ARGS(DB_INT(user_id), DB_INT(now_us)), changed, e);
}
