/* What a request is answered: the handler's words or a problem, and the headers that every answer
 * has. */
#include "web/chain.h"

#include "base/clock.h"
#include "web/credentials.h"
#include "web/form.h"
#include "web/live.h"
#include "web/page_hooks.h"
#include "web/problem.h"

enum { TIMING_MAX = 96, PAGE_RETRY_S = 5 };

/* A GET that says which version it has gets no body when that is still the one. */
static void not_modified(struct exchange *x)
{
    struct str etag = STR_NONE, have = http_header_get(x, STR("if-none-match"));

    if (!have.p || x->status != 200 || !(x->method & (HTTP_GET | HTTP_HEAD)))
        return;
    for (size_t i = 0; i < x->n_out; i++) {
        if (str_eq(x->out[i].name, STR("etag")))
            etag = x->out[i].value;
    }
    while (etag.p && have.p) {
        struct str one = str_trim(str_cut(&have, ','));

        if (str_starts(one, STR("W/")))
            one = str_sub(one, 2, one.n);
        if (!str_eq(one, etag) && !str_eq(one, STR("*")))
            continue;
        x->status = 304;
        x->out_body.n = 0;
        x->out_static = STR_NONE;
        return;
    }
}

static void success(struct request *r)
{
    struct exchange *x = r->c.x;
    bool typed = false;

    x->status = r->c.status;
    for (size_t i = 0; i < x->n_out; i++)
        typed |= str_eq(x->out[i].name, STR("content-type"));
    if (x->out_body.n > 0 && !typed)
        exchange_header_own(x, STR("content-type"), STR("application/json"));
    not_modified(x);
}

/* A page, or an address that no route has, asked for by a browser. */
static bool wants_page(const struct request *r)
{
    struct str accept = http_header_get(r->c.x, STR("accept")), path = r->c.x->path;

    if (r->match.route)
        return r->match.route->flags & R_PAGE;
    return accept.p && path.p && str_find(accept, STR("text/html")) != SIZE_MAX
           && !str_starts(path, STR("/api/"));
}

static void page_failure(struct request *r)
{
    struct exchange *x = r->c.x;

    if (!r->is_shown) {
        if (!r->c.commit_error)
            x->n_out = r->n_out_start;
        x->out_body.n = 0;
        x->out_body.overflow = false;
        x->out_static = STR_NONE;
        page_write_failure(&r->c);
    }
    if (x->status == 429 || x->status == 503)
        exchange_header(
            x, STR("retry-after"),
            str_printf(x->arena, "%d",
                       r->c.err.retry_after_s > 0 ? r->c.err.retry_after_s : PAGE_RETRY_S));
}

static void failure(struct request *r)
{
    struct ctx *c = &r->c;
    struct problem p = {
        .err = &c->err,
        .request_id = c->request_id,
        .current = c->shows_current ? buf_view(&c->x->out_body) : STR_NONE,
        .bad_token = r->has_bearer,
        .path = c->route ? c->route->path : NULL,
    };

    if (wants_page(r)) {
        page_failure(r);
        return;
    }
    if (c->x->out_fd < 0 && !c->commit_error && !c->shows_current)
        c->x->n_out = r->n_out_start; /* what a failed handler had set means nothing now */
    problem_write(c->x, &p);
}

static void put_ms(struct buf *b, int64_t us)
{
    buf_i64(b, us / 1000);
    buf_char(b, '.');
    for (int64_t rest = us % 1000, unit = 100; unit; unit /= 10)
        buf_char(b, (char)('0' + rest / unit % 10));
}

static void server_timing(const struct ctx *c)
{
    struct buf b = BUF_ARENA(c->a, TIMING_MAX);

    BUF_LIT(&b, "db;dur=");
    put_ms(&b, c->db_us);
    BUF_LIT(&b, ", total;dur=");
    put_ms(&b, clock_mono_us() - c->x->start_us);
    exchange_header_own(c->x, STR("server-timing"), buf_view(&b));
}

/* A cookie of a session that is over is taken back. */
static void clear_cookie(struct request *r)
{
    if (r->c.x->tls || r->live->secure)
        exchange_header(
            r->c.x, STR("set-cookie"),
            STR(COOKIE_SESSION_HOST "=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"));
    exchange_header(r->c.x, STR("set-cookie"),
                    STR(COOKIE_SESSION "=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
}

static bool sets_cookie(const struct exchange *x)
{
    for (size_t i = 0; i < x->n_out; i++) {
        if (str_eq(x->out[i].name, STR("set-cookie")))
            return true;
    }
    return false;
}

void answer_finish(struct request *r, enum rc rc)
{
    struct ctx *c = &r->c;
    struct exchange *x = c->x;

    if (rc == RC_OK && x->out_body.overflow)
        rc = err_fail(&c->err, "the answer is larger than its buffer");
    c->err.rc = rc;
    if (rc == RC_OK)
        success(r);
    else
        failure(r);
    json_decref(r->json);
    r->json = NULL;
    if (c->form)
        form_release(c->form);
    idempotency_end(r);
    exchange_header_own(x, STR("x-request-id"), c->request_id);
    ratelimit_headers(r);
    cors_headers(r);
    security_headers(x, r->live, c->who.type == ACTOR_USER);
    if (r->stale_cookie && !sets_cookie(x))
        clear_cookie(r);
    server_timing(c);
}
