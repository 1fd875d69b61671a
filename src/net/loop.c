#include "net/loop.h"

#include "base/clock.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* LOOP_NAP_MS: a wake-up that could not be written is made up for. */
enum { LOOP_BATCH = 128, LOOP_NAP_MS = 1000 };

struct loop {
    int epfd;
    struct loop_io wake;                /* the eventfd */
    _Atomic(struct loop_post *) posted; /* newest first */
    atomic_bool asleep;                 /* in epoll_wait(), or about to be: who posts must wake it */
    atomic_bool stopping;
    int64_t now_us;
    struct loop_timer **heap;
    size_t n_timers, cap_timers;
    void (*after)(void *arg);
    void *after_arg;
};

/* ── timers: a binary heap by key_us ── */

static void heap_put(struct loop *l, size_t i, struct loop_timer *t)
{
    l->heap[i] = t;
    t->pos = i + 1;
}

static void heap_up(struct loop *l, size_t i, struct loop_timer *t)
{
    while (i > 0 && l->heap[(i - 1) / 2]->key_us > t->key_us) {
        heap_put(l, i, l->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    heap_put(l, i, t);
}

static void heap_down(struct loop *l, size_t i, struct loop_timer *t)
{
    for (size_t child = 2 * i + 1; child < l->n_timers; child = 2 * i + 1) {
        if (child + 1 < l->n_timers && l->heap[child + 1]->key_us < l->heap[child]->key_us)
            child++;
        if (l->heap[child]->key_us >= t->key_us)
            break;
        heap_put(l, i, l->heap[child]);
        i = child;
    }
    heap_put(l, i, t);
}

static void heap_add(struct loop *l, struct loop_timer *t)
{
    if (l->n_timers == l->cap_timers) {
        l->cap_timers = l->cap_timers ? l->cap_timers * 2 : 64;
        l->heap = realloc(l->heap, l->cap_timers * sizeof(struct loop_timer *));
        INVARIANT(l->heap);
    }
    heap_up(l, l->n_timers++, t);
}

static void heap_remove(struct loop *l, struct loop_timer *t)
{
    size_t i = t->pos - 1;
    struct loop_timer *last = l->heap[--l->n_timers];

    t->pos = 0;
    if (last == t)
        return;
    if (i > 0 && l->heap[(i - 1) / 2]->key_us > last->key_us)
        heap_up(l, i, last);
    else
        heap_down(l, i, last);
}

void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t due_us)
{
    t->due_us = due_us;
    if (t->pos && t->key_us <= due_us)
        return;
    if (t->pos)
        heap_remove(l, t);
    t->key_us = due_us;
    heap_add(l, t);
}

void loop_timer_clear(struct loop *l, struct loop_timer *t)
{
    if (t->pos)
        heap_remove(l, t);
}

static void timers_run(struct loop *l)
{
    while (l->n_timers && l->heap[0]->key_us <= l->now_us) {
        struct loop_timer *t = l->heap[0];

        heap_remove(l, t);
        if (t->due_us > l->now_us)
            loop_timer_set(l, t, t->due_us);
        else
            t->fire(t);
    }
}

static int timers_wait_ms(const struct loop *l)
{
    int64_t us;

    if (l->n_timers == 0)
        return LOOP_NAP_MS;
    us = l->heap[0]->key_us - l->now_us;
    if (us <= 0)
        return 0;
    us = (us + US_PER_MS - 1) / US_PER_MS;
    return us > LOOP_NAP_MS ? LOOP_NAP_MS : (int)us;
}

/* ── posted work ── */

static void wake(struct loop *l)
{
    uint64_t one = 1;

    (void)!write(l->wake.fd, &one, sizeof(one));
}

/* Either the loop sees the post before it sleeps, or this thread sees that it sleeps: both sides
 * write first and read then, in the one order that the default of atomics keeps. */
void loop_post(struct loop *l, struct loop_post *p)
{
    struct loop_post *head = atomic_load_explicit(&l->posted, memory_order_relaxed);

    do {
        p->next = head;
    } while (!atomic_compare_exchange_weak(&l->posted, &head, p));
    if (atomic_load(&l->asleep) && atomic_exchange(&l->asleep, false))
        wake(l);
}

static void posts_run(struct loop *l)
{
    struct loop_post *p = atomic_load_explicit(&l->posted, memory_order_relaxed);
    struct loop_post *in_order = NULL;

    if (!p)
        return;
    p = atomic_exchange_explicit(&l->posted, NULL, memory_order_acquire);
    while (p) {
        struct loop_post *next = p->next;

        p->next = in_order;
        in_order = p;
        p = next;
    }
    while (in_order) {
        struct loop_post *next = in_order->next;

        in_order->run(in_order);
        in_order = next;
    }
}

/* The posts are run after each batch anyhow. Edge-triggered: each write wakes, nothing needs reading. */
static void wake_ready(struct loop_io *io, uint32_t events)
{
    (void)io, (void)events;
}

/* ── descriptors ── */

enum rc loop_watch(struct loop *l, struct loop_io *io, uint32_t events, struct err *e)
{
    struct epoll_event ev = { .events = events, .data.ptr = io };

    if (epoll_ctl(l->epfd, EPOLL_CTL_ADD, io->fd, &ev) != 0)
        return err_fail(e, "epoll_ctl: errno %d", errno);
    io->events = events;
    return RC_OK;
}

void loop_change(struct loop *l, struct loop_io *io, uint32_t events)
{
    struct epoll_event ev = { .events = events, .data.ptr = io };

    if (events == io->events)
        return;
    INVARIANT(epoll_ctl(l->epfd, EPOLL_CTL_MOD, io->fd, &ev) == 0);
    io->events = events;
}

void loop_unwatch(struct loop *l, struct loop_io *io)
{
    (void)epoll_ctl(l->epfd, EPOLL_CTL_DEL, io->fd, NULL);
    io->events = 0;
}

/* ── life ── */

enum rc loop_new(struct loop **out, struct err *e)
{
    struct loop *l = calloc(1, sizeof(*l));

    INVARIANT(l);
    l->epfd = epoll_create1(EPOLL_CLOEXEC);
    l->wake.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    l->wake.ready = wake_ready;
    l->now_us = clock_mono_us();
    if (l->epfd < 0 || l->wake.fd < 0 || loop_watch(l, &l->wake, EPOLLIN | EPOLLET, e) != RC_OK) {
        loop_free(&l);
        return err_fail(e, "epoll or eventfd: errno %d", errno);
    }
    *out = l;
    return RC_OK;
}

void loop_free(struct loop **lp)
{
    struct loop *l = *lp;

    if (!l)
        return;
    if (l->epfd >= 0)
        close(l->epfd);
    if (l->wake.fd >= 0)
        close(l->wake.fd);
    free(l->heap);
    free(l);
    *lp = NULL;
}

void loop_on_batch(struct loop *l, void (*after)(void *arg), void *arg)
{
    l->after = after;
    l->after_arg = arg;
}

void loop_stop(struct loop *l)
{
    atomic_store(&l->stopping, true);
    wake(l);
}

int64_t loop_now_us(const struct loop *l)
{
    return l->now_us;
}

void loop_run(struct loop *l)
{
    struct epoll_event ev[LOOP_BATCH];

    l->now_us = clock_mono_us();
    while (!atomic_load_explicit(&l->stopping, memory_order_acquire)) {
        int n;

        atomic_store(&l->asleep, true);
        n = epoll_wait(l->epfd, ev, LOOP_BATCH, atomic_load(&l->posted) ? 0 : timers_wait_ms(l));
        atomic_store(&l->asleep, false);
        INVARIANT(n >= 0 || errno == EINTR);
        l->now_us = clock_mono_us();
        for (int i = 0; i < n; i++) {
            struct loop_io *io = ev[i].data.ptr;

            io->ready(io, ev[i].events);
        }
        posts_run(l);
        timers_run(l);
        if (l->after)
            l->after(l->after_arg);
    }
}
