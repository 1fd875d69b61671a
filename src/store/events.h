/* The append-only history: one row per ticket and transaction.  Whoever reads on behind an id does so
 * through store/event_feed.h: on PostgreSQL ids are taken in another order than transactions commit. */
#ifndef STORE_EVENTS_H
#define STORE_EVENTS_H

#include "base/arena.h"
#include "store/db.h"

struct event {
    int64_t id, ticket_id;
    struct str type; /* create, update, message, merged_into, received_merge, split, reminder, … */
    int64_t actor_id, message_id;
    bool is_internal;
    struct str changes_json; /* {"state":[before,after], …} */
    int64_t ticket_version, public_version; /* as agents and as customers know it */
    struct str request_id;
    int64_t created_us;
    struct str actor_name; /* of lists */
};

enum rc events_add(struct db *db, struct event *ev, struct err *e) MUST_USE; /* sets ev->id */
/* As a row more of an insert of several (seed.h). */
void events_add_row(struct sql *q, const struct event *ev);

struct event_page {
    bool internal, descending, has_key;
    int64_t key_id, limit;
};
enum rc events_of_ticket(struct db *db, int64_t ticket_id, const struct event_page *p,
                         struct arena *a, struct db_rows *r, struct err *e) MUST_USE;
void event_from_row(struct db_rows *r, struct arena *a, struct event *out); /* a NULL: borrowed */

#endif
