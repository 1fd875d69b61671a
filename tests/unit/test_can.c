/* can() and its form for queries decide alike, for random people, groups and tickets. */
#include "test.h"

#include "base/rand.h"
#include "desk/can.h"

enum { GROUPS = 6, ORGS = 4, USERS = 8 };

struct ticket {
    struct ticket_facts f;
    int64_t participant; /* a user's id, or 0 */
};

/* The rule once more, written as slowly and plainly as possible. */
static bool naive(const struct actor *who, enum action what, const struct ticket *t)
{
    bool mine = t->f.customer_id == who->user_id || t->participant == who->user_id;
    unsigned levels = 0;

    if (who->perms & PERM_ADMIN_TICKET)
        return true;
    for (size_t i = 0; i < who->n_groups; i++)
        if ((who->perms & PERM_TICKET_AGENT) && who->groups[i].group_id == t->f.group_id)
            levels = who->groups[i].levels;
    if (levels & LEVEL_READ)
        return true;
    if (what == CAN_LIST && (levels & LEVEL_OVERVIEW))
        return true;
    for (size_t i = 0; i < who->n_shared_orgs; i++)
        mine = mine || who->shared_orgs[i] == t->f.organization_id;
    if (who->is_unproved)
        mine = t->f.customer_id == who->user_id && t->f.created_by == who->user_id;
    return (who->perms & PERM_TICKET_CUSTOMER) && mine;
}

static bool in_list(const int64_t *v, size_t n, int64_t x)
{
    for (size_t i = 0; i < n; i++)
        if (v[i] == x)
            return true;
    return false;
}

/* What scope_where() says in SQL; the store test holds the SQL itself against can(). */
static bool in_scope(const struct scope *s, const struct ticket *t)
{
    return s->all || in_list(s->groups, s->n_groups, t->f.group_id) ||
           (s->user_id && !s->only_own && (t->f.customer_id == s->user_id || t->participant == s->user_id)) ||
           (s->user_id && s->only_own && t->f.customer_id == s->user_id && t->f.created_by == s->user_id) ||
           (t->f.organization_id && in_list(s->orgs, s->n_orgs, t->f.organization_id));
}

static struct actor random_actor(struct arena *a)
{
    static const int64_t perms[] = { 0, PERM_TICKET_CUSTOMER, PERM_TICKET_AGENT,
                                     PERM_TICKET_AGENT | PERM_TICKET_CUSTOMER,
                                     PERM_TICKET_AGENT | PERM_TICKET_DELETE, PERM_ADMIN_TICKET };
    struct group_levels *g = ARENA_ARRAY(a, struct group_levels, GROUPS);
    int64_t *orgs = ARENA_ARRAY(a, int64_t, ORGS);
    struct actor who = { .type = ACTOR_USER, .user_id = 1 + (int64_t)rand_below(USERS) };

    who.perms = perms[rand_below(ARRAY_LEN(perms))];
    who.is_unproved = rand_below(3) == 0;
    for (int64_t id = 1; id <= GROUPS; id++)
        if (rand_below(2))
            g[who.n_groups++] =
                (struct group_levels){ .group_id = id, .levels = (unsigned)rand_below(16) };
    for (int64_t id = 1; id <= ORGS; id++)
        if (rand_below(3) == 0)
            orgs[who.n_shared_orgs++] = id;
    who.groups = g;
    who.shared_orgs = orgs;
    return who;
}

static void queries_and_single_decisions_agree_with_a_naive_scan(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(16 * MIB);
    size_t seen = 0, hidden = 0;

    (void)state;
    rand_fake(7);
    for (int round = 0; round < 2000; round++) {
        arena_reset(a);
        struct actor who = random_actor(a);
        struct scope list = can_scope(&who, CAN_LIST, a), read = can_scope(&who, CAN_READ, a);

        for (int i = 0; i < 20; i++) {
            struct ticket t = { .f = { .group_id = 1 + (int64_t)rand_below(GROUPS),
                                       .customer_id = 1 + (int64_t)rand_below(USERS),
                                       .organization_id = (int64_t)rand_below(ORGS + 1),
                                       .created_by = 1 + (int64_t)rand_below(USERS) },
                                .participant = (int64_t)rand_below(USERS + 1) };

            t.f.participates = t.participant == who.user_id;
            assert_int_equal(can(&who, CAN_LIST, &t.f), naive(&who, CAN_LIST, &t));
            assert_int_equal(can(&who, CAN_READ, &t.f), naive(&who, CAN_READ, &t));
            assert_int_equal(in_scope(&list, &t), naive(&who, CAN_LIST, &t));
            assert_int_equal(in_scope(&read, &t), naive(&who, CAN_READ, &t));
            if (can(&who, CAN_READ, &t.f))
                assert_true(can(&who, CAN_LIST, &t.f));
            seen += can(&who, CAN_READ, &t.f);
            hidden += !can(&who, CAN_READ, &t.f);
        }
    }
    rand_fake(0);
    assert_true(seen > 1000 && hidden > 1000);
}

