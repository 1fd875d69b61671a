/* The JSON writer and the limits of the reader. */
#include "test.h"

#include "base/json.h"

#include <math.h>

struct fixture {
    struct arena *a;
    struct buf b;
    struct jw w;
    struct err e;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->a = arena_new(64 * MIB);
    f->b = BUF_ARENA(f->a, 16 * MIB);
    f->w = jw_to(&f->b);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    arena_free(&f->a);
    free(f);
    return 0;
}

static struct str written(struct fixture *f, struct str s)
{
    f->b.n = 0;
    f->w.comma = false;
    jw_text(&f->w, s);
    return buf_view(&f->b);
}

static void commas_and_nesting_are_the_writers_business(void **state)
{
    struct fixture *f = *state;
    struct jw *w = &f->w;

    jw_obj(w);
    jw_kv_text(w, "title", STR("Tür \"A\""));
    jw_key(w, "list");
    jw_arr(w);
    jw_int(w, INT64_MIN);
    jw_obj(w);
    jw_obj_end(w);
    jw_arr(w);
    jw_arr_end(w);
    jw_bool(w, true);
    jw_null(w);
    jw_arr_end(w);
    jw_kv_bool(w, "off", false);
    jw_kv_time(w, "at", 1795447302123000);
    jw_kv_time(w, "never", 0);
    jw_kv_id(w, "owner", 0);
    jw_key_str(w, STR("a\"b"));
    jw_raw(w, STR("[1,2]"));
    jw_obj_end(w);
    assert_str_eq(buf_view(&f->b),
                  "{\"title\":\"Tür \\\"A\\\"\",\"list\":[-9223372036854775808,{},[],true,null],"
                  "\"off\":false,\"at\":\"2026-11-23T15:21:42.123Z\",\"never\":null,\"owner\":null,"
                  "\"a\\\"b\":[1,2]}");
}

static void text_is_escaped_wherever_it_stands_in_a_word(void **state)
{
    struct fixture *f = *state;
    char plain[40];

    for (size_t at = 0; at < sizeof(plain); at++) {
        for (int c = 0; c < 256; c++) {
            json_t *back CLEAN(json_clean) = NULL;
            struct str got;

            memset(plain, 'x', sizeof(plain));
            plain[at] = (char)c;
            got = written(f, (struct str){ plain, sizeof(plain) });
            if (c == 0) {
                assert_true(str_find(got, STR("\\u0000")) == at + 1);
                continue;
            }
            assert_ok(json_read(got, &back, &f->e), &f->e);
            if (c < 0x80)
                assert_memory_equal(json_string_value(back), plain, sizeof(plain));
            else
                assert_memory_equal(json_string_value(back) + at, "\xEF\xBF\xBD", 3);
        }
    }
}

static void bad_utf8_becomes_the_replacement_character(void **state)
{
    struct fixture *f = *state;

    assert_str_eq(written(f, STR("a\xC0\xAF""b")), "\"a\xEF\xBF\xBD\xEF\xBF\xBD""b\"");
    assert_str_eq(written(f, STR("\xED\xA0\x80")), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_str_eq(written(f, STR("\xF0\x9F\x98")), "\"\xEF\xBF\xBD\"");
    assert_str_eq(written(f, STR("\xF0\x9F\x98\x80 ok \xF4\x90\x80\x80")),
                  "\"\xF0\x9F\x98\x80 ok \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_str_eq(written(f, STR("\xE2\x80\xA8|\xE2\x80\xA9|\xE2\x80\xAA")),
                  "\"\\u2028|\\u2029|\xE2\x80\xAA\"");
}

static void numbers_read_back_as_they_were(void **state)
{
    static const double numbers[] = { 0, 0.1, 1.0 / 3, 1e300, -5e-324, 123456789012345680.0, 2.5 };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        json_t *back CLEAN(json_clean) = NULL;

        f->b.n = 0;
        f->w.comma = false;
        jw_num(&f->w, numbers[i]);
        assert_ok(json_read(buf_view(&f->b), &back, &f->e), &f->e);
        assert_true(json_number_value(back) == numbers[i]);
    }
    f->b.n = 0;
    f->w.comma = false;
    jw_num(&f->w, NAN);
    jw_num(&f->w, INFINITY);
    assert_str_eq(buf_view(&f->b), "null,null");
}

static void a_full_buffer_is_noticed(void **state)
{
    struct fixture *f = *state;

    f->b = BUF_ARENA(f->a, 20);
    jw_arr(&f->w);
    for (int i = 0; i < 10; i++)
        jw_text(&f->w, STR("four"));
    jw_arr_end(&f->w);
    assert_true(f->b.overflow);
    assert_true(f->b.n <= 20);
}

static void a_read_value_is_written_back_the_same(void **state)
{
    static const char text[] = "{\"a\":[1,-2.5,true,false,null,\"x\\ny\",{\"b\":[]}],\"c\":\"\xC3\xA4\"}";
    struct fixture *f = *state;
    json_t *v CLEAN(json_clean) = NULL;

    assert_ok(json_read(str_of(text), &v, &f->e), &f->e);
    jw_json(&f->w, v);
    assert_true(str_eq(buf_view(&f->b), str_of(text)));
}

