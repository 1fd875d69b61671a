/* Cross-site request forgery: a browser sends the session cookie whoever made it ask, so an unsafe
 * request with the cookie must come from our own pages (or an allowed origin) and know the token. */
#include "desk/auth.h"
#include "web/chain.h"
#include "web/live.h"

static enum rc refuse(struct err *e, const char *header, const char *allowed, const char *why)
{
    err_field(e, header, "csrf", allowed, "this does not prove that a page of ours asks");
    return err_set(e, RC_DENIED, "csrf", "%s", why);
}

/* The origin is this very host: what stands behind "://" is the Host. */
static bool origin_is_own(const struct exchange *x, struct str origin)
{
    size_t at = str_find(origin, STR("://"));

    return at != SIZE_MAX && str_ieq(str_sub(origin, at + 3, origin.n), x->host);
}

static enum rc check_origin(const struct request *r, struct err *e)
{
    const struct exchange *x = r->c.x;
    struct str origin = http_header_get(x, STR("origin")), site = http_header_get(x, STR("sec-fetch-site"));

    if (origin.p)
        return origin_is_own(x, origin) || live_origin_allowed(r->live, origin)
                   ? RC_OK
                   : refuse(e, "Origin", "this server's own, or one of ALLOWED_ORIGINS",
                            "The request comes from a page of another origin.");
    if (site.p && !str_eq(site, STR("same-origin")) && !str_eq(site, STR("none")))
        return refuse(e, "Sec-Fetch-Site", "same-origin, none", "The request comes from a page of another site.");
    return RC_OK;
}

enum rc csrf_check(struct request *r, struct err *e)
{
    const struct actor *who = &r->c.who;
    struct str token = http_header_get(r->c.x, STR("x-csrf-token"));

    if (!r->live->csrf || !http_is_unsafe(r->c.x->method))
        return RC_OK;
    if (r->c.route->flags & R_NO_CSRF)
        return check_origin(r, e);
    if (who->type != ACTOR_USER || !who->by_cookie)
        return RC_OK;
    TRY(check_origin(r, e));
    if (!token.p || !auth_csrf_is(r->c.app->auth, who->session_id, token, r->c.a))
        return refuse(e, "X-CSRF-Token", "the token of your session, from GET /api/v1/auth/csrf",
                      "The X-CSRF-Token header must hold the token of your session (GET /api/v1/auth/csrf).");
    return RC_OK;
}
