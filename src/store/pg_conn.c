/* Connecting to PostgreSQL, waiting for it, and what its errors mean. */
#include "base/clock.h"
#include "base/enc.h"
#include "base/rand.h"
#include "store/pg_priv.h"

#include <poll.h>
#include <stdlib.h>

enum { BACKOFF_FIRST_US = 50 * 1000, BACKOFF_MAX_US = 1000 * 1000, URL_ARENA = 64 * 1024 };

/* ---- Waiting ---- */

/* False when the time is over. */
static bool wait_for(PGconn *c, short events, int64_t until_us)
{
    struct pollfd p = { .fd = PQsocket(c), .events = events };

    for (;;) {
        int64_t left = until_us - clock_mono_us();
        int ms = until_us == 0 ? -1 : left <= 0 ? 0 : (int)(left / US_PER_MS + 1);
        int got = poll(&p, 1, ms);

        if (got > 0)
            return true;
        if (got == 0 && ms >= 0)
            return false;
    }
}

PGresult *pg_collect(PGconn *c, int64_t limit_ms)
{
    int64_t until = limit_ms > 0 ? clock_mono_us() + limit_ms * US_PER_MS : 0;
    PGresult *kept = NULL, *res;

    for (;;) {
        while (PQisBusy(c)) {
            if (!wait_for(c, POLLIN, until) || !PQconsumeInput(c)) {
                PQclear(kept);
                return NULL;
            }
        }
        res = PQgetResult(c);
        if (!res)
            return kept;
        if (kept && PQresultStatus(kept) == PGRES_FATAL_ERROR) {
            PQclear(res);
            continue;
        }
        PQclear(kept);
        kept = res;
    }
}

int64_t pg_backoff_us(unsigned failures)
{
    int64_t us = BACKOFF_FIRST_US;

    for (unsigned i = 1; i < failures && us < BACKOFF_MAX_US; i++)
        us *= 2;
    if (us > BACKOFF_MAX_US)
        us = BACKOFF_MAX_US;
    return us / 2 + (int64_t)rand_below((uint64_t)us / 2 + 1);
}

/* ---- Connecting ---- */

