/* Sealing all secrets with another key: what opens stays readable all the way, and what does not stops it. */
#include "account_fixture.h"

#include "desk/audit_verify.h"
#include "desk/reseal.h"
#include "store_test.h"

enum { PEOPLE = 450 };

static const struct actor console = { .type = ACTOR_CLI, .perms = INT64_MAX };
static struct chain *ch;
static struct db *db;
static struct err e;

static struct secret_keys keys(const char *now, const char *former)
{
    struct secret_keys k;

    secret_keys_make(&(struct secret_from){ str_of(now), STR("signs"), str_of(former), STR_NONE }, &k);
    return k;
}

static int setup(void **state)
{
    (void)state;
    ch = chain_open();
    assert_ok(store_connect(ch->app->store, DB_READ, &db, &e), &e);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    db_close(&db);
    chain_close(&ch);
    return 0;
}

static void seal_for_all(const struct secret_keys *k)
{
    for (int i = 0; i < PEOPLE; i++)
        chain_exec(ch, "INSERT INTO users (name, name_fold, totp_sealed, created_us, updated_us) VALUES ('x', 'x', $1, 1, 1)",
                   DB_ARGS(DB_TEXT(secret_seal(k, STR("twenty bytes of key!"), ch->a))));
}

static struct reseal_report look(const struct secret_keys *k)
{
    struct reseal_report r;

    assert_ok(reseal_look(db, k, &r, &e), &e);
    return r;
}

static void all_are_sealed_with_the_new_key_and_the_former_may_go(void **state)
{
    struct secret_keys old = keys("first", NULL), both = keys("second", "first"), now = keys("second", NULL);
    struct reseal_report r;
    struct audit_verdict v;

    (void)state;
    seal_for_all(&old);
    r = look(&both);
    assert_int_equal(r.rows, PEOPLE);
    assert_int_equal(r.by_key[0], 0);
    assert_int_equal(r.former, PEOPLE);
    assert_int_equal(look(&now).unreadable, PEOPLE);
    assert_ok(reseal_run(ch->app->store, db, &both, &console, &r, &e), &e);
    assert_int_equal(r.resealed, PEOPLE);
    assert_int_equal(r.by_key[0], PEOPLE);
    assert_int_equal(r.former, 0);
    r = look(&now);
    assert_int_equal(r.unreadable, 0);
    assert_int_equal(look(&old).unreadable, PEOPLE);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM audit WHERE action = 'secrets.reseal'", DB_NO_ARGS), 3);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM evidence WHERE kind = 'secrets.rotate' AND ok = 1", DB_NO_ARGS), 1);
    assert_ok(reseal_run(ch->app->store, db, &now, &console, &r, &e), &e);
    assert_int_equal(r.resealed, 0);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM audit WHERE action = 'secrets.reseal'", DB_NO_ARGS), 3);
    assert_ok(audit_verify(db, STR_NONE, ch->a, &v, &e), &e);
    assert_int_equal(v.finding, AUDIT_WHOLE);
}

static void a_wrong_former_key_is_refused_and_nothing_is_changed(void **state)
{
    struct secret_keys old = keys("first", NULL), wrong = keys("second", "another"), none = keys("second", NULL);
    struct reseal_report r;
    struct str before;

    (void)state;
    seal_for_all(&old);
    before = chain_checksum(ch);
    assert_int_equal(reseal_run(ch->app->store, db, &wrong, &console, &r, &e), RC_CONFLICT);
    assert_string_equal(e.code, "sealed_unreadable");
    assert_non_null(strstr(e.detail, "450 of 450"));
    assert_non_null(strstr(e.detail, "second_steps"));
    err_clear(&e);
    assert_int_equal(reseal_run(ch->app->store, db, &none, &console, &r, &e), RC_CONFLICT);
    err_clear(&e);
    assert_true(str_eq(before, chain_checksum(ch)));
}

static void one_that_no_key_opens_keeps_all_the_others_as_they_are(void **state)
{
    struct secret_keys old = keys("first", NULL), lost = keys("lost", NULL), both = keys("second", "first");
    struct reseal_report r;
    struct str before;

    (void)state;
    seal_for_all(&old);
    chain_exec(ch, "UPDATE users SET totp_sealed = $1 WHERE id = (SELECT max(id) FROM users)",
               DB_ARGS(DB_TEXT(secret_seal(&lost, STR("x"), ch->a))));
    before = chain_checksum(ch);
    assert_int_equal(reseal_run(ch->app->store, db, &both, &console, &r, &e), RC_CONFLICT);
    assert_int_equal(r.unreadable, 1);
    assert_non_null(strstr(e.detail, "1 of 450"));
    err_clear(&e);
    assert_true(str_eq(before, chain_checksum(ch)));
    chain_exec(ch, "UPDATE users SET totp_sealed = NULL WHERE id = (SELECT max(id) FROM users)", DB_NO_ARGS);
    assert_ok(reseal_run(ch->app->store, db, &both, &console, &r, &e), &e);
    assert_int_equal(r.resealed, PEOPLE - 1);
}

struct arming {
    int64_t n;
    bool waits; /* out: the failure did not come */
};

static enum rc arm(struct db *w, void *arg, struct err *err)
{
    (void)err;
    db_fail_in(w, ((struct arming *)arg)->n, RC_FAIL);
    return RC_OK;
}

/* Each statement of a run fails once: what is sealed opens with the two keys at every time. */
static void a_run_that_fails_anywhere_leaves_all_readable_and_the_next_one_goes_on(void **state)
{
    struct secret_keys old = keys("first", NULL), both = keys("second", "first");
    struct reseal_report r;
    enum rc rc = RC_FAIL;
    int failures = 0;

    (void)state;
    seal_for_all(&old);
    for (int64_t n = 20; rc != RC_OK; n += 70) {
        struct arming a = { .n = n };

        (void)!store_write(ch->app->store, arm, &a, &e);
        err_clear(&e);
        rc = reseal_run(ch->app->store, db, &both, &console, &r, &e);
        failures += rc != RC_OK;
        err_clear(&e);
        a.n = 0;
        (void)!store_write(ch->app->store, arm, &a, &e);
        err_clear(&e);
        r = look(&both);
        assert_int_equal(r.unreadable, 0);
        assert_int_equal(r.rows, PEOPLE);
    }
    assert_true(failures > 1);
    assert_int_equal(r.by_key[0], PEOPLE);
}

#define RUN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(all_are_sealed_with_the_new_key_and_the_former_may_go),
        RUN(a_wrong_former_key_is_refused_and_nothing_is_changed),
        RUN(one_that_no_key_opens_keeps_all_the_others_as_they_are),
        RUN(a_run_that_fails_anywhere_leaves_all_readable_and_the_next_one_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
