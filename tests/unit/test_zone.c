/* Days and hours of time zones. */
#include "test.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/zone.h"

static struct arena *a;

static int64_t at_s(const char *text)
{
    int64_t us;

    assert_true(clock_parse(str_of(text), &us));
    return us / US_PER_S;
}

static struct zone open_zone(const char *name)
{
    struct err e = { 0 };
    struct zone z;

    assert_ok(zone_open(str_of(name), a, &z, &e), &e);
    return z;
}

static void offsets_follow_the_clocks_of_the_place(void **state)
{
    static const struct {
        const char *zone, *at;
        int minutes;
    } cases[] = {
        { "UTC", "2026-07-01T00:00:00Z", 0 },
        { "Europe/Berlin", "2026-03-29T00:59:59Z", 60 }, { "Europe/Berlin", "2026-03-29T01:00:00Z", 120 },
        { "Europe/Berlin", "2026-10-25T00:59:59Z", 120 }, { "Europe/Berlin", "2026-10-25T01:00:00Z", 60 },
        { "Asia/Kathmandu", "2026-01-01T00:00:00Z", 345 }, { "America/New_York", "2026-07-01T00:00:00Z", -240 },
        { "Pacific/Auckland", "2026-01-01T00:00:00Z", 780 }, { "Pacific/Auckland", "2026-07-01T00:00:00Z", 720 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct zone z = open_zone(cases[i].zone);

        assert_int_equal(zone_offset_s(&z, at_s(cases[i].at)), cases[i].minutes * 60);
    }
}

/* Far ahead only the rules at the end of the file say anything. */
static void the_rules_hold_for_ever(void **state)
{
    static const struct {
        const char *zone, *at;
        int hours;
    } cases[] = {
        { "Europe/Berlin", "2090-01-15T12:00:00Z", 1 },    { "Europe/Berlin", "2090-07-15T12:00:00Z", 2 },
        { "Pacific/Auckland", "2090-01-15T12:00:00Z", 13 }, { "Pacific/Auckland", "2090-07-15T12:00:00Z", 12 },
        { "Asia/Tokyo", "2090-07-15T12:00:00Z", 9 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct zone z = open_zone(cases[i].zone);

        assert_int_equal(zone_offset_s(&z, at_s(cases[i].at)), cases[i].hours * 3600);
        assert_true(z.has_rules);
        z.n = 0; /* the rules alone */
        assert_int_equal(zone_offset_s(&z, at_s(cases[i].at)), cases[i].hours * 3600);
    }
}

static void days_begin_at_midnight_of_the_place(void **state)
{
    struct zone berlin = open_zone("Europe/Berlin"), cairo = open_zone("Africa/Cairo");
    int64_t day = clock_days(2026, 10, 25);

    (void)state;
    assert_int_equal(zone_day_begins(&berlin, day) / US_PER_S, at_s("2026-10-24T22:00:00Z"));
    assert_int_equal(zone_day_begins(&berlin, day + 1) / US_PER_S, at_s("2026-10-25T23:00:00Z")); /* 25 hours */
    assert_int_equal(zone_day(&berlin, at_s("2026-10-24T22:00:00Z") * US_PER_S), day);
    assert_int_equal(zone_day(&berlin, at_s("2026-10-24T22:00:00Z") * US_PER_S - 1), day - 1);
    /* There the clocks go from 0:00 to 1:00: the day begins at one. */
    day = clock_days(2025, 4, 25);
    assert_int_equal(zone_day_begins(&cairo, day) / US_PER_S, at_s("2025-04-24T22:00:00Z"));
    assert_int_equal(zone_day_begins(&cairo, day + 1) / US_PER_S, at_s("2025-04-25T21:00:00Z"));
}

static void every_day_begins_once_and_behind_the_one_before(void **state)
{
    static const char *const zones[] = { "Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia", "UTC" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        struct zone z = open_zone(zones[i]);

        for (int64_t day = clock_days(2011, 1, 1); day < clock_days(2012, 2, 1); day++) {
            int64_t begins = zone_day_begins(&z, day), ends = zone_day_begins(&z, day + 1);

            assert_true(begins <= ends && ends - begins <= 25 * US_PER_HOUR); /* Apia left one out */
            if (begins < ends)
                assert_int_equal(zone_day(&z, begins), day);
        }
    }
}

static void files_that_make_no_sense_are_refused(void **state)
{
    static const char *const bad[] = { "", "TZif", "TZif2", "TZif2xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" };
    struct zone z;
    struct err e = { 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(zone_read(str_of(bad[i]), a, &z));
    assert_int_equal(zone_open(STR("Nowhere/At_all"), a, &z, &e), RC_NOT_FOUND);
    err_clear(&e);
    assert_int_equal(zone_open(STR("../../../etc/passwd"), a, &z, &e), RC_NOT_FOUND);
    err_clear(&e);
    assert_int_equal(zone_open(STR("zone.tab"), a, &z, &e), RC_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_follow_the_clocks_of_the_place),
        cmocka_unit_test(the_rules_hold_for_ever),
        cmocka_unit_test(days_begin_at_midnight_of_the_place),
        cmocka_unit_test(every_day_begins_once_and_behind_the_one_before),
        cmocka_unit_test(files_that_make_no_sense_are_refused),
    };
    int failed;

    a = arena_new(64 * MIB);
    failed = cmocka_run_group_tests_name("zone", tests, NULL, NULL);
    arena_free(&a);
    return failed;
}
