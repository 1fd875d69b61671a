/* Groups. */
#include "desk/role.h"
#include "desk/ticket.h"
#include "store/kinds.h"
#include "web/account_json.h"
#include "web/fields.h"

struct group_body {
    struct j_text name, email, signature, note;
    struct j_int parent_id, follow_up, reopen_days, assignment_timeout_min;
    struct j_int follow_up_keep_owner, customers_may_add, customers_may_choose, is_default, active;
};
#define GROUP_FIELDS(required)                                                                     \
    IN(struct group_body, name, J_TEXT, (required) | JF_FILLED, 1, 100, "Name."),                  \
    IN(struct group_body, parent_id, J_ID, JF_NULLABLE, 0, 0, "The group above, for display."),    \
    IN(struct group_body, email, J_TEXT, JF_NULLABLE, 3, 254, "Sender address."),                  \
    IN(struct group_body, signature, J_TEXT, JF_LINES, 0, 10000, "Below answers."),                \
    IN(struct group_body, note, J_TEXT, JF_LINES, 0, 10000, "What it is for."),                    \
    { .name = "follow_up", .type = J_ENUM, .values = follow_up_names, .off = offsetof(struct group_body, follow_up), .help = "What a customer's message on a closed ticket does." }, \
    IN(struct group_body, reopen_days, J_INT, 0, 0, 3650, "Solved tickets reopen within so many days."), \
    IN(struct group_body, assignment_timeout_min, J_INT, 0, 0, 525600, "Idle owners lose the ticket; 0: never."), \
    IN(struct group_body, follow_up_keep_owner, J_BOOL, 0, 0, 0, "Reopened tickets keep their owner."), \
    IN(struct group_body, customers_may_add, J_BOOL, 0, 0, 0, "Customers may add participants."),  \
    IN(struct group_body, customers_may_choose, J_BOOL, 0, 0, 0, "Customers may open tickets here."), \
    IN(struct group_body, is_default, J_BOOL, 0, 0, 0, "Where customers' requests go."),           \
    IN(struct group_body, active, J_BOOL, 0, 0, 0, "In use.")
static const struct jfield create_fields[] = { GROUP_FIELDS(JF_REQUIRED) };
static const struct jspec create_spec = JSPEC("GroupCreate", create_fields, struct group_body);
static const struct jfield change_fields[] = { GROUP_FIELDS(0) };
static const struct jspec change_spec = JSPEC("GroupChange", change_fields, struct group_body);

static const struct jfield answer_fields[] = {
    OUT("id", J_ID, 0, "Id."),
    OUT("name", J_TEXT, 0, "Name."),
    OUT("parent_id", J_ID, JF_NULLABLE, "The group above."),
    OUT("email", J_TEXT, JF_NULLABLE, "Sender address."),
    OUT("signature", J_TEXT, 0, "Below answers."),
    OUT("note", J_TEXT, 0, "What it is for."),
    OUT("follow_up", J_TEXT, 0, "reopen, new_ticket, new_ticket_after_days, reject."),
    OUT("reopen_days", J_INT, 0, "Solved tickets reopen within so many days."),
    OUT("assignment_timeout_min", J_INT, 0, "Idle owners lose the ticket."),
    OUT("follow_up_keep_owner", J_BOOL, 0, "Reopened tickets keep their owner."),
    OUT("customers_may_add", J_BOOL, 0, "Customers may add participants."),
    OUT("customers_may_choose", J_BOOL, 0, "Customers may open tickets here."),
    OUT("is_default", J_BOOL, 0, "Where customers' requests go."),
    OUT("active", J_BOOL, 0, "In use."),
    OUT("created_at", J_TIME, JF_NULLABLE, "Made."),
    OUT("updated_at", J_TIME, JF_NULLABLE, "Changed."),
    OUT("version", J_INT, 0, "Counts changes."),
};
static const struct jspec group_answer = JSPEC_ANSWER("Group", answer_fields);

enum { GROUPS_LISTED_MAX = 2000 };

struct group_query {
    struct ctx_list_query list;
};
static const struct jfield query_fields[] = { CTX_LIST_FIELDS };
static const struct jspec query_spec = JSPEC("GroupQuery", query_fields, struct group_query);

static void group_json(struct jw *w, const struct group_row *g)
{
    jw_obj(w);
    jw_kv_int(w, "id", g->id);
    jw_kv_text(w, "name", g->name);
    jw_kv_id(w, "parent_id", g->parent_id);
    jw_key(w, "email");
    if (g->email.p)
        jw_text(w, g->email);
    else
        jw_null(w);
    jw_kv_text(w, "signature", g->signature);
    jw_kv_text(w, "note", g->note);
    jw_kv_text(w, "follow_up", str_of(follow_up_names[(uint64_t)g->follow_up % 4]));
    jw_kv_int(w, "reopen_days", g->reopen_days);
    jw_kv_int(w, "assignment_timeout_min", g->assignment_timeout_min);
    jw_kv_bool(w, "follow_up_keep_owner", g->follow_up_keep_owner);
    jw_kv_bool(w, "customers_may_add", g->customers_may_add);
    jw_kv_bool(w, "customers_may_choose", g->customers_may_choose);
    jw_kv_bool(w, "is_default", g->is_default);
    jw_kv_bool(w, "active", g->active);
    jw_kv_time(w, "created_at", g->created_us);
    jw_kv_time(w, "updated_at", g->updated_us);
    jw_kv_int(w, "version", g->version);
    jw_obj_end(w);
}

static enum rc load(struct ctx *c, int64_t id, struct group_row *g, struct err *e)
{
    enum rc rc = groups_load(c->db, id, c->a, g, e);

