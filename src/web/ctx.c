#include "web/ctx.h"

#include "store/ticket_numbers.h"
#include "web/chain.h"

#include <stdarg.h>
#include <stdio.h>

enum { LOCATION_MAX = 256 };

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
    if (!str_i64(str_sub(v, 2, v.n - 3), 1, INT64_MAX, version))
        return bad_match(e);
    return RC_OK;
}

void ctx_etag(struct ctx *c, int64_t version)
{
    exchange_header(c->x, STR("etag"), str_printf(c->a, "\"v%lld\"", (long long)version));
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
