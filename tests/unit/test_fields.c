/* Values of custom fields, their definitions, tags, and numbers of tickets. */
#include "test.h"

#include "base/json.h"
#include "desk/field.h"
#include "desk/tag.h"
#include "desk/ticket_number.h"

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

static const struct {
    enum field_type type;
    const char *options, *value, *kept; /* kept NULL: refused */
} cases[] = {
    { FIELD_TEXT, "{}", "\"B12\"", "\"B12\"" },
    { FIELD_TEXT, "{}", "\"two\\nlines\"", NULL },
    { FIELD_TEXT, "{}", "\"  \"", NULL },
    { FIELD_TEXT, "{}", "7", NULL },
    { FIELD_TEXT, "{\"max_length\":3}", "\"\u00e4\u00e4\u00e4\"", "\"\u00e4\u00e4\u00e4\"" },
    { FIELD_TEXT, "{\"max_length\":3}", "\"abcd\"", NULL },
    { FIELD_LONG_TEXT, "{}", "\"two\\nlines\"", "\"two\\nlines\"" },
    { FIELD_INTEGER, "{\"min\":1,\"max\":5}", "5", "5" },
    { FIELD_INTEGER, "{\"min\":1,\"max\":5}", "6", NULL },
    { FIELD_INTEGER, "{}", "1.5", NULL },
    { FIELD_INTEGER, "{}", "\"1\"", NULL },
    { FIELD_DECIMAL, "{}", "1.5", "1.5" },
    { FIELD_DECIMAL, "{}", "1e300", NULL },
    { FIELD_BOOLEAN, "{}", "true", "true" },
    { FIELD_BOOLEAN, "{}", "1", NULL },
    { FIELD_DATE, "{}", "\"2026-02-28\"", "\"2026-02-28\"" },
    { FIELD_DATE, "{}", "\"2026-02-30\"", NULL },
    { FIELD_DATE, "{}", "\"28.02.2026\"", NULL },
    { FIELD_DATETIME, "{}", "\"2026-02-28T12:00:00+01:00\"", "\"2026-02-28T11:00:00.000Z\"" },
    { FIELD_DATETIME, "{}", "\"yesterday\"", NULL },
    { FIELD_CHOICE, "{\"choices\":[\"a\",{\"value\":\"b\",\"label\":\"B\"}]}", "\"b\"", "\"b\"" },
    { FIELD_CHOICE, "{\"choices\":[\"a\"]}", "\"c\"", NULL },
    { FIELD_CHOICES, "{\"choices\":[\"a\",\"b\"]}", "[\"b\",\"a\"]", "[\"b\",\"a\"]" },
    { FIELD_CHOICES, "{\"choices\":[\"a\",\"b\"]}", "[\"a\",\"a\"]", NULL },
    { FIELD_CHOICES, "{\"choices\":[\"a\",\"b\"]}", "\"a\"", NULL },
    { FIELD_TREE_CHOICE, "{\"choices\":[\"H\",\"H::P\"]}", "\"H::P\"", "\"H::P\"" },
    { FIELD_USER_REF, "{}", "3", "3" },
    { FIELD_USER_REF, "{}", "-3", NULL },
    { FIELD_URL, "{}", "\"https://a.example/x\"", "\"https://a.example/x\"" },
    { FIELD_URL, "{}", "\"javascript:alert(1)\"", NULL },
    { FIELD_URL, "{}", "\"https://a b\"", NULL },
    { FIELD_TEXT, "{\"max_length\":null}", "\"x\"", "\"x\"" },
    { FIELD_LONG_TEXT, "{}", "\"a\\u0007b\"", NULL },
    { FIELD_INTEGER, "{\"min\":1,\"max\":5}", "1", "1" },
    { FIELD_INTEGER, "{\"min\":1,\"max\":5}", "0", NULL },
    { FIELD_INTEGER, "{}", "null", NULL },
    { FIELD_DECIMAL, "{\"min\":-0.5,\"max\":0.5}", "-0.5", "-0.5" },
    { FIELD_DECIMAL, "{\"min\":-0.5,\"max\":0.5}", "-0.51", NULL },
    { FIELD_DECIMAL, "{\"min\":-0.5,\"max\":0.5}", "0.51", NULL },
    { FIELD_DECIMAL, "{}", "7", "7" },
    { FIELD_DECIMAL, "{}", "-1e300", NULL },
    { FIELD_DECIMAL, "{}", "\"7\"", NULL },
    { FIELD_BOOLEAN, "{}", "false", "false" },
    { FIELD_BOOLEAN, "{}", "null", NULL },
    { FIELD_DATE, "{}", "20260228", NULL },
    { FIELD_DATE, "{}", "\"2026-02-8\"", NULL },
    { FIELD_DATETIME, "{}", "1", NULL },
    { FIELD_CHOICE, "{\"choices\":[\"a\"]}", "1", NULL },
    { FIELD_CHOICE, "{\"choices\":[\"a\"]}", "null", NULL },
    { FIELD_CHOICES, "{\"choices\":[\"a\",\"b\"]}", "[]", "[]" },
    { FIELD_CHOICES, "{\"choices\":[\"a\",\"b\"]}", "[\"a\",1]", NULL },
    { FIELD_CHOICES, "{\"choices\":[\"a\",\"b\"]}", "[\"a\",\"c\"]", NULL },
    { FIELD_TREE_CHOICES, "{\"choices\":[\"H\",\"H::P\"]}", "[\"H::P\"]", "[\"H::P\"]" },
    { FIELD_USER_REF, "{}", "\"3\"", NULL },
    { FIELD_ORGANIZATION_REF, "{}", "1", "1" },
    { FIELD_ORGANIZATION_REF, "{}", "0", NULL },
    { FIELD_URL, "{}", "\"HTTP://a.example\"", "\"HTTP://a.example\"" },
    { FIELD_URL, "{}", "\"https://a\\u0001b\"", NULL },
    { FIELD_URL, "{}", "5", NULL },
};

