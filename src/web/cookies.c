#include "web/cookies.h"

#include "web/credentials.h"

static enum rc set_one(struct exchange *x, bool secure, const char *name, struct str value,
                       int64_t max_age_s)
{
    return exchange_header(x, STR("set-cookie"),
                           str_printf(x->arena, "%s=%.*s; Path=/; Max-Age=%lld; SameSite=Lax%s%s", name,
                                      STR_ARG(value), (long long)max_age_s,
                                      secure ? "; Secure" : "",
                                      str_eq(str_of(name), STR(COOKIE_CSRF)) ? "" : "; HttpOnly"));
}

enum rc cookies_set(struct exchange *x, bool secure, struct str session, struct str csrf,
                    int64_t max_age_s)
{
    TRY(set_one(x, secure, secure ? COOKIE_SESSION_HOST : COOKIE_SESSION, session, max_age_s));
    return set_one(x, secure, COOKIE_CSRF, csrf, max_age_s);
}

enum rc cookies_clear(struct exchange *x, bool secure)
{
    return cookies_set(x, secure, STR(""), STR(""), 0);
}
