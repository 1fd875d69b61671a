/* Organisations. */
#include "base/fold.h"
#include "desk/organization.h"
#include "desk/user.h"
#include "web/account_json.h"
#include "web/fields.h"

struct org_body {
    struct j_text name, note;
    struct j_int shared, domain_assignment, vip, active;
    struct j_texts domains;
};
#define ORG_FIELDS(name_flags)                                                                     \
    IN(struct org_body, name, J_TEXT, (name_flags) | JF_FILLED, 1, 200, "Name."),                  \
    IN(struct org_body, note, J_TEXT, JF_LINES, 0, 10000, "For agents only."),                     \
    IN(struct org_body, shared, J_BOOL, 0, 0, 0, "Members see and answer each other's tickets."),  \
    IN(struct org_body, domain_assignment, J_BOOL, 0, 0, 0, "New people of its domains join it."), \
    IN(struct org_body, vip, J_BOOL, 0, 0, 0, "Important."),                                       \
    IN(struct org_body, active, J_BOOL, 0, 0, 0, "In use."),                                       \
    IN(struct org_body, domains, J_TEXTS, 0, 1, 253, "Mail domains.")
static const struct jfield create_fields[] = { ORG_FIELDS(JF_REQUIRED) };
static const struct jspec create_spec = JSPEC("OrganizationCreate", create_fields, struct org_body);
static const struct jfield change_fields[] = { ORG_FIELDS(0) };
static const struct jspec change_spec = JSPEC("OrganizationChange", change_fields, struct org_body);

static const struct jfield answer_fields[] = {
    OUT("id", J_ID, 0, "Id."),
    OUT("name", J_TEXT, 0, "Name."),
    OUT("note", J_TEXT, 0, "For agents only."),
    OUT("shared", J_BOOL, 0, "Members see and answer each other's tickets."),
    OUT("domain_assignment", J_BOOL, 0, "New people of its domains join it."),
    OUT("vip", J_BOOL, 0, "Important."),
    OUT("active", J_BOOL, 0, "In use."),
    OUT("domains", J_TEXTS, JF_OPTIONAL, "Mail domains; not in lists."),
    OUT("created_at", J_TIME, 0, "Made."),
    OUT("updated_at", J_TIME, 0, "Changed."),
    OUT("version", J_INT, 0, "Counts changes."),
};
static const struct jspec org_answer = JSPEC_ANSWER("Organization", answer_fields);

struct org_query {
    struct ctx_list_query list;
    struct j_text q;
    struct j_int active;
};
static const struct jfield query_fields[] = {
    CTX_LIST_FIELDS,
    IN(struct org_query, q, J_TEXT, 0, 1, 200, "Beginning of the name."),
    IN(struct org_query, active, J_BOOL, 0, 0, 0, "Only these."),
};
static const struct jspec query_spec = JSPEC("OrganizationQuery", query_fields, struct org_query);

static void org_json(struct jw *w, const struct organization_row *o, const struct organization_domains *d)
{
    jw_obj(w);
    jw_kv_int(w, "id", o->id);
    jw_kv_text(w, "name", o->name);
    jw_kv_text(w, "note", o->note);
    jw_kv_bool(w, "shared", o->shared);
    jw_kv_bool(w, "domain_assignment", o->domain_assignment);
    jw_kv_bool(w, "vip", o->vip);
    jw_kv_bool(w, "active", o->active);
    if (d) {
        jw_key(w, "domains");
        jw_arr(w);
        for (size_t i = 0; i < d->n; i++)
            jw_text(w, d->v[i]);
        jw_arr_end(w);
    }
    jw_kv_time(w, "created_at", o->created_us);
    jw_kv_time(w, "updated_at", o->updated_us);
    jw_kv_int(w, "version", o->version);
    jw_obj_end(w);
}

static enum rc org_whole(struct ctx *c, int64_t id, struct err *e)
{
    struct organization_domains d;
    struct organization_row o;
    enum rc rc = organizations_load(c->db, id, c->a, &o, e);

    if (rc == RC_NOT_FOUND)
        return err_set(e, rc, "not_found", "There is no such organisation.");
    TRY(rc);
    TRY(organization_domains_of(c->db, id, c->a, &d, e));
    ctx_etag(c, o.version);
    org_json(&c->out, &o, &d);
    return RC_OK;
}

