#include "store/rights.h"

#define USER_COLUMNS                                                                               \
    " u.id, u.active, u.name, u.email, u.organization_id, u.version,"                              \
    " (SELECT value FROM counters WHERE name = 'catalog')"

static void read_user(struct db_rows *r, struct arena *a, struct caller_row *out)
{
    out->user_id = db_int(r, 0);
    out->active = db_int(r, 1) != 0;
    out->name = db_text(r, 2, a);
    out->email = db_text(r, 3, a);
    out->organization_id = db_int(r, 4);
    out->user_version = db_int(r, 5);
    out->catalog = db_int(r, 6);
    db_snapshot_note(r->db, out->catalog);
}

static enum rc read_session(struct db_rows *r, struct arena *a, struct caller_row *out, struct err *e)
{
    *out = (struct caller_row){ 0 };
    if (!db_next(r, e))
        return e->rc != RC_OK ? e->rc : RC_NOT_FOUND;
    read_user(r, a, out);
    out->session_id = db_int(r, 7);
    out->seen_us = db_int(r, 8);
    out->expires_us = db_int(r, 9);
    out->ended_us = db_int(r, 10);
    out->created_us = db_int(r, 11);
    out->perms_mask = -1;
    return RC_OK;
}

enum rc caller_by_session(struct db *db, int64_t session_id, struct arena *a, struct caller_row *out,
                          struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT" USER_COLUMNS ", s.id, s.seen_us, s.expires_us, s.ended_us, s.created_us"
                 " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1",
                 DB_ARGS(DB_INT(session_id)), e));
    return read_session(&r, a, out, e);
}

enum rc caller_by_cookie(struct db *db, struct str token_hash, struct arena *a,
                         struct caller_row *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT" USER_COLUMNS ", s.id, s.seen_us, s.expires_us, s.ended_us, s.created_us"
                 " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1",
                 DB_ARGS(DB_TEXT(token_hash)), e));
    return read_session(&r, a, out, e);
}

enum rc caller_by_token(struct db *db, struct str token_hash, struct arena *a,
                        struct caller_row *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT" USER_COLUMNS ", k.id, k.perms, k.read_only, k.expires_us, k.last_used_us,"
                 " k.revoked_us, k.created_us"
                 " FROM api_tokens k JOIN users u ON u.id = k.user_id WHERE k.token_hash = $1",
                 DB_ARGS(DB_TEXT(token_hash)), e));
    *out = (struct caller_row){ 0 };
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : RC_NOT_FOUND;
    read_user(&r, a, out);
    out->token_id = db_int(&r, 7);
    out->perms_mask = db_int(&r, 8);
    out->read_only = db_int(&r, 9) != 0;
    out->expires_us = db_int(&r, 10);
    out->seen_us = db_int(&r, 11);
    out->ended_us = db_int(&r, 12);
    out->created_us = db_int(&r, 13);
    return RC_OK;
}

enum rc caller_by_user(struct db *db, int64_t user_id, struct arena *a, struct caller_row *out,
                       struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT" USER_COLUMNS " FROM users u WHERE u.id = $1",
                 DB_ARGS(DB_INT(user_id)), e));
    *out = (struct caller_row){ .perms_mask = -1 };
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : RC_NOT_FOUND;
    read_user(&r, a, out);
    return RC_OK;
}

enum rc caller_seen(struct db *db, int64_t session_id, int64_t token_id, int64_t now_us,
                    struct err *e)
{
    if (session_id)
        return db_exec(db, "UPDATE sessions SET seen_us = $2 WHERE id = $1 AND seen_us < $2",
                       DB_ARGS(DB_INT(session_id), DB_INT(now_us)), NULL, e);
    return db_exec(db,
                   "UPDATE api_tokens SET last_used_us = $2"
                   " WHERE id = $1 AND (last_used_us IS NULL OR last_used_us < $2)",
                   DB_ARGS(DB_INT(token_id), DB_INT(now_us)), NULL, e);
}

static enum rc load_perms(struct db *db, int64_t user_id, struct rights_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT r.perms FROM user_roles ur JOIN roles r ON r.id = ur.role_id"
                 " WHERE ur.user_id = $1 AND r.active = 1",
                 DB_ARGS(DB_INT(user_id)), e));
    while (db_next(&r, e))
        out->perms |= db_int(&r, 0);
    return e->rc;
}

