/* What another part does inside the transaction of a ticket's change: taking uploads
 * (desk/attachment.c). */
#ifndef DESK_TICKET_HOOKS_H
#define DESK_TICKET_HOOKS_H

#include "base/err.h"
#include "desk/actor.h"
#include "store/db.h"

/* Gives the actor's uploads to a message.  RC_INVALID when one is unknown, taken, expired or not his. */
struct attachments_claim {
    const int64_t *ids;
    size_t n;
    int64_t ticket_id, message_id;
    const char *at; /* for errors, of message_new */
};
enum rc attachments_claim(struct db *db, const struct actor *who, const struct attachments_claim *what,
                          struct err *e) MUST_USE;

#endif
