/* The one function that decides who may do what to a ticket, and its form for queries.
 * Pure: no database, no clock.  Every road to the data passes one of the two. */
#ifndef DESK_CAN_H
#define DESK_CAN_H

#include "base/arena.h"
#include "desk/actor.h"
#include "store/scope.h"

enum action {
    CAN_LIST,     /* see in lists: overview or read */
    CAN_READ,     /* the content */
    CAN_READ_INTERNAL, /* internal messages, history, drafts of others, counters */
    CAN_CREATE,   /* make one in this group, or move one into it; a customer: for himself, with no
                     group chosen (group_id 0: it goes to the default one) */
    CAN_ANSWER,   /* add a public message: customers too */
    CAN_CHANGE,   /* edit fields, write notes */
    CAN_OWN,      /* be its owner */
    CAN_DELETE,   /* spam, deleted, redaction */
};

/* What can() needs to know of a ticket. */
struct ticket_facts {
    int64_t group_id, customer_id, organization_id; /* 0: none */
    bool participates; /* the actor is a participant (cc) of it */
    int64_t created_by; /* who opened it */
};

bool can(const struct actor *who, enum action what, const struct ticket_facts *t);
/* The same for a whole query; what is CAN_LIST or CAN_READ. */
struct scope can_scope(const struct actor *who, enum action what, struct arena *a);

#endif
