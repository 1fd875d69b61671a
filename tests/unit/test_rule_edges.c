/* What no caller asks today: values beyond the tables are refused, never allowed. */
#include "test.h"

#include "desk/can.h"
#include "desk/state_rules.h"

static void an_action_that_is_not_in_the_table_is_nobodys(void **state)
{
    struct group_levels all = { 1, 31 };
    struct actor agent = { .type = ACTOR_USER, .user_id = 1, .perms = PERM_TICKET_AGENT,
                           .groups = &all, .n_groups = 1 };
    struct actor customer = { .type = ACTOR_USER, .user_id = 1, .perms = PERM_TICKET_CUSTOMER };
    struct ticket_facts own = { .group_id = 1, .customer_id = 1 };

    (void)state;
    assert_true(can(&agent, CAN_OWN, &own));
    assert_false(can(&agent, (enum action)99, &own));
    assert_false(can(&customer, (enum action)99, &own));
    assert_false(can(&customer, CAN_OWN, &own));
    customer.user_id = 0;
    own.customer_id = 0;
    assert_false(can(&customer, CAN_READ, &own));
}

static void unknown_states_and_rules_change_nothing_by_themselves(void **state)
{
    struct state_case c = { .type = STATE_TYPES_, .sender = SENDER_CUSTOMER, .kind = MESSAGE_WEB,
                            .visibility = VISIBILITY_PUBLIC };

    (void)state;
    assert_int_equal(state_after_message(&c), MOVE_TO_TARGET);
    c.type = (enum state_type)99;
    assert_int_equal(state_after_message(&c), MOVE_TO_TARGET);
    c.type = STATE_CLOSED;
    c.follow_up = (enum follow_up)99;
    assert_int_equal(state_after_message(&c), MOVE_REJECT);
    c.type = STATE_MERGED;
    c.sender = SENDER_SYSTEM;
    assert_int_equal(state_after_message(&c), MOVE_KEEP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_action_that_is_not_in_the_table_is_nobodys),
        cmocka_unit_test(unknown_states_and_rules_change_nothing_by_themselves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
