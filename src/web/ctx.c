#include "web/ctx.h"

#include "store/ticket_numbers.h"
#include "web/chain.h"

#include <stdarg.h>
#include <stdio.h>

enum { LOCATION_MAX = 256 };

void ctx_keep_json(struct ctx *c, json_t *v)
{
    struct request *r = request_of_ctx(c);

    json_decref(r->json);
    r->json = v;
}

static enum rc absent(struct err *e)
{
    return err_set(e, RC_NOT_FOUND, "", "%s", "");
}

enum rc ctx_id(struct ctx *c, size_t param, int64_t *id, struct err *e)
{
    if (param >= ROUTE_PARAMS_MAX || !str_i64(c->params[param], 1, INT64_MAX, id))
        return absent(e);
    return RC_OK;
}

enum rc ctx_ticket_id(struct ctx *c, size_t param, int64_t *id, struct err *e)
{
    struct str prefix = STR("number:"), text = c->params[param];
    enum rc rc;

    if (!str_starts(text, prefix))
        return ctx_id(c, param, id, e);
    text = str_sub(text, prefix.n, text.n);
    rc = text.n ? ticket_numbers_find(c->db, text, id, e) : RC_NOT_FOUND;
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    *id = INT64_MAX; /* no ticket's: from here on all goes as with a foreign one */
    return RC_OK;
}

static enum rc bad_match(struct err *e)
{
    err_field(e, "If-Match", "format", "an ETag of ours, or *", "this is no ETag of ours");
    return err_set(e, RC_BAD, "bad_if_match",
                   "If-Match must be the ETag of an answer before, like \"v17\".");
}

enum rc ctx_if_match(struct ctx *c, int64_t *version, struct err *e)
{
    struct str v = http_header_get(c->x, STR("if-match"));

    *version = 0;
    if (!v.p)
        return RC_OK;
    v = str_trim(v);
    if (str_eq(v, STR("*"))) /* whatever it is now */
        return RC_OK;
    if (str_starts(v, STR("W/")))
        v = str_sub(v, 2, v.n);
    if (v.n < 4 || !str_starts(v, STR("\"v")) || !str_ends(v, STR("\"")))
        return bad_match(e);
    v = str_sub(v, 2, v.n - 3);
    if (!str_i64(str_cut(&v, '.'), 1, INT64_MAX, version))
        return bad_match(e);
    return RC_OK;
}

void ctx_etag(struct ctx *c, int64_t version)
{
    c->version = version;
}

/* Not for secrecy: who finds a collision shows himself an old name.  Four lanes, because each step of
 * one waits for the step before. */
static uint64_t body_mark(struct str body)
{
    enum { LANES = 4 };
    uint64_t h[LANES] = { body.n, 1, 2, 3 };
    size_t i = 0;

    for (; body.n - i >= sizeof(h); i += sizeof(h)) {
        uint64_t words[LANES];

        memcpy(words, body.p + i, sizeof(words));
        for (size_t k = 0; k < LANES; k++) {
            h[k] = (h[k] ^ words[k]) * UINT64_C(0x9e3779b97f4a7c15);
            h[k] ^= h[k] >> 32;
        }
    }
    for (; i < body.n; i++)
        h[i % LANES] = (h[i % LANES] ^ (unsigned char)body.p[i]) * UINT64_C(1099511628211);
    for (size_t k = 1; k < LANES; k++)
        h[0] = (h[0] ^ h[k] ^ h[0] >> 29) * UINT64_C(0x9e3779b97f4a7c15);
    return h[0] ^ h[0] >> 32;
}

void ctx_etag_write(struct ctx *c)
{
    if (c->version && c->x->out_body.n)
        exchange_header(c->x, STR("etag"),
                        str_printf(c->a, "\"v%lld.%llx\"", (long long)c->version,
                                   (unsigned long long)body_mark(buf_view(&c->x->out_body))));
}

void ctx_location(struct ctx *c, const char *fmt, ...)
{
    char text[LOCATION_MAX];
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    INVARIANT(n >= 0 && n < LOCATION_MAX);
    exchange_header(c->x, STR("location"), str_dup((struct str){ text, (size_t)n }, c->a));
}