static void a_value_fits_its_type_or_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = { 0 };
        json_t *options CLEAN(json_clean) = json_loads(cases[i].options, 0, NULL);
        json_t *v CLEAN(json_clean) = json_loads(cases[i].value, JSON_DECODE_ANY, NULL);
        json_t *want CLEAN(json_clean) =
            cases[i].kept ? json_loads(cases[i].kept, JSON_DECODE_ANY, NULL) : NULL;
        json_t *kept CLEAN(json_clean) = NULL;
        struct cat_field f = { .type = cases[i].type, .options = options };
        enum rc rc = field_check(&f, v, "/fields/x", &kept, &e);

        if (want ? rc != RC_OK || !json_equal(kept, want) : rc != RC_INVALID)
            fail_msg("case %zu (%s): rc %d", i, cases[i].value, rc);
    }
}

static void long_values_are_measured_by_their_own_limits(void **state)
{
    static const struct {
        enum field_type type;
        size_t most; /* characters */
    } rows[] = { { FIELD_TEXT, 255 }, { FIELD_LONG_TEXT, 20000 }, { FIELD_URL, 2048 } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t over = 0; over < 2; over++) {
            size_t n = rows[i].most + over;
            char *text = arena_alloc(a, n + 1);
            struct cat_field f = { .type = rows[i].type };
            json_t *kept CLEAN(json_clean) = NULL;
            json_t *v CLEAN(json_clean) = NULL;
            struct err e = { 0 };

            memset(text, 'x', n);
            memcpy(text, "https://", 8);
            v = json_stringn(text, n);
            assert_int_equal(field_check(&f, v, "/fields/x", &kept, &e), over ? RC_INVALID : RC_OK);
        }
    }
}

