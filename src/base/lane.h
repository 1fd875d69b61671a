/* A lane: a few threads behind one bounded queue.  Requests travel over lanes:
 * loop → read lane (the chain and reading handlers) → slow lane (argon2id) → write lane → loop.
 * Work is intrusive (struct lane_job inside the request), so handing over allocates nothing. */
#ifndef BASE_LANE_H
#define BASE_LANE_H

#include "base/defs.h"

struct lane;

struct lane_job {
    struct lane_job *next;                          /* lane.c's */
    void (*run)(struct lane_job *job, void *thread); /* thread: what thread_init returned */
    int64_t queued_us;                              /* set by lane_push: clock_mono_us() */
};

struct lane_opts {
    const char *name;  /* of the threads, 15 characters at most; also the metrics' label */
    size_t threads;
    size_t cap;        /* jobs waiting, at most */
    void *(*thread_init)(void *arg, size_t index); /* in the thread, before its first job */
    void (*thread_free)(void *thread);
    void *arg;
    int nice;          /* added to its threads' niceness: work that may take all of a core, later */
};

struct lane *lane_new(const struct lane_opts *o);
/* Lets queued jobs finish, joins the threads. */
void lane_free(struct lane **l);
/* False when the queue is full or the lane is closing: nothing was taken. Any thread. */
bool lane_push(struct lane *l, struct lane_job *job) MUST_USE;

struct lane_stats {
    const char *name;
    size_t threads, cap, waiting, running;
    int64_t done, refused, wait_us_total;
};
void lane_stats(struct lane *l, struct lane_stats *out);

#endif
