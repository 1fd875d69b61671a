/* The write lane: one queue; behind it one thread with group commit (SQLite), or a few threads
 * with one transaction a job (PostgreSQL). */
#include "base/clock.h"
#include "base/rand.h"
#include "store/db_priv.h"

#include <stdlib.h>
#include <time.h>

enum {
    BATCH_US = 4000,
    BATCH_US_MAX = 50000,
    RETRY_US = 2000,      /* the first pause before a job runs again; it doubles … */
    RETRY_DOUBLINGS = 5,  /* … so often */
    RETRIES_BESIDE = 3,   /* then the job runs without the others of this process beside it */
    RETRY_FOR_US = 10 * 1000 * 1000,
};

struct writer_thread {
    pthread_t id;
    bool started;
    struct writer *w;
    struct db *db;           /* owner */
    struct write_job **jobs; /* owner; the batch, store->opts.batch_max */
    enum rc *rcs;            /* owner; what became of each */
    int64_t commit_us;       /* what the last commit took */
};

struct writer {
    struct store *store;
    pthread_mutex_t lock; /* guards the queue, closing and stats */
    pthread_cond_t cond;
    struct write_job *first, **last;
    size_t waiting;
    bool closing;
    struct store_stats stats;
    pthread_rwlock_t beside; /* PostgreSQL: shared by jobs that run beside each other */
    size_t n_threads;
    struct writer_thread *threads; /* owner */
};

/* ---- The queue ---- */

bool writer_push(struct writer *w, struct write_job *j)
{
    bool taken;

    INVARIANT(j->run && j->done && j->err);
    j->next = NULL;
    j->db_us = 0;
    j->queued_us = clock_mono_us();
    pthread_mutex_lock(&w->lock);
    taken = !w->closing && w->waiting < w->store->opts.queue_cap;
    if (taken) {
        *w->last = j;
        w->last = &j->next;
        w->waiting++;
        pthread_cond_signal(&w->cond);
    } else {
        w->stats.refused++;
    }
    pthread_mutex_unlock(&w->lock);
    return taken;
}

/* The next job; NULL when there is none (wait: when the lane has closed), or when the next one must
 * not run inside the batch at hand (no wait). */
static struct write_job *pop(struct writer *w, bool wait)
{
    struct write_job *j;

    pthread_mutex_lock(&w->lock);
    while (wait && !w->first && !w->closing)
        pthread_cond_wait(&w->cond, &w->lock);
    j = w->first && (wait || !w->first->apart) ? w->first : NULL;
    if (j) {
        w->first = j->next;
        if (!w->first)
            w->last = &w->first;
        w->waiting--;
        w->stats.jobs++;
        w->stats.wait_us_total += clock_mono_us() - j->queued_us;
    }
    pthread_mutex_unlock(&w->lock);
    return j;
}

static void count(struct writer *w, int64_t commits, int64_t retries)
{
    pthread_mutex_lock(&w->lock);
    w->stats.commits += commits;
    w->stats.retries += retries;
    pthread_mutex_unlock(&w->lock);
}

/* ---- One job ---- */

/* In a transaction of its own, or in a savepoint of the batch.  A job that fails leaves nothing
 * behind. */
static enum rc job_run(struct write_job *j, struct db *db)
{
    struct db_tx tx CLEAN(db_tx_end) = { 0 };
    int64_t before = db->time_us;
    enum rc rc;

    err_clear(j->err);
    TRY(db_tx_begin(db, &tx, j->err));
    rc = j->run(j, db, j->err);
    if (rc == RC_OK)
        rc = db_tx_commit(&tx, j->err);
    j->db_us += db->time_us - before;
    return rc;
}

/* ---- SQLite: group commit ---- */

/* On a slow disk a short batch would spend its life in commits: work gets as long as they take. */
static int64_t batch_us(const struct writer_thread *t)
{
    int64_t us = t->commit_us > BATCH_US ? t->commit_us : BATCH_US;

    return us < BATCH_US_MAX ? us : BATCH_US_MAX;
}

