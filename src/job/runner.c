#include "job/runner.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/wait.h"

#include <pthread.h>
#include <unistd.h>

enum {
    ARENA_CAP = 256 * 1024 * 1024,
    BATCH_LIMIT = 200,
    BATCHES_MAX = 50, /* of one task in one round */
    ATTEMPTS_MAX = 8,
    FIRST_RUN_S = 5,
    POLL_MS = 500,
};
static const int64_t lease_us = 5 * US_PER_MIN;
static const int64_t backoff_us[ATTEMPTS_MAX] = { 1 * US_PER_S,   5 * US_PER_S,    30 * US_PER_S,
                                                  2 * US_PER_MIN, 10 * US_PER_MIN, 30 * US_PER_MIN,
                                                  US_PER_HOUR,    3 * US_PER_HOUR };

struct runner {
    struct runner_opts o;
    char name[64];
    struct db *db;           /* reader's, of the runner's thread */
    struct arena *job_arena; /* the job at hand */
    struct arena *arena;     /* one step or task */
    int64_t *due_us;         /* per task, monotonic; owner */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t cond;
    bool stop, woken;
    struct runner_stats stats;
    struct task_stats *tasks; /* owner */
};

enum rc runner_new(const struct runner_opts *o, struct runner **out, struct err *e)
{
    struct runner *r = calloc(1, sizeof *r);

    INVARIANT(r);
    r->o = *o;
    snprintf(r->name, sizeof r->name, "%ld-%016llx", (long)getpid(),
             (unsigned long long)rand_below(UINT64_MAX));
    pthread_mutex_init(&r->lock, NULL);
    wait_cond_init(&r->cond);
    r->job_arena = arena_new(ARENA_CAP);
    r->arena = arena_new(ARENA_CAP);
    r->due_us = calloc(o->n_tasks + 1, sizeof *r->due_us);
    r->tasks = calloc(o->n_tasks + 1, sizeof *r->tasks);
    INVARIANT(r->due_us && r->tasks);
    r->stats.n_tasks = o->n_tasks;
    r->stats.beat_us = clock_now_us();
    for (size_t i = 0; i < o->n_tasks; i++) {
        r->tasks[i].name = o->tasks[i].name;
        r->due_us[i] = clock_mono_us() + FIRST_RUN_S * US_PER_S;
    }
    if (store_connect(o->store, DB_READ, &r->db, e) != RC_OK)
        runner_free(&r);
    *out = r;
    return e->rc;
}

static bool is_stopping(struct runner *r)
{
    bool stop;

    pthread_mutex_lock(&r->lock);
    stop = r->stop;
    pthread_mutex_unlock(&r->lock);
    return stop;
}

void runner_free(struct runner **rp)
{
    struct runner *r = *rp;

    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_signal(&r->cond);
    pthread_mutex_unlock(&r->lock);
    if (r->started)
        pthread_join(r->thread, NULL);
    db_close(&r->db);
    arena_free(&r->job_arena);
    arena_free(&r->arena);
    pthread_cond_destroy(&r->cond);
    pthread_mutex_destroy(&r->lock);
    free(r->due_us);
    free(r->tasks);
    free(r);
    *rp = NULL;
}

void runner_wake(struct runner *r)
{
    pthread_mutex_lock(&r->lock);
    r->woken = true;
    pthread_cond_signal(&r->cond);
    pthread_mutex_unlock(&r->lock);
}

static void committed(struct runner *r)
{
    if (r->o.after_write)
        r->o.after_write(r->o.env);
}

/* ── tasks ── */

struct batch {
    const struct task *task;
    struct task_run run;
    int64_t key, done;
};

static enum rc batch_write(struct db *db, void *arg, struct err *e)
{
    struct batch *b = arg;
    bool mine;

    b->done = 0;
    b->run.db = db;
    TRY(jobs_try_lock(db, b->key, &mine, e));
    return mine ? b->task->batch(&b->run, BATCH_LIMIT, &b->done, e) : RC_OK;
}

static enum rc run_batches(struct runner *r, struct batch *b, int64_t *done, struct err *e)
{
    for (int i = 0; i < BATCHES_MAX && !is_stopping(r); i++) {
        arena_reset(r->arena);
        TRY(store_write(r->o.store, batch_write, b, e));
        *done += b->done;
        if (b->done)
            committed(r);
        if (b->done < BATCH_LIMIT)
            break;
    }
    return RC_OK;
}

static enum rc run_task(struct runner *r, size_t i, int64_t *done, struct err *e)
{
    const struct task *task = &r->o.tasks[i];
    struct batch b = { .task = task,
                       .key = INT64_C(0x7461736b00) + (int64_t)i, /* no other advisory locks near */
                       .run = { .store = r->o.store,
                                .db = r->db,
                                .a = r->arena,
                                .now_us = clock_now_us(),
                                .env = r->o.env } };
    int64_t began = clock_mono_us();
    struct task_stats *st = &r->tasks[i];
    enum rc rc;

