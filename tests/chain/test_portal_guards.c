/* What holds for every page of the portal: who may call it, what a form must carry, and that each of
 * its statements may fail. */
#include "portal_fixture.h"

#include "web/routes.h"

enum { TRIED_MAX = 64 };

static struct chain *ch;
static struct visitor ann;
static const struct route *tried[TRIED_MAX];
static size_t n_tried;

static int open_all(void **state)
{
    (void)state;
    ch = chain_open();
    ann = visitor_new(ch, 3);
    chain_exec(ch, "UPDATE identities SET verified_us = 1", DB_NO_ARGS);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    chain_close(&ch);
    return 0;
}

static void each(void (*f)(const struct route *r, const char *path))
{
    for (size_t i = 0; i < routes_all_n; i++) {
        for (size_t j = 0; j < routes_all[i]->n; j++) {
            const struct route *r = &routes_all[i]->routes[j];
            struct str path = str_of(r->path);
            size_t at = str_chr(path, '{'), end = str_chr(path, '}');

            if (r->flags & R_PAGE)
                f(r, at == SIZE_MAX ? r->path : TEXT(ch, "%.*s999999%s", STR_ARG(str_sub(path, 0, at)), r->path + end + 1));
        }
    }
}

static struct answer *ask(const struct route *r, struct ask q)
{
    q.method = r->method;
    if (r->method == HTTP_POST && !q.type) {
        q.type = FORM_TYPE;
        q.body = "x=1";
    }
    return chain_send(ch, q);
}

static void try_nobody(const struct route *r, const char *path)
{
    struct answer *an;

    if (r->flags & R_PUBLIC)
        return;
    an = ask(r, (struct ask){ .target = path, .cookie = "session_id=unknown" });
    if (r->method == HTTP_GET)
        goes_to(an, "/sign-in?next=");
    else
        page_ok(an, 401);
}

static void without_a_session_nothing_is_shown_or_done(void **state)
{
    (void)state;
    each(try_nobody);
}

static void try_no_right(const struct route *r, const char *path)
{
    struct visitor agent = { .ch = ch };

    if (!r->perm)
        return;
    agent = visitor_new(ch, 2);
    page_ok(ask(r, r->method == HTTP_POST ? form_ask(&agent, path, "x=1") : (struct ask){ .target = path, .cookie = agent.cookie }), 403);
}

static void without_the_right_403(void **state)
{
    (void)state;
    each(try_no_right);
}

static void try_no_token(const struct route *r, const char *path)
{
    if (r->method != HTTP_POST || (r->flags & R_NO_CSRF))
        return;
    page_ok(ask(r, (struct ask){ .target = path, .cookie = ann.cookie }), 403);
    page_ok(ask(r, (struct ask){ .target = path, .cookie = ann.cookie, .csrf = ann.csrf }), 403);
}

static void a_form_without_its_token_403(void **state)
{
    (void)state;
    each(try_no_token);
}

static void try_foreign_origin(const struct route *r, const char *path)
{
    struct ask q = form_ask(&ann, path, "x=1");

    if (r->method != HTTP_POST)
        return;
    q.origin = "https://evil.example";
    page_ok(ask(r, q), 403);
    q.origin = "null";
    page_ok(ask(r, q), 403);
}

static void a_form_from_elsewhere_403(void **state)
{
    (void)state;
    each(try_foreign_origin);
}

static void try_no_form(const struct route *r, const char *path)
{
    if (r->method != HTTP_POST)
        return;
    assert_int_equal(ask(r, (struct ask){ .target = path, .cookie = ann.cookie, .type = "application/json", .body = "{}" })->status, 415);
    assert_int_equal(ask(r, (struct ask){ .target = path, .cookie = ann.cookie, .type = FORM_TYPE, .body = "a=%zz" })->status, 400);
    assert_int_equal(ask(r, (struct ask){ .target = path, .cookie = ann.cookie, .type = "multipart/form-data; boundary=B", .body = "x" })->status, 400);
}

static void what_is_no_form_is_refused_in_words(void **state)
{
    (void)state;
    each(try_no_form);
}

