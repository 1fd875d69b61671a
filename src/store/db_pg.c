/* The PostgreSQL driver: prepared statements, binary parameters and results. */
#include "base/clock.h"
#include "store/pg_priv.h"

#include <endian.h>
#include <stdlib.h>

/* Built-in types, as numbered in pg_type.dat. */
enum {
    OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25,
    OID_FLOAT4 = 700, OID_FLOAT8 = 701, OID_VARCHAR = 1043, OID_NUMERIC = 1700,
};
/* The server stops a statement itself; when it does not even do that, it is gone. */
enum { GRACE_MS = 1500, IDLE_TX_MS = 60000 };

struct pg_stmt {
    char name[24];
    size_t n;
    Oid types[];
};

static struct pg_conn *conn(const struct db *db)
{
    return db->conn;
}

static int64_t limit_ms(const struct db *db)
{
    return db->limit_ms > 0 ? db->limit_ms + GRACE_MS : 0;
}

/* ---- Connecting ---- */

/* With the default of random_page_cost (a spinning disk's) PostgreSQL reads the whole of a small table
 * and hashes it for the sake of one row, and keeps that plan; an administrator's own value stays. */
#define CHEAP_PAGES                                                                                \
    "SELECT set_config('random_page_cost', '1.1', false) WHERE current_setting('random_page_cost') = '4';"

static enum rc session(struct db *db, struct err *e)
{
    char sql[512];
    PGresult *res = NULL;
    enum rc rc = RC_OK;

    snprintf(sql, sizeof(sql),
             CHEAP_PAGES "SET statement_timeout = %lld; SET lock_timeout = %lld; SET idle_in_transaction_session_timeout = %d;"
             "SET default_transaction_read_only = %s; SET TimeZone = 'UTC'",
             (long long)db->limit_ms, (long long)db->limit_ms, IDLE_TX_MS, db->access == DB_READ ? "on" : "off");
    if (PQsendQuery(conn(db)->c, sql))
        res = pg_collect(conn(db)->c, db->store->opts.connect_ms + GRACE_MS);
    if (PQresultStatus(res) != PGRES_COMMAND_OK)
        rc = pg_fail(db, res, "BEGIN", e);
    PQclear(res);
    return rc;
}

static enum rc ready(struct db *db, struct err *e)
{
    struct pg_conn *p = conn(db);

    if (!p) {
        p = db->conn = calloc(1, sizeof(*p));
        INVARIANT(p);
    }
    if (p->c && PQstatus(p->c) == CONNECTION_OK)
        return RC_OK;
    pg_drop(db);
    if (p->failures > 0 && clock_mono_us() < p->retry_at_us)
        return err_set(e, RC_BUSY, "", "%s", "The database cannot be reached.");
    db_cache_flush(db);
    if (p->next_name > 0)
        db->store->reconnects++;
    if (pg_connect(db->store->url_z, db->store->opts.connect_ms, &p->c, e) != RC_OK || session(db, e) != RC_OK) {
        pg_drop(db); /* a session without its settings is none */
        p->failures++;
        p->retry_at_us = clock_mono_us() + pg_backoff_us(p->failures);
        return e->rc;
    }
    p->failures = 0;
    return RC_OK;
}

static void close_conn(struct db *db)
{
    if (!db->conn)
        return;
    pg_drop(db);
    free(db->conn);
    db->conn = NULL;
}

static bool in_tx(const struct db *db)
{
    PGTransactionStatusType st = conn(db) && conn(db)->c ? PQtransactionStatus(conn(db)->c) : PQTRANS_UNKNOWN;

    return st == PQTRANS_INTRANS || st == PQTRANS_INERROR || st == PQTRANS_ACTIVE;
}

/* ---- Statements ---- */

static Oid type_of(const struct db_val *v)
{
    static const Oid types[] = { [DB_T_NULL] = 0, [DB_T_INT] = OID_INT8, [DB_T_TEXT] = OID_TEXT, [DB_T_BLOB] = OID_BYTEA };

    return types[v->type];
}

