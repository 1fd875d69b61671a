/* Sealed secrets: which key seals, which ones open, and what none opens. */
#include "test.h"

#include "desk/secret.h"

#include "base/arena.h"
#include "base/enc.h"

#include <sodium.h>

#define A STR("aaaa-the-first-key-of-all")
#define B STR("bbbb-the-second-key-of-all")
#define J STR("jjjj-what-signs-tokens")

static struct arena *mem;
static struct err e;

static struct secret_keys keys(struct str secret_key, struct str jwt, struct str secret_former, struct str jwt_former)
{
    struct secret_keys k;

    secret_keys_make(&(struct secret_from){ secret_key, jwt, secret_former, jwt_former }, &k);
    return k;
}

static void what_is_sealed_opens_and_names_its_key(void **state)
{
    struct secret_keys k = keys(A, J, STR_NONE, STR_NONE);
    struct str sealed = secret_seal(&k, STR("hello"), mem), plain;

    (void)state;
    assert_ok(secret_open(&k, sealed, mem, &plain, &e), &e);
    assert_str_eq(plain, "hello");
    assert_true(str_starts(sealed, str_printf(mem, "k2.%s.", k.v[0].id)));
    assert_int_equal(strlen(k.v[0].id), SECRET_ID_LEN);
    assert_false(str_eq(sealed, secret_seal(&k, STR("hello"), mem)));
    sealed = secret_seal(&k, STR(""), mem);
    assert_ok(secret_open(&k, sealed, mem, &plain, &e), &e);
    assert_int_equal(plain.n, 0);
}

static void the_first_key_seals_and_the_others_only_open(void **state)
{
    struct secret_keys old = keys(A, J, STR_NONE, STR_NONE), both = keys(B, J, A, STR_NONE);
    struct str sealed = secret_seal(&old, STR("x"), mem), anew = secret_seal(&both, STR("x"), mem), plain;

    (void)state;
    assert_int_equal(secret_opener(&both, sealed, mem, &plain), 2);
    assert_string_equal(both.v[2].setting, "SECRET_KEY_FORMER");
    assert_int_equal(secret_opener(&both, anew, mem, &plain), 0);
    assert_int_equal(secret_opener(&old, anew, mem, &plain), old.n);
    assert_int_equal(secret_open(&old, anew, mem, &plain, &e), RC_FAIL);
}

static void a_secret_key_that_is_new_leaves_what_the_other_secret_sealed_readable(void **state)
{
    struct secret_keys without = keys(STR(""), J, STR_NONE, STR_NONE), with = keys(A, J, STR_NONE, STR_NONE),
                       later = keys(STR(""), A, STR_NONE, J);
    struct str sealed = secret_seal(&without, STR("x"), mem), plain;

    (void)state;
    assert_int_equal(without.n, 1);
    assert_string_equal(without.v[0].setting, "JWT_SECRET");
    assert_int_equal(secret_opener(&with, sealed, mem, &plain), 1);
    assert_int_equal(secret_opener(&later, sealed, mem, &plain), 1);
    assert_string_equal(later.v[1].setting, "JWT_SECRET_FORMER");
}

static void the_same_key_twice_is_one(void **state)
{
    struct secret_keys k = keys(A, A, A, J);

    (void)state;
    assert_int_equal(k.n, 2);
    assert_string_equal(k.v[0].setting, "SECRET_KEY");
    assert_string_equal(k.v[1].setting, "JWT_SECRET_FORMER");
}

/* As former versions wrote it: "k1." and no name. */
static struct str unnamed(const struct secret_keys *k, struct str plain)
{
    unsigned char box[crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + 16] = { 1, 2, 3 };
    size_t n = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + plain.n;

    assert_int_equal(crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES, (const unsigned char *)plain.p, plain.n,
                                           box, k->v[0].key), 0);
    return str_printf(mem, "k1.%.*s", STR_ARG(enc_base64url((struct str){ (char *)box, n }, mem)));
}

static void what_former_versions_sealed_without_a_name_opens_with_any_key(void **state)
{
    struct secret_keys old = keys(A, J, STR_NONE, STR_NONE), both = keys(B, J, A, STR_NONE);
    struct str sealed = unnamed(&old, STR("x")), plain;

    (void)state;
    assert_int_equal(secret_opener(&old, sealed, mem, &plain), 0);
    assert_int_equal(secret_opener(&both, sealed, mem, &plain), 2);
    assert_str_eq(plain, "x");
}

static void what_was_altered_opens_with_no_key(void **state)
{
    struct secret_keys k = keys(A, J, STR_NONE, STR_NONE);
    struct str sealed = secret_seal(&k, STR("hello"), mem), plain;
    const struct str others[] = { STR(""), STR("k1."), STR("k2."), STR("k2.."), STR("k2.x"), STR("hello"), STR("k3.a.b"),
                                  str_sub(sealed, 0, sealed.n - 1), str_sub(sealed, 0, 12), str_sub(sealed, 1, sealed.n) };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_int_equal(secret_opener(&k, others[i], mem, &plain), k.n);
    for (size_t i = 0; i < sealed.n; i++) {
        struct str one = str_dup(sealed, mem);

        ((char *)(uintptr_t)one.p)[i] = one.p[i] == 'A' ? 'B' : 'A';
        assert_int_equal(secret_opener(&k, one, mem, &plain), k.n);
    }
}

static int setup(void **state)
{
    (void)state;
    mem = arena_new(16 * MIB);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&mem);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens_and_names_its_key),
        cmocka_unit_test(the_first_key_seals_and_the_others_only_open),
        cmocka_unit_test(a_secret_key_that_is_new_leaves_what_the_other_secret_sealed_readable),
        cmocka_unit_test(the_same_key_twice_is_one),
        cmocka_unit_test(what_former_versions_sealed_without_a_name_opens_with_any_key),
        cmocka_unit_test(what_was_altered_opens_with_no_key),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
