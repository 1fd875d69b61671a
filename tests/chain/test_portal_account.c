/* The pages of the own account: second step, address, confirmation, sessions, on both databases. */
#include "portal_fixture.h"

static struct chain *ch;

static int open_all(void **state)
{
    (void)state;
    ch = chain_open();
    clock_fake(clock_now_us());
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    clock_fake(0);
    chain_close(&ch);
    return 0;
}

/* Somebody with a password and a session. */
static struct visitor signed_up(const char *email)
{
    struct visitor v = { .ch = ch };
    struct chain_session s;

    acc_register(ch, email, GOOD);
    v.user_id = chain_int(ch, "SELECT user_id FROM identities WHERE value_fold = $1", DB_ARGS(DB_TEXT(str_of(email))));
    s = chain_session(ch, v.user_id);
    v.cookie = s.cookie;
    v.csrf = s.csrf;
    return v;
}

/* What stands between two marks of a page. */
static const char *between(const struct answer *an, const char *from, const char *to)
{
    size_t at = str_find(an->body, str_of(from));
    struct str rest;

    if (at == SIZE_MAX)
        fail_msg("no %s: %.*s", from, STR_ARG(main_of(an)));
    rest = str_sub(an->body, at + strlen(from), an->body.n);
    return str_z(str_sub(rest, 0, str_find(rest, str_of(to))), ch->a);
}

static const char *key_of(const struct answer *an)
{
    return between(an, "name=\"key\" value=\"", "\"");
}

static void the_second_step_is_set_up_with_a_picture_or_a_key(void **state)
{
    struct visitor eve = signed_up("eve@example.com");
    const char *key, *code;
    struct answer *an;

    (void)state;
    assert_says(page_ok(visit(&eve, "/profile"), 200), "/profile/second-step");
    assert_says(page_ok(visit(&eve, "/profile/second-step"), 200), "current_password");
    an = page_ok(send_form(&eve, "/profile/second-step/start", "current_password=wrong-one"), 422);
    assert_says(an, "This is not right.");
    assert_false(says(an, "name=\"key\""));
    an = page_ok(send_form(&eve, "/profile/second-step/start", "current_password=" GOOD), 200);
    key = key_of(an);
    assert_int_equal(strlen(key), 32);
    assert_says(an, "<svg class=\"qr\"");
    assert_says(an, TEXT(ch, "%.4s %.4s %.4s", key, key + 4, key + 8));
    assert_says(an, TEXT(ch, "secret=%s", key));
    an = page_ok(send_form(&eve, "/profile/second-step/confirm", TEXT(ch, "code=000000&key=%s", key)), 422);
    assert_string_equal(key_of(an), key);
    assert_says(an, "<svg class=\"qr\"");
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM users WHERE totp_enabled_us > 0", DB_NO_ARGS), 0);
    code = acc_code(ch, str_of(key), 0);
    an = page_ok(send_form(&eve, "/profile/second-step/confirm", TEXT(ch, "code=%.3s+%.3s&key=%s", code, code + 3, key)), 200);
    assert_says(an, "<ol class=\"codes\"");
    assert_int_equal(strlen(between(an, "<code dir=\"ltr\">", "</code>")), 19);
    an = page_ok(send_form(&eve, "/profile/second-step/confirm", TEXT(ch, "code=%s&key=%s", code, key)), 409);
    assert_false(says(an, key));
    assert_says(page_ok(visit(&eve, "/profile/second-step"), 200), "Recovery codes left: 10");
}

static void a_key_that_is_none_is_a_page_without_a_picture(void **state)
{
    struct visitor fay = signed_up("fay@example.com");
    struct answer *an;

    (void)state;
    page_ok(send_form(&fay, "/profile/second-step/confirm", "code=123456"), 409);
    page_ok(send_form(&fay, "/profile/second-step/start", "current_password=" GOOD), 200);
    an = page_ok(send_form(&fay, "/profile/second-step/confirm", "code=123456&key=%22%3E%3Cscript%3E"), 422);
    assert_false(says(an, "<script>"));
    assert_false(says(an, "<svg class=\"qr\""));
}

static const char *switch_on(const struct visitor *v)
{
    const char *key = key_of(page_ok(send_form(v, "/profile/second-step/start", "current_password=" GOOD), 200));

    page_ok(send_form(v, "/profile/second-step/confirm", TEXT(ch, "code=%s&key=%s", acc_code(ch, str_of(key), -1), key)), 200);
    return key;
}