/* What the server made of the parameters whose type no value told. */
static enum rc describe(struct db *db, struct db_stmt *st, struct err *e)
{
    struct pg_stmt *ps = st->h;
    PGresult *res = NULL;
    enum rc rc = RC_OK;

    if (PQsendDescribePrepared(conn(db)->c, ps->name))
        res = pg_collect(conn(db)->c, limit_ms(db));
    if (PQresultStatus(res) != PGRES_COMMAND_OK)
        rc = pg_fail(db, res, st->text, e);
    else
        for (size_t i = 0; i < ps->n && i < (size_t)PQnparams(res); i++)
            ps->types[i] = PQparamtype(res, (int)i);
    PQclear(res);
    return rc;
}

static enum rc prepare(struct db *db, struct db_stmt *st, struct db_args args, struct err *e)
{
    struct pg_stmt *ps = calloc(1, sizeof(*ps) + args.n * sizeof(Oid));
    PGresult *res = NULL;
    bool open = false;
    enum rc rc = RC_OK;

    INVARIANT(ps);
    st->h = ps;
    ps->n = args.n;
    snprintf(ps->name, sizeof(ps->name), "s%llu", (unsigned long long)++conn(db)->next_name);
    for (size_t i = 0; i < args.n; i++) {
        ps->types[i] = type_of(&args.v[i]);
        open = open || ps->types[i] == 0;
    }
    if (PQsendPrepare(conn(db)->c, ps->name, st->text, (int)args.n, ps->types))
        res = pg_collect(conn(db)->c, limit_ms(db));
    if (PQresultStatus(res) != PGRES_COMMAND_OK)
        rc = pg_fail(db, res, st->text, e);
    PQclear(res);
    return rc == RC_OK && open ? describe(db, st, e) : rc;
}

/* The server's half of a dropped statement: sent with the connection's next words is not possible
 * in libpq 15, and a round trip here is rare (the cache is larger than what a program says). */
static void finalize(struct db *db, struct db_stmt *st)
{
    struct pg_stmt *ps = st->h;
    struct pg_conn *p = conn(db);
    char sql[48];

    if (ps && p && p->c && PQstatus(p->c) == CONNECTION_OK && PQtransactionStatus(p->c) != PQTRANS_INERROR) {
        snprintf(sql, sizeof(sql), "DEALLOCATE %s", ps->name);
        if (PQsendQuery(p->c, sql))
            PQclear(pg_collect(p->c, limit_ms(db)));
    }
    free(ps);
    st->h = NULL;
}

/* ---- Values going in ---- */

/* An integer as the type that the server expects; 0: it does not fit. */
static int put_int(char *to, int64_t v, Oid type)
{
    uint64_t u8 = htobe64((uint64_t)v);

    switch (type) {
    case OID_INT8:
        memcpy(to, &u8, 8); /* ANALYZER-OK: set above; GCC 12 loses it in the copy */
        return 8;
    case OID_INT4:
        memcpy(to, (char *)&u8 + 4, 4);
        return v == (int32_t)v ? 4 : 0;
    case OID_INT2:
        memcpy(to, (char *)&u8 + 6, 2);
        return v == (int16_t)v ? 2 : 0;
    case OID_BOOL:
        to[0] = (char)v;
        return v == 0 || v == 1;
    case OID_TEXT:
    case OID_VARCHAR:
        return snprintf(to, PG_INT_TEXT, "%lld", (long long)v);
    default:
        return 0;
    }
}

static bool put(struct pg_params *l, size_t i, const struct db_val *v, Oid type)
{
    l->formats[i] = 1;
    l->p[i] = NULL;
    l->n[i] = 0;
    if (v->type == DB_T_INT) {
        l->p[i] = l->nums[i];
        l->n[i] = put_int(l->nums[i], v->i, type);
        return l->n[i] > 0;
    }
    if (v->type != DB_T_NULL && v->s.p) {
        l->p[i] = v->s.p;
        l->n[i] = (int)v->s.n;
        return v->s.n <= INT32_MAX;
    }
    return true;
}