static void each_level_allows_what_it_says(void **state)
{
    static const struct {
        unsigned levels;
        int64_t perms;
        const char *allowed; /* one letter an action, in the order of enum action */
    } cases[] = {
        { 0, PERM_TICKET_AGENT, "--------" },
        { LEVEL_OVERVIEW, PERM_TICKET_AGENT, "L-------" },
        { LEVEL_READ, PERM_TICKET_AGENT, "LRI-----" },
        { LEVEL_CREATE, PERM_TICKET_AGENT, "---C----" },
        { LEVEL_CHANGE, PERM_TICKET_AGENT, "----AE--" },
        { LEVEL_CHANGE, PERM_TICKET_AGENT | PERM_TICKET_DELETE, "----AE-D" },
        { 31, PERM_TICKET_AGENT, "LRICAEO-" },
        { 31, PERM_TICKET_AGENT | PERM_TICKET_DELETE, "LRICAEOD" },
        { 31, PERM_TICKET_CUSTOMER | PERM_TICKET_DELETE, "--------" },
        { 0, PERM_ADMIN_TICKET, "LRICAEOD" },
    };
    struct ticket_facts t = { .group_id = 3, .customer_id = 99, .organization_id = 5 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct group_levels g = { 3, cases[i].levels };
        struct actor who = { .type = ACTOR_USER, .user_id = 1, .perms = cases[i].perms,
                             .groups = &g, .n_groups = 1 };

        for (int what = CAN_LIST; what <= CAN_DELETE; what++)
            assert_int_equal(can(&who, (enum action)what, &t), cases[i].allowed[what] != '-');
        who.read_only = true;
        for (int what = CAN_CREATE; what <= CAN_DELETE; what++)
            assert_false(can(&who, (enum action)what, &t));
    }
}

static void customers_see_and_answer_their_own_but_nothing_internal(void **state)
{
    int64_t org = 5;
    struct actor who = { .type = ACTOR_USER, .user_id = 7, .perms = PERM_TICKET_CUSTOMER,
                         .shared_orgs = &org, .n_shared_orgs = 1 };
    struct ticket_facts cases[] = {
        { .group_id = 1, .customer_id = 7 },
        { .group_id = 1, .customer_id = 8, .participates = true },
        { .group_id = 1, .customer_id = 8, .organization_id = 5 },
    };
    struct ticket_facts foreign = { .group_id = 1, .customer_id = 8, .organization_id = 6 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_true(can(&who, CAN_LIST, &cases[i]));
        assert_true(can(&who, CAN_READ, &cases[i]));
        assert_true(can(&who, CAN_ANSWER, &cases[i]));
        assert_false(can(&who, CAN_READ_INTERNAL, &cases[i]));
        assert_false(can(&who, CAN_CREATE, &cases[i]));
        assert_false(can(&who, CAN_CHANGE, &cases[i]));
        assert_false(can(&who, CAN_OWN, &cases[i]));
        assert_false(can(&who, CAN_DELETE, &cases[i]));
    }
    for (int what = CAN_LIST; what <= CAN_DELETE; what++)
        assert_false(can(&who, (enum action)what, &foreign));
    assert_true(can(&who, CAN_CREATE, &(struct ticket_facts){ .customer_id = 7 }));
    assert_false(can(&who, CAN_CREATE, &(struct ticket_facts){ .customer_id = 8 }));
}

static void nobody_may_nothing_and_the_system_all(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(1 * MIB);
    struct actor nobody = { .perms = -1 }, system = { .type = ACTOR_SYSTEM };
    struct ticket_facts t = { 0 };
    struct scope s = can_scope(&nobody, CAN_LIST, a);

    (void)state;
    for (int what = CAN_LIST; what <= CAN_DELETE; what++) {
        assert_false(can(&nobody, (enum action)what, &t));
        assert_true(can(&system, (enum action)what, &t));
    }
    assert_false(s.all || s.n_groups || s.user_id || s.n_orgs || s.internal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_and_single_decisions_agree_with_a_naive_scan),
        cmocka_unit_test(each_level_allows_what_it_says),
        cmocka_unit_test(customers_see_and_answer_their_own_but_nothing_internal),
        cmocka_unit_test(nobody_may_nothing_and_the_system_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
