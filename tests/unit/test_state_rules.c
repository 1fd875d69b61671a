/* The table of behaviour.md, section 2: what a message does to the state of its ticket. */
#include "test.h"

#include "desk/state_rules.h"

enum { DAYS = 7 };
#define NOW (100 * US_PER_DAY)

static struct state_case base(enum state_type type, enum message_sender sender)
{
    return (struct state_case){ .type = type, .sender = sender, .kind = MESSAGE_WEB,
                                .visibility = VISIBILITY_PUBLIC, .reopen_days = DAYS,
                                .done_us = NOW - US_PER_DAY, .now_us = NOW };
}

static void expect(struct state_case c, enum state_move want)
{
    enum state_move got = state_after_message(&c);

    if (got != want)
        fail_msg("type %d sender %d: move %d, want %d", c.type, c.sender, got, want);
}

static void an_agents_public_word_opens_only_new_tickets(void **state)
{
    (void)state;
    expect(base(STATE_NEW, SENDER_AGENT), MOVE_FOLLOW_UP);
    for (int type = STATE_OPEN; type < STATE_TYPES_; type++)
        expect(base((enum state_type)type, SENDER_AGENT),
               type == STATE_MERGED ? MOVE_TO_TARGET : MOVE_KEEP);
}

static void notes_and_internal_messages_change_nothing(void **state)
{
    (void)state;
    for (int type = 0; type < STATE_TYPES_; type++) {
        struct state_case note = base((enum state_type)type, SENDER_AGENT), hidden = note, sys = note;

        if (type == STATE_MERGED)
            continue;
        note.kind = MESSAGE_NOTE;
        hidden.visibility = VISIBILITY_INTERNAL;
        sys.kind = MESSAGE_SYSTEM;
        expect(note, MOVE_KEEP);
        expect(hidden, MOVE_KEEP);
        expect(sys, MOVE_KEEP);
    }
}

static void automatic_mail_changes_nothing(void **state)
{
    (void)state;
    for (int type = 0; type < STATE_TYPES_; type++) {
        struct state_case c = base((enum state_type)type, SENDER_CUSTOMER);

        c.is_auto = true;
        expect(c, type == STATE_MERGED ? MOVE_TO_TARGET : MOVE_KEEP);
    }
}

static void the_systems_own_messages_change_nothing(void **state)
{
    (void)state;
    for (int type = 0; type < STATE_TYPES_; type++)
        expect(base((enum state_type)type, SENDER_SYSTEM), MOVE_KEEP);
}

static void a_customer_keeps_new_and_follows_up_working_states(void **state)
{
    (void)state;
    expect(base(STATE_NEW, SENDER_CUSTOMER), MOVE_KEEP);
    expect(base(STATE_OPEN, SENDER_CUSTOMER), MOVE_FOLLOW_UP);
    expect(base(STATE_PENDING, SENDER_CUSTOMER), MOVE_FOLLOW_UP);
    expect(base(STATE_HOLD, SENDER_CUSTOMER), MOVE_FOLLOW_UP);
    expect(base(STATE_MERGED, SENDER_CUSTOMER), MOVE_TO_TARGET);
    expect(base(STATE_SPAM, SENDER_CUSTOMER), MOVE_NEW_TICKET);
    expect(base(STATE_DELETED, SENDER_CUSTOMER), MOVE_NEW_TICKET);
}

static void a_solved_ticket_reopens_within_the_groups_days(void **state)
{
    struct state_case c = base(STATE_SOLVED, SENDER_CUSTOMER);

    (void)state;
    expect(c, MOVE_REOPEN);
    c.done_us = NOW - DAYS * US_PER_DAY;
    expect(c, MOVE_REOPEN);
    c.done_us--;
    expect(c, MOVE_LINKED_TICKET);
    c.done_us = NOW;
    c.reopen_days = 0;
    expect(c, MOVE_LINKED_TICKET);
}

static void a_closed_ticket_follows_the_groups_rule(void **state)
{
    struct state_case c = base(STATE_CLOSED, SENDER_CUSTOMER);

    (void)state;
    c.follow_up = FOLLOW_UP_REOPEN;
    expect(c, MOVE_REOPEN);
    c.follow_up = FOLLOW_UP_NEW;
    expect(c, MOVE_LINKED_TICKET);
    c.follow_up = FOLLOW_UP_REJECT;
    expect(c, MOVE_REJECT);
    c.follow_up = FOLLOW_UP_NEW_AFTER_DAYS;
    expect(c, MOVE_REOPEN);
    c.done_us = NOW - DAYS * US_PER_DAY - 1;
    expect(c, MOVE_LINKED_TICKET);
}

static void a_message_is_from_whom_the_table_says(void **state)
{
    static const struct {
        struct sender_case c;
        enum message_sender want;
    } rows[] = {
        { { .is_person = true }, SENDER_CUSTOMER },
        { { .is_person = true, .is_agent = true }, SENDER_AGENT },
        { { .is_person = true, .is_agent = true, .on_behalf = true }, SENDER_CUSTOMER },
        { { .is_person = true, .is_agent = true, .kind = MESSAGE_PHONE_IN }, SENDER_CUSTOMER },
        { { .is_person = true, .is_agent = true, .kind = MESSAGE_PHONE_OUT }, SENDER_AGENT },
        { { .is_person = true, .is_agent = true, .is_customer = true }, SENDER_CUSTOMER },
        { { .is_person = true, .is_agent = true, .is_customer = true,
            .visibility = VISIBILITY_INTERNAL }, SENDER_AGENT },
        { { .kind = MESSAGE_SYSTEM }, SENDER_SYSTEM },
        { { .is_auto = true }, SENDER_SYSTEM },
        { { .kind = MESSAGE_EMAIL }, SENDER_AGENT },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (message_sender_of(&rows[i].c) != rows[i].want)
            fail_msg("row %zu", i);
}

static void only_public_words_to_somebody_are_communication(void **state)
{
    (void)state;
    for (int kind = MESSAGE_WEB; kind <= MESSAGE_SYSTEM; kind++) {
        assert_false(message_is_communication((enum message_kind)kind, VISIBILITY_INTERNAL));
        assert_int_equal(message_is_communication((enum message_kind)kind, VISIBILITY_PUBLIC),
                         kind != MESSAGE_NOTE && kind != MESSAGE_SYSTEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_agents_public_word_opens_only_new_tickets),
        cmocka_unit_test(notes_and_internal_messages_change_nothing),
        cmocka_unit_test(automatic_mail_changes_nothing),
        cmocka_unit_test(the_systems_own_messages_change_nothing),
        cmocka_unit_test(a_customer_keeps_new_and_follows_up_working_states),
        cmocka_unit_test(a_solved_ticket_reopens_within_the_groups_days),
        cmocka_unit_test(a_closed_ticket_follows_the_groups_rule),
        cmocka_unit_test(a_message_is_from_whom_the_table_says),
        cmocka_unit_test(only_public_words_to_somebody_are_communication),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
