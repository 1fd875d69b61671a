/* Accounts end to end: registration, logins, sessions, second step, tokens, on both databases. */
#include "chain_test.h"

#include "base/clock.h"
#include "base/enc.h"
#include "desk/lockout.h"
#include "desk/totp.h"
#include "store/store.h"

#define GOOD "kq8vH2rz-blau"

static struct answer *post(struct chain *ch, const char *target, const char *json)
{
    return chain_send(ch, (struct ask){ .method = HTTP_POST, .target = target, .json = json });
}

static void registered(struct chain *ch, const char *email)
{
    struct answer *an = post(ch, "/api/v1/auth/register",
                             str_printf(ch->a, "{\"name\":\"Ann\",\"email\":\"%s\",\"password\":\"" GOOD "\"}", email).p);

    assert_int_equal(an->status, 202);
}

static struct answer *login(struct chain *ch, const char *email, const char *password)
{
    return post(ch, "/api/v1/auth/login",
                str_printf(ch->a, "{\"email\":\"%s\",\"password\":\"%s\"}", email, password).p);
}

static const char *access_of(struct chain *ch, const struct answer *an)
{
    return str_z(answer_text(an, "/access_token"), ch->a);
}

static int me(struct chain *ch, const char *bearer)
{
    return chain_send(ch, (struct ask){ .target = "/api/v1/auth/me", .bearer = bearer })->status;
}

static struct answer *post_as(struct chain *ch, const char *bearer, const char *target, const char *json)
{
    return chain_send(ch, (struct ask){ .method = HTTP_POST, .target = target, .json = json, .bearer = bearer });
}

/* The token of the newest one-time link in the outbox. */
static const char *mailed_token(struct chain *ch, const char *kind)
{
    struct err e = { 0 };
    struct db *db = NULL;
    struct str body = STR_NONE;

    assert_int_equal(store_connect(ch->app->store, DB_READ, &db, &e), RC_OK);
    {
        struct db_rows r CLEAN(db_rows_end) = { 0 };

        assert_int_equal(db_query(db, &r, "SELECT body FROM outbox WHERE kind = $1 ORDER BY id DESC LIMIT 1",
                                  DB_ARGS(DB_TEXT(str_of(kind))), &e), RC_OK);
        if (db_next(&r, &e))
            body = db_text(&r, 0, ch->a);
    }
    db_close(&db);
    size_t at = str_find(body, STR("#token="));

    assert_true(at != SIZE_MAX);
    return str_z(str_trim(str_sub(body, at + 7, body.n)), ch->a);
}

static void a_registered_person_logs_in_and_is_who_he_is(void **state)
{
    struct chain *ch = chain_open();
    struct answer *an;

    (void)state;
    registered(ch, "Ann@Example.com");
    an = login(ch, "ann@example.COM", GOOD);
    assert_int_equal(an->status, 200);
    assert_str_eq(answer_text(an, "/token_type"), "Bearer");
    assert_int_equal(answer_int(an, "/expires_in"), 900);
    assert_str_eq(answer_text(an, "/user/name"), "Ann");
    assert_true(str_find(an->body, STR("argon2")) == SIZE_MAX);
    assert_true(str_find(answer_header(an, "set-cookie"), STR("HttpOnly")) != SIZE_MAX);
    assert_str_eq(answer_header(an, "cache-control"), "no-store");
    an = chain_send(ch, (struct ask){ .target = "/api/v1/auth/me", .bearer = access_of(ch, an) });
    assert_int_equal(an->status, 200);
    assert_str_eq(answer_text(an, "/email"), "Ann@Example.com");
    assert_str_eq(answer_text(an, "/permissions/0"), "ticket.customer");
    chain_close(&ch);
}

