/* The live streams: who listens, and a thread that tells each listener what he may see.
 *
 * The thread reads new events once for all streams that are up to date, and sends to each what can()
 * allows its owner; those that lag behind are served in between, so that nobody waits for them.
 * Before it sends, and at least every minute, it looks at the owner again: an ended session, a
 * revoked token or a switched-off user closes the stream, changed rights count at once.
 * streams_wake() after a commit here or on another node, streams_look() when somebody's rights may
 * have changed; a word may get lost, so the thread looks for events once a second anyway.
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
    struct event_gate *gate; /* borrowed */
    /* http_stream_send() and http_stream_end(), or a test's. */
    bool (*send)(void *arg, uint64_t id, struct str bytes);
    void (*end)(void *arg, uint64_t id);
    void *arg;
    size_t max_per_user;
};

enum rc streams_new(const struct streams_opts *o, struct streams **out, struct err *e) MUST_USE;
bool streams_start(struct streams *s) MUST_USE;
/* Ends all streams and lets go of the database; until it is freed, streams_closed() may still be called. */
void streams_stop(struct streams *s);
void streams_free(struct streams **s);
void streams_wake(struct streams *s); /* any thread */
/* The streams of this user (0: of everybody) are looked at again at once.  Any thread. */
void streams_look(struct streams *s, int64_t user_id);

/* A new stream that has seen everything up to the event `after`; reset: it is told first that it
 * has missed more than it will be sent, and goes on behind `after`.  RC_LIMITED when its owner has
 * too many.  Any thread. */
struct stream_from {
    int64_t after;
    bool reset;
};
enum rc streams_add(struct streams *s, uint64_t id, const struct actor *who, struct stream_from from,
                    struct err *e) MUST_USE;
/* Something about a ticket that no row tells, ready as a frame: goes at once to those who now see the
 * ticket as agents, is not kept for anybody, and is lost when too much waits.  Any thread. */
struct stream_note {
    struct ticket_facts facts;
    struct str frame; /* copied */
};
void streams_tell(struct streams *s, const struct stream_note *note);
/* The connection of this stream is gone: it counts no longer.  Any thread. */
void streams_closed(struct streams *s, uint64_t id);
size_t streams_count(struct streams *s);
void streams_tick(struct streams *s);

/* May he see this event, and the internal side of it? */
bool feed_row_visible(const struct actor *who, const struct feed_row *row, bool *internal);

#endif
