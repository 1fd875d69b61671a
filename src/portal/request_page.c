/* One request: what was said, in public, and the way to answer, close and open it again. */
#include "base/clock.h"
#include "base/sniff.h"
#include "base/utf8.h"
#include "desk/message.h"
#include "desk/ticket.h"
#include "portal/account.h"
#include "portal/request.h"
#include "portal/request_fields.h"
#include "portal/uploads.h"
#include "text/html.h"
#include "web/api_attachments.h"
#include "web/app.h"
#include "web/fields.h"
#include "web/form.h"

enum { SHOWN = 50, FILES_MAX = 1000, SHOWN_BYTES = 4 * 1024 * 1024 };

struct thread {
    struct message *v; /* oldest first */
    size_t n;
    bool earlier;
    struct attachment_list files;
};

static enum rc load_thread(struct call *call, const struct ticket *t, int64_t before, struct thread *th, struct err *e)
{
    struct message_page page = { false, true, before > 0, before, SHOWN + 1, SHOWN_BYTES, false };
    struct attachment_page files = { t->id, 0, FILES_MAX, false, false };
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    size_t bytes = 0;

    *th = (struct thread){ .v = ARENA_ARRAY(call->a, struct message, SHOWN + 1) };
    TRY(messages_of_ticket(call->db, t->id, &page, call->a, &r, e));
    while (th->n <= SHOWN && (th->n < 2 || bytes < SHOWN_BYTES) && db_next(&r, e)) {
        message_from_row(&r, call->a, &th->v[th->n]);
        bytes += th->v[th->n].body_html.n + th->v[th->n].body_text.n;
        th->n++;
    }
    TRY(e->rc);
    th->earlier = th->n > SHOWN || bytes >= SHOWN_BYTES;
    th->n = th->n > SHOWN ? SHOWN : th->n;
    for (size_t i = 0; i < th->n / 2; i++) {
        struct message m = th->v[i];

        th->v[i] = th->v[th->n - 1 - i];
        th->v[th->n - 1 - i] = m;
    }
    db_rows_end(&r);
    return t->public_attachment_count ? attachments_list(call->db, &files, call->a, &th->files, e) : RC_OK;
}

/* ---- A message ---- */

static void one_file(struct page *p, const struct attachment *at)
{
    struct html *h = &p->h;

    html(h, "<li><a href=\"/files/{}\" download>", N(at->id));
    if (sniff_is_picture(at->content_type))
        html(h, "<img src=\"/files/{}\" alt=\"\" loading=\"lazy\">", N(at->id));
    html(h, "<span class=\"name\"><bdi>{}</bdi> <span class=\"hint\">", T(at->name));
    html_bytes(h, at->size);
    html_lit(h, "</span></span></a></li>");
}

static void files_of(struct page *p, const struct thread *th, int64_t message_id)
{
    bool open = false;

    for (size_t i = 0; i < th->files.n; i++) {
        if (th->files.v[i].message_id != message_id)
            continue;
        if (!open)
            html(&p->h, "<ul class=\"files\" aria-label=\"{}\">", W(W_FILES));
        open = true;
        one_file(p, &th->files.v[i]);
    }
    if (open)
        html_lit(&p->h, "</ul>");
}

/* What was written as text or Markdown is ours to mark up; foreign HTML stands in a frame that runs and
 * loads nothing. */
static void body_of(struct page *p, const struct message *m)
{
    struct html *h = &p->h;

    if (m->redacted_us) {
        html(h, "<p class=\"hint\">{}</p>", W(W_REDACTED));
    } else if (m->format == FORMAT_HTML) {
        struct buf doc = BUF_ARENA(p->c->a, 2 * m->body_html.n + KIB);
        struct html inner = { &doc, h->lang };
        struct html_safe plain;

        html_clean(m->body_html, HTML_NO_STYLE, p->c->a, &plain);
        html(&inner, "<!doctype html><html lang=\"{}\"><head><base target=\"_blank\"><link rel=\"stylesheet\" href=\"/portal.css\"></head>"
                     "<body class=\"frame\" dir=\"auto\">{}</body></html>",
             Z(h->lang->code), SAFE(plain.html));
        html(h, "<iframe sandbox=\"allow-same-origin allow-popups allow-popups-to-escape-sandbox\" loading=\"lazy\" title=\"{}\" srcdoc=\"{}\"></iframe>",
             W(W_MESSAGE), T(buf_view(&doc)));
    } else {
        html(h, "<div class=\"text\" dir=\"auto\">{}</div>", SAFE(m->body_html));
    }
}

