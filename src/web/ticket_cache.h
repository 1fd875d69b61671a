/* Tickets and their messages as JSON, as they were shown last: the same newest tickets stand in every
 * list, and reading their rows and writing them anew was four fifths of what a list cost.
 *
 * Nothing here is ever out of date: an entry is found only with the ticket's version and with the
 * numbers that stand for all else it was made of, and these a request reads from the database first.
 * Nothing here decides what somebody may see: with a ticket come the facts that can() asks for, and
 * what customers are shown is kept apart from what agents are shown.
 *
 * Any thread.  Bounded: old entries give way. */
#ifndef WEB_TICKET_CACHE_H
#define WEB_TICKET_CACHE_H

#include "base/json.h"

struct ticket_cache;

enum ticket_cache_kind { CACHED_TICKET, CACHED_TICKET_PUBLIC, CACHED_MESSAGES, CACHED_MESSAGES_PUBLIC };

struct ticket_cache_key {
    enum ticket_cache_kind kind;
    int64_t id, version;
    int64_t shown;      /* SHOWN_NUMBER */
    int64_t catalog;    /* the generation of states, groups, … */
    int64_t reconnects; /* db_reconnects(): another server may have counted otherwise */
};

/* What rights are decided by, and who is named. */
struct ticket_cache_facts {
    int64_t group_id, owner_id, customer_id, organization_id, created_by;
};

struct ticket_cache *ticket_cache_new(size_t max_bytes);
void ticket_cache_free(struct ticket_cache **c);

/* Kept are members, without braces, of a ticket or of the object that shows it with its messages.
 * Gives the facts and writes the members (either may be NULL).  False: nothing is kept, nothing was written. */
bool ticket_cache_get(struct ticket_cache *c, const struct ticket_cache_key *k,
                      struct ticket_cache_facts *facts, struct jw *out);
void ticket_cache_put(struct ticket_cache *c, const struct ticket_cache_key *k,
                      const struct ticket_cache_facts *facts, struct str json);

#endif
