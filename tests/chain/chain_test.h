/* Whole requests through the chain without a socket, on the engine that TEST_DATABASE_URL names.
 *
 *     struct chain *ch = chain_open();
 *     struct answer *an = chain_send(ch, (struct ask){ .method = HTTP_GET, .target = "/api/v1/me",
 *                                                      .bearer = chain_agent(ch) });
 *     assert_int_equal(an->status, 200);
 *     assert_str_eq(answer_text(an, "/data/0/name"), "Ann");
 *     chain_close(&ch);
 *
 * Everything an answer holds lives until chain_close().  chain_send() may be called by several
 * threads at once; the rest by one. */
#ifndef TESTS_CHAIN_TEST_H
#define TESTS_CHAIN_TEST_H

#include "test.h"

#include "desk/actor.h"
#include "http/exchange.h"
#include "store/db.h"
#include "web/app.h"

#include <jansson.h>
#include <pthread.h>

struct chain {
    struct app *app;
    struct config *cfg;
    struct arena *a;
    unsigned n_people;
    int64_t fail_in;     /* the n-th statement of the next request's writes (or reads) fails */
    bool fail_reads;
    bool armed;          /* since chain_send() began a failure waited on the writer */
    bool sweeps;         /* CHAIN_SWEEP: what chain_send() sends meets each failure of a statement first */
    pthread_t opener;    /* requests of other threads do not: fail_in is one for all */
    bool refuse_writes;  /* the first statement of each write answers RC_BUSY */
    struct str tables[128], rows_sql[128]; /* of chain_checksum() */
    size_t n_tables;
    struct answer *answers; /* all of them; their JSON is freed at the end */
};

struct chain *chain_open(void); /* a fresh migrated database; limits out of the way */
/* With settings of one's own, NULL-terminated "NAME=value" (they win). */
struct chain *chain_open_with(const char *const *settings);
void chain_close(struct chain **ch);

/* Adds routes of the test's own. */
struct route_table;
void chain_routes(struct chain *ch, const struct route_table *table);

/* One request.  Zero means absent, method 0 is GET. */
struct ask {
    enum http_method method;
    const char *target;        /* "/api/v1/tickets?limit=5" */
    const char *json;          /* body with Content-Type: application/json */
    const char *body, *type;   /* or any body and its type (NULL: none) */
    size_t body_n;             /* of body; 0: strlen */
    const char *bearer, *cookie, *csrf, *origin, *idempotency_key, *if_match;
    const char *headers[16];   /* further ones: name (lower case), value, … */
    const char *peer;          /* "203.0.113.9"; else 127.0.0.1 */
    const char *host;          /* else localhost:8080 */
    bool tls;
};

struct answer {
    int status;
    struct str body;
    json_t *json;              /* NULL when the body is none */
    const struct http_header *headers;
    size_t n_headers;
    bool is_sound;             /* no JSON, or JSON that reads */
    int64_t statements;        /* that the request ran */
    struct answer *next;       /* chain.answers */
};
struct answer *chain_send(struct chain *ch, struct ask q);

/* Value of an answer header, p == NULL when absent. */
struct str answer_header(const struct answer *an, const char *name);
/* By JSON pointer; fails the test when it is not there or of another type. */
json_t *answer_at(const struct answer *an, const char *pointer); /* NULL when absent */
struct str answer_text(const struct answer *an, const char *pointer);
int64_t answer_int(const struct answer *an, const char *pointer);

/* Checks that the answer is a sound problem of this status and (unless NULL) code. */
void assert_problem(const struct answer *an, int status, const char *code);
/* … and that one of its errors has this pointer. */
void assert_problem_field(const struct answer *an, const char *pointer);

/* People.  Role ids: 1 admin, 2 agent, 3 customer.  Each call makes a new one. */
int64_t chain_user(struct chain *ch, int64_t role_id);
/* An API token of this user with all (perms -1) or some of his permissions. */
const char *chain_token(struct chain *ch, int64_t user_id, int64_t perms, bool read_only);
const char *chain_admin(struct chain *ch); /* a new user's token */
const char *chain_agent(struct chain *ch);
const char *chain_customer(struct chain *ch);
/* A session of this user: the value for ask.cookie ("session_id=…") and the CSRF token. */
struct chain_session {
    const char *cookie, *csrf;
    int64_t id;
} chain_session(struct chain *ch, int64_t user_id);
/* Runs one statement (test data). */
#define chain_exec(ch, sql, args) chain_exec_((ch), "" sql, sizeof(sql) - 1, (args))
void chain_exec_(struct chain *ch, const char *sql, size_t n, struct db_args args);
#define chain_int(ch, sql, args) chain_int_((ch), "" sql, sizeof(sql) - 1, (args))
int64_t chain_int_(struct chain *ch, const char *sql, size_t n, struct db_args args);

/* SHA-256 over all rows of all tables (in hex); ignores when somebody was last seen. */
struct str chain_checksum(struct chain *ch);
/* Fails each statement of the request in turn, those of its reads and those of its write, and checks
 * that each failure is a 5xx problem, left all tables alone and was not swallowed.  Returns the answer
 * of the first run that met none. */
struct answer *chain_fail_each(struct chain *ch, struct ask q);

#endif