static void recovery_codes_are_made_anew_and_let_in_once(void **state)
{
    struct visitor gil = signed_up("gil@example.com"), nobody = { .ch = ch };
    const char *key = switch_on(&gil), *first, *token;
    struct answer *an;

    (void)state;
    page_ok(visit(&gil, "/profile/second-step/codes"), 200);
    an = page_ok(send_form(&gil, "/profile/second-step/codes", "current_password=" GOOD "&code=000000"), 422);
    assert_says(an, "id=\"e-code\"");
    an = page_ok(send_form(&gil, "/profile/second-step/codes", TEXT(ch, "current_password=" GOOD "&code=%s", acc_code(ch, str_of(key), 0))), 200);
    first = between(an, "<code dir=\"ltr\">", "</code>");
    an = page_ok(send_form(&nobody, "/sign-in", "email=gil%40example.com&password=" GOOD), 200);
    token = between(an, "name=\"mfa_token\" value=\"", "\"");
    goes_to(send_form(&nobody, "/sign-in/code", TEXT(ch, "mfa_token=%s&code=+%s+", token, first)), "/");
    an = page_ok(send_form(&nobody, "/sign-in", "email=gil%40example.com&password=" GOOD), 200);
    token = between(an, "name=\"mfa_token\" value=\"", "\"");
    page_ok(send_form(&nobody, "/sign-in/code", TEXT(ch, "mfa_token=%s&code=%s", token, first)), 422);
}

static void the_second_step_is_switched_off_with_password_and_code(void **state)
{
    struct visitor hal = signed_up("hal@example.com");
    const char *key = switch_on(&hal);
    struct answer *an;

    (void)state;
    page_ok(visit(&hal, "/profile/second-step/off"), 200);
    an = page_ok(send_form(&hal, "/profile/second-step/off", TEXT(ch, "current_password=wrong-one&code=%s", acc_code(ch, str_of(key), 0))), 422);
    assert_says(an, "id=\"e-current_password\"");
    goes_to(send_form(&hal, "/profile/second-step/off", TEXT(ch, "current_password=" GOOD "&code=%s", acc_code(ch, str_of(key), 0))),
            "/profile?done=second-off");
    assert_says(page_ok(visit(&hal, "/profile?done=second-off"), 200), "The second step is switched off.");
    page_ok(send_form(&hal, "/profile/second-step/off", "current_password=" GOOD "&code=123456"), 409);
}

static void another_address_is_taken_when_its_link_is_opened(void **state)
{
    struct visitor ida = signed_up("ida@example.com");
    struct answer *an;

    (void)state;
    acc_register(ch, "taken@example.com", GOOD);
    page_ok(visit(&ida, "/profile/email"), 200);
    an = page_ok(send_form(&ida, "/profile/email", "email=new-ida%40example.com&current_password=wrong-one"), 422);
    assert_says(an, "value=\"new-ida@example.com\"");
    assert_says(an, "id=\"e-current_password\"");
    assert_says(page_ok(send_form(&ida, "/profile/email", "email=nonsense&current_password=" GOOD), 422), "id=\"e-email\"");
    goes_to(send_form(&ida, "/profile/email", "email=taken%40example.com&current_password=" GOOD), "/profile?done=address");
    assert_null(acc_link(ch, "mail.new_address", "taken@example.com"));
    goes_to(send_form(&ida, "/profile/email", "email=new-ida%40example.com&current_password=" GOOD), "/profile?done=address");
    assert_false(says(page_ok(visit(&ida, "/profile?done=address"), 200), "new-ida@example.com"));
    goes_to(send_form(&ida, "/verify-email", TEXT(ch, "token=%s", acc_link(ch, "mail.new_address", "new-ida@example.com"))), "/profile?done=saved");
    assert_says(page_ok(visit(&ida, "/profile"), 200), "new-ida@example.com");
}

