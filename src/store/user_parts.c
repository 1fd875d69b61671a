/* What hangs on a user: identities, further organisations, roles, levels. */
#include "store/users.h"

enum { PARTS_MAX = 1000 };

static void read_identity(struct db_rows *r, struct arena *a, struct identity_row *row)
{
    *row = (struct identity_row){
        .id = db_int(r, 0),
        .user_id = db_int(r, 1),
        .kind = (int)db_int(r, 2),
        .value = db_text(r, 3, a),
        .verified_us = db_int(r, 4),
        .is_primary = db_int(r, 5) != 0,
    };
}

enum rc identities_of(struct db *db, int64_t user_id, struct arena *a, struct identity_rows *out,
                      struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    out->v = ARENA_ARRAY(a, struct identity_row, 100);
    out->n = 0;
    TRY(db_query(db, &r,
                 "SELECT id, user_id, kind, value, verified_us, is_primary FROM identities"
                 " WHERE user_id = $1 ORDER BY id LIMIT 100",
                 DB_ARGS(DB_INT(user_id)), e));
    while (out->n < 100 && db_next(&r, e))
        read_identity(&r, a, &out->v[out->n++]);
    return e->rc;
}

enum rc identities_find(struct db *db, int kind, struct str value_fold, struct arena *a,
                        struct identity_row *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r,
                 "SELECT id, user_id, kind, value, verified_us, is_primary FROM identities"
                 " WHERE kind = $1 AND value_fold = $2",
                 DB_ARGS(DB_INT(kind), DB_TEXT(value_fold)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : RC_NOT_FOUND;
    read_identity(&r, a, out);
    return RC_OK;
}

enum rc identities_insert(struct db *db, const struct identity_row *row, struct str value_fold,
                          int64_t now_us, int64_t *id, struct err *e)
{
    return db_query_int(db,
                        "INSERT INTO identities (user_id, kind, value, value_fold, verified_us,"
                        " is_primary, created_us) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
                        DB_ARGS(DB_INT(row->user_id), DB_INT(row->kind), DB_TEXT(row->value),
                                DB_TEXT(value_fold), DB_ID(row->verified_us),
                                DB_INT(row->is_primary), DB_INT(now_us)),
                        id, e);
}

enum rc identities_delete(struct db *db, int64_t id, struct err *e)
{
    return db_exec(db, "DELETE FROM identities WHERE id = $1", DB_ARGS(DB_INT(id)), NULL, e);
}

enum rc identities_verify(struct db *db, int64_t id, int64_t now_us, struct err *e)
{
    return db_exec(db, "UPDATE identities SET verified_us = $2 WHERE id = $1 AND verified_us IS NULL",
                   DB_ARGS(DB_INT(id), DB_INT(now_us)), NULL, e);
}

enum rc identities_set_primary(struct db *db, int64_t user_id, int kind, int64_t id, struct err *e)
{
    return db_exec(db,
                   "UPDATE identities SET is_primary = CASE WHEN id = $3 THEN 1 ELSE 0 END"
                   " WHERE user_id = $1 AND kind = $2",
                   DB_ARGS(DB_INT(user_id), DB_INT(kind), DB_INT(id)), NULL, e);
}

static enum rc load_organizations(struct db *db, int64_t id, struct arena *a,
                                  struct user_extras *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    out->organization_ids = ARENA_ARRAY(a, int64_t, PARTS_MAX);
    TRY(db_query(db, &r,
                 "SELECT organization_id FROM user_organizations WHERE user_id = $1"
                 " ORDER BY organization_id LIMIT 1000",
                 DB_ARGS(DB_INT(id)), e));
    while (out->n_organizations < PARTS_MAX && db_next(&r, e))
        out->organization_ids[out->n_organizations++] = db_int(&r, 0);
    return e->rc;
}

static enum rc load_roles(struct db *db, int64_t id, struct arena *a, struct user_extras *out,
                          struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    out->role_ids = ARENA_ARRAY(a, int64_t, PARTS_MAX);
    out->role_names = ARENA_ARRAY(a, struct str, PARTS_MAX);
    TRY(db_query(db, &r,
                 "SELECT ur.role_id, r.name FROM user_roles ur JOIN roles r ON r.id = ur.role_id"
                 " WHERE ur.user_id = $1 ORDER BY ur.role_id LIMIT 1000",
                 DB_ARGS(DB_INT(id)), e));
    while (out->n_roles < PARTS_MAX && db_next(&r, e)) {
        out->role_names[out->n_roles] = db_text(&r, 1, a);
        out->role_ids[out->n_roles++] = db_int(&r, 0);
    }
    return e->rc;
}

enum rc users_extras(struct db *db, int64_t id, struct arena *a, struct user_extras *out,
                     struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = (struct user_extras){ .levels = ARENA_ARRAY(a, struct user_level, PARTS_MAX) };
    TRY(load_organizations(db, id, a, out, e));
    TRY(load_roles(db, id, a, out, e));
    TRY(db_query(db, &r,
                 "SELECT group_id, levels FROM user_groups WHERE user_id = $1"
                 " ORDER BY group_id LIMIT 1000",
                 DB_ARGS(DB_INT(id)), e));
    while (out->n_levels < PARTS_MAX && db_next(&r, e))
        out->levels[out->n_levels++] =
            (struct user_level){ .group_id = db_int(&r, 0), .levels = db_int(&r, 1) };
    return e->rc;
}

enum rc users_set_organizations(struct db *db, int64_t id, const int64_t *ids, size_t n,
                                struct err *e)
{
    TRY(db_exec(db, "DELETE FROM user_organizations WHERE user_id = $1", DB_ARGS(DB_INT(id)), NULL, e));
    for (size_t i = 0; i < n; i++)
        TRY(db_exec(db,
                    "INSERT INTO user_organizations (user_id, organization_id) VALUES ($1, $2)"
                    " ON CONFLICT DO NOTHING",
                    DB_ARGS(DB_INT(id), DB_INT(ids[i])), NULL, e));
    return RC_OK;
}

enum rc users_set_roles(struct db *db, int64_t id, const int64_t *ids, size_t n, struct err *e)
{
    TRY(db_exec(db, "DELETE FROM user_roles WHERE user_id = $1", DB_ARGS(DB_INT(id)), NULL, e));
    for (size_t i = 0; i < n; i++)
        TRY(db_exec(db,
                    "INSERT INTO user_roles (user_id, role_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    DB_ARGS(DB_INT(id), DB_INT(ids[i])), NULL, e));
    return RC_OK;
}

enum rc users_set_levels(struct db *db, int64_t id, const struct user_level *v, size_t n,
                         struct err *e)
{
    TRY(db_exec(db, "DELETE FROM user_groups WHERE user_id = $1", DB_ARGS(DB_INT(id)), NULL, e));
    for (size_t i = 0; i < n; i++)
        TRY(db_exec(db,
                    "INSERT INTO user_groups (user_id, group_id, levels) VALUES ($1, $2, $3)"
                    " ON CONFLICT (user_id, group_id) DO UPDATE SET levels = excluded.levels",
                    DB_ARGS(DB_INT(id), DB_INT(v[i].group_id), DB_INT(v[i].levels)), NULL, e));
    return RC_OK;
}
