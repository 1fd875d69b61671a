/* The caller's requests: his own and those of his shared organisations. */
#include "base/enc.h"
#include "base/utf8.h"
#include "desk/can.h"
#include "desk/ticket.h"
#include "desk/view.h"
#include "portal/account.h"
#include "portal/inputs.h"
#include "portal/request.h"
#include "store/organizations.h"
#include "store/ticket_list.h"
#include "store/ticket_numbers.h"
#include "web/app.h"
#include "web/cursor.h"
#include "web/form.h"

enum { PAGE_ROWS = 20, SEARCH_MAX = 200, ORGS_SHOWN_MAX = 20 };

enum { OPEN_TYPES = 1u << STATE_NEW | 1u << STATE_OPEN | 1u << STATE_PENDING | 1u << STATE_HOLD };

static const struct {
    const char *name;
    enum word words;
    unsigned types;
} filters[] = {
    { "open", W_FILTER_OPEN, OPEN_TYPES },
    { "closed", W_FILTER_CLOSED, ((1u << STATE_TYPES_) - 1) & ~(unsigned)OPEN_TYPES },
    { "all", W_FILTER_ALL, 0 },
};

struct list {
    size_t filter;
    bool only_mine;
    int64_t org; /* one of his shared ones; 0: all */
    struct option *orgs;
    size_t n_orgs;
    struct str q;
    bool bad_search;
    struct cursor cursor;
    bool has_cursor;
    struct ticket *v;
    size_t n;
    bool more;
};

/* ---- Shared ---- */

/* INT64_MAX is no ticket's: from here on all goes as with a foreign one. */
static enum rc request_find(struct ctx *c, struct str number, int64_t *id, struct err *e)
{
    enum rc rc = ticket_numbers_find(c->db, number, id, e);

    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    *id = INT64_MAX;
    return RC_OK;
}

enum rc request_id(struct ctx *c, int64_t *id, struct err *e)
{
    TRY(request_find(c, c->params[0], id, e));
    if (*id != INT64_MAX)
        c->object_id = *id;
    return RC_OK;
}

bool request_is_done(const struct ticket *t)
{
    return t->state_type >= STATE_SOLVED;
}

void request_state(struct page *p, const struct catalog *cat, const struct ticket *t)
{
    const struct cat_state *s = catalog_state(cat, t->state_id);
    const char *kind = request_is_done(t) ? "done" : t->state_type >= STATE_PENDING ? "waits" : "open";

    html(&p->h, "<span class=\"pill {}\"><bdi>{}</bdi></span>", Z(kind),
         T(!s ? STR("") : s->customer_name.n ? s->customer_name : s->name));
}

/* ---- What is asked for ---- */

static void read_wishes(struct ctx *c, struct list *l)
{
    struct str state = form_get(c->form, STR("state")), after = form_get(c->form, STR("after"));
    struct str q = form_get(c->form, STR("q")), whose = form_get(c->form, STR("whose"));
    int64_t org;

    for (size_t i = 0; i < ARRAY_LEN(filters); i++)
        if (str_eq(state, str_of(filters[i].name)))
            l->filter = i;
    l->only_mine = str_eq(whose, STR("mine"));
    for (size_t i = 0; i < c->who.n_shared_orgs; i++)
        if (str_i64(whose, 1, INT64_MAX, &org) && c->who.shared_orgs[i] == org)
            l->org = org;
    l->q = q.p ? str_trim(str_sub(q, 0, utf8_cut_bytes(q, SEARCH_MAX))) : STR("");
    if (l->q.n && !state.n)
        l->filter = ARRAY_LEN(filters) - 1; /* who searches wants what is closed, too */
    l->has_cursor = after.n && cursor_read(c->app->cursor_key, after, c->a, &l->cursor)
                    && str_eq(l->cursor.sort, STR("portal"));
}

static void add_sql(struct sql *q, const void *more)
{
    sql_add_sql(q, more);
}

