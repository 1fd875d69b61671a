/* Opening the database, connections, ping. */
#include "store/store.h"

#include "base/clock.h"
#include "store/db_priv.h"

#include <stdlib.h>
#include <unistd.h>

enum { BATCH_MAX = 64, QUEUE_CAP = 1024, WRITERS = 4, STATEMENT_MS = 10000, CONNECT_MS = 1000 };

static pthread_once_t init_once = PTHREAD_ONCE_INIT;

/* "sqlite:///relative.db" and "sqlite:////absolute/path.db". */
static enum rc url_read(struct store *s, struct str url, struct err *e)
{
    static const struct {
        struct str prefix;
        enum db_kind kind;
    } kinds[] = { { { "sqlite:///", 10 }, DB_SQLITE },
                  { { "postgres://", 11 }, DB_POSTGRES },
                  { { "postgresql://", 13 }, DB_POSTGRES } };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!str_starts(url, kinds[i].prefix) || url.n == kinds[i].prefix.n)
            continue;
        s->kind = kinds[i].kind;
        if (s->kind == DB_SQLITE) {
            s->path = strndup(url.p + kinds[i].prefix.n, url.n - kinds[i].prefix.n);
            INVARIANT(s->path);
        }
        return RC_OK;
    }
    return err_set(e, RC_INVALID, "database_url", "%s",
                   "The database address must be sqlite:///path or postgres://….");
}

static void defaults(struct store_opts *o)
{
    o->writers = o->writers ? o->writers : WRITERS;
    o->queue_cap = o->queue_cap ? o->queue_cap : QUEUE_CAP;
    o->batch_max = o->batch_max ? o->batch_max : BATCH_MAX;
    o->connect_ms = o->connect_ms ? o->connect_ms : CONNECT_MS;
    o->statement_ms = o->statement_ms ? o->statement_ms : STATEMENT_MS;
}

enum rc store_open(const struct store_opts *o, struct store **out, struct err *e)
{
    struct store *s = calloc(1, sizeof(*s));

    INVARIANT(s);
    pthread_once(&init_once, db_sqlite_init);
    pthread_mutex_init(&s->ping_lock, NULL);
    checkpoint_init(&s->checkpointer, s);
    stmt_stats_init(&s->stmts);
    s->opts = *o;
    defaults(&s->opts);
    s->url_z = strndup(o->url.p ? o->url.p : "", o->url.n);
    INVARIANT(s->url_z);
    s->opts.url = str_of(s->url_z);
    s->trace_fd = trace_open(o->trace_path);
    if (url_read(s, o->url, e) != RC_OK || writer_new(s, &s->writer, e) != RC_OK) {
        enum rc rc = e->rc;

        store_close(&s);
        return rc;
    }
    *out = s;
    return RC_OK;
}

void store_close(struct store **sp)
{
    struct store *s = *sp;

    if (!s)
        return;
    writer_free(&s->writer);
    checkpoint_release(&s->checkpointer);
    listener_free(&s->listener);
    db_close(&s->ping);
    pthread_mutex_destroy(&s->ping_lock);
    stmt_stats_release(&s->stmts);
    if (s->trace_fd >= 0)
        close(s->trace_fd);
    free(s->path);
    free(s->url_z);
    free(s);
    *sp = NULL;
}

enum rc store_connect(struct store *s, enum db_access access, struct db **out, struct err *e)
{
    struct db *db = db_new(s, s->kind == DB_SQLITE ? &db_sqlite_driver : &db_pg_driver, access);

    if (access == DB_READ)
        s->readers++;
    if (s->kind == DB_SQLITE && db->drv->ready(db, e) != RC_OK) {
        db_close(&db);
        return e->rc;
    }
    *out = db;
    return RC_OK;
}

enum db_kind store_kind(const struct store *s)
{
    return s->kind;
}

struct str store_path(const struct store *s)
{
    return str_of(s->path);
}

static enum rc ping(struct store *s, int64_t *latency_us, struct err *e)
{
    int64_t began, one;

    if (!s->ping)
        TRY(store_connect(s, DB_READ, &s->ping, e));
    began = clock_mono_us();
    if (s->kind == DB_SQLITE)
        TRY(db_query_int(s->ping, "SELECT count(*) FROM sqlite_schema WHERE rowid = 1", DB_NO_ARGS, &one, e));
    else
        TRY(db_query_int(s->ping, "SELECT CAST(1 AS BIGINT)", DB_NO_ARGS, &one, e));
    *latency_us = clock_mono_us() - began;
    return RC_OK;
}