/* *sent: it is on its way, or libpq holds it back for what follows. */
static enum rc send_off(struct db *db, const struct db_stmt *st, struct db_args args, bool *sent, struct err *e)
{
    const struct pg_stmt *ps = st->h;
    struct pg_params *l = &conn(db)->params;

    if (ps->n != args.n)
        return err_fail(e, "%zu values for: %.120s", args.n, st->text);
    for (size_t i = 0; i < args.n; i++)
        if (!put(l, i, &args.v[i], ps->types[i]))
            return err_fail(e, "value %zu does not fit its type: %.120s", i + 1, st->text);
    *sent = PQsendQueryPrepared(conn(db)->c, ps->name, (int)args.n, l->p, l->n, l->formats, 1) == 1;
    return RC_OK;
}

static enum rc take_result(struct db *db, struct db_rows *r, PGresult *res, struct err *e)
{
    ExecStatusType got = PQresultStatus(res);

    r->res = res;
    r->row = -1;
    r->n_rows = PQntuples(res);
    if (got == PGRES_TUPLES_OK)
        return RC_OK;
    if (got != PGRES_COMMAND_OK)
        return pg_fail(db, res, r->st->text, e);
    /* COMMIT of a transaction in which a statement had failed is answered by this, not by an error. */
    if (strcmp(r->st->text, "COMMIT") == 0 && strcmp(PQcmdStatus(res), "COMMIT") != 0)
        return err_fail(e, "%s", "commit of a failed transaction");
    return RC_OK;
}

static enum rc run(struct db *db, struct db_rows *r, struct db_args args, struct err *e)
{
    bool sent = false;

    TRY(send_off(db, r->st, args, &sent, e));
    return take_result(db, r, sent ? pg_collect(conn(db)->c, limit_ms(db)) : NULL, e);
}

/* The results of a pipeline: each is followed by nothing, the last one says that all is done. */
static enum rc collect_both(struct db *db, struct db_rows *r, struct db_ahead *ah, struct err *e)
{
    PGconn *c = conn(db)->c;
    PGresult *first = pg_collect(c, limit_ms(db)), *second = first ? pg_collect(c, limit_ms(db)) : NULL;
    PGresult *end = second ? pg_collect(c, limit_ms(db)) : NULL;
    bool is_whole = PQresultStatus(end) == PGRES_PIPELINE_SYNC && PQexitPipelineMode(c);

    PQclear(end);
    if (!is_whole) { /* what comes next on it would answer something else */
        PQclear(first);
        first = NULL;
    }
    if (first && PQresultStatus(second) == PGRES_TUPLES_OK) {
        ah->rows.res = second;
        ah->rows.row = -1;
        ah->rows.n_rows = PQntuples(second);
    } else {
        PQclear(second);
    }
    return take_result(db, r, first, e);
}

static enum rc run_both(struct db *db, struct db_rows *r, struct db_args args, struct db_ahead *ah, struct err *e)
{
    const struct db_args more = { ah->v, ah->n };
    PGconn *c = conn(db)->c;
    bool sent = false;

    if (!PQenterPipelineMode(c))
        return run(db, r, args, e);
    if (send_off(db, r->st, args, &sent, e) != RC_OK) {
        PQexitPipelineMode(c); /* nothing is under way */
        return e->rc;
    }
    err_clear(&db->undo_err);
    if (!sent || send_off(db, ah->rows.st, more, &sent, &db->undo_err) != RC_OK || !sent || !PQpipelineSync(c))
        return take_result(db, r, NULL, e);
    return collect_both(db, r, ah, e);
}

/* ---- Values coming out ---- */

/* r->row: -1 before the first row. */
static bool next(struct db_rows *r, struct err *e)
{
    (void)e;
    if (r->row + 1 >= r->n_rows) {
        r->row = r->n_rows;
        return false;
    }
    r->row++;
    return true;
}

static void reset(struct db_rows *r)
{
    PQclear(r->res);
}

static int64_t changed(const struct db_rows *r)
{
    int64_t n = 0;

    (void)str_i64(str_of(PQcmdTuples(r->res)), 0, INT64_MAX, &n);
    return n;
}