static enum rc add_search(struct call *call, struct list *l, struct ticket_filter *f, struct err *e)
{
    struct sql *more = ARENA_NEW(call->a, struct sql);
    enum rc rc;

    if (!l->q.n)
        return RC_OK;
    *more = sql_new(call->a);
    rc = view_where(call, l->q, more, e);
    l->bad_search = rc == RC_INVALID || rc == RC_BAD;
    if (l->bad_search) {
        err_clear(e);
        return RC_OK;
    }
    f->more = add_sql;
    f->more_arg = more;
    return rc;
}

/* The shared organisations by name, for who is in several. */
static enum rc load_orgs(struct ctx *c, struct list *l, struct err *e)
{
    if (c->who.n_shared_orgs < 2)
        return RC_OK;
    l->orgs = ARENA_ARRAY(c->a, struct option, c->who.n_shared_orgs);
    for (size_t i = 0; i < c->who.n_shared_orgs && i < ORGS_SHOWN_MAX; i++) {
        struct organization_row o;

        TRY(organizations_load(c->db, c->who.shared_orgs[i], c->a, &o, e));
        l->orgs[l->n_orgs++] = (struct option){ str_printf(c->a, "%lld", (long long)o.id), o.name };
    }
    return RC_OK;
}

/* The tickets of these ids, in their order; turned round for a page towards newer ones. */
static enum rc load_tickets(struct ctx *c, const struct scope *scope, const int64_t *ids, size_t n, struct list *l, struct err *e)
{
    struct ticket_rows rows;

    TRY(tickets_show_some(c->db, ids, n, scope, c->a, &rows, e));
    l->v = ARENA_ARRAY(c->a, struct ticket, n + 1);
    for (size_t i = 0; i < n; i++) {
        int64_t id = ids[l->cursor.backward ? n - 1 - i : i];

        for (size_t k = 0; k < rows.n; k++)
            if (rows.v[k].id == id)
                l->v[l->n++] = rows.v[k];
    }
    return RC_OK;
}

static enum rc load(struct ctx *c, struct call *call, struct list *l, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct scope scope = can_scope(call->who, CAN_LIST, c->a), content = can_scope(call->who, CAN_READ, c->a);
    struct ticket_filter f = { .state_types = filters[l->filter].types, .content = &content, .as_customer = true };
    struct ticket_page page = { SORT_UPDATED, !l->cursor.backward, PAGE_ROWS + 1, l->has_cursor, l->cursor.key, l->cursor.id, STR_NONE };
    struct sql sql = sql_new(c->a);
    int64_t ids[PAGE_ROWS + 1];
    size_t n = 0;

    if (l->only_mine)
        f.customers = (struct ids){ &call->who->user_id, 1 };
    if (l->org)
        f.organizations = (struct ids){ &l->org, 1 };
    TRY(add_search(call, l, &f, e));
    if (l->bad_search)
        return RC_OK;
    ticket_list_query(&sql, call->cat, &scope, &f, &page);
    TRY(db_query_sql(c->db, &r, &sql, e));
    while (n <= PAGE_ROWS && db_next(&r, e))
        ids[n++] = db_int(&r, LISTED_ID);
    TRY(e->rc);
    l->more = n > PAGE_ROWS;
    db_rows_end(&r);
    return load_tickets(c, &scope, ids, l->more ? PAGE_ROWS : n, l, e);
}

/* ---- The page ---- */

/* Whose requests: "", "mine", or the id of an organisation. */
static struct str whose_of(struct page *p, const struct list *l)
{
    return l->only_mine ? STR("mine") : l->org ? str_printf(p->c->a, "%lld", (long long)l->org) : STR("");
}