static void no_notices(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

/* What an operator can mend is told apart; the rest is for the log. */
static const struct {
    const char *said, *words;
} reasons[] = {
    { "certificate verify failed", "The database's certificate was not signed by the authority of sslrootcert." },
    { "does not match host name", "The database's certificate is for another name than DATABASE_URL's." },
    { "root certificate file", "The file of sslrootcert, which would prove the database, cannot be read." },
    { "server does not support SSL", "The database does not speak TLS, which sslmode asks for." },
    { "no pg_hba.conf entry", "The database lets nobody in from here like this (pg_hba.conf)." },
    { "password authentication failed", "The database refuses the password of DATABASE_URL." },
};

static enum rc cannot_connect(PGconn *c, struct err *e)
{
    const char *words = "The database cannot be reached.";

    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        if (strstr(PQerrorMessage(c), reasons[i].said))
            words = reasons[i].words;
    err_set(e, RC_BUSY, "", "%s", words);
    snprintf(e->internal, sizeof(e->internal), "connect: %s", PQerrorMessage(c));
    PQfinish(c);
    return RC_BUSY;
}

/* One host of an address; NULL: the only one.  What the address says comes later and wins, the host last. */
static enum rc connect_one(const char *url, const char *host, const char *port, int64_t limit_ms, PGconn **out,
                           struct err *e)
{
    const char *const names[] = { "application_name", "keepalives_idle", "keepalives_interval", "keepalives_count",
                                  "tcp_user_timeout", "client_encoding", "target_session_attrs", "dbname",
                                  host ? "host" : NULL, "port", NULL };
    const char *const values[] = { "ticketing-system", "10", "3", "3", "10000", "UTF8", host ? "read-write" : "any", url,
                                   host, port, NULL };
    int64_t until = clock_mono_us() + limit_ms * US_PER_MS;
    PGconn *c = PQconnectStartParams(names, values, 1);
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;

    INVARIANT(c);
    PQsetNoticeProcessor(c, no_notices, NULL);
    if (PQstatus(c) == CONNECTION_BAD)
        return cannot_connect(c, e);
    while (state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED) {
        if (!wait_for(c, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, until))
            break;
        state = PQconnectPoll(c);
    }
    if (state != PGRES_POLLING_OK)
        return cannot_connect(c, e);
    *out = c;
    return RC_OK;
}

static struct str option(const PQconninfoOption *all, const char *name)
{
    for (const PQconninfoOption *o = all; o && o->keyword; o++)
        if (strcmp(o->keyword, name) == 0)
            return str_of(o->val);
    return STR("");
}

static bool is_here(struct str host)
{
    return host.n == 0 || host.p[0] == '/' || str_starts(host, STR("localhost")) || str_starts(host, STR("127."))
           || str_eq(host, STR("::1"));
}

struct str store_url_remote(struct str url, struct arena *a, struct str *sslmode)
{
    PQconninfoOption *all = str_starts(url, STR("sqlite:")) ? NULL : PQconninfoParse(str_z(url, a), NULL);
    struct str hosts = str_dup(option(all, "host"), a), host;

    *sslmode = str_dup(option(all, "sslmode"), a);
    if (sslmode->n == 0)
        *sslmode = STR("prefer");
    PQconninfoFree(all);
    while (hosts.p) {
        host = str_cut(&hosts, ',');
        if (!is_here(host))
            return host;
    }
    return STR("");
}

/* An address may name several hosts, of which one is the primary.  libpq would give all of the time to the
 * first one that does not answer, so each is asked by itself. */
enum rc pg_connect(const char *url, int64_t limit_ms, PGconn **out, struct err *e)
{
    struct arena *a CLEAN(arena_clean) = arena_new(URL_ARENA);
    PQconninfoOption *all = PQconninfoParse(url, NULL);
    struct str hosts = str_dup(option(all, "host"), a), ports = str_dup(option(all, "port"), a), port;
    enum rc rc = RC_BUSY;

    PQconninfoFree(all);
    if (str_chr(hosts, ',') == SIZE_MAX)
        return connect_one(url, NULL, NULL, limit_ms, out, e);
    port = ports;
    while (rc != RC_OK && hosts.p) {
        struct str host = str_cut(&hosts, ',');

        port = ports.p ? str_cut(&ports, ',') : port; /* one port may serve all */
        err_clear(e);
        rc = connect_one(url, str_z(host, a), str_z(port, a), limit_ms, out, e);
    }
    return rc;
}

size_t store_url_files(struct str url, struct arena *a, const char **out, size_t max)
{
    static const char *const names[] = { "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir", "passfile" };
    PQconninfoOption *all = str_starts(url, STR("sqlite:")) ? NULL : PQconninfoParse(str_z(url, a), NULL);
    size_t n = 0;

    for (PQconninfoOption *o = all; o && o->keyword; o++) {
        for (size_t i = 0; o->val && o->val[0] == '/' && i < ARRAY_LEN(names) && n < max; i++) {
            if (strcmp(o->keyword, names[i]) == 0)
                out[n++] = str_z(str_of(o->val), a);
        }
    }
    PQconninfoFree(all);
    return n;
}

static struct str option_of(const PQconninfoOption *all, const char *name, const char *otherwise, struct arena *a)
{
    for (const PQconninfoOption *o = all; o && o->keyword; o++)
        if (strcmp(o->keyword, name) == 0 && o->val && *o->val)
            return str_dup(str_of(o->val), a);
    return str_of(otherwise);
}

enum rc store_url_at(struct str url, const char *folder, struct arena *a, struct str *out, struct err *e)
{
    PQconninfoOption *all = PQconninfoParse(str_z(url, a), NULL);
    struct str user, name;

    if (!all)
        return err_set(e, RC_INVALID, "database_url", "%s", "DATABASE_URL cannot be read.");
    user = option_of(all, "user", "postgres", a);
    name = option_of(all, "dbname", user.p, a);
    PQconninfoFree(all);
    *out = str_printf(a, "postgres:///%.*s?user=%.*s&host=%.*s&port=5432&sslmode=disable", STR_ARG(enc_url(name, a)), STR_ARG(enc_url(user, a)),
                      STR_ARG(enc_url(str_of(folder), a)));
    return RC_OK;
}

void pg_drop(struct db *db)
{
    struct pg_conn *p = db->conn;

    PQfinish(p->c);
    p->c = NULL;
}

/* ---- Errors ---- */

enum { FLUSH = 1 };

static const struct code {
    char state[6];
    enum rc rc;
    const char *code, *detail;
    unsigned then;
} codes[] = {
    { "23505", RC_CONFLICT, "unique", "This value is already taken.", 0 },
    { "23503", RC_CONFLICT, "reference", "Something that this refers to is missing, or this is still in use.", 0 },
    { "23001", RC_CONFLICT, "reference", "Something that this refers to is missing, or this is still in use.", 0 },
    { "23514", RC_CONFLICT, "check", "This value is not allowed.", 0 },
    { "40001", RC_RETRY, "", "Somebody else changed this at the same time.", 0 },
    { "40P01", RC_RETRY, "", "Somebody else changed this at the same time.", 0 },
    { "57014", RC_BUSY, "", "The database took too long.", 0 },
    { "55P03", RC_BUSY, "", "The database is busy; try again.", 0 },
    { "53100", RC_FULL, "", "There is no space left.", 0 },
    { "53200", RC_BUSY, "", "The database is busy; try again.", 0 },
    { "53300", RC_BUSY, "", "The database is busy; try again.", 0 },
    /* The schema changed under a prepared statement; a pooler gave us another session. */
    { "0A000", RC_RETRY, "", "The database changed its schema.", FLUSH },
    { "26000", RC_RETRY, "", "The database forgot a statement.", FLUSH },
};

static bool is_commit(const char *sql)
{
    return strcmp(sql, "COMMIT") == 0;
}

/* Before a commit was sent nothing was done; after it nobody knows. */
static enum rc fail_lost(struct db *db, const char *sql, const char *why, struct err *e)
{
    bool uncertain = db->access == DB_WRITE
                     && (is_commit(sql) || (db->depth == 0 && strcmp(sql, "BEGIN") != 0));
    char words[160];

    snprintf(words, sizeof(words), "%s", why); /* why goes with the connection */
    pg_drop(db);
    if (uncertain)
        return err_fail(e, "connection lost: %s; %.60s", words, sql);
    err_set(e, RC_BUSY, "", "%s", "The database cannot be reached.");
    snprintf(e->internal, sizeof(e->internal), "connection lost: %s; %.60s", words, sql);
    return RC_BUSY;
}

static const struct code *code_find(const char *state)
{
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (strcmp(codes[i].state, state) == 0)
            return &codes[i];
    return NULL;
}

enum rc pg_fail(struct db *db, const PGresult *res, const char *sql, struct err *e)
{
    PGconn *c = ((struct pg_conn *)db->conn)->c;
    const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
    const char *words = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const struct code *k;

    if (!res || PQstatus(c) == CONNECTION_BAD)
        return fail_lost(db, sql, words ? words : PQerrorMessage(c), e);
    state = state ? state : "";
    words = words ? words : "";
    /* The primary became a standby: look for the new one. */
    if (strcmp(state, "25006") == 0 && db->access == DB_WRITE)
        return fail_lost(db, "BEGIN", words, e);
    k = code_find(state);
    if (!k)
        return err_fail(e, "postgres %s: %s; %.120s", state, words, sql);
    err_set(e, k->rc, k->code, "%s", k->detail);
    snprintf(e->internal, sizeof(e->internal), "postgres %s: %s; %.120s", state, words, sql);
    if (k->then & FLUSH)
        db_cache_flush(db);
    return k->rc;
}
