/* The rights of a caller as SQL give exactly the tickets that can() allows, one by one. */
#include "store_test.h"

#include "base/rand.h"
#include "desk/auth.h"
#include "desk/can.h"
#include "store/rights.h"
#include "store/scope.h"

enum { USERS = 12, GROUPS = 5, ORGS = 4, TICKETS = 120, ROUNDS = 4 };

static void run(struct db *db, struct err *e, const struct sql *q)
{
    assert_ok(db_exec_sql(db, q, NULL, e), e);
}

#define EXEC(lit, ...)                                                                             \
    do {                                                                                           \
        struct sql q_ = sql_new(a);                                                                \
        sql_add(&q_, lit, DB_ARGS(__VA_ARGS__));                                                   \
        run(db, &e, &q_);                                                                          \
    } while (0)

static int64_t below(uint64_t n)
{
    return (int64_t)rand_below(n);
}

/* Ids begin at 100, so that what the schema brings is not in the way. */
static void fill(struct db *db, struct arena *a)
{
    struct err e = { 0 };

    EXEC("UPDATE roles SET perms = ? WHERE id = 1", DB_INT(PERM_ADMIN_TICKET));
    EXEC("UPDATE roles SET perms = ? WHERE id = 2", DB_INT(PERM_TICKET_AGENT));
    EXEC("UPDATE roles SET perms = ? WHERE id = 3", DB_INT(PERM_TICKET_CUSTOMER));
    EXEC("DELETE FROM role_groups WHERE role_id < ?", DB_INT(100));
    for (int64_t g = 100; g < 100 + GROUPS; g++)
        EXEC("INSERT INTO groups (id, name, name_fold, created_us, updated_us) VALUES (?, ?, ?, 0, 0)", DB_INT(g),
             DB_TEXT(str_printf(a, "g%lld", (long long)g)), DB_TEXT(str_printf(a, "g%lld", (long long)g)));
    for (int64_t o = 100; o < 100 + ORGS; o++)
        EXEC("INSERT INTO organizations (id, name, name_fold, shared, created_us, updated_us) VALUES (?, ?, ?, ?, 0, 0)",
             DB_INT(o), DB_TEXT(str_printf(a, "o%lld", (long long)o)), DB_TEXT(str_printf(a, "o%lld", (long long)o)),
             DB_INT(below(2)));
    for (int64_t u = 100; u < 100 + USERS; u++) {
        int64_t org = below(ORGS + 1);

        EXEC("INSERT INTO users (id, name, name_fold, organization_id, created_us, updated_us) VALUES (?, 'u', 'u', ?, 0, 0)",
             DB_INT(u), DB_ID(org ? 99 + org : 0));
        if (rand_below(3))
            EXEC("INSERT INTO identities (user_id, kind, value, value_fold, verified_us, created_us) VALUES (?, 0, ?, ?, 1, 0)",
                 DB_INT(u), DB_TEXT(str_printf(a, "u%lld", (long long)u)), DB_TEXT(str_printf(a, "u%lld", (long long)u)));
        for (int64_t r = 1; r <= 3; r++)
            if (rand_below(r == 1 ? 8 : 2) == 0)
                EXEC("INSERT INTO user_roles (user_id, role_id) VALUES (?, ?)", DB_INT(u), DB_INT(r));
        for (int64_t g = 100; g < 100 + GROUPS; g++)
            if (rand_below(3) == 0)
                EXEC("INSERT INTO user_groups (user_id, group_id, levels) VALUES (?, ?, ?)", DB_INT(u), DB_INT(g), DB_INT(below(32)));
        if (rand_below(3) == 0)
            EXEC("INSERT INTO user_organizations (user_id, organization_id) VALUES (?, ?)", DB_INT(u), DB_INT(100 + below(ORGS)));
    }
    EXEC("INSERT INTO role_groups (role_id, group_id, levels) VALUES (2, ?, ?)", DB_INT(100), DB_INT(below(16)));
    for (int64_t t = 100; t < 100 + TICKETS; t++) {
        int64_t org = below(ORGS + 1);

        EXEC("INSERT INTO tickets (id, number, title, state_id, state_type, priority_id, group_id, customer_id,"
             " organization_id, channel, created_us, updated_us, created_by) VALUES (?, ?, 't', 2, 1, 2, ?, ?, ?, 0, 0, ?, ?)",
             DB_INT(t), DB_TEXT(str_printf(a, "n%lld", (long long)t)), DB_INT(100 + below(GROUPS)),
             DB_INT(100 + below(USERS)), DB_ID(org ? 99 + org : 0), DB_INT(t),
             DB_INT(100 + below(USERS)));
        if (rand_below(4) == 0)
            EXEC("INSERT INTO participants (ticket_id, user_id, role, created_us) VALUES (?, ?, 0, 0)", DB_INT(t), DB_INT(100 + below(USERS)));
    }
}