/* The list's address with these wishes; after may be empty. */
static void address(struct page *p, const struct list *l, size_t filter, struct str whose, struct str after)
{
    html(&p->h, "/requests?state={}", Z(filters[filter].name));
    if (whose.n)
        html(&p->h, "&amp;whose={}", T(whose));
    if (l->q.n)
        html(&p->h, "&amp;q={}", T(enc_url(l->q, p->c->a)));
    if (after.n)
        html(&p->h, "&amp;after={}", T(after));
}

static void tab(struct page *p, const struct list *l, size_t filter, struct str whose, struct html_arg words)
{
    bool is_here = filter == l->filter && str_eq(whose, whose_of(p, l));

    html_lit(&p->h, "<a href=\"");
    address(p, l, filter, whose, STR(""));
    html(&p->h, "\"{}><bdi>{}</bdi></a>", SAFE(is_here ? STR(" aria-current=\"true\"") : STR("")), words);
}

static void tools(struct page *p, const struct list *l)
{
    struct html *h = &p->h;

    html_lit(h, "<form class=\"search\" role=\"search\" action=\"/requests\">");
    if (whose_of(p, l).n)
        html(h, "<input type=\"hidden\" name=\"whose\" value=\"{}\">", T(whose_of(p, l)));
    html(h, "<label class=\"sr\" for=\"q\">{}</label>"
            "<input type=\"search\" id=\"q\" name=\"q\" value=\"{}\" maxlength=\"200\" placeholder=\"{}\" dir=\"auto\"{}>"
            "<button class=\"second\">{}</button></form>\n",
         W(W_SEARCH), T(l->q), W(W_SEARCH_HINT),
         SAFE(l->bad_search ? STR(" aria-invalid=\"true\" aria-describedby=\"e-q\"") : STR("")), W(W_SEARCH));
    if (l->bad_search)
        html(h, "<p class=\"bad\" id=\"e-q\" role=\"alert\">{}</p>\n", W(W_ERR_SEARCH));
    html(h, "<nav class=\"tabs\" aria-label=\"{}\"><span>", W(W_FILTER));
    for (size_t i = 0; i < ARRAY_LEN(filters); i++)
        tab(p, l, i, whose_of(p, l), W(filters[i].words));
    html_lit(h, "</span>");
    if (p->c->who.n_shared_orgs) {
        html_lit(h, "<span>");
        tab(p, l, l->filter, STR(""), W(W_WHOSE_ALL));
        tab(p, l, l->filter, STR("mine"), W(W_WHOSE_MINE));
        for (size_t i = 0; i < l->n_orgs; i++)
            tab(p, l, l->filter, l->orgs[i].value, T(l->orgs[i].label));
        html_lit(h, "</span>");
    }
    html_lit(h, "</nav>\n");
}

static void row(struct page *p, const struct catalog *cat, const struct ticket *t)
{
    bool answered = !request_is_done(t) && !t->waiting_since_us && t->first_response_us;
    struct html *h = &p->h;

    html(h, "<li><a class=\"title\" href=\"/requests/{}\"><bdi>{}</bdi></a><p class=\"meta\"><bdi>#{}</bdi> <span>{} ", T(t->number),
         T(t->title), T(t->number), W(W_UPDATED));
    html_time(h, t->public_updated_us);
    html_lit(h, "</span>");
    if (t->customer_id != p->c->who.user_id)
        html(h, " <span>{} <bdi>{}</bdi></span>", W(W_FROM), T(t->customer_name));
    html_lit(h, "</p><p class=\"state\">");
    if (answered)
        html(h, "<span class=\"pill news\">{}</span>", W(W_ANSWERED));
    request_state(p, cat, t);
    html_lit(h, "</p></li>\n");
}

