/* A request on its way through the chain: what handlers get.
 *
 * Lanes: loop → read lane (chain, prepare, reading handlers) → [slow lane: prepare of R_SLOW] →
 * [write lane: handle of R_WRITE] → loop.  One thread at a time holds a ctx. */
#ifndef WEB_CTX_H
#define WEB_CTX_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "desk/actor.h"
#include "http/exchange.h"
#include "store/db.h"
#include "web/route.h"

struct app;
struct form;

struct ctx {
    struct exchange *x;
    struct app *app;
    struct arena *a;            /* the exchange's */
    const struct route *route;
    struct str request_id;
    struct str params[ROUTE_PARAMS_MAX]; /* the path's {…}, in order, decoded */
    int64_t object_id;          /* for the log, where the path names the object otherwise than by its id */
    void *query;                /* as route->query says, or NULL */
    void *body;                 /* as route->body says, or NULL */
    struct form *form;          /* of pages: the fields sent, or the parameters of the address; else NULL */
    struct actor who;
    struct db *db;              /* this lane's connection; in R_WRITE handle(): inside a transaction */
    struct jw out;              /* the answer's JSON; reset before each run of handle(), as are x->n_out and commit_error */
    void *prepared;             /* prepare() may leave something for handle() here */
    bool commit_error;          /* handle() failed, but what it wrote is kept: a failed login counts */
    int status;                 /* starts as route->status; handlers may change it */
    int64_t version;            /* of the object in out, or 0: ctx_etag() */
    int64_t db_us, db_statements;
    bool shows_current;         /* handle() failed (RC_STALE), and out holds the object as it is now:
                                   the problem answer shows it as "current" */
    struct err err;             /* the e of all calls: the last one is the answer's. The last member,
                                   with its 11 KiB of field errors at the end: see request_new() */
};

/* JSON that lives until the answer goes: the request frees it. */
void ctx_keep_json(struct ctx *c, json_t *v);

/* Path parameter as an id; RC_NOT_FOUND when it is not a positive integer. */
enum rc ctx_id(struct ctx *c, size_t param, int64_t *id, struct err *e) MUST_USE;
/* Path parameter {id} of a ticket, "17" or "number:10017": its id; of an unknown number an id that no
 * ticket has, so that all goes as with one that the caller may not see.  No rights checked. */
enum rc ctx_ticket_id(struct ctx *c, size_t param, int64_t *id, struct err *e) MUST_USE;
/* If-Match: 0 when absent or "*"; RC_BAD when it is not one of our ETags ("v17", "v17.5f3…"). */
enum rc ctx_if_match(struct ctx *c, int64_t *version, struct err *e) MUST_USE;
/* The answer is one object of this version.  Its ETag is "v17.5f3…": the version for If-Match, and a mark
 * of the whole body for If-None-Match, because an object shows names whose changes its version does not
 * count.  ctx_etag_write() adds the header when the body is there; the chain does. */
void ctx_etag(struct ctx *c, int64_t version);
void ctx_etag_write(struct ctx *c);
void ctx_location(struct ctx *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Lists.  The query spec must hold CTX_LIST_FIELDS; the cursor is signed and carries sort and filter.
 *     struct ctx_page p;
 *     TRY(ctx_page_begin(c, &p, filter_text, e));     // reads limit, after, sort; opens {"data":[
 *     … ask for p.limit + 1 rows behind p.key …
 *     for each row up to p.limit: ctx_page_item(c, &p, key1, key2) then write the object
 *     ctx_page_end(c, &p, more);                      // closes, writes page{} and the Link header  */
struct ctx_page {
    int64_t limit;
    bool has_key;          /* continue behind this key */
    int64_t key;           /* the sort value (integer sorts), */
    struct str key_text;   /* or text sorts */
    int64_t key_id;        /* and the id that breaks ties */
    bool backward;         /* towards page.prev */
    const char *sort;      /* name, one of the allowed ones */
    bool descending;
    struct str filter;
    size_t n;
    int64_t first_key, first_id, last_key, last_id;
    struct str included;   /* JSON of what include= asked for; p == NULL: none */
    bool has_count;        /* count=exact: how many there are on all pages */
    int64_t count;
    struct str first_text, last_text;
};
struct ctx_sorts {
    const char *const *names; /* NULL-terminated; the first is the default */
    bool default_descending;
};
struct ctx_list_query {       /* the first member of each list route's query struct */
    struct j_int limit;
    struct j_text after, sort;
};
extern const struct jfield ctx_list_fields[3]; /* copies for the tables: see CTX_LIST_FIELDS */
#define CTX_LIST_FIELDS                                                                            \
    { "limit", J_INT, 0, 1, 200, 0, NULL, NULL, offsetof(struct ctx_list_query, limit),            \
      "Rows of a page, 1 to 200; 50 unless told." },                                               \
    { "after", J_TEXT, 0, 1, 1024, 0, NULL, NULL, offsetof(struct ctx_list_query, after),          \
      "Cursor from page.next or page.prev of the answer before." },                                \
    { "sort", J_TEXT, 0, 1, 64, 0, NULL, NULL, offsetof(struct ctx_list_query, sort),              \
      "Sort by this field; a minus in front turns the order round." }
enum rc ctx_page_begin(struct ctx *c, const struct ctx_list_query *q, const struct ctx_sorts *sorts,
                       struct str filter, struct ctx_page *p, struct err *e) MUST_USE;
/* For answers that are not only a list: reads limit, after, sort, writes nothing; and the cursor behind the
 * last item, which goes into the Link header too (forward only). */
enum rc ctx_page_read(struct ctx *c, const struct ctx_list_query *q, const struct ctx_sorts *sorts,
                      struct str filter, struct ctx_page *p, struct err *e) MUST_USE;
struct str ctx_page_next(struct ctx *c, const struct ctx_page *p);
void ctx_page_item(struct ctx *c, struct ctx_page *p, int64_t key, struct str key_text, int64_t id);
void ctx_page_end(struct ctx *c, struct ctx_page *p, bool more);
/* A whole list of records that is at hand, sorted by the id that each record begins with. */
struct ctx_records {
    const void *v;
    size_t n, size;
    void (*write)(struct ctx *c, const void *item);
};
enum rc ctx_page_records(struct ctx *c, const struct ctx_records *list, struct err *e) MUST_USE;
/* The page{} of a list that always comes whole. */
void ctx_page_whole(struct ctx *c);

#endif
