/* The audit log: whatever is done to its rows behind its back is found, at the first wrong entry.
 */
#include "store_test.h"

#include "base/buf.h"
#include "base/file.h"
#include "desk/audit.h"
#include "desk/audit_verify.h"

#include <stdio.h>
#include <unistd.h>

enum { ENTRIES = 12 };

static struct {
    struct store *s;
    struct db *db;
    struct arena *a;
    struct err e;
    struct audit_verdict v;
} t;

static enum rc add_some(struct db *db, void *arg, struct err *e)
{
    const struct actor who = {
        .type = ACTOR_USER, .user_id = 7, .address = STR("192.0.2.1"), .request_id = STR("r1")
    };

    for (int i = 0; i < *(int *)arg; i++) {
        const struct audit_entry entry = { .action = "ticket.update",
                                           .object = "ticket",
                                           .object_id = i + 1,
                                           .details =
                                               str_printf(t.a, "{\"after\":{\"n\":%d}}", i) };

        TRY(audit_add(db, &who, &entry, t.a, e));
    }
    return RC_OK;
}

static void add(int n)
{
    assert_ok(store_write(t.s, add_some, &n, &t.e), &t.e);
}

/* What an attacker with the database's password does first. */
static void drop_guards(void)
{
    if (test_is_sqlite()) {
        assert_ok(db_exec(t.db, "DROP TRIGGER audit_no_update", DB_NO_ARGS, NULL, &t.e), &t.e);
        assert_ok(db_exec(t.db, "DROP TRIGGER audit_no_delete", DB_NO_ARGS, NULL, &t.e), &t.e);
    } else {
        assert_ok(db_exec(t.db, "ALTER TABLE audit DISABLE TRIGGER USER", DB_NO_ARGS, NULL, &t.e),
                  &t.e);
    }
}

static int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    t.a = arena_new(256 * MIB);
    t.s = test_store();
    assert_ok(store_connect(t.s, DB_WRITE, &t.db, &t.e), &t.e);
    add(ENTRIES);
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

#define SQL(sql, ...)                                                                              \
    do {                                                                                           \
        int64_t changed_ = 0;                                                                      \
        assert_ok(db_exec(t.db, sql, DB_ARGS(__VA_ARGS__), &changed_, &t.e), &t.e);                \
        assert_true(changed_ > 0);                                                                 \
    } while (0)

static void verify(struct str witness)
{
    assert_ok(audit_verify(t.db, witness, t.a, &t.v, &t.e), &t.e);
}

#define assert_found(want_finding, want_n)                                                         \
    do {                                                                                           \
        verify(STR(""));                                                                           \
        if (t.v.finding != (want_finding) || t.v.n != (want_n))                                    \
            fail_msg("found %s at %lld", audit_finding_name(t.v.finding), (long long)t.v.n);       \
    } while (0)

static void an_untouched_log_is_whole(void **state)
{
    (void)state;
    assert_found(AUDIT_WHOLE, 0);
    assert_int_equal(t.v.checked, ENTRIES);
    assert_int_equal(t.v.head.n, ENTRIES);
}

static void the_first_thousand_entries_span_chunks(void **state)
{
    (void)state;
    add(1100);
    assert_found(AUDIT_WHOLE, 0);
    assert_int_equal(t.v.checked, ENTRIES + 1100);
    drop_guards();
    SQL("UPDATE audit SET object = 'user' WHERE n = $1", DB_INT(1003));
    assert_found(AUDIT_ALTERED, 1003);
}

static void the_database_itself_refuses_changes(void **state)
{
    (void)state;
    assert_int_not_equal(
        db_exec(t.db, "UPDATE audit SET action = 'x' WHERE n = 3", DB_NO_ARGS, NULL, &t.e), RC_OK);
    err_clear(&t.e);
    assert_int_not_equal(db_exec(t.db, "DELETE FROM audit WHERE n = 3", DB_NO_ARGS, NULL, &t.e),
                         RC_OK);
    err_clear(&t.e);
    assert_found(AUDIT_WHOLE, 0);
}

