/* Work that outlives a request: one row a job, claimed by a runner for a while, run again when the
 * runner dies.  How a row is claimed is where the engines differ, and stands in jobs.c. */
#ifndef STORE_JOBS_H
#define STORE_JOBS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

enum job_state { JOB_WAITING, JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED }; /* stored */
extern const char *const job_state_names[];

struct job {
    int64_t id;
    struct str kind;
    enum job_state state;
    struct str payload_json, result_json; /* not in lists */
    int64_t progress, total, attempts;
    int64_t user_id; /* 0: the system's own */
    int64_t run_at_us, created_us, finished_us;
};
struct job_list {
    struct job *v;
    size_t n;
};

enum rc jobs_add(struct db *db, struct job *j, struct err *e) MUST_USE; /* sets j->id */
enum rc jobs_load(struct db *db, int64_t id, struct arena *a, struct job *out,
                  struct err *e) MUST_USE;
/* A user's, by id behind key (0: from the end where the order begins). */
struct job_page {
    int64_t user_id, key, limit;
    bool descending;
};
enum rc jobs_list(struct db *db, const struct job_page *page, struct arena *a, struct job_list *out,
                  struct err *e) MUST_USE;
/* A user's that wait or run. */
enum rc jobs_open_of(struct db *db, int64_t user_id, int64_t *n, struct err *e) MUST_USE;

/* Takes the next due job for until_us: waiting ones, and running ones whose time ran out.
 * RC_NOT_FOUND when none is due.  Counts the attempt. */
struct job_claim {
    struct str by; /* the runner */
    int64_t now_us, until_us;
};
enum rc jobs_claim(struct db *db, const struct job_claim *c, struct arena *a, struct job *out,
                   struct err *e) MUST_USE;
/* Keeps a claim and tells how far it is; *mine is false when it was cancelled or lost. */
enum rc jobs_progress(struct db *db, const struct job_claim *c, const struct job *j, bool *mine,
                      struct err *e) MUST_USE;
/* Ends a running job, or (JOB_WAITING) puts it back until run_at_us. */
enum rc jobs_end(struct db *db, const struct job *j, int64_t now_us, struct err *e) MUST_USE;
/* *did is false when it has ended already. */
enum rc jobs_cancel(struct db *db, int64_t id, int64_t now_us, bool *did, struct err *e) MUST_USE;

/* For the metrics: due and not yet begun, running, and since when the oldest is due (0: none). */
struct job_queue {
    int64_t waiting, running, oldest_due_us;
};
enum rc jobs_queue(struct db *db, int64_t now_us, struct job_queue *out, struct err *e) MUST_USE;

/* Several nodes, one of them does it: true for the one that may run the periodic task `key` inside
 * this transaction.  SQLite has one node: always true. */
enum rc jobs_try_lock(struct db *db, int64_t key, bool *got, struct err *e) MUST_USE;

#endif