static int64_t get_be(const unsigned char *p, int n)
{
    uint64_t v = n > 0 && p[0] & 0x80 ? UINT64_MAX : 0;

    for (int i = 0; i < n; i++)
        v = v << 8 | p[i];
    return (int64_t)v;
}

static int64_t get_float(const unsigned char *p, int n)
{
    uint64_t bits = (uint64_t)get_be(p, n);
    uint32_t low = (uint32_t)bits;
    double d;
    float f;

    memcpy(&f, &low, sizeof(f));
    memcpy(&d, &bits, sizeof(d)); /* ANALYZER-OK: set above; GCC 12 loses it in the copy */
    d = n == 4 ? (double)f : d;
    return d >= -9e18 && d <= 9e18 ? (int64_t)d : 0;
}

/* numeric, as sum() of bigint gives it: digits to the base 10,000; the fraction is dropped. */
static int64_t get_numeric(const unsigned char *p, int n)
{
    int64_t v = 0, digits = get_be(p, 2), weight = get_be(p + 2, 2);

    for (int64_t i = 0; i <= weight; i++) {
        int64_t digit = i < digits && 8 + 2 * i + 2 <= n ? get_be(p + 8 + 2 * i, 2) : 0;

        if (__builtin_mul_overflow(v, 10000, &v) || __builtin_add_overflow(v, digit, &v))
            return 0;
    }
    return get_be(p + 4, 2) ? -v : v;
}

static int64_t col_int(const struct db_rows *r, int col)
{
    const unsigned char *p = (const unsigned char *)PQgetvalue(r->res, r->row, col);
    int n = PQgetlength(r->res, r->row, col);
    int64_t v = 0;

    if (PQgetisnull(r->res, r->row, col))
        return 0;
    switch (PQftype(r->res, col)) {
    case OID_INT8:
    case OID_INT4:
    case OID_INT2:
        return get_be(p, n);
    case OID_BOOL:
        return p[0] != 0;
    case OID_FLOAT4:
    case OID_FLOAT8:
        return get_float(p, n);
    case OID_NUMERIC:
        return get_numeric(p, n);
    default:
        (void)str_i64((struct str){ (const char *)p, (size_t)n }, INT64_MIN, INT64_MAX, &v);
        return v;
    }
}

static bool col_null(const struct db_rows *r, int col)
{
    return PQgetisnull(r->res, r->row, col);
}

static struct str col_view(const struct db_rows *r, int col)
{
    struct pg_conn *p = conn(r->db);
    char *text;

    if (PQgetisnull(r->res, r->row, col))
        return STR_NONE;
    switch (PQftype(r->res, col)) {
    case OID_INT8:
    case OID_INT4:
    case OID_INT2:
    case OID_BOOL:
    case OID_NUMERIC:
        text = p->scratch[p->scratch_at++ % PG_SCRATCH];
        return (struct str){ text, (size_t)snprintf(text, PG_INT_TEXT, "%lld", (long long)col_int(r, col)) };
    default:
        return (struct str){ PQgetvalue(r->res, r->row, col), (size_t)PQgetlength(r->res, r->row, col) };
    }
}

static enum rc script(struct db *db, const char *z, struct err *e)
{
    PGresult *res = NULL;
    ExecStatusType got;
    enum rc rc = RC_OK;

    if (PQsendQuery(conn(db)->c, z))
        res = pg_collect(conn(db)->c, limit_ms(db));
    got = PQresultStatus(res);
    if (got != PGRES_COMMAND_OK && got != PGRES_TUPLES_OK && got != PGRES_EMPTY_QUERY)
        rc = pg_fail(db, res, z, e);
    PQclear(res);
    return rc;
}

static bool is_gone(const struct db *db)
{
    return !conn(db) || !conn(db)->c;
}

const struct db_driver db_pg_driver = {
    .kind = DB_POSTGRES, .ready = ready, .prepare = prepare, .finalize = finalize, .run = run, .run_both = run_both,
    .next = next, .reset = reset, .changed = changed, .col_int = col_int, .col_null = col_null,
    .col_view = col_view, .script = script, .in_tx = in_tx, .is_gone = is_gone,
    .close = close_conn,
};