/* v with room for one more behind its n. */
static void *with_room(struct arena *a, void *v, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap ? *cap * 2 : 8;

    if (n < *cap)
        return v;
    v = arena_grow(a, v, *cap * size, more * size);
    *cap = more;
    return v;
}

static enum rc load_levels(struct db *db, int64_t user_id, struct arena *a, struct rights_rows *out,
                           struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    size_t cap = 0;

    TRY(db_query(db, &r,
                 "SELECT group_id, levels FROM user_groups WHERE user_id = $1"
                 " UNION ALL"
                 " SELECT rg.group_id, rg.levels FROM user_roles ur"
                 " JOIN roles r ON r.id = ur.role_id JOIN role_groups rg ON rg.role_id = ur.role_id"
                 " WHERE ur.user_id = $1 AND r.active = 1 ORDER BY 1",
                 DB_ARGS(DB_INT(user_id)), e));
    while (db_next(&r, e)) {
        out->levels = with_room(a, out->levels, out->n_levels, &cap, sizeof(*out->levels));
        out->levels[out->n_levels++] =
            (struct rights_level){ .group_id = db_int(&r, 0), .levels = db_int(&r, 1) };
    }
    return e->rc;
}

static enum rc load_shared(struct db *db, int64_t user_id, struct arena *a, struct rights_rows *out,
                           struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    size_t cap = 0;

    TRY(db_query(db, &r,
                 "SELECT o.id FROM users u JOIN organizations o ON o.id = u.organization_id"
                 " WHERE u.id = $1 AND o.shared = 1 AND o.active = 1"
                 " UNION"
                 " SELECT o.id FROM user_organizations x JOIN organizations o"
                 " ON o.id = x.organization_id"
                 " WHERE x.user_id = $1 AND o.shared = 1 AND o.active = 1 ORDER BY 1",
                 DB_ARGS(DB_INT(user_id)), e));
    while (db_next(&r, e)) {
        out->shared_orgs = with_room(a, out->shared_orgs, out->n_shared_orgs, &cap, sizeof(*out->shared_orgs));
        out->shared_orgs[out->n_shared_orgs++] = db_int(&r, 0);
    }
    return e->rc;
}

enum rc rights_load(struct db *db, int64_t user_id, struct arena *a, struct rights_rows *out,
                    struct err *e)
{
    int64_t proofs;

    *out = (struct rights_rows){ 0 };
    TRY(load_perms(db, user_id, out, e));
    TRY(load_levels(db, user_id, a, out, e));
    TRY(db_query_int(db, "SELECT count(*) FROM identities WHERE user_id = $1 AND verified_us IS NOT NULL",
                     DB_ARGS(DB_INT(user_id)), &proofs, e));
    out->has_proof = proofs > 0;
    return load_shared(db, user_id, a, out, e);
}

enum rc owned_open_tickets(struct db *db, int64_t owner_id, int64_t after_id, int64_t limit,
                           struct arena *a, struct owned_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    out->v = ARENA_ARRAY(a, struct owned_row, (size_t)limit);
    out->n = 0;
    TRY(db_query(db, &r,
                 "SELECT id, group_id FROM tickets WHERE owner_id = $1 AND state_type IN (0, 1, 2, 3)"
                 " AND id > $2 ORDER BY id LIMIT $3",
                 DB_ARGS(DB_INT(owner_id), DB_INT(after_id), DB_INT(limit)), e));
    while (out->n < (size_t)limit && db_next(&r, e))
        out->v[out->n++] =
            (struct owned_row){ .ticket_id = db_int(&r, 0), .group_id = db_int(&r, 1) };
    return e->rc;
}

enum rc owners_with_role(struct db *db, int64_t role_id, struct arena *a, struct owner_rows *out,
                         struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    size_t cap = 0;

    *out = (struct owner_rows){ 0 };
    TRY(db_query(db, &r,
                 "SELECT ur.user_id FROM user_roles ur WHERE ur.role_id = $1 AND EXISTS"
                 " (SELECT 1 FROM tickets t WHERE t.owner_id = ur.user_id AND t.state_type IN (0, 1, 2, 3))"
                 " ORDER BY ur.user_id",
                 DB_ARGS(DB_INT(role_id)), e));
    while (db_next(&r, e)) {
        out->v = with_room(a, out->v, out->n, &cap, sizeof(*out->v));
        out->v[out->n++] = db_int(&r, 0);
    }
    return e->rc;
}
