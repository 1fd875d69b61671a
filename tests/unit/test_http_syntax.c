/* The pure parts of http/: hosts, targets, lengths, ranges, codings, addresses, deadlines. */
#include "http/census.h"
#include "http/compress.h"
#include "http/exchange.h"
#include "http/http_priv.h"
#include "http/negotiate.h"
#include "http/static.h"
#include "http/syntax.h"
#include "test.h"

static void hosts_are_names_addresses_and_ports_only(void **state)
{
    static const char *const good[] = {
        "a",
        "localhost",
        "help.example.com",
        "a-b.c_d:8080",
        "127.0.0.1",
        "127.0.0.1:80",
        "[::1]",
        "[2001:db8::1]:443",
        "xn--bcher-kva.example",
        "1.example",
        "a:65535",
    };
    static const char *const bad[] = {
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "a b",
        "a/b",
        "a@b",
        "u:p@b",
        "a:",
        "a:0",
        "a:65536",
        "a:99999999",
        "a:8x",
        "a:+80",
        "a:80:80",
        "[::1",
        "::1",
        "[::1]x",
        "[::1]:",
        "[fe80::1%eth0]",
        "[127.0.0.1]",
        "256.1.1.1",
        "1.2.3",
        "127.1",
        "a,b",
        "a\tb",
        "http://a",
        "\xc3\xa4.de",
        "a\"b",
        "a%41",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        if (!syntax_host(str_of(good[i])))
            fail_msg("refused %s", good[i]);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (syntax_host(str_of(bad[i])))
            fail_msg("took %s", bad[i]);
}

static void lengths_are_digits_that_fit(void **state)
{
    static const char *const bad[] = { "",
                                       "+1",
                                       "-1",
                                       " 1",
                                       "1 ",
                                       "0x1",
                                       "1,1",
                                       "1;",
                                       "9223372036854775808",
                                       "99999999999999999999",
                                       "1\n",
                                       "1e3" };
    uint64_t n = 1;

    (void)state;
    assert_true(syntax_length(STR("0"), &n) && n == 0);
    assert_true(syntax_length(STR("007"), &n) && n == 7);
    assert_true(syntax_length(STR("9223372036854775807"), &n) && n == INT64_MAX);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(syntax_length(str_of(bad[i]), &n));
}

static void targets_become_clean_paths(void **state)
{
    static const struct {
        const char *raw, *path, *query;
    } good[] = {
        { "/", "/", "" },
        { "/a/b/", "/a/b/", "" },
        { "/a?x=1&y=%2F", "/a", "x=1&y=%2F" },
        { "/a?", "/a", "" },
        { "/%C3%A4%20b", "/\xc3\xa4 b", "" },
        { "/a?b?c/../d", "/a", "b?c/../d" },
        { "http://h", "/", "" },
        { "http://h:80/x?q", "/x", "q" },
        { "HTTPS://h?q", "/", "q" },
        { "/.well-known/x", "/.well-known/x", "" },
        { "/a...b", "/a...b", "" },
        { "/tickets/number:HD-1", "/tickets/number:HD-1", "" },
    };
    struct arena *a CLEAN(arena_clean) = arena_new(MIB);
    struct target t;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_null(target_parse(str_of(good[i].raw), false, a, &t));
        assert_true(str_eq(t.path, str_of(good[i].path)));
        assert_true(str_eq(t.query, str_of(good[i].query)));
    }
    assert_null(target_parse(STR("*"), true, a, &t));
}

static void path_tricks_fail_closed(void **state)
{
    static const char *const bad[] = {
        "",
        "a",
        "*",
        "/a/../b",
        "/..",
        "/.",
        "/./a",
        "/a/.",
        "/%2e%2e/a",
        "/%2e/a",
        "/a/%2E%2E",
        "//",
        "//a",
        "/a//b",
        "/a%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a\\b",
        "/%00",
        "/a%00b",
        "/%0d%0a",
        "/%7f",
        "/%09",
        "/%",
        "/%1",
        "/%zz",
        "/%c0%af",
        "/%e0%80%af",
        "/%ff",
        "/%c3",
        "/%ed%a0%80",
        "/%f5%80%80%80",
        "/\xc3\xa4",
        "/a b",
        "/a\tb",
        "/a#f",
        "/a?x#f",
        "/a?x y",
        "/a\"",
        "/<",
        "ftp://h/",
        "http://",
        "http:///x",
        "http://u@h/",
        "http://h:99999/",
        "/a?\xff",
        "/a\x01",
        "javascript:1",
        "?x",
    };
    struct arena *a CLEAN(arena_clean) = arena_new(MIB);
    struct target t;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (!target_parse(str_of(bad[i]), false, a, &t))
            fail_msg("took %s as %.*s", bad[i], STR_ARG(t.path));
}

