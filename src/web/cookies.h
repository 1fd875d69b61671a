/* The cookies of a login: the session's (out of reach of scripts) and the readable CSRF token. */
#ifndef WEB_COOKIES_H
#define WEB_COOKIES_H

#include "base/err.h"
#include "http/exchange.h"

/* secure: "__Host-" names and Secure, as a browser takes them from a secure origin only. */
enum rc cookies_set(struct exchange *x, bool secure, struct str session, struct str csrf,
                    int64_t max_age_s) MUST_USE;
enum rc cookies_clear(struct exchange *x, bool secure) MUST_USE;

#endif
