/* The error handler: every failure becomes application/problem+json (RFC 9457).  Any thread. */
#ifndef WEB_PROBLEM_H
#define WEB_PROBLEM_H

#include "base/err.h"
#include "http/exchange.h"

struct jw;

struct problem {
    const struct err *err;  /* its rc decides the status */
    struct str request_id;
    struct str current;     /* JSON of the object as it is now, or empty */
    bool bad_token;         /* 401: the client sent a token, and it is no good */
};

/* Replaces status and body of x; adds Content-Type, Retry-After, WWW-Authenticate. */
void problem_write(struct exchange *x, const struct problem *p);
/* "errors": each wrong value.  version_at: where the version stood that no longer holds. */
void problem_errors(struct jw *w, const struct err *e, const char *version_at);

#endif
