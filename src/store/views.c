#include "store/views.h"

#define VIEW_COLUMNS                                                                               \
    "id, version, name, query, columns_json, sort, group_by, owner_id, role_ids_json, position,"   \
    " active, created_us, updated_us"

static void view_from_row(struct db_rows *r, struct arena *a, struct view *v)
{
    *v = (struct view){
        .id = db_int(r, 0),
        .version = db_int(r, 1),
        .name = db_text(r, 2, a),
        .query = db_text(r, 3, a),
        .columns_json = db_text(r, 4, a),
        .sort = db_text(r, 5, a),
        .group_by = db_text(r, 6, a),
        .owner_id = db_int(r, 7),
        .role_ids_json = db_text(r, 8, a),
        .position = db_int(r, 9),
        .active = db_int(r, 10) != 0,
        .created_us = db_int(r, 11),
        .updated_us = db_int(r, 12),
    };
}

enum rc views_load(struct db *db, int64_t id, struct arena *a, struct view *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query(db, &r, "SELECT " VIEW_COLUMNS " FROM views WHERE id = $1", DB_ARGS(DB_INT(id)), e));
    if (!db_next(&r, e))
        return e->rc ? e->rc : err_set(e, RC_NOT_FOUND, "not_found", "There is no such view.");
    view_from_row(&r, a, out);
    return RC_OK;
}

enum rc views_of(struct db *db, int64_t user_id, struct arena *a, struct views *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *out = (struct views){ .v = ARENA_ARRAY(a, struct view, VIEWS_MAX) };
    TRY(db_query(db, &r,
                 "SELECT " VIEW_COLUMNS " FROM views WHERE owner_id = $1 OR owner_id IS NULL"
                 " ORDER BY position, name, id LIMIT $2",
                 DB_ARGS(DB_INT(user_id), DB_INT(VIEWS_MAX)), e));
    while (db_next(&r, e))
        view_from_row(&r, a, &out->v[out->n++]);
    return e->rc;
}

enum rc views_insert(struct db *db, struct view *v, struct err *e)
{
    return db_query_int(db,
                        "INSERT INTO views (name, query, columns_json, sort, group_by, owner_id,"
                        " role_ids_json, position, active, created_us, updated_us)"
                        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
                        DB_ARGS(DB_TEXT(v->name), DB_TEXT(v->query), DB_TEXT(v->columns_json),
                                DB_TEXT(v->sort), DB_TEXT(v->group_by), DB_ID(v->owner_id),
                                DB_TEXT(v->role_ids_json), DB_INT(v->position), DB_INT(v->active),
                                DB_INT(v->created_us), DB_INT(v->updated_us)),
                        &v->id, e);
}

enum rc views_update(struct db *db, struct view *v, struct err *e)
{
    int64_t changed;

    TRY(db_exec(db,
                "UPDATE views SET version = version + 1, name = $3, query = $4, columns_json = $5,"
                " sort = $6, group_by = $7, owner_id = $8, role_ids_json = $9, position = $10,"
                " active = $11, updated_us = $12 WHERE id = $1 AND version = $2",
                DB_ARGS(DB_INT(v->id), DB_INT(v->version), DB_TEXT(v->name), DB_TEXT(v->query),
                        DB_TEXT(v->columns_json), DB_TEXT(v->sort), DB_TEXT(v->group_by),
                        DB_ID(v->owner_id), DB_TEXT(v->role_ids_json), DB_INT(v->position),
                        DB_INT(v->active), DB_INT(v->updated_us)),
                &changed, e));
    if (changed == 0)
        return err_set(e, RC_STALE, "version_mismatch", "Somebody changed this view meanwhile.");
    v->version++;
    return RC_OK;
}

enum rc views_delete(struct db *db, int64_t id, struct err *e)
{
    return db_exec(db, "DELETE FROM views WHERE id = $1", DB_ARGS(DB_INT(id)), NULL, e);
}

