/* Migrations: up, down, refusals, two at once, dry runs, and every former version with data in it. */
#include "store_test.h"

#include "base/buf.h"
#include "store/migrate.h"

#include <pthread.h>
#include <stdlib.h>

static const struct migration good[] = {
    { 1, "one", { 0 } },
    { 2, "two", { 0 } },
    { 3, "three", { 0 } },
};
#define ONE                                                                                        \
    "-- +up\nCREATE TABLE a (id {{id}}, t TEXT {{c}} NOT NULL, b {{blob}});\n"                     \
    "INSERT INTO a (id, t) VALUES (1, 'x;y');\n"                                                   \
    "-- +postgres\nCREATE TABLE only_postgres (n BIGINT);\n"                                       \
    "-- +sqlite\nCREATE TABLE only_sqlite (n BIGINT);\n"                                           \
    "-- +both\n-- +down\n-- +sqlite\nDROP TABLE only_sqlite;\n"                                    \
    "-- +postgres\nDROP TABLE only_postgres;\n-- +both\nDROP TABLE a;\n"
#define TWO                                                                                        \
    "-- +up\nCREATE TABLE b (id {{id}}, a_id BIGINT NOT NULL REFERENCES a (id));\n"                \
    "INSERT INTO b (a_id) VALUES (1);\n-- +down\nDROP TABLE b;\n"
#define THREE "-- +up\nALTER TABLE a ADD COLUMN n BIGINT NOT NULL DEFAULT 5;\n-- +down\nALTER TABLE a DROP COLUMN n;\n"
#define BROKEN "-- +up\nCREATE TABLE c (id {{id}});\nINSERT INTO nowhere VALUES (1);\n-- +down\nDROP TABLE c;\n"

static struct {
    struct store *s;
    struct arena *a;
    struct err e;
    struct migration v[4];
    struct migration_list list;
    struct migrate_opts o;
} t;

static int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    t.a = arena_new(256 * MIB);
    t.s = test_store_empty();
    memcpy(t.v, good, sizeof(good));
    t.v[0].text = STR(ONE);
    t.v[1].text = STR(TWO);
    t.v[2].text = STR(THREE);
    t.list = (struct migration_list){ t.v, 3 };
    t.o.list = &t.list;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_store_free(&t.s);
    arena_free(&t.a);
    return 0;
}

static enum rc migrate_to(int64_t to)
{
    struct migrate_opts o = t.o;

    o.has_to = true;
    o.to = to;
    err_clear(&t.e);
    return store_migrate(t.s, &o, &t.e);
}

/* Which tables there are, as text, so that two states can be compared. */
static struct str schema(void)
{
    struct db *db;
    struct buf b = BUF_ARENA(t.a, 8 * MIB);
    struct db_rows r;

    assert_ok(store_connect(t.s, DB_READ, &db, &t.e), &t.e);
    if (test_is_sqlite())
        assert_ok(db_query(db, &r,
                           "SELECT name, sql FROM sqlite_schema WHERE name <> 'schema_migrations'"
                           " AND name NOT LIKE 'sqlite_%' ESCAPE '\\' ORDER BY name",
                           DB_NO_ARGS, &t.e), &t.e);
    else
        assert_ok(db_query(db, &r,
                           "SELECT CAST(table_name AS TEXT), CAST(column_name || ' ' || data_type AS TEXT)"
                           " FROM information_schema.columns WHERE table_schema = 'public'"
                           " AND table_name <> 'schema_migrations'"
                           " UNION ALL SELECT CAST(indexname AS TEXT), indexdef FROM pg_indexes WHERE schemaname = 'public'"
                           " AND tablename <> 'schema_migrations'"
                           " UNION ALL SELECT CAST(proname AS TEXT), '' FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
                           " UNION ALL SELECT CAST(sequencename AS TEXT), '' FROM pg_sequences"
                           " ORDER BY 1, 2",
                           DB_NO_ARGS, &t.e), &t.e);
    while (db_next(&r, &t.e)) {
        buf_str(&b, db_view(&r, 0));
        buf_str(&b, STR(": "));
        buf_str(&b, db_view(&r, 1));
        buf_char(&b, '\n');
    }
    db_rows_end(&r);
    db_close(&db);
    return buf_view(&b);
}

