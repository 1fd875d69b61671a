/* Settings that change at run time: defaults, checks, the audit entry. */
#include "store_test.h"

#include "desk/audit_verify.h"
#include "desk/settings.h"

static struct {
    struct store *s;
    struct db *db;
    struct arena *a;
    struct err e;
} t;

static const struct actor admin = { .type = ACTOR_CLI };

static int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    t.a = arena_new(64 * MIB);
    t.s = test_store();
    assert_ok(store_connect(t.s, DB_WRITE, &t.db, &t.e), &t.e);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(&t.db);
    test_store_free(&t.s);
    arena_free(&t.a);
    return 0;
}

static enum rc save(struct setting_change ch)
{
    struct db_tx tx CLEAN(db_tx_end) = { 0 };

    err_clear(&t.e);
    TRY(db_tx_begin(t.db, &tx, &t.e));
    TRY(setting_save(t.db, &admin, &ch, t.a, &t.e));
    return db_tx_commit(&tx, &t.e);
}

static struct audit_row *last_entries(size_t *n)
{
    struct audit_filter f = { .action = STR("setting.update"), .limit = 10 };
    struct audit_row *rows;

    assert_ok(audit_rows_list(t.db, &f, t.a, &rows, n, &t.e), &t.e);
    return rows;
}

static void defaults_hold_until_something_is_saved(void **state)
{
    struct str text;
    int64_t n;

    (void)state;
    for (enum setting id = 0; id < SETTING_COUNT_; id++) {
        struct setting_value v;

        assert_ok(setting_load(t.db, id, t.a, &v, &t.e), &t.e);
        assert_true(v.is_default);
        assert_int_equal(setting_find(str_of(setting_defs[id].name)), id);
    }
    assert_ok(setting_int(t.db, SETTING_SOLVED_CLOSE_DAYS, &n, &t.e), &t.e);
    assert_int_equal(n, 7);
    assert_ok(setting_text(t.db, SETTING_TICKET_HOOK, t.a, &text, &t.e), &t.e);
    assert_str_eq(text, "Ticket#");
    assert_int_equal(setting_find(STR("no.such")), SETTING_COUNT_);
}

static void saved_values_are_read_at_once_and_can_be_reset(void **state)
{
    struct setting_value v;
    int64_t n;

    (void)state;
    assert_ok(save((struct setting_change){ .id = SETTING_SOLVED_CLOSE_DAYS, .number = 30 }), &t.e);
    assert_ok(setting_int(t.db, SETTING_SOLVED_CLOSE_DAYS, &n, &t.e), &t.e);
    assert_int_equal(n, 30);
    assert_ok(save((struct setting_change){ .id = SETTING_NUMBER_FORMAT, .text = STR("date") }),
              &t.e);
    assert_ok(setting_load(t.db, SETTING_NUMBER_FORMAT, t.a, &v, &t.e), &t.e);
    assert_str_eq(v.text, "date");
    assert_int_equal(v.number, 1);
    assert_ok(save((struct setting_change){ .id = SETTING_NUMBER_FORMAT, .is_reset = true }), &t.e);
    assert_ok(setting_load(t.db, SETTING_NUMBER_FORMAT, t.a, &v, &t.e), &t.e);
    assert_true(v.is_default);
}

static void values_outside_of_the_table_are_refused(void **state)
{
    static const struct setting_change bad[] = {
        { .id = SETTING_SOLVED_CLOSE_DAYS, .number = -1 },
        { .id = SETTING_SOLVED_CLOSE_DAYS, .number = 3651 },
        { .id = SETTING_TAGS_FROZEN, .number = 2 },
        { .id = SETTING_NUMBER_FORMAT, .text = STR("Date") },
        { .id = SETTING_NUMBER_FORMAT, .text = STR("") },
        { .id = SETTING_TICKET_HOOK, .text = STR("123456789012345678901") },
        { .id = SETTING_TICKET_HOOK, .text = STR("a\nb") },
    };
    size_t n;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(save(bad[i]), RC_INVALID);
        assert_int_equal(t.e.n_fields, 1);
        assert_true(t.e.fields[0].allowed[0] != '\0');
    }
    err_clear(&t.e);
    last_entries(&n);
    assert_int_equal(n, 0);
}

static void each_change_is_audited_once(void **state)
{
    struct audit_row *rows;
    size_t n;

    (void)state;
    assert_ok(save((struct setting_change){ .id = SETTING_TICKET_HOOK, .text = STR("Fall#") }),
              &t.e);
    assert_ok(save((struct setting_change){ .id = SETTING_TICKET_HOOK, .text = STR("Fall#") }),
              &t.e);
    rows = last_entries(&n);
    assert_int_equal(n, 1);
    assert_str_eq(
        rows[0].details,
        "{\"before\":{\"ticket.hook\":\"Ticket#\"},\"after\":{\"ticket.hook\":\"Fall#\"}}");
    assert_int_equal(rows[0].actor_type, ACTOR_CLI);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(defaults_hold_until_something_is_saved),
        T(saved_values_are_read_at_once_and_can_be_reset),
        T(values_outside_of_the_table_are_refused),
        T(each_change_is_audited_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