    *done = 0;
    err_clear(e);
    arena_reset(r->arena);
    rc = task->batch ? run_batches(r, &b, done, e) : task->alone(&b.run, done, e);
    pthread_mutex_lock(&r->lock);
    st->runs++;
    st->failures += rc != RC_OK;
    st->done += *done;
    st->last_us = b.run.now_us;
    st->took_us += clock_mono_us() - began;
    pthread_mutex_unlock(&r->lock);
    if (rc != RC_OK)
        LOG(LOG_ERROR, "task.failed", KV_Z("task", task->name), KV_Z("error", e->detail),
            KV_Z("internal", e->internal));
    else if (*done)
        LOG(LOG_INFO, "task.done", KV_Z("task", task->name), KV_INT("done", *done),
            KV_MS("duration_ms", clock_mono_us() - began));
    return rc;
}

enum rc runner_run_task(struct runner *r, const char *name, int64_t *done, struct err *e)
{
    for (size_t i = 0; i < r->o.n_tasks; i++)
        if (strcmp(r->o.tasks[i].name, name) == 0)
            return run_task(r, i, done, e);
    return err_set(e, RC_NOT_FOUND, "", "There is no such task.");
}

static void run_due_tasks(struct runner *r)
{
    struct err e = { 0 };
    int64_t done;

    for (size_t i = 0; i < r->o.n_tasks && !is_stopping(r); i++) {
        if (clock_mono_us() < r->due_us[i])
            continue;
        r->due_us[i] = clock_mono_us() + r->o.tasks[i].every_us;
        if (run_task(r, i, &done, &e) != RC_OK)
            continue; /* logged and counted; the next round tries again */
    }
}

/* ── jobs ── */

struct claimed {
    struct runner *r;
    const struct job_kind *kind;
    struct job job;       /* as it stands in the database */
    struct job_step step; /* of the last run */
    void *prepared;
    bool mine;
};

static struct job_claim claim_of(const struct runner *r)
{
    int64_t now = clock_now_us();

    return (struct job_claim){ .by = str_of(r->name), .now_us = now, .until_us = now + lease_us };
}

static enum rc claim_write(struct db *db, void *arg, struct err *e)
{
    struct claimed *c = arg;
    struct job_claim claim = claim_of(c->r);

    arena_reset(c->r->job_arena);
    return jobs_claim(db, &claim, c->r->job_arena, &c->job, e);
}

static enum rc step_write(struct db *db, void *arg, struct err *e)
{
    struct claimed *c = arg;
    struct job_claim claim = claim_of(c->r);

    arena_reset(c->r->arena);
    c->step = (struct job_step){
        .job = c->job, .a = c->r->arena, .now_us = claim.now_us, .env = c->r->o.env, .prepared = c->prepared
    };
    TRY(c->kind->step(&c->step, db, e));
    TRY(jobs_progress(db, &claim, &c->step.job, &c->mine, e));
    if (!c->mine)
        return err_set(e, RC_CONFLICT, "job_cancelled", "The job was cancelled.");
    if (!c->step.done)
        return RC_OK;
    c->step.job.state = JOB_DONE;
    return jobs_end(db, &c->step.job, claim.now_us, e);
}

static enum rc end_write(struct db *db, void *arg, struct err *e)
{
    struct claimed *c = arg;

    return jobs_end(db, &c->job, clock_now_us(), e);
}

static bool is_passing(enum rc rc)
{
    return rc == RC_RETRY || rc == RC_BUSY || rc == RC_FULL || rc == RC_FAIL;
}

static struct str failure_json(struct arena *a, const struct err *e)
{
    struct buf b = BUF_ARENA(a, 16 * KIB);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_kv_text(&w, "code", str_of(e->code[0] ? e->code : rc_code(e->rc)));
    jw_kv_text(&w, "detail", str_of(e->detail));
    jw_obj_end(&w);
    return buf_view(&b);
}

static void count(struct runner *r, int64_t *what)
{
    pthread_mutex_lock(&r->lock);
    ++*what;
    pthread_mutex_unlock(&r->lock);
}

/* The step failed: later again, or never. */
static void give_up_or_wait(struct runner *r, struct claimed *c, enum rc rc, struct err *why)
{
    struct err e = { 0 };
    bool again = is_passing(rc) && c->job.attempts < ATTEMPTS_MAX;

    LOG(again ? LOG_WARN : LOG_ERROR, "job.failed", KV_INT("job", c->job.id),
        KV_TEXT("kind", c->job.kind), KV_INT("attempt", c->job.attempts),
        KV_Z("error", why->detail), KV_Z("internal", why->internal));
    if (again) {
        c->job.state = JOB_WAITING;
        c->job.run_at_us = clock_now_us() + backoff_us[c->job.attempts - 1];
    } else {
        c->job.state = JOB_FAILED;
        c->job.result_json = failure_json(r->job_arena, why);
    }
    count(r, again ? &r->stats.retries : &r->stats.jobs_failed);
    if (store_write(r->o.store, end_write, c, &e) != RC_OK)
        LOG(LOG_ERROR, "job.lost", KV_INT("job", c->job.id), KV_Z("internal", e.internal));
}

