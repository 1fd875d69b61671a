/* People. */
#include "base/fold.h"
#include "desk/mfa.h"
#include "desk/user.h"
#include "web/account_json.h"
#include "web/fields.h"

struct user_body {
    struct j_text name, email, phone, locale, zone, note;
    struct j_int vip, active, organization_id, invite;
    struct j_ints role_ids, organization_ids;
    struct j_objs group_levels;
};
#define USER_BODY_FIELDS(name_flags)                                                               \
    IN(struct user_body, name, J_TEXT, (name_flags) | JF_FILLED, 1, 200, "Name."),                 \
    IN(struct user_body, locale, J_TEXT, JF_FILLED, 2, 35, "Language."),                           \
    IN(struct user_body, zone, J_TEXT, JF_FILLED, 1, 64, "Time zone."),                            \
    IN(struct user_body, note, J_TEXT, JF_LINES, 0, 10000, "For agents only."),                    \
    IN(struct user_body, vip, J_BOOL, 0, 0, 0, "Important."),                                      \
    IN(struct user_body, active, J_BOOL, 0, 0, 0, "May log in."),                                  \
    IN(struct user_body, organization_id, J_ID, JF_NULLABLE, 0, 0, "Primary organisation."),       \
    IN(struct user_body, role_ids, J_IDS, 0, 0, 0, "Roles; a customer unless told."),              \
    IN(struct user_body, organization_ids, J_IDS, 0, 0, 0, "Further organisations."),              \
    IN_MANY(struct user_body, group_levels, GROUP_LEVELS_MAX, &group_levels_spec, "Rights of his own on groups.")

static const struct jfield create_fields[] = {
    USER_BODY_FIELDS(JF_REQUIRED),
    IN(struct user_body, email, J_TEXT, 0, 3, 254, "Primary address."),
    IN(struct user_body, phone, J_TEXT, 0, 1, 60, "Primary number."),
    IN(struct user_body, invite, J_BOOL, 0, 0, 0, "Mail a link that sets a password."),
};
static const struct jspec create_spec = JSPEC("UserCreate", create_fields, struct user_body);
static const struct jfield change_fields[] = { USER_BODY_FIELDS(0) };
static const struct jspec change_spec = JSPEC("UserChange", change_fields, struct user_body);

struct user_query {
    struct ctx_list_query list;
    struct j_text q;
    struct j_int active, organization_id, role_id;
};
static const struct jfield query_fields[] = {
    CTX_LIST_FIELDS,
    IN(struct user_query, q, J_TEXT, 0, 1, 200, "Beginning of the name or an address."),
    IN(struct user_query, active, J_BOOL, 0, 0, 0, "Only these."),
    IN(struct user_query, organization_id, J_ID, 0, 0, 0, "Members of this organisation."),
    IN(struct user_query, role_id, J_ID, 0, 0, 0, "Holders of this role."),
};
static const struct jspec query_spec = JSPEC("UserQuery", query_fields, struct user_query);

static const char *const identity_kinds[] = { "email", "phone", "chat", NULL };
struct identity_body {
    struct j_int kind, verified;
    struct j_text value;
};
static const struct jfield identity_fields[] = {
    IN_ENUM(struct identity_body, kind, JF_REQUIRED, identity_kinds, "email, phone or chat."),
    IN(struct identity_body, value, J_TEXT, JF_REQUIRED | JF_FILLED, 1, 254, "The address or number."),
    IN(struct identity_body, verified, J_BOOL, 0, 0, 0, "Known to be his."),
};
static const struct jspec identity_spec = JSPEC("IdentityCreate", identity_fields, struct identity_body);

static enum rc user_list(struct ctx *c, struct err *e)
{
    static const char *const names[] = { "name", NULL };
    static const struct ctx_sorts sorts = { names, false };
    const struct user_query *q = c->query;
    struct user_filter f = { .prefix_fold = fold_text(q->q.v, c->a),
                             .organization_id = q->organization_id.v,
                             .role_id = q->role_id.v,
                             .active = q->active.set ? q->active.v != 0 : -1 };
    struct str filter = str_printf(c->a, "%.*s|%lld|%lld|%d", STR_ARG(f.prefix_fold),
                                   (long long)f.organization_id, (long long)f.role_id, f.active);
    struct user_rows rows;
    struct ctx_page p;
    size_t n;

