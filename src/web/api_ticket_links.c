/* Links between tickets, and watching one. */
#include "desk/link.h"
#include "store/watches.h"
#include "web/call.h"
#include "web/api_tickets.h"
#include "web/ref_read.h"

/* ---- Links ---- */

static const struct jfield far_fields[] = {
    { .name = "id", .type = J_ID, .help = "Its id." },
    { .name = "number", .type = J_TEXT, .help = "Its number." },
    { .name = "title", .type = J_TEXT, .help = "Its title." },
    { .name = "state", .type = J_TEXT, .help = "Its state's name, as the reader may know it." },
};
static const struct jspec far_answer = JSPEC_ANSWER("LinkedTicket", far_fields);
static const struct jfield link_fields[] = {
    { .name = "id", .type = J_ID, .help = "Its id." },
    { .name = "kind",
      .type = J_ENUM,
      .values = link_role_names,
      .help = "What this ticket is to the other one." },
    { .name = "ticket", .type = J_OBJ, .sub = &far_answer, .help = "The other ticket." },
    { .name = "created_at", .type = J_TIME, .help = "Since when." },
};
static const struct jspec link_answer = JSPEC_ANSWER("TicketLink", link_fields);

static struct str state_name(const struct call *c, int64_t state_id)
{
    const struct cat_state *s = catalog_state(c->cat, state_id);

    if (!s)
        return STR("");
    return actor_is_agent(c->who) ? s->name : s->customer_name;
}

void link_json(struct jw *w, const struct call *c, int64_t seen_from, const struct link_row *row)
{
    jw_obj(w);
    jw_kv_int(w, "id", row->link.id);
    jw_kv_text(w, "kind", str_of(link_role_names[link_role_of(&row->link, seen_from)]));
    jw_key(w, "ticket");
    jw_obj(w);
    jw_kv_int(w, "id", row->far_id);
    jw_kv_text(w, "number", row->far_number);
    jw_kv_text(w, "title", row->far_title);
    jw_kv_text(w, "state", state_name(c, row->far_state_id));
    jw_obj_end(w);
    jw_kv_time(w, "created_at", row->link.created_us);
    jw_obj_end(w);
}

/* There are at most LINKS_MAX: one page. */
static enum rc link_list(struct ctx *c, struct err *e)
{
    struct link_list list;
    struct call call;
    int64_t id;

    TRY(ctx_call(c, &call, e));
    TRY(ctx_ticket_id(c, 0, &id, e));
    TRY(ticket_links(&call, id, &list, e));
    jw_obj(&c->out);
    jw_key(&c->out, "data");
    jw_arr(&c->out);
    for (size_t i = 0; i < list.n; i++)
        link_json(&c->out, &call, id, &list.v[i]);
    jw_arr_end(&c->out);
    ctx_page_whole(c);
    jw_obj_end(&c->out);
    return RC_OK;
}

struct link_body {
    struct j_int kind;
    struct j_json ticket;
};
static const struct jfield link_body_fields[] = {
    { "kind", J_ENUM, JF_REQUIRED, 0, 0, 0, link_role_names, NULL, offsetof(struct link_body, kind),
      "What this ticket is to the other one." },
    { "ticket", J_JSON, JF_REQUIRED, 0, 0, 0, NULL, NULL, offsetof(struct link_body, ticket),
      "Id, or \"number:…\", of the other ticket." },
};
static const struct jspec link_body = JSPEC("TicketLinkCreate", link_body_fields, struct link_body);

static enum rc link_create(struct ctx *c, struct err *e)
{
    const struct link_body *b = c->body;
    struct link_list list;
    struct call call;
    int64_t id, far_id, link_id;

    TRY(ctx_call(c, &call, e));
    TRY(ctx_ticket_id(c, 0, &id, e));
    TRY(ref_ticket(&call, b->ticket.v, "/ticket", &far_id, e));
    TRY(ticket_link(&call, id, far_id, (enum link_role)b->kind.v, &link_id, e));
    TRY(ticket_links(&call, id, &list, e));
    ctx_location(c, "/api/v1/tickets/%lld/links/%lld", (long long)id, (long long)link_id);
    for (size_t i = 0; i < list.n; i++)
        if (list.v[i].link.id == link_id)
            link_json(&c->out, &call, id, &list.v[i]);
    return RC_OK;
}

static enum rc link_delete(struct ctx *c, struct err *e)
{
    struct call call;
    int64_t id, link_id;

    TRY(ctx_call(c, &call, e));
    TRY(ctx_ticket_id(c, 0, &id, e));
    TRY(ctx_id(c, 1, &link_id, e));
    return ticket_unlink(&call, id, link_id, e);
}

/* ---- Watching ---- */

enum { WATCHERS_MAX = 200 };

