/* Inside of the PostgreSQL driver: the connection (pg_conn.c), statements and rows (db_pg.c),
 * listening (notify.c). */
#ifndef STORE_PG_PRIV_H
#define STORE_PG_PRIV_H

#include "store/db_priv.h"

#include <libpq-fe.h>

enum { PG_SCRATCH = 8, PG_INT_TEXT = 24 };

/* The values of the running statement, as libpq wants them. */
struct pg_params {
    const char *p[DB_PARAMS_MAX];
    int n[DB_PARAMS_MAX], formats[DB_PARAMS_MAX];
    char nums[DB_PARAMS_MAX][PG_INT_TEXT];
};

struct pg_conn {
    PGconn *c;             /* NULL: not connected */
    uint64_t next_name;    /* of a prepared statement */
    int64_t retry_at_us;   /* no try to connect before */
    unsigned failures;     /* tries in a row that failed */
    char scratch[PG_SCRATCH][PG_INT_TEXT]; /* numbers read as text */
    unsigned scratch_at;
    struct pg_params params;
};

/* Connects to url within limit_ms; *out is the caller's (PQfinish). */
enum rc pg_connect(const char *url, int64_t limit_ms, PGconn **out, struct err *e) MUST_USE;
/* The next try after the n-th failure in a row, with jitter. */
int64_t pg_backoff_us(unsigned failures);
/* All results of what was sent, the last one or the first error is returned; NULL: the connection
 * is gone, or the server did not answer within limit_ms (0: any time) and was given up. */
PGresult *pg_collect(PGconn *c, int64_t limit_ms);

/* What a failed result means; res may be NULL. */
enum rc pg_fail(struct db *db, const PGresult *res, const char *sql, struct err *e);
/* Drops the connection; the next statement makes a new one. */
void pg_drop(struct db *db);

#endif
