/* The cookies of a login: the session's (out of reach of scripts) and the readable CSRF token. */
#ifndef WEB_COOKIES_H
#define WEB_COOKIES_H

#include "base/err.h"
#include "http/exchange.h"

struct cookie_rules {
    bool prefixed; /* "__Host-": browsers take these only over HTTPS */
    bool secure;
};
enum rc cookies_set(struct exchange *x, const struct cookie_rules *rules, struct str session,
                    struct str csrf, int64_t max_age_s) MUST_USE;
enum rc cookies_clear(struct exchange *x, const struct cookie_rules *rules) MUST_USE;

#endif
