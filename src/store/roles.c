#include "store/roles.h"

#include "base/fold.h"

enum { LEVELS_MAX = 1000 };

#define ROLE_COLUMNS                                                                               \
    "SELECT id, version, name, note, perms, builtin, active, created_us, updated_us FROM roles"

static void read_role(struct db_rows *r, struct arena *a, struct role_row *o)
{
    *o = (struct role_row){
        .id = db_int(r, 0),
        .version = db_int(r, 1),
        .name = db_text(r, 2, a),
        .note = db_text(r, 3, a),
        .perms = db_int(r, 4),
        .builtin = (int)db_int(r, 5),
        .active = db_int(r, 6) != 0,
        .created_us = db_int(r, 7),
        .updated_us = db_int(r, 8),
    };
}

enum rc roles_load(struct db *db, int64_t id, struct arena *a, struct role_row *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, ROLE_COLUMNS " WHERE id = $1", DB_ARGS(DB_INT(id)), e));
    if (!db_next(&r, e))
        return e->rc != RC_OK ? e->rc : RC_NOT_FOUND;
    read_role(&r, a, out);
    return RC_OK;
}

enum rc roles_insert(struct db *db, const struct role_row *o, struct arena *a, int64_t *id,
                     struct err *e)
{
    return db_query_int(db,
                        "INSERT INTO roles (name, name_fold, note, perms, active, created_us,"
                        " updated_us) VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id",
                        DB_ARGS(DB_TEXT(o->name), DB_TEXT(fold_text(o->name, a)), DB_TEXT(o->note),
                                DB_INT(o->perms), DB_INT(o->active), DB_INT(o->created_us)),
                        id, e);
}

enum rc roles_save(struct db *db, const struct role_row *o, struct arena *a, struct err *e)
{
    int64_t changed;

    TRY(db_exec(db,
                "UPDATE roles SET name = $3, name_fold = $4, note = $5, perms = $6, active = $7,"
                " updated_us = $8, version = version + 1 WHERE id = $1 AND version = $2",
                DB_ARGS(DB_INT(o->id), DB_INT(o->version), DB_TEXT(o->name),
                        DB_TEXT(fold_text(o->name, a)), DB_TEXT(o->note), DB_INT(o->perms),
                        DB_INT(o->active), DB_INT(o->updated_us)),
                &changed, e));
    if (!changed)
        return err_set(e, RC_STALE, "version_mismatch", "The role was changed meanwhile.");
    return RC_OK;
}

enum rc roles_list(struct db *db, int64_t after_id, int64_t limit, struct arena *a,
                   struct role_rows *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    out->v = ARENA_ARRAY(a, struct role_row, (size_t)limit);
    out->n = 0;
    TRY(db_query(db, &r, ROLE_COLUMNS " WHERE id > $1 ORDER BY id LIMIT $2",
                 DB_ARGS(DB_INT(after_id), DB_INT(limit)), e));
    while (out->n < (size_t)limit && db_next(&r, e))
        read_role(&r, a, &out->v[out->n++]);
    return e->rc;
}

enum rc roles_of_builtin(struct db *db, int builtin, int64_t *id, struct err *e)
{
    return db_query_int(db, "SELECT id FROM roles WHERE builtin = $1 ORDER BY id LIMIT 1",
                        DB_ARGS(DB_INT(builtin)), id, e);
}

enum rc roles_perms(struct db *db, const int64_t *ids, size_t n, struct arena *a, int64_t *perms,
                    size_t *found, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);

    *perms = 0;
    *found = 0;
    sql_add(&q, "SELECT perms FROM roles WHERE id IN (", DB_NO_ARGS);
    sql_add_ints(&q, ids, n);
    sql_add(&q, ")", DB_NO_ARGS);
    TRY(db_query_sql(db, &r, &q, e));
    while (db_next(&r, e)) {
        *perms |= db_int(&r, 0);
        ++*found;
    }
    return e->rc;
}

enum rc roles_set_builtin_perms(struct db *db, int builtin, int64_t perms, bool only_empty,
                                int64_t *changed, struct err *e)
{
    return db_exec(db,
                   "UPDATE roles SET perms = $2, version = version + 1"
                   " WHERE builtin = $1 AND perms <> $2 AND (perms = 0 OR $3 = 0)",
                   DB_ARGS(DB_INT(builtin), DB_INT(perms), DB_INT(only_empty)), changed, e);
}

enum rc role_levels_of(struct db *db, int64_t role_id, struct arena *a, struct role_levels *out,
                       struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    out->v = ARENA_ARRAY(a, struct role_level, LEVELS_MAX);
    out->n = 0;
    TRY(db_query(db, &r,
                 "SELECT group_id, levels FROM role_groups WHERE role_id = $1"
                 " ORDER BY group_id LIMIT 1000",
                 DB_ARGS(DB_INT(role_id)), e));
    while (out->n < LEVELS_MAX && db_next(&r, e))
        out->v[out->n++] =
            (struct role_level){ .group_id = db_int(&r, 0), .levels = db_int(&r, 1) };
    return e->rc;
}

enum rc role_levels_set(struct db *db, int64_t role_id, const struct role_level *v, size_t n,
                        struct err *e)
{
    TRY(db_exec(db, "DELETE FROM role_groups WHERE role_id = $1", DB_ARGS(DB_INT(role_id)), NULL, e));
    for (size_t i = 0; i < n; i++)
        TRY(db_exec(db,
                    "INSERT INTO role_groups (role_id, group_id, levels) VALUES ($1, $2, $3)"
                    " ON CONFLICT (role_id, group_id) DO UPDATE SET levels = excluded.levels",
                    DB_ARGS(DB_INT(role_id), DB_INT(v[i].group_id), DB_INT(v[i].levels)), NULL, e));
    return RC_OK;
}