static void known_and_unknown_addresses_are_answered_alike(void **state)
{
    struct chain *ch = chain_open();
    struct answer *known, *unknown;

    (void)state;
    registered(ch, "ann@example.com");
    known = login(ch, "ann@example.com", "wrong password 1");
    unknown = login(ch, "nobody@example.com", "wrong password 1");
    assert_problem(known, 401, "invalid_credentials");
    assert_problem(unknown, 401, "invalid_credentials");
    assert_true(str_eq(answer_text(known, "/detail"), answer_text(unknown, "/detail")));
    known = post(ch, "/api/v1/auth/register", "{\"name\":\"X\",\"email\":\"ann@example.com\",\"password\":\"" GOOD "\"}");
    unknown = post(ch, "/api/v1/auth/register", "{\"name\":\"X\",\"email\":\"new@example.com\",\"password\":\"" GOOD "\"}");
    assert_int_equal(known->status, 202);
    assert_true(str_eq(known->body, unknown->body));
    known = post(ch, "/api/v1/auth/password/forgot", "{\"email\":\"ann@example.com\"}");
    unknown = post(ch, "/api/v1/auth/password/forgot", "{\"email\":\"nobody@example.com\"}");
    assert_int_equal(known->status, 202);
    assert_true(str_eq(known->body, unknown->body));
    for (int i = 0; i < 4; i++) {
        known = login(ch, "ann@example.com", "wrong password 1");
        unknown = login(ch, "nobody@example.com", "wrong password 1");
        assert_int_equal(known->status, unknown->status);
    }
    assert_problem(login(ch, "ann@example.com", GOOD), 429, "login_locked");
    assert_problem(login(ch, "nobody@example.com", GOOD), 429, "login_locked");
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM audit WHERE action = 'login.failed'", DB_NO_ARGS), 10);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM audit WHERE action = 'login.locked'", DB_NO_ARGS), 2);
    chain_close(&ch);
}

static void a_lock_ends_and_a_login_clears_it(void **state)
{
    struct chain *ch = chain_open();
    int64_t now = clock_now_us();

    (void)state;
    assert_int_equal(lockout_delay_s(4, 5), 0);
    assert_int_equal(lockout_delay_s(5, 5), 2);
    assert_int_equal(lockout_delay_s(6, 5), 4);
    assert_int_equal(lockout_delay_s(100, 5), 900);
    registered(ch, "ann@example.com");
    clock_fake(now);
    for (int i = 0; i < 5; i++)
        assert_problem(login(ch, "ann@example.com", "wrong password 1"), 401, NULL);
    assert_problem(login(ch, "ann@example.com", GOOD), 429, NULL);
    clock_fake(now + 3 * US_PER_S);
    assert_int_equal(login(ch, "ann@example.com", GOOD)->status, 200);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM login_failures WHERE what LIKE 'account%' ESCAPE '!'", DB_NO_ARGS), 0);
    clock_fake(0);
    chain_close(&ch);
}

static void a_refresh_token_works_once_and_its_reuse_ends_the_session(void **state)
{
    struct chain *ch = chain_open();
    struct answer *first, *second, *an;
    const char *body;

    (void)state;
    registered(ch, "ann@example.com");
    first = login(ch, "ann@example.com", GOOD);
    body = str_printf(ch->a, "{\"refresh_token\":\"%.*s\"}", STR_ARG(answer_text(first, "/refresh_token"))).p;
    second = post(ch, "/api/v1/auth/refresh", body);
    assert_int_equal(second->status, 200);
    assert_int_equal(me(ch, access_of(ch, second)), 200);
    an = post(ch, "/api/v1/auth/refresh",
              str_printf(ch->a, "{\"refresh_token\":\"%.*s\"}", STR_ARG(answer_text(second, "/refresh_token"))).p);
    assert_int_equal(an->status, 200);
    assert_problem(post(ch, "/api/v1/auth/refresh", body), 400, "invalid_token"); /* two generations old */
    assert_int_equal(me(ch, access_of(ch, an)), 401);
    assert_int_equal(me(ch, access_of(ch, first)), 401);
    assert_problem(post(ch, "/api/v1/auth/refresh",
                        str_printf(ch->a, "{\"refresh_token\":\"%.*s\"}", STR_ARG(answer_text(an, "/refresh_token"))).p),
                   400, "invalid_token");
    assert_problem(post(ch, "/api/v1/auth/refresh", "{\"refresh_token\":\"1.AAAA.BBBB\"}"), 400, "invalid_token");
    chain_close(&ch);
}