static const struct jfield watcher_fields[] = {
    { .name = "id", .type = J_ID, .help = "The person's id." },
    { .name = "name", .type = J_TEXT, .help = "The person's name." },
    { .name = "since", .type = J_TIME, .help = "Since when." },
};
static const struct jspec watcher_answer = JSPEC_ANSWER("Watcher", watcher_fields);
static const struct jfield watch_fields[] = {
    { .name = "watching", .type = J_BOOL, .help = "Whether the caller watches the ticket." },
    { .name = "since", .type = J_TIME, .flags = JF_NULLABLE, .help = "Since when." },
    { .name = "watchers",
      .type = J_OBJS,
      .flags = JF_OPTIONAL,
      .sub = &watcher_answer,
      .help = "All who watch it; for agents." },
};
static const struct jspec watch_answer = JSPEC_ANSWER("Watch", watch_fields);

static enum rc write_watch(struct ctx *c, int64_t id, bool internal, struct err *e)
{
    struct watcher_list list = { 0 };
    struct jw *w = &c->out;
    int64_t since;

    TRY(watches_since(c->db, c->who.user_id, id, &since, e));
    if (internal)
        TRY(watches_list(c->db, id, WATCHERS_MAX, c->a, &list, e));
    jw_obj(w);
    jw_kv_bool(w, "watching", since != 0);
    jw_kv_time(w, "since", since);
    if (internal) {
        jw_key(w, "watchers");
        jw_arr(w);
        for (size_t i = 0; i < list.n; i++) {
            jw_obj(w);
            jw_kv_int(w, "id", list.v[i].user_id);
            jw_kv_text(w, "name", list.v[i].name);
            jw_kv_time(w, "since", list.v[i].since_us);
            jw_obj_end(w);
        }
        jw_arr_end(w);
    }
    jw_obj_end(w);
    return RC_OK;
}

enum watch_change { WATCH_KEEP, WATCH_BEGIN, WATCH_END };

static enum rc watch(struct ctx *c, enum watch_change change, struct err *e)
{
    struct ticket_seen s;

    TRY(ctx_ticket(c, &s, e));
    if (change == WATCH_BEGIN)
        TRY(watches_add(c->db, c->who.user_id, s.t.id, s.call.now_us, e));
    if (change == WATCH_END)
        TRY(watches_remove(c->db, c->who.user_id, s.t.id, e));
    return write_watch(c, s.t.id, s.internal, e);
}

static enum rc watch_show(struct ctx *c, struct err *e)
{
    return watch(c, WATCH_KEEP, e);
}

static enum rc watch_begin(struct ctx *c, struct err *e)
{
    return watch(c, WATCH_BEGIN, e);
}

static enum rc watch_end(struct ctx *c, struct err *e)
{
    return watch(c, WATCH_END, e);
}

static const struct route routes[] = {
    { .method = HTTP_GET,
      .path = "/api/v1/tickets/{id}/links",
      .op = "ticket_links_list",
      .tag = "Links",
      .summary = "Tickets that this one is linked to, as far as the caller may read them.",
      .handle = link_list,
      .flags = R_LIST,
      .answer = &link_answer,
      .status = 200 },
    { .method = HTTP_POST,
      .path = "/api/v1/tickets/{id}/links",
      .op = "ticket_link_create",
      .tag = "Links",
      .summary = "Links the ticket to another one.",
      .handle = link_create,
      .flags = R_WRITE,
      .perm = PERM_TICKET_AGENT | PERM_ADMIN_TICKET,
      .body = &link_body,
      .answer = &link_answer,
      .status = 201 },
    { .method = HTTP_DELETE,
      .path = "/api/v1/tickets/{id}/links/{link_id}",
      .op = "ticket_link_delete",
      .tag = "Links",
      .summary = "Removes a link.",
      .handle = link_delete,
      .flags = R_WRITE | R_EMPTY,
      .perm = PERM_TICKET_AGENT | PERM_ADMIN_TICKET,
      .status = 204 },
    { .method = HTTP_GET,
      .path = "/api/v1/tickets/{id}/watch",
      .op = "ticket_watch_show",
      .tag = "Links",
      .summary = "Whether the caller watches the ticket.",
      .handle = watch_show,
      .answer = &watch_answer,
      .status = 200 },
    { .method = HTTP_POST,
      .path = "/api/v1/tickets/{id}/watch",
      .op = "ticket_watch_begin",
      .tag = "Links",
      .summary = "Watches the ticket.",
      .handle = watch_begin,
      .flags = R_WRITE,
      .answer = &watch_answer,
      .status = 200 },
    { .method = HTTP_DELETE,
      .path = "/api/v1/tickets/{id}/watch",
      .op = "ticket_watch_end",
      .tag = "Links",
      .summary = "Watches the ticket no longer.",
      .handle = watch_end,
      .flags = R_WRITE,
      .answer = &watch_answer,
      .status = 200 },
};
const struct route_table routes_ticket_links = { routes, ARRAY_LEN(routes) };
