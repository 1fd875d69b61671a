/* What a file is goes by its bytes; what it is called is made harmless. */
#include "base/sniff.h"
#include "base/utf8.h"
#include "test.h"

static struct arena *arena;

static void types_go_by_the_bytes(void **state)
{
    static const struct {
        struct str bytes;
        const char *declared, *want;
    } cases[] = {
        { { "\x89PNG\r\n\x1a\n....", 12 }, "text/plain", "image/png" },
        { { "\xff\xd8\xff\xe0", 4 }, "", "image/jpeg" },
        { { "RIFF....WEBPVP8 ", 16 }, "image/png", "image/webp" },
        { { "%PDF-1.7", 8 }, "image/png", "application/pdf" },
        { { "PK\x03\x04....", 8 },
          "application/vnd.oasis.opendocument.text",
          "application/vnd.oasis.opendocument.text" },
        { { "PK\x03\x04....", 8 }, "image/png", "application/zip" },
        { { "hello", 5 }, "text/csv; charset=x", "text/csv" },
        { { "hello", 5 }, "image/png", "text/plain" },
        { { " \n<!DOCTYPE HTML><p>", 20 }, "text/plain", "text/html" },
        { { "\xef\xbb\xbf<html>", 9 }, "image/png", "text/html" },
        { { "<svg onload=x>", 14 }, "image/png", "image/svg+xml" },
        { { "<?xml version='1.0'?>", 21 }, "image/svg+xml", "image/svg+xml" },
        { { "\x00\x01\x02", 3 }, "application/x-odd", "application/x-odd" },
        { { "\x00\x01\x02", 3 }, "image/png", "application/octet-stream" },
        { { "\x00\x01\x02", 3 }, "text/html", "application/octet-stream" },
        { { "\x00\x01\x02", 3 }, "a/b\r\nx: y", "application/octet-stream" },
        { { "\x00\x01\x02", 3 }, "nonsense", "application/octet-stream" },
        { { "", 0 }, "image/png", "text/plain" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str got = sniff_type(cases[i].bytes, str_of(cases[i].declared), arena);

        if (!str_eq(got, str_of(cases[i].want)))
            fail_msg("case %zu: got %.*s, want %s", i, STR_ARG(got), cases[i].want);
    }
}

static void text_may_have_any_character_where_the_look_ends(void **state)
{
    char bytes[5000];

    (void)state;
    for (size_t at = 4090; at < 4100; at++) {
        memset(bytes, 'x', sizeof(bytes));
        memcpy(bytes + at, "\xE2\x82\xAC", 3);
        assert_str_eq(sniff_type((struct str){ bytes, sizeof(bytes) }, STR_NONE, arena), "text/plain");
    }
}

static void only_raster_images_are_pictures(void **state)
{
    (void)state;
    assert_true(sniff_is_picture(STR("image/png")));
    assert_false(sniff_is_picture(STR("image/svg+xml")));
    assert_false(sniff_is_picture(STR("application/pdf")));
}

static void names_are_made_harmless(void **state)
{
    static const struct {
        const char *name, *want;
    } cases[] = {
        { "report.pdf", "report.pdf" },
        { "NUL.txt", "_NUL.txt" },
        { "com1", "_com1" },
        { "common.txt", "common.txt" },
        { "../../etc/passwd", "passwd" },
        { "C:\\Users\\ann\\x.doc", "x.doc" },
        { "..", "file" },
        { "", "file" },
        { "a/", "file" },
        { ".htaccess", "htaccess" },
        { "a\r\nb\x01.txt", "ab.txt" },
        { "gpj\u202Eexe.txt", "gpjexe.txt" },
        { "a<b>:\"c|?*.txt", "a_b___c___.txt" },
        { "\xff.txt", "\uFFFD.txt" },
        { "Grüße €.txt", "Grüße €.txt" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str got = file_name_clean(str_of(cases[i].name), arena);

        if (!str_eq(got, str_of(cases[i].want)))
            fail_msg("%s: got %.*s, want %s", cases[i].name, STR_ARG(got), cases[i].want);
    }
}

static void long_names_keep_their_extension(void **state)
{
    char name[1024];
    struct str got;

    (void)state;
    for (size_t i = 0; i + 2 < sizeof name; i += 2)
        memcpy(name + i, "\xc3\xa4", 2);
    memcpy(name + 1010, ".tar.gz", 7);
    got = file_name_clean((struct str){ name, 1017 }, arena);
    assert_true(got.n <= FILE_NAME_MAX);
    assert_true(str_ends(got, STR(".gz")));
    assert_true(utf8_is_valid(got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_go_by_the_bytes),
        cmocka_unit_test(text_may_have_any_character_where_the_look_ends),
        cmocka_unit_test(only_raster_images_are_pictures),
        cmocka_unit_test(names_are_made_harmless),
        cmocka_unit_test(long_names_keep_their_extension),
    };
    int failed;

    arena = arena_new(4 * MIB);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
