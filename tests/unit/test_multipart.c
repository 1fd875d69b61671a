/* multipart/form-data: what browsers and curl send is read, what two readers could understand
 * differently is refused. */
#include "base/buf.h"
#include "test.h"
#include "web/multipart.h"

static struct arena *arena;

static enum rc read_as(const char *body, size_t n, struct multipart *m)
{
    struct err e = { 0 };

    return multipart_read((struct str){ body, n }, STR("B"), arena, m, &e);
}
#define READ(lit, m) read_as("" lit, sizeof(lit) - 1, m)
#define FILE_PART(head, data)                                                                      \
    "--B\r\nContent-Disposition: form-data; name=\"file\"" head "\r\n\r\n" data

static void a_file_and_a_field_are_read(void **state)
{
    struct multipart m;

    (void)state;
    assert_int_equal(
        READ("--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n"
             "--B\r\ncontent-disposition: form-data; name=file; filename=\"x y.txt\"\r\n"
             "Content-Type: text/plain\r\n\r\nline\r\n\r\n--B--\r\n",
             &m),
        RC_OK);
    assert_int_equal(m.n, 2);
    assert_str_eq(m.parts[0].name, "a");
    assert_str_eq(m.parts[0].data, "one");
    assert_null(m.parts[0].file_name.p);
    assert_str_eq(m.parts[1].file_name, "x y.txt");
    assert_str_eq(m.parts[1].content_type, "text/plain");
}

static void bytes_are_kept_as_sent(void **state)
{
    struct multipart m;

    (void)state;
    assert_int_equal(READ(FILE_PART("; filename=\"b\"", "\0\r\n\xff--B\r\r\n") "\r\n--B--", &m),
                     RC_OK);
    assert_int_equal(m.parts[0].data.n, 10);
    assert_memory_equal(m.parts[0].data.p, "\0\r\n\xff--B\r\r\n", 10);
}

static void an_empty_file_and_an_empty_name_are_read(void **state)
{
    struct multipart m;

    (void)state;
    assert_int_equal(READ(FILE_PART("; filename=\"\"", "") "\r\n--B--", &m), RC_OK);
    assert_int_equal(m.parts[0].data.n, 0);
    assert_non_null(m.parts[0].file_name.p);
    assert_int_equal(m.parts[0].file_name.n, 0);
}

static void quotes_in_names_are_unescaped_and_other_backslashes_kept(void **state)
{
    struct multipart m;

    (void)state;
    assert_int_equal(READ(FILE_PART("; filename=\"a\\\"b\\\\c\\d\"", "x") "\r\n--B--", &m), RC_OK);
    assert_str_eq(m.parts[0].file_name, "a\"b\\c\\d");
}

static void the_extended_name_wins_over_the_plain_one(void **state)
{
    struct multipart m;

    (void)state;
    assert_int_equal(
        READ(FILE_PART("; filename=\"x\"; filename*=UTF-8''%e2%82%ac", "x") "\r\n--B--", &m),
        RC_OK);
    assert_str_eq(m.parts[0].file_name, "€");
}

static const struct {
    const char *why, *body;
} broken[] = {
    { "nothing", "" },
    { "no boundary first", "x--B--" },
    { "preamble", "hello\r\n--B--" },
    { "text behind the boundary", "--B x\r\n--B--" },
    { "bytes behind the end", "--B--\r\nx" },
    { "no end", FILE_PART("", "x") },
    { "no end of the headers", "--B\r\nContent-Disposition: form-data; name=a" },
    { "data that holds the boundary", FILE_PART("", "line\r\n--Bx") "\r\n--B--" },
    { "bare LF", "--B\nContent-Disposition: form-data; name=a\n\nx\n--B--" },
    { "no disposition", "--B\r\nContent-Type: a/b\r\n\r\nx\r\n--B--" },
    { "disposition of another kind",
      "--B\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--B--" },
    { "no name", "--B\r\nContent-Disposition: form-data; filename=a\r\n\r\nx\r\n--B--" },
    { "two names", FILE_PART("; name=b", "x") "\r\n--B--" },
    { "two file names", FILE_PART("; filename=b; filename=c", "x") "\r\n--B--" },
    { "two dispositions",
      FILE_PART("\r\nContent-Disposition: form-data; name=b", "x") "\r\n--B--" },
    { "two content types",
      FILE_PART("\r\nContent-Type: a/b\r\nContent-Type: c/d", "x") "\r\n--B--" },
    { "open quote", FILE_PART("; filename=\"b", "x") "\r\n--B--" },
    { "control character in a name", FILE_PART("; filename=\"b\x01\"", "x") "\r\n--B--" },
    { "name that is not UTF-8", FILE_PART("; filename=\"\xff\"", "x") "\r\n--B--" },
    { "extended name of another charset", FILE_PART("; filename*=latin1''a", "x") "\r\n--B--" },
    { "extended name with a NUL", FILE_PART("; filename*=utf-8''a%00", "x") "\r\n--B--" },
    { "base64", FILE_PART("\r\nContent-Transfer-Encoding: base64", "x") "\r\n--B--" },
    { "header without colon", FILE_PART("\r\nfoo", "x") "\r\n--B--" },
    { "folded header", FILE_PART(";\r\n filename=a", "x") "\r\n--B--" },
    { "blank before the colon", FILE_PART("\r\nX-A : b", "x") "\r\n--B--" },
};

