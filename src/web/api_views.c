/* Saved views and their live counts. */
#include "desk/view.h"
#include "web/call.h"
#include "web/api_tickets.h"
#include "web/ctx.h"
#include "web/ticket_json.h"

enum { VIEW_NAME_MAX = 100, VIEW_COLUMNS_MAX = 30, VIEW_ROLES_MAX = 50, VIEW_JSON_MAX = 16 * 1024 };

struct view_body {
    struct j_text name, query, sort, group_by;
    struct j_texts columns;
    struct j_ints role_ids;
    struct j_int shared, position, active;
};

#define VIEW_FIELDS(required)                                                                      \
    { "name", J_TEXT, (required) | JF_FILLED, 1, VIEW_NAME_MAX, 0, NULL, NULL,                     \
      offsetof(struct view_body, name), "What the view is called." },                              \
    { "query", J_TEXT, (required), 0, QUERY_BYTES_MAX, 0, NULL, NULL,                              \
      offsetof(struct view_body, query), "The tickets it shows, in the search language." },        \
    { "columns", J_TEXTS, 0, 1, 64, VIEW_COLUMNS_MAX, NULL, NULL,                                  \
      offsetof(struct view_body, columns), "Names of the columns, in order." },                    \
    { "sort", J_TEXT, 0, 1, 64, 0, NULL, NULL, offsetof(struct view_body, sort),                   \
      "The order, as the ticket list takes it: -updated_at." },                                    \
    { "group_by", J_TEXT, 0, 0, 64, 0, NULL, NULL, offsetof(struct view_body, group_by),           \
      "A field whose values make sections; empty for none." },                                     \
    { "shared", J_BOOL, 0, 0, 0, 0, NULL, NULL, offsetof(struct view_body, shared),                \
      "For others too; needs view.share." },                                                       \
    { "role_ids", J_IDS, 0, 0, 0, VIEW_ROLES_MAX, NULL, NULL, offsetof(struct view_body, role_ids),\
      "Shared with these roles only; empty: with all agents." },                                   \
    { "position", J_INT, 0, 0, 100000, 0, NULL, NULL, offsetof(struct view_body, position),        \
      "Where it stands among the others." },                                                       \
    { "active", J_BOOL, 0, 0, 0, 0, NULL, NULL, offsetof(struct view_body, active),                \
      "Inactive views are kept but not offered." }

static const struct jfield create_fields[] = { VIEW_FIELDS(JF_REQUIRED) };
static const struct jfield change_fields[] = { VIEW_FIELDS(0) };
static const struct jspec create_body = JSPEC("ViewCreate", create_fields, struct view_body);
static const struct jspec change_body = JSPEC("ViewChange", change_fields, struct view_body);

static const struct jfield answer_fields[] = {
    { .name = "id", .type = J_ID },
    { .name = "name", .type = J_TEXT },
    { .name = "query", .type = J_TEXT, .help = "In the search language." },
    { .name = "columns", .type = J_TEXTS },
    { .name = "sort", .type = J_TEXT },
    { .name = "group_by", .type = J_TEXT },
    { .name = "shared", .type = J_BOOL },
    { .name = "role_ids", .type = J_IDS },
    { .name = "position", .type = J_INT },
    { .name = "active", .type = J_BOOL },
    { .name = "created_at", .type = J_TIME, .flags = JF_NULLABLE },
    { .name = "updated_at", .type = J_TIME, .flags = JF_NULLABLE },
    { .name = "version", .type = J_INT },
};
static const struct jspec answer = JSPEC_ANSWER("View", answer_fields);


static const struct jfield count_fields[] = {
    { .name = "view_id", .type = J_ID },
    { .name = "count", .type = J_INT },
    { .name = "capped", .type = J_BOOL, .help = "There are more than count says." },
};
static const struct jspec count_answer = JSPEC_ANSWER("ViewCount", count_fields);