static void turn(struct page *p, const struct list *l, bool backward, enum word words)
{
    const struct ticket *edge = &l->v[backward ? 0 : l->n - 1];
    struct cursor cur = { .backward = backward, .descending = true, .sort = STR("portal"), .filter = STR(""),
                          .key = edge->public_updated_us, .id = edge->id, .key_text = STR("") };

    html(&p->h, "<a rel=\"{}\" href=\"", Z(backward ? "prev" : "next"));
    address(p, l, l->filter, whose_of(p, l), cursor_write(p->c->app->cursor_key, &cur, p->c->a));
    html(&p->h, "\">{}</a>", W(words));
}

static void pages(struct page *p, const struct list *l)
{
    bool next = l->cursor.backward ? l->has_cursor : l->more, prev = l->cursor.backward ? l->more : l->has_cursor;

    if (!l->n || (!next && !prev))
        return;
    html(&p->h, "<nav class=\"turn\" aria-label=\"{}\">", W(W_PAGES));
    if (prev)
        turn(p, l, true, W_NEWER);
    if (next)
        turn(p, l, false, W_OLDER);
    html_lit(&p->h, "</nav>\n");
}

static void nothing(struct page *p, const struct list *l)
{
    bool searched = l->q.n || l->filter == 1;

    if (l->bad_search)
        return;
    html(&p->h, "<div class=\"empty\"><h2>{}</h2><p>{}</p>", W(searched ? W_NOTHING_FOUND : W_NOTHING_YET),
         W(searched ? W_NOTHING_FOUND_DO : W_NOTHING_YET_DO));
    if (!searched)
        html(&p->h, "<p><a class=\"button\" href=\"/requests/new\">{}</a></p>", W(W_NEW_REQUEST));
    html_lit(&p->h, "</div>\n");
}

/* The number of a request of his: that is the one he wants.  *number stays empty otherwise. */
static enum rc by_number(struct ctx *c, struct call *call, const struct list *l, struct str *number, struct err *e)
{
    struct str typed = str_starts(l->q, STR("#")) ? str_sub(l->q, 1, l->q.n) : l->q;
    struct ticket t;
    bool internal;
    int64_t id;
    enum rc rc;

    *number = STR("");
    for (size_t i = 0; i < typed.n; i++)
        if (typed.p[i] < '0' || typed.p[i] > '9')
            return RC_OK;
    if (!typed.n)
        return RC_OK;
    TRY(request_find(c, typed, &id, e));
    rc = ticket_read(call, id, &t, &internal, e);
    if (rc == RC_OK)
        *number = t.number;
    if (rc == RC_NOT_FOUND)
        err_clear(e);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc requests(struct ctx *c, struct err *e)
{
    struct list l = { 0 };
    struct str number;
    struct call call;
    struct page p;

    TRY(page_call(c, &call, e));
    read_wishes(c, &l);
    TRY(by_number(c, &call, &l, &number, e));
    if (number.n)
        return page_go(c, "/requests/%.*s", STR_ARG(number));
    TRY(load_orgs(c, &l, e));
    TRY(load(c, &call, &l, e));
    TRY(page_begin(c, &(struct page_head){ .title = W_REQUESTS, .nav = NAV_REQUESTS }, &p, e));
    html(&p.h, "<div class=\"head\"><h1>{}</h1><a class=\"button\" href=\"/requests/new\">{}</a></div>\n", W(W_REQUESTS), W(W_NEW_REQUEST));
    account_done_notice(&p);
    tools(&p, &l);
    if (l.n)
        html_lit(&p.h, "<ul class=\"list\">\n");
    for (size_t i = 0; i < l.n; i++)
        row(&p, call.cat, &l.v[i]);
    if (l.n)
        html_lit(&p.h, "</ul>\n");
    else
        nothing(&p, &l);
    pages(&p, &l);
    page_end(&p);
    return RC_OK;
}

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/requests", .op = "page_requests", .tag = "Tickets", .summary = "The caller's requests.",
      .handle = requests, .flags = PAGE_MINE, .perm = PERM_TICKET_CUSTOMER, .status = 200 },
};
const struct route_table routes_page_requests = { routes, ARRAY_LEN(routes) };
