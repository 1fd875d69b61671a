/* Settings: sources and their order, strict reading, what production refuses. */
#include "test.h"

#include "base/config_priv.h"
#include "base/file.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOOD_SECRET "0f9b61d27c3a4e58b1c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9031a2b"

struct fixture {
    struct arena *a;
    char dir[64];
    struct config *cfg;
    struct config_issues issues;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->a = arena_new(64 * MIB);
    snprintf(f->dir, sizeof(f->dir), "/tmp/config-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = { "env", "secret", "JWT_SECRET" };
    struct fixture *f = *state;
    char path[128];

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        unlink(path);
    }
    rmdir(f->dir);
    config_free(&f->cfg);
    arena_free(&f->a);
    free(f);
    return 0;
}

static const char *in_dir(struct fixture *f, const char *prefix, const char *name)
{
    return str_printf(f->a, "%s%s/%s", prefix, f->dir, name).p;
}

static void put(struct fixture *f, const char *name, const char *text)
{
    struct err e = { 0 };

    assert_ok(file_replace(in_dir(f, "", name), str_of(text), 0600, &e), &e);
}

static enum rc load(struct fixture *f, const char *const *env)
{
    const struct config_from from = { in_dir(f, "", "env"), env, true };

    config_free(&f->cfg);
    f->issues = (struct config_issues){ 0 };
    return config_load(&from, f->a, &f->cfg, &f->issues);
}

#define ENV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static bool tells(const struct fixture *f, bool is_error, const char *words)
{
    for (size_t i = 0; i < f->issues.n; i++) {
        if (f->issues.v[i].is_error == is_error
            && str_find(f->issues.v[i].text, str_of(words)) != SIZE_MAX)
            return true;
    }
    return false;
}

static void defaults_are_well_formed(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(load(f, ENV("HOME=/")), RC_OK);
    assert_int_equal(f->cfg->server_port, 8080);
    assert_int_equal(f->cfg->environment, ENVIRONMENT_DEVELOPMENT);
    assert_true(f->cfg->jwt_secret.n >= 64); /* made for this process */
    assert_true(tells(f, false, "JWT_SECRET is not set"));
}

static void a_name_near_ours_is_told_wherever_it_stands(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(load(f, ENV("JWT_SECERT=x", "RATELIMIT_PER_MIN=5", "DATABASE_URI=x", "PATH=/bin", "LANG=C",
                                 "SERVER_SOFTWARE=x", "JWT_SECRETS_FILE=/x", "SSL_CERT_FILE=/y", "XDG_DATA_DIRS=/")),
                     RC_OK);
    assert_true(tells(f, false, "JWT_SECERT (environment) is not a setting and is ignored; did you mean JWT_SECRET?"));
    assert_true(tells(f, false, "did you mean RATE_LIMIT_PER_MIN?"));
    assert_true(tells(f, false, "did you mean DATABASE_URL?"));
    assert_true(tells(f, false, "JWT_SECRETS_FILE (environment)"));
    assert_false(tells(f, false, "SSL_CERT_FILE")); /* OpenSSL's own, not near TLS_CERT */
    assert_false(tells(f, false, "PATH"));
    assert_false(tells(f, false, "LANG"));
    assert_false(tells(f, false, "SERVER_SOFTWARE"));
    assert_false(tells(f, false, "XDG_DATA_DIRS"));
    put(f, "env", "SERVER_PROT=1\nFAR_AWAY_FROM_ALL=1\n");
    assert_int_equal(load(f, ENV("A=b")), RC_OK);
    assert_true(tells(f, false, "did you mean SERVER_PORT?"));
    assert_true(tells(f, false, "FAR_AWAY_FROM_ALL"));
    assert_false(tells(f, false, "A (environment)"));
}

static void only_the_server_itself_tells_of_a_made_up_secret(void **state)
{
    struct fixture *f = *state;
    const struct config_from from = { NULL, ENV("HOME=/"), false };

    assert_int_equal(config_load(&from, f->a, &f->cfg, &f->issues), RC_OK);
    assert_true(f->cfg->jwt_secret.n >= 64);
    assert_false(tells(f, false, "JWT_SECRET"));
}

