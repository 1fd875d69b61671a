/* The loop: timers fire once and not early, posts run in order and wake it. */
#include "base/clock.h"
#include "net/loop.h"
#include "test.h"

#include <pthread.h>

enum { TIMERS = 200, POSTS = 1000 };

struct probe {
    struct loop_timer timer;
    struct loop *loop;
    int64_t due_us;
};

static int fired;

static void on_fire(struct loop_timer *t)
{
    struct probe *p = (struct probe *)t;

    assert_true(loop_now_us(p->loop) >= p->due_us);
    assert_int_equal(t->pos, 0);
    p->due_us = INT64_MAX; /* a second time would be too early */
    if (++fired == TIMERS / 2)
        loop_stop(p->loop);
}

static void timers_fire_once_and_never_early(void **state)
{
    static struct probe probes[TIMERS];
    struct err e = { 0 };
    struct loop *l;
    int64_t now = clock_mono_us();

    (void)state;
    fired = 0;
    assert_ok(loop_new(&l, &e), &e);
    for (int i = 0; i < TIMERS; i++) {
        probes[i] = (struct probe){ .timer.fire = on_fire,
                                    .loop = l,
                                    .due_us = now + (i * 7919 % 200) * 50 };
        loop_timer_set(l, &probes[i].timer, now + i); /* then moved, most of them later */
        loop_timer_set(l, &probes[i].timer, probes[i].due_us);
    }
    for (int i = 1; i < TIMERS; i += 2)
        loop_timer_clear(l, &probes[i].timer);
    loop_run(l);
    assert_int_equal(fired, TIMERS / 2);
    loop_free(&l);
}

struct note {
    struct loop_post post;
    struct loop *loop;
    int n;
};

static struct note notes[POSTS];
static int next_note;

static void on_note(struct loop_post *p)
{
    struct note *n = (struct note *)p;

    assert_int_equal(n->n, next_note);
    if (++next_note == POSTS)
        loop_stop(n->loop);
}

static void *post_all(void *arg)
{
    for (int i = 0; i < POSTS; i++) {
        notes[i] = (struct note){ { NULL, on_note }, arg, i };
        loop_post(arg, &notes[i].post);
    }
    return NULL;
}

static void posts_of_another_thread_run_in_order(void **state)
{
    struct err e = { 0 };
    struct loop *l;
    pthread_t t;

    (void)state;
    next_note = 0;
    assert_ok(loop_new(&l, &e), &e);
    assert_int_equal(pthread_create(&t, NULL, post_all, l), 0);
    loop_run(l);
    pthread_join(t, NULL);
    assert_int_equal(next_note, POSTS);
    loop_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_once_and_never_early),
        cmocka_unit_test(posts_of_another_thread_run_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
