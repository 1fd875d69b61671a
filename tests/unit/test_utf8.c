/* UTF-8, normalisation, folding, and the words of full-text search. */
#include "test.h"

#include "base/buf.h"
#include "base/rand.h"
#include "base/tokens.h"
#include "base/utf8.h"

#include <sqlite3.h>
#include <stdlib.h>

static int setup(void **state)
{
    *state = arena_new(256 * MIB);
    return 0;
}

static int teardown(void **state)
{
    struct arena *a = *state;

    arena_free(&a);
    return 0;
}

static void every_code_point_and_no_surrogate_is_valid(void **state)
{
    char text[4];
    size_t len;

    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        size_t n = utf8_encode(cp, text);
        bool surrogate = cp >= 0xD800 && cp <= 0xDFFF;

        assert_int_equal(utf8_is_valid((struct str){ text, n }), !surrogate);
        if (!surrogate) {
            assert_int_equal(utf8_decode(text, n, &len), cp);
            assert_int_equal(len, n);
            assert_int_equal(utf8_is_valid((struct str){ text, n - 1 }), n == 1);
        }
    }
}

static void ill_formed_bytes_are_found_anywhere(void **state)
{
    static const struct str bad[] = {
        STR("\x80"),         STR("\xBF"),         STR("\xC0\x80"),         STR("\xC1\xBF"),
        STR("\xE0\x80\x80"), STR("\xE0\x9F\xBF"), STR("\xF0\x80\x80\x80"), STR("\xF0\x8F\xBF\xBF"),
        STR("\xF4\x90\x80\x80"), STR("\xF5\x80\x80\x80"), STR("\xFE"), STR("\xFF"), STR("\xC3"),
        STR("\xE2\x82"), STR("\xF0\x9F\x98"), STR("\xC3\xC3\xA4"), STR("\xED\xBF\xBF"),
    };
    char text[64];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        for (size_t at = 0; at <= 40; at++) {
            memset(text, 'a', sizeof(text));
            memcpy(text + at, bad[i].p, bad[i].n);
            assert_false(utf8_is_valid((struct str){ text, 48 }));
        }
    }
}

static void text_is_cut_on_borders(void **state)
{
    struct arena *a = *state;
    struct str s = STR("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");

    assert_int_equal(utf8_count(s), 4);
    assert_int_equal(utf8_cut_bytes(s, 100), 10);
    assert_int_equal(utf8_cut_bytes(s, 9), 6);
    assert_int_equal(utf8_cut_bytes(s, 5), 3);
    assert_int_equal(utf8_cut_bytes(s, 2), 1);
    assert_int_equal(utf8_cut_bytes(s, 0), 0);
    assert_int_equal(utf8_cut(s, 3).n, 6);
    assert_int_equal(utf8_cut(s, 0).n, 0);
    assert_int_equal(utf8_cut(s, 9).n, 10);
    assert_str_eq(utf8_repair(STR("a\0b\xFF"), a), "ab\xEF\xBF\xBD");
}

static void controls_and_blank_text_are_seen(void **state)
{
    (void)state;
    assert_true(utf8_is_line(STR("T\u00fcr \u20ac \u200f\u05d0 \u2065 \u206a")));
    assert_false(utf8_is_line(STR("a\nb")));
    for (unsigned char c = 0xAA; c <= 0xAE; c++)
        assert_false(utf8_is_line((struct str){ (const char[]){ 'a', '\xE2', '\x80', (char)c }, 4 }));
    for (unsigned char c = 0xA6; c <= 0xA9; c++)
        assert_false(utf8_is_line((struct str){ (const char[]){ '\xE2', '\x81', (char)c, 'a' }, 4 }));
    assert_false(utf8_has_control(STR("Tür € \xC2\xA0"), false));
    assert_true(utf8_has_control(STR("a\nb"), false));
    assert_false(utf8_has_control(STR("a\n\r\tb"), true));
    assert_true(utf8_has_control(STR("a\x1B"), true));
    assert_true(utf8_has_control(STR("\x7F"), true));
    assert_true(utf8_has_control(STR("\xC2\x85"), true));
    assert_true(utf8_is_blank(STR("")));
    assert_true(utf8_is_blank(STR(" \n\xC2\xA0\xE3\x80\x80\xE2\x80\x8B")));
    assert_false(utf8_is_blank(STR(" \xC3\xA4 ")));
    assert_false(utf8_is_blank(STR("\xFF")));
}