static void one_message(struct page *p, const struct thread *th, const struct message *m)
{
    bool mine = m->author_id == p->c->who.user_id && !m->on_behalf_id, agent = m->sender == SENDER_AGENT;
    struct str name = m->on_behalf_id ? m->on_behalf_name : m->author_name;
    struct html *h = &p->h;

    /* No heading: those that are written in messages could not stand in any order with it. */
    html(h, "<article class=\"message {}\" id=\"m{}\" aria-labelledby=\"b{}\"><header><p class=\"by\" id=\"b{}\">",
         Z(agent ? "agent" : mine ? "mine" : "other"), N(m->id), N(m->id), N(m->id));
    if (mine)
        html(h, "{}", W(W_YOU));
    else if (name.n)
        html(h, "<bdi>{}</bdi>", T(name));
    else
        html(h, "{}", W(W_SUPPORT));
    if (agent && name.n)
        html(h, " <span class=\"pill\">{}</span>", W(W_SUPPORT));
    html_lit(h, "</p>");
    html_time(h, m->created_us);
    html_lit(h, "</header>");
    body_of(p, m);
    files_of(p, th, m->id);
    html_lit(h, "</article>\n");
}

/* ---- Above and below ---- */

static void facts(struct page *p, const struct call *call, const struct ticket *t)
{
    const struct cat_group *g = catalog_group(call->cat, t->group_id);
    struct html *h = &p->h;

    html(h, "<dl class=\"facts\"><div><dt>{}</dt><dd>", W(W_STATE));
    request_state(p, call->cat, t);
    html(h, "</dd></div><div><dt>{}</dt><dd><bdi>#{}</bdi></dd></div><div><dt>{}</dt><dd>", W(W_NUMBER), T(t->number), W(W_OPENED));
    html_time(h, t->created_us);
    html_lit(h, "</dd></div>");
    if (t->customer_id != p->c->who.user_id)
        html(h, "<div><dt>{}</dt><dd><bdi>{}</bdi></dd></div>", W(W_FROM_LABEL), T(t->customer_name));
    if (t->organization_id)
        html(h, "<div><dt>{}</dt><dd><bdi>{}</bdi></dd></div>", W(W_ORGANIZATION), T(t->organization_name));
    if (g)
        html(h, "<div><dt>{}</dt><dd><bdi>{}</bdi></dd></div>", W(W_GROUP), T(g->name));
    request_fields_values(p, call->cat, t);
    html_lit(h, "</dl>\n");
}

static const struct {
    enum word lead, submit;
} moves[] = {
    [MOVE_KEEP] = { W_NONE, W_SEND },
    [MOVE_FOLLOW_UP] = { W_NONE, W_SEND },
    [MOVE_REOPEN] = { W_REOPEN_LEAD, W_REOPEN },
    [MOVE_NEW_TICKET] = { W_FOLLOW_LEAD, W_SEND },
    [MOVE_LINKED_TICKET] = { W_FOLLOW_LEAD, W_SEND },
    [MOVE_TO_TARGET] = { W_NONE, W_SEND },
    [MOVE_REJECT] = { W_NONE, W_SEND },
};

static enum rc answer_form(struct page *p, const struct call *call, const struct ticket *t, const struct uploads *u, struct err *e)
{
    enum state_move move = ticket_customer_move(call->cat, t, call->now_us);
    const struct form_head head = { .action = str_printf(p->c->a, "/requests/%.*s", STR_ARG(t->number)), .refused = W_ERR_ANSWER,
                                    .submit = moves[move].submit, .once = true, .has_files = true };
    struct html *h = &p->h;

