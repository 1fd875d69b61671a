/* The second step of a login, and tokens that are none, on both databases. */
#include "account_fixture.h"

#include "store/sessions.h"

#define WITH_PASSWORD "{\"current_password\":\"" GOOD "\""

struct person {
    struct chain *ch;
    const char *bearer;
    struct str secret;
    const char *recovery[10];
};

/* Ann, logged in, with the second step on; the code of the step before now is used. */
static struct person person_open(void)
{
    struct person p = { .ch = chain_open() };
    struct answer *an;

    clock_fake(clock_now_us());
    acc_register(p.ch, "ann@example.com", GOOD);
    p.bearer = acc_bearer(p.ch, "ann@example.com", GOOD);
    an = acc_expect(acc_post(p.ch, p.bearer, API "/auth/mfa/setup", WITH_PASSWORD "}"), 200);
    p.secret = answer_text(an, "/secret");
    an = acc_expect(acc_post(p.ch, p.bearer, API "/auth/mfa/confirm",
                             TEXT(p.ch, "{\"code\":\"%s\"}", acc_code(p.ch, p.secret, -1))), 200);
    for (int i = 0; i < 10; i++)
        p.recovery[i] = str_z(answer_text(an, TEXT(p.ch, "/recovery_codes/%d", i)), p.ch->a);
    return p;
}

static void person_close(struct person *p)
{
    clock_fake(0);
    chain_close(&p->ch);
}

static const char *first_step(struct person *p)
{
    return str_z(answer_text(acc_expect(acc_login(p->ch, "ann@example.com", GOOD), 200), "/mfa_token"), p->ch->a);
}

static struct answer *second(struct person *p, const char *mfa, const char *name, const char *code)
{
    return acc_post(p->ch, NULL, API "/auth/mfa/login", TEXT(p->ch, "{\"mfa_token\":\"%s\",\"%s\":\"%s\"}", mfa, name, code));
}

static void what_changes_the_second_step_asks_for_the_password_again(void **state)
{
    struct person p = person_open();
    const char *code = acc_code(p.ch, p.secret, 0);
    const struct {
        const char *target, *with, *more;
    } doors[] = {
        { API "/auth/mfa/recovery-codes", "code", code },
        { API "/auth/mfa/disable", "code", code },
        { API "/auth/mfa/disable", "recovery_code", p.recovery[0] },
    };
    int64_t left = chain_int(p.ch, "SELECT count(*) FROM recovery_codes WHERE used_us IS NULL", DB_NO_ARGS);

    (void)state;
    assert_int_equal(left, 10);
    for (size_t i = 0; i < ARRAY_LEN(doors); i++) {
        struct answer *an = acc_post(p.ch, p.bearer, doors[i].target, TEXT(p.ch, "{\"%s\":\"%s\"}", doors[i].with, doors[i].more));

        assert_problem(an, 422, NULL);
        assert_problem_field(an, "/current_password");
        an = acc_post(p.ch, p.bearer, doors[i].target,
                      TEXT(p.ch, "{\"current_password\":\"wrong one\",\"%s\":\"%s\"}", doors[i].with, doors[i].more));
        assert_problem_field(an, "/current_password");
    }
    assert_int_equal(chain_int(p.ch, "SELECT count(*) FROM recovery_codes WHERE used_us IS NULL", DB_NO_ARGS), left);
    assert_int_equal(chain_int(p.ch, "SELECT count(*) FROM audit WHERE action = 'login.failed'", DB_NO_ARGS), ARRAY_LEN(doors));
    acc_expect(acc_post(p.ch, p.bearer, API "/auth/mfa/disable", TEXT(p.ch, WITH_PASSWORD ",\"code\":\"%s\"}", code)), 204);
    assert_problem_field(acc_post(p.ch, p.bearer, API "/auth/mfa/setup", "{}"), "/current_password");
    assert_problem_field(acc_post(p.ch, p.bearer, API "/auth/mfa/setup", "{\"current_password\":\"wrong one\"}"), "/current_password");
    assert_int_equal(chain_int(p.ch, "SELECT count(*) FROM users WHERE totp_sealed IS NOT NULL", DB_NO_ARGS), 0);
    person_close(&p);
}

