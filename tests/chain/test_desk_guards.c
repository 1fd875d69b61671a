/* What stands between a caller and what is not his: breaks of these lines once went unnoticed
 * (tools/mutate). */
#include "desk_world.h"

#include "base/enc.h"
#include "desk/totp.h"

#define GOOD "kq8vH2rz-blau"
#define PASSWORD "\"current_password\":\"" GOOD "\""

static const char *ticket_path(int64_t id, const char *tail)
{
    return desk_path(t.ch, "/api/v1/tickets/%lld%s", (long long)id, tail);
}

/* ── merging ── */

static struct answer *merge(const char *as, int64_t source, int64_t into)
{
    return ask(HTTP_POST, as, ticket_path(source, "/merge"), desk_path(t.ch, "{\"into\":%lld}", (long long)into));
}

/* An agent of group 1 who may only read in the group `other`. */
static const char *reader_of(int64_t other)
{
    int64_t id = chain_user(t.ch, 2);

    chain_exec(t.ch, "INSERT INTO user_groups (user_id, group_id, levels) VALUES ($1, $2, $3)",
               DB_ARGS(DB_INT(id), DB_INT(other), DB_INT(LEVEL_READ | LEVEL_OVERVIEW)));
    return chain_token(t.ch, id, -1, false);
}

static void who_only_reads_one_of_two_tickets_neither_merges_nor_unmerges_them(void **state)
{
    int64_t other = desk_group(t.ch, "other");
    int64_t here = desk_ticket(t.ch, t.ann, 0, "here"), there = desk_ticket(t.ch, t.ann, other, "there");
    const char *reader = reader_of(other), *all;
    int64_t both = chain_user(t.ch, 2);

    (void)state;
    chain_exec(t.ch, "INSERT INTO user_groups (user_id, group_id, levels) VALUES ($1, $2, 31)", DB_ARGS(DB_INT(both), DB_INT(other)));
    all = chain_token(t.ch, both, -1, false);
    assert_problem(merge(reader, here, there), 422, NULL);
    assert_problem(merge(reader, there, here), 403, NULL);
    assert_int_equal(merge(all, here, there)->status, 200);
    assert_problem(ask(HTTP_POST, reader, ticket_path(here, "/unmerge"), NULL), 403, NULL); /* the target is not his */
    good(HTTP_POST, all, ticket_path(here, "/unmerge"), NULL);
    assert_int_equal(merge(all, there, here)->status, 200);
    assert_problem(ask(HTTP_POST, reader, ticket_path(there, "/unmerge"), NULL), 403, NULL); /* nor the source */
    good(HTTP_POST, all, ticket_path(there, "/unmerge"), NULL);
    assert_problem(ask(HTTP_POST, all, ticket_path(there, "/unmerge"), NULL), 409, "not_merged");
}

static void each_undoing_in_a_chain_leaves_right_counts(void **state)
{
    int64_t id[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        id[i] = desk_ticket(t.ch, t.ann, 0, "x");
        for (int k = 0; k < i; k++)
            desk_message(t.ch, id[i], t.ann, false, "more"); /* 1, 2 and 3 messages */
    }
    assert_int_equal(merge(t.agent, id[0], id[1])->status, 200);
    assert_int_equal(merge(t.agent, id[1], id[2])->status, 200);
    assert_int_equal(answer_int(good(HTTP_GET, t.agent, ticket_path(id[2], ""), NULL), "/message_count"), 6);
    good(HTTP_POST, t.agent, ticket_path(id[0], "/unmerge"), NULL);
    assert_int_equal(answer_int(good(HTTP_GET, t.agent, ticket_path(id[0], ""), NULL), "/message_count"), 1);
    assert_int_equal(answer_int(good(HTTP_GET, t.agent, ticket_path(id[2], ""), NULL), "/message_count"), 5);
    good(HTTP_POST, t.agent, ticket_path(id[1], "/unmerge"), NULL);
    assert_int_equal(answer_int(good(HTTP_GET, t.agent, ticket_path(id[1], ""), NULL), "/message_count"), 2);
    assert_int_equal(answer_int(good(HTTP_GET, t.agent, ticket_path(id[2], ""), NULL), "/message_count"), 3);
}

static void spam_and_the_bin_need_the_right_to_delete_both_ways(void **state)
{
    static const char *const gone[] = { "{\"state\":\"spam\"}", "{\"state\":\"deleted\"}" };
    const char *admin = chain_admin(t.ch);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
        const char *path = ticket_path(desk_ticket(t.ch, t.ann, 0, "x"), "");

        assert_problem(ask(HTTP_PATCH, t.agent, path, gone[i]), 403, NULL);
        good(HTTP_PATCH, admin, path, gone[i]);
        assert_problem(ask(HTTP_PATCH, t.agent, path, "{\"state\":\"open\"}"), 403, NULL);
        good(HTTP_PATCH, t.agent, path, gone[i]); /* it is there already */
        good(HTTP_PATCH, admin, path, "{\"state\":\"open\"}");
    }
}

/* ── the second step ── */

