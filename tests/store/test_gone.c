/* The database goes away and comes back: a server that restarts or hangs (PostgreSQL), a disk that
 * is full (SQLite). */
#include "store_test.h"

#include "base/clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    struct store *s;
    struct db *r;
    struct err e;
} t;

static int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    t.s = test_store_with((struct store_opts){ .writers = 2, .statement_ms = 300, .connect_ms = 500 });
    assert_ok(store_connect(t.s, DB_READ, &t.r, &t.e), &t.e);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(&t.r);
    test_store_free(&t.s);
    return 0;
}

static enum rc read_one(void)
{
    int64_t n;

    err_clear(&t.e);
    return db_query_int(t.r, "SELECT count(*) FROM settings", DB_NO_ARGS, &n, &t.e);
}

static enum rc put_setting(struct db *db, void *arg, struct err *e)
{
    return db_exec(db, "INSERT INTO settings (name, value, updated_us) VALUES ($1, $2, 0)"
                       " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                   DB_ARGS(DB_TEXT(STR("x")), DB_TEXT(str_of(arg))), NULL, e);
}

static enum rc write_one(void)
{
    char value[] = "v";

    err_clear(&t.e);
    return store_write(t.s, put_setting, value, &t.e);
}

/* ---- PostgreSQL ---- */

/* Runs TEST_PG_RESTART: "pg.sh restart FOLDER". */
static void restart(void)
{
    const char *command = getenv("TEST_PG_RESTART");
    int status = -1;
    pid_t pid;

    assert_non_null(command);
    pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void a_restarted_server_is_found_again_unnoticed(void **state)
{
    struct store_stats stats;

    (void)state;
    if (test_is_sqlite())
        skip();
    assert_ok(read_one(), &t.e);
    for (int i = 0; i < 4; i++)
        assert_ok(write_one(), &t.e);
    restart();
    assert_ok(read_one(), &t.e);
    for (int i = 0; i < 4; i++)
        assert_ok(write_one(), &t.e);
    store_stats(t.s, &stats);
    assert_true(stats.reconnects > 0);
}

static enum rc restart_inside(struct db *db, void *arg, struct err *e)
{
    TRY(put_setting(db, arg, e));
    restart();
    return put_setting(db, arg, e);
}

static void a_transaction_that_lost_its_server_was_not_done(void **state)
{
    char value[] = "lost";

    (void)state;
    if (test_is_sqlite())
        skip();
    assert_int_equal(store_write(t.s, restart_inside, value, &t.e), RC_BUSY);
    assert_ok(write_one(), &t.e);
}

static enum rc restart_before_commit(struct db *db, void *arg, struct err *e)
{
    TRY(put_setting(db, arg, e));
    restart();
    return RC_OK;
}

static void a_commit_that_lost_its_server_is_not_called_busy(void **state)
{
    char value[] = "unknown";

    (void)state;
    if (test_is_sqlite())
        skip();
    assert_int_equal(store_write(t.s, restart_before_commit, value, &t.e), RC_FAIL);
    assert_ok(write_one(), &t.e);
}

static void a_server_that_is_away_is_busy_at_once(void **state)
{
    struct store *s = NULL;
    struct db *db = NULL;
    int64_t n, us;

    (void)state;
    if (test_is_sqlite())
        skip();
    assert_ok(store_open(&(struct store_opts){ .url = STR("postgres://nobody@127.0.0.1:1/none"), .connect_ms = 300 }, &s,
                         &t.e), &t.e);
    assert_ok(store_connect(s, DB_READ, &db, &t.e), &t.e);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(db_query_int(db, "SELECT CAST(1 AS BIGINT)", DB_NO_ARGS, &n, &t.e), RC_BUSY);
        assert_int_equal(store_ping(s, &us, &t.e), RC_BUSY);
    }
    db_close(&db);
    store_close(&s);
}

static enum rc backend_pid(int64_t *pid)
{
    return db_query_int(t.r, "SELECT CAST(pg_backend_pid() AS BIGINT)", DB_NO_ARGS, pid, &t.e);
}

static void a_server_that_hangs_is_given_up(void **state)
{
    int64_t pid;

    (void)state;
    if (test_is_sqlite())
        skip();
    assert_ok(backend_pid(&pid), &t.e);
    if (kill((pid_t)pid, SIGSTOP) != 0)
        skip();
    assert_int_equal(read_one(), RC_OK); /* over a new connection, after the old one was given up */
    assert_int_equal(kill((pid_t)pid, SIGCONT), 0);
}

/* ---- SQLite ---- */

static enum rc fill_up(struct db *db, void *arg, struct err *e)
{
    char *p = arg;

