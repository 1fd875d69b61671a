/* What a message does to the state of its ticket: the table of behaviour.md, section 2, as a pure
 * function.  No database, no clock. */
#ifndef DESK_STATE_RULES_H
#define DESK_STATE_RULES_H

#include "base/defs.h"
#include "store/kinds.h"

enum state_move {
    MOVE_KEEP,          /* the message is stored; the state stays */
    MOVE_FOLLOW_UP,     /* to the default follow-up state */
    MOVE_REOPEN,        /* the same, and it counts as a reopening */
    MOVE_NEW_TICKET,    /* the message opens a new ticket, not linked */
    MOVE_LINKED_TICKET, /* the message opens a follow-up ticket, linked to this one */
    MOVE_TO_TARGET,     /* the message belongs to the ticket that this one was merged into */
    MOVE_REJECT,        /* refused, with an answer */
};

struct state_case {
    enum state_type type;
    enum message_sender sender;
    enum message_kind kind;
    enum message_visibility visibility;
    bool is_auto;              /* out of office, delay notice, bounce, any automatic mail */
    enum follow_up follow_up;  /* the group's rule for closed tickets */
    int64_t reopen_days;       /* the group's */
    int64_t done_us;           /* when it was solved or closed last */
    int64_t now_us;
};

/* Who a message counts as being from.  What somebody said on the phone is the customer's word, whoever
 * writes it down; an agent who is the ticket's own customer writes as the customer, unless the message
 * is internal. */
struct sender_case {
    bool is_person;      /* not the system, a job or the command line */
    bool is_agent;       /* works on the ticket as an agent */
    bool is_customer;    /* is the ticket's customer */
    bool on_behalf;      /* of somebody else, who is named */
    bool is_auto;
    enum message_kind kind;
    enum message_visibility visibility;
};
enum message_sender message_sender_of(const struct sender_case *c);

enum state_move state_after_message(const struct state_case *c);
/* Notes and system messages are not communication: they open nothing and answer nothing. */
bool message_is_communication(enum message_kind kind, enum message_visibility visibility);

#endif
