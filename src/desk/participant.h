/* Who takes part in a ticket.  Agents add and remove anybody; a customer adds people where the group
 * allows it, and removes himself. */
#ifndef DESK_PARTICIPANT_H
#define DESK_PARTICIPANT_H

#include "desk/ticket.h"

/* Inside a write transaction; one history row each. */
enum rc participant_add(struct call *c, int64_t ticket_id, const struct participant_new *p,
                        struct err *e) MUST_USE;
enum rc participant_remove(struct call *c, int64_t ticket_id, int64_t user_id, struct err *e) MUST_USE;

#endif
