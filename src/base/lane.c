#include "base/lane.h"

#include "base/clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct lane {
    struct lane_opts o;
    pthread_t *threads;
    size_t started;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    struct lane_job *first, **last;
    bool closing;
    size_t waiting, running, asleep;
    int64_t done, refused, wait_us_total;
};

struct lane_seat {
    struct lane *lane;
    size_t index;
};

/* The oldest job, waiting for one if need be; NULL when the lane closes and is empty.  Called
 * with the lock held, which is let go while waiting. */
static struct lane_job *take(struct lane *l)
{
    struct lane_job *job;

    while (!l->first && !l->closing) {
        l->asleep++;
        pthread_cond_wait(&l->wake, &l->lock);
        l->asleep--;
    }
    job = l->first;
    if (!job)
        return NULL;
    l->first = job->next;
    if (!l->first)
        l->last = &l->first;
    l->waiting--;
    l->running++;
    l->wait_us_total += clock_mono_us() - job->queued_us;
    return job;
}

static void *thread_main(void *arg)
{
    struct lane_seat *seat = arg;
    struct lane *l = seat->lane;
    void *thread = l->o.thread_init ? l->o.thread_init(l->o.arg, seat->index) : NULL;
    struct lane_job *job;

    if (l->o.nice) /* of this thread alone, on Linux; without it the lane is only less polite */
        (void)setpriority(PRIO_PROCESS, (id_t)gettid(), l->o.nice);
    free(seat);
    pthread_mutex_lock(&l->lock);
    while ((job = take(l))) {
        pthread_mutex_unlock(&l->lock);
        job->run(job, thread); /* the job may be gone after this */
        pthread_mutex_lock(&l->lock);
        l->running--;
        l->done++;
    }
    pthread_mutex_unlock(&l->lock);
    if (l->o.thread_free)
        l->o.thread_free(thread);
    return NULL;
}

/* Signals are for the main thread: the threads of a lane start with all of them blocked. */
static void start_threads(struct lane *l)
{
    sigset_t all, before;

    sigfillset(&all);
    INVARIANT(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    for (; l->started < l->o.threads; l->started++) {
        struct lane_seat *seat = malloc(sizeof(*seat));

        INVARIANT(seat);
        *seat = (struct lane_seat){ l, l->started };
        INVARIANT(pthread_create(&l->threads[l->started], NULL, thread_main, seat) == 0);
        pthread_setname_np(l->threads[l->started], l->o.name); /* for ps; may fail */
    }
    INVARIANT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
}

struct lane *lane_new(const struct lane_opts *o)
{
    struct lane *l = calloc(1, sizeof(*l));

    INVARIANT(l && o->threads > 0 && o->cap > 0);
    l->o = *o;
    l->last = &l->first;
    l->threads = calloc(o->threads, sizeof(*l->threads));
    INVARIANT(l->threads);
    INVARIANT(pthread_mutex_init(&l->lock, NULL) == 0);
    INVARIANT(pthread_cond_init(&l->wake, NULL) == 0);
    start_threads(l);
    return l;
}

void lane_free(struct lane **lp)
{
    struct lane *l = *lp;

    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->closing = true;
    pthread_cond_broadcast(&l->wake);
    pthread_mutex_unlock(&l->lock);
    for (size_t i = 0; i < l->started; i++)
        pthread_join(l->threads[i], NULL);
    pthread_cond_destroy(&l->wake);
    pthread_mutex_destroy(&l->lock);
    free(l->threads);
    free(l);
    *lp = NULL;
}

bool lane_push(struct lane *l, struct lane_job *job)
{
    bool ok, wake;

    job->next = NULL;
    job->queued_us = clock_mono_us();
    pthread_mutex_lock(&l->lock);
    ok = !l->closing && l->waiting < l->o.cap;
    wake = ok && l->asleep > 0;
    if (ok) {
        *l->last = job;
        l->last = &job->next;
        l->waiting++;
    } else {
        l->refused++;
    }
    if (wake)
        pthread_cond_signal(&l->wake); /* under the lock: lane_free may follow at once */
    pthread_mutex_unlock(&l->lock);
    return ok;
}

void lane_stats(struct lane *l, struct lane_stats *out)
{
    pthread_mutex_lock(&l->lock);
    *out = (struct lane_stats){
        .name = l->o.name,
        .threads = l->o.threads,
        .cap = l->o.cap,
        .waiting = l->waiting,
        .running = l->running,
        .done = l->done,
        .refused = l->refused,
        .wait_us_total = l->wait_us_total,
    };
    pthread_mutex_unlock(&l->lock);
}
