/* Addresses, languages, login delays, sealed secrets, excerpts: rules that need no database. */
#include "test.h"

#include "desk/account.h"
#include "desk/auth_priv.h"
#include "desk/lockout.h"
#include "desk/search.h"

static struct arena *a;

static int set_up(void **state)
{
    (void)state;
    a = arena_new(16 * MIB);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&a);
    return 0;
}

#define X10 "xxxxxxxxxx"
#define X60 X10 X10 X10 X10 X10 X10

static void an_address_is_one_or_refused(void **state)
{
    static const struct {
        const char *in, *fold; /* NULL: refused */
    } rows[] = {
        { "ann@example.com", "ann@example.com" },
        { " Ann.B+x@Example.COM ", "ann.b+x@example.com" },
        { "root@localhost", "root@localhost" },
        { "a@b.c", "a@b.c" },
        { "a@0-9.z", "a@0-9.z" },
        { "!#$%&'*+/=?^_`{|}~-@x.de", "!#$%&'*+/=?^_`{|}~-@x.de" },
        { X60 "xxxx@x.de", X60 "xxxx@x.de" },
        { X60 "xxxxx@x.de", NULL },
        { "", NULL },
        { "ann", NULL },
        { "@example.com", NULL },
        { "ann@", NULL },
        { "ann@intranet", NULL },
        { "ann@example.com.", NULL },
        { "ann@.example.com", NULL },
        { "ann@-example.com", NULL },
        { "ann@example.com-", NULL },
        { "ann@example..com", NULL },
        { "ann@exam_ple.com", NULL },
        { "ann@exam{ple.com", NULL },
        { "ann@exam/ple.com", NULL },
        { "ann@ex\xC3\xA4mple.com", NULL },
        { ".ann@example.com", NULL },
        { "ann.@example.com", NULL },
        { "an n@example.com", NULL },
        { "an\x7Fn@example.com", NULL },
        { "\xC3\xA4nn@example.com", NULL },
        { "a@b@example.com", NULL },
        { "ann,bob@example.com", NULL },
        { "<ann>@example.com", NULL },
        { "ann\r\nBcc:x@example.com", NULL },
        { "a@" X60 "." X60 "." X60 "." X60 ".de", "a@" X60 "." X60 "." X60 "." X60 ".de" },
        { "a@" X60 "." X60 "." X60 "." X60 "." X10 ".de", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = { 0 };
        struct str fold;
        enum rc rc = email_check(str_of(rows[i].in), "/email", a, &fold, &e);

        if (rows[i].fold ? rc != RC_OK || !str_eq(fold, str_of(rows[i].fold)) : rc != RC_INVALID)
            fail_msg("%s: rc %d", rows[i].in, rc);
    }
    assert_str_eq(email_domain(STR("ann@example.com")), "example.com");
    assert_null(email_domain(STR("ann")).p);
}

static void a_language_has_the_shape_of_bcp_47(void **state)
{
    static const struct {
        const char *in;
        bool fits;
    } rows[] = {
        { "en", true },       { "pt-BR", true },   { "zh-Hant-TW", true }, { "es-419", true },
        { "de-1996", true },  { "x", false },      { "", false },          { "en-", false },
        { "-en", false },     { "en_US", false },  { "e1", false },        { "en-a", true },
        { "en-{", false },    { "en-@", false },   { "zz-Abcdefgh", true }, { "zz-Abcdefghi", false },
        { "abcdefghi", false }, { "e\xC3\xA4", false }, { "en/de", false }, { "en:de", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = { 0 };

        if ((locale_check(str_of(rows[i].in), "/locale", &e) == RC_OK) != rows[i].fits)
            fail_msg("%s", rows[i].in);
    }
}

static void delays_double_from_the_first_guess_too_many(void **state)
{
    (void)state;
    assert_int_equal(lockout_delay_s(4, 5), 0);
    assert_int_equal(lockout_delay_s(5, 5), 2);
    assert_int_equal(lockout_delay_s(6, 5), 4);
    assert_int_equal(lockout_delay_s(13, 5), 512);
    assert_int_equal(lockout_delay_s(14, 5), 900);
    assert_int_equal(lockout_delay_s(INT64_MAX, 5), 900);
}

static void an_excerpt_begins_near_the_word_and_holds_whole_characters(void **state)
{
    static const struct {
        const char *text, *words;
        size_t points;
        const char *want;
    } rows[] = {
        { "one two three", "", 7, "one two" },
        { "one\ntwo\tthree\rfour", "one", 99, "one two three four" },
        { "no such word here", "absent", 7, "no such" },
        { "a lead of more than forty characters stands before needle", "needle", 99,
          "than forty characters stands before needle" },
        { "\xC3\xA4\xC3\xB6\xC3\xBC \xC3\x84", "zz", 2, "\xC3\xA4\xC3\xB6" },
        { "\xE2\x80\x94\xE2\x80\x94\xE2\x80\x94\xE2\x80\x94\xE2\x80\x94\xE2\x80\x94\xE2\x80\x94\xE2\x80\x94\xE2\x80\x94"
          "\xE2\x80\x94\xE2\x80\x94\xE2\x80\x94\xE2\x80\x94\xE2\x80\x94\xE2\x80\x94 needle",
          "needle", 99, "needle" },
        { "", "needle", 9, "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str got = search_excerpt(str_of(rows[i].text), str_of(rows[i].words), rows[i].points, a);

        if (!str_eq(got, str_of(rows[i].want)))
            fail_msg("row %zu: '%.*s'", i, STR_ARG(got));
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_address_is_one_or_refused),
        CASE(a_language_has_the_shape_of_bcp_47),
        CASE(delays_double_from_the_first_guess_too_many),
        CASE(an_excerpt_begins_near_the_word_and_holds_whole_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