static void production_tells_that_only_localhost_may_call(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(load(f, ENV("ENVIRONMENT=production", "JWT_SECRET=" GOOD_SECRET)), RC_OK);
    assert_true(tells(f, false, "ALLOWED_ORIGINS is http://localhost:8080"));
    assert_int_equal(load(f, ENV("ENVIRONMENT=production", "JWT_SECRET=" GOOD_SECRET,
                                 "ALLOWED_ORIGINS=https://a.example.org")), RC_OK);
    assert_false(tells(f, false, "ALLOWED_ORIGINS"));
}

static void later_sources_win(void **state)
{
    struct fixture *f = *state;

    put(f, "env", "SERVER_PORT=1000\nRATE_LIMIT_PER_MIN=7\nJWT_SECRET=from-env-file\n");
    put(f, "secret", "from-secret-file\n");
    assert_int_equal(load(f, ENV("SERVER_PORT=2000")), RC_OK);
    assert_int_equal(f->cfg->server_port, 2000);
    assert_int_equal(f->cfg->rate_limit_per_min, 7);
    assert_str_eq(f->cfg->jwt_secret, "from-env-file");
    put(f, "env", "SERVER_PORT=1000\n");
    assert_int_equal(load(f, ENV(in_dir(f, "JWT_SECRET_FILE=", "secret"))), RC_OK);
    assert_str_eq(f->cfg->jwt_secret, "from-secret-file");
}

static void systemd_credentials_are_read(void **state)
{
    struct fixture *f = *state;

    put(f, "JWT_SECRET", GOOD_SECRET "\n");
    assert_int_equal(load(f, ENV("ENVIRONMENT=production", "ALLOWED_ORIGINS=https://a.example.org",
                                 str_printf(f->a, "CREDENTIALS_DIRECTORY=%s", f->dir).p)),
                     RC_OK);
    assert_str_eq(f->cfg->jwt_secret, GOOD_SECRET);
}

static void a_credential_comes_before_the_file_that_is_named(void **state)
{
    struct fixture *f = *state;

    put(f, "JWT_SECRET", GOOD_SECRET "\n");
    put(f, "env", "JWT_SECRET_FILE=/root/not-for-the-service\n");
    assert_int_equal(load(f, ENV(str_printf(f->a, "CREDENTIALS_DIRECTORY=%s", f->dir).p)), RC_OK);
    assert_str_eq(f->cfg->jwt_secret, GOOD_SECRET);
}

static void a_secret_may_not_come_twice(void **state)
{
    struct fixture *f = *state;

    put(f, "secret", GOOD_SECRET);
    assert_int_equal(
        load(f, ENV("JWT_SECRET=" GOOD_SECRET, in_dir(f, "JWT_SECRET_FILE=", "secret"))),
        RC_INVALID);
    assert_true(tells(f, true, "both set"));
}

static void a_missing_secret_file_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(load(f, ENV(in_dir(f, "JWT_SECRET_FILE=", "absent"))), RC_INVALID);
    assert_true(tells(f, true, "JWT_SECRET_FILE: cannot open"));
}

static void env_lines_are_read_strictly(void **state)
{
    static const struct {
        const char *text;
        const char *value; /* NULL: refused */
    } cases[] = {
        { "A=plain", "plain" },
        { "  A=plain  ", "plain" },
        { "export A=plain", "plain" },
        { "A=", "" },
        { "A=a#b # comment", "a#b" },
        { "A=\"a # \\\"b\\\" \\\\ \\n\\t\\$\" # comment", "a # \"b\" \\ \n\t$" },
        { "A='a \\n $b'", "a \\n $b" },
        { "A=x\r", "x" },
        { "A =x", NULL },
        { "1A=x", NULL },
        { "A", NULL },
        { "=x", NULL },
        { "A=\"x", NULL },
        { "A='x", NULL },
        { "A=\"x\" y", NULL },
        { "A=\"\\q\"", NULL },
        { "A=\"\\", NULL },
        { "A=x\"y", NULL },
        { "A=1\nA=2", NULL },
        { "A=\xff", NULL },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct env_lines lines = { 0 };
        struct config_issues issues = { 0 };

        env_read(str_of(cases[i].text), "t", f->a, &lines, &issues);
        if (issues.n_errors != !cases[i].value || (cases[i].value && lines.n != 1))
            fail_msg("%s: %zu errors, %zu lines", cases[i].text, issues.n_errors, lines.n);
        if (cases[i].value)
            assert_true(str_eq(lines.v[0].value, str_of(cases[i].value)));
    }
}