enum rc store_ping(struct store *s, int64_t *latency_us, struct err *e)
{
    enum rc rc;

    pthread_mutex_lock(&s->ping_lock);
    rc = ping(s, latency_us, e);
    pthread_mutex_unlock(&s->ping_lock);
    return rc;
}

bool store_submit(struct store *s, struct write_job *j)
{
    return !s->opts.read_only && writer_push(s->writer, j);
}

struct blocking {
    struct write_job job;
    enum rc (*fn)(struct db *db, void *arg, struct err *e);
    void *arg;
    pthread_mutex_t lock; /* guards is_done and rc */
    pthread_cond_t cond;
    bool is_done;
    enum rc rc;
};

static enum rc blocking_run(struct write_job *j, struct db *db, struct err *e)
{
    struct blocking *b = (struct blocking *)j;

    return b->fn(db, b->arg, e);
}

static void blocking_done(struct write_job *j, enum rc rc)
{
    struct blocking *b = (struct blocking *)j;

    pthread_mutex_lock(&b->lock);
    b->rc = rc;
    b->is_done = true;
    pthread_cond_signal(&b->cond);
    pthread_mutex_unlock(&b->lock);
}

static enum rc blocking_wait(struct store *s, struct blocking *b, struct err *e)
{
    INVARIANT(!writer_is_self(s->writer));
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->cond, NULL);
    if (!store_submit(s, &b->job)) {
        b->rc = err_set(e, RC_BUSY, "", "%s", "Too many changes are waiting; try again.");
    } else {
        pthread_mutex_lock(&b->lock);
        while (!b->is_done)
            pthread_cond_wait(&b->cond, &b->lock);
        pthread_mutex_unlock(&b->lock);
    }
    pthread_cond_destroy(&b->cond);
    pthread_mutex_destroy(&b->lock);
    return b->rc;
}

enum rc store_write(struct store *s, enum rc (*fn)(struct db *db, void *arg, struct err *e), void *arg,
                    struct err *e)
{
    struct blocking b = { .job = { .run = blocking_run, .done = blocking_done, .err = e },
                          .fn = fn, .arg = arg };

    return blocking_wait(s, &b, e);
}

struct between {
    void (*fn)(void *arg);
    void *arg;
};

static enum rc between_run(struct db *db, void *arg, struct err *e)
{
    struct between *b = arg;

    (void)db, (void)e;
    b->fn(b->arg);
    return RC_OK;
}

void store_between_commits(struct store *s, void (*fn)(void *arg), void *arg)
{
    struct between work = { fn, arg };
    struct err e = { 0 };
    struct blocking b = { .job = { .run = blocking_run, .done = blocking_done, .err = &e, .apart = true },
                          .fn = between_run, .arg = &work };

    (void)blocking_wait(s, &b, &e);
}

void store_own_checkpoints(struct store *s, void (*grown)(void *arg, int frames), void *arg)
{
    checkpoint_own(&s->checkpointer, grown, arg);
}

void store_stats(struct store *s, struct store_stats *out)
{
    *out = (struct store_stats){ .readers = (size_t)s->readers, .reconnects = s->reconnects, .errors = s->errors };
    writer_stats(s->writer, out);
}

size_t store_statements(struct store *s, struct store_statement *out, size_t cap)
{
    size_t n = s->stmts.n < cap ? s->stmts.n : cap;

    for (size_t i = 0; i < n; i++)
        out[i] = (struct store_statement){ s->stmts.v[i].label, s->stmts.v[i].calls, s->stmts.v[i].time_us };
    return n;
}

enum rc store_tidy(struct store *s, struct err *e)
{
    struct db *db CLEAN(db_close) = NULL;

    if (store_kind(s) != DB_SQLITE)
        return RC_OK;
    TRY(store_connect(s, DB_WRITE, &db, e));
    TRY(db_exec(db, "PRAGMA optimize", DB_NO_ARGS, NULL, e));
    if (checkpoint_is_owned(&s->checkpointer))
        return RC_OK;
    return db_exec(db, "PRAGMA wal_checkpoint(PASSIVE)", DB_NO_ARGS, NULL, e);
}