static void text_is_brought_into_form_c(void **state)
{
    struct arena *a = *state;
    struct buf marks = BUF_ARENA(a, 1 * MIB);

    assert_str_eq(utf8_nfc(STR("Tu\xCC\x88r"), a), "T\xC3\xBCr");
    assert_str_eq(utf8_nfc(STR("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB"), a), "\xED\x95\x9C");
    assert_str_eq(utf8_nfc(STR("plain"), a), "plain");
    assert_str_eq(utf8_nfc(STR(""), a), "");
    buf_char(&marks, 'a');
    for (int i = 0; i < 100000; i++)
        buf_str(&marks, i % 2 ? STR("\xCC\x81") : STR("\xCC\x96"));
    assert_ptr_equal(utf8_nfc(buf_view(&marks), a).p, marks.p);
    assert_str_eq(utf8_fold(buf_view(&marks), a), "a");
}

static void case_accents_and_forms_are_folded(void **state)
{
    struct arena *a = *state;

    assert_str_eq(utf8_fold(STR("Ünïcode STRASSE Straße"), a), "unicode strasse strasse");
    assert_str_eq(utf8_fold(STR("Łódź Øre Æther Ǆ ﬁ İı"), a), "lodz ore aether dz fi ii");
    assert_str_eq(utf8_fold(STR("ＦＵＬＬ１２"), a), "full12");
    assert_str_eq(utf8_fold(STR("ПРИВЕТ Ёж ΣΊΣΥΦΟΣ"), a), "привет еж σισυφοσ");
    assert_str_eq(utf8_fold(STR("so\xC2\xAD""ft"), a), "soft");
    assert_str_eq(utf8_fold(STR("u\xCC\x88"), a), "u");
    assert_str_eq(utf8_fold(STR("한글"), a), "한글");
    assert_str_eq(utf8_fold(STR(""), a), "");
}

static void words_are_split_and_kept_whole(void **state)
{
    static const struct {
        struct str text;
        const char *document, *query, *whole;
    } cases[] = {
        { STR(""), "", "", "" },
        { STR("!?"), "", "", "" },
        { STR("My HD-1234 ticket"), "my hd 1234 ticket hd_1234", "my hd 1234 ticket",
          "my hd_1234 ticket" },
        { STR("Ann@Example.com!"), "ann example com ann_example_com", "ann example com",
          "ann_example_com" },
        { STR("10.0.0.1, a_b"), "10 0 0 1 a b 10_0_0_1 a_b", "10 0 0 1 a b", "10_0_0_1 a_b" },
        { STR("end. -x- a--b .c"), "end x a b c", "end x a b c", "end x a b c" },
        { STR("vpn2 1e5"), "vpn2 1e5", "vpn2 1e5", "vpn2 1e5" },
        { STR("東京都"), "東京 京都 都", "東京 京都", "東京 京都" },
        { STR("東"), "東", "東", "東" },
        { STR("ab東京1.2"), "ab 東京 京 1 2 1_2", "ab 東京 1 2", "東京 ab 1_2" },
        { STR("l'été"), "l ete", "l ete", "l ete" },
        { STR("a\xE2\x80\x91""b"), "a b a_b", "a b", "a_b" },
    };
    struct arena *a = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *want[] = { cases[i].document, cases[i].query, cases[i].whole };

        for (int mode = 0; mode < 3; mode++) {
            struct str got = text_tokens(cases[i].text, (enum tokens_mode)mode, a);

            if (!str_eq(got, str_of(want[mode])))
                fail_msg("case %zu mode %d: got \"%.*s\"", i, mode, STR_ARG(got));
        }
    }
    assert_str_eq(text_tsvector(STR("hd 1234 hd"), a), "hd:1 1234:2 hd:3");
    assert_str_eq(text_tsvector(STR(""), a), "");
}

