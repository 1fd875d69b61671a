/* Words between nodes, and counters. */
#include "store_test.h"

#include "store/counters.h"
#include "store/notify.h"

#include <pthread.h>
#include <stdio.h>

static struct {
    struct store *s;
    struct err e;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    char heard[4096];
    bool listening;
} t = { .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER };

static void hear(void *arg, const char *channel, struct str payload)
{
    (void)arg;
    pthread_mutex_lock(&t.lock);
    if (channel)
        snprintf(t.heard + strlen(t.heard), sizeof(t.heard) - strlen(t.heard), "%s=%.*s;", channel, STR_ARG(payload));
    t.listening = true;
    pthread_cond_broadcast(&t.cond);
    pthread_mutex_unlock(&t.lock);
}

static int set_up(void **state)
{
    static const char *const channels[] = { "tickets", "settings", NULL };

    (void)state;
    t.heard[0] = '\0';
    t.listening = false;
    err_clear(&t.e);
    t.s = test_store();
    assert_ok(store_listen(t.s, channels, hear, NULL, &t.e), &t.e);
    pthread_mutex_lock(&t.lock);
    while (!t.listening && !test_is_sqlite())
        pthread_cond_wait(&t.cond, &t.lock);
    pthread_mutex_unlock(&t.lock);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_store_free(&t.s);
    return 0;
}

static void heard_is(const char *want)
{
    pthread_mutex_lock(&t.lock);
    while (strlen(t.heard) < strlen(want))
        pthread_cond_wait(&t.cond, &t.lock);
    assert_string_equal(t.heard, want);
    pthread_mutex_unlock(&t.lock);
}

static enum rc tell_some(struct db *db, void *arg, struct err *e)
{
    (void)arg;
    TRY(store_notify(db, "tickets", STR("1"), e));
    {
        struct db_tx tx CLEAN(db_tx_end) = { 0 };

        TRY(db_tx_begin(db, &tx, e));
        TRY(store_notify(db, "tickets", STR("undone"), e));
    }
    TRY(store_notify(db, "others", STR("nobody listens"), e));
    return store_notify(db, "settings", STR("it's \"2\""), e);
}

static enum rc tell_and_fail(struct db *db, void *arg, struct err *e)
{
    TRY(tell_some(db, arg, e));
    return err_set(e, RC_INVALID, "", "%s", "no");
}

static void words_are_told_after_the_commit_only(void **state)
{
    (void)state;
    assert_int_equal(store_write(t.s, tell_and_fail, NULL, &t.e), RC_INVALID);
    assert_ok(store_write(t.s, tell_some, NULL, &t.e), &t.e);
    heard_is("tickets=1;settings=it's \"2\";");
}

static void other_nodes_hear_a_hint_and_this_one_does_not(void **state)
{
    static const char *const channels[] = { "tickets", "settings", NULL };
    struct store *other;

    (void)state;
    if (test_is_sqlite()) {
        store_tell(t.s, "tickets", STR("to nobody"));
        heard_is("");
        return;
    }
    other = test_store_again();
    t.listening = false;
    assert_ok(store_listen(other, channels, hear, NULL, &t.e), &t.e);
    pthread_mutex_lock(&t.lock);
    while (!t.listening)
        pthread_cond_wait(&t.cond, &t.lock);
    pthread_mutex_unlock(&t.lock);
    store_tell(other, "settings", STR("not for me"));
    heard_is("settings=not for me;");
    t.heard[0] = '\0';
    store_listen_end(t.s); /* now the other one hears */
    store_tell(t.s, "tickets", STR("1"));
    store_tell(t.s, "tickets", STR("2"));
    heard_is("tickets=1;tickets=2;");
    test_store_free(&other);
}

static enum rc take_numbers(struct db *db, void *arg, struct err *e)
{
    int64_t *n = arg;

    TRY(counter_next(db, "ticket", &n[0], e));
    TRY(counter_next(db, "ticket", &n[1], e));
    TRY(counter_next(db, "catalog", &n[2], e));
    return counter_read(db, "catalog", &n[3], e);
}

static void counters_never_give_a_number_twice(void **state)
{
    int64_t a[4], b[4], none;

    (void)state;
    assert_ok(store_write(t.s, take_numbers, a, &t.e), &t.e);
    assert_ok(store_write(t.s, take_numbers, b, &t.e), &t.e);
    assert_true(a[0] > 10000 && a[1] > a[0]);
    assert_true(b[0] != a[0] && b[0] != a[1] && b[1] > b[0]);
    assert_int_equal(b[2], a[2] + 1);
    assert_int_equal(b[3], b[2]);
    struct db *db;

    assert_ok(store_connect(t.s, DB_READ, &db, &t.e), &t.e);
    assert_int_equal(counter_read(db, "none", &none, &t.e), RC_NOT_FOUND);
    db_close(&db);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(words_are_told_after_the_commit_only),
        TEST(other_nodes_hear_a_hint_and_this_one_does_not),
        TEST(counters_never_give_a_number_twice),
    };

    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