static void the_confirmation_is_sent_again_to_whoever_waits_for_it(void **state)
{
    struct visitor jan = signed_up("jan@example.com"), nobody = { .ch = ch };
    struct answer *known, *unknown;
    const char *first = acc_link(ch, "mail.verify", "jan@example.com");

    (void)state;
    assert_says(page_ok(visit(&jan, "/profile"), 200), "This address is not confirmed yet.");
    page_ok(visit(&nobody, "/verify-email/again"), 200);
    known = send_form(&nobody, "/verify-email/again", "email=jan%40example.com");
    unknown = send_form(&nobody, "/verify-email/again", "email=nobody%40example.com");
    goes_to(known, "/verify-email/again/done");
    assert_true(str_eq(goes_to(known, "/"), goes_to(unknown, "/")));
    page_ok(visit(&nobody, "/verify-email/again/done"), 200);
    assert_string_not_equal(acc_link(ch, "mail.verify", "jan@example.com"), first);
    assert_null(acc_link(ch, "mail.verify", "nobody@example.com"));
    page_ok(send_form(&nobody, "/verify-email/again", "email="), 422);
    goes_to(send_form(&jan, "/verify-email", TEXT(ch, "token=%s", acc_link(ch, "mail.verify", "jan@example.com"))), "/profile?done=saved");
    assert_false(says(page_ok(visit(&jan, "/profile"), 200), "This address is not confirmed yet."));
}

static void all_other_sessions_end_at_once(void **state)
{
    struct visitor kim = signed_up("kim@example.com"), other = kim, foreign = signed_up("lea@example.com");
    struct chain_session second;

    (void)state;
    assert_false(says(page_ok(visit(&kim, "/profile"), 200), "action=\"/profile/sessions\""));
    second = chain_session(ch, kim.user_id);
    other.cookie = second.cookie;
    page_ok(visit(&other, "/profile"), 200);
    assert_says(page_ok(visit(&kim, "/profile"), 200), "action=\"/profile/sessions\"");
    goes_to(send_form(&kim, "/profile/sessions", ""), "/profile?done=others");
    goes_to(visit(&other, "/profile"), "/sign-in?next=");
    page_ok(visit(&kim, "/profile"), 200);
    page_ok(visit(&foreign, "/profile"), 200);
}

/* ---- Each statement fails ---- */

static struct answer *fail_form(const struct visitor *v, const char *target, const char *fields, int status)
{
    struct answer *an = chain_fail_each(ch, form_ask(v, target, fields));

    if (an->status != status)
        fail_msg("%s: %d, not %d: %.*s", target, an->status, status, STR_ARG(an->body));
    return an;
}

static void pages_of_the_account_fail_whole(void **state)
{
    static const char *const shown[] = { "/profile", "/profile/email", "/profile/second-step", "/profile/second-step/codes",
                                         "/profile/second-step/off" };
    struct visitor mia = signed_up("mia@example.com");
    const char *key;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(shown); i++)
        assert_int_equal(chain_fail_each(ch, (struct ask){ .target = shown[i], .cookie = mia.cookie })->status, 200);
    fail_form(&mia, "/profile/email", "email=mia2%40example.com&current_password=" GOOD, 303);
    fail_form(&mia, "/verify-email/again", "email=mia%40example.com", 303);
    chain_session(ch, mia.user_id);
    fail_form(&mia, "/profile/sessions", "", 303);
    key = key_of(fail_form(&mia, "/profile/second-step/start", "current_password=" GOOD, 200));
    fail_form(&mia, "/profile/second-step/confirm", TEXT(ch, "code=%s&key=%s", acc_code(ch, str_of(key), -1), key), 200);
    fail_form(&mia, "/profile/second-step/codes", TEXT(ch, "current_password=" GOOD "&code=%s", acc_code(ch, str_of(key), 0)), 200);
    fail_form(&mia, "/profile/second-step/off", TEXT(ch, "current_password=" GOOD "&code=%s", acc_code(ch, str_of(key), 1)), 303);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_step_is_set_up_with_a_picture_or_a_key),
        cmocka_unit_test(a_key_that_is_none_is_a_page_without_a_picture),
        cmocka_unit_test(recovery_codes_are_made_anew_and_let_in_once),
        cmocka_unit_test(the_second_step_is_switched_off_with_password_and_code),
        cmocka_unit_test(another_address_is_taken_when_its_link_is_opened),
        cmocka_unit_test(the_confirmation_is_sent_again_to_whoever_waits_for_it),
        cmocka_unit_test(all_other_sessions_end_at_once),
        cmocka_unit_test(pages_of_the_account_fail_whole),
    };

    return cmocka_run_group_tests_name("portal account", tests, open_all, close_all);
}