static void an_api_token_cannot_touch_the_second_step(void **state)
{
    struct person p = person_open();
    const char *token = str_z(answer_text(acc_expect(acc_post(p.ch, p.bearer, API "/tokens", "{\"name\":\"x\"}"), 201), "/token"), p.ch->a);

    (void)state;
    assert_problem(acc_post(p.ch, token, API "/auth/mfa/disable",
                            TEXT(p.ch, WITH_PASSWORD ",\"code\":\"%s\"}", acc_code(p.ch, p.secret, 0))), 403, "session_needed");
    assert_problem(acc_post(p.ch, token, API "/auth/mfa/setup", WITH_PASSWORD "}"), 403, "session_needed");
    assert_problem(acc_post(p.ch, token, API "/auth/mfa/confirm", "{\"code\":\"1\"}"), 403, "session_needed");
    person_close(&p);
}

static void guesses_at_codes_lock_the_account_however_many_first_steps_there_are(void **state)
{
    struct person p = person_open();
    const char *mfa = first_step(&p), *again;

    (void)state;
    again = first_step(&p);
    for (int i = 0; i < 3; i++)
        assert_problem(second(&p, mfa, "code", "000000"), 401, "invalid_code");
    for (int i = 0; i < 2; i++)
        assert_problem(second(&p, again, "recovery_code", "aaaa-bbbb-cccc-dddd"), 401, "invalid_code");
    assert_problem(second(&p, again, "code", acc_code(p.ch, p.secret, 0)), 429, "login_locked");
    assert_problem(acc_login(p.ch, "ann@example.com", GOOD), 429, "login_locked");
    clock_fake(clock_now_us() + 3 * US_PER_S);
    acc_expect(second(&p, again, "code", acc_code(p.ch, p.secret, 0)), 200);
    person_close(&p);
}

static void a_first_step_ends_after_five_wrong_codes_and_five_minutes(void **state)
{
    struct person p = person_open();
    const char *mfa = first_step(&p);

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_problem(second(&p, mfa, "code", "000000"), 401, "invalid_code");
        clock_fake(clock_now_us() + 20 * US_PER_S);
    }
    clock_fake(clock_now_us() + 60 * US_PER_S);
    assert_problem(second(&p, mfa, "code", acc_code(p.ch, p.secret, 0)), 400, "invalid_token");
    mfa = first_step(&p);
    clock_fake(clock_now_us() + 301 * US_PER_S);
    assert_problem(second(&p, mfa, "code", acc_code(p.ch, p.secret, 0)), 400, "invalid_token");
    person_close(&p);
}

static void codes_of_one_step_around_now_count_and_each_once(void **state)
{
    static const struct {
        int step, status;
    } table[] = { { -2, 401 }, { 2, 401 }, { 1, 200 }, { 1, 401 }, { 0, 401 }, { -1, 401 } };
    struct person p = person_open();

    (void)state;
    clock_fake(clock_now_us() + 2 * TOTP_STEP_S * US_PER_S); /* past the code that switched it on */
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct answer *an = second(&p, first_step(&p), "code", acc_code(p.ch, p.secret, table[i].step));

        if (an->status != table[i].status)
            fail_msg("step %d, row %zu: %d", table[i].step, i, an->status);
    }
    person_close(&p);
}

static void recovery_codes_are_hashed_and_each_works_once(void **state)
{
    struct person p = person_open();
    int64_t plain = 0;

    (void)state;
    for (int i = 0; i < 10; i++)
        plain += chain_int(p.ch, "SELECT count(*) FROM recovery_codes WHERE code_hash = $1", DB_ARGS(DB_TEXT(str_of(p.recovery[i]))));
    assert_int_equal(plain, 0);
    assert_int_equal(chain_int(p.ch, "SELECT min(length(code_hash)) FROM recovery_codes", DB_NO_ARGS), 64);
    acc_expect(second(&p, first_step(&p), "recovery_code", p.recovery[3]), 200);
    assert_problem(second(&p, first_step(&p), "recovery_code", p.recovery[3]), 401, "invalid_code");
    acc_expect(second(&p, first_step(&p), "recovery_code", p.recovery[4]), 200);
    person_close(&p);
}

