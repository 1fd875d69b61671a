/* A new request: what it is about, the words, the fields that were defined, files. */
#include "desk/field.h"
#include "desk/ticket.h"
#include "portal/request.h"
#include "portal/request_fields.h"
#include "web/api_tickets.h"
#include "web/form.h"

enum rc request_early(struct ctx *c, struct request_prepared *prep, enum rc rc, struct err *e)
{
    bool may_keep = rc == RC_INVALID || rc == RC_LIMITED || rc == RC_TOO_BIG;

    if (rc == RC_OK || !may_keep || prep->uploads.n_fresh == 0)
        return rc;
    prep->early = arena_memdup(c->a, e, sizeof(*e));
    err_clear(e);
    return RC_OK;
}

enum rc request_late(const struct request_prepared *prep, struct err *e)
{
    *e = *prep->early;
    return e->rc;
}

/* ---- The page ---- */

/* What the customer may choose; with one group there is nothing to ask. */
static void group_input(struct page *p, const struct call *call)
{
    struct option *options = ARENA_ARRAY(p->c->a, struct option, call->cat->n_groups + 1);
    const struct cat_group *first = catalog_default_group(call->cat);
    size_t n = 0;

    for (size_t i = 0; i < call->cat->n_groups; i++) {
        const struct cat_group *g = &call->cat->groups[i];

        if (ticket_may_open_in(call->who, call->cat, g))
            options[n++] = (struct option){ str_printf(p->c->a, "%lld", (long long)g->id), g->name };
    }
    if (n > 1)
        input_select(p, &(struct input){ .name = "group", .label = W_GROUP,
                                         .value = first ? str_printf(p->c->a, "%lld", (long long)first->id) : STR("") },
                     options, n, first ? W_NONE : W_CHOOSE);
}

static enum rc show(struct ctx *c, const struct err *errs, struct err *e)
{
    const struct form_head head = { .action = STR("/requests/new"), .submit = W_SEND_REQUEST, .refused = W_ERR_REQUEST,
                                    .once = true, .has_files = true };
    const struct request_prepared *prep = c->prepared;
    struct call call;
    struct page p;

    TRY(page_call(c, &call, e));
    TRY(page_begin(c, &(struct page_head){ .title = W_NEW_REQUEST, .nav = NAV_NEW }, &p, e));
    p.errs = errs;
    html(&p.h, "<div class=\"write\"><h1>{}</h1><p class=\"lead\">{}</p>\n", W(W_NEW_REQUEST), W(W_NEW_LEAD));
    form_begin(&p, &head);
    group_input(&p, &call);
    input_text(&p, &(struct input){ .name = "title", .label = W_SUBJECT, .hint = W_SUBJECT_HINT, .max = 255 });
    input_area(&p, &(struct input){ .name = "body", .pointer = "/message/body", .label = W_DESCRIPTION, .hint = W_DESCRIPTION_HINT, .rows = 9 });
    request_fields_inputs(&p, call.cat);
    TRY(uploads_input(&p, errs && prep ? &prep->uploads : NULL, e));
    form_end(&p, &head);
    html_lit(&p.h, "</div>\n");
    page_end(&p);
    return RC_OK;
}

static enum rc new_show(struct ctx *c, struct err *e)
{
    return show(c, NULL, e);
}

static enum rc new_again(struct ctx *c, struct err *e)
{
    return show(c, &c->err, e);
}

/* ---- Sending ---- */

static void set_text(json_t *to, const char *name, struct str v)
{
    if (str_trim(v).n)
        json_object_set_new(to, name, json_stringn(v.p, v.n));
}

/* The form as the body that the API takes: the same closed list of fields, the same checks.  What is
 * wrong is told at once, also of the custom fields, which the API looks at last. */
static enum rc body_of_form(struct ctx *c, struct call *call, struct err *e)
{
    json_t *body = json_object(), *message = json_object(), *fields = request_fields_json(c, call->cat);
    struct field_patch patch = { .object = FIELD_TICKET, .screen = SCREEN_CUSTOMER_CREATE, .as_customer = true, .is_new = true,
                                 .patch = fields };
    struct str values;
    enum rc rc;
    struct str group = form_get(c->form, STR("group"));
    int64_t group_id;

    set_text(body, "title", form_get(c->form, STR("title")));
    set_text(message, "body", form_get(c->form, STR("body")));
    json_object_set_new(body, "message", message);
    if (str_i64(group, 1, INT64_MAX, &group_id))
        json_object_set_new(body, "group", json_integer(group_id));
    else
        set_text(body, "group", group);
    json_object_set_new(body, "fields", fields);
    ctx_keep_json(c, body);
    rc = jspec_read(&ticket_create_spec, body, c->a, &c->body, e);
    return rc == RC_INVALID ? fields_apply(call, STR("{}"), &patch, &values, e) : rc;
}

static enum rc read_request(struct ctx *c, struct request_prepared *prep, struct err *e)
{
    struct call call;
    enum rc rc;

    TRY(page_call(c, &call, e));
    TRY(body_of_form(c, &call, e));
    rc = api_ticket_create_prepare(c, e);
    if (rc == RC_OK)
        prep->body = *(const struct message_body *)c->prepared;
    c->prepared = prep;
    return rc;
}

static enum rc new_prepare(struct ctx *c, struct err *e)
{
    struct request_prepared *prep = ARENA_NEW(c->a, struct request_prepared);
    enum rc rc;

    c->prepared = prep;
    rc = uploads_take(c, &prep->uploads, e);
    if (rc == RC_OK || rc == RC_INVALID) { /* all that is wrong is told at once */
        enum rc more = read_request(c, prep, e);

        rc = more == RC_OK ? rc : more;
    }
    return request_early(c, prep, rc, e);
}

static enum rc open_request(struct ctx *c, const struct request_prepared *prep, struct ticket_work *w, struct err *e)
{
    struct db_tx tx CLEAN(db_tx_end) = { 0 };
    struct call *call = ARENA_NEW(c->a, struct call);
    struct ticket_new in;

    TRY(page_call(c, call, e));
    TRY(db_tx_begin(c->db, &tx, e));
    TRY(api_ticket_create_read(c, call, &in, e));
    in.message.uploads = prep->uploads.ids;
    in.message.n_uploads = prep->uploads.n;
    TRY(ticket_create(call, &in, w, e));
    return db_tx_commit(&tx, e);
}

static enum rc new_send(struct ctx *c, struct err *e)
{
    struct request_prepared *prep = c->prepared;
    struct ticket_work w;
    enum rc rc;

    TRY(uploads_keep(c, &prep->uploads, e));
    rc = prep->early ? request_late(prep, e) : open_request(c, prep, &w, e);
    c->commit_error = rc != RC_OK && prep->uploads.n_fresh > 0;
    TRY(rc);
    return page_go(c, "/requests/%.*s?done=sent", STR_ARG(w.t.number));
}

#define TAG "Portal"

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/requests/new", .op = "page_request_new", .tag = TAG, .summary = "A new request.",
      .handle = new_show, .flags = PAGE_MINE, .perm = PERM_TICKET_CUSTOMER, .status = 200 },
    { .method = HTTP_POST, .path = "/requests/new", .op = "page_request_send", .tag = TAG, .summary = "A new request.",
      .prepare = new_prepare, .handle = new_send, .flags = PAGE_MINE_FORM | R_RAW_BODY, .perm = PERM_TICKET_CUSTOMER,
      .status = 303, .again = new_again },
};
const struct route_table routes_page_request_new = { routes, ARRAY_LEN(routes) };
