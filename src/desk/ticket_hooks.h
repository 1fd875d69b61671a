/* What other parts do inside the transaction of a ticket's change.  Called from one place each
 * (ticket_work.c, ticket_message.c).  The weak forms in ticket_hooks.c do nothing (claiming refuses);
 * the part that brings the real function removes its weak form there. */
#ifndef DESK_TICKET_HOOKS_H
#define DESK_TICKET_HOOKS_H

#include "desk/call.h"
#include "store/messages.h"
#include "store/tickets.h"

/* Gives the actor's uploads to a message.  RC_INVALID when one is unknown, taken, expired or not his. */
enum rc attachments_claim(struct db *db, const struct actor *who, const int64_t *ids, size_t n,
                          int64_t ticket_id, int64_t message_id, struct err *e) MUST_USE;
/* Puts what is searched into the index.  Title, number, names or tags changed: ticket; new or
 * changed body: message. */
enum rc search_index_ticket(struct db *db, const struct ticket *t, struct arena *a, struct err *e) MUST_USE;
enum rc search_index_message(struct db *db, const struct ticket *t, const struct message *m,
                             struct arena *a, struct err *e) MUST_USE;

#endif