static void view_json(struct jw *w, const struct view *v)
{
    jw_obj(w);
    jw_kv_id(w, "id", v->id);
    jw_kv_text(w, "name", v->name);
    jw_kv_text(w, "query", v->query);
    jw_key(w, "columns");
    jw_raw(w, v->columns_json);
    jw_kv_text(w, "sort", v->sort);
    jw_kv_text(w, "group_by", v->group_by);
    jw_kv_bool(w, "shared", v->owner_id == 0);
    jw_key(w, "role_ids");
    jw_raw(w, v->role_ids_json);
    jw_kv_int(w, "position", v->position);
    jw_kv_bool(w, "active", v->active);
    jw_kv_time(w, "created_at", v->created_us);
    jw_kv_time(w, "updated_at", v->updated_us);
    jw_kv_int(w, "version", v->version);
    jw_obj_end(w);
}

static struct str texts_json(const struct j_texts *t, struct arena *a)
{
    struct buf b = BUF_ARENA(a, VIEW_JSON_MAX);
    struct jw w = jw_to(&b);

    jw_arr(&w);
    for (size_t i = 0; i < t->n; i++)
        jw_text(&w, t->v[i]);
    jw_arr_end(&w);
    return buf_view(&b);
}

static struct str ids_json(const struct j_ints *ids, struct arena *a)
{
    struct buf b = BUF_ARENA(a, VIEW_JSON_MAX);
    struct jw w = jw_to(&b);

    jw_arr(&w);
    for (size_t i = 0; i < ids->n; i++)
        jw_int(&w, ids->v[i]);
    jw_arr_end(&w);
    return buf_view(&b);
}

static enum rc take_body(struct ctx *c, const struct view_body *b, struct view *v,
                         struct err *e)
{
    if (b->sort.set && !api_tickets_sorts(b->sort.v))
        return err_field(e, "/sort", "choice", "updated_at, created_at, number, priority, due",
                         "Tickets are not sorted by that.");
    if (b->name.set)
        v->name = b->name.v;
    if (b->query.set)
        v->query = b->query.v;
    if (b->sort.set)
        v->sort = b->sort.v;
    if (b->group_by.set)
        v->group_by = b->group_by.v;
    if (b->columns.set)
        v->columns_json = texts_json(&b->columns, c->a);
    if (b->role_ids.set)
        v->role_ids_json = ids_json(&b->role_ids, c->a);
    if (b->shared.set)
        v->owner_id = b->shared.v ? 0 : c->who.user_id;
    if (b->position.set)
        v->position = b->position.v;
    if (b->active.set)
        v->active = b->active.v != 0;
    return RC_OK;
}

static enum rc api_views_list(struct ctx *c, struct err *e)
{
    struct views all;
    struct call call;

    TRY(ctx_call(c, &call, e));
    TRY(view_list(&call, &all, e));
    jw_obj(&c->out);
    jw_key(&c->out, "data");
    jw_arr(&c->out);
    for (size_t i = 0; i < all.n; i++)
        view_json(&c->out, &all.v[i]);
    jw_arr_end(&c->out);
    ctx_page_whole(c);
    jw_obj_end(&c->out);
    return RC_OK;
}

static enum rc api_views_counts(struct ctx *c, struct err *e)
{
    struct views all;
    struct call call;

    TRY(ctx_call(c, &call, e));
    TRY(view_list(&call, &all, e));
    jw_obj(&c->out);
    jw_key(&c->out, "data");
    jw_arr(&c->out);
    for (size_t i = 0; i < all.n; i++) {
        int64_t count;
        bool capped;

        if (!all.v[i].active)
            continue;
        if (view_count(&call, &all.v[i], &count, &capped, e) != RC_OK) {
            if (e->rc != RC_INVALID)
                return e->rc;
            err_clear(e); /* a view that names what is gone by now has nothing to show */
            count = 0;
            capped = false;
        }
        jw_obj(&c->out);
        jw_kv_id(&c->out, "view_id", all.v[i].id);
        jw_kv_int(&c->out, "count", count);
        jw_kv_bool(&c->out, "capped", capped);
        jw_obj_end(&c->out);
    }
    jw_arr_end(&c->out);
    ctx_page_whole(c);
    jw_obj_end(&c->out);
    return RC_OK;
}