static void check_page(const struct route *r, const char *path)
{
    (void)path;
    assert_true((r->flags & R_PUBLIC) || !(r->flags & R_NO_CSRF));
    assert_true(r->method == HTTP_GET || r->method == HTTP_POST);
    assert_true(r->method == HTTP_GET || r->body || (r->flags & R_RAW_BODY));
    assert_null(r->answer);
    assert_false(str_starts(str_of(r->path), STR("/api/")));
}

static void the_table_is_consistent(void **state)
{
    (void)state;
    each(check_page);
}

/* ---- Error pages ---- */

static void browsers_get_words_and_programs_get_problems(void **state)
{
    struct answer *an = page_ok(chain_send(ch, (struct ask){ .target = "/nothing", .headers = { "accept", "text/html,*/*" } }), 404);

    (void)state;
    assert_says(an, "There is nothing here");
    assert_problem(chain_send(ch, (struct ask){ .target = "/nothing" }), 404, NULL);
    assert_problem(chain_send(ch, (struct ask){ .target = "/api/v1/nothing", .headers = { "accept", "text/html" } }), 404, NULL);
    an = page_ok(chain_send(ch, (struct ask){ .target = "/nothing", .headers = { "accept", "text/html", "accept-language", "ar" } }), 404);
    assert_says(an, "dir=\"rtl\"");
    assert_says(an, "لا يوجد شيء هنا");
    an = page_ok(chain_send(ch, (struct ask){ .target = "/nothing", .cookie = "lang=ar", .headers = { "accept", "text/html", "accept-language", "en" } }), 404);
    assert_says(an, "dir=\"rtl\"");
}

static void too_many_tries_and_a_registration_that_is_off_are_told(void **state)
{
    struct chain *all = ch;
    struct visitor nobody;
    struct answer *an;

    (void)state;
    ch = chain_open_with((const char *const[]){ "RATE_LIMIT_LOGIN_PER_MIN=1", "REGISTRATION=off", NULL });
    nobody = (struct visitor){ .ch = ch };
    page_ok(send_form(&nobody, "/sign-in", "email=a%40b.example&password=x"), 422);
    an = page_ok(send_form(&nobody, "/sign-in", "email=a%40b.example&password=x"), 429);
    assert_says(an, "Too many tries");
    assert_true(answer_header(an, "retry-after").n > 0);
    assert_says(page_ok(visit(&nobody, "/register"), 403), "Ask us for one.");
    assert_false(says(page_ok(visit(&nobody, "/"), 200), "/register"));
    chain_close(&ch);
    ch = all;
}

static void a_form_that_meets_a_full_or_failing_database_is_kept(void **state)
{
    struct answer *an;

    (void)state;
    ch->refuse_writes = true;
    an = page_ok(send_form(&ann, "/requests/new", "title=My+title&body=my+long+words"), 503);
    ch->refuse_writes = false;
    assert_says(an, "my long words</textarea>");
    assert_says(an, "value=\"My title\"");
    assert_says(an, "Nothing is lost");
}

/* ---- Each statement fails ---- */

static struct answer *fail_each(const char *op, struct ask q, int status)
{
    struct answer *an;

    for (size_t i = 0; i < routes_all_n; i++)
        for (size_t j = 0; j < routes_all[i]->n; j++)
            if (strcmp(routes_all[i]->routes[j].op, op) == 0)
                tried[n_tried++] = &routes_all[i]->routes[j];
    an = chain_fail_each(ch, q);
    if (an->status != status)
        fail_msg("%s: %d, not %d: %.*s", op, an->status, status, STR_ARG(an->body));
    return an;
}

static void fail_page(const char *op, const struct visitor *v, const char *target)
{
    fail_each(op, (struct ask){ .target = target, .cookie = v->cookie }, 200);
}

static struct answer *fail_form(const char *op, const struct visitor *v, const char *target, const char *fields)
{
    return fail_each(op, form_ask(v, target, fields), 303);
}

