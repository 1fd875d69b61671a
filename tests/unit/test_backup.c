/* Boxes, what is kept, and when a copy is due. */
#include "test.h"

#include "backup/backup.h"
#include "backup/schedule.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    char dir[64];
    struct arena *a;
    struct err e;
    struct repo repo;
} t;

static const struct str secret = { "0123456789abcdef0123456789abcdef", 32 };

static int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    t.a = arena_new(256 * MIB);
    snprintf(t.dir, sizeof(t.dir), "/tmp/ticketing-unit-XXXXXX");
    assert_non_null(mkdtemp(t.dir));
    assert_ok(repo_open(str_of(t.dir), (struct repo_keys){ 0 }, true, t.a, &t.repo, &t.e), &t.e);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    repo_close(&t.repo);
    assert_ok(tree_remove(t.dir, &t.e), &t.e);
    arena_free(&t.a);
    return 0;
}

/* ---- boxes ---- */

static const char *box_path(void)
{
    return str_printf(t.a, "%s/x.box", t.dir).p;
}

static void write_box(const struct box_key *key)
{
    struct box_writer *w;
    struct box_sum sum;
    char big[3000];

    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (char)(i * 7 + i / 256);
    unlink(box_path());
    assert_ok(box_create(box_path(), key, &w, &t.e), &t.e);
    assert_ok(box_put(w, 'A', STR("first"), &t.e), &t.e);
    assert_ok(box_add(w, big, sizeof(big), &t.e), &t.e);
    assert_ok(box_put(w, 'B', STR("last"), &t.e), &t.e);
    assert_ok(box_finish(&w, false, &sum, &t.e), &t.e);
    assert_null(w);
}

/* Reads to the end; the types of the records that came out. */
static enum rc read_box(const struct box_key *key, char *types)
{
    struct box_reader *r CLEAN(box_close) = NULL;
    struct str payload;
    size_t n = 0;
    char type;

    err_clear(&t.e);
    memset(types, 0, 16);
    TRY(box_open(box_path(), key, &r, &t.e));
    for (;;) {
        TRY(box_next(r, &type, &payload, &t.e));
        if (type == BOX_END)
            return RC_OK;
        types[n++] = type;
    }
}

static struct box_key keys[3]; /* none, one, another */

static void make_keys(void)
{
    box_key_make(STR(""), &keys[0]);
    box_key_make(secret, &keys[1]);
    box_key_make(STR("another key of enough characters"), &keys[2]);
}

static void a_box_gives_back_what_was_put_in(void **state)
{
    char types[16];

    (void)state;
    make_keys();
    for (size_t k = 0; k < 2; k++) {
        write_box(&keys[k]);
        assert_ok(read_box(&keys[k], types), &t.e);
        assert_string_equal(types, "ADB");
    }
}

static void former_keys_open_what_they_sealed(void **state)
{
    char types[16];
    unsigned char id[BOX_KEY_ID_LEN];

    (void)state;
    make_keys();
    write_box(&keys[1]);
    keys[2].former = &keys[1];
    assert_ok(read_box(&keys[2], types), &t.e);
    assert_string_equal(types, "ADB");
    assert_ok(box_key_of(box_path(), id, &t.e), &t.e);
    assert_ptr_equal(box_key_find(&keys[2], id), &keys[1]);
    assert_null(box_key_find(&keys[0], id));
    write_box(&keys[2]);
    assert_int_equal(read_box(&keys[1], types), RC_FAIL);
    assert_string_equal(t.e.code, "backup_key");
    assert_int_equal(truncate(box_path(), 20), 0);
    assert_int_equal(box_key_of(box_path(), id, &t.e), RC_FAIL);
    assert_string_equal(t.e.code, "backup_truncated");
}

static void another_key_is_told_from_damage(void **state)
{
    char types[16];

    (void)state;
    make_keys();
    write_box(&keys[1]);
    assert_int_equal(read_box(&keys[2], types), RC_FAIL);
    assert_string_equal(t.e.code, "backup_key");
    assert_int_equal(read_box(&keys[0], types), RC_FAIL);
    assert_string_equal(t.e.code, "backup_key");
}

