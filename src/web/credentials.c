#include "web/credentials.h"

struct str cookie_get(struct str header, struct str name)
{
    struct str found = STR_NONE;
    bool twice = false;

    while (header.p) {
        struct str pair = str_trim(str_cut(&header, ';'));
        struct str key = str_cut(&pair, '=');

        if (!pair.p || !str_eq(key, name))
            continue;
        twice = found.p != NULL;
        if (twice)
            break;
        found = pair;
    }
    if (twice)
        return STR_NONE;
    if (found.n >= 2 && found.p[0] == '"' && found.p[found.n - 1] == '"')
        found = str_sub(found, 1, found.n - 2);
    return found;
}

/* HTTP/2 may send several Cookie fields; one that names the cookie again makes it ambiguous. */
static struct str cookie_of(const struct exchange *x, struct str name)
{
    struct str found = STR_NONE;

    for (size_t i = 0; i < x->n_headers; i++) {
        struct str value;

        if (!str_eq(x->headers[i].name, STR("cookie")))
            continue;
        value = cookie_get(x->headers[i].value, name);
        if (value.p && found.p)
            return STR_NONE;
        if (value.p)
            found = value;
    }
    return found;
}

void credentials_read(const struct exchange *x, bool prefixed, struct credentials *cr)
{
    struct str authorization = http_header_get(x, STR("authorization"));
    struct str scheme = STR("bearer ");

    cr->bearer = cr->cookie = STR_NONE;
    cr->bad_authorization = false;
    if (authorization.p && str_istarts(authorization, scheme)) {
        cr->bearer = str_trim(str_sub(authorization, scheme.n, authorization.n));
        cr->bad_authorization = cr->bearer.n == 0;
    } else if (authorization.p) {
        cr->bad_authorization = true;
    }
    cr->cookie = cookie_of(x, prefixed ? STR(COOKIE_SESSION_HOST) : STR(COOKIE_SESSION));
}
