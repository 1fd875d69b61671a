/* Security headers, on every answer.  A header that the handler set itself stays. */
#include "web/chain.h"
#include "web/live.h"

#define TEXT(lit) { lit, sizeof(lit) - 1 } /* a constant, where STR() is none */

static const struct {
    struct str name, value;
} fixed[] = {
    { TEXT("content-security-policy"), TEXT("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'") },
    { TEXT("x-content-type-options"), TEXT("nosniff") },
    { TEXT("x-frame-options"), TEXT("DENY") },
    { TEXT("referrer-policy"), TEXT("no-referrer") },
    { TEXT("permissions-policy"), TEXT("camera=(), geolocation=(), microphone=(), payment=(), usb=()") },
    { TEXT("cross-origin-opener-policy"), TEXT("same-origin") },
    { TEXT("cross-origin-resource-policy"), TEXT("same-origin") },
};

static bool is_set(const struct exchange *x, struct str name)
{
    for (size_t i = 0; i < x->n_out; i++) {
        if (str_eq(x->out[i].name, name))
            return true;
    }
    return false;
}

void security_headers(struct exchange *x, const struct web_live *live, bool authenticated)
{
    bool unsafe = x->method != HTTP_GET && x->method != HTTP_HEAD; /* a login's answer holds tokens */

    for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
        if (!is_set(x, fixed[i].name))
            exchange_header_own(x, fixed[i].name, fixed[i].value);
    }
    if (x->tls || live->secure)
        exchange_header_own(x, STR("strict-transport-security"), STR("max-age=63072000; includeSubDomains"));
    if (!is_set(x, STR("cache-control")) && (authenticated || unsafe || x->status >= 400))
        exchange_header_own(x, STR("cache-control"), STR("no-store"));
}