static void an_error_names_file_and_line(void **state)
{
    struct fixture *f = *state;

    put(f, "env", "# one\n\nSERVER_PORT=no\nbroken\n");
    assert_int_equal(load(f, ENV("HOME=/")), RC_INVALID);
    assert_true(
        tells(f, true, "env, line 3): \"no\" is not allowed; give a whole number from 0 to 65535"));
    assert_true(tells(f, true, "env, line 4: expected NAME=value"));
}

static void unknown_names_in_the_env_file_are_told(void **state)
{
    struct fixture *f = *state;

    put(f, "env", "SERVER_PROT=1\n");
    assert_int_equal(load(f, ENV("HOME=/")), RC_OK);
    assert_true(tells(f, false, "SERVER_PROT"));
}

static void malformed_values_are_refused(void **state)
{
    static const char *const bad[] = {
        "SERVER_PORT=65536",
        "SERVER_PORT=-1",
        "SERVER_PORT=80 ",
        "SERVER_PORT=0x50",
        "SERVER_PORT=",
        "ENVIRONMENT=prod",
        "ENVIRONMENT=",
        "SERVER_HOST=a\nb",
        "DATABASE_URL=mysql://x",
        "DATABASE_URL=",
        "DATABASE_URL=sqlite:///",
        "ALLOWED_ORIGINS=help.example.org",
        "ALLOWED_ORIGINS=https://a/",
        "ALLOWED_ORIGINS=https://A.example.org",
        "ALLOWED_ORIGINS=https://a,ftp://b",
        "BASE_URL=help.example.org",
        "BASE_URL=https://a/",
        "BASE_URL=",
        "TLS_CERT=/etc/cert.pem",
        "TLS_KEY=/etc/key.pem",
        "RATE_LIMIT_PER_MIN=0",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (load(f, ENV(bad[i])) != RC_INVALID)
            fail_msg("%s was accepted", bad[i]);
        assert_int_equal(f->issues.n_errors, 1);
    }
}

static void production_refuses_unsafe_secrets(void **state)
{
    static const struct {
        const char *secret, *words;
    } bad[] = {
        { "", "missing" },
        { "0f9b61d27c3a4e58b1c6d7e8f90a1b2c", "32 characters" },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "too easy" },
        { "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567", "too easy" },
        { "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/9876543210",
          "too easy" },
        { CONFIG_EXAMPLE_SECRET, "example" },
        { "your-super-secret-jwt-key-with-more-than-sixty-four-characters-0a1b2c3d4e5f",
          "example" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct str line = str_printf(f->a, "JWT_SECRET=%s", bad[i].secret);

        assert_int_equal(load(f, ENV("ENVIRONMENT=production", line.p)), RC_INVALID);
        if (!tells(f, true, bad[i].words) || f->issues.n_errors != 1)
            fail_msg("\"%s\": not told \"%s\"", bad[i].secret, bad[i].words);
    }
    assert_int_equal(load(f, ENV("ENVIRONMENT=production", "JWT_SECRET=" GOOD_SECRET)), RC_OK);
}

