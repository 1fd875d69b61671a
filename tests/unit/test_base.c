/* Arena, buffers, text views, numbers, times, encodings. */
#include "test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/rand.h"

static void arena_gives_zeroed_aligned_memory_and_forgets_on_reset(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(1 * MIB);

    (void)state;
    for (size_t round = 0; round < 3; round++) {
        for (size_t n = 0; n < 300; n++) {
            unsigned char *p = arena_alloc(a, n);

            assert_int_equal((uintptr_t)p % 16, 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xA5, n);
        }
        assert_true(arena_used(a) > 300 * 299 / 2);
        arena_reset(a);
        assert_int_equal(arena_used(a), 0);
    }
}

static void buf_stops_at_its_maximum(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(1 * MIB);
    struct buf b = BUF_ARENA(a, 1000);

    (void)state;
    for (int i = 0; i < 100; i++)
        buf_printf(&b, "%09d,", i);
    assert_true(b.overflow || b.n == 1000);
    assert_true(b.n <= 1000);
    buf_add(&b, "x", 1);
    assert_true(b.overflow);
}

static void integers_are_read_whole_or_not_at_all(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t v;
    } cases[] = {
        { "0", true, 0 },      { "-1", true, -1 },   { "9223372036854775807", true, INT64_MAX },
        { "-9223372036854775808", true, INT64_MIN }, { "9223372036854775808", false, 0 },
        { "", false, 0 },      { "-", false, 0 },    { "+1", false, 0 },
        { " 1", false, 0 },    { "1x", false, 0 },   { "0x10", false, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t v = 77;

        assert_int_equal(str_i64(str_of(cases[i].text), INT64_MIN, INT64_MAX, &v), cases[i].ok);
        assert_int_equal(v, cases[i].ok ? cases[i].v : 77);
    }
}

static void times_survive_a_round_trip(void **state)
{
    static const char *const good[] = { "1970-01-01T00:00:00.000Z", "2000-02-29T23:59:59.999Z",
                                        "2026-11-23T15:21:42.123Z", "9999-12-31T23:59:59.999Z" };
    static const char *const bad[] = { "",
                                       "2026-11-23",
                                       "2026-02-29T00:00:00Z",
                                       "2026-13-01T00:00:00Z",
                                       "2026-11-23T24:00:00Z",
                                       "2026-11-23T15:21:42",
                                       "2026-11-23T15:21:42.Z",
                                       "2026-11-23T15:21:42Zx",
                                       "2026-11-23T15:21:42+25:00",
                                       "1969-12-31T23:59:59Z" };
    char out[CLOCK_TEXT_MAX];
    int64_t t, u;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(clock_parse(str_of(good[i]), &t));
        assert_int_equal(clock_format(t, out), 24);
        assert_string_equal(out, good[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(clock_parse(str_of(bad[i]), &t));
    assert_true(clock_parse(STR("2026-11-23T15:21:42+02:00"), &t));
    assert_true(clock_parse(STR("2026-11-23T13:21:42Z"), &u));
    assert_int_equal(t, u);
    clock_http_date(784111777 * US_PER_S, out);
    assert_string_equal(out, "Sun, 06 Nov 1994 08:49:37 GMT"); /* RFC 9110 section 5.6.7 */
}

static void encodings_round_trip_and_refuse_what_is_not_theirs(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(4 * MIB);
    unsigned char raw[64];
    struct str back;

    (void)state;
    for (size_t n = 0; n <= sizeof(raw); n++) {
        struct str r = { (char *)raw, n };

        rand_bytes(raw, sizeof(raw));
        assert_true(dec_base64url(enc_base64url(r, a), a, &back) && str_eq(back, r));
        assert_true(dec_base32(enc_base32(r, a), a, &back) && str_eq(back, r));
        assert_true(dec_hex(enc_hex(r, a), a, &back) && str_eq(back, r));
    }
    assert_str_eq(enc_base32(STR("foobar"), a), "MZXW6YTBOI"); /* RFC 4648 section 10 */
    assert_false(dec_base64url(STR("A"), a, &back));
    assert_false(dec_base64url(STR("AB"), a, &back)); /* stray bits */
    assert_false(dec_base64url(STR("AA=="), a, &back));
    assert_true(dec_url(STR("a%20b+c%2f"), true, a, &back));
    assert_str_eq(back, "a b c/");
    assert_false(dec_url(STR("%"), true, a, &back));
    assert_false(dec_url(STR("%0"), true, a, &back));
    assert_false(dec_url(STR("%00"), true, a, &back));
    assert_false(dec_url(STR("%zz"), true, a, &back));
}

static void text_is_cut_and_trimmed(void **state)
{
    struct str s = STR("a,,b,");

    (void)state;
    assert_str_eq(str_cut(&s, ','), "a");
    assert_str_eq(str_cut(&s, ','), "");
    assert_str_eq(str_cut(&s, ','), "b");
    assert_non_null(s.p);
    assert_str_eq(str_cut(&s, ','), "");
    assert_null(s.p);
    assert_str_eq(str_trim(STR(" \t x y\r\n")), "x y");
    assert_str_eq(str_dir(STR("/opt/app/server")), "/opt/app/");
    assert_str_eq(str_dir(STR("/opt/app/")), "/opt/app/");
    assert_str_eq(str_dir(STR("server")), "");
    assert_str_eq(str_dir(STR_NONE), "");
}

static int by_text(const void *x, const void *y)
{
    const struct str *s = x, *t = y;
    int order = memcmp(s->p, t->p, s->n < t->n ? s->n : t->n);

    return order ? order : (s->n > t->n) - (s->n < t->n);
}

static void names_never_come_twice_and_a_seed_repeats_them(void **state)
{
    enum { NAMES = 20000 };
    struct arena *a CLEAN(arena_clean) = arena_new(16 * MIB);
    struct str *names = ARENA_ARRAY(a, struct str, NAMES), first;

    (void)state;
    for (size_t i = 0; i < NAMES; i++) {
        /* lengths that do not divide what is drawn ahead */
        names[i] = rand_name(i % 2 ? 12 : 11, a);
        assert_int_equal(names[i].n, i % 2 ? 16 : 15);
    }
    qsort(names, NAMES, sizeof(names[0]), by_text);
    for (size_t i = 1; i < NAMES; i++)
        assert_false(str_eq(names[i - 1], names[i]));
    rand_fake(7);
    first = rand_name(12, a);
    assert_false(str_eq(first, rand_name(12, a)));
    rand_fake(7);
    assert_true(str_eq(first, rand_name(12, a)));
    rand_fake(0);
    assert_false(str_eq(first, rand_name(12, a)));
    for (uint64_t i = 1; i < 1000; i++)
        assert_true(rand_below(i) < i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_gives_zeroed_aligned_memory_and_forgets_on_reset),
        cmocka_unit_test(buf_stops_at_its_maximum),
        cmocka_unit_test(integers_are_read_whole_or_not_at_all),
        cmocka_unit_test(times_survive_a_round_trip),
        cmocka_unit_test(encodings_round_trip_and_refuse_what_is_not_theirs),
        cmocka_unit_test(text_is_cut_and_trimmed),
        cmocka_unit_test(names_never_come_twice_and_a_seed_repeats_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
