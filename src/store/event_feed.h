/* All events in the order of their commits, with what decides who may see them. */
#ifndef STORE_EVENT_FEED_H
#define STORE_EVENT_FEED_H

#include "store/events.h"

struct feed_row {
    struct event ev;
    int64_t group_id, customer_id, organization_id; /* of the ticket, now */
    int64_t *people;                                /* its participants */
    size_t n_people;
};
struct feed_rows {
    struct feed_row *v;
    size_t n;
};
enum rc event_feed_read(struct db *db, int64_t after, int64_t limit, struct arena *a,
                        struct feed_rows *out, struct err *e) MUST_USE;
enum rc event_feed_last(struct db *db, int64_t *id, struct err *e) MUST_USE;
/* An API token that was neither revoked nor ran out. */
enum rc event_feed_token_lives(struct db *db, int64_t token_id, int64_t now_us, bool *yes,
                               struct err *e) MUST_USE;

#endif
