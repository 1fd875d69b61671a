/* What runs by itself: jobs (rows that somebody asked for, store/jobs.h) and periodic tasks, on one
 * thread.
 *
 * A job is done in steps.  A step's changes, the job's progress and its result are one transaction,
 * so a job that a crash cut short goes on behind the last step, doing nothing twice.  Between steps
 * the runner looks after tasks, cancelling and the end of the process.
 * A task is a row of a static table; its batch() runs in write transactions until it does less than
 * it was allowed.  Everything here may run on several nodes; a task's batches run on one at a time.
 *
 * runner_tick() is one round, for tests; runner_start() makes the thread that does rounds. */
#ifndef JOB_RUNNER_H
#define JOB_RUNNER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/jobs.h"
#include "store/store.h"

struct runner;

struct job_step {
    struct job job;  /* in and out: progress, result_json; a copy, so that a rerun starts afresh */
    struct arena *a; /* of this step */
    int64_t now_us;
    void *env;
    const void *prepared; /* what prepare() left, or NULL */
    bool done; /* out: that was the last step */
};

/* Work that takes long and needs no write transaction, or makes its own. */
struct job_prepare {
    struct store *store;
    struct db *db; /* reads */
    struct arena *a;
    const struct job *job;
    int64_t now_us;
    void *env;
    void (*alive)(void *arg); /* to be called now and then: the runner is not stuck */
    void *arg;
};

struct job_kind {
    const char *name;
    /* In a write transaction; may be rerun.  A passing failure (busy, disk full, ours) is tried
     * again with growing pauses, anything else ends the job as failed. */
    enum rc (*step)(struct job_step *s, struct db *db, struct err *e);
    /* Before each step, outside of its transaction; *out is the step's "prepared".  May be NULL.  Fails as
     * a step does. */
    enum rc (*prepare)(const struct job_prepare *p, void **out, struct err *e);
};

struct task_run {
    struct store *store;
    struct db *db; /* batch(): the transaction's; alone(): a reader's */
    struct arena *a;
    int64_t now_us;
    void *env;
};
struct task {
    const char *name;
    int64_t every_us;
    /* Either in write transactions, at most limit things each, counting them in *done … */
    enum rc (*batch)(struct task_run *t, int64_t limit, int64_t *done, struct err *e);
    /* … or by itself. */
    enum rc (*alone)(struct task_run *t, int64_t *done, struct err *e);
};

struct runner_opts {
    struct store *store;
    const struct job_kind *kinds;
    size_t n_kinds;
    const struct task *tasks;
    size_t n_tasks;
    void *env;                      /* handed to steps and tasks */
    void (*after_write)(void *env); /* a transaction was committed; may be NULL */
};

enum rc runner_new(const struct runner_opts *o, struct runner **out, struct err *e) MUST_USE;
/* False when there is no thread to be had. */
bool runner_start(struct runner *r) MUST_USE;
/* Ends the thread after the step that runs now; an unfinished job waits for the next start. */
void runner_free(struct runner **r);
/* A job was added: do not wait for the next look.  Any thread. */
void runner_wake(struct runner *r);

/* One round: the tasks that are due, and one step of the jobs.  *idle when no job was due. */
void runner_tick(struct runner *r, bool *idle);
/* Runs a task now, whether due or not; RC_NOT_FOUND. */
enum rc runner_run_task(struct runner *r, const char *name, int64_t *done, struct err *e) MUST_USE;

struct task_stats {
    const char *name;
    int64_t runs, failures, done, last_us, took_us; /* took_us: all runs together */
};
struct runner_stats {
    int64_t beat_us; /* wall clock of the last round: the heartbeat */
    int64_t steps, jobs_done, jobs_failed, retries;
    struct job_queue queue; /* as of the last round */
    size_t n_tasks;
};
void runner_stats(struct runner *r, struct runner_stats *out);
void runner_task_stats(struct runner *r, size_t i, struct task_stats *out);

#endif