static void production_proves_addresses_unless_told_otherwise(void **state)
{
    enum { OFF, VERIFY, OPEN }; /* the order in config.def */
    struct fixture *f = *state;

    assert_int_equal(load(f, ENV("ENVIRONMENT=production", "JWT_SECRET=" GOOD_SECRET)), RC_OK);
    assert_int_equal(f->cfg->registration, VERIFY);
    assert_int_equal(load(f, ENV("ENVIRONMENT=production", "JWT_SECRET=" GOOD_SECRET, "REGISTRATION=open")), RC_OK);
    assert_int_equal(f->cfg->registration, OPEN);
    assert_int_equal(load(f, ENV("ENVIRONMENT=production", "JWT_SECRET=" GOOD_SECRET, "REGISTRATION=off")), RC_OK);
    assert_int_equal(f->cfg->registration, OFF);
    assert_int_equal(load(f, ENV("ENVIRONMENT=development")), RC_OK);
    assert_int_equal(f->cfg->registration, OPEN);
    put(f, "env", "REGISTRATION=open\n");
    assert_int_equal(load(f, ENV("ENVIRONMENT=production", "JWT_SECRET=" GOOD_SECRET)), RC_OK);
    assert_int_equal(f->cfg->registration, OPEN);
}

static void production_tells_all_reasons_at_once(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        load(f, ENV("ENVIRONMENT=production", "ALLOWED_ORIGINS=https://a,*", "SERVER_PORT=x")),
        RC_INVALID);
    assert_int_equal(f->issues.n_errors, 3);
    assert_true(tells(f, true, "openssl rand -hex 64"));
    assert_true(tells(f, true, "ALLOWED_ORIGINS is *"));
    assert_true(tells(f, true, "SERVER_PORT"));
    assert_true(tells(f, false, "BASE_URL is http://localhost:8080"));
}

static void secrets_are_masked_and_never_quoted(void **state)
{
    struct fixture *f = *state;
    struct buf out = BUF_ARENA(f->a, MIB);

    assert_int_equal(load(f, ENV("JWT_SECRET=" GOOD_SECRET, "DATABASE_URL=postgres://u:p@ss@h/d")),
                     RC_OK);
    config_print(f->cfg, &out);
    assert_true(str_find(buf_view(&out), STR(GOOD_SECRET)) == SIZE_MAX);
    assert_true(str_find(buf_view(&out), STR("p@ss")) == SIZE_MAX);
    assert_true(str_find(buf_view(&out), STR("DATABASE_URL=postgres://u:***@h/d ")) != SIZE_MAX);
    assert_int_equal(load(f, ENV("DATABASE_URL=canary://canary")), RC_INVALID);
    assert_false(tells(f, true, "canary"));
}

static void json_tells_what_is_in_force_but_no_secret(void **state)
{
    struct fixture *f = *state;
    struct config_issues issues = { 0 };
    const struct config_from from = { NULL, ENV("RATE_LIMIT_PER_MIN=9", "JWT_SECRET=" GOOD_SECRET), true };
    struct buf out = BUF_ARENA(f->a, MIB);
    struct jw w = jw_to(&out);
    json_t *all CLEAN(json_clean) = NULL, *one;
    struct err e = { 0 };
    size_t i, seen = 0;

    assert_int_equal(load(f, ENV("JWT_SECRET=" GOOD_SECRET, "CHECK_LOG_URL=http://u:passw0rd@h/s",
                                 "DATABASE_URL=postgres://u:p@ss@h/d")), RC_OK);
    assert_int_equal(config_reload(f->cfg, &from, f->a, &issues), RC_OK);
    config_json(f->cfg, &w);
    assert_true(str_find(buf_view(&out), STR(GOOD_SECRET)) == SIZE_MAX);
    assert_true(str_find(buf_view(&out), STR("p@ss")) == SIZE_MAX);
    assert_true(str_find(buf_view(&out), STR("passw0rd")) == SIZE_MAX);
    assert_int_equal(json_read(buf_view(&out), &all, &e), RC_OK);
    json_array_foreach(all, i, one) {
        const char *name = json_string_value(json_object_get(one, "name"));

        if (strcmp(name, "RATE_LIMIT_PER_MIN") == 0) {
            assert_int_equal(json_integer_value(json_object_get(one, "value")), 9);
            assert_int_equal(json_integer_value(json_object_get(one, "default")), 100);
            assert_true(json_is_true(json_object_get(one, "reloads")));
            assert_string_equal(json_string_value(json_object_get(one, "source")), "environment");
            seen++;
        }
        if (strcmp(name, "JWT_SECRET") == 0) {
            assert_true(json_is_null(json_object_get(one, "value")));
            assert_true(json_is_true(json_object_get(one, "set")));
            seen++;
        }
    }
    assert_int_equal(seen, 2);
}