static void an_ended_session_or_switched_off_user_is_refused_at_once(void **state)
{
    struct chain *ch = chain_open();
    struct answer *one, *two, *an;

    (void)state;
    registered(ch, "ann@example.com");
    one = login(ch, "ann@example.com", GOOD);
    two = login(ch, "ann@example.com", GOOD);
    an = chain_send(ch, (struct ask){ .target = "/api/v1/auth/sessions", .bearer = access_of(ch, one) });
    assert_int_equal(json_array_size(answer_at(an, "/data")), 2);
    an = chain_send(ch, (struct ask){ .method = HTTP_POST, .target = "/api/v1/auth/logout", .bearer = access_of(ch, one) });
    assert_int_equal(an->status, 204);
    assert_true(answer_header(an, "clear-site-data").p != NULL);
    assert_int_equal(me(ch, access_of(ch, one)), 401);
    assert_int_equal(me(ch, access_of(ch, two)), 200);
    chain_exec(ch, "UPDATE users SET active = 0 WHERE id > $1", DB_ARGS(DB_INT(0)));
    assert_int_equal(me(ch, access_of(ch, two)), 401);
    assert_problem(login(ch, "ann@example.com", GOOD), 401, "invalid_credentials");
    chain_close(&ch);
}

static void a_forgotten_password_is_reset_once_and_ends_all_sessions(void **state)
{
    struct chain *ch = chain_open();
    struct answer *old;
    const char *body;

    (void)state;
    registered(ch, "ann@example.com");
    old = login(ch, "ann@example.com", GOOD);
    assert_int_equal(post(ch, "/api/v1/auth/password/forgot", "{\"email\":\"ann@example.com\"}")->status, 202);
    body = str_printf(ch->a, "{\"token\":\"%s\",\"password\":\"another-Kettle-9\"}", mailed_token(ch, "mail.password_reset")).p;
    assert_int_equal(post(ch, "/api/v1/auth/password/reset", body)->status, 204);
    assert_int_equal(me(ch, access_of(ch, old)), 401);
    assert_problem(post(ch, "/api/v1/auth/password/reset", body), 400, "invalid_token");
    assert_problem(post(ch, "/api/v1/auth/password/reset", "{\"token\":\"\",\"password\":\"another-Kettle-9\"}"), 400, "invalid_token");
    assert_problem(post(ch, "/api/v1/auth/password/reset", "{\"token\":\"%\",\"password\":\"another-Kettle-9\"}"), 400, "invalid_token");
    assert_problem(login(ch, "ann@example.com", GOOD), 401, NULL);
    assert_int_equal(login(ch, "ann@example.com", "another-Kettle-9")->status, 200);
    chain_close(&ch);
}

static void a_password_change_needs_the_current_one_and_ends_other_sessions(void **state)
{
    struct chain *ch = chain_open();
    struct answer *one, *two, *an;

    (void)state;
    registered(ch, "ann@example.com");
    one = login(ch, "ann@example.com", GOOD);
    two = login(ch, "ann@example.com", GOOD);
    an = post_as(ch, access_of(ch, one), "/api/v1/auth/password",
                 "{\"current_password\":\"wrong one here\",\"new_password\":\"another-Kettle-9\"}");
    assert_problem(an, 422, NULL);
    assert_problem_field(an, "/current_password");
    an = post_as(ch, access_of(ch, one), "/api/v1/auth/password",
                 "{\"current_password\":\"" GOOD "\",\"new_password\":\"password1\"}");
    assert_problem_field(an, "/new_password");
    an = post_as(ch, access_of(ch, one), "/api/v1/auth/password",
                 "{\"current_password\":\"" GOOD "\",\"new_password\":\"another-Kettle-9\"}");
    assert_int_equal(an->status, 204);
    assert_int_equal(me(ch, access_of(ch, one)), 200);
    assert_int_equal(me(ch, access_of(ch, two)), 401);
    chain_close(&ch);
}

static void addresses_are_proven_by_mail_and_only_then_join_an_organisation(void **state)
{
    struct chain *ch = chain_open_with((const char *const[]){ "REGISTRATION=verify", NULL });
    struct answer *an;

    (void)state;
    chain_exec(ch, "INSERT INTO organizations (id, name, name_fold, shared, domain_assignment, created_us, updated_us)"
                   " VALUES (77, 'Acme', 'acme', 1, 1, 0, 0)", DB_NO_ARGS);
    chain_exec(ch, "INSERT INTO organization_domains (domain, organization_id) VALUES ('acme.example', 77)", DB_NO_ARGS);
    registered(ch, "ann@acme.example");
    assert_problem(login(ch, "ann@acme.example", GOOD), 401, "invalid_credentials");
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM users WHERE organization_id = 77", DB_NO_ARGS), 0);
    an = post(ch, "/api/v1/auth/email/verify",
              str_printf(ch->a, "{\"token\":\"%s\"}", mailed_token(ch, "mail.verify")).p);
    assert_int_equal(an->status, 204);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM users WHERE organization_id = 77", DB_NO_ARGS), 1);
    assert_int_equal(login(ch, "ann@acme.example", GOOD)->status, 200);
    chain_close(&ch);
}

