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

enum rc cookies_set(struct exchange *x, const struct cookie_rules *rules, struct str session,
                    struct str csrf, int64_t max_age_s)
{
    const char *name = rules->prefixed ? COOKIE_SESSION_HOST : COOKIE_SESSION;

    TRY(set_one(x, rules->secure, name, session, max_age_s));
    return set_one(x, rules->secure, COOKIE_CSRF, csrf, max_age_s);
}

enum rc cookies_clear(struct exchange *x, const struct cookie_rules *rules)
{
    return cookies_set(x, rules, STR(""), STR(""), 0);
}
