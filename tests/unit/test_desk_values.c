/* Values at the edges of what the rules take: addresses, passwords, the catalog's look-ups. */
#include "test.h"

#include "desk/account.h"
#include "desk/catalog.h"
#include "desk/password.h"

static bool is_address(const char *text)
{
    struct arena *a CLEAN(arena_clean) = arena_new(64 * KIB);
    struct err e = { 0 };
    struct str fold;

    return email_check(str_of(text), "/email", a, &fold, &e) == RC_OK;
}

static void an_address_has_a_sound_local_part_and_domain(void **state)
{
    static const char *const good[] = { "a@b.c", "A.B+c@x-y.example", "a@localhost", " a@b.c ", "a@1.2" };
    static const char *const bad[] = { "", "a", "@b.c", "a@", ".a@b.c", "a.@b.c", "a b@b.c", "a\"@b.c", "a\x7f@b.c",
                                       "a@b", "a@.b.c", "a@b.c.", "a@-b.c", "a@b.c-", "a@b..c", "a@b_c.d", "a@b c.d",
                                       "a@b.\xC3\xA4", "a@{.c", "a@b@c.d",
                                       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.c" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        if (!is_address(good[i]))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (is_address(bad[i]))
            fail_msg("taken: %s", bad[i]);
}

static enum rc check(const char *password, const char *email, const char *name)
{
    struct err e = { 0 };

    return password_check(str_of(password), str_of(email), str_of(name), "/p", &e);
}

static void a_password_is_no_pattern_no_common_word_and_not_the_person(void **state)
{
    static const char *const bad[] = { "aaaaaaaa", "abababab", "abcabcabc", "abcdabcd", "12345678", "87654321", "abcdefgh",
                                       "hgfedcba", "1234abcdefgh56", "99zyxwvuts", "12password34", "p4ssw0rd", "!!P4ssw0rd!!",
                                       "        " };
    static const char *const good[] = { "abcdeabcde1x", "1234567x9kq", "kq8vH2rz", "\xC3\xA4\xC3\xB6\xC3\xBCkq8vh" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (check(bad[i], "", "") != RC_INVALID)
            fail_msg("taken: %s", bad[i]);
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        if (check(good[i], "", "") != RC_OK)
            fail_msg("refused: %s", good[i]);
    assert_int_equal(check("kq8vh2rz@b.c", "kq8vh2rz@b.c", "Ann"), RC_INVALID);
    assert_int_equal(check("kqxvhzrz", "kqxvhzrz@b.c", "Ann"), RC_INVALID);
    assert_int_equal(check("77kqxvhzrz77", "1kqxvhzrz1@b.c", "Ann"), RC_INVALID);
    assert_int_equal(check("77kqxvhzrz77", "x@b.c", "Kqxvhzrz"), RC_INVALID);
    assert_int_equal(check("1234-an-5678", "a@b.c", "an"), RC_OK); /* too short a name to be looked for */
    assert_int_equal(check("kq8vH2rz", "ab@c.d", "ab"), RC_OK);
}

static void what_is_no_hash_lets_nobody_in(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(1 * MIB);
    char text[300];
    struct err e = { 0 };
    struct str hash;

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_false(password_verify(STR("x"), STR(""), a));
    assert_false(password_verify(STR("x"), (struct str){ text, sizeof(text) }, a));
    assert_false(password_verify(STR("x"), (struct str){ text, 40 }, a));
    assert_int_equal(password_hash(STR("x"), INT64_C(1) << 50, 1, a, &hash, &e), RC_BUSY); /* so much memory is not there */
    err_clear(&e);
    assert_int_equal(password_hash(STR_NONE, 64, 1, a, &hash, &e), RC_OK);
    assert_true(password_verify(STR_NONE, hash, a));
    assert_false(password_verify(STR("x"), hash, a));
}

static void the_catalog_finds_what_is_in_use(void **state)
{
    struct cat_state states[] = {
        { .id = 1, .name = STR("off"), .type = STATE_OPEN, .position = 1, .default_new = false },
        { .id = 2, .name = STR("second"), .type = STATE_OPEN, .position = 20, .active = true },
        { .id = 3, .name = STR("First"), .type = STATE_OPEN, .position = 10, .active = true },
        { .id = 4, .name = STR("third"), .type = STATE_OPEN, .position = 30, .active = true },
    };
    struct cat_priority priorities[] = { { .id = 1, .name = STR("low") }, { .id = 2, .name = STR("high"), .active = true } };
    struct cat_group groups[] = { { .id = 1, .name = STR("one"), .is_default = true }, { .id = 2, .name = STR("two"), .active = true } };
    struct catalog c = { .states = states, .n_states = 4, .priorities = priorities, .n_priorities = 2, .groups = groups, .n_groups = 2 };

    (void)state;
    assert_null(catalog_state_named(&c, STR("off")));
    assert_int_equal(catalog_state_named(&c, STR("FIRST"))->id, 3);
    assert_null(catalog_state_named(&c, STR("nowhere")));
    assert_int_equal(catalog_state_of_type(&c, STATE_OPEN)->id, 3);
    assert_null(catalog_state_of_type(&c, STATE_CLOSED));
    assert_null(catalog_priority_named(&c, STR("low")));
    assert_int_equal(catalog_priority_named(&c, STR("high"))->id, 2);
    assert_null(catalog_group_named(&c, STR("one")));
    assert_null(catalog_default_new(&c));
    assert_null(catalog_default_follow_up(&c));
    assert_null(catalog_default_close(&c));
    assert_null(catalog_default_priority(&c));
    assert_null(catalog_default_group(&c));
    groups[1].is_default = states[1].default_new = states[2].default_follow_up = states[3].default_close = true;
    priorities[1].is_default = true;
    assert_int_equal(catalog_default_group(&c)->id, 2);
    assert_int_equal(catalog_default_new(&c)->id, 2);
    assert_int_equal(catalog_default_follow_up(&c)->id, 3);
    assert_int_equal(catalog_default_close(&c)->id, 4);
    assert_int_equal(catalog_default_priority(&c)->id, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_a_sound_local_part_and_domain),
        cmocka_unit_test(a_password_is_no_pattern_no_common_word_and_not_the_person),
        cmocka_unit_test(what_is_no_hash_lets_nobody_in),
        cmocka_unit_test(the_catalog_finds_what_is_in_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