static void up_down_and_up_again_give_the_same_schema(void **state)
{
    struct str empty = schema(), at[4];

    (void)state;
    at[0] = empty;
    for (int64_t v = 1; v <= 3; v++) {
        assert_ok(migrate_to(v), &t.e);
        at[v] = schema();
        assert_false(str_eq(at[v], at[v - 1]));
    }
    for (int64_t v = 2; v >= 0; v--) {
        assert_ok(migrate_to(v), &t.e);
        if (v != 2 || !test_is_sqlite()) /* SQLite keeps a column's blanks */
            assert_true(str_eq(schema(), at[v]));
    }
    assert_ok(store_migrate(t.s, &t.o, &t.e), &t.e);
    assert_true(str_eq(schema(), at[3]));
    assert_ok(store_migrate(t.s, &t.o, &t.e), &t.e);
    assert_int_equal(migrate_to(4), RC_INVALID);
    assert_int_equal(migrate_to(-1), RC_INVALID);
}

static void status_names_what_was_applied(void **state)
{
    struct migration_state *st;
    size_t n;

    (void)state;
    assert_ok(migrate_to(2), &t.e);
    assert_ok(store_migrate_status(t.s, &t.o, t.a, &st, &n, &t.e), &t.e);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(st[i].version, i + 1);
        assert_int_equal(st[i].applied_us > 0, i < 2);
        assert_false(st[i].changed || st[i].unknown);
    }
    assert_str_eq(st[1].name, "two");
}

static void a_changed_migration_is_refused(void **state)
{
    struct migration_state *st;
    struct str before;
    size_t n;

    (void)state;
    assert_ok(migrate_to(2), &t.e);
    before = schema();
    t.v[0].text = STR(ONE "-- +up\nCREATE TABLE late (n BIGINT);\n");
    assert_int_equal(store_migrate(t.s, &t.o, &t.e), RC_FAIL);
    assert_string_equal(t.e.code, "migration_changed");
    assert_true(str_eq(schema(), before));
    assert_ok(store_migrate_status(t.s, &t.o, t.a, &st, &n, &t.e), &t.e);
    assert_true(st[0].changed);
    assert_false(st[1].changed);
}

static void a_newer_schema_is_refused(void **state)
{
    struct migration_state *st;
    size_t n;

    (void)state;
    assert_ok(migrate_to(3), &t.e);
    t.list.n = 2;
    assert_int_equal(store_migrate(t.s, &t.o, &t.e), RC_FAIL);
    assert_string_equal(t.e.code, "schema_newer");
    assert_ok(store_migrate_status(t.s, &t.o, t.a, &st, &n, &t.e), &t.e);
    assert_int_equal(n, 3);
    assert_true(st[2].unknown);
    assert_str_eq(st[2].name, "three");
}

static void a_migration_that_fails_leaves_nothing_of_it(void **state)
{
    struct str before;

    (void)state;
    assert_ok(migrate_to(2), &t.e);
    before = schema();
    t.v[2].text = STR(BROKEN);
    assert_int_equal(store_migrate(t.s, &t.o, &t.e), RC_FAIL);
    assert_true(str_eq(schema(), before));
    t.v[2].text = STR(THREE);
    assert_ok(store_migrate(t.s, &t.o, &t.e), &t.e);
}

static void a_migration_that_breaks_references_is_refused(void **state)
{
    (void)state;
    assert_ok(migrate_to(2), &t.e);
    t.v[2].text = STR("-- +up\nDELETE FROM a;\n-- +down\n");
    assert_int_not_equal(store_migrate(t.s, &t.o, &t.e), RC_OK);
    t.v[2].text = STR(THREE);
    assert_ok(store_migrate(t.s, &t.o, &t.e), &t.e);
}

static void count_step(void *arg, const struct migration *m, bool up)
{
    (void)m, (void)up;
    ++*(int *)arg;
}

