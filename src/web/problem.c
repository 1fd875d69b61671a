#include "web/problem.h"

#include "base/json.h"
#include "web/refusal.h"

enum { RETRY_AFTER_S = 2 };

static const struct {
    enum rc rc;
    const char *detail;
} details[] = {
    { RC_UNAUTH, "Log in, or send a valid access token." },
    { RC_DENIED, "You are not allowed to do this." },
    { RC_NOT_FOUND, "There is nothing here, or it is not yours to see." },
    { RC_METHOD, "This address does not know this method; see the Allow header." },
    { RC_TOO_BIG, "The request is larger than allowed here." },
    { RC_LIMITED, "Too many requests; try again after the time in Retry-After." },
    { RC_BUSY, "The server cannot take this now; try again after the time in Retry-After." },
    { RC_FULL, "The server has no room left; nothing was changed." },
    { RC_FAIL, "Something went wrong on our side; the request id finds it in the log." },
};

static struct str detail_of(const struct err *e)
{
    if (e->detail[0])
        return str_of(e->detail);
    for (size_t i = 0; i < ARRAY_LEN(details); i++) {
        if (details[i].rc == e->rc)
            return str_of(details[i].detail);
    }
    return str_of(rc_title(e->rc));
}

static void write_field(struct jw *w, const struct err_field *f)
{
    jw_obj(w);
    jw_kv_text(w, "pointer", str_of(f->pointer));
    jw_kv_text(w, "code", str_of(f->code));
    jw_kv_text(w, "detail", str_of(f->detail));
    if (f->allowed[0])
        jw_kv_text(w, "allowed", str_of(f->allowed));
    jw_obj_end(w);
}

/* The failure as a whole, told of one part of the request. */
static void write_refusal(struct jw *w, const struct err *e, struct str pointer, const char *allowed)
{
    jw_obj(w);
    jw_kv_text(w, "pointer", pointer);
    jw_kv_text(w, "code", str_of(e->code[0] ? e->code : rc_code(e->rc)));
    jw_kv_text(w, "detail", detail_of(e));
    jw_kv_text(w, "allowed", str_of(allowed));
    jw_obj_end(w);
}

/* Each {…} of the path, since what failed may be either; "path" without any. */
static void write_of_path(struct jw *w, const struct err *e, const char *path, const char *allowed)
{
    struct str rest = str_of(path);
    size_t n = 0;

    while (rest.p) {
        struct str part = str_cut(&rest, '/');

        if (part.n < 3 || part.p[0] != '{')
            continue;
        write_refusal(w, e, str_sub(part, 1, part.n - 2), allowed);
        n++;
    }
    if (!n)
        write_refusal(w, e, STR("path"), allowed);
}

static void write_unnamed(struct jw *w, const struct err *e, const struct problem_places *at)
{
    const struct refusal *r = refusal_of(e);

    if (e->rc == RC_STALE)
        write_refusal(w, e, str_of(at->version), "the version of an answer to a new GET");
    else if (r && r->pointer)
        write_refusal(w, e, str_of(r->pointer), r->allowed);
    else if (r && at->object)
        write_refusal(w, e, str_of(at->object), r->allowed);
    else if (r)
        write_of_path(w, e, at->path ? at->path : "", r->allowed);
}

void problem_errors(struct jw *w, const struct err *e, const struct problem_places *at)
{
    jw_key(w, "errors");
    jw_arr(w);
    for (size_t i = 0; i < e->n_fields; i++)
        write_field(w, &e->fields[i]);
    if (!e->n_fields)
        write_unnamed(w, e, at);
    jw_arr_end(w);
}

static void problem_headers(struct exchange *x, const struct problem *p)
{
    enum rc rc = p->err->rc;

    exchange_header(x, STR("content-type"), STR("application/problem+json"));
    if (rc == RC_UNAUTH)
        exchange_header(x, STR("www-authenticate"),
                        p->bad_token ? STR("Bearer realm=\"ticketing-system\", error=\"invalid_token\"")
                                     : STR("Bearer realm=\"ticketing-system\""));
    if (rc == RC_LIMITED || rc == RC_BUSY || rc == RC_FULL || p->err->retry_after_s > 0)
        exchange_header(x, STR("retry-after"),
                        str_printf(x->arena, "%d", p->err->retry_after_s > 0 ? p->err->retry_after_s
                                                                             : RETRY_AFTER_S));
}

void problem_write(struct exchange *x, const struct problem *p)
{
    const struct err *e = p->err;
    struct str code = str_of(e->code[0] ? e->code : rc_code(e->rc));
    struct str current = str_dup(p->current, x->arena); /* it may stand in the buffer we write to */
    struct jw w = jw_to(&x->out_body);

    x->status = rc_status(e->rc);
    x->out_body.n = 0;
    x->out_body.overflow = false;
    x->out_static = STR_NONE;
    x->is_stream = false;
    problem_headers(x, p);
    jw_obj(&w);
    jw_kv_text(&w, "type", str_printf(x->arena, "/api/docs#problem-%.*s", STR_ARG(code)));
    jw_kv_text(&w, "title", str_of(rc_title(e->rc)));
    jw_kv_int(&w, "status", x->status);
    jw_kv_text(&w, "detail", detail_of(e));
    jw_kv_text(&w, "instance", x->path.p ? x->path : STR(""));
    jw_kv_text(&w, "code", code);
    jw_kv_text(&w, "request_id", p->request_id);
    problem_errors(&w, e, &(struct problem_places){ .path = p->path, .version = "If-Match" });
    if (current.n > 0) {
        jw_key(&w, "current");
        jw_raw(&w, current);
    }
    jw_obj_end(&w);
}
