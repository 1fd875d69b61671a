#include "desk/view.h"

#include "base/json.h"
#include "desk/audit.h"
#include "desk/can.h"

#include <stdio.h>
#include <string.h>

static bool manages(const struct actor *who, const struct view *v)
{
    if (v->owner_id)
        return v->owner_id == who->user_id;
    return actor_has(who, PERM_ADMIN_VIEW) || actor_has(who, PERM_VIEW_SHARE);
}

static bool has_role(const json_t *role_ids, const int64_t *mine, size_t n)
{
    size_t i;
    json_t *id;

    json_array_foreach((json_t *)(uintptr_t)role_ids, i, id)
    {
        for (size_t j = 0; j < n; j++)
            if (json_integer_value(id) == mine[j])
                return true;
    }
    return json_array_size(role_ids) == 0;
}

static enum rc sees(struct call *c, const struct view *v, const int64_t *roles, size_t n, bool *out,
                    struct err *e)
{
    json_t *role_ids CLEAN(json_clean) = NULL;

    *out = false;
    if (v->owner_id && v->owner_id != c->who->user_id)
        return RC_OK;
    if (v->owner_id || actor_has(c->who, PERM_ADMIN_VIEW)) {
        *out = true;
        return RC_OK;
    }
    if (!v->active && !manages(c->who, v))
        return RC_OK;
    TRY(json_read(v->role_ids_json, &role_ids, e));
    *out = has_role(role_ids, roles, n);
    return RC_OK;
}

enum rc view_list(struct call *c, struct views *out, struct err *e)
{
    int64_t *roles;
    struct views all;
    size_t n;

    TRY(views_role_ids(c->db, c->who->user_id, c->a, &roles, &n, e));
    TRY(views_of(c->db, c->who->user_id, c->a, &all, e));
    *out = (struct views){ .v = all.v };
    for (size_t i = 0; i < all.n; i++) {
        bool yes;

        TRY(sees(c, &all.v[i], roles, n, &yes, e));
        if (yes)
            out->v[out->n++] = all.v[i];
    }
    return RC_OK;
}

enum rc view_read(struct call *c, int64_t id, struct view *out, struct err *e)
{
    int64_t *roles;
    bool yes;
    size_t n;

    TRY(views_role_ids(c->db, c->who->user_id, c->a, &roles, &n, e)); /* first: also when there is no such view */
    TRY(views_load(c->db, id, c->a, out, e));
    TRY(sees(c, out, roles, n, &yes, e));
    return yes ? RC_OK : err_set(e, RC_NOT_FOUND, "not_found", "There is no such view.");
}

/* All that he sees, he sees as a customer; in a tree of both, agents look people up anyway. */
static bool sees_as_customer(const struct scope *s)
{
    return !s->all && !s->n_groups;
}

enum rc view_query(struct call *c, struct str text, bool typing, struct query_env *env,
                   struct query_node **out, struct err *e)
{
    struct scope *scopes = ARENA_ARRAY(c->a, struct scope, 2);

    scopes[0] = can_scope(c->who, CAN_LIST, c->a);
    scopes[1] = can_scope(c->who, CAN_READ, c->a);
    *env = (struct query_env){ .db = c->db,
                               .a = c->a,
                               .now_us = c->now_us,
                               .user_id = c->who->user_id,
                               .scope = &scopes[0],
                               .content = &scopes[1] };
    TRY(query_parse(text, typing, c->a, out, e));
    return sees_as_customer(&scopes[0]) ? query_for_customer(*out, c->a, e) : RC_OK;
}

enum rc view_where(struct call *c, struct str text, struct sql *q, struct err *e)
{
    struct query_node *n;
    struct query_env env;

    TRY(view_query(c, text, false, &env, &n, e));
    return query_where(q, n, &env, e);
}

/* A view that cannot be shown is not saved: parses the search and looks its names up. */
static enum rc check_query(struct call *c, const struct view *v, struct err *e)
{
    struct sql q = sql_new(c->a);
    enum rc rc = view_where(c, v->query, &q, e);

    for (size_t i = 0; rc != RC_OK && i < e->n_fields; i++) {
        if (strcmp(e->fields[i].pointer, "q") == 0) /* here it is a field of the body */
            snprintf(e->fields[i].pointer, sizeof(e->fields[i].pointer), "/query");
    }
    return rc;
}

static enum rc check_rights(struct call *c, const struct view *v, struct err *e)
{
    if (manages(c->who, v))
        return RC_OK;
    return err_set(e, RC_DENIED, "forbidden",
                   v->owner_id ? "A view of one's own belongs to oneself."
                               : "Sharing views needs view.share.");
}

static struct str details(struct call *c, const struct view *before, const struct view *after)
{
    struct buf b = BUF_ARENA(c->a, 64 * KIB);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    for (int i = 0; i < 2; i++) {
        const struct view *v = i ? after : before;

        if (!v)
            continue;
        jw_key_str(&w, i ? STR("after") : STR("before"));
        jw_obj(&w);
        jw_kv_text(&w, "name", v->name);
        jw_kv_text(&w, "query", v->query);
        jw_kv_text(&w, "sort", v->sort);
        jw_kv_bool(&w, "shared", v->owner_id == 0);
        jw_kv_bool(&w, "active", v->active);
        jw_obj_end(&w);
    }
    jw_obj_end(&w);
    return buf_view(&b);
}

static enum rc audit(struct call *c, const char *action, int64_t id, struct str what, struct err *e)
{
    const struct audit_entry entry = { action, "view", id, what };

    return audit_add(c->db, c->who, &entry, c->a, e);
}

enum rc view_create(struct call *c, struct view *v, struct err *e)
{
    struct views all;

    TRY(check_rights(c, v, e));
    TRY(check_query(c, v, e));
    TRY(views_of(c->db, c->who->user_id, c->a, &all, e));
    if (all.n >= VIEWS_MAX)
        return err_set(e, RC_INVALID, "too_many", "There are already %d views; delete some first.",
                       VIEWS_MAX);
    v->version = 1;
    v->created_us = v->updated_us = c->now_us;
    TRY(views_insert(c->db, v, e));
    return audit(c, "view.create", v->id, details(c, NULL, v), e);
}

enum rc view_change(struct call *c, const struct view *before, struct view *v, struct err *e)
{
    TRY(check_rights(c, before, e));
    TRY(check_rights(c, v, e));
    TRY(check_query(c, v, e));
    v->updated_us = c->now_us;
    TRY(views_update(c->db, v, e));
    return audit(c, "view.update", v->id, details(c, before, v), e);
}

enum rc view_delete(struct call *c, const struct view *v, struct err *e)
{
    TRY(check_rights(c, v, e));
    TRY(views_delete(c->db, v->id, e));
    return audit(c, "view.delete", v->id, details(c, v, NULL), e);
}

enum rc view_count(struct call *c, const struct view *v, int64_t *count, bool *capped,
                   struct err *e)
{
    struct query_node *n;
    struct query_env env;

    TRY(view_query(c, v->query, false, &env, &n, e));
    return views_count(&env, n, count, capped, e);
}