static const char *code_now(struct chain *ch, struct str secret32, int64_t steps_on)
{
    struct str secret;

    assert_true(dec_base32(secret32, ch->a, &secret));
    return str_z(totp_code(secret, clock_now_us() / US_PER_S / TOTP_STEP_S + steps_on, TOTP_DIGITS, ch->a), ch->a);
}

static void the_second_step_is_asked_for_and_each_code_works_once(void **state)
{
    struct chain *ch = chain_open();
    struct answer *first, *an;
    const char *bearer, *code, *recovery, *mfa;
    struct str secret;

    (void)state;
    clock_fake(clock_now_us());
    registered(ch, "ann@example.com");
    bearer = access_of(ch, login(ch, "ann@example.com", GOOD));
    an = post_as(ch, bearer, "/api/v1/auth/mfa/setup", "{\"current_password\":\"" GOOD "\"}");
    assert_int_equal(an->status, 200);
    secret = answer_text(an, "/secret");
    assert_true(str_starts(answer_text(an, "/otpauth_uri"), STR("otpauth://totp/")));
    assert_problem(post_as(ch, bearer, "/api/v1/auth/mfa/confirm", "{\"code\":\"000000\"}"), 422, NULL);
    code = code_now(ch, secret, -1);
    an = post_as(ch, bearer, "/api/v1/auth/mfa/confirm", str_printf(ch->a, "{\"code\":\"%s\"}", code).p);
    assert_int_equal(an->status, 200);
    assert_int_equal(json_array_size(answer_at(an, "/recovery_codes")), 10);
    recovery = str_z(answer_text(an, "/recovery_codes/0"), ch->a);
    first = login(ch, "ann@example.com", GOOD);
    assert_int_equal(first->status, 200);
    assert_null(answer_at(first, "/access_token"));
    assert_true(json_is_true(answer_at(first, "/mfa_required")));
    mfa = str_z(answer_text(first, "/mfa_token"), ch->a);
    an = post(ch, "/api/v1/auth/mfa/login", str_printf(ch->a, "{\"mfa_token\":\"%s\",\"code\":\"%s\"}", mfa, code).p);
    assert_problem(an, 401, "invalid_code"); /* used */
    code = code_now(ch, secret, 0);
    an = post(ch, "/api/v1/auth/mfa/login", str_printf(ch->a, "{\"mfa_token\":\"%s\",\"code\":\"%s\"}", mfa, code).p);
    assert_int_equal(an->status, 200);
    assert_int_equal(me(ch, access_of(ch, an)), 200);
    an = post(ch, "/api/v1/auth/mfa/login", str_printf(ch->a, "{\"mfa_token\":\"%s\",\"code\":\"%s\"}", mfa, code_now(ch, secret, 1)).p);
    assert_problem(an, 400, "invalid_token");
    mfa = str_z(answer_text(login(ch, "ann@example.com", GOOD), "/mfa_token"), ch->a);
    an = post(ch, "/api/v1/auth/mfa/login", str_printf(ch->a, "{\"mfa_token\":\"%s\",\"recovery_code\":\"%s\"}", mfa, recovery).p);
    assert_int_equal(an->status, 200);
    mfa = str_z(answer_text(login(ch, "ann@example.com", GOOD), "/mfa_token"), ch->a);
    an = post(ch, "/api/v1/auth/mfa/login", str_printf(ch->a, "{\"mfa_token\":\"%s\",\"recovery_code\":\"%s\"}", mfa, recovery).p);
    assert_problem(an, 401, "invalid_code");
    clock_fake(0);
    chain_close(&ch);
}