#define FLIPS(X)                                                                                   \
    X("UPDATE audit SET at_us = at_us + 1 WHERE n = $1", 5)                                        \
    X("UPDATE audit SET actor_id = 8 WHERE n = $1", 5)                                             \
    X("UPDATE audit SET actor_id = NULL WHERE n = $1", 5)                                          \
    X("UPDATE audit SET actor_type = 2 WHERE n = $1", 5)                                           \
    X("UPDATE audit SET address = '192.0.2.2' WHERE n = $1", 5)                                    \
    X("UPDATE audit SET request_id = '' WHERE n = $1", 5)                                          \
    X("UPDATE audit SET action = 'ticket.updatf' WHERE n = $1", 5)                                 \
    X("UPDATE audit SET object = 'user' WHERE n = $1", 5)                                          \
    X("UPDATE audit SET object_id = object_id + 1 WHERE n = $1", 5)                                \
    X("UPDATE audit SET details = '{}' WHERE n = $1", 5)                                           \
    X("UPDATE audit SET details_salt = 'x' WHERE n = $1", 5)                                       \
    X("UPDATE audit SET details_hash = 'x' WHERE n = $1", 5)                                       \
    X("UPDATE audit SET hash = 'x' WHERE n = $1", 5)                                               \
    X("UPDATE audit SET hash = (SELECT hash FROM audit_head) WHERE n = $1", 5)                     \
    X("UPDATE audit SET address = 'ticket.update', action = '192.0.2.1' WHERE n = $1", 5)

static void each_flipped_column_is_found(void **state)
{
    (void)state;
    drop_guards();
#define X(sql, at)                                                                                 \
    {                                                                                              \
        struct db_tx tx = { 0 };                                                                   \
        assert_ok(db_tx_begin(t.db, &tx, &t.e), &t.e);                                             \
        SQL(sql, DB_INT(at));                                                                      \
        verify(STR(""));                                                                           \
        if (t.v.finding != AUDIT_ALTERED || t.v.n != (at))                                         \
            fail_msg("%s: %s at %lld", sql, audit_finding_name(t.v.finding), (long long)t.v.n);    \
        db_tx_end(&tx);                                                                            \
    }
    FLIPS(X)
#undef X
    assert_found(AUDIT_WHOLE, 0);
}

static void the_last_entry_is_guarded_too(void **state)
{
    (void)state;
    drop_guards();
    SQL("UPDATE audit SET actor_id = $1 WHERE n = $2", DB_INT(9), DB_INT(ENTRIES));
    assert_found(AUDIT_ALTERED, ENTRIES);
}

static void erased_details_leave_the_chain_whole(void **state)
{
    (void)state;
    SQL("UPDATE audit SET details = NULL WHERE n = $1", DB_INT(4));
    assert_found(AUDIT_WHOLE, 0);
    assert_int_equal(t.v.erased, 1);
}

static void a_deleted_entry_is_found(void **state)
{
    (void)state;
    drop_guards();
    SQL("DELETE FROM audit WHERE n = $1", DB_INT(6));
    assert_found(AUDIT_REMOVED, 6);
    SQL("DELETE FROM audit WHERE n = $1", DB_INT(1));
    assert_found(AUDIT_REMOVED, 1);
}

static void shift(int64_t from, int64_t by)
{
    SQL("UPDATE audit SET n = -(n + $2) WHERE n >= $1", DB_INT(from), DB_INT(by));
    SQL("UPDATE audit SET n = -n WHERE n < $1", DB_INT(0));
    SQL("UPDATE audit_head SET n = n + $1", DB_INT(by));
}

static void a_deleted_entry_is_found_when_the_rest_is_renumbered(void **state)
{
    (void)state;
    drop_guards();
    SQL("DELETE FROM audit WHERE n = $1", DB_INT(6));
    shift(7, -1);
    assert_found(AUDIT_REMOVED, 6);
}