static void the_app_shows_the_name_of_the_product(void **state)
{
    struct chain *ch = chain_open();
    struct answer *an;

    (void)state;
    acc_register(ch, "ann@example.com", GOOD);
    acc_expect(acc_send(ch, HTTP_PATCH, chain_admin(ch), API "/settings", "{\"product_name\":\"Z\xC3\xBCri Hilfe & Co\"}"), 200);
    an = acc_expect(acc_post(ch, acc_bearer(ch, "ann@example.com", GOOD), API "/auth/mfa/setup", WITH_PASSWORD "}"), 200);
    assert_true(str_starts(answer_text(an, "/otpauth_uri"), STR("otpauth://totp/Z%C3%BCri%20Hilfe%20%26%20Co:ann%40example.com?")));
    assert_true(str_find(answer_text(an, "/otpauth_uri"), STR("&issuer=Z%C3%BCri%20Hilfe%20%26%20Co&")) != SIZE_MAX);
    chain_close(&ch);
}

/* ── tokens that are none ── */

#define WITHOUT_IDS(body) str_sub((body), 0, str_find((body), STR("\"instance\"")))

/* What is not a token, was used, is another's or serves another purpose: the same words. */
static void what_is_no_token_gets_the_same_400_everywhere(void **state)
{
    static const struct {
        const char *target, *name, *more;
    } doors[] = {
        { API "/auth/password/reset", "token", ",\"password\":\"" OTHER "\"" },
        { API "/auth/email/verify", "token", "" },
        { API "/auth/setup", "token", ",\"name\":\"A\",\"email\":\"a@b.example\",\"password\":\"" OTHER "\"" },
        { API "/auth/refresh", "refresh_token", "" },
        { API "/auth/mfa/login", "mfa_token", ",\"code\":\"123456\"" },
    };
    struct chain *ch = chain_open();
    const char *used, *foreign;
    struct str words = STR_NONE;

    (void)state;
    acc_register(ch, "ann@example.com", GOOD);
    foreign = acc_link(ch, "mail.verify", "ann@example.com");
    acc_expect(acc_post(ch, NULL, API "/auth/password/forgot", "{\"email\":\"ann@example.com\"}"), 202);
    used = acc_link(ch, "mail.password_reset", "ann@example.com");
    acc_expect(acc_token(ch, NULL, API "/auth/password/reset", used, ",\"password\":\"" OTHER "\""), 204);
    const char *const values[] = { "null", "[]", "[\"x\"]", "{}", "0", "true", "\"\"", "\"  \"", "\"%\"", "\"_\"", "\"1.%.%\"",
                                   "\"a\\u0085b\"", TEXT(ch, "\"%s\"", used), TEXT(ch, "\"%s\"", foreign), NULL };

    for (size_t i = 0; i < ARRAY_LEN(doors); i++) {
        for (size_t k = 0; k < ARRAY_LEN(values); k++) {
            const char *json = values[k] ? TEXT(ch, "{\"%s\":%s%s}", doors[i].name, values[k], doors[i].more)
                                         : TEXT(ch, "{%s}", doors[i].more[0] ? doors[i].more + 1 : "");
            struct answer *an = acc_post(ch, NULL, doors[i].target, json);

            if (an->status != 400)
                fail_msg("%s %s: %d %.*s", doors[i].target, json, an->status, STR_ARG(an->body));
            assert_problem(an, 400, "invalid_token");
            words = words.p ? words : WITHOUT_IDS(an->body);
            assert_true(str_eq(WITHOUT_IDS(an->body), words));
        }
    }
    chain_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changes_the_second_step_asks_for_the_password_again),
        cmocka_unit_test(an_api_token_cannot_touch_the_second_step),
        cmocka_unit_test(guesses_at_codes_lock_the_account_however_many_first_steps_there_are),
        cmocka_unit_test(a_first_step_ends_after_five_wrong_codes_and_five_minutes),
        cmocka_unit_test(codes_of_one_step_around_now_count_and_each_once),
        cmocka_unit_test(recovery_codes_are_hashed_and_each_works_once),
        cmocka_unit_test(the_app_shows_the_name_of_the_product),
        cmocka_unit_test(what_is_no_token_gets_the_same_400_everywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
