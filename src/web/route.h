/* Routes are data: one table drives dispatch, permissions, limits, validation, the OpenAPI document
 * and the test that each route refuses the wrong caller. */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "base/err.h"
#include "base/jspec.h"
#include "http/exchange.h"

struct ctx;

typedef enum rc (*handler_fn)(struct ctx *c, struct err *e);

enum route_flags {
    R_PUBLIC = 1 << 0,    /* no login needed (the actor is set all the same when there is one) */
    R_WRITE = 1 << 1,     /* handle() runs on the write lane, inside a transaction; may be rerun */
    R_SLOW = 1 << 2,      /* prepare(), and handle() of what only reads, run on the slow lane (passwords, reports) */
    R_RAW_BODY = 1 << 3,  /* any content type; spooled (c->x->body or body_fd) */
    R_STREAM = 1 << 4,    /* keeps the connection (server-sent events) */
    R_NO_CSRF = 1 << 5,   /* no session yet: login, register (Origin is checked all the same) */
    R_NO_RATE = 1 << 6,   /* health, metrics */
    R_QUIET = 1 << 7,     /* logged at debug level only */
    R_ON_LOOP = 1 << 8,   /* answered on the loop thread: no database, never blocks */
    R_LIST = 1 << 9,      /* the answer is {"data":[answer…],"page":{…}} */
    R_EMPTY = 1 << 10,    /* 204, no body */
    R_NO_IDEMPOTENCY = 1 << 11, /* the answer must not be stored (it holds tokens) */
    R_HIDDEN = 1 << 12,   /* not part of the API document: health, assets */
    R_FOR_WRITE_TOKENS_TOO = 1 << 13, /* an unsafe method that read-only tokens may use */
    R_LATER = 1 << 14,    /* may also answer 202 with the same members: it goes on as a job */
    R_PAGE = 1 << 15,     /* a page of the portal: takes a form (c->form), answers and fails as HTML */
    R_PARTS = 1 << 16,    /* the answer is a file, of which Range asks for a part */
};

enum route_bucket { BUCKET_API, BUCKET_LOGIN, BUCKET_REGISTER, BUCKET_RESET, BUCKET_FORM, BUCKET_TOKEN, BUCKET_COUNT_ };

enum { ROUTE_PARAMS_MAX = 4 };

struct route {
    enum http_method method;
    const char *path;             /* "/api/v1/tickets/{id}/messages/{message_id}" */
    const char *op;               /* operationId, unique: "ticket_messages_list" */
    const char *tag;              /* section of the API document: "Tickets" */
    const char *summary;          /* one sentence */
    handler_fn prepare;           /* read or slow lane, read connection, before handle(); may be NULL */
    handler_fn handle;
    unsigned flags;
    int64_t perm;                 /* any of these bits suffices; 0: any logged-in user (or R_PUBLIC) */
    const struct jspec *query;    /* NULL: no query parameters */
    const struct jspec *body;     /* NULL: no body */
    const struct jspec *answer;   /* one object, or the items of a list */
    int status;                   /* of success: 200, 201, 202, 204 */
    size_t max_body;              /* 0: the setting's */
    enum route_bucket bucket;
    void (*ahead)(const struct ctx *c); /* before it is known who asks: what handle() will read first (db_ask_ahead()) */
    handler_fn again;             /* of a page's form that was refused: shows it again, filled (web/page_hooks.h) */
};

struct route_table {
    const struct route *routes;
    size_t n;
};
/* Every part's table is listed in web/routes.c:
 *     extern const struct route_table routes_tickets;   (web/api_tickets.c)            */

#endif