static void insert_copy(int64_t of, int64_t as)
{
    SQL("INSERT INTO audit (n, at_us, actor_id, actor_type, address, request_id, action, object, "
        "object_id, details,"
        " details_salt, details_hash, hash)"
        " SELECT $2, at_us, 1, actor_type, address, request_id, action, object, object_id, "
        "details, details_salt,"
        " details_hash, hash FROM audit WHERE n = $1",
        DB_INT(of), DB_INT(as));
}

static void an_inserted_entry_is_found(void **state)
{
    (void)state;
    drop_guards();
    shift(6, 1);
    insert_copy(3, 6);
    assert_found(AUDIT_INSERTED, 6);
}

static void an_entry_put_before_or_behind_the_chain_is_found(void **state)
{
    (void)state;
    drop_guards();
    insert_copy(3, 0);
    assert_found(AUDIT_INSERTED, 0);
    SQL("DELETE FROM audit WHERE n = $1", DB_INT(0));
    insert_copy(3, ENTRIES + 5);
    assert_found(AUDIT_REMOVED, ENTRIES + 1);
    SQL("UPDATE audit SET n = $1 WHERE n = $2", DB_INT(ENTRIES + 1), DB_INT(ENTRIES + 5));
    verify(STR(""));
    assert_int_not_equal(t.v.finding, AUDIT_WHOLE);
    assert_int_equal(t.v.n, ENTRIES + 1);
}

static void swap(int64_t x, int64_t y)
{
    SQL("UPDATE audit SET n = $1 WHERE n = $2", DB_INT(-1), DB_INT(x));
    SQL("UPDATE audit SET n = $1 WHERE n = $2", DB_INT(x), DB_INT(y));
    SQL("UPDATE audit SET n = $1 WHERE n = $2", DB_INT(y), DB_INT(-1));
}

static void swapped_entries_are_found(void **state)
{
    static const int64_t pairs[][2] = {
        { 4, 9 }, { 4, 5 }, { 1, ENTRIES }, { 1, 2 }, { ENTRIES - 1, ENTRIES }
    };

    (void)state;
    drop_guards();
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        swap(pairs[i][0], pairs[i][1]);
        assert_found(AUDIT_MOVED, pairs[i][0]);
        swap(pairs[i][0], pairs[i][1]);
        assert_found(AUDIT_WHOLE, 0);
    }
}

static void a_cut_tail_is_found_by_the_head(void **state)
{
    (void)state;
    drop_guards();
    SQL("DELETE FROM audit WHERE n > $1", DB_INT(8));
    assert_found(AUDIT_CUT, 9);
}

static void an_altered_head_is_found(void **state)
{
    (void)state;
    SQL("UPDATE audit_head SET hash = $1", DB_TEXT(STR("x")));
    assert_found(AUDIT_HEAD, ENTRIES);
    SQL("UPDATE audit_head SET n = $1", DB_INT(ENTRIES - 2));
    assert_found(AUDIT_INSERTED, ENTRIES - 1);
}

static struct str witness_file(void)
{
    struct str text;

    assert_ok(file_read(str_printf(t.a, "%s/audit-head", test_folder()).p, MIB, t.a, &text, &t.e),
              &t.e);
    return text;
}

static void witness(void)
{
    assert_ok(audit_witness(t.db, str_printf(t.a, "%s/audit-head", test_folder()).p, t.a, &t.e),
              &t.e);
}

/* The database as it was when the log had n entries. */
static void restore_older(int64_t n)
{
    SQL("DELETE FROM audit WHERE n > $1", DB_INT(n));
    SQL("UPDATE audit_head SET n = $1, hash = (SELECT hash FROM audit WHERE n = $1)", DB_INT(n));
}

