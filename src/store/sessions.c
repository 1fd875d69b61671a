#include "store/sessions.h"

#include "store/notify.h"

enum { SESSIONS_SHOWN = 200 };

#define SESSION_COLUMNS                                                                            \
    "SELECT s.id, s.user_id, s.token_hash, s.refresh_hash, s.address, s.user_agent, s.mfa_us,"     \
    " s.created_us, s.seen_us, s.expires_us, s.ended_us, u.active"                                 \
    " FROM sessions s JOIN users u ON u.id = s.user_id"

static void read_session(struct db_rows *r, struct arena *a, struct session_row *s)
{
    *s = (struct session_row){
        .id = db_int(r, 0),
        .user_id = db_int(r, 1),
        .token_hash = db_text(r, 2, a),
        .refresh_hash = db_text(r, 3, a),
        .address = db_text(r, 4, a),
        .user_agent = db_text(r, 5, a),
        .mfa_us = db_int(r, 6),
        .created_us = db_int(r, 7),
        .seen_us = db_int(r, 8),
        .expires_us = db_int(r, 9),
        .ended_us = db_int(r, 10),
        .user_active = db_int(r, 11) != 0,
    };
}

enum rc sessions_insert(struct db *db, const struct session_row *s, int64_t *id, struct err *e)
{
    return db_query_int(db,
                        "INSERT INTO sessions (user_id, token_hash, refresh_hash, address,"
                        " user_agent, mfa_us, created_us, seen_us, expires_us)"
                        " VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8) RETURNING id",
                        DB_ARGS(DB_INT(s->user_id), DB_TEXT(s->token_hash),
                                DB_TEXT(s->refresh_hash), DB_TEXT(s->address),
                                DB_TEXT(s->user_agent), DB_ID(s->mfa_us), DB_INT(s->created_us),
                                DB_INT(s->expires_us)),
                        id, e);
}

enum rc sessions_load(struct db *db, int64_t id, struct arena *a, struct session_row *out,
                      struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, SESSION_COLUMNS " WHERE s.id = $1", DB_ARGS(DB_INT(id)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : RC_NOT_FOUND;
    read_session(&r, a, out);
    return RC_OK;
}

enum rc sessions_rotate(struct db *db, int64_t id, struct str old_hash, struct str new_hash,
                        int64_t now_us, int64_t *changed, struct err *e)
{
    return db_exec(db,
                   "UPDATE sessions SET refresh_hash = $3, seen_us = $4"
                   " WHERE id = $1 AND refresh_hash = $2 AND ended_us IS NULL",
                   DB_ARGS(DB_INT(id), DB_TEXT(old_hash), DB_TEXT(new_hash), DB_INT(now_us)),
                   changed, e);
}

enum rc sessions_set_refresh(struct db *db, int64_t id, struct str hash, struct err *e)
{
    return db_exec(db, "UPDATE sessions SET refresh_hash = $2 WHERE id = $1",
                   DB_ARGS(DB_INT(id), DB_TEXT(hash)), NULL, e);
}

enum rc sessions_of(struct db *db, int64_t user_id, int64_t now_us, int64_t idle_since_us,
                    struct arena *a, struct session_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    out->v = ARENA_ARRAY(a, struct session_row, SESSIONS_SHOWN);
    out->n = 0;
    TRY(db_query(db, &r,
                 SESSION_COLUMNS " WHERE s.user_id = $1 AND s.ended_us IS NULL AND s.expires_us > $2"
                                 " AND s.seen_us > $3 ORDER BY s.id DESC LIMIT 200",
                 DB_ARGS(DB_INT(user_id), DB_INT(now_us), DB_INT(idle_since_us)), e));
    while (out->n < SESSIONS_SHOWN && db_next(&r, e))
        read_session(&r, a, &out->v[out->n++]);
    return e->rc;
}

enum rc sessions_end(struct db *db, int64_t id, int64_t user_id, int64_t now_us, struct str why,
                     int64_t *changed, struct err *e)
{
    TRY(db_exec(db,
                "UPDATE sessions SET ended_us = $3, ended_why = $4"
                " WHERE id = $1 AND user_id = $2 AND ended_us IS NULL",
                DB_ARGS(DB_INT(id), DB_INT(user_id), DB_INT(now_us), DB_TEXT(why)), changed, e));
    return store_access_changed(db, user_id, e);
}

enum rc sessions_end_all(struct db *db, int64_t user_id, int64_t but_id, int64_t now_us,
                         struct str why, int64_t *changed, struct err *e)
{
    TRY(db_exec(db,
                "UPDATE sessions SET ended_us = $3, ended_why = $4"
                " WHERE user_id = $1 AND id <> $2 AND ended_us IS NULL",
                DB_ARGS(DB_INT(user_id), DB_INT(but_id), DB_INT(now_us), DB_TEXT(why)), changed, e));
    return store_access_changed(db, user_id, e);
}

enum rc sessions_count(struct db *db, int64_t now_us, int64_t *n, struct err *e)
{
    return db_query_int(db,
                        "SELECT count(*) FROM sessions WHERE ended_us IS NULL AND expires_us > $1",
                        DB_ARGS(DB_INT(now_us)), n, e);
}