static void a_dry_run_does_all_and_leaves_nothing(void **state)
{
    struct str before = schema();
    int steps = 0;

    (void)state;
    t.o.dry_run = true;
    t.o.on_step = count_step;
    t.o.arg = &steps;
    assert_ok(store_migrate(t.s, &t.o, &t.e), &t.e);
    assert_int_equal(steps, 3);
    assert_true(str_eq(schema(), before));
    t.v[2].text = STR(BROKEN);
    assert_int_equal(store_migrate(t.s, &t.o, &t.e), RC_FAIL);
    assert_true(str_eq(schema(), before));
}

static void *migrate_again(void *arg)
{
    struct err *e = arg;
    struct store *s = NULL;

    if (store_open(&(struct store_opts){ .url = test_store_url(), .writers = 1 }, &s, e) == RC_OK)
        (void)!store_migrate(s, &(struct migrate_opts){ .list = &t.list }, e);
    store_close(&s);
    return NULL;
}

static void two_nodes_at_once_migrate_once(void **state)
{
    static struct err errs[4];
    pthread_t threads[4];

    (void)state;
    memset(errs, 0, sizeof(errs));
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, migrate_again, &errs[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        if (errs[i].rc)
            fail_msg("%s / %s", errs[i].detail, errs[i].internal);
    }
    assert_ok(store_migrate(t.s, &t.o, &t.e), &t.e);
}

/* ---- The real ones ---- */

static void readiness_follows_the_schema(void **state)
{
    struct db *db;

    (void)state;
    assert_ok(store_connect(t.s, DB_READ, &db, &t.e), &t.e);
    assert_int_equal(store_migrations_current(db, &t.e), RC_FAIL);
    assert_string_equal(t.e.code, "schema_older");
    err_clear(&t.e);
    assert_ok(store_migrate(t.s, &(struct migrate_opts){ 0 }, &t.e), &t.e);
    assert_ok(store_migrations_current(db, &t.e), &t.e);
    db_close(&db);
}

static void each_built_in_migration_can_be_taken_back(void **state)
{
    struct str at[100];
    size_t n = migrations_built_in.n;

    (void)state;
    t.o.list = NULL;
    assert_true(n > 0 && n < ARRAY_LEN(at));
    at[0] = schema();
    for (size_t v = 1; v <= n; v++) {
        assert_ok(migrate_to((int64_t)v), &t.e);
        at[v] = schema();
        assert_ok(migrate_to((int64_t)v - 1), &t.e);
        assert_true(str_eq(schema(), at[v - 1]));
        assert_ok(migrate_to((int64_t)v), &t.e);
        assert_true(str_eq(schema(), at[v]));
    }
    assert_ok(migrate_to(0), &t.e);
    assert_true(str_eq(schema(), at[0]));
}

/* A few rows in each part of version 1; each later migration that changes a table must keep them.
 * A new version adds what it brings to fills[]. */
static const char *const fills[] = {
    "INSERT INTO organizations (id, name, name_fold, created_us, updated_us) VALUES (1, 'Größe', 'grosse', 1, 1);"
    "INSERT INTO users (id, name, name_fold, email, organization_id, created_us, updated_us)"
    " VALUES (1, 'Ann', 'ann', 'ann@example.org', 1, 1, 1), (2, 'Bob', 'bob', NULL, NULL, 1, 1);"
    "INSERT INTO identities (user_id, kind, value, value_fold, is_primary, created_us)"
    " VALUES (1, 0, 'Ann@example.org', 'ann@example.org', 1, 1);"
    "INSERT INTO user_roles (user_id, role_id) VALUES (1, 1), (2, 3);"
    "INSERT INTO sessions (user_id, token_hash, refresh_hash, address, user_agent, created_us, seen_us, expires_us)"
    " VALUES (1, 'a', 'b', '::1', 'x', 1, 1, 2);"
    "INSERT INTO tickets (id, number, title, state_id, state_type, priority_id, group_id, customer_id, channel,"
    " created_us, updated_us, message_count) VALUES (1, '10001', 'Printer 🖨', 1, 0, 2, 1, 2, 0, 5, 5, 2);"
    "INSERT INTO ticket_counts (group_id, state_id, owner_id, n) VALUES (1, 1, 0, 1);"
    "INSERT INTO messages (id, ticket_id, kind, sender, visibility, author_id, format, source, body_text, body_html,"
    " created_us) VALUES (1, 1, 0, 0, 0, 2, 0, 'It burns', 'It burns', '<p>It burns</p>', 5),"
    " (2, 1, 2, 1, 1, 1, 0, 'Oh', 'Oh', '<p>Oh</p>', 6);"
    "INSERT INTO blobs (hash, size, refs, created_us) VALUES ('cafe', 3, 1, 5);"
    "INSERT INTO attachments (hash, message_id, ticket_id, name, content_type, size, created_us)"
    " VALUES ('cafe', 1, 1, 'a.txt', 'text/plain', 3, 5);"
    "INSERT INTO events (ticket_id, type, actor_id, changes_json, ticket_version, created_us)"
    " VALUES (1, 'create', 2, '{}', 1, 5);"
    "INSERT INTO tags (id, name, created_us) VALUES (1, 'fire', 5);"
    "INSERT INTO ticket_tags (ticket_id, tag_id) VALUES (1, 1);"
    "INSERT INTO audit (n, at_us, actor_type, address, request_id, action, object, details_salt, details_hash, hash)"
    " VALUES (1, 5, 1, '::1', 'r', 'ticket.create', 'ticket', 's', 'd', 'h');",
};

