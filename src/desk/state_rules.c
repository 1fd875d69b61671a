#include "desk/state_rules.h"

bool message_is_communication(enum message_kind kind, enum message_visibility visibility)
{
    return visibility == VISIBILITY_PUBLIC && kind != MESSAGE_NOTE && kind != MESSAGE_SYSTEM;
}

enum message_sender message_sender_of(const struct sender_case *c)
{
    if (c->on_behalf || c->kind == MESSAGE_PHONE_IN)
        return SENDER_CUSTOMER;
    if (!c->is_person)
        return c->kind == MESSAGE_SYSTEM || c->is_auto ? SENDER_SYSTEM : SENDER_AGENT;
    if (!c->is_agent || (c->is_customer && c->visibility == VISIBILITY_PUBLIC))
        return SENDER_CUSTOMER;
    return SENDER_AGENT;
}

static bool within_days(const struct state_case *c)
{
    return c->reopen_days > 0 && c->now_us - c->done_us <= c->reopen_days * US_PER_DAY;
}

static enum state_move after_closed(const struct state_case *c)
{
    switch (c->follow_up) {
    case FOLLOW_UP_REOPEN:
        return MOVE_REOPEN;
    case FOLLOW_UP_NEW:
        return MOVE_LINKED_TICKET;
    case FOLLOW_UP_NEW_AFTER_DAYS:
        return within_days(c) ? MOVE_REOPEN : MOVE_LINKED_TICKET;
    case FOLLOW_UP_REJECT:
        break;
    }
    return MOVE_REJECT;
}

static enum state_move after_customer(const struct state_case *c)
{
    switch (c->type) {
    case STATE_NEW:
        return MOVE_KEEP;
    case STATE_OPEN:
    case STATE_PENDING:
    case STATE_HOLD:
        return MOVE_FOLLOW_UP;
    case STATE_SOLVED:
        return within_days(c) ? MOVE_REOPEN : MOVE_LINKED_TICKET;
    case STATE_CLOSED:
        return after_closed(c);
    case STATE_SPAM:
    case STATE_DELETED:
        return MOVE_NEW_TICKET;
    case STATE_MERGED:
    case STATE_TYPES_:
        break;
    }
    return MOVE_TO_TARGET;
}

enum state_move state_after_message(const struct state_case *c)
{
    if (c->type == STATE_MERGED && c->sender != SENDER_SYSTEM)
        return MOVE_TO_TARGET;
    if (c->is_auto || !message_is_communication(c->kind, c->visibility))
        return MOVE_KEEP;
    if (c->sender == SENDER_CUSTOMER)
        return after_customer(c);
    if (c->sender == SENDER_AGENT && c->type == STATE_NEW)
        return MOVE_FOLLOW_UP;
    return MOVE_KEEP;
}