static struct str bytes_of_box(void)
{
    struct str all;

    assert_ok(file_read(box_path(), MIB, t.a, &all, &t.e), &t.e);
    return str_dup(all, t.a);
}

static void put_bytes(struct str all)
{
    assert_ok(file_replace(box_path(), all, 0600, &t.e), &t.e);
}

static void every_flipped_bit_is_found(void **state)
{
    char types[16];

    (void)state;
    make_keys();
    for (size_t k = 0; k < 2; k++) {
        struct str all;
        char *changed;

        write_box(&keys[k]);
        all = bytes_of_box();
        changed = arena_memdup(t.a, all.p, all.n);
        for (size_t i = 0; i < all.n; i += i < 80 ? 1 : 13) {
            changed[i] ^= 1;
            put_bytes((struct str){ changed, all.n });
            if (read_box(&keys[k], types) == RC_OK)
                fail_msg("byte %zu of %zu, key %zu", i, all.n, k);
            changed[i] ^= 1;
        }
    }
}

static void every_cut_is_found(void **state)
{
    char types[16];

    (void)state;
    make_keys();
    for (size_t k = 0; k < 2; k++) {
        struct str all;

        write_box(&keys[k]);
        all = bytes_of_box();
        for (size_t n = 0; n < all.n; n += n < 80 ? 1 : 11) {
            put_bytes(str_sub(all, 0, n));
            assert_int_equal(read_box(&keys[k], types), RC_FAIL);
            assert_string_equal(t.e.code, "backup_truncated");
        }
    }
}

/* ---- what is kept ---- */

static int64_t at(const char *time)
{
    int64_t us;

    assert_true(clock_parse(str_of(time), &us));
    return us;
}

static void make_set(int64_t number, const char *time)
{
    struct manifest m = { .format = REPO_FORMAT, .number = number, .at_us = at(time), .product = STR("x"),
                          .key_id = STR(""), .parent = STR("") };
    const char *path;
    struct box_writer *w;
    struct box_sum sum;

    m.id = str_printf(t.a, "%08lld-%.*s", (long long)number, STR_ARG(time_name(m.at_us, t.a)));
    m.files[m.n_files++] = (struct manifest_file){ STR("attachments.box"), STR("0"), 1 };
    path = str_printf(t.a, "%s/sets/%.*s", t.dir, STR_ARG(m.id)).p;
    assert_int_equal(mkdir(path, 0700), 0);
    assert_ok(box_create(str_printf(t.a, "%s/attachments.box", path).p, &t.repo.key, &w, &t.e), &t.e);
    assert_ok(box_finish(&w, false, &sum, &t.e), &t.e);
    assert_ok(manifest_write(&t.repo, path, &m, t.a, &t.e), &t.e);
}

/* The numbers of the sets that are left, oldest first: "1 4 5". */
static const char *left(void)
{
    struct buf b = BUF_ARENA(t.a, KIB);
    struct set *v;
    size_t n;

    assert_ok(repo_sets(&t.repo, t.a, &v, &n, &t.e), &t.e);
    for (size_t i = n; i-- > 0;)
        buf_printf(&b, "%s%lld", b.n ? " " : "", (long long)v[i].m.number);
    return str_z(buf_view(&b), t.a);
}

static void prune(int64_t daily, int64_t weekly, int64_t monthly)
{
    const struct backup_keep keep = { daily, weekly, monthly, NULL };
    struct backup_pruned p;

    assert_ok(backup_prune(&t.repo, &keep, false, t.a, &p, &t.e), &t.e);
}