static const struct {
    const char *table;
    int64_t rows;
} kept[] = { { "users", 2 }, { "tickets", 1 }, { "messages", 2 }, { "events", 1 }, { "attachments", 1 },
             { "audit", 1 }, { "sessions", 1 }, { "ticket_tags", 1 }, { "states", 10 }, { "roles", 3 } };

static enum rc fill(struct db *db, void *arg, struct err *e)
{
    struct str text = str_of(arg);

    while (text.n > 0) {
        struct str one = str_trim(str_cut(&text, ';'));
        struct sql q = sql_new(t.a);

        if (one.n == 0)
            continue;
        sql_add_(&q, one.p, one.n, DB_NO_ARGS);
        TRY(db_exec_sql(db, &q, NULL, e));
    }
    return RC_OK;
}

static int64_t rows_of(struct db *db, const char *table)
{
    struct sql q = sql_new(t.a);
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    sql_add(&q, "SELECT count(*) FROM ", DB_NO_ARGS);
    sql_add_(&q, table, strlen(table), DB_NO_ARGS);
    assert_ok(db_query_sql(db, &r, &q, &t.e), &t.e);
    assert_true(db_next(&r, &t.e));
    return db_int(&r, 0);
}

static void a_filled_database_of_each_version_reaches_the_newest(void **state)
{
    t.o.list = NULL;
    for (size_t v = 1; v <= migrations_built_in.n; v++) {
        struct db *db;

        tear_down(state);
        set_up(state);
        t.o.list = NULL;
        for (size_t at = 1; at <= v; at++) {
            assert_ok(migrate_to((int64_t)at), &t.e);
            if (at <= ARRAY_LEN(fills))
                assert_ok(store_write(t.s, fill, (void *)(uintptr_t)fills[at - 1], &t.e), &t.e);
        }
        assert_ok(store_migrate(t.s, &t.o, &t.e), &t.e);
        assert_ok(store_connect(t.s, DB_READ, &db, &t.e), &t.e);
        for (size_t i = 0; i < ARRAY_LEN(kept); i++)
            assert_int_equal(rows_of(db, kept[i].table), kept[i].rows);
        db_close(&db);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(up_down_and_up_again_give_the_same_schema),
        TEST(status_names_what_was_applied),
        TEST(a_changed_migration_is_refused),
        TEST(a_newer_schema_is_refused),
        TEST(a_migration_that_fails_leaves_nothing_of_it),
        TEST(a_migration_that_breaks_references_is_refused),
        TEST(a_dry_run_does_all_and_leaves_nothing),
        TEST(two_nodes_at_once_migrate_once),
        TEST(readiness_follows_the_schema),
        TEST(each_built_in_migration_can_be_taken_back),
        TEST(a_filled_database_of_each_version_reaches_the_newest),
    };

    return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