static void overlong_words_are_cut_alike_everywhere(void **state)
{
    struct arena *a = *state;
    struct buf b = BUF_ARENA(a, 64 * KIB);
    struct str document, query;

    for (int i = 0; i < 5000; i++)
        BUF_LIT(&b, "x.");
    BUF_LIT(&b, " ");
    for (int i = 0; i < 500; i++)
        BUF_LIT(&b, "\xC5\x93");
    document = text_tokens(buf_view(&b), TOKENS_DOCUMENT, a);
    query = text_tokens(buf_view(&b), TOKENS_QUERY, a);
    assert_true(str_eq(document, query));
    assert_int_equal(query.n, 5000 * 2 + TOKEN_MAX_BYTES);
}

static bool is_token(struct str t)
{
    for (size_t i = 0; i < t.n; i++) {
        char c = t.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c < 0))
            return false;
    }
    return t.n >= 1 && t.n <= TOKEN_WHOLE_MAX_BYTES && utf8_is_valid(t);
}

static struct str random_text(struct arena *a)
{
    static const char *const bits[] = { "a", "B", "7", ".", "-", "@", "_", " ", "ä", "東", "京", "ß",
                                        "\xFF", "ﬁ", "\xCC\x81", "'", ":", "&", "한", "Ж", "word" };
    struct buf b = BUF_ARENA(a, 4 * KIB);

    for (uint64_t n = rand_below(60); n; n--)
        buf_str(&b, str_of(bits[rand_below(ARRAY_LEN(bits))]));
    return buf_view(&b);
}

static void tokens_hold_only_what_both_databases_keep(void **state)
{
    struct arena *a = *state;

    rand_fake(20261123);
    for (int i = 0; i < 3000; i++) {
        struct str text = random_text(a);

        for (int mode = 0; mode < 3; mode++) {
            struct str tokens = text_tokens(text, (enum tokens_mode)mode, a);

            assert_true(str_eq(text_tokens(text, (enum tokens_mode)mode, a), tokens));
            while (tokens.n)
                assert_true(is_token(str_cut(&tokens, ' ')));
        }
        arena_reset(a);
    }
    rand_fake(0);
}

/* The number of instances that FTS5 sees is the number of our tokens: it splits nothing again. */
static void sqlite_takes_tokens_as_they_are(void **state)
{
    struct arena *a = *state;
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    struct str tokens;
    int n = 0;

    tokens = text_tokens(STR("HD-1234 東京都 Łódź ann@example.com 1e5 𞤀𞤣 ꟁx Ж.7"), TOKENS_DOCUMENT, a);
    for (struct str rest = tokens; rest.n; n++)
        str_cut(&rest, ' ');
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE VIRTUAL TABLE t USING fts5(x, tokenize = \"ascii tokenchars '_'\");"
                                  "CREATE VIRTUAL TABLE v USING fts5vocab(t, 'instance')",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_prepare_v2(db, "INSERT INTO t (x) VALUES (?1)", -1, &st, NULL);
    sqlite3_bind_text(st, 1, tokens.p, (int)tokens.n, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(st), SQLITE_DONE);
    sqlite3_finalize(st);
    sqlite3_prepare_v2(db, "SELECT count(*), (SELECT count(*) FROM t WHERE t MATCH '\"hd_1234\"') FROM v",
                       -1, &st, NULL);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(st, 0), n);
    assert_int_equal(sqlite3_column_int(st, 1), 1);
    sqlite3_finalize(st);
    sqlite3_close(db);
}

#define UTF8_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UTF8_TEST(every_code_point_and_no_surrogate_is_valid),
        UTF8_TEST(ill_formed_bytes_are_found_anywhere),
        UTF8_TEST(text_is_cut_on_borders),
        UTF8_TEST(controls_and_blank_text_are_seen),
        UTF8_TEST(text_is_brought_into_form_c),
        UTF8_TEST(case_accents_and_forms_are_folded),
        UTF8_TEST(words_are_split_and_kept_whole),
        UTF8_TEST(overlong_words_are_cut_alike_everywhere),
        UTF8_TEST(tokens_hold_only_what_both_databases_keep),
        UTF8_TEST(sqlite_takes_tokens_as_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