static void api_tokens_never_have_more_than_their_owner(void **state)
{
    struct chain *ch = chain_open();
    const char *bearer, *token;
    struct answer *an;

    (void)state;
    registered(ch, "ann@example.com");
    bearer = access_of(ch, login(ch, "ann@example.com", GOOD));
    an = post_as(ch, bearer, "/api/v1/tokens", "{\"name\":\"x\",\"permissions\":[\"admin.user\"]}");
    assert_problem_field(an, "/permissions");
    an = post_as(ch, bearer, "/api/v1/tokens", "{\"name\":\"x\",\"permissions\":[\"no.such\"]}");
    assert_problem_field(an, "/permissions");
    an = post_as(ch, bearer, "/api/v1/tokens", "{\"name\":\"robot\",\"read_only\":true}");
    assert_int_equal(an->status, 201);
    token = str_z(answer_text(an, "/token"), ch->a);
    assert_int_equal(me(ch, token), 200);
    assert_problem(post_as(ch, token, "/api/v1/tokens", "{\"name\":\"child\"}"), 403, NULL);
    an = chain_send(ch, (struct ask){ .target = "/api/v1/tokens", .bearer = token });
    assert_int_equal(json_array_size(answer_at(an, "/data")), 1);
    assert_null(answer_at(an, "/data/0/token"));
    assert_problem(chain_send(ch, (struct ask){ .target = "/api/v1/tokens/1", .bearer = chain_agent(ch) }), 404, NULL);
    an = chain_send(ch, (struct ask){ .method = HTTP_DELETE, .target = "/api/v1/tokens/1", .bearer = bearer });
    assert_int_equal(an->status, 204);
    assert_int_equal(me(ch, token), 401);
    chain_close(&ch);
}

static void every_statement_of_a_login_may_fail(void **state)
{
    struct chain *ch = chain_open();
    struct answer *an;

    (void)state;
    an = chain_fail_each(ch, (struct ask){ .method = HTTP_POST, .target = "/api/v1/auth/register",
                                           .json = "{\"name\":\"Ann\",\"email\":\"ann@example.com\",\"password\":\"" GOOD "\"}" });
    assert_int_equal(an->status, 202);
    an = chain_fail_each(ch, (struct ask){ .method = HTTP_POST, .target = "/api/v1/auth/login",
                                           .json = "{\"email\":\"ann@example.com\",\"password\":\"" GOOD "\"}" });
    assert_int_equal(an->status, 200);
    an = chain_fail_each(ch, (struct ask){ .method = HTTP_POST, .target = "/api/v1/auth/refresh",
                                           .json = str_printf(ch->a, "{\"refresh_token\":\"%.*s\"}",
                                                              STR_ARG(answer_text(an, "/refresh_token"))).p });
    assert_int_equal(an->status, 200);
    chain_close(&ch);
}

static void unknown_fields_and_bad_values_are_refused_by_name(void **state)
{
    struct chain *ch = chain_open();
    struct answer *an;

    (void)state;
    an = post(ch, "/api/v1/auth/register",
              "{\"name\":\"A\",\"email\":\"a@example.com\",\"password\":\"" GOOD "\",\"role_ids\":[1]}");
    assert_problem(an, 422, NULL);
    assert_problem_field(an, "/role_ids");
    an = post(ch, "/api/v1/auth/register", "{\"name\":\"A\",\"email\":\"not an address\",\"password\":\"" GOOD "\"}");
    assert_problem_field(an, "/email");
    an = post(ch, "/api/v1/auth/register", "{\"name\":\"A\",\"email\":\"a@example.com\",\"password\":\"password1\"}");
    assert_problem_field(an, "/password");
    an = chain_send(ch, (struct ask){ .method = HTTP_PATCH, .target = "/api/v1/auth/me", .bearer = chain_customer(ch),
                                      .json = "{\"email\":\"x@example.com\"}" });
    assert_problem_field(an, "/email");
    chain_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registered_person_logs_in_and_is_who_he_is),
        cmocka_unit_test(known_and_unknown_addresses_are_answered_alike),
        cmocka_unit_test(a_lock_ends_and_a_login_clears_it),
        cmocka_unit_test(a_refresh_token_works_once_and_its_reuse_ends_the_session),
        cmocka_unit_test(an_ended_session_or_switched_off_user_is_refused_at_once),
        cmocka_unit_test(a_forgotten_password_is_reset_once_and_ends_all_sessions),
        cmocka_unit_test(a_password_change_needs_the_current_one_and_ends_other_sessions),
        cmocka_unit_test(addresses_are_proven_by_mail_and_only_then_join_an_organisation),
        cmocka_unit_test(the_second_step_is_asked_for_and_each_code_works_once),
        cmocka_unit_test(api_tokens_never_have_more_than_their_owner),
        cmocka_unit_test(every_statement_of_a_login_may_fail),
        cmocka_unit_test(unknown_fields_and_bad_values_are_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
