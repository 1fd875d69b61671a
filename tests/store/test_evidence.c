/* Evidence: a row and an entry of the audit log, newest first. */
#include "store_test.h"

#include "desk/audit_verify.h"
#include "desk/evidence.h"

static struct {
    struct store *s;
    struct db *db;
    struct arena *a;
    struct err e;
} t;

static const struct actor console = { .type = ACTOR_CLI };

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

static enum rc add(const char *kind, bool ok, const char *figures)
{
    struct db_tx tx CLEAN(db_tx_end) = { 0 };
    const struct evidence ev = { kind, ok, STR("tried"), str_of(figures) };

    err_clear(&t.e);
    TRY(db_tx_begin(t.db, &tx, &t.e));
    TRY(evidence_add(t.db, &console, &ev, t.a, &t.e));
    return db_tx_commit(&tx, &t.e);
}

static void the_newest_of_a_kind_is_found(void **state)
{
    struct evidence_row row;

    (void)state;
    assert_int_equal(evidence_latest(t.db, "drill", false, t.a, &row, &t.e), RC_NOT_FOUND);
    assert_ok(add("drill", true, "{\"rto_s\":1}"), &t.e);
    assert_ok(add("drill", false, ""), &t.e);
    assert_ok(add("backup.full", true, "{}"), &t.e);
    assert_ok(evidence_latest(t.db, "drill", false, t.a, &row, &t.e), &t.e);
    assert_false(row.ok);
    assert_str_eq(row.figures, "{}");
    assert_ok(evidence_latest(t.db, "drill", true, t.a, &row, &t.e), &t.e);
    assert_true(row.ok);
    assert_str_eq(row.figures, "{\"rto_s\":1}");
    assert_true(row.version.n > 0 && row.at_us > 0);
}

static void each_record_stands_in_the_audit_log(void **state)
{
    struct audit_filter f = { .action = STR("evidence.record"), .limit = 10 };
    struct audit_verdict v;
    struct audit_row *rows;
    size_t n;

    (void)state;
    assert_ok(add("drill", true, "{\"rto_s\":7}"), &t.e);
    assert_ok(audit_rows_list(t.db, &f, t.a, &rows, &n, &t.e), &t.e);
    assert_int_equal(n, 1);
    assert_true(str_find(rows[0].details, STR("\"rto_s\":7")) != SIZE_MAX);
    assert_ok(audit_verify(t.db, STR(""), t.a, &v, &t.e), &t.e);
    assert_int_equal(v.finding, AUDIT_WHOLE);
}

static void figures_without_end_are_refused_whole(void **state)
{
    char *big = arena_alloc(t.a, EVIDENCE_FIGURES_MAX + 2);
    struct evidence_row row;

    (void)state;
    memset(big, ' ', EVIDENCE_FIGURES_MAX + 1);
    assert_int_equal(add("drill", true, big), RC_FAIL);
    err_clear(&t.e);
    assert_int_equal(evidence_latest(t.db, "drill", false, t.a, &row, &t.e), RC_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_newest_of_a_kind_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_record_stands_in_the_audit_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(figures_without_end_are_refused_whole, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