    return rc == RC_NOT_FOUND ? err_set(e, rc, "not_found", "There is no such group.") : rc;
}

static enum rc group_whole(struct ctx *c, int64_t id, struct err *e)
{
    struct group_row g;

    TRY(load(c, id, &g, e));
    ctx_etag(c, g.version);
    group_json(&c->out, &g);
    return RC_OK;
}

static void one_group(struct ctx *c, const void *item)
{
    group_json(&c->out, item);
}

/* There are few: all are read for a page. */
static enum rc group_list(struct ctx *c, struct err *e)
{
    struct group_rows rows;

    TRY(groups_list(c->db, 0, GROUPS_LISTED_MAX, c->a, &rows, e));
    return ctx_page_records(c, &(struct ctx_records){ rows.v, rows.n, sizeof(*rows.v), one_group }, e);
}

static enum rc group_show(struct ctx *c, struct err *e)
{
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    return group_whole(c, id, e);
}

static void set_int(int64_t *to, const struct j_int *from)
{
    if (from->set)
        *to = from->v;
}

static void set_bool(bool *to, const struct j_int *from)
{
    if (from->set)
        *to = from->v != 0;
}

static void set_text(struct str *to, const struct j_text *from)
{
    if (from->set)
        *to = from->null ? STR_NONE : from->v;
}

static void apply(struct group_row *g, const struct group_body *b)
{
    set_text(&g->name, &b->name);
    set_text(&g->email, &b->email);
    set_text(&g->signature, &b->signature);
    set_text(&g->note, &b->note);
    set_int(&g->parent_id, &b->parent_id);
    set_int(&g->follow_up, &b->follow_up);
    set_int(&g->reopen_days, &b->reopen_days);
    set_int(&g->assignment_timeout_min, &b->assignment_timeout_min);
    set_bool(&g->follow_up_keep_owner, &b->follow_up_keep_owner);
    set_bool(&g->customers_may_add, &b->customers_may_add);
    set_bool(&g->customers_may_choose, &b->customers_may_choose);
    set_bool(&g->is_default, &b->is_default);
    set_bool(&g->active, &b->active);
}

static enum rc group_create_handle(struct ctx *c, struct err *e)
{
    struct group_row g = { .signature = STR(""), .note = STR(""), .reopen_days = 7,
                           .follow_up_keep_owner = true, .active = true };
    struct account ac = account_of(c);

    apply(&g, c->body);
    TRY(group_create(&ac, &g, e));
    ctx_location(c, "/api/v1/groups/%lld", (long long)g.id);
    return group_whole(c, g.id, e);
}

static enum rc group_change_handle(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    struct group_row before, g;
    int64_t id, version;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_if_match(c, &version, e));
    TRY(load(c, id, &before, e));
    if (version && version != before.version) {
        ctx_etag(c, before.version);
        group_json(&c->out, &before);
        c->shows_current = true;
        return err_set(e, RC_STALE, "version_mismatch", "The group was changed meanwhile.");
    }
    g = before;
    apply(&g, c->body);
    TRY(group_change(&ac, &before, &g, e));
    return group_whole(c, id, e);
}

/* ---- Where the caller may open tickets ---- */

static const struct jfield choice_fields[] = {
    OUT("id", J_ID, 0, "Id."),
    OUT("name", J_TEXT, 0, "Name."),
    OUT("is_default", J_BOOL, 0, "Where tickets go that name no group."),
};
static const struct jspec choice_answer = JSPEC_ANSWER("GroupChoice", choice_fields);

static enum rc group_choices(struct ctx *c, struct err *e)
{
    const struct catalog *cat;

    TRY(catalog_get(c->db, &cat, e));
    jw_obj(&c->out);
    jw_key(&c->out, "data");
    jw_arr(&c->out);
    for (size_t i = 0; i < cat->n_groups; i++) {
        const struct cat_group *g = &cat->groups[i];

        if (!ticket_may_open_in(&c->who, cat, g))
            continue;
        jw_obj(&c->out);
        jw_kv_int(&c->out, "id", g->id);
        jw_kv_text(&c->out, "name", g->name);
        jw_kv_bool(&c->out, "is_default", g->is_default);
        jw_obj_end(&c->out);
    }
    jw_arr_end(&c->out);
    ctx_page_whole(c);
    jw_obj_end(&c->out);
    return RC_OK;
}

#define TAG "Groups"
#define SEE (PERM_TICKET_AGENT | PERM_ADMIN_TICKET | PERM_ADMIN_GROUP | PERM_ADMIN_ROLE | PERM_ADMIN_USER)

static const struct route group_routes[] = {
    { HTTP_GET, "/api/v1/group-choices", "group_choices", TAG, "Groups in which the caller may open tickets.", NULL, group_choices, R_LIST, 0, NULL, NULL, &choice_answer, 200, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/groups", "groups_list", TAG, "Groups.", NULL, group_list, R_LIST, SEE, &query_spec, NULL, &group_answer, 200, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/groups", "groups_create", TAG, "Add a group.", NULL, group_create_handle, R_WRITE, PERM_ADMIN_GROUP, NULL, &create_spec, &group_answer, 201, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/groups/{id}", "groups_show", TAG, "One group.", NULL, group_show, 0, SEE, NULL, NULL, &group_answer, 200, 0, BUCKET_API },
    { HTTP_PATCH, "/api/v1/groups/{id}", "groups_change", TAG, "Change a group.", NULL, group_change_handle, R_WRITE, PERM_ADMIN_GROUP, NULL, &change_spec, &group_answer, 200, 0, BUCKET_API },
};
const struct route_table routes_groups = { group_routes, ARRAY_LEN(group_routes) };