/* Takes jobs into the open transaction until the queue is empty, the batch full or its time over.
 * Returns how many were taken; *lost when the last one took the transaction with it. */
static size_t batch_fill(struct writer_thread *t, struct write_job *first, bool *lost)
{
    size_t n = 0, max = t->w->store->opts.batch_max;
    int64_t until = clock_mono_us() + batch_us(t);

    for (struct write_job *j = first; j; j = n < max && clock_mono_us() < until ? pop(t->w, false) : NULL) {
        t->jobs[n] = j;
        t->rcs[n++] = job_run(j, t->db);
        *lost = t->db->lost != RC_OK;
        if (*lost)
            break;
    }
    return n;
}

static void fail_all(struct writer_thread *t, size_t n, enum rc rc, const struct err *why)
{
    for (size_t i = 0; i < n; i++) {
        if (t->rcs[i] != RC_OK)
            continue;
        t->rcs[i] = rc;
        *t->jobs[i]->err = *why;
    }
}

/* The engine rolled back the whole batch under job n - 1 (disk full, time-out): those before it
 * run again, each for itself. */
static void batch_again(struct writer_thread *t, size_t n)
{
    count(t->w, 0, (int64_t)n - 1);
    for (size_t i = 0; i + 1 < n; i++)
        t->rcs[i] = job_run(t->jobs[i], t->db);
}

static size_t batch_run(struct writer_thread *t, struct write_job *first)
{
    struct db_tx tx CLEAN(db_tx_end) = { 0 };
    struct err e = { 0 };
    bool lost = false;
    enum rc rc;
    size_t n;

    rc = db_tx_begin(t->db, &tx, &e);
    if (rc != RC_OK) {
        t->jobs[0] = first;
        t->rcs[0] = RC_OK;
        fail_all(t, 1, rc, &e);
        return 1;
    }
    n = batch_fill(t, first, &lost);
    if (lost) {
        db_tx_end(&tx);
        batch_again(t, n);
        return n;
    }
    t->commit_us = -clock_mono_us();
    rc = db_tx_commit(&tx, &e);
    t->commit_us += clock_mono_us();
    if (rc == RC_OK)
        count(t->w, 1, 0);
    else
        fail_all(t, n, rc, &e);
    return n;
}

/* What wants no transaction. */
static size_t apart_run(struct writer_thread *t, struct write_job *j)
{
    t->jobs[0] = j;
    t->rcs[0] = j->run(j, t->db, j->err);
    return 1;
}

static void *sqlite_main(void *arg)
{
    struct writer_thread *t = arg;
    struct write_job *first;

    while ((first = pop(t->w, true))) {
        size_t n = first->apart ? apart_run(t, first) : batch_run(t, first);

        for (size_t i = 0; i < n; i++)
            t->jobs[i]->done(t->jobs[i], t->rcs[i]);
    }
    return NULL;
}

/* ---- PostgreSQL: a pool ---- */

static void pause_us(int64_t us)
{
    struct timespec ts = { .tv_sec = us / US_PER_S, .tv_nsec = us % US_PER_S * 1000 };

    nanosleep(&ts, NULL);
}

/* Changes of many tickets may lock each other out (a deadlock) again and again: after a few tries
 * one of them gets the lane for itself.  Other nodes may still be in its way. */
static enum rc job_beside(struct writer_thread *t, struct write_job *j, bool alone)
{
    enum rc rc;

    if (alone)
        pthread_rwlock_wrlock(&t->w->beside);
    else
        pthread_rwlock_rdlock(&t->w->beside);
    rc = job_run(j, t->db);
    pthread_rwlock_unlock(&t->w->beside);
    return rc;
}

static enum rc job_with_retries(struct writer_thread *t, struct write_job *j)
{
    int64_t until = clock_mono_us() + RETRY_FOR_US;