static void heads_are_scanned_the_same_in_any_pieces(void **state)
{
    static const struct {
        const char *text;
        enum scan want;
    } cases[] = {
        { "GET / HTTP/1.1\r\nA: b\r\n\r\n", SCAN_END },
        { "\r\nGET / HTTP/1.1\r\n\r\n", SCAN_END },
        { "\r\n\r\n", SCAN_BAD },
        { "GET / HTTP/1.1\nA: b\r\n\r\n", SCAN_BAD },
        { "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", SCAN_BAD },
        { "GET / HTTP/1.1\r\nA: b\r\r\n\r\n", SCAN_BAD },
        { "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", SCAN_BAD },
        { "GET / HTTP/1.1\r\nA: \x01\r\n\r\n", SCAN_BAD },
        { "GET / HTTP/1.1\r\nA: \x7f\r\n\r\n", SCAN_BAD },
        { "GET / HTTP/1.1\r\nA: b\r\n", SCAN_MORE },
        { "GET / HTTP/1.1\r\n\tA: b\r\n\r\n", SCAN_BAD },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t n = strlen(cases[i].text), end = 0;
        enum scan got = SCAN_MORE;

        assert_int_equal(syntax_scan_head(cases[i].text, 0, n, &end), cases[i].want);
        for (size_t k = 1; k <= n && got == SCAN_MORE; k++)
            got = syntax_scan_head(cases[i].text, k - 1, k, &end);
        assert_int_equal(got, cases[i].want);
        if (got == SCAN_END)
            assert_int_equal(end, n);
    }
}

static void ranges_are_single_and_inside(void **state)
{
    static const struct {
        const char *text;
        enum range want;
        uint64_t off, n;
    } cases[] = {
        { "bytes=0-0", RANGE_ONE, 0, 1 },
        { "bytes=0-", RANGE_ONE, 0, 100 },
        { "bytes=10-19", RANGE_ONE, 10, 10 },
        { "bytes=90-1000", RANGE_ONE, 90, 10 },
        { "bytes=-10", RANGE_ONE, 90, 10 },
        { "bytes=-1000", RANGE_ONE, 0, 100 },
        { "bytes=99-", RANGE_ONE, 99, 1 },
        { "bytes=100-", RANGE_BAD, 0, 0 },
        { "bytes=-0", RANGE_BAD, 0, 0 },
        { "bytes=5-4", RANGE_NONE, 0, 0 },
        { "bytes=0-1,3-4", RANGE_NONE, 0, 0 },
        { "bytes=a-b", RANGE_NONE, 0, 0 },
        { "bytes=", RANGE_NONE, 0, 0 },
        { "bytes=-", RANGE_NONE, 0, 0 },
        { "lines=0-1", RANGE_NONE, 0, 0 },
        { "bytes=--5", RANGE_NONE, 0, 0 },
        { "bytes=99999999999999999999-", RANGE_BAD, 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t off = 0, n = 0;

        assert_int_equal(negotiate_range(str_of(cases[i].text), 100, &off, &n), cases[i].want);
        if (cases[i].want == RANGE_ONE)
            assert_true(off == cases[i].off && n == cases[i].n);
    }
}

static void codings_follow_the_weights(void **state)
{
    static const struct {
        const char *accept;
        enum coding want;
    } cases[] = {
        { "gzip, deflate, br, zstd", CODING_ZSTD },
        { "gzip, br", CODING_BR },
        { "gzip", CODING_GZIP },
        { "x-gzip", CODING_GZIP },
        { "zstd;q=0.5, br;q=0.9", CODING_BR },
        { "gzip;q=0", CODING_IDENTITY },
        { "", CODING_IDENTITY },
        { "*", CODING_ZSTD },
        { "*;q=0, gzip", CODING_GZIP },
        { "identity, gzip;q=0.5", CODING_IDENTITY },
        { "gzip;q=2", CODING_IDENTITY },
        { "gzip;q=abc", CODING_IDENTITY },
        { "GZIP;Q=1.000", CODING_GZIP },
        { "gzip;q=0.0005", CODING_IDENTITY },
    };
    unsigned all = 1u << CODING_ZSTD | 1u << CODING_BR | 1u << CODING_GZIP;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (negotiate_coding(str_of(cases[i].accept), all) != cases[i].want)
            fail_msg("%s", cases[i].accept);
    assert_int_equal(negotiate_coding(STR_NONE, all), CODING_IDENTITY);
    assert_int_equal(negotiate_coding(STR("zstd"), 1u << CODING_GZIP), CODING_IDENTITY);
}

static void etags_compare_as_they_must(void **state)
{
    (void)state;
    assert_true(negotiate_none_match(STR("\"a\""), STR("\"a\"")));
    assert_true(negotiate_none_match(STR("W/\"a\""), STR("\"a\"")));
    assert_true(negotiate_none_match(STR("\"x\", \"a\""), STR("W/\"a\"")));
    assert_true(negotiate_none_match(STR("*"), STR("\"a\"")));
    assert_false(negotiate_none_match(STR("\"b\""), STR("\"a\"")));
    assert_false(negotiate_none_match(STR_NONE, STR("\"a\"")));
    assert_true(negotiate_if_range(STR("\"a\""), STR("\"a\"")));
    assert_true(negotiate_if_range(STR_NONE, STR("\"a\"")));
    assert_false(negotiate_if_range(STR("W/\"a\""), STR("W/\"a\"")));
    assert_false(negotiate_if_range(STR("Mon, 23 Nov 2026 15:21:42 GMT"), STR("\"a\"")));
}

static void addresses_round_trip(void **state)
{
    static const char *const texts[] = { "203.0.113.9", "2001:db8::1", "::1", "127.0.0.1" };
    char out[ADDR_TEXT_MAX];
    struct addr a;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_true(addr_parse(str_of(texts[i]), &a));
        assert_int_equal(addr_format(&a, out), strlen(texts[i]));
        assert_string_equal(out, texts[i]);
    }
    assert_false(addr_parse(STR("1.2.3"), &a));
    assert_false(addr_parse(STR(""), &a));
    assert_false(addr_parse(STR("1.2.3.4 "), &a));
    a = (struct addr){ .is_unix = true };
    addr_format(&a, out);
    assert_string_equal(out, "unix");
}

