/* What reports read, in each form of its statements: test_plans.c looks at how the databases run them. */
#include "store_test.h"

#include "store/reports.h"

enum { FAR = 4000000000 };

static void each_statement_answers_nothing_of_an_empty_desk(void **state)
{
    const int64_t some[] = { 1, 2 }, since[REPORT_AGES] = { 4, 3, 2, 1 };
    const struct report_groups forms[] = { { .all = true, .v = some, .n = ARRAY_LEN(some) }, { .v = some, .n = ARRAY_LEN(some) }, { .n = 0 } };
    struct arena *a CLEAN(arena_clean) = arena_new(64 * MIB);
    struct store *s = test_store();
    struct db *db = NULL;
    struct err e = { 0 };

    (void)state;
    assert_ok(store_connect(s, DB_READ, &db, &e), &e);
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        const struct report_groups *g = &forms[i];
        struct report_created_rows created;
        struct report_done_rows done;
        struct report_open_rows open;
        struct report_cells cells;
        struct report_answers_rows answers;
        struct report_names names;
        struct report_own_counts counts;
        int64_t n = 1, *ids;
        size_t n_ids = 1;

        assert_ok(reports_created(db, g, 1, FAR, a, &created, &e), &e);
        assert_ok(reports_created_since(db, g, 1, a, &n, &e), &e);
        assert_ok(reports_done(db, g, 1, a, &done, &e), &e);
        assert_ok(reports_open(db, g, since, a, &open, &e), &e);
        assert_ok(reports_cells(db, g, a, &cells, &e), &e);
        assert_int_equal(created.n + done.n + open.n + cells.n + (size_t)n, 0);
        for (int64_t only = 0; only < 2; only++) {
            assert_ok(reports_answers(db, g, 1, FAR, only, a, &answers, &e), &e);
            assert_ok(reports_own(db, g, &(struct report_own){ 1, FAR, 8, only }, a, &ids, &n_ids, &e), &e);
            assert_int_equal(answers.n + n_ids, 0);
        }
        assert_ok(reports_own_counts(db, g, 1, 2, FAR, a, &counts, &e), &e);
        assert_int_equal(counts.waiting + counts.due + counts.overdue, 0);
        assert_ok(reports_names(db, some, ARRAY_LEN(some), a, &names, &e), &e);
        assert_int_equal(names.n, 0);
    }
    db_close(&db);
    test_store_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_statement_answers_nothing_of_an_empty_desk),
    };

    return cmocka_run_group_tests_name("reports", tests, NULL, NULL);
}
