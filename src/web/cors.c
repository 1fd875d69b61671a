/* CORS: exact origins; preflights are answered on the loop, without the database. */
#include "web/chain.h"
#include "web/live.h"

#define ALLOW_HEADERS                                                                              \
    "authorization, content-type, accept, x-csrf-token, x-request-id, idempotency-key, if-match, " \
    "if-none-match, api-version, last-event-id, range"
#define EXPOSE_HEADERS                                                                             \
    "etag, location, link, x-request-id, retry-after, ratelimit, ratelimit-policy, ratelimit-limit, " \
    "ratelimit-remaining, ratelimit-reset, idempotency-replayed, server-timing, api-version, "     \
    "content-disposition, content-range"

enum { PREFLIGHT_MAX_AGE_S = 600 };

enum rc cors_check(struct request *r, struct err *e)
{
    struct exchange *x = r->c.x;
    struct str origin = http_header_get(x, STR("origin"));

    (void)e;
    if (origin.p && (r->live->any_origin || live_origin_allowed(r->live, origin)))
        r->cors_origin = origin;
    r->preflight = x->method == HTTP_OPTIONS && origin.p
                   && http_header_get(x, STR("access-control-request-method")).p;
    return RC_OK;
}

void cors_headers(struct request *r)
{
    struct exchange *x = r->c.x;

    exchange_header_own(x, STR("vary"), STR("Origin, Accept"));
    if (!r->cors_origin.p)
        return;
    if (live_origin_allowed(r->live, r->cors_origin)) {
        exchange_header(x, STR("access-control-allow-origin"), r->cors_origin);
        exchange_header(x, STR("access-control-allow-credentials"), STR("true"));
    } else {
        exchange_header(x, STR("access-control-allow-origin"), STR("*"));
    }
    if (!r->preflight) {
        exchange_header(x, STR("access-control-expose-headers"), STR(EXPOSE_HEADERS));
        return;
    }
    exchange_header(x, STR("access-control-allow-methods"), dispatch_allow(r->match.allowed, x->arena));
    exchange_header(x, STR("access-control-allow-headers"), STR(ALLOW_HEADERS));
    exchange_header(x, STR("access-control-max-age"), str_printf(x->arena, "%d", PREFLIGHT_MAX_AGE_S));
}
