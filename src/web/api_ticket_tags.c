/* The tags of one ticket, one by one: two people who tag it at once do not meet. */
#include "desk/tag.h"
#include "desk/ticket.h"
#include "web/call.h"

static const struct jfield tag_fields[] = {
    { .name = "name", .type = J_TEXT, .help = "Name, lower case." },
};
static const struct jspec tag_answer = JSPEC_ANSWER("TicketTag", tag_fields);

struct tag_body {
    struct j_text name;
};
static const struct jfield body_fields[] = {
    { "name", J_TEXT, JF_REQUIRED | JF_FILLED, 1, TAG_POINTS_MAX, 0, NULL, NULL,
      offsetof(struct tag_body, name), "Name; kept in lower case." },
};
static const struct jspec body_spec = JSPEC("TicketTagAdd", body_fields, struct tag_body);

/* There are 50 at most: one page. */
static void write_all(struct ctx *c, const struct ticket *t)
{
    struct str *names;
    size_t n;

    tags_of_json(t->tags_json, c->a, &names, &n);
    jw_obj(&c->out);
    jw_key(&c->out, "data");
    jw_arr(&c->out);
    for (size_t i = 0; i < n; i++) {
        jw_obj(&c->out);
        jw_kv_text(&c->out, "name", names[i]);
        jw_obj_end(&c->out);
    }
    jw_arr_end(&c->out);
    ctx_page_whole(c);
    jw_obj_end(&c->out);
}

static enum rc tags_show(struct ctx *c, struct err *e)
{
    struct ticket_seen s;

    TRY(ctx_ticket(c, &s, e));
    if (!s.internal)
        s.t.tags_json = STR("[]");
    write_all(c, &s.t);
    return RC_OK;
}

static enum rc begin(struct ctx *c, struct call *call, struct ticket_work *w, struct err *e)
{
    int64_t id;

    TRY(ctx_ticket_id(c, 0, &id, e));
    TRY(ctx_call(c, call, e));
    return ticket_work_begin(call, id, CAN_CHANGE, 0, w, e);
}

static enum rc tag_add(struct ctx *c, struct err *e)
{
    const struct tag_body *b = c->body;
    struct ticket_edit ed = { .set = TF_TAGS_ADD, .tags_add = &b->name.v, .n_tags_add = 1 };
    struct ticket_work w;
    struct call call;
    struct str name;

    TRY(tag_normalise(b->name.v, "/name", c->a, &name, e));
    TRY(begin(c, &call, &w, e));
    TRY(ticket_apply(&w, &ed, e));
    TRY(ticket_work_save(&w, e));
    write_all(c, &w.t);
    return RC_OK;
}

static bool has_tag(const struct ticket *t, struct str name, struct arena *a)
{
    struct str *names;
    size_t n;

    tags_of_json(t->tags_json, a, &names, &n);
    while (n > 0 && !str_eq(names[n - 1], name))
        n--;
    return n > 0;
}

static enum rc tag_drop(struct ctx *c, struct err *e)
{
    struct ticket_edit ed = { .set = TF_TAGS_REMOVE, .n_tags_remove = 1 };
    struct ticket_work w;
    struct call call;
    struct str name;

    TRY(begin(c, &call, &w, e));
    if (tag_normalise(c->params[1], "name", c->a, &name, e) != RC_OK || !has_tag(&w.t, name, c->a)) {
        err_clear(e);
        return err_set(e, RC_NOT_FOUND, "", "The ticket has no such tag.");
    }
    ed.tags_remove = &name;
    TRY(ticket_apply(&w, &ed, e));
    return ticket_work_save(&w, e);
}

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/api/v1/tickets/{id}/tags", .op = "ticket_tags_list", .tag = "Tags",
      .summary = "The tags of a ticket; none for customers.", .handle = tags_show, .flags = R_LIST,
      .answer = &tag_answer, .status = 200 },
    { .method = HTTP_POST, .path = "/api/v1/tickets/{id}/tags", .op = "ticket_tag_add", .tag = "Tags",
      .summary = "Adds one tag, whatever version the ticket has; all its tags are answered.",
      .handle = tag_add, .flags = R_WRITE | R_LIST, .perm = PERM_TICKET_AGENT | PERM_ADMIN_TICKET,
      .body = &body_spec, .answer = &tag_answer, .status = 200 },
    { .method = HTTP_DELETE, .path = "/api/v1/tickets/{id}/tags/{name}", .op = "ticket_tag_remove",
      .tag = "Tags", .summary = "Takes one tag away, whatever version the ticket has.",
      .handle = tag_drop, .flags = R_WRITE | R_EMPTY, .perm = PERM_TICKET_AGENT | PERM_ADMIN_TICKET,
      .status = 204 },
};
const struct route_table routes_ticket_tags = { routes, ARRAY_LEN(routes) };