/* Takes over what the step left, out of the step's arena. */
static void keep_step(struct runner *r, struct claimed *c)
{
    struct job job = c->step.job;

    job.kind = str_dup(job.kind, r->arena);
    job.payload_json = str_dup(job.payload_json, r->arena);
    job.result_json = str_dup(job.result_json, r->arena);
    arena_reset(r->job_arena);
    job.kind = str_dup(job.kind, r->job_arena);
    job.payload_json = str_dup(job.payload_json, r->job_arena);
    job.result_json = str_dup(job.result_json, r->job_arena);
    c->job = job;
}

static void put_back(struct runner *r, struct claimed *c)
{
    struct err e = { 0 };

    c->job.state = JOB_WAITING;
    c->job.run_at_us = clock_now_us();
    if (store_write(r->o.store, end_write, c, &e) != RC_OK)
        LOG(LOG_WARN, "job.not_put_back", KV_INT("job", c->job.id), KV_Z("internal", e.internal));
}

static void beat(struct runner *r)
{
    pthread_mutex_lock(&r->lock);
    r->stats.beat_us = clock_now_us();
    pthread_mutex_unlock(&r->lock);
}

static void beat_on(void *runner)
{
    beat(runner);
}

static enum rc prepare(struct runner *r, struct claimed *c, struct err *e)
{
    const struct job_prepare p = { .store = r->o.store,
                                   .db = r->db,
                                   .a = r->job_arena,
                                   .job = &c->job,
                                   .now_us = clock_now_us(),
                                   .env = r->o.env,
                                   .alive = beat_on,
                                   .arg = r };

    c->prepared = NULL;
    return c->kind->prepare ? c->kind->prepare(&p, &c->prepared, e) : RC_OK;
}

static void run_job(struct runner *r, struct claimed *c)
{
    struct err e = { 0 };

    for (;;) {
        enum rc rc = prepare(r, c, &e);

        if (rc == RC_OK)
            rc = store_write(r->o.store, step_write, c, &e);

        if (rc == RC_CONFLICT && !c->mine)
            return;
        if (rc != RC_OK) {
            give_up_or_wait(r, c, rc, &e);
            return;
        }
        count(r, &r->stats.steps);
        committed(r);
        if (c->step.done) {
            count(r, &r->stats.jobs_done);
            LOG(LOG_INFO, "job.done", KV_INT("job", c->job.id), KV_TEXT("kind", c->job.kind));
            return;
        }
        keep_step(r, c);
        beat(r);
        if (is_stopping(r)) {
            put_back(r, c);
            return;
        }
        run_due_tasks(r);
        err_clear(&e);
    }
}

static const struct job_kind *kind_named(const struct runner *r, struct str name)
{
    for (size_t i = 0; i < r->o.n_kinds; i++)
        if (str_eq(name, str_of(r->o.kinds[i].name)))
            return &r->o.kinds[i];
    return NULL;
}

/* Looks without the writer first: an idle server writes nothing. */
static bool look(struct runner *r)
{
    struct job_queue q = { 0 };
    struct err e = { 0 };

    if (jobs_queue(r->db, clock_now_us(), &q, &e) != RC_OK)
        return false;
    pthread_mutex_lock(&r->lock);
    r->stats.queue = q;
    pthread_mutex_unlock(&r->lock);
    return q.waiting || q.running;
}

void runner_tick(struct runner *r, bool *idle)
{
    struct claimed c = { .r = r, .mine = true };
    struct err e = { 0 };

    *idle = true;
    beat(r);
    run_due_tasks(r);
    if (!look(r) || store_write(r->o.store, claim_write, &c, &e) != RC_OK)
        return;
    *idle = false;
    c.kind = kind_named(r, c.job.kind);
    if (c.kind) {
        run_job(r, &c);
    } else {
        err_set(&e, RC_INVALID, "job_kind", "This server does not know this kind of job.");
        give_up_or_wait(r, &c, RC_INVALID, &e);
    }
    arena_reset(r->arena);
    arena_reset(r->job_arena);
}

/* ── the thread ── */

static void rest(struct runner *r)
{
    const struct timespec until = wait_end(POLL_MS);

    pthread_mutex_lock(&r->lock);
    if (!r->stop && !r->woken)
        pthread_cond_timedwait(&r->cond, &r->lock, &until);
    r->woken = false;
    pthread_mutex_unlock(&r->lock);
}

static void *main_of_thread(void *arg)
{
    struct runner *r = arg;

    pthread_setname_np(pthread_self(), "jobs");
    while (!is_stopping(r)) {
        bool idle;

        runner_tick(r, &idle);
        if (idle)
            rest(r);
    }
    return NULL;
}

bool runner_start(struct runner *r)
{
    r->started = pthread_create(&r->thread, NULL, main_of_thread, r) == 0;
    return r->started;
}

void runner_stats(struct runner *r, struct runner_stats *out)
{
    pthread_mutex_lock(&r->lock);
    *out = r->stats;
    pthread_mutex_unlock(&r->lock);
}

void runner_task_stats(struct runner *r, size_t i, struct task_stats *out)
{
    INVARIANT(i < r->o.n_tasks);
    pthread_mutex_lock(&r->lock);
    *out = r->tasks[i];
    pthread_mutex_unlock(&r->lock);
}