static void malformed_text_is_refused_with_its_place(void **state)
{
    static const struct {
        struct str text;
        const char *where;
    } cases[] = {
        { STR(""), "line 1, column 1:" },
        { STR("{\"a\":1,\n \"a\":2}"), "line 2, column 5:" },
        { STR("{\"a\":1} x"), "line 1, column" },
        { STR("[1,]"), "line 1, column" },
        { STR("{\n\n  \"\xC3\xA4\": tru}"), "line 3, column 11:" },
        { STR("[\"a\0b\"]"), "line 1, column 4: NUL" },
        { STR("[\"a\\u0000b\"]"), "line 1, column 12: NUL" },
        { STR("[\"\\ud800\"]"), "line 1, column" },
        { STR("[\"\xC0\xAF\"]"), "line 1, column" },
        { STR("[\"\t\"]"), "line 1, column" },
        { STR("[1e999]"), "line 1, column" },
        { STR("[99999999999999999999]"), "line 1, column" },
        { STR("[NaN]"), "line 1, column" },
        { STR("{'a':1}"), "line 1, column" },
        { STR("[1] [2]"), "line 1, column" },
        { STR("\"abc"), "line 1, column" },
        { STR("\"abc\\"), "line 1, column" },
        { STR("\xEF\xBB\xBF{}"), "line 1, column" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_t *v = NULL;

        err_clear(&f->e);
        if (json_read(cases[i].text, &v, &f->e) != RC_BAD || !strstr(f->e.detail, cases[i].where))
            fail_msg("case %zu: %s", i, f->e.detail);
        assert_null(v);
        assert_string_equal(f->e.code, "malformed_json");
    }
}

static void a_refusal_does_not_repeat_what_was_sent(void **state)
{
    struct fixture *f = *state;
    json_t *v;

    assert_int_equal(json_read(STR("{\"password\":\"hunter2\" \"hunter3\"}"), &v, &f->e), RC_BAD);
    assert_null(strstr(f->e.detail, "hunter"));
}

static void depth_and_number_of_values_are_limited(void **state)
{
    struct fixture *f = *state;
    struct buf b = BUF_ARENA(f->a, 4 * MIB);
    json_t *v = NULL;

    assert_ok(json_read(STR("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"), &v, &f->e), &f->e);
    json_clean(&v);
    assert_ok(json_read(STR("[\"[[[[[[[[[[[[[[[[[[[[[[{{{{{{\\\"[[[[\"]"), &v, &f->e), &f->e);
    json_clean(&v);
    assert_int_equal(json_read(STR("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"), &v, &f->e), RC_BAD);
    assert_non_null(strstr(f->e.detail, "column 17: nested"));
    BUF_LIT(&b, "[0");
    for (size_t i = 0; i < JSON_VALUES_MAX; i++)
        BUF_LIT(&b, ",0");
    buf_char(&b, ']');
    assert_int_equal(json_read(buf_view(&b), &v, &f->e), RC_BAD);
    assert_non_null(strstr(f->e.detail, "too many"));
}

#define JSON_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void what_does_not_parse_is_told_by_the_name_of_its_field(void **state)
{
    static const struct {
        const char *text, *pointer;
    } cases[] = {
        { "{\"email\":\"a\",\"email\":\"b\"}", "/email" },
        { "{\"a\":[{\"b\":1},{\"b\":2,\"b\":3}]}", "/a/1/b" },
        { "{\"title\":\"t\",\"message\":{\"body\":\"x\xff\"}}", "/message/body" },
        { "{\"a/b\":{\"~\":tru}}", "/a~1b/~0" },
        { "{\"a\":{\"k\\\"y\":\"\\ud800\"}}", "/a/k\\\"y" },
        { "{\"list\":[1,2,x]}", "/list/2" },
        { "{\"done\":{\"x\":[]},\"next\":nul}", "/next" },
        { "{\"a\xff\":1}", "" },
        { "[tru", "/0" },
        { "nope", "" },
        { "", "" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = { 0 };
        json_t *v = NULL;

        assert_int_equal(json_read(str_of(cases[i].text), &v, &e), RC_BAD);
        assert_string_equal(e.code, "malformed_json");
        if (strcmp(e.n_fields ? e.fields[0].pointer : "", cases[i].pointer) != 0)
            fail_msg("%s: \"%s\"", cases[i].text, e.n_fields ? e.fields[0].pointer : "");
    }
}

static void a_field_too_long_to_be_named_is_told_by_what_is_around_it(void **state)
{
    char text[400] = "{\"a\":{\"";
    struct err e = { 0 };
    json_t *v = NULL;

    (void)state;
    memset(text + 7, 'k', 200);
    memcpy(text + 207, "\":x}}", sizeof "\":x}}");
    assert_int_equal(json_read(str_of(text), &v, &e), RC_BAD);
    assert_string_equal(e.fields[0].pointer, "/a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JSON_TEST(what_does_not_parse_is_told_by_the_name_of_its_field),
        JSON_TEST(a_field_too_long_to_be_named_is_told_by_what_is_around_it),
        JSON_TEST(commas_and_nesting_are_the_writers_business),
        JSON_TEST(text_is_escaped_wherever_it_stands_in_a_word),
        JSON_TEST(bad_utf8_becomes_the_replacement_character),
        JSON_TEST(numbers_read_back_as_they_were),
        JSON_TEST(a_full_buffer_is_noticed),
        JSON_TEST(a_read_value_is_written_back_the_same),
        JSON_TEST(malformed_text_is_refused_with_its_place),
        JSON_TEST(a_refusal_does_not_repeat_what_was_sent),
        JSON_TEST(depth_and_number_of_values_are_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