static void days_weeks_and_months_are_kept(void **state)
{
    (void)state;
    make_set(1, "2026-09-10T02:00:00Z");
    make_set(2, "2026-10-01T02:00:00Z");
    make_set(3, "2026-11-10T02:00:00Z");
    make_set(4, "2026-11-16T02:00:00Z"); /* a Monday */
    make_set(5, "2026-11-20T02:00:00Z");
    make_set(6, "2026-11-22T02:00:00Z"); /* the Sunday behind it */
    make_set(7, "2026-11-23T02:00:00Z");
    make_set(8, "2026-11-23T12:00:00Z");
    prune(2, 3, 2);
    assert_string_equal(left(), "2 3 6 7 8");
}

static void a_clock_that_jumped_removes_nothing_good(void **state)
{
    (void)state;
    make_set(1, "2026-11-20T02:00:00Z");
    make_set(2, "2026-11-21T02:00:00Z");
    make_set(3, "2099-01-01T02:00:00Z"); /* the clock ran ahead */
    make_set(4, "2026-11-22T02:00:00Z"); /* and was mended */
    make_set(5, "1999-01-01T02:00:00Z");
    prune(5, 0, 0);
    assert_string_equal(left(), "1 2 3 4 5");
    prune(1, 0, 0);
    assert_true(strstr(left(), "5") != NULL);
}

static void damaged_copies_are_neither_counted_nor_removed(void **state)
{
    struct set *v;
    size_t n;

    (void)state;
    make_set(1, "2026-11-20T02:00:00Z");
    make_set(2, "2026-11-22T02:00:00Z");
    assert_ok(repo_sets(&t.repo, t.a, &v, &n, &t.e), &t.e);
    assert_ok(file_replace(str_printf(t.a, "%s/manifest.json", v[0].path).p, STR("{"), 0600, &t.e), &t.e);
    prune(1, 0, 0);
    assert_ok(repo_sets(&t.repo, t.a, &v, &n, &t.e), &t.e);
    assert_int_equal(n, 2);
    assert_int_equal(v[0].state, SET_DAMAGED);
    assert_int_equal(v[1].state, SET_GOOD);
}

static void numbers_order_sets_whatever_the_clock_says(void **state)
{
    struct set chosen;

    (void)state;
    make_set(1, "2026-11-20T02:00:00Z");
    make_set(2, "2020-01-01T02:00:00Z");
    assert_ok(repo_choose(&t.repo, STR(""), 0, t.a, &chosen, &t.e), &t.e);
    assert_int_equal(chosen.m.number, 2);
    assert_ok(repo_choose(&t.repo, STR(""), at("2026-11-21T00:00:00Z"), t.a, &chosen, &t.e), &t.e);
    assert_int_equal(chosen.m.number, 2);
}

/* ---- when ---- */

static void the_daily_copy_is_due_once_a_day(void **state)
{
    static const struct {
        const char *last, *now;
        bool due;
    } cases[] = {
        { "2026-11-22T02:31:00Z", "2026-11-23T02:29:00Z", false },
        { "2026-11-22T02:31:00Z", "2026-11-23T02:30:00Z", true },
        { "2026-11-23T02:30:00Z", "2026-11-23T23:59:00Z", false },
        { "2026-11-20T12:00:00Z", "2026-11-23T01:00:00Z", true }, /* the machine was off */
        { "2030-01-01T00:00:00Z", "2026-11-23T12:00:00Z", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(schedule_is_due(STR("02:30"), at(cases[i].last), at(cases[i].now)), cases[i].due);
    assert_false(schedule_is_due(STR(""), 0, at("2026-11-23T12:00:00Z")));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_box_gives_back_what_was_put_in),
        T(former_keys_open_what_they_sealed),
        T(another_key_is_told_from_damage),
        T(every_flipped_bit_is_found),
        T(every_cut_is_found),
        T(days_weeks_and_months_are_kept),
        T(a_clock_that_jumped_removes_nothing_good),
        T(damaged_copies_are_neither_counted_nor_removed),
        T(numbers_order_sets_whatever_the_clock_says),
        T(the_daily_copy_is_due_once_a_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
