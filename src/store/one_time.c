/* What works once, and what did not work. */
#include "store/sessions.h"

enum rc one_time_insert(struct db *db, const struct one_time_new *t, struct err *e)
{
    return db_exec(db,
                   "INSERT INTO one_time_tokens (user_id, purpose, token_hash, object, created_us,"
                   " expires_us) VALUES ($1, $2, $3, $4, $5, $6)",
                   DB_ARGS(DB_ID(t->user_id), DB_INT(t->purpose), DB_TEXT(t->hash), DB_TEXT(t->object),
                           DB_INT(t->now_us), DB_INT(t->expires_us)),
                   NULL, e);
}

enum rc one_time_find(struct db *db, int purpose, struct str hash, int64_t now_us, struct arena *a,
                      struct one_time_row *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT id, user_id, object, tries FROM one_time_tokens WHERE token_hash = $1"
                 " AND purpose = $2 AND used_us IS NULL AND expires_us > $3",
                 DB_ARGS(DB_TEXT(hash), DB_INT(purpose), DB_INT(now_us)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : RC_NOT_FOUND;
    *out = (struct one_time_row){ .id = db_int(&r, 0),
                                  .user_id = db_int(&r, 1),
                                  .object = db_text(&r, 2, a),
                                  .tries = db_int(&r, 3) };
    return RC_OK;
}

enum rc one_time_use(struct db *db, int64_t id, int64_t now_us, struct err *e)
{
    int64_t changed;

    TRY(db_exec(db, "UPDATE one_time_tokens SET used_us = $2 WHERE id = $1 AND used_us IS NULL",
                DB_ARGS(DB_INT(id), DB_INT(now_us)), &changed, e));
    return changed ? RC_OK : RC_NOT_FOUND;
}

enum rc one_time_tried(struct db *db, int64_t id, struct err *e)
{
    return db_exec(db, "UPDATE one_time_tokens SET tries = tries + 1 WHERE id = $1",
                   DB_ARGS(DB_INT(id)), NULL, e);
}

enum rc one_time_drop(struct db *db, int64_t user_id, int purpose, struct err *e)
{
    if (user_id)
        return db_exec(db, "DELETE FROM one_time_tokens WHERE user_id = $1 AND purpose = $2",
                       DB_ARGS(DB_INT(user_id), DB_INT(purpose)), NULL, e);
    return db_exec(db, "DELETE FROM one_time_tokens WHERE user_id IS NULL AND purpose = $1",
                   DB_ARGS(DB_INT(purpose)), NULL, e);
}

enum rc one_time_count(struct db *db, int64_t user_id, int purpose, int64_t since_us, int64_t *n,
                       struct err *e)
{
    return db_query_int(db,
                        "SELECT count(*) FROM one_time_tokens"
                        " WHERE user_id = $1 AND purpose = $2 AND created_us > $3",
                        DB_ARGS(DB_INT(user_id), DB_INT(purpose), DB_INT(since_us)), n, e);
}

enum rc recovery_replace(struct db *db, int64_t user_id, const struct str *hashes, size_t n,
                         struct err *e)
{
    TRY(db_exec(db, "DELETE FROM recovery_codes WHERE user_id = $1", DB_ARGS(DB_INT(user_id)), NULL, e));
    for (size_t i = 0; i < n; i++)
        TRY(db_exec(db, "INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2)",
                    DB_ARGS(DB_INT(user_id), DB_TEXT(hashes[i])), NULL, e));
    return RC_OK;
}

enum rc recovery_use(struct db *db, int64_t user_id, struct str hash, int64_t now_us, struct err *e)
{
    int64_t changed;

    TRY(db_exec(db,
                "UPDATE recovery_codes SET used_us = $3"
                " WHERE user_id = $1 AND code_hash = $2 AND used_us IS NULL",
                DB_ARGS(DB_INT(user_id), DB_TEXT(hash), DB_INT(now_us)), &changed, e));
    return changed ? RC_OK : RC_NOT_FOUND;
}

enum rc recovery_left(struct db *db, int64_t user_id, int64_t *n, struct err *e)
{
    return db_query_int(db,
                        "SELECT count(*) FROM recovery_codes WHERE user_id = $1 AND used_us IS NULL",
                        DB_ARGS(DB_INT(user_id)), n, e);
}

enum rc login_failures_get(struct db *db, struct str what, struct login_failures *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = (struct login_failures){ 0 };
    TRY(db_query(db, &r, "SELECT failures, last_us, locked_until_us FROM login_failures WHERE what = $1",
                 DB_ARGS(DB_TEXT(what)), e));
    if (db_next(&r, e))
        *out = (struct login_failures){ .failures = db_int(&r, 0),
                                        .last_us = db_int(&r, 1),
                                        .locked_until_us = db_int(&r, 2) };
    return e->rc;
}

enum rc login_failures_hold(struct db *db, struct str what, int64_t now_us, struct login_failures *out,
                            struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = (struct login_failures){ 0 };
    TRY(db_query(db, &r,
                 "INSERT INTO login_failures (what, failures, last_us) VALUES ($1, 0, $2)"
                 " ON CONFLICT (what) DO UPDATE SET failures = login_failures.failures"
                 " RETURNING failures, last_us, locked_until_us",
                 DB_ARGS(DB_TEXT(what), DB_INT(now_us)), e));
    if (db_next(&r, e))
        *out = (struct login_failures){ .failures = db_int(&r, 0),
                                        .last_us = db_int(&r, 1),
                                        .locked_until_us = db_int(&r, 2) };
    return e->rc;
}

enum rc login_failures_set(struct db *db, struct str what, const struct login_failures *f,
                           struct err *e)
{
    return db_exec(db,
                   "INSERT INTO login_failures (what, failures, last_us, locked_until_us)"
                   " VALUES ($1, $2, $3, $4) ON CONFLICT (what) DO UPDATE SET"
                   " failures = excluded.failures, last_us = excluded.last_us,"
                   " locked_until_us = excluded.locked_until_us",
                   DB_ARGS(DB_TEXT(what), DB_INT(f->failures), DB_INT(f->last_us),
                           DB_INT(f->locked_until_us)),
                   NULL, e);
}

enum rc login_failures_clear(struct db *db, struct str what, struct err *e)
{
    return db_exec(db, "DELETE FROM login_failures WHERE what = $1", DB_ARGS(DB_TEXT(what)), NULL, e);
}