    TRY(ctx_page_begin(c, &q->list, &sorts, filter, &p, e));
    f.has_after = p.has_key;
    f.after_name = p.key_text;
    f.after_id = p.key_id;
    f.limit = p.limit + 1;
    f.descending = p.descending != p.backward;
    TRY(users_list(c->db, &f, c->a, &rows, e));
    n = rows.n > (size_t)p.limit ? (size_t)p.limit : rows.n;
    for (size_t i = 0; i < n; i++) {
        const struct user_row *u = &rows.v[p.backward ? n - 1 - i : i];

        ctx_page_item(c, &p, 0, fold_text(u->name, c->a), u->id);
        user_json(&c->out, u, &(struct user_view){ .note = true });
    }
    ctx_page_end(c, &p, rows.n > n);
    return RC_OK;
}

static enum rc user_show(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    int64_t id;
    enum rc rc;

    TRY(ctx_id(c, 0, &id, e));
    TRY(user_check_see(&ac, id, e));
    rc = user_json_whole(c, id, user_may_see_all(&c->who), e);
    return rc == RC_NOT_FOUND ? err_set(e, rc, "not_found", "There is no such user.") : rc;
}

static enum rc read_body(struct ctx *c, const struct user_body *b, struct user_change *ch, struct err *e)
{
    struct user_level *levels = ARENA_ARRAY(c->a, struct user_level, b->group_levels.n);

    *ch = (struct user_change){ .has_name = b->name.set, .name = b->name.v,
                                .has_locale = b->locale.set, .locale = b->locale.v,
                                .has_zone = b->zone.set, .zone = b->zone.v,
                                .has_note = b->note.set, .note = b->note.v,
                                .has_vip = b->vip.set, .vip = b->vip.v != 0,
                                .has_active = b->active.set, .active = b->active.v != 0,
                                .has_organization = b->organization_id.set, .organization_id = b->organization_id.v,
                                .has_roles = b->role_ids.set, .role_ids = b->role_ids.v, .n_roles = b->role_ids.n,
                                .has_organizations = b->organization_ids.set,
                                .organization_ids = b->organization_ids.v, .n_organizations = b->organization_ids.n,
                                .has_levels = b->group_levels.set, .levels = levels, .n_levels = b->group_levels.n };
    for (size_t i = 0; i < b->group_levels.n; i++)
        TRY(group_level_read(&b->group_levels, i, &levels[i].group_id, &levels[i].levels, e));
    return RC_OK;
}

static enum rc user_create_handle(struct ctx *c, struct err *e)
{
    const struct user_body *b = c->body;
    struct account ac = account_of(c);
    struct user_new n = { .email = b->email.v, .phone = b->phone.v, .invite = b->invite.v != 0 };
    int64_t id;

    TRY(read_body(c, b, &n.fields, e));
    TRY(user_create(&ac, &n, &id, e));
    ctx_location(c, "/api/v1/users/%lld", (long long)id);
    return user_json_whole(c, id, true, e);
}

static enum rc user_change_handle(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    struct user_change ch;
    int64_t id, version;
    enum rc rc;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_if_match(c, &version, e));
    TRY(read_body(c, c->body, &ch, e));
    rc = user_change(&ac, id, version, &ch, e);
    if (rc == RC_STALE && user_json_whole(c, id, true, &(struct err){ 0 }) == RC_OK)
        c->shows_current = true;
    TRY(rc);
    return user_json_whole(c, id, true, e);
}

static enum rc identity_add(struct ctx *c, struct err *e)
{
    const struct identity_body *b = c->body;
    struct account ac = account_of(c);
    int64_t id, identity_id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(user_identity_add(&ac, id, (int)b->kind.v, b->value.v, b->verified.v != 0, &identity_id, e));
    ctx_location(c, "/api/v1/users/%lld/identities/%lld", (long long)id, (long long)identity_id);
    return user_json_whole(c, id, true, e);
}