static void a_reload_changes_only_what_it_may(void **state)
{
    struct fixture *f = *state;
    struct config_issues issues = { 0 };
    const struct config_from from = { NULL, ENV("RATE_LIMIT_PER_MIN=9", "SERVER_PORT=9"), true };
    const struct config_from broken = { NULL, ENV("RATE_LIMIT_PER_MIN=x"), true };
    struct str secret;

    assert_int_equal(load(f, ENV("HOME=/")), RC_OK);
    secret = f->cfg->jwt_secret;
    assert_ptr_equal(config_live(f->cfg), f->cfg);
    assert_int_equal(config_reload(f->cfg, &from, f->a, &issues), RC_OK);
    assert_int_equal(config_live(f->cfg)->rate_limit_per_min, 9);
    assert_int_equal(f->cfg->rate_limit_per_min, 100);
    assert_int_equal(config_live(f->cfg)->server_port, 8080);
    assert_true(str_eq(config_live(f->cfg)->jwt_secret, secret));
    f->issues = issues;
    assert_true(tells(f, false, "SERVER_PORT changed, which needs a restart"));
    assert_int_equal(config_reload(f->cfg, &broken, f->a, &issues), RC_INVALID);
    assert_int_equal(config_live(f->cfg)->rate_limit_per_min, 9);
}

static void the_example_file_is_readable_and_holds_the_defaults(void **state)
{
    struct fixture *f = *state;
    struct buf out = BUF_ARENA(f->a, MIB);

    config_env_example(&out);
    put(f, "env", str_z(buf_view(&out), f->a));
    assert_int_equal(load(f, ENV("HOME=/")), RC_OK);
    assert_int_equal(f->cfg->server_port, 8080);
    assert_int_equal(load(f, ENV("ENVIRONMENT=production")), RC_INVALID);
    assert_true(tells(f, true, "JWT_SECRET is an example's value"));
}

static void each_setting_stands_in_both_documents(void **state)
{
    struct fixture *f = *state;
    struct buf docs = BUF_ARENA(f->a, MIB), env = BUF_ARENA(f->a, MIB);

    config_docs(&docs);
    config_env_example(&env);
    for (size_t i = 0; i < CONFIG_N; i++) {
        assert_true(str_find(buf_view(&docs), str_printf(f->a, "| `%s` |", config_defs[i].name))
                    != SIZE_MAX);
        assert_true(str_find(buf_view(&env), str_printf(f->a, "%s=", config_defs[i].name))
                    != SIZE_MAX);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(defaults_are_well_formed),
        T(a_name_near_ours_is_told_wherever_it_stands),
        T(only_the_server_itself_tells_of_a_made_up_secret),
        T(production_tells_that_only_localhost_may_call),
        T(later_sources_win),
        T(systemd_credentials_are_read),
        T(a_credential_comes_before_the_file_that_is_named),
        T(a_secret_may_not_come_twice),
        T(a_missing_secret_file_is_refused),
        T(env_lines_are_read_strictly),
        T(an_error_names_file_and_line),
        T(unknown_names_in_the_env_file_are_told),
        T(malformed_values_are_refused),
        T(production_refuses_unsafe_secrets),
        T(production_proves_addresses_unless_told_otherwise),
        T(production_tells_all_reasons_at_once),
        T(secrets_are_masked_and_never_quoted),
        T(json_tells_what_is_in_force_but_no_secret),
        T(a_reload_changes_only_what_it_may),
        T(the_example_file_is_readable_and_holds_the_defaults),
        T(each_setting_stands_in_both_documents),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