static void pages_of_accounts(void **state)
{
    static const char *const open[][2] = { { "page_home", "/" },
                                           { "page_sign_in", "/sign-in" },
                                           { "page_register_show", "/register" },
                                           { "page_register_done", "/register/done" },
                                           { "page_verify_show", "/verify-email" },
                                           { "page_more_show", "/verify-email/again" },
                                           { "page_more_done", "/verify-email/again/done" },
                                           { "page_forgot_show", "/forgot-password" },
                                           { "page_forgot_done", "/forgot-password/done" },
                                           { "page_reset_show", "/reset-password" },
                                           { "page_setup_show", "/setup" } };
    struct visitor nobody = { .ch = ch }, other = visitor_new(ch, 3);
    struct chain_session second = chain_session(ch, ann.user_id);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(open); i++)
        fail_page(open[i][0], &nobody, open[i][1]);
    fail_form("page_register_send", &nobody, "/register", "name=Bob&email=bob%40example.com&password=" GOOD "&locale=en");
    fail_form("page_verify_send", &nobody, "/verify-email", TEXT(ch, "token=%s", acc_link(ch, "mail.verify", "bob@example.com")));
    fail_form("page_forgot_send", &nobody, "/forgot-password", "email=bob%40example.com");
    fail_form("page_reset_send", &nobody, "/reset-password", TEXT(ch, "token=%s&password=" OTHER, acc_link(ch, "mail.password_reset", "bob@example.com")));
    fail_form("page_sign_in_send", &nobody, "/sign-in", "email=bob%40example.com&password=" OTHER);
    fail_form("page_language", &nobody, "/language", "lang=ar");
    fail_page("page_profile", &ann, "/profile");
    fail_form("page_profile_save", &ann, "/profile", "name=Ann&locale=ar");
    fail_form("page_session_end", &ann, TEXT(ch, "/profile/sessions/%lld", (long long)second.id), "");
    fail_form("page_sign_out", &other, "/sign-out", "");
}

static void pages_of_requests(void **state)
{
    struct str to;
    const char *path;

    (void)state;
    fail_page("page_request_new", &ann, "/requests/new");
    to = answer_header(fail_form("page_request_send", &ann, "/requests/new", "title=T&body=b"), "location");
    path = TEXT(ch, "%.*s", STR_ARG(str_sub(to, 0, str_chr(to, '?'))));
    fail_page("page_requests", &ann, "/requests?q=T");
    fail_each("page_requests", (struct ask){ .target = TEXT(ch, "/requests?q=%s", path + strlen("/requests/")), .cookie = ann.cookie }, 303);
    fail_page("page_request", &ann, path);
    fail_form("page_request_answer", &ann, path, "body=more");
    fail_form("page_request_close", &ann, TEXT(ch, "%s/close", path), "");
}

/* Those whose first step is another request: in test_portal_account.c, or their parts in test_failures.c, as the API's. */
static const char *const elsewhere[] = { "page_sign_in_code",      "page_setup_send",   "page_password_save", "page_file",
                                         "page_email",             "page_email_send",   "page_more_send",     "page_sessions_end",
                                         "page_second",            "page_second_start", "page_second_confirm", "page_second_codes",
                                         "page_second_codes_make", "page_second_off",   "page_second_off_send" };

static void left_out(const struct route *r, const char *path)
{
    bool found = false;

    (void)path;
    for (size_t i = 0; i < n_tried; i++)
        found |= tried[i] == r;
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
        found |= strcmp(elsewhere[i], r->op) == 0;
    if (!found)
        fail_msg("nobody let the statements of %s fail", r->op);
}

static void no_page_was_left_out(void **state)
{
    (void)state;
    each(left_out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_session_nothing_is_shown_or_done),
        cmocka_unit_test(without_the_right_403),
        cmocka_unit_test(a_form_without_its_token_403),
        cmocka_unit_test(a_form_from_elsewhere_403),
        cmocka_unit_test(what_is_no_form_is_refused_in_words),
        cmocka_unit_test(the_table_is_consistent),
        cmocka_unit_test(browsers_get_words_and_programs_get_problems),
        cmocka_unit_test(too_many_tries_and_a_registration_that_is_off_are_told),
        cmocka_unit_test(a_form_that_meets_a_full_or_failing_database_is_kept),
        cmocka_unit_test(pages_of_accounts),
        cmocka_unit_test(pages_of_requests),
        cmocka_unit_test(no_page_was_left_out),
    };

    return cmocka_run_group_tests_name("portal guards", tests, open_all, close_all);
}
