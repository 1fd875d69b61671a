/* The write lane: group commit, failing jobs, order, stopping; the same on both engines. */
#include "store_test.h"

#include "base/rand.h"

#include <pthread.h>

static struct {
    struct store *s;
    struct db *r;
    struct err e;
} t;

static enum rc make_table(struct db *db, void *arg, struct err *e)
{
    (void)arg;
    return db_exec(db, "CREATE TABLE marks (n BIGINT NOT NULL PRIMARY KEY, tries BIGINT NOT NULL)", DB_NO_ARGS, NULL, e);
}

static int set_up_with(struct store_opts o)
{
    memset(&t, 0, sizeof(t));
    t.s = test_store_with(o);
    assert_ok(store_write(t.s, make_table, NULL, &t.e), &t.e);
    assert_ok(store_connect(t.s, DB_READ, &t.r, &t.e), &t.e);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return set_up_with((struct store_opts){ .writers = 3 });
}

static int tear_down(void **state)
{
    (void)state;
    db_close(&t.r);
    test_store_free(&t.s);
    return 0;
}

static int64_t count(struct db *db)
{
    int64_t n = -1;

    assert_ok(db_query_int(db, "SELECT count(*) FROM marks", DB_NO_ARGS, &n, &t.e), &t.e);
    return n;
}

/* ---- Jobs ---- */

struct mark {
    struct write_job job;
    struct err err;
    int64_t n;
    bool fails;      /* after it wrote */
    /* Set by done: */
    bool is_done, seen;
    enum rc rc;
    unsigned order, runs;
    struct db *look; /* reads whether the mark is there when done is called */
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    unsigned n;
} finished = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };

static enum rc mark_run(struct write_job *j, struct db *db, struct err *e)
{
    struct mark *m = (struct mark *)j;
    struct db_tx tx CLEAN(db_tx_end) = { 0 };

    m->runs++;
    TRY(db_tx_begin(db, &tx, e));
    TRY(db_exec(db, "INSERT INTO marks (n, tries) VALUES ($1, $2)", DB_ARGS(DB_INT(m->n), DB_INT(m->runs)), NULL, e));
    TRY(db_tx_commit(&tx, e));
    if (m->fails)
        return err_set(e, RC_INVALID, "mine", "%s", "It was to fail.");
    return RC_OK;
}

static void mark_done(struct write_job *j, enum rc rc)
{
    struct mark *m = (struct mark *)j;
    struct err e = { 0 };
    int64_t n = 0;

    if (m->look) {
        (void)!db_query_int(m->look, "SELECT count(*) FROM marks WHERE n = $1", DB_ARGS(DB_INT(m->n)), &n, &e);
        m->seen = n > 0;
    }
    pthread_mutex_lock(&finished.lock);
    m->rc = rc;
    m->is_done = true;
    m->order = finished.n++;
    pthread_cond_broadcast(&finished.cond);
    pthread_mutex_unlock(&finished.lock);
}

static void mark_init(struct mark *m, int64_t n)
{
    *m = (struct mark){ .job = { .run = mark_run, .done = mark_done }, .n = n };
    m->job.err = &m->err;
}

static void wait_for(unsigned n)
{
    pthread_mutex_lock(&finished.lock);
    while (finished.n < n)
        pthread_cond_wait(&finished.cond, &finished.lock);
    finished.n = 0;
    pthread_mutex_unlock(&finished.lock);
}

/* Holds the lane until it is let go, so that what is submitted meanwhile makes a batch. */
struct gate {
    struct write_job job;
    struct err err;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool in, open;
    bool done;
};

static enum rc gate_run(struct write_job *j, struct db *db, struct err *e)
{
    struct gate *g = (struct gate *)j;

    (void)db, (void)e;
    pthread_mutex_lock(&g->lock);
    g->in = true;
    pthread_cond_broadcast(&g->cond);
    while (!g->open)
        pthread_cond_wait(&g->cond, &g->lock);
    pthread_mutex_unlock(&g->lock);
    return RC_OK;
}

static void gate_done(struct write_job *j, enum rc rc)
{
    struct gate *g = (struct gate *)j;

    (void)rc;
    pthread_mutex_lock(&g->lock);
    g->done = true;
    pthread_cond_broadcast(&g->cond);
    pthread_mutex_unlock(&g->lock);
}

