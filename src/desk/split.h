/* Splitting: some messages of a ticket begin a new one, linked as its follow-up.  Copied messages
 * stay where they were too; moved ones go with their attachments, and at least one must stay. */
#ifndef DESK_SPLIT_H
#define DESK_SPLIT_H

#include "desk/ticket.h"

struct split_ask {
    int64_t ticket_id, if_match;
    const int64_t *messages; /* of this ticket */
    size_t n;
    bool move;
    struct str title; /* p == NULL: the ticket's */
    int64_t group_id; /* 0: the ticket's */
};
/* The requester of the new ticket is who sent the first message (by age), when a customer did. */
enum rc ticket_split(struct call *c, const struct split_ask *ask, int64_t *new_id,
                     struct err *e) MUST_USE;

#endif