static void a_v6_client_counts_as_its_64(void **state)
{
    struct census *c = census_new(10);
    struct addr a, b, other, v4, w4;

    (void)state;
    assert_true(addr_parse(STR("2001:db8:1:2::1"), &a)
                && addr_parse(STR("2001:db8:1:2:ffff::9"), &b));
    assert_true(addr_parse(STR("2001:db8:1:3::1"), &other));
    assert_true(addr_parse(STR("10.0.0.1"), &v4) && addr_parse(STR("10.0.0.2"), &w4));
    assert_true(census_add(c, &a, 2) && census_add(c, &b, 2));
    assert_false(census_add(c, &a, 2));
    assert_true(census_add(c, &other, 2));
    assert_true(census_add(c, &v4, 1) && census_add(c, &w4, 1));
    assert_false(census_add(c, &v4, 1));
    census_remove(c, &b);
    assert_true(census_add(c, &a, 2));
    census_free(&c);
}

static void the_census_survives_many_addresses(void **state)
{
    struct census *c = census_new(4000);
    struct addr a;

    (void)state;
    assert_true(addr_parse(STR("10.0.0.0"), &a));
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 4000; i++) {
            a.ip[14] = (unsigned char)(i >> 8);
            a.ip[15] = (unsigned char)i;
            assert_true(census_add(c, &a, 1));
            assert_false(census_add(c, &a, 1));
        }
        for (int i = 3999; i >= 0; i--) {
            a.ip[14] = (unsigned char)(i >> 8);
            a.ip[15] = (unsigned char)i;
            census_remove(c, &a);
        }
    }
    census_free(&c);
}

static void trickling_runs_out_of_time(void **state)
{
    (void)state;
    assert_int_equal(conn_deadline(0, 0, 10, 0, 0), 10);
    assert_int_equal(conn_deadline(0, 500, 10, 0, 0), 510);
    /* 100 bytes at 100 a second have earned one second beyond the start's patience */
    assert_int_equal(conn_deadline(0, 50 * US_PER_S, 10 * US_PER_S, 100, 100), 11 * US_PER_S);
    assert_int_equal(conn_deadline(0, 5 * US_PER_S, 10 * US_PER_S, 1000000, 100), 15 * US_PER_S);
}

static void the_placeholder_page_is_embedded(void **state)
{
    (void)state;
    assert_ptr_equal(static_find(STR("/docs/")), static_find(STR("/docs/index.html")));
    assert_non_null(static_find(STR("/portal.css")));
    assert_null(static_find(STR("/portal.htm")));
    assert_null(static_find(STR("")));
    assert_non_null(static_find(STR("/portal.css"))->gzip.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_are_names_addresses_and_ports_only),
        cmocka_unit_test(lengths_are_digits_that_fit),
        cmocka_unit_test(targets_become_clean_paths),
        cmocka_unit_test(path_tricks_fail_closed),
        cmocka_unit_test(heads_are_scanned_the_same_in_any_pieces),
        cmocka_unit_test(ranges_are_single_and_inside),
        cmocka_unit_test(codings_follow_the_weights),
        cmocka_unit_test(etags_compare_as_they_must),
        cmocka_unit_test(addresses_round_trip),
        cmocka_unit_test(a_v6_client_counts_as_its_64),
        cmocka_unit_test(the_census_survives_many_addresses),
        cmocka_unit_test(trickling_runs_out_of_time),
        cmocka_unit_test(the_placeholder_page_is_embedded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