static void anything_ambiguous_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        struct multipart m;

        if (read_as(broken[i].body, strlen(broken[i].body), &m) != RC_BAD)
            fail_msg("accepted: %s", broken[i].why);
    }
}

static void parts_headers_and_header_bytes_are_limited(void **state)
{
    struct buf b = BUF_ARENA(arena, 64 * KIB);
    struct multipart m;

    (void)state;
    for (int i = 0; i <= MULTIPART_PARTS_MAX; i++)
        buf_str(&b, STR(FILE_PART("", "x") "\r\n"));
    buf_str(&b, STR("--B--"));
    assert_int_equal(read_as(b.p, b.n, &m), RC_BAD);

    b.n = 0;
    buf_str(&b, STR("--B\r\nContent-Disposition: form-data; name=a\r\n"));
    for (int i = 0; i < MULTIPART_HEADERS_MAX; i++)
        buf_str(&b, STR("X-A: b\r\n"));
    buf_str(&b, STR("\r\nx\r\n--B--"));
    assert_int_equal(read_as(b.p, b.n, &m), RC_BAD);

    b.n = 0;
    buf_str(&b, STR("--B\r\nContent-Disposition: form-data; name=a\r\nX-A: "));
    for (int i = 0; i < MULTIPART_HEADER_BYTES_MAX; i++)
        buf_char(&b, 'a');
    buf_str(&b, STR("\r\n\r\nx\r\n--B--"));
    assert_int_equal(read_as(b.p, b.n, &m), RC_BAD);
}

static void the_boundary_is_found_or_refused(void **state)
{
    static const struct {
        const char *type, *want; /* NULL: refused */
    } cases[] = {
        { "multipart/form-data; boundary=abc", "abc" },
        { "Multipart/Form-Data ;charset=utf-8; Boundary=\"a b?c\"", "a b?c" },
        { "multipart/form-data", NULL },
        { "multipart/form-data; boundary=", NULL },
        { "multipart/form-data; boundary=\"\"", NULL },
        { "multipart/form-data; boundary=a; boundary=b", NULL },
        { "multipart/form-data; boundary=\"a \"", NULL },
        { "multipart/form-data; boundary=\"a\x01\"", NULL },
        { "multipart/form-data; boundary=\"a;b\"", NULL },
        { "multipart/form-data; boundary=a b", NULL },
    };
    struct err e = { 0 };
    struct str got;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        enum rc rc = multipart_boundary(str_of(cases[i].type), arena, &got, &e);

        if (rc != (cases[i].want ? RC_OK : RC_BAD))
            fail_msg("%s: rc %d", cases[i].type, rc);
        if (cases[i].want && !str_eq(got, str_of(cases[i].want)))
            fail_msg("%s: %.*s", cases[i].type, STR_ARG(got));
    }
    assert_true(multipart_is(STR("multipart/form-data; boundary=x")));
    assert_false(multipart_is(STR("multipart/mixed; boundary=x")));
    assert_false(multipart_is(STR_NONE));
}

static int setup(void **state)
{
    (void)state;
    arena = arena_new(4 * MIB);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_and_a_field_are_read),
        cmocka_unit_test(bytes_are_kept_as_sent),
        cmocka_unit_test(an_empty_file_and_an_empty_name_are_read),
        cmocka_unit_test(quotes_in_names_are_unescaped_and_other_backslashes_kept),
        cmocka_unit_test(the_extended_name_wins_over_the_plain_one),
        cmocka_unit_test(anything_ambiguous_is_refused),
        cmocka_unit_test(parts_headers_and_header_bytes_are_limited),
        cmocka_unit_test(the_boundary_is_found_or_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