static void lists_have_so_many_values_and_no_more(void **state)
{
    json_t *options CLEAN(json_clean) = json_object();
    json_t *list CLEAN(json_clean) = json_array(), *choices = json_array();
    struct cat_field f = { .name = STR("c"), .type = FIELD_CHOICES, .options = options };
    struct err e = { 0 };

    (void)state;
    json_object_set_new(options, "choices", choices);
    for (int i = 0; i < 1001; i++) {
        json_t *kept CLEAN(json_clean) = NULL;

        if (i == 1000)
            assert_int_equal(field_define_check(&f, &e), RC_OK);
        json_array_append_new(choices, json_sprintf("c%d", i));
        if (i <= 100)
            json_array_append(list, json_array_get(choices, (size_t)i));
        if (i == 99)
            assert_int_equal(field_check(&f, list, "/fields/c", &kept, &e), RC_OK);
    }
    assert_int_equal(field_define_check(&f, &e), RC_INVALID);
    err_clear(&e);
    assert_int_equal(field_check(&f, list, "/fields/c", &(json_t *){ NULL }, &e), RC_INVALID);
}

static void a_definition_is_checked_whole(void **state)
{
    static const struct {
        const char *name;
        enum field_type type;
        const char *options, *screens;
        bool good;
    } defs[] = {
        { "room", FIELD_TEXT, "{}", "{\"edit\":\"required\"}", true },
        { "Room", FIELD_TEXT, "{}", "{}", false },
        { "1room", FIELD_TEXT, "{}", "{}", false },
        { "room", FIELD_TEXT, "{\"colour\":1}", "{}", false },
        { "room", FIELD_TEXT, "{\"choices\":[\"a\"]}", "{}", false },
        { "room", FIELD_CHOICE, "{}", "{}", false },
        { "room", FIELD_CHOICE, "{\"choices\":[]}", "{}", false },
        { "room", FIELD_CHOICE, "{\"choices\":[\"a\",\"a\"]}", "{}", false },
        { "room", FIELD_CHOICE, "{\"choices\":[\"a\"],\"default\":\"b\"}", "{}", false },
        { "room", FIELD_CHOICE, "{\"choices\":[\"a\"],\"default\":\"a\"}", "{}", true },
        { "room", FIELD_TEXT, "{}", "{\"nowhere\":\"shown\"}", false },
        { "room", FIELD_TEXT, "{}", "{\"edit\":\"maybe\"}", false },
        { "room", FIELD_TEXT, "{}", "{\"edit\":1}", false },
        { "", FIELD_TEXT, "{}", "{}", false },
        { "r", FIELD_TEXT, "{}", "{}", true },
        { "room_2z", FIELD_TEXT, "{}", "{}", true },
        { "room-2", FIELD_TEXT, "{}", "{}", false },
        { "room{", FIELD_TEXT, "{}", "{}", false },
        { "{room", FIELD_TEXT, "{}", "{}", false },
        { "room`", FIELD_TEXT, "{}", "{}", false },
        { "roomR", FIELD_TEXT, "{}", "{}", false },
        { "abcdefghijabcdefghijabcdefghijabcdefghijabcdefgh", FIELD_TEXT, "{}", "{}", true },
        { "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghi", FIELD_TEXT, "{}", "{}", false },
        { "n", FIELD_INTEGER, "{\"min\":1,\"max\":9,\"default\":5}", "{}", true },
        { "n", FIELD_INTEGER, "{\"min\":1,\"max\":9,\"default\":10}", "{}", false },
        { "n", FIELD_INTEGER, "{\"min\":\"1\"}", "{}", false },
        { "n", FIELD_INTEGER, "{\"default\":null}", "{}", true },
        { "n", FIELD_TEXT, "{\"max_length\":true}", "{}", false },
        { "c", FIELD_CHOICE, "{\"choices\":\"a\"}", "{}", false },
        { "c", FIELD_CHOICES, "{\"choices\":[\"a\"]}", "{}", true },
        { "c", FIELD_TREE_CHOICE, "{\"choices\":[\"a\",\"a::b\"]}", "{}", true },
        { "c", FIELD_TREE_CHOICES, "{\"choices\":[\"a\"]}", "{}", true },
        { "c", FIELD_TREE_CHOICES, "{}", "{}", false },
        { "c", FIELD_CHOICE, "{\"choices\":[7]}", "{}", false },
        { "c", FIELD_CHOICE, "{\"choices\":[\" \"]}", "{}", false },
        { "c", FIELD_CHOICE, "{\"choices\":[\"a\\nb\"]}", "{}", false },
        { "c", FIELD_CHOICE, "{\"choices\":[{\"value\":\"a\",\"label\":\"A\"}]}", "{}", true },
        { "c", FIELD_CHOICE, "{\"choices\":[{\"value\":\"a\"}]}", "{}", false },
        { "c", FIELD_CHOICE, "{\"choices\":[{\"label\":\"A\"}]}", "{}", false },
        { "c", FIELD_CHOICE, "{\"choices\":[{\"value\":\"a\",\"label\":1}]}", "{}", false },
        { "c", FIELD_CHOICE, "{\"choices\":[\"a\",{\"value\":\"a\",\"label\":\"A\"}]}", "{}", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(defs); i++) {
        struct err e = { 0 };
        json_t *options CLEAN(json_clean) = json_loads(defs[i].options, 0, NULL);
        json_t *screens CLEAN(json_clean) = json_loads(defs[i].screens, 0, NULL);
        struct cat_field f = { .name = str_of(defs[i].name), .type = defs[i].type,
                               .options = options, .screens = screens };

        if ((field_define_check(&f, &e) == RC_OK) != defs[i].good)
            fail_msg("definition %zu", i);
    }
}

static void tags_are_lower_case_and_trimmed(void **state)
{
    struct err e = { 0 };
    struct str out;

    (void)state;
    assert_ok(tag_normalise(STR("  VPN \t Down "), "/tags", a, &out, &e), &e);
    assert_str_eq(out, "vpn down");
    assert_ok(tag_normalise(STR("\xC3\x84rger"), "/tags", a, &out, &e), &e);
    assert_str_eq(out, "\xC3\xA4rger");
    assert_int_equal(tag_normalise(STR(" "), "/tags", a, &out, &e), RC_INVALID);
    assert_int_equal(tag_normalise(STR("a,b"), "/tags", a, &out, &e), RC_INVALID);
}

static void tags_are_kept_sorted_and_once(void **state)
{
    struct str names[] = { STR("b"), STR("a"), STR("b") };

    (void)state;
    assert_str_eq(tags_to_json(names, 3, a), "[\"a\",\"b\"]");
    assert_str_eq(tags_to_json(NULL, 0, a), "[]");
}

static void numbers_have_the_format_that_was_set(void **state)
{
    struct cat_settings s = { .number_digits = 5 };
    const int64_t now = INT64_C(1795447302123000); /* 2026-11-23 */

    (void)state;
    assert_str_eq(ticket_number_format(&s, 10138, now, a), "10138");
    assert_str_eq(ticket_number_format(&s, 7, now, a), "00007");
    s.system_id = 99;
    assert_str_eq(ticket_number_format(&s, 10138, now, a), "9910138");
    s.number_by_date = true;
    assert_str_eq(ticket_number_format(&s, 12, now, a), "202611239900012");
}

static void the_check_digit_finds_every_single_wrong_digit(void **state)
{
    struct cat_settings s = { .number_digits = 5, .check_digit = true };

    (void)state;
    for (int64_t n = 10000; n < 10050; n++) {
        struct str good = ticket_number_format(&s, n, 0, a);

        assert_true(ticket_number_check(good));
        for (size_t i = 0; i < good.n; i++) {
            for (char d = '0'; d <= '9'; d++) {
                struct str bad = str_dup(good, a);
                char *p = (char *)(uintptr_t)bad.p;

                p[i] = d;
                assert_int_equal(ticket_number_check(bad), d == good.p[i]);
            }
        }
    }
    assert_false(ticket_number_check(STR("12a")));
    assert_false(ticket_number_check(STR("")));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_value_fits_its_type_or_is_refused), CASE(a_definition_is_checked_whole),
        CASE(long_values_are_measured_by_their_own_limits),
        CASE(lists_have_so_many_values_and_no_more),
        CASE(tags_are_lower_case_and_trimmed),     CASE(tags_are_kept_sorted_and_once),
        CASE(numbers_have_the_format_that_was_set),
        CASE(the_check_digit_finds_every_single_wrong_digit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
