/* All events in the order of their commits, with what decides who may see them.
 *
 * SQLite has one writer: ids are given out in the order of commits.  On PostgreSQL a transaction
 * takes its id some time before it commits, so that 6 may be there while 5 is still to come; whoever
 * reads "behind 6" next would never see 5.  The gate holds back what stands behind such a gap until
 * 5 is there, or nobody is left who could have taken it: every transaction that inserts an event
 * holds a lock on the table from before it takes the id to behind its end, so a gap is final when
 * all that held one at the sight of it are gone.  Writers pay nothing for this.
 *
 * One gate for all readers of a store; any thread.  NULL in SQLite's place is not allowed: make one. */
#ifndef STORE_EVENT_FEED_H
#define STORE_EVENT_FEED_H

#include "store/events.h"

struct event_gate;
struct event_gate *event_gate_new(void);
void event_gate_free(struct event_gate **g);

struct feed_row {
    struct event ev;
    int64_t group_id, customer_id, organization_id, created_by; /* of the ticket, now */
    int64_t *people;                                /* its participants */
    size_t n_people;
};
struct feed_rows {
    struct feed_row *v;
    size_t n;
    bool held; /* more is there, behind a transaction that still runs: look again soon */
};
struct feed_from {
    int64_t after, limit;
};
enum rc event_feed_read(struct db *db, struct event_gate *g, const struct feed_from *from,
                        struct arena *a, struct feed_rows *out, struct err *e) MUST_USE;
/* Where a reader begins who wants only what comes from now on: everything up to *id is there.  It
 * may lie a little before the newest event while transactions run. */
enum rc event_feed_last(struct db *db, struct event_gate *g, struct arena *a, int64_t *id,
                        struct err *e) MUST_USE;
/* The greatest id that is there. */
enum rc event_feed_newest(struct db *db, int64_t *id, struct err *e) MUST_USE;
/* An API token that was neither revoked nor ran out. */
enum rc event_feed_token_lives(struct db *db, int64_t token_id, int64_t now_us, bool *yes,
                               struct err *e) MUST_USE;

#endif
