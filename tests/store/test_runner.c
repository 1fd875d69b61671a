/* Jobs and tasks: each step once, in one transaction with its progress; failures wait and come
 * again. */
#include "store_test.h"

#include "base/clock.h"
#include "job/runner.h"
#include "store/expiry.h"

#include <sched.h>

#define START (INT64_C(1700000000) * US_PER_S)

static struct {
    struct store *s;
    struct db *db;
    struct arena *a;
    struct runner *r;
    struct err e;
    enum rc fail_with;  /* the next steps fail so … */
    int64_t fail_times; /* … so often */
    int64_t steps, batch_left, writes;
} t;

static enum rc step_of_three(struct job_step *s, struct db *db, struct err *e)
{
    t.steps++;
    s->job.progress++;
    s->job.result_json = str_printf(s->a, "{\"steps\":%lld}", (long long)s->job.progress);
    TRY(db_exec(db, "INSERT INTO settings (name, value, updated_us) VALUES ($1, '', 0)",
                DB_ARGS(DB_TEXT(str_printf(s->a, "step.%lld", (long long)s->job.progress))), NULL,
                e));
    if (t.fail_times) {
        t.fail_times--;
        return err_set(e, t.fail_with, "", "as the test wants it");
    }
    s->done = s->job.progress == s->job.total;
    return RC_OK;
}

static enum rc step_that_cancels(struct job_step *s, struct db *db, struct err *e)
{
    bool did;

    TRY(step_of_three(s, db, e));
    return jobs_cancel(db, s->job.id, s->now_us, &did, e);
}

static enum rc some(struct task_run *run, int64_t limit, int64_t *done, struct err *e)
{
    (void)run, (void)e;
    *done = t.batch_left < limit ? t.batch_left : limit;
    t.batch_left -= *done;
    return RC_OK;
}

static enum rc broken(struct task_run *run, int64_t *done, struct err *e)
{
    (void)run, (void)done;
    return err_fail(e, "as the test wants it");
}

static void after_write(void *env)
{
    assert_ptr_equal(env, &t);
    t.writes++;
}

/* Makes something by itself, with transactions of its own. */
static enum rc prepare_a_number(const struct job_prepare *p, void **out, struct err *e)
{
    int64_t *n = ARENA_NEW(p->a, int64_t);

    assert_int_equal(p->job->total, 3);
    p->alive(p->arg);
    TRY(db_query_int(p->db, "SELECT count(*) FROM jobs", DB_NO_ARGS, n, e));
    if (t.fail_times) {
        t.fail_times--;
        return err_set(e, t.fail_with, "", "as the test wants it");
    }
    *n += 41;
    *out = n;
    return RC_OK;
}

static enum rc step_of_what_was_prepared(struct job_step *s, struct db *db, struct err *e)
{
    (void)db, (void)e;
    t.steps++;
    s->job.result_json = str_printf(s->a, "{\"n\":%lld}", (long long)*(const int64_t *)s->prepared);
    s->done = true;
    return RC_OK;
}

static const struct job_kind kinds[] = {
    { .name = "three", .step = step_of_three },
    { .name = "cancels", .step = step_that_cancels },
    { .name = "prepares", .step = step_of_what_was_prepared, .prepare = prepare_a_number },
};
static const struct task tasks[] = {
    { .name = "some", .every_us = US_PER_DAY, .batch = some },
    { .name = "broken", .every_us = US_PER_DAY, .alone = broken }
};

static int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    clock_fake(START);
    t.a = arena_new(16 * MIB);
    t.s = test_store();
    assert_ok(store_connect(t.s, DB_WRITE, &t.db, &t.e), &t.e);
    assert_ok(db_exec(t.db,
                      "INSERT INTO users (id, name, name_fold, created_us, updated_us)"
                      " VALUES (1, 'Ann', 'ann', 0, 0)",
                      DB_NO_ARGS, NULL, &t.e),
              &t.e);
    assert_ok(runner_new(&(struct runner_opts){ .store = t.s,
                                                .kinds = kinds,
                                                .n_kinds = ARRAY_LEN(kinds),
                                                .tasks = tasks,
                                                .n_tasks = ARRAY_LEN(tasks),
                                                .env = &t,
                                                .after_write = after_write },
                         &t.r, &t.e),
              &t.e);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    clock_fake(0);
    runner_free(&t.r);
    db_close(&t.db);
    test_store_free(&t.s);
    arena_free(&t.a);
    return 0;
}

static int64_t add(const char *kind)
{
    struct job j = { .kind = str_of(kind),
                     .payload_json = STR("{}"),
                     .total = 3,
                     .user_id = 1,
                     .run_at_us = clock_now_us(),
                     .created_us = clock_now_us() };

    assert_ok(jobs_add(t.db, &j, &t.e), &t.e);
    return j.id;
}

