/* The live streams: who listens, and a thread that tells each listener what he may see.
 *
 * The thread reads new events once for all streams that stand at the same place, and sends to each
 * what can() allows its owner.  Before it sends, and at least every minute, it looks at the owner
 * again: an ended session, a revoked token or a switched-off user closes the stream, changed rights
 * count at once.  streams_wake() after a commit; without it the thread looks once a second (other
 * nodes write too).
 *
 * streams_tick() is one round, for tests; streams_start() makes the thread. */
#ifndef WEB_STREAMS_H
#define WEB_STREAMS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "desk/actor.h"
#include "desk/can.h"
#include "store/event_feed.h"
#include "store/store.h"

struct streams;

struct streams_opts {
    struct store *store;
    /* http_stream_send() and http_stream_end(), or a test's. */
    bool (*send)(void *arg, uint64_t id, struct str bytes);
    void (*end)(void *arg, uint64_t id);
    void *arg;
    size_t max_per_user;
};

enum rc streams_new(const struct streams_opts *o, struct streams **out, struct err *e) MUST_USE;
bool streams_start(struct streams *s) MUST_USE;
void streams_free(struct streams **s);
void streams_wake(struct streams *s); /* any thread */

/* A new stream that has seen everything up to the event `after`.  RC_LIMITED when its owner has too
 * many.  Any thread. */
enum rc streams_add(struct streams *s, uint64_t id, const struct actor *who, int64_t after,
                    struct err *e) MUST_USE;
/* Something about a ticket that no row tells, ready as a frame: goes at once to those who now see the
 * ticket as agents, is not kept for anybody, and is lost when too much waits.  Any thread. */
struct stream_note {
    struct ticket_facts facts;
    struct str frame; /* copied */
};
void streams_tell(struct streams *s, const struct stream_note *note);
size_t streams_count(struct streams *s);
void streams_tick(struct streams *s);

/* May he see this event, and the internal side of it? */
bool feed_row_visible(const struct actor *who, const struct feed_row *row, bool *internal);

#endif
