/* The names that the server answers to. */
#include "chain_test.h"

static const char *const production[] = {
    "ENVIRONMENT=production",
    "JWT_SECRET=Zk3vQ9xT7bLm2RwYc8Hn5PjU4sDf6GaE1oKiXq0VtWyBzNrMhCgSlJdFeAuOpI-_",
    "BASE_URL=https://help.example.com:8443",
    "ALLOWED_ORIGINS=https://app.example.com",
    "ALLOWED_HOSTS=intern.example, [2001:db8::1]",
    NULL,
};

static int status(struct chain *ch, const char *host, const char *target)
{
    return chain_send(ch, (struct ask){ .host = host, .target = target })->status;
}

static void production_answers_to_its_own_names_alone(void **state)
{
    static const char *const good[] = { "help.example.com", "HELP.example.com:8443", "help.example.com:1",
                                        "app.example.com",  "intern.example",        "[2001:db8::1]:8080" };
    static const char *const bad[] = { "evil.example", "help.example.com.evil.example", "127.0.0.1:8080",
                                       "xhelp.example.com", "[2001:db8::2]" };
    struct chain *ch = chain_open_with(production);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_int_equal(status(ch, good[i], "/api/v1"), 200);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_problem(chain_send(ch, (struct ask){ .host = bad[i], .target = "/api/v1" }), 400, "unknown_host");
        assert_int_equal(status(ch, bad[i], "/health/live"), 200);
    }
    chain_close(&ch);
}

static void elsewhere_any_name_will_do(void **state)
{
    struct chain *ch = chain_open();

    (void)state;
    assert_int_equal(status(ch, "whatever.example", "/api/v1"), 200);
    chain_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(production_answers_to_its_own_names_alone),
        cmocka_unit_test(elsewhere_any_name_will_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