static bool participates(struct db *db, int64_t ticket, int64_t user, struct err *e)
{
    int64_t n;

    assert_ok(db_query_int(db, "SELECT count(*) FROM participants WHERE ticket_id = $1 AND user_id = $2",
                           DB_ARGS(DB_INT(ticket), DB_INT(user)), &n, e), e);
    return n > 0;
}

/* Whether each ticket is in the list of this scope. */
static void listed(struct db *db, const struct scope *s, struct arena *a, bool *in)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(a);
    struct err e = { 0 };

    memset(in, 0, TICKETS * sizeof *in);
    sql_add(&q, "SELECT t.id FROM tickets t WHERE t.id >= ?", DB_ARGS(DB_INT(100)));
    scope_where(&q, s);
    sql_add(&q, " ORDER BY t.updated_us, t.id", DB_NO_ARGS);
    assert_ok(db_query_sql(db, &r, &q, &e), &e);
    while (db_next(&r, &e)) {
        assert_false(in[db_int(&r, 0) - 100]);
        in[db_int(&r, 0) - 100] = true;
    }
    assert_int_equal(e.rc, RC_OK);
}

static size_t check_user(struct db *db, int64_t user, struct arena *a)
{
    bool list[TICKETS], read[TICKETS];
    struct err e = { 0 };
    struct actor who;
    size_t seen = 0;

    assert_ok(actor_load(db, user, a, &who, &e), &e);
    struct scope list_scope = can_scope(&who, CAN_LIST, a), read_scope = can_scope(&who, CAN_READ, a);

    listed(db, &list_scope, a, list);
    listed(db, &read_scope, a, read);
    for (int64_t t = 0; t < TICKETS; t++) {
        struct ticket_facts f = { .participates = participates(db, t + 100, user, &e) };
        struct db_rows r CLEAN(db_rows_end) = { 0 };

        assert_ok(db_query(db, &r, "SELECT group_id, customer_id, organization_id, created_by FROM tickets WHERE id = $1",
                           DB_ARGS(DB_INT(t + 100)), &e), &e);
        assert_true(db_next(&r, &e));
        f.group_id = db_int(&r, 0);
        f.customer_id = db_int(&r, 1);
        f.organization_id = db_int(&r, 2);
        f.created_by = db_int(&r, 3);
        assert_int_equal(list[t], can(&who, CAN_LIST, &f));
        assert_int_equal(read[t], can(&who, CAN_READ, &f));
        seen += read[t];
    }
    return seen;
}

static void lists_hold_exactly_what_a_naive_scan_allows(void **state)
{
    size_t seen = 0;

    (void)state;
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        struct arena *a CLEAN(arena_clean) = arena_new(64 * MIB);
        struct store *s = test_store();
        struct db *db = NULL;
        struct err e = { 0 };

        assert_ok(store_connect(s, DB_WRITE, &db, &e), &e);
        rand_fake(round);
        fill(db, a);
        for (int64_t u = 100; u < 100 + USERS; u++)
            seen += check_user(db, u, a);
        rand_fake(0);
        db_close(&db);
        test_store_free(&s);
    }
    assert_true(seen > 100 && seen < (size_t)ROUNDS * USERS * TICKETS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_hold_exactly_what_a_naive_scan_allows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
