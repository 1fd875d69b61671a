/* Roles. */
#include "desk/role.h"
#include "desk/token.h"
#include "web/account_json.h"
#include "web/fields.h"

struct role_body {
    struct j_text name, note;
    struct j_texts permissions;
    struct j_int active;
    struct j_objs group_levels;
};
#define ROLE_FIELDS(required)                                                                      \
    IN(struct role_body, name, J_TEXT, (required) | JF_FILLED, 1, 100, "Name."),                   \
    IN(struct role_body, note, J_TEXT, JF_LINES, 0, 10000, "What it is for."),                     \
    IN(struct role_body, permissions, J_TEXTS, (required), 1, 64, "Names of permissions."),        \
    IN(struct role_body, active, J_BOOL, 0, 0, 0, "In use."),                                      \
    IN_MANY(struct role_body, group_levels, GROUP_LEVELS_MAX, &group_levels_spec, "Rights on groups.")
static const struct jfield create_fields[] = { ROLE_FIELDS(JF_REQUIRED) };
static const struct jspec create_spec = JSPEC("RoleCreate", create_fields, struct role_body);
static const struct jfield change_fields[] = { ROLE_FIELDS(0) };
static const struct jspec change_spec = JSPEC("RoleChange", change_fields, struct role_body);

static const struct jfield answer_fields[] = {
    OUT("id", J_ID, 0, "Id."),
    OUT("name", J_TEXT, 0, "Name."),
    OUT("note", J_TEXT, 0, "What it is for."),
    OUT("permissions", J_TEXTS, 0, "Names of permissions."),
    OUT("builtin", J_TEXT, JF_NULLABLE, "admin, agent or customer."),
    OUT("active", J_BOOL, 0, "In use."),
    OUT_SUB("group_levels", J_OBJS, JF_OPTIONAL, &level_answer, "Rights on groups; not in lists."),
    OUT("created_at", J_TIME, JF_NULLABLE, "Made."),
    OUT("updated_at", J_TIME, JF_NULLABLE, "Changed."),
    OUT("version", J_INT, 0, "Counts changes."),
};
static const struct jspec role_answer = JSPEC_ANSWER("Role", answer_fields);

enum { ROLES_LISTED_MAX = 2000 };

struct role_query {
    struct ctx_list_query list;
};
static const struct jfield query_fields[] = { CTX_LIST_FIELDS };
static const struct jspec query_spec = JSPEC("RoleQuery", query_fields, struct role_query);

static void role_json(struct jw *w, const struct role_row *r, const struct role_levels *levels)
{
    static const char *const builtin[] = { NULL, "admin", "agent", "customer" };
    const char *kind = builtin[(unsigned)r->builtin % ARRAY_LEN(builtin)];

    jw_obj(w);
    jw_kv_int(w, "id", r->id);
    jw_kv_text(w, "name", r->name);
    jw_kv_text(w, "note", r->note);
    jw_key(w, "permissions");
    perms_json(w, r->perms);
    jw_key(w, "builtin");
    if (kind)
        jw_text(w, str_of(kind));
    else
        jw_null(w);
    jw_kv_bool(w, "active", r->active);
    if (levels) {
        jw_key(w, "group_levels");
        jw_arr(w);
        for (size_t i = 0; i < levels->n; i++) {
            jw_obj(w);
            jw_kv_int(w, "group_id", levels->v[i].group_id);
            jw_key(w, "levels");
            levels_json(w, levels->v[i].levels);
            jw_obj_end(w);
        }
        jw_arr_end(w);
    }
    jw_kv_time(w, "created_at", r->created_us);
    jw_kv_time(w, "updated_at", r->updated_us);
    jw_kv_int(w, "version", r->version);
    jw_obj_end(w);
}

static enum rc role_whole(struct ctx *c, int64_t id, struct err *e)
{
    struct role_levels levels;
    struct role_row r;
    enum rc rc = roles_load(c->db, id, c->a, &r, e);

    if (rc == RC_NOT_FOUND)
        return err_set(e, rc, "not_found", "There is no such role.");
    TRY(rc);
    TRY(role_levels_of(c->db, id, c->a, &levels, e));
    ctx_etag(c, r.version);
    role_json(&c->out, &r, &levels);
    return RC_OK;
}

static void one_role(struct ctx *c, const void *item)
{
    role_json(&c->out, item, NULL);
}

/* There are few: all are read for a page. */
static enum rc role_list(struct ctx *c, struct err *e)
{
    struct role_rows rows;

    TRY(roles_list(c->db, 0, ROLES_LISTED_MAX, c->a, &rows, e));
    return ctx_page_records(c, &(struct ctx_records){ rows.v, rows.n, sizeof(*rows.v), one_role }, e);
}

static enum rc role_show(struct ctx *c, struct err *e)
{
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    return role_whole(c, id, e);
}

static enum rc read_body(struct ctx *c, struct role_change *ch, struct err *e)
{
    const struct role_body *b = c->body;
    struct role_level *levels = ARENA_ARRAY(c->a, struct role_level, b->group_levels.n);

    *ch = (struct role_change){ .has_name = b->name.set, .name = b->name.v,
                                .has_note = b->note.set, .note = b->note.v,
                                .has_perms = b->permissions.set,
                                .has_active = b->active.set, .active = b->active.v != 0,
                                .has_levels = b->group_levels.set, .levels = levels, .n_levels = b->group_levels.n };
    TRY(perms_read(b->permissions.v, b->permissions.n, "/permissions", &ch->perms, e));
    for (size_t i = 0; i < b->group_levels.n; i++)
        TRY(group_level_read(&b->group_levels, i, &levels[i].group_id, &levels[i].levels, e));
    return RC_OK;
}

static enum rc role_create_handle(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    struct role_change ch;
    int64_t id;

    TRY(read_body(c, &ch, e));
    TRY(role_create(&ac, &ch, &id, e));
    ctx_location(c, "/api/v1/roles/%lld", (long long)id);
    return role_whole(c, id, e);
}

static enum rc role_change_handle(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    struct role_change ch;
    int64_t id, version;
    enum rc rc;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_if_match(c, &version, e));
    TRY(read_body(c, &ch, e));
    rc = role_change(&ac, id, version, &ch, e);
    if (rc == RC_STALE && role_whole(c, id, &(struct err){ 0 }) == RC_OK)
        c->shows_current = true;
    TRY(rc);
    return role_whole(c, id, e);
}

#define TAG "Roles"
#define SEE (PERM_ADMIN_ROLE | PERM_ADMIN_USER | PERM_USER_READ)

static const struct route role_routes[] = {
    { HTTP_GET, "/api/v1/roles", "roles_list", TAG, "Roles.", NULL, role_list, R_LIST, SEE, &query_spec, NULL, &role_answer, 200, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/roles", "roles_create", TAG, "Add a role.", NULL, role_create_handle, R_WRITE, PERM_ADMIN_ROLE, NULL, &create_spec, &role_answer, 201, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/roles/{id}", "roles_show", TAG, "One role.", NULL, role_show, 0, SEE, NULL, NULL, &role_answer, 200, 0, BUCKET_API },
    { HTTP_PATCH, "/api/v1/roles/{id}", "roles_change", TAG, "Change a role.", NULL, role_change_handle, R_WRITE, PERM_ADMIN_ROLE, NULL, &change_spec, &role_answer, 200, 0, BUCKET_API },
};
const struct route_table routes_roles = { role_routes, ARRAY_LEN(role_routes) };
