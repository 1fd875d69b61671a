/* One epoll loop, run by one thread: descriptors, timers, and work posted from other threads.
 *
 * Everything here belongs to the loop's thread, except loop_post() and loop_stop().
 * The objects (loop_io, loop_timer, loop_post) are embedded in their owners; the loop allocates
 * nothing for them. An owner may be freed only from the `after` hook, since a batch of events may
 * still hold its address. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/defs.h"
#include "base/err.h"

#include <stdbool.h>
#include <sys/epoll.h>

struct loop;

struct loop_io {
    void (*ready)(struct loop_io *io, uint32_t events); /* EPOLLIN … */
    int fd;
    uint32_t events; /* what is watched now; loop.c's */
};

struct loop_timer {
    void (*fire)(struct loop_timer *t); /* not armed any more when called */
    int64_t due_us;                     /* on clock_mono_us() */
    int64_t key_us; /* loop.c's: its place in the heap, never later than due_us */
    size_t pos;     /* loop.c's: index + 1, 0 when not armed */
};

struct loop_post {
    struct loop_post *next; /* loop.c's */
    void (*run)(struct loop_post *p);
};

enum rc loop_new(struct loop **out, struct err *e) MUST_USE;
void loop_free(struct loop **l);
/* Called after each batch of events. */
void loop_on_batch(struct loop *l, void (*after)(void *arg), void *arg);
void loop_run(struct loop *l);  /* until loop_stop() */
void loop_stop(struct loop *l); /* any thread */

enum rc loop_watch(struct loop *l, struct loop_io *io, uint32_t events, struct err *e) MUST_USE;
void loop_change(struct loop *l, struct loop_io *io, uint32_t events);
void loop_unwatch(struct loop *l, struct loop_io *io);

/* Moving a timer to a later time is O(1): it stays where it is and is put right when it comes up.
 */
void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t due_us);
void loop_timer_clear(struct loop *l, struct loop_timer *t);

/* Any thread. p must stay valid until it has run, and is not in the queue twice. The loop is woken
 * by a system call only when it sleeps. */
void loop_post(struct loop *l, struct loop_post *p);

int64_t loop_now_us(const struct loop *l); /* clock_mono_us() when this batch began */

#endif