static struct job show(int64_t id)
{
    struct job j;

    err_clear(&t.e);
    assert_ok(jobs_load(t.db, id, t.a, &j, &t.e), &t.e);
    return j;
}

static int64_t rows(void)
{
    int64_t n;

    assert_ok(db_query_int(t.db, "SELECT count(*) FROM settings", DB_NO_ARGS, &n, &t.e), &t.e);
    return n;
}

static bool tick(void)
{
    bool idle;

    runner_tick(t.r, &idle);
    return !idle;
}

static void a_job_is_done_step_by_step(void **state)
{
    int64_t id = add("three");
    struct runner_stats st;
    struct job j;

    (void)state;
    assert_true(tick());
    j = show(id);
    assert_int_equal(j.state, JOB_DONE);
    assert_int_equal(j.progress, 3);
    assert_int_equal(j.finished_us, START);
    assert_str_eq(j.result_json, "{\"steps\":3}");
    assert_int_equal(rows(), 3);
    assert_int_equal(t.writes, 3);
    assert_false(tick());
    runner_stats(t.r, &st);
    assert_int_equal(st.jobs_done, 1);
    assert_int_equal(st.beat_us, START);
}

static void a_passing_failure_leaves_nothing_and_comes_again_later(void **state)
{
    int64_t id = add("three");
    struct job j;

    (void)state;
    t.fail_with = RC_FULL;
    t.fail_times = 2;
    assert_true(tick());
    j = show(id);
    assert_int_equal(j.state, JOB_WAITING);
    assert_int_equal(j.progress, 0);
    assert_int_equal(rows(), 0);
    assert_false(tick());
    clock_fake(START + 2 * US_PER_S);
    assert_true(tick());
    assert_false(tick());
    clock_fake(START + 8 * US_PER_S);
    assert_true(tick());
    assert_int_equal(show(id).state, JOB_DONE);
    assert_int_equal(rows(), 3);
}

static void a_failure_that_stays_ends_the_job(void **state)
{
    int64_t id = add("three");

    (void)state;
    t.fail_with = RC_INVALID;
    t.fail_times = 1;
    assert_true(tick());
    assert_int_equal(show(id).state, JOB_FAILED);
    assert_str_eq(show(id).result_json,
                  "{\"code\":\"invalid\",\"detail\":\"as the test wants it\"}");
    assert_int_equal(rows(), 0);
}

static void attempts_come_to_an_end(void **state)
{
    int64_t id = add("three");

    (void)state;
    t.fail_with = RC_BUSY;
    t.fail_times = 100;
    for (int i = 0; i < 20 && show(id).state == JOB_WAITING; i++) {
        clock_fake(clock_now_us() + US_PER_DAY);
        tick();
    }
    assert_int_equal(show(id).state, JOB_FAILED);
    assert_int_equal(show(id).attempts, 8);
}

static void an_unknown_kind_fails(void **state)
{
    int64_t id = add("nonsense");

    (void)state;
    assert_true(tick());
    assert_int_equal(show(id).state, JOB_FAILED);
}

static void a_cancelled_job_changes_nothing_more(void **state)
{
    int64_t id = add("cancels"), waiting = add("three");
    bool did;

    (void)state;
    assert_ok(jobs_cancel(t.db, waiting, START, &did, &t.e), &t.e);
    assert_true(did);
    assert_true(tick());
    assert_int_equal(rows(), 0);
    assert_int_equal(show(waiting).state, JOB_CANCELLED);
    assert_ok(jobs_cancel(t.db, waiting, START, &did, &t.e), &t.e);
    assert_false(did);
    assert_int_equal(show(id).state,
                     JOB_RUNNING); /* its own cancelling was rolled back with the step */
}

static void a_claim_holds_until_it_runs_out(void **state)
{
    struct job_claim one = { STR("one"), START, START + 10 },
                     two = { STR("two"), START + 5, START + 20 };
    int64_t id = add("three");
    struct job j;
    bool mine;

    (void)state;
    assert_ok(jobs_claim(t.db, &one, t.a, &j, &t.e), &t.e);
    assert_int_equal(j.id, id);
    assert_int_equal(j.attempts, 1);
    assert_int_equal(jobs_claim(t.db, &two, t.a, &j, &t.e), RC_NOT_FOUND);
    err_clear(&t.e);
    two.now_us = START + 11;
    assert_ok(jobs_claim(t.db, &two, t.a, &j, &t.e), &t.e);
    assert_int_equal(j.attempts, 2);
    assert_ok(jobs_progress(t.db, &one, &j, &mine, &t.e), &t.e);
    assert_false(mine);
    assert_ok(jobs_progress(t.db, &two, &j, &mine, &t.e), &t.e);
    assert_true(mine);
}