enum rc views_role_ids(struct db *db, int64_t user_id, struct arena *a, int64_t **ids, size_t *n,
                       struct err *e)
{
    enum { ROLES_MAX = 256 };
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    *ids = ARENA_ARRAY(a, int64_t, ROLES_MAX);
    *n = 0;
    TRY(db_query(db, &r, "SELECT role_id FROM user_roles WHERE user_id = $1 ORDER BY role_id LIMIT $2",
                 DB_ARGS(DB_INT(user_id), DB_INT(ROLES_MAX)), e));
    while (db_next(&r, e))
        (*ids)[(*n)++] = db_int(&r, 0);
    return e->rc;
}

/* True when ticket_counts has all columns that the query asks about. */
static bool counters_know(const struct query_node *n)
{
    static const char *const known[] = { "open", "closed", "merged", "unassigned", "assigned",
                                         "mine" };

    if (!n)
        return true;
    if (n->kind == QUERY_TEXT)
        return false;
    if (n->kind == QUERY_FIELD) {
        for (size_t i = 0; i < ARRAY_LEN(known) && n->field->id == QF_IS; i++)
            if (str_ieq(n->value, str_of(known[i])))
                return true;
        return n->field->id == QF_STATE || n->field->id == QF_GROUP || n->field->id == QF_OWNER;
    }
    for (const struct query_node *c = n->child; c; c = c->next)
        if (!counters_know(c))
            return false;
    return true;
}

static enum rc one_int(struct db *db, const struct sql *q, int64_t *out, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query_sql(db, &r, q, e));
    *out = db_next(&r, e) ? db_int(&r, 0) : 0;
    return e->rc;
}

/* Sum over the counters of whole groups; they answer to the same names as tickets. */
static enum rc count_groups(const struct query_env *env, const struct query_node *n, int64_t *count,
                            struct err *e)
{
    struct scope groups = { .all = env->scope->all, .groups = env->scope->groups,
                            .n_groups = env->scope->n_groups };
    struct sql q = sql_new(env->a);

    sql_add(&q,
            "SELECT CAST(COALESCE(SUM(t.n), 0) AS BIGINT) FROM (SELECT k.group_id, k.state_id, s.type AS state_type,"
            " NULLIF(k.owner_id, 0) AS owner_id, k.n FROM ticket_counts k"
            " JOIN states s ON s.id = k.state_id) t WHERE 1 = 1",
            DB_NO_ARGS);
    scope_where(&q, &groups);
    TRY(query_where(&q, n, env, e));
    return one_int(env->db, &q, count, e);
}

static enum rc count_rows(const struct query_env *env, const struct query_node *n,
                          const struct scope *scope, bool outside_groups, int64_t *count,
                          struct err *e)
{
    struct sql q = sql_new(env->a);

    sql_add(&q, "SELECT count(*) FROM (SELECT 1 FROM tickets t WHERE 1 = 1", DB_NO_ARGS);
    scope_where(&q, scope);
    if (outside_groups && env->scope->n_groups) {
        sql_add(&q, " AND t.group_id NOT IN (", DB_NO_ARGS);
        sql_add_ints(&q, env->scope->groups, env->scope->n_groups);
        sql_add(&q, ")", DB_NO_ARGS);
    }
    TRY(query_where(&q, n, env, e));
    sql_add(&q, " LIMIT ?) counted", DB_ARGS(DB_INT(VIEW_COUNT_MAX + 1)));
    return one_int(env->db, &q, count, e);
}

enum rc views_count(const struct query_env *env, const struct query_node *n, int64_t *count,
                    bool *capped, struct err *e)
{
    const struct scope *s = env->scope;
    struct scope own = { .user_id = s->user_id, .only_own = s->only_own, .orgs = s->orgs, .n_orgs = s->n_orgs };
    int64_t more = 0;

    *capped = false;
    if (counters_know(n) && (s->all || s->n_groups)) {
        TRY(count_groups(env, n, count, e));
        if (!s->all && (s->user_id || s->n_orgs)) /* his own ones elsewhere */
            TRY(count_rows(env, n, &own, true, &more, e));
        *count += more;
        return RC_OK;
    }
    TRY(count_rows(env, n, s, false, count, e));
    *capped = *count > VIEW_COUNT_MAX;
    if (*capped)
        *count = VIEW_COUNT_MAX;
    return RC_OK;
}
