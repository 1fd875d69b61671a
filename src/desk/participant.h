/* Who takes part in a ticket.  Agents add and remove anybody; a customer adds people where the group
 * allows it, and removes himself. */
#ifndef DESK_PARTICIPANT_H
#define DESK_PARTICIPANT_H

#include "desk/ticket.h"

/* Whether the actor may name this person: agents anybody, customers only people of the ticket's
 * organisation (ids must not be a way to learn names). */
enum rc participant_known(struct ticket_work *w, int64_t user_id, bool *known, struct err *e) MUST_USE;
/* Inside a write transaction; one history row each. */
enum rc participant_add(struct call *c, int64_t ticket_id, const struct participant_new *p,
                        struct err *e) MUST_USE;
enum rc participant_remove(struct call *c, int64_t ticket_id, int64_t user_id, struct err *e) MUST_USE;

#endif