static void a_task_goes_on_while_its_batches_are_full(void **state)
{
    struct task_stats st;
    int64_t done;

    (void)state;
    t.batch_left = 450;
    assert_ok(runner_run_task(t.r, "some", &done, &t.e), &t.e);
    assert_int_equal(done, 450);
    assert_int_equal(t.writes, 3);
    runner_task_stats(t.r, 0, &st);
    assert_int_equal(st.done, 450);
    assert_int_equal(st.last_us, START);
    assert_int_equal(runner_run_task(t.r, "broken", &done, &t.e), RC_FAIL);
    runner_task_stats(t.r, 1, &st);
    assert_int_equal(st.failures, 1);
    assert_int_equal(runner_run_task(t.r, "absent", &done, &t.e), RC_NOT_FOUND);
}

static void each_thing_is_kept_as_long_as_it_should(void **state)
{
    int64_t n;

    (void)state;
    assert_ok(
        db_exec(t.db,
                "INSERT INTO sessions (id, user_id, token_hash, refresh_hash, address, user_agent,"
                " created_us, seen_us, expires_us) VALUES (1, 1, 'a', 'b', '', '', 0, 0, 100),"
                " (2, 1, 'c', 'd', '', '', 0, 0, 200)",
                DB_NO_ARGS, NULL, &t.e),
        &t.e);
    assert_ok(expire_sessions(t.db, 150, 10, &n, &t.e), &t.e);
    assert_int_equal(n, 1);
    assert_ok(expire_ended_sessions(t.db, 100, 10, &n, &t.e), &t.e);
    assert_int_equal(n, 0);
    assert_ok(expire_ended_sessions(t.db, 101, 10, &n, &t.e), &t.e);
    assert_int_equal(n, 1);
    assert_ok(
        db_exec(t.db,
                "INSERT INTO one_time_tokens (user_id, purpose, token_hash, created_us, expires_us)"
                " VALUES (1, 0, 'x', 0, 100), (1, 0, 'y', 0, 200)",
                DB_NO_ARGS, NULL, &t.e),
        &t.e);
    assert_ok(expire_one_time_tokens(t.db, 150, 10, &n, &t.e), &t.e);
    assert_int_equal(n, 1);
    assert_ok(db_exec(t.db,
                      "INSERT INTO login_failures (what, failures, last_us, locked_until_us) VALUES"
                      " ('a', 1, 100, 0), ('b', 1, 100, 300), ('c', 1, 200, 0)",
                      DB_NO_ARGS, NULL, &t.e),
              &t.e);
    assert_ok(expire_login_failures(t.db, 150, 10, &n, &t.e), &t.e);
    assert_int_equal(n, 1);
    add("three");
    tick();
    assert_ok(expire_jobs(t.db, START, 10, &n, &t.e), &t.e);
    assert_int_equal(n, 0);
    assert_ok(expire_jobs(t.db, START + 1, 10, &n, &t.e), &t.e);
    assert_int_equal(n, 1);
    assert_ok(expire_idempotency(t.db, START, 10, &n, &t.e), &t.e);
    assert_int_equal(n, 0);
}

static void the_thread_does_what_is_added(void **state)
{
    int64_t id;

    (void)state;
    clock_fake(0);
    id = add("three");
    assert_true(runner_start(t.r));
    runner_wake(t.r);
    while (show(id).state != JOB_DONE)
        sched_yield();
    runner_free(&t.r);
    assert_int_equal(rows(), 3);
}

static void what_a_job_prepares_is_its_steps_and_its_failure_the_jobs(void **state)
{
    int64_t id = add("prepares"), other;
    bool idle;

    (void)state;
    runner_tick(t.r, &idle);
    assert_int_equal(show(id).state, JOB_DONE);
    assert_str_eq(show(id).result_json, "{\"n\":42}");
    other = add("prepares");
    t.fail_times = 1;
    t.fail_with = RC_DENIED;
    runner_tick(t.r, &idle);
    assert_int_equal(show(other).state, JOB_FAILED);
    assert_int_equal(t.steps, 1);
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(a_job_is_done_step_by_step),
        EACH(a_passing_failure_leaves_nothing_and_comes_again_later),
        EACH(a_failure_that_stays_ends_the_job),
        EACH(attempts_come_to_an_end),
        EACH(an_unknown_kind_fails),
        EACH(a_cancelled_job_changes_nothing_more),
        EACH(a_claim_holds_until_it_runs_out),
        EACH(a_task_goes_on_while_its_batches_are_full),
        EACH(each_thing_is_kept_as_long_as_it_should),
        EACH(the_thread_does_what_is_added),
        EACH(what_a_job_prepares_is_its_steps_and_its_failure_the_jobs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
