/* One request on its way through the chain, and the stages it passes, in this order:
 *
 *   on the loop, when the headers are there   error handler (answer.c, problem.c), request log
 *     (request_log.c), metrics, security headers (security.c), CORS (cors.c), rate limit
 *     (ratelimit.c), the form of the input (input.c)
 *   on a read lane, when the body is there    the body's form (input.c), session (session.c), API
 *     version (version.c), CSRF (csrf.c), authentication (authentication.c), permission (permit.c),
 *     the input's fields (input.c), idempotency (idempotency.c), handler
 *
 * The input's fields come after the permission, so that who may not call is told only that.
 * A stage returns RC_OK to go on; anything else ends the request with a problem answer.  Stages of
 * the loop must not block.  A request belongs to one thread at a time. */
#ifndef WEB_CHAIN_H
#define WEB_CHAIN_H

#include "store/store.h"
#include "web/app.h"
#include "web/ctx.h"
#include "web/dispatch.h"

struct web_live;

/* What a bucket had left: for the RateLimit headers. */
struct rate_answer {
    const char *policy; /* NULL: no bucket was asked */
    int64_t limit, remaining, reset_s;
};

/* An Idempotency-Key in use. */
struct idem {
    struct idem *next;          /* in struct inflight, while held */
    bool held, replayed;
    struct str key_hash, request_hash; /* key_hash.p NULL: no key was sent */
};

struct request {
    struct write_job write;
    enum rc write_rc;           /* what handle() said in the last run */
    const struct web_live *live; /* the settings when the request came */
    struct addr client;
    struct dispatch_match match;
    struct rate_answer rate;
    struct str cors_origin;     /* to be echoed; p NULL: none */
    bool preflight;
    bool has_bearer, stale_cookie;
    json_t *json;               /* the body, freed before the answer goes */
    struct idem idem;
    size_t n_out_start;         /* headers that were there before handle() */
    enum rc failed;             /* of a page: why it is shown again, or why its error is */
    bool is_shown;              /* and that is in the answer */
    struct ctx c;               /* the last member: see request_new() */
};

static inline struct request *request_of_write(struct write_job *j)
{
    return (struct request *)(void *)((char *)j - offsetof(struct request, write));
}

static inline struct request *request_of_ctx(struct ctx *c)
{
    return (struct request *)(void *)((char *)c - offsetof(struct request, c));
}

typedef enum rc (*stage_fn)(struct request *r, struct err *e);

/* On the loop. */
enum rc cors_check(struct request *r, struct err *e);
enum rc host_check(struct request *r, struct err *e) MUST_USE;
enum rc ratelimit_check(struct request *r, struct err *e);
enum rc input_headers(struct request *r, struct err *e);
/* On a lane, in c->db. */
enum rc input_form(struct request *r, struct err *e);
enum rc session_load(struct request *r, struct err *e);
enum rc version_check(struct request *r, struct err *e);
enum rc csrf_check(struct request *r, struct err *e);
enum rc authentication_check(struct request *r, struct err *e);
enum rc permit_check(struct request *r, struct err *e);
enum rc ratelimit_token(struct request *r, struct err *e);
enum rc input_fields(struct request *r, struct err *e);
enum rc idempotency_begin(struct request *r, struct err *e);

/* Inside the write transaction: replays a stored answer (idem.replayed), or keeps a new one. */
enum rc idempotency_take(struct request *r, struct db *db, struct err *e) MUST_USE;
enum rc idempotency_keep(struct request *r, struct db *db, struct err *e) MUST_USE;
void idempotency_end(struct request *r);
struct inflight *inflight_new(void);
void inflight_free(struct inflight **f);

/* The end of the chain, once a request, when rc of its stages is known: status, body and headers; the request is no longer ours then. */
void answer_finish(struct request *r, enum rc rc);
/* Answer headers, when the answer is there.  r may be NULL: http/ refused the request. */
void security_headers(struct exchange *x, const struct web_live *live, bool authenticated);
void cors_headers(struct request *r);
void ratelimit_headers(struct request *r);

/* One line, one count a request, when its last byte has gone. r may be NULL. */
void request_log(const struct exchange *x, const struct request *r, uint64_t bytes, bool complete);

bool http_is_unsafe(enum http_method m); /* may change something */

#endif