static enum rc api_views_show(struct ctx *c, struct err *e)
{
    struct call call;
    struct view v;
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_call(c, &call, e));
    TRY(view_read(&call, id, &v, e));
    ctx_etag(c, v.version);
    view_json(&c->out, &v);
    return RC_OK;
}

static enum rc api_views_create(struct ctx *c, struct err *e)
{
    struct view v = { .columns_json = STR("[]"), .sort = STR("-updated_at"), .group_by = STR(""),
                      .role_ids_json = STR("[]"), .owner_id = c->who.user_id, .active = true };
    struct call call;

    TRY(ctx_call(c, &call, e));
    TRY(take_body(c, c->body, &v, e));
    TRY(view_create(&call, &v, e));
    ctx_location(c, "/api/v1/views/%lld", (long long)v.id);
    ctx_etag(c, v.version);
    view_json(&c->out, &v);
    return RC_OK;
}

/* The view of the path, as If-Match names it. */
static enum rc begin_change(struct ctx *c, struct call *call, struct view *v, struct err *e)
{
    int64_t id, version;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_if_match(c, &version, e));
    TRY(ctx_call(c, call, e));
    TRY(view_read(call, id, v, e));
    if (!version || version == v->version)
        return RC_OK;
    c->shows_current = true;
    view_json(&c->out, v);
    return err_set(e, RC_STALE, "version_mismatch", "Somebody changed this view meanwhile.");
}

static enum rc api_views_change(struct ctx *c, struct err *e)
{
    struct view before, v;
    struct call call;

    TRY(begin_change(c, &call, &before, e));
    v = before;
    TRY(take_body(c, c->body, &v, e));
    TRY(view_change(&call, &before, &v, e));
    ctx_etag(c, v.version);
    view_json(&c->out, &v);
    return RC_OK;
}

static enum rc api_views_delete(struct ctx *c, struct err *e)
{
    struct call call;
    struct view v;

    TRY(begin_change(c, &call, &v, e));
    return view_delete(&call, &v, e);
}

enum { MAY_VIEW = PERM_TICKET_AGENT | PERM_ADMIN_TICKET | PERM_ADMIN_VIEW };

static const struct route routes[] = {
    { HTTP_GET, "/api/v1/views", "views_list", "Views",
      "The views that the caller sees: own ones and shared ones.", NULL, api_views_list, R_LIST, MAY_VIEW,
      NULL, NULL, &answer, 200, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/views", "views_create", "Views", "Saves a view.", NULL, api_views_create,
      R_WRITE, MAY_VIEW, NULL, &create_body, &answer, 201, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/views/counts", "views_counts", "Views",
      "How many tickets each active view holds now.", NULL, api_views_counts, R_LIST, MAY_VIEW, NULL,
      NULL, &count_answer, 200, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/views/{id}", "views_show", "Views", "One view.", NULL, api_views_show, 0,
      MAY_VIEW, NULL, NULL, &answer, 200, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/views/{id}/tickets", "views_tickets", "Views",
      "The tickets of a view, in its order unless told; further filters as in the list of tickets.",
      NULL, api_view_tickets, R_LIST, MAY_VIEW, &tickets_query, NULL, &ticket_answer, 200, 0,
      BUCKET_API },
    { HTTP_PATCH, "/api/v1/views/{id}", "views_change", "Views", "Changes a view.", NULL,
      api_views_change, R_WRITE, MAY_VIEW, NULL, &change_body, &answer, 200, 0, BUCKET_API },
    { HTTP_DELETE, "/api/v1/views/{id}", "views_delete", "Views", "Deletes a view.", NULL,
      api_views_delete, R_WRITE | R_EMPTY, MAY_VIEW, NULL, NULL, NULL, 204, 0, BUCKET_API },
};
const struct route_table routes_views = { routes, ARRAY_LEN(routes) };