static enum rc org_list(struct ctx *c, struct err *e)
{
    static const char *const names[] = { "name", NULL };
    static const struct ctx_sorts sorts = { names, false };
    const struct org_query *q = c->query;
    struct organization_filter f = { .prefix_fold = fold_text(q->q.v, c->a),
                                     .active = q->active.set ? q->active.v != 0 : -1 };
    struct organization_rows rows;
    struct ctx_page p;
    size_t n;

    TRY(ctx_page_begin(c, &q->list, &sorts, str_printf(c->a, "%.*s|%d", STR_ARG(f.prefix_fold), f.active), &p, e));
    f.has_after = p.has_key;
    f.after_name = p.key_text;
    f.limit = p.limit + 1;
    f.descending = p.descending != p.backward;
    TRY(organizations_list(c->db, &f, c->a, &rows, e));
    n = rows.n > (size_t)p.limit ? (size_t)p.limit : rows.n;
    for (size_t i = 0; i < n; i++) {
        const struct organization_row *o = &rows.v[p.backward ? n - 1 - i : i];

        ctx_page_item(c, &p, 0, fold_text(o->name, c->a), o->id);
        org_json(&c->out, o, NULL);
    }
    ctx_page_end(c, &p, rows.n > n);
    return RC_OK;
}

static struct organization_change read_body(const struct org_body *b)
{
    return (struct organization_change){
        .has_name = b->name.set, .name = b->name.v,
        .has_note = b->note.set, .note = b->note.v,
        .has_shared = b->shared.set, .shared = b->shared.v != 0,
        .has_domain_assignment = b->domain_assignment.set, .domain_assignment = b->domain_assignment.v != 0,
        .has_vip = b->vip.set, .vip = b->vip.v != 0,
        .has_active = b->active.set, .active = b->active.v != 0,
        .has_domains = b->domains.set, .domains = b->domains.v, .n_domains = b->domains.n,
    };
}

/* People's permissions see all; others only their own organisation, which has no page here. */
static enum rc org_show(struct ctx *c, struct err *e)
{
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    return org_whole(c, id, e);
}

static enum rc org_create(struct ctx *c, struct err *e)
{
    struct organization_change ch = read_body(c->body);
    struct account ac = account_of(c);
    int64_t id;

    TRY(organization_create(&ac, &ch, &id, e));
    ctx_location(c, "/api/v1/organizations/%lld", (long long)id);
    return org_whole(c, id, e);
}

static enum rc org_change(struct ctx *c, struct err *e)
{
    struct organization_change ch = read_body(c->body);
    struct account ac = account_of(c);
    int64_t id, version;
    enum rc rc;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_if_match(c, &version, e));
    rc = organization_change(&ac, id, version, &ch, e);
    if (rc == RC_STALE && org_whole(c, id, &(struct err){ 0 }) == RC_OK)
        c->shows_current = true;
    TRY(rc);
    return org_whole(c, id, e);
}

#define TAG "Organizations"
#define SEE (PERM_USER_READ | PERM_USER_EDIT | PERM_ADMIN_USER | PERM_ADMIN_ORGANIZATION)
#define EDIT (PERM_USER_EDIT | PERM_ADMIN_ORGANIZATION)

static const struct route org_routes[] = {
    { HTTP_GET, "/api/v1/organizations", "organizations_list", TAG, "Organisations, by name.", NULL, org_list, R_LIST, SEE, &query_spec, NULL, &org_answer, 200, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/organizations", "organizations_create", TAG, "Add an organisation.", NULL, org_create, R_WRITE, EDIT, NULL, &create_spec, &org_answer, 201, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/organizations/{id}", "organizations_show", TAG, "One organisation.", NULL, org_show, 0, SEE, NULL, NULL, &org_answer, 200, 0, BUCKET_API },
    { HTTP_PATCH, "/api/v1/organizations/{id}", "organizations_change", TAG, "Change an organisation.", NULL, org_change, R_WRITE, EDIT, NULL, &change_spec, &org_answer, 200, 0, BUCKET_API },
};
const struct route_table routes_organizations = { org_routes, ARRAY_LEN(org_routes) };