    if (move == MOVE_REJECT) {
        html(h, "<section class=\"answer\"><p>{} <a href=\"/requests/new\">{}</a></p></section>\n", W(W_CLOSED_FOR_GOOD), W(W_NEW_REQUEST));
        return RC_OK;
    }
    html(h, "<section class=\"answer\" id=\"answer\" aria-labelledby=\"t-answer\"><h2 id=\"t-answer\">{}</h2>\n", W(W_ANSWER));
    if (moves[move].lead != W_NONE)
        html(h, "<p class=\"notice\">{}</p>\n", W(moves[move].lead));
    form_begin(p, &head);
    input_area(p, &(struct input){ .name = "body", .label = W_MESSAGE, .rows = 7 });
    TRY(uploads_input(p, u, e));
    form_end(p, &head);
    html_lit(h, "</section>\n");
    return RC_OK;
}

static void close_form(struct page *p, const struct ticket *t)
{
    struct html *h = &p->h;

    if (t->state_type >= STATE_CLOSED)
        return;
    html(h, "<section class=\"close\" aria-labelledby=\"t-close\"><h2 id=\"t-close\">{}</h2><p>{}</p><form method=\"post\" action=\"/requests/{}/close\">",
         W(W_CLOSE), W(W_CLOSE_LEAD), T(t->number));
    page_form_fields(p, true);
    html(h, "<button class=\"second\">{}</button></form></section>\n", W(W_CLOSE_DO));
}

static void conversation(struct page *p, const struct ticket *t, const struct thread *th, bool newest)
{
    struct html *h = &p->h;

    html(h, "<section aria-labelledby=\"t-thread\"><h2 id=\"t-thread\" class=\"sr\">{}</h2>\n", W(W_CONVERSATION));
    if (th->earlier && th->n)
        html(h, "<p class=\"earlier\"><a href=\"/requests/{}?before={}\">{}</a></p>\n", T(t->number), N(th->v[0].id), W(W_EARLIER));
    html(h, "<div id=\"thread\" data-news=\"{}\"", W(W_NEWS));
    if (newest)
        html(h, " data-live=\"{}\"", N(t->id));
    html_lit(h, ">\n");
    for (size_t i = 0; i < th->n; i++)
        one_message(p, th, &th->v[i]);
    html_lit(h, "</div><p id=\"live\" class=\"sr\" aria-live=\"polite\"></p></section>\n");
    if (!newest)
        html(h, "<p class=\"earlier\"><a href=\"/requests/{}\">{}</a></p>\n", T(t->number), W(W_TO_NEWEST));
}

static enum rc show(struct ctx *c, const struct err *errs, struct err *e)
{
    const struct request_prepared *prep = c->prepared;
    struct str before = form_get(c->form, STR("before"));
    int64_t id, before_id = 0;
    struct thread th;
    struct ticket t;
    struct call call;
    struct page p;
    bool internal;

    TRY(request_id(c, &id, e));
    TRY(page_call(c, &call, e));
    TRY(ticket_read(&call, id, &t, &internal, e));
    if (c->x->method != HTTP_POST && !str_i64(before, 1, INT64_MAX, &before_id))
        before_id = 0;
    TRY(load_thread(&call, &t, before_id, &th, e));
    TRY(page_begin(c, &(struct page_head){ .title_text = str_printf(c->a, "#%.*s %.*s", STR_ARG(t.number), STR_ARG(t.title)), .nav = NAV_REQUESTS }, &p, e));
    p.errs = errs;
    html(&p.h, "<p class=\"back\"><a href=\"/requests\">{}</a></p><h1><bdi>{}</bdi></h1>\n", W(W_REQUESTS), T(t.title));
    account_done_notice(&p);
    facts(&p, &call, &t);
    conversation(&p, &t, &th, before_id == 0);
    TRY(answer_form(&p, &call, &t, errs && prep ? &prep->uploads : NULL, e));
    close_form(&p, &t);
    page_end(&p);
    return RC_OK;
}

static enum rc request_show(struct ctx *c, struct err *e)
{
    return show(c, NULL, e);
}

static enum rc request_again(struct ctx *c, struct err *e)
{
    return show(c, &c->err, e);
}

/* ---- An answer ---- */

static enum rc read_answer(struct ctx *c, struct request_prepared *prep, struct err *e)
{
    struct str body = form_get(c->form, STR("body"));