static struct answer *login(const char *peer, const char *password)
{
    return chain_send(t.ch, (struct ask){ .method = HTTP_POST, .target = "/api/v1/auth/login", .peer = peer,
                                          .json = desk_path(t.ch, "{\"email\":\"bea@example.com\",\"password\":\"%s\"}", password) });
}

static const char *registered(void)
{
    good(HTTP_POST, NULL, "/api/v1/auth/register", "{\"name\":\"Bea\",\"email\":\"bea@example.com\",\"password\":\"" GOOD "\"}");
    return str_z(answer_text(login(NULL, GOOD), "/access_token"), t.ch->a);
}

static const char *code(struct str secret32, int64_t steps)
{
    struct str secret;

    assert_true(dec_base32(secret32, t.ch->a, &secret));
    return str_z(totp_code(secret, clock_now_us() / US_PER_S / TOTP_STEP_S + steps, TOTP_DIGITS, t.ch->a), t.ch->a);
}

static struct str second_step_on(const char *session)
{
    struct str secret = answer_text(good(HTTP_POST, session, "/api/v1/auth/mfa/setup", "{" PASSWORD "}"), "/secret");

    good(HTTP_POST, session, "/api/v1/auth/mfa/confirm", desk_path(t.ch, "{\"code\":\"%s\"}", code(secret, -1)));
    return secret;
}

static void nothing_of_the_second_step_goes_without_its_code(void **state)
{
    const char *session, *other;
    struct str secret;

    (void)state;
    clock_fake(clock_now_us());
    session = registered();
    other = str_z(answer_text(login(NULL, GOOD), "/access_token"), t.ch->a);
    secret = second_step_on(session);
    assert_int_equal(ask(HTTP_GET, other, "/api/v1/auth/me", NULL)->status, 401); /* it was open without the step */
    assert_problem_field(ask(HTTP_POST, session, "/api/v1/auth/mfa/recovery-codes", "{" PASSWORD ",\"code\":\"000000\"}"), "/code");
    assert_problem_field(ask(HTTP_POST, session, "/api/v1/auth/mfa/disable", "{" PASSWORD ",\"code\":\"000000\"}"), "/code");
    assert_problem_field(ask(HTTP_POST, session, "/api/v1/auth/mfa/disable", "{" PASSWORD ",\"recovery_code\":\"aaaa-bbbb\"}"), "/code");
    assert_true(json_is_true(answer_at(good(HTTP_GET, session, "/api/v1/auth/mfa", NULL), "/enabled")));
    good(HTTP_POST, session, "/api/v1/auth/mfa/disable", desk_path(t.ch, "{" PASSWORD ",\"code\":\"%s\"}", code(secret, 0)));
}

static void so_many_wrong_codes_and_the_first_step_is_asked_for_again(void **state)
{
    const char *mfa, *path = "/api/v1/auth/mfa/login";
    struct str secret;

    (void)state;
    clock_fake(clock_now_us());
    secret = second_step_on(registered());
    mfa = str_z(answer_text(login(NULL, GOOD), "/mfa_token"), t.ch->a);
    for (int i = 0; i < 5; i++)
        assert_problem(ask(HTTP_POST, NULL, path, desk_path(t.ch, "{\"mfa_token\":\"%s\",\"code\":\"000000\"}", mfa)), 401, "invalid_code");
    clock_fake(clock_now_us() + 10 * US_PER_S); /* the account's lock is over by then */
    assert_problem(ask(HTTP_POST, NULL, path, desk_path(t.ch, "{\"mfa_token\":\"%s\",\"code\":\"%s\"}", mfa, code(secret, 0))), 400, "invalid_token");
    mfa = str_z(answer_text(login(NULL, GOOD), "/mfa_token"), t.ch->a);
    good(HTTP_POST, NULL, path, desk_path(t.ch, "{\"mfa_token\":\"%s\",\"code\":\"%s\"}", mfa, code(secret, 0)));
}

/* ── logins ── */

static void guesses_from_one_network_of_ipv6_are_counted_together(void **state)
{
    char email[80], peer[80];
    int locked = 0;

    (void)state;
    clock_fake(clock_now_us());
    for (int i = 0; i < 40 && !locked; i++) {
        snprintf(email, sizeof email, "{\"email\":\"nobody%d@example.com\",\"password\":\"x\"}", i);
        snprintf(peer, sizeof peer, "2001:db8:1:2::%x", i + 1);
        if (chain_send(t.ch, (struct ask){ .method = HTTP_POST, .target = "/api/v1/auth/login", .peer = peer, .json = email })->status == 429)
            locked = i;
    }
    assert_int_equal(locked, 20);
    assert_int_equal(login("2001:db8:1:2:ffff::1", "x")->status, 429);
    assert_int_equal(login("2001:db8:1:3::1", "x")->status, 401);
    assert_int_equal(login("192.0.2.1", "x")->status, 401);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(who_only_reads_one_of_two_tickets_neither_merges_nor_unmerges_them),
        CASE(spam_and_the_bin_need_the_right_to_delete_both_ways),
        CASE(each_undoing_in_a_chain_leaves_right_counts),
        CASE(nothing_of_the_second_step_goes_without_its_code),
        CASE(so_many_wrong_codes_and_the_first_step_is_asked_for_again),
        CASE(guesses_from_one_network_of_ipv6_are_counted_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
