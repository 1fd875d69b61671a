/* Lanes: every accepted job runs once, in order, and a full lane says so. */
#include "test.h"

#include "base/lane.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { PUSHERS = 4, JOBS_EACH = 2000 };

struct job {
    struct lane_job base;
    _Atomic int *ran;
    int number;
    int *order, *n_order; /* one-threaded lanes only */
    sem_t *started, *may_end;
};

static void run_job(struct lane_job *base, void *thread)
{
    struct job *j = (struct job *)base;

    (void)thread;
    if (j->started)
        sem_post(j->started);
    if (j->may_end)
        sem_wait(j->may_end);
    if (j->order)
        j->order[(*j->n_order)++] = j->number;
    if (j->ran)
        atomic_fetch_add(j->ran, 1);
}

static void jobs_run_in_the_order_they_came(void **state)
{
    struct lane_opts o = { .name = "t-order", .threads = 1, .cap = 100 };
    struct lane *l = lane_new(&o);
    struct job jobs[100] = { 0 };
    int order[100], n = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        jobs[i] = (struct job){ .base.run = run_job, .number = i, .order = order, .n_order = &n };
        assert_true(lane_push(l, &jobs[i].base));
    }
    lane_free(&l);
    assert_null(l);
    assert_int_equal(n, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(order[i], i);
}

static void a_full_lane_refuses_and_forgets_nothing(void **state)
{
    struct lane_opts o = { .name = "t-full", .threads = 1, .cap = 2 };
    struct lane *l = lane_new(&o);
    struct lane_stats s;
    _Atomic int ran = 0;
    sem_t started, may_end;
    struct job busy, a, b, c;

    (void)state;
    sem_init(&started, 0, 0);
    sem_init(&may_end, 0, 0);
    busy = (struct job){ .base.run = run_job, .ran = &ran, .started = &started, .may_end = &may_end };
    a = b = c = (struct job){ .base.run = run_job, .ran = &ran };
    assert_true(lane_push(l, &busy.base));
    sem_wait(&started);
    assert_true(lane_push(l, &a.base));
    assert_true(lane_push(l, &b.base));
    assert_false(lane_push(l, &c.base));
    lane_stats(l, &s);
    assert_string_equal(s.name, "t-full");
    assert_int_equal(s.waiting, 2);
    assert_int_equal(s.running, 1);
    assert_int_equal(s.refused, 1);
    assert_int_equal(s.done, 0);
    sem_post(&may_end);
    lane_free(&l);
    assert_int_equal(ran, 3);
    sem_destroy(&started);
    sem_destroy(&may_end);
}

struct thread_counts {
    _Atomic int made, freed;
    _Atomic unsigned indexes;
};

static struct thread_counts counts;

static void *count_init(void *arg, size_t index)
{
    struct thread_counts *c = arg;

    atomic_fetch_add(&c->made, 1);
    atomic_fetch_or(&c->indexes, 1u << index);
    return c;
}

static void count_free(void *thread)
{
    struct thread_counts *c = thread;

    atomic_fetch_add(&c->freed, 1);
}

struct pusher {
    struct lane *lane;
    struct job *jobs;
};

static void *push_all(void *arg)
{
    struct pusher *p = arg;

    for (int i = 0; i < JOBS_EACH; i++) {
        while (!lane_push(p->lane, &p->jobs[i].base))
            sched_yield();
    }
    return NULL;
}

static void many_threads_lose_and_repeat_no_job(void **state)
{
    struct lane_opts o = { .name = "t-many",          .threads = 3,             .cap = 50,
                           .thread_init = count_init, .thread_free = count_free, .arg = &counts };
    struct lane *l = lane_new(&o);
    struct job *jobs = calloc((size_t)PUSHERS * JOBS_EACH, sizeof(*jobs));
    struct pusher pushers[PUSHERS];
    pthread_t threads[PUSHERS];
    _Atomic int ran = 0;

    (void)state;
    for (int i = 0; i < PUSHERS * JOBS_EACH; i++)
        jobs[i] = (struct job){ .base.run = run_job, .ran = &ran };
    for (int i = 0; i < PUSHERS; i++) {
        pushers[i] = (struct pusher){ l, jobs + i * JOBS_EACH };
        assert_int_equal(pthread_create(&threads[i], NULL, push_all, &pushers[i]), 0);
    }
    for (int i = 0; i < PUSHERS; i++)
        pthread_join(threads[i], NULL);
    lane_free(&l);
    assert_int_equal(ran, PUSHERS * JOBS_EACH);
    assert_int_equal(counts.made, 3);
    assert_int_equal(counts.freed, 3);
    assert_int_equal(counts.indexes, 7);
    free(jobs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_run_in_the_order_they_came),
        cmocka_unit_test(a_full_lane_refuses_and_forgets_nothing),
        cmocka_unit_test(many_threads_lose_and_repeat_no_job),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
