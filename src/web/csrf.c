/* Cross-site request forgery: a browser sends the session cookie whoever made it ask, so an unsafe
 * request with the cookie must come from our own pages (or an allowed origin) and know the token. */
#include "web/csrf.h"

#include "base/arena.h"
#include "base/enc.h"
#include "base/rand.h"
#include "desk/auth.h"
#include "web/chain.h"
#include "web/form.h"
#include "web/live.h"

enum { MASKED_MAX = 512 };

struct str csrf_mask(struct str token, struct arena *a)
{
    char *both = arena_alloc(a, 2 * token.n + 1);

    rand_bytes(both, token.n);
    for (size_t i = 0; i < token.n; i++)
        both[token.n + i] = (char)(both[i] ^ token.p[i]);
    return enc_base64url((struct str){ both, 2 * token.n }, a);
}

struct str csrf_unmask(struct str masked, struct arena *a)
{
    struct str both;
    char *token;

    if (masked.n == 0 || masked.n > MASKED_MAX || !dec_base64url(masked, a, &both) || both.n == 0 || both.n % 2)
        return STR_NONE;
    token = arena_alloc(a, both.n / 2 + 1);
    for (size_t i = 0; i < both.n / 2; i++)
        token[i] = (char)(both.p[i] ^ both.p[both.n / 2 + i]);
    return (struct str){ token, both.n / 2 };
}

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

/* The forms of pages are guarded whatever the setting says: each page writes its own token. */
static enum rc check_page(struct request *r, struct err *e)
{
    const struct actor *who = &r->c.who;
    struct str token;

    TRY(check_origin(r, e));
    if ((r->c.route->flags & R_NO_CSRF) || who->type != ACTOR_USER || !who->by_cookie)
        return RC_OK;
    token = csrf_unmask(form_get(r->c.form, FORM_CSRF), r->c.a);
    if (token.p && auth_csrf_is(r->c.app->auth, who->session_id, token, r->c.a))
        return RC_OK;
    return err_set(e, RC_DENIED, "form_expired", "The form was made for another session.");
}

enum rc csrf_check(struct request *r, struct err *e)
{
    const struct actor *who = &r->c.who;
    struct str token = http_header_get(r->c.x, STR("x-csrf-token"));

    if ((r->c.route->flags & R_PAGE) && http_is_unsafe(r->c.x->method))
        return check_page(r, e);
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