static enum rc identity_remove(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    int64_t id, identity_id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_id(c, 1, &identity_id, e));
    return user_identity_remove(&ac, id, identity_id, e);
}

static enum rc identity_primary(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    int64_t id, identity_id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_id(c, 1, &identity_id, e));
    TRY(user_identity_primary(&ac, id, identity_id, e));
    return user_json_whole(c, id, true, e);
}

static enum rc sessions_handle(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    struct session_rows rows;
    struct user_row u;
    int64_t id;
    enum rc rc;

    TRY(ctx_id(c, 0, &id, e));
    rc = users_load(c->db, id, c->a, &u, e);
    if (rc == RC_NOT_FOUND)
        return err_set(e, rc, "not_found", "There is no such user.");
    TRY(rc);
    TRY(session_list(&ac, id, &rows, e));
    sessions_json(c, &rows);
    return RC_OK;
}

static enum rc sessions_end_handle(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(user_check_change(&ac, id, e));
    return session_end_all(&ac, id, 0, "ended_by_admin", e);
}

static enum rc mfa_reset_handle(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(user_check_change(&ac, id, e));
    return mfa_reset(&ac, id, e);
}

#define TAG "People"
#define SEE (PERM_USER_READ | PERM_USER_EDIT | PERM_ADMIN_USER)
#define EDIT (PERM_USER_EDIT | PERM_ADMIN_USER)

static const struct route user_routes[] = {
    { HTTP_GET, "/api/v1/users", "users_list", TAG, "People, by name.", NULL, user_list, R_LIST, SEE, &query_spec, NULL, &user_answer, 200, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/users", "users_create", TAG, "Add a person.", NULL, user_create_handle, R_WRITE, EDIT, NULL, &create_spec, &user_answer, 201, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/users/{id}", "users_show", TAG, "One person; customers see themselves only.", NULL, user_show, 0, 0, NULL, NULL, &user_answer, 200, 0, BUCKET_API },
    { HTTP_PATCH, "/api/v1/users/{id}", "users_change", TAG, "Change a person.", NULL, user_change_handle, R_WRITE, EDIT, NULL, &change_spec, &user_answer, 200, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/users/{id}/identities", "user_identities_create", TAG, "Add an address or number.", NULL, identity_add, R_WRITE, EDIT, NULL, &identity_spec, &user_answer, 201, 0, BUCKET_API },
    { HTTP_DELETE, "/api/v1/users/{id}/identities/{identity_id}", "user_identities_delete", TAG, "Remove an address or number.", NULL, identity_remove, R_WRITE | R_EMPTY, EDIT, NULL, NULL, NULL, 204, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/users/{id}/identities/{identity_id}/primary", "user_identities_primary", TAG, "Use this one from now on.", NULL, identity_primary, R_WRITE, EDIT, NULL, NULL, &user_answer, 200, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/users/{id}/sessions", "user_sessions_list", TAG, "The running sessions of a person.", NULL, sessions_handle, R_LIST, PERM_ADMIN_SESSION, NULL, NULL, &session_answer, 200, 0, BUCKET_API },
    { HTTP_DELETE, "/api/v1/users/{id}/sessions", "user_sessions_end", TAG, "End all sessions of a person.", NULL, sessions_end_handle, R_WRITE | R_EMPTY, PERM_ADMIN_SESSION, NULL, NULL, NULL, 204, 0, BUCKET_API },
    { HTTP_DELETE, "/api/v1/users/{id}/mfa", "user_mfa_reset", TAG, "Switch the second step of a person off.", NULL, mfa_reset_handle, R_WRITE | R_EMPTY, PERM_ADMIN_USER, NULL, NULL, NULL, 204, 0, BUCKET_API },
};
const struct route_table routes_users = { user_routes, ARRAY_LEN(user_routes) };