    for (int64_t tries = 0;; tries++) {
        enum rc rc = job_beside(t, j, tries >= RETRIES_BESIDE);
        int64_t us = (int64_t)RETRY_US << (tries < RETRY_DOUBLINGS ? tries : RETRY_DOUBLINGS);

        if (rc != RC_RETRY)
            return rc;
        if (clock_mono_us() >= until)
            return err_set(j->err, RC_BUSY, "", "%s", "Too many changes of the same thing at once; try again.");
        count(t->w, 0, 1);
        pause_us(us / 2 + (int64_t)rand_below((uint64_t)us));
    }
}

static void *pool_main(void *arg)
{
    struct writer_thread *t = arg;
    struct write_job *j;

    while ((j = pop(t->w, true))) {
        enum rc rc = job_with_retries(t, j);

        count(t->w, rc == RC_OK, 0);
        j->done(j, rc);
    }
    return NULL;
}

/* ---- Life ---- */

static enum rc thread_start(struct writer *w, struct writer_thread *t, struct err *e)
{
    bool sqlite = w->store->kind == DB_SQLITE;

    t->w = w;
    t->jobs = calloc(w->store->opts.batch_max, sizeof(struct write_job *));
    t->rcs = calloc(w->store->opts.batch_max, sizeof(*t->rcs)); /* ANALYZER-OK: its owner's struct holds it */
    INVARIANT(t->jobs && t->rcs);
    TRY(store_connect(w->store, DB_WRITE, &t->db, e));
    if (pthread_create(&t->id, NULL, sqlite ? sqlite_main : pool_main, t) != 0)
        return err_fail(e, "%s", "no thread for the write lane");
    pthread_setname_np(t->id, "writer");
    t->started = true;
    return RC_OK;
}

/* Who waits to be alone must get a turn under a storm. */
static void beside_init(pthread_rwlock_t *lock)
{
    pthread_rwlockattr_t attr;

    pthread_rwlockattr_init(&attr);
    pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(lock, &attr);
    pthread_rwlockattr_destroy(&attr);
}

enum rc writer_new(struct store *s, struct writer **out, struct err *e)
{
    struct writer *w = calloc(1, sizeof(*w));

    INVARIANT(w);
    w->store = s;
    w->last = &w->first;
    w->n_threads = s->kind == DB_SQLITE ? 1 : s->opts.writers;
    w->threads = calloc(w->n_threads, sizeof(*w->threads));
    INVARIANT(w->threads);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->cond, NULL);
    beside_init(&w->beside);
    for (size_t i = 0; i < w->n_threads; i++) {
        if (thread_start(w, &w->threads[i], e) == RC_OK)
            continue;
        writer_free(&w);
        return e->rc;
    }
    *out = w;
    return RC_OK;
}

void writer_free(struct writer **wp)
{
    struct writer *w = *wp;

    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->closing = true;
    pthread_cond_broadcast(&w->cond);
    pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < w->n_threads; i++) {
        struct writer_thread *t = &w->threads[i];

        if (t->started)
            pthread_join(t->id, NULL);
        db_close(&t->db);
        free(t->jobs);
        free(t->rcs);
    }
    pthread_rwlock_destroy(&w->beside);
    pthread_cond_destroy(&w->cond);
    pthread_mutex_destroy(&w->lock);
    free(w->threads);
    free(w);
    *wp = NULL;
}

bool writer_is_self(const struct writer *w)
{
    for (size_t i = 0; i < w->n_threads; i++)
        if (w->threads[i].started && pthread_equal(w->threads[i].id, pthread_self()))
            return true;
    return false;
}

void writer_stats(struct writer *w, struct store_stats *out)
{
    pthread_mutex_lock(&w->lock);
    out->waiting = w->waiting;
    out->cap = w->store->opts.queue_cap;
    out->writers = w->n_threads;
    out->commits = w->stats.commits;
    out->jobs = w->stats.jobs;
    out->refused = w->stats.refused;
    out->retries = w->stats.retries;
    out->wait_us_total = w->stats.wait_us_total;
    pthread_mutex_unlock(&w->lock);
}
