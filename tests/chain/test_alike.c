/* Known and unknown accounts cost the same: not measured by a clock, but by the password hashes that are
 * computed and the statements that run. */
#include "account_fixture.h"

#include <dlfcn.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_int hashes;

/* In the place of libsodium's: counts, and hands on. */
int crypto_pwhash_str_verify(const char str[crypto_pwhash_STRBYTES], const char *const passwd, unsigned long long n)
{
    int (*real)(const char *, const char *, unsigned long long) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, "crypto_pwhash_str_verify");
    atomic_fetch_add(&hashes, 1);
    return real(str, passwd, n);
}

int crypto_pwhash_str_alg(char out[crypto_pwhash_STRBYTES], const char *const passwd, unsigned long long n,
                          unsigned long long ops, size_t mem, int alg)
{
    int (*real)(char *, const char *, unsigned long long, unsigned long long, size_t, int) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, "crypto_pwhash_str_alg");
    atomic_fetch_add(&hashes, 1);
    return real(out, passwd, n, ops, mem, alg);
}

struct cost {
    int status, hashes;
    int64_t statements;
};

/* What the test itself wrote, and the commit before, are counted by the request behind them: that is
 * one of nobody's. */
static struct cost cost_of(struct chain *ch, const char *target, const char *json)
{
    struct answer *an = acc_expect(acc_post(ch, NULL, API "/auth/password/forgot", "{\"email\":\"warm@example.com\"}"), 202);
    int before = atomic_load(&hashes);

    an = acc_post(ch, NULL, target, json);

    return (struct cost){ an->status, atomic_load(&hashes) - before, an->statements };
}

/* What is taken back ends its savepoint with one statement more. */
enum { SAVEPOINTS = 2 };

static void alike(const char *what, struct cost a, struct cost b)
{
    if (a.status != b.status || a.hashes != b.hashes || llabs(a.statements - b.statements) > SAVEPOINTS)
        fail_msg("%s: %d, %d hashes, %lld statements; but %d, %d, %lld", what, a.status, a.hashes, (long long)a.statements,
                 b.status, b.hashes, (long long)b.statements);
}

/* Ann has proved her address, Bob has not, Cid is switched off; nobody has the last address. */
static struct chain *people(void)
{
    const char *const settings[] = { "READ_THREADS=1", NULL };
    struct chain *ch = chain_open_with(settings);

    for (int i = 0; i < 10; i++) /* each lane has opened its connections */
        acc_login(ch, "warm@example.com", GOOD);
    chain_exec(ch, "DELETE FROM login_failures WHERE failures > $1", DB_ARGS(DB_INT(0)));
    acc_register(ch, "ann@example.com", GOOD);
    acc_register(ch, "bob@example.com", GOOD);
    acc_register(ch, "cid@example.com", GOOD);
    acc_expect(acc_token(ch, NULL, API "/auth/email/verify", acc_link(ch, "mail.verify", "ann@example.com"), ""), 204);
    chain_exec(ch, "UPDATE users SET active = 0 WHERE email = 'cid@example.com'", DB_NO_ARGS);
    return ch;
}

static const char *const others[] = { "bob@example.com", "cid@example.com", "none@example.com" };

static void a_wrong_password_costs_the_same_whoever_it_is(void **state)
{
    struct chain *ch = people();

    (void)state;
    for (int round = 0; round < 6; round++) { /* the last ones are locked */
        struct cost ann = cost_of(ch, API "/auth/login", "{\"email\":\"ann@example.com\",\"password\":\"wrong password\"}");

        assert_int_equal(ann.hashes, round < 5);
        assert_true(ann.statements > 0);
        for (size_t i = 0; i < ARRAY_LEN(others); i++)
            alike(others[i], ann, cost_of(ch, API "/auth/login", TEXT(ch, "{\"email\":\"%s\",\"password\":\"wrong password\"}", others[i])));
        chain_exec(ch, "DELETE FROM login_failures WHERE what LIKE 'address%' ESCAPE '!'", DB_NO_ARGS);
    }
    chain_close(&ch);
}

static void a_forgotten_password_costs_the_same_whoever_asks_and_how_often(void **state)
{
    struct chain *ch = people();

    (void)state;
    for (int round = 0; round < 5; round++) { /* from the fourth on nothing is mailed */
        struct cost ann = cost_of(ch, API "/auth/password/forgot", "{\"email\":\"ann@example.com\"}");

        for (size_t i = 0; i < ARRAY_LEN(others); i++)
            alike(others[i], ann, cost_of(ch, API "/auth/password/forgot", TEXT(ch, "{\"email\":\"%s\"}", others[i])));
    }
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM outbox WHERE kind = 'mail.password_reset'", DB_NO_ARGS), 6);
    chain_close(&ch);
}

static void asking_for_the_proof_again_costs_the_same(void **state)
{
    struct chain *ch = people();
    struct cost ann = cost_of(ch, API "/auth/email/verify-again", "{\"email\":\"ann@example.com\"}");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        alike(others[i], ann, cost_of(ch, API "/auth/email/verify-again", TEXT(ch, "{\"email\":\"%s\"}", others[i])));
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM outbox WHERE kind = 'mail.verify'", DB_NO_ARGS), 4);
    chain_close(&ch);
}

static void registering_an_address_that_somebody_has_costs_what_a_new_one_does(void **state)
{
    struct chain *ch = people();
    struct cost known = cost_of(ch, API "/auth/register", "{\"name\":\"X\",\"email\":\"ann@example.com\",\"password\":\"" OTHER "\"}");
    struct cost unknown = cost_of(ch, API "/auth/register", "{\"name\":\"X\",\"email\":\"new@example.com\",\"password\":\"" OTHER "\"}");

    (void)state;
    assert_int_equal(known.hashes, 1);
    alike("register", known, unknown);
    chain_close(&ch);
}

/* What is no token costs what a used one does. */
static void what_is_no_token_costs_what_a_used_one_does(void **state)
{
    static const char *const values[] = { "null", "[]", "\"\"", "\"%\"", "\"nonsense\"" };
    struct chain *ch = people();
    const char *used;
    struct cost a;

    (void)state;
    acc_expect(acc_post(ch, NULL, API "/auth/password/forgot", "{\"email\":\"ann@example.com\"}"), 202);
    used = acc_link(ch, "mail.password_reset", "ann@example.com");
    acc_expect(acc_token(ch, NULL, API "/auth/password/reset", used, ",\"password\":\"" OTHER "\""), 204);
    a = cost_of(ch, API "/auth/password/reset", TEXT(ch, "{\"token\":\"%s\",\"password\":\"" OTHER "\"}", used));
    assert_int_equal(a.hashes, 0);
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        alike(values[i], a, cost_of(ch, API "/auth/password/reset", TEXT(ch, "{\"token\":%s,\"password\":\"" OTHER "\"}", values[i])));
    chain_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_password_costs_the_same_whoever_it_is),
        cmocka_unit_test(a_forgotten_password_costs_the_same_whoever_asks_and_how_often),
        cmocka_unit_test(asking_for_the_proof_again_costs_the_same),
        cmocka_unit_test(registering_an_address_that_somebody_has_costs_what_a_new_one_does),
        cmocka_unit_test(what_is_no_token_costs_what_a_used_one_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