static void an_older_database_is_found_by_the_witness(void **state)
{
    (void)state;
    unlink(str_printf(t.a, "%s/audit-head", test_folder()).p);
    witness();
    witness(); /* nothing new: no second line */
    add(3);
    witness();
    assert_int_equal(str_find(witness_file(), STR("12 ")), 0);
    verify(witness_file());
    assert_int_equal(t.v.finding, AUDIT_WHOLE);
    assert_int_equal(t.v.witnessed, 2);
    drop_guards();
    restore_older(10);
    assert_found(AUDIT_WHOLE, 0); /* by itself it looks sound */
    verify(witness_file());
    assert_int_equal(t.v.finding, AUDIT_OLDER);
    assert_int_equal(t.v.n, 11);
}

static void an_older_database_that_went_on_is_found_too(void **state)
{
    (void)state;
    unlink(str_printf(t.a, "%s/audit-head", test_folder()).p);
    witness();
    drop_guards();
    restore_older(10);
    add(5);
    verify(witness_file());
    assert_int_equal(t.v.finding, AUDIT_REWRITTEN);
    assert_int_equal(t.v.n, ENTRIES);
}

static void a_failed_change_leaves_no_entry(void **state)
{
    int n = 1;

    (void)state;
    for (int at = 1; at <= 3; at++) {
        struct db_tx tx CLEAN(db_tx_end) = { 0 };

        assert_ok(db_tx_begin(t.db, &tx, &t.e), &t.e);
        db_fail_in(t.db, at, RC_FAIL);
        assert_int_equal(add_some(t.db, &n, &t.e), RC_FAIL);
        db_fail_in(t.db, 0, RC_OK);
        db_tx_end(&tx);
        err_clear(&t.e);
    }
    assert_found(AUDIT_WHOLE, 0);
    assert_int_equal(t.v.checked, ENTRIES);
}

static void filters_narrow_the_list(void **state)
{
    struct audit_row *rows;
    size_t n;
    struct audit_filter f = {
        .action = STR("ticket.update"), .object = STR("ticket"), .actor_id = 7, .limit = 5
    };

    (void)state;
    assert_ok(audit_rows_list(t.db, &f, t.a, &rows, &n, &t.e), &t.e);
    assert_int_equal(n, 5);
    assert_int_equal(rows[0].n, ENTRIES);
    f.has_key = true;
    f.key = rows[4].n;
    assert_ok(audit_rows_list(t.db, &f, t.a, &rows, &n, &t.e), &t.e);
    assert_int_equal(rows[0].n, ENTRIES - 5);
    f.object_id = 3;
    assert_ok(audit_rows_list(t.db, &f, t.a, &rows, &n, &t.e), &t.e);
    assert_int_equal(n, 1);
    f.actor_id = 8;
    assert_ok(audit_rows_list(t.db, &f, t.a, &rows, &n, &t.e), &t.e);
    assert_int_equal(n, 0);
    f = (struct audit_filter){ .from_us = 1, .to_us = 2, .limit = 5 };
    assert_ok(audit_rows_list(t.db, &f, t.a, &rows, &n, &t.e), &t.e);
    assert_int_equal(n, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(an_untouched_log_is_whole),
        T(the_first_thousand_entries_span_chunks),
        T(the_database_itself_refuses_changes),
        T(each_flipped_column_is_found),
        T(the_last_entry_is_guarded_too),
        T(erased_details_leave_the_chain_whole),
        T(a_deleted_entry_is_found),
        T(a_deleted_entry_is_found_when_the_rest_is_renumbered),
        T(an_inserted_entry_is_found),
        T(an_entry_put_before_or_behind_the_chain_is_found),
        T(swapped_entries_are_found),
        T(a_cut_tail_is_found_by_the_head),
        T(an_altered_head_is_found),
        T(an_older_database_is_found_by_the_witness),
        T(an_older_database_that_went_on_is_found_too),
        T(a_failed_change_leaves_no_entry),
        T(filters_narrow_the_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
