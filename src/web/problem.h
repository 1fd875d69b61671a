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
    const char *path;       /* of the route, with its {…}; NULL: no route */
};

/* Replaces status and body of x; adds Content-Type, Retry-After, WWW-Authenticate. */
void problem_write(struct exchange *x, const struct problem *p);
/* Where the things stood that a failure is about. */
struct problem_places {
    const char *path;    /* of the route: its {…} name the object; NULL: none */
    const char *object;  /* instead: where in the body the object was named */
    const char *version; /* the version that no longer holds */
};
/* "errors": each wrong value, or what in the request the whole failure is about. */
void problem_errors(struct jw *w, const struct err *e, const struct problem_places *at);

#endif