    return db_exec(db, "INSERT INTO settings (name, value, updated_us) VALUES ('big', $1, 0)",
                   DB_ARGS(DB_TEXT(((struct str){ p, 1 * MIB }))), NULL, e);
}

static enum rc limit_pages(struct db *db, void *arg, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    if (arg)
        return db_query(db, &r, "PRAGMA max_page_count = 1000000", DB_NO_ARGS, e);
    return db_query(db, &r, "PRAGMA max_page_count = 1", DB_NO_ARGS, e); /* as large as it is now */
}

static void a_full_disk_refuses_writes_and_recovers(void **state)
{
    static char big[1 * MIB];
    int yes = 1;

    (void)state;
    if (!test_is_sqlite())
        skip();
    memset(big, 'x', sizeof(big));
    assert_ok(store_write(t.s, limit_pages, NULL, &t.e), &t.e);
    assert_int_equal(store_write(t.s, fill_up, big, &t.e), RC_FULL);
    assert_ok(read_one(), &t.e);
    assert_ok(store_write(t.s, limit_pages, &yes, &t.e), &t.e);
    assert_ok(store_write(t.s, fill_up, big, &t.e), &t.e);
    assert_ok(write_one(), &t.e);
}

static enum rc put_big(struct db *db, void *arg, struct err *e)
{
    return db_exec(db, "UPDATE settings SET value = $1 WHERE name = 'x'",
                   DB_ARGS(DB_TEXT(((struct str){ arg, 1 * MIB }))), NULL, e);
}

static void the_log_does_not_grow_without_end(void **state)
{
    static char big[1 * MIB];
    char path[512];
    struct stat st;

    (void)state;
    if (!test_is_sqlite())
        skip();
    assert_ok(write_one(), &t.e);
    for (int i = 0; i < 120; i++) {
        memset(big, 'a' + i % 26, sizeof(big));
        assert_ok(store_write(t.s, put_big, big, &t.e), &t.e);
    }
    snprintf(path, sizeof(path), "%.*s-wal", STR_ARG(store_path(t.s)));
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size < 64 * 1024 * 1024);
    assert_ok(read_one(), &t.e);
}

/* ---- Full in the middle of a batch: its neighbours are kept. ---- */

struct item {
    struct write_job job;
    struct err err;
    enum rc rc;
    enum rc (*fn)(struct db *db, void *arg, struct err *e);
    void *arg;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    int done;
} items_done = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };

static enum rc item_run(struct write_job *j, struct db *db, struct err *e)
{
    struct item *it = (struct item *)j;

    return it->fn(db, it->arg, e);
}

static void item_done(struct write_job *j, enum rc rc)
{
    pthread_mutex_lock(&items_done.lock);
    ((struct item *)j)->rc = rc;
    items_done.done++;
    pthread_cond_broadcast(&items_done.cond);
    pthread_mutex_unlock(&items_done.lock);
}

static void neighbours_of_a_job_that_found_the_disk_full_are_kept(void **state)
{
    static char big[1 * MIB];
    static struct item items[5];
    char value[] = "v";

    (void)state;
    if (!test_is_sqlite())
        skip();
    memset(big, 'x', sizeof(big));
    assert_ok(write_one(), &t.e); /* later writes of it need no page more */
    assert_ok(store_write(t.s, limit_pages, NULL, &t.e), &t.e);
    items_done.done = 0;
    for (int i = 0; i < 5; i++) {
        items[i] = (struct item){ .job = { .run = item_run, .done = item_done, .err = &items[i].err },
                                  .fn = i == 2 ? fill_up : put_setting, .arg = i == 2 ? big : value };
        assert_true(store_submit(t.s, &items[i].job));
    }
    pthread_mutex_lock(&items_done.lock);
    while (items_done.done < 5)
        pthread_cond_wait(&items_done.cond, &items_done.lock);
    pthread_mutex_unlock(&items_done.lock);
    for (int i = 0; i < 5; i++)
        assert_int_equal(items[i].rc, i == 2 ? RC_FULL : RC_OK);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_restarted_server_is_found_again_unnoticed),
        TEST(a_transaction_that_lost_its_server_was_not_done),
        TEST(a_commit_that_lost_its_server_is_not_called_busy),
        TEST(a_server_that_is_away_is_busy_at_once),
        TEST(a_server_that_hangs_is_given_up),
        TEST(a_full_disk_refuses_writes_and_recovers),
        TEST(the_log_does_not_grow_without_end),
        TEST(neighbours_of_a_job_that_found_the_disk_full_are_kept),
    };

    return cmocka_run_group_tests_name("gone", tests, NULL, NULL);
}