static void gate_close(struct gate *g)
{
    *g = (struct gate){ .job = { .run = gate_run, .done = gate_done }, .lock = PTHREAD_MUTEX_INITIALIZER,
                        .cond = PTHREAD_COND_INITIALIZER };
    g->job.err = &g->err;
    assert_true(store_submit(t.s, &g->job));
    pthread_mutex_lock(&g->lock);
    while (!g->in)
        pthread_cond_wait(&g->cond, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

static void gate_open(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->open = true;
    pthread_cond_broadcast(&g->cond);
    while (!g->done)
        pthread_cond_wait(&g->cond, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

/* ---- What must hold ---- */

enum { N_MARKS = 200 };
static struct mark marks[N_MARKS];

static void a_job_that_fails_undoes_itself_alone(void **state)
{
    struct gate g;
    int64_t kept = 0;

    (void)state;
    gate_close(&g);
    for (int i = 0; i < N_MARKS; i++) {
        mark_init(&marks[i], i % 50); /* every number four times: three of them are conflicts */
        marks[i].fails = i % 7 == 3;
        assert_true(store_submit(t.s, &marks[i].job));
    }
    gate_open(&g);
    wait_for(N_MARKS);
    for (int i = 0; i < N_MARKS; i++) {
        assert_true(marks[i].rc == RC_OK || marks[i].rc == RC_INVALID || marks[i].rc == RC_CONFLICT);
        assert_int_equal(marks[i].err.rc, marks[i].rc);
        if (marks[i].rc == RC_INVALID)
            assert_true(marks[i].fails);
        kept += marks[i].rc == RC_OK;
    }
    assert_int_equal(kept, 50);
    assert_int_equal(count(t.r), kept);
}

static void jobs_of_one_batch_share_a_commit(void **state)
{
    struct store_stats before, after;
    struct gate g;

    (void)state;
    if (!test_is_sqlite())
        skip();
    gate_close(&g);
    store_stats(t.s, &before);
    for (int i = 0; i < N_MARKS; i++) {
        mark_init(&marks[i], i);
        assert_true(store_submit(t.s, &marks[i].job));
    }
    gate_open(&g);
    wait_for(N_MARKS);
    store_stats(t.s, &after);
    assert_int_equal(after.jobs - before.jobs, N_MARKS);
    assert_true(after.commits - before.commits < N_MARKS / 2);
    for (unsigned i = 0; i < N_MARKS; i++)
        assert_int_equal(marks[i].order, i);
}

static void done_is_called_once_all_can_see_the_change(void **state)
{
    struct db *look;

    (void)state;
    assert_ok(store_connect(t.s, DB_READ, &look, &t.e), &t.e);
    for (int i = 0; i < 20; i++) {
        mark_init(&marks[i], i);
        marks[i].look = look;
        assert_true(store_submit(t.s, &marks[i].job));
        wait_for(1);
        assert_true(marks[i].seen);
    }
    db_close(&look);
}

static void a_full_queue_takes_nothing(void **state)
{
    struct store_stats stats;
    struct gate g;
    unsigned taken = 0;

    (void)state;
    tear_down(state);
    set_up_with((struct store_opts){ .writers = 1, .queue_cap = 5 });
    gate_close(&g);
    for (int i = 0; i < 9; i++) {
        mark_init(&marks[i], i);
        taken += store_submit(t.s, &marks[i].job);
    }
    assert_int_equal(taken, 5);
    store_stats(t.s, &stats);
    assert_int_equal(stats.waiting, 5);
    assert_int_equal(stats.refused, 4);
    gate_open(&g);
    wait_for(taken);
    assert_int_equal(count(t.r), 5);
}

static void closing_finishes_what_was_taken(void **state)
{
    (void)state;
    for (int i = 0; i < N_MARKS; i++) {
        mark_init(&marks[i], i);
        assert_true(store_submit(t.s, &marks[i].job));
    }
    db_close(&t.r);
    store_close(&t.s);
    for (int i = 0; i < N_MARKS; i++)
        assert_true(marks[i].is_done && marks[i].rc == RC_OK);
    wait_for(N_MARKS);
    t.s = test_store_again();
    assert_ok(store_connect(t.s, DB_READ, &t.r, &t.e), &t.e);
    assert_int_equal(count(t.r), N_MARKS);
}

static enum rc add_one(struct db *db, void *arg, struct err *e)
{
    const int64_t *n = arg;

    return db_exec(db, "INSERT INTO marks (n, tries) VALUES ($1, 1)", DB_ARGS(DB_INT(*n)), NULL, e);
}

enum { THREADS = 8, EACH = 50 };

static void *many_writes(void *arg)
{
    int64_t first = *(int64_t *)arg;
    size_t bad = 0;

    for (int64_t n = first; n < first + EACH; n++) {
        struct err e = { 0 };

        bad += store_write(t.s, add_one, &n, &e) != RC_OK;
        bad += store_write(t.s, add_one, &n, &e) != RC_CONFLICT;
    }
    return (void *)bad;
}

static void many_threads_write_at_once(void **state)
{
    pthread_t threads[THREADS];
    int64_t firsts[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        firsts[i] = i * EACH;
        assert_int_equal(pthread_create(&threads[i], NULL, many_writes, &firsts[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *bad;

        pthread_join(threads[i], &bad);
        assert_null(bad);
    }
    assert_int_equal(count(t.r), THREADS * EACH);
}

/* A write that is stopped by its time-out ends SQLite's whole transaction: the rest of the batch
 * must not be lost with it. */
static enum rc hang(struct write_job *j, struct db *db, struct err *e)
{
    (void)j;
    return db_exec(db,
                   "INSERT INTO marks (n, tries)"
                   " WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 2000000000)"
                   " SELECT -count(*), 1 FROM c",
                   DB_NO_ARGS, NULL, e);
}

static void a_job_that_takes_too_long_fails_alone(void **state)
{
    struct gate g;

    (void)state;
    tear_down(state);
    set_up_with((struct store_opts){ .writers = 1, .statement_ms = 50 });
    gate_close(&g);
    for (int i = 0; i < 9; i++) {
        mark_init(&marks[i], i);
        if (i == 4)
            marks[i].job.run = hang;
        assert_true(store_submit(t.s, &marks[i].job));
    }
    gate_open(&g);
    wait_for(9);
    for (int i = 0; i < 9; i++)
        assert_int_equal(marks[i].rc, i == 4 ? RC_BUSY : RC_OK);
    assert_int_equal(count(t.r), 8);
}

/* A job whose COMMIT is made to fail: the lane must report it, and go on. */
static enum rc break_commit(struct write_job *j, struct db *db, struct err *e)
{
    enum rc rc = mark_run(j, db, e);

    db_fail_in(db, test_is_sqlite() ? 2 : 1, RC_FULL); /* RELEASE, COMMIT; or COMMIT */
    return rc;
}

static void a_commit_that_fails_fails_its_jobs(void **state)
{
    (void)state;
    mark_init(&marks[0], 1);
    marks[0].job.run = break_commit;
    assert_true(store_submit(t.s, &marks[0].job));
    wait_for(1);
    assert_int_equal(marks[0].rc, RC_FULL);
    assert_int_equal(count(t.r), 0);
    mark_init(&marks[0], 1);
    assert_true(store_submit(t.s, &marks[0].job));
    wait_for(1);
    assert_int_equal(marks[0].rc, RC_OK);
    assert_int_equal(count(t.r), 1);
}

static enum rc retry_often(struct write_job *j, struct db *db, struct err *e)
{
    enum rc rc = mark_run(j, db, e);

    if (rc == RC_OK && ((struct mark *)j)->runs < 8)
        return err_set(e, RC_RETRY, "", "%s", "again");
    return rc;
}

static void a_serialisation_failure_runs_the_job_again(void **state)
{
    (void)state;
    if (test_is_sqlite())
        skip();
    mark_init(&marks[0], 1);
    marks[0].job.run = retry_often;
    assert_true(store_submit(t.s, &marks[0].job));
    wait_for(1);
    assert_int_equal(marks[0].rc, RC_OK);
    assert_int_equal(marks[0].runs, 8);
    assert_int_equal(marks[0].err.rc, RC_OK);
    assert_int_equal(count(t.r), 1);
}

/* Two jobs that lock the same rows in opposite order: one of them is a deadlock's victim. */
static enum rc add_to_all(struct db *db, void *arg, struct err *e)
{
    const int64_t *first = arg;

    for (int64_t i = 0; i < 2; i++)
        TRY(db_exec(db, "UPDATE marks SET tries = tries + 1 WHERE n = $1", DB_ARGS(DB_INT((*first + i) % 2)), NULL, e));
    return RC_OK;
}

static void *many_updates(void *arg)
{
    size_t bad = 0;

    for (int i = 0; i < 20; i++) {
        struct err e = { 0 };

        bad += store_write(t.s, add_to_all, arg, &e) != RC_OK;
    }
    return (void *)bad;
}

static void crossing_updates_all_succeed(void **state)
{
    pthread_t threads[4];
    int64_t firsts[4] = { 0, 1, 0, 1 }, sum;

    (void)state;
    for (int64_t n = 0; n < 2; n++)
        assert_ok(store_write(t.s, add_one, &n, &t.e), &t.e);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, many_updates, &firsts[i]), 0);
    for (int i = 0; i < 4; i++) {
        void *bad;

        pthread_join(threads[i], &bad);
        assert_null(bad);
    }
    assert_ok(db_query_int(t.r, "SELECT sum(tries) FROM marks", DB_NO_ARGS, &sum, &t.e), &t.e);
    assert_int_equal(sum, 2 + 2 * 4 * 20);
}

static enum rc never(struct db *db, void *arg, struct err *e)
{
    (void)db, (void)arg, (void)e;
    fail();
    return RC_OK;
}

static void a_store_that_only_reads_takes_no_change(void **state)
{
    const struct store_opts o = { .url = test_store_url(), .writers = 1, .read_only = true };
    struct store *s = NULL;
    struct err e = { 0 };

    (void)state;
    assert_ok(store_open(&o, &s, &e), &e);
    assert_int_equal(store_write(s, never, NULL, &e), RC_BUSY);
    store_close(&s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_store_that_only_reads_takes_no_change),
        TEST(a_job_that_fails_undoes_itself_alone),
        TEST(jobs_of_one_batch_share_a_commit),
        TEST(done_is_called_once_all_can_see_the_change),
        TEST(a_full_queue_takes_nothing),
        TEST(closing_finishes_what_was_taken),
        TEST(many_threads_write_at_once),
        TEST(a_job_that_takes_too_long_fails_alone),
        TEST(a_commit_that_fails_fails_its_jobs),
        TEST(a_serialisation_failure_runs_the_job_again),
        TEST(crossing_updates_all_succeed),
    };

    return cmocka_run_group_tests_name("lane", tests, NULL, NULL);
}