    if (!str_trim(body).n)
        return err_field(e, "/body", "required", "", "The message says nothing.");
    if (utf8_count(body) > MESSAGE_BODY_MAX)
        return err_field(e, "/body", "length", "", "The message is too long.");
    return message_render(body, FORMAT_TEXT, "/body", c->a, &prep->body, e);
}

static enum rc answer_prepare(struct ctx *c, struct err *e)
{
    struct request_prepared *prep = ARENA_NEW(c->a, struct request_prepared);
    enum rc rc;

    c->prepared = prep;
    rc = uploads_take(c, &prep->uploads, e);
    if (rc == RC_OK)
        rc = read_answer(c, prep, e);
    return request_early(c, prep, rc, e);
}

static enum rc say(struct ctx *c, const struct request_prepared *prep, struct ticket_work *w, struct err *e)
{
    struct db_tx tx CLEAN(db_tx_end) = { 0 };
    struct message_new m = { .body = prep->body, .kind = MESSAGE_WEB, .visibility = VISIBILITY_PUBLIC,
                             .uploads = prep->uploads.ids, .n_uploads = prep->uploads.n };
    struct call *call = ARENA_NEW(c->a, struct call);
    int64_t id;

    TRY(request_id(c, &id, e));
    TRY(page_call(c, call, e));
    TRY(db_tx_begin(c->db, &tx, e));
    TRY(ticket_work_begin(call, id, CAN_ANSWER, 0, w, e));
    TRY(ticket_say(w, &m, e));
    TRY(ticket_work_save(w, e));
    return db_tx_commit(&tx, e);
}

static enum rc answer_send(struct ctx *c, struct err *e)
{
    struct request_prepared *prep = c->prepared;
    struct ticket_work w;
    enum rc rc;

    TRY(uploads_keep(c, &prep->uploads, e));
    rc = prep->early ? request_late(prep, e) : say(c, prep, &w, e);
    c->commit_error = rc != RC_OK && prep->uploads.n_fresh > 0;
    TRY(rc);
    return page_go(c, "/requests/%.*s?done=%s#m%lld", STR_ARG(w.t.number), w.followed_up ? "followed" : "answered",
                   (long long)w.message.id);
}

/* ---- Close ---- */

static enum rc close_send(struct ctx *c, struct err *e)
{
    const struct cat_state *closed;
    struct ticket_edit ed = { .set = TF_STATE };
    struct ticket_work w;
    struct call call;
    int64_t id;

    TRY(request_id(c, &id, e));
    TRY(page_call(c, &call, e));
    closed = catalog_default_close(call.cat);
    ed.state_id = closed ? closed->id : 0;
    TRY(ticket_work_begin(&call, id, CAN_ANSWER, 0, &w, e));
    TRY(ticket_apply(&w, &ed, e));
    TRY(ticket_work_save(&w, e));
    return page_go(c, "/requests/%.*s?done=closed", STR_ARG(w.t.number));
}

/* The tags of reading pages are those of the API: the access log (web/access.h) goes by them. */
#define TAG "Portal"

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/requests/{number}", .op = "page_request", .tag = "Tickets", .summary = "One request.",
      .handle = request_show, .flags = PAGE_MINE, .perm = PERM_TICKET_CUSTOMER, .status = 200 },
    { .method = HTTP_POST, .path = "/requests/{number}", .op = "page_request_answer", .tag = TAG, .summary = "An answer.",
      .prepare = answer_prepare, .handle = answer_send, .flags = PAGE_MINE_FORM | R_RAW_BODY, .perm = PERM_TICKET_CUSTOMER,
      .status = 303, .again = request_again },
    { .method = HTTP_POST, .path = "/requests/{number}/close", .op = "page_request_close", .tag = TAG, .summary = "Close a request.",
      .handle = close_send, .flags = PAGE_MINE_FORM, .perm = PERM_TICKET_CUSTOMER, .body = &page_no_fields, .status = 303 },
    { .method = HTTP_GET, .path = "/files/{id}", .op = "page_file", .tag = "Attachments", .summary = "The bytes of a file.",
      .handle = api_attachment_content, .flags = PAGE_MINE, .status = 200 },
};
const struct route_table routes_page_request = { routes, ARRAY_LEN(routes) };
