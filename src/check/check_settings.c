/* Lines about settings.  The settings were read as they are, sound or not; what config_check() found
 * wrong is in o->issues, which names the setting first. */
#include "check/check_priv.h"

#include <sys/stat.h>
#include <unistd.h>

enum { RATE_RECOMMENDED = 60, RATE_HIGH = 300, SESSION_MAX_DAYS = 31, ACCESS_MAX_MIN = 60 };

/* The first issue about this setting, p == NULL: none. */
static struct str issue_of(const struct check_run *r, struct str name)
{
    for (size_t i = 0; i < r->o->issues->n; i++) {
        if (str_starts(r->o->issues->v[i].text, name))
            return r->o->issues->v[i].text;
    }
    return STR_NONE;
}

static bool is_found_wrong(const struct check_run *r, struct str name, struct finding *f)
{
    struct str words = issue_of(r, name);

    if (words.p)
        find_fail(f, "%.*s", STR_ARG(words));
    return words.p != NULL;
}

void check_env_file(struct check_run *r, const char *of, struct finding *f)
{
    struct str path = str_printf(r->a, "%.*s/.env", STR_ARG(r->o->folder));
    struct stat st;

    (void)of;
    if (stat(path.p, &st) != 0) {
        if (config_is_set(r->cfg, "JWT_SECRET"))
            find_pass(f, "no .env: the settings come from %s",
                      config_source_name(r->cfg, "JWT_SECRET"));
        else
            find_fail(f, "there is no %.*s, and the environment sets no JWT_SECRET", STR_ARG(path));
    } else if (st.st_mode & (S_IWGRP | S_IRWXO)) {
        find_fail(f, "%.*s has mode %04o: others on this machine can read or change it",
                  STR_ARG(path), (unsigned)(st.st_mode & 07777));
    } else {
        find_pass(f, "%.*s, mode %04o", STR_ARG(path), (unsigned)(st.st_mode & 07777));
    }
}

void check_environment(struct check_run *r, const char *of, struct finding *f)
{
    static const char *const names[] = { "development", "production", "test" };

    (void)of;
    if (config_is_production(r->cfg))
        find_pass(f, "ENVIRONMENT=production");
    else
        find_fail(f, "ENVIRONMENT=%s", names[r->cfg->environment]);
}

void check_jwt_secret(struct check_run *r, const char *of, struct finding *f)
{
    (void)of;
    if (!config_is_set(r->cfg, "JWT_SECRET"))
        find_fail(f, "JWT_SECRET is not set");
    else if (!is_found_wrong(r, STR("JWT_SECRET"), f))
        find_pass(f, "%zu characters, about %lld bits, from %s", r->cfg->jwt_secret.n,
                  (long long)config_secret_bits(r->cfg->jwt_secret),
                  config_source_name(r->cfg, "JWT_SECRET"));
}

static bool is_local_origin(struct str origin)
{
    static const char *const never[] = { "//localhost", "//127.",      "//[::1]",    "yourdomain.com",
                                         "example.com", "example.org", "example.net" };

    for (size_t i = 0; i < ARRAY_LEN(never); i++) {
        if (str_find(origin, str_of(never[i])) != SIZE_MAX)
            return true;
    }
    return false;
}

void check_origins(struct check_run *r, const char *of, struct finding *f)
{
    struct str rest = r->cfg->allowed_origins;
    size_t n = 0;

    (void)of;
    if (is_found_wrong(r, STR("ALLOWED_ORIGINS"), f))
        return;
    while (rest.p) {
        struct str one = str_trim(str_cut(&rest, ','));

        if (!one.n)
            continue;
        n++;
        if (str_eq(one, STR("*")) || is_local_origin(one))
            return find_fail(f, "ALLOWED_ORIGINS names %.*s, which is no domain of yours",
                             STR_ARG(one));
        if (str_starts(one, STR("http://")))
            return find_fail(f, "ALLOWED_ORIGINS names %.*s: without TLS anybody on the way can be "
                                "that origin",
                             STR_ARG(one));
    }
    if (n == 0)
        find_warn(f, "ALLOWED_ORIGINS is empty: only pages of the server itself may call it");
    else
        find_pass(f, "%.*s", STR_ARG(r->cfg->allowed_origins));
}

void check_rate_limit_setting(struct check_run *r, const char *of, struct finding *f)
{
    int64_t n = r->cfg->rate_limit_per_min;

    (void)of;
    if (is_found_wrong(r, STR("RATE_LIMIT_PER_MIN"), f))
        return;
    if (n > RATE_HIGH)
        find_fail(f, "RATE_LIMIT_PER_MIN=%lld, far above the recommended %d", (long long)n,
                  RATE_RECOMMENDED);
    else if (n > RATE_RECOMMENDED)
        find_warn(f, "RATE_LIMIT_PER_MIN=%lld, recommended are %d", (long long)n, RATE_RECOMMENDED);
    else
        find_pass(f, "RATE_LIMIT_PER_MIN=%lld", (long long)n);
}

void check_database_url(struct check_run *r, const char *of, struct finding *f)
{
    (void)of;
    if (is_found_wrong(r, STR("DATABASE_URL"), f))
        return;
    if (run_is_sqlite(r))
        find_na(f, "the database is embedded: %.*s", STR_ARG(r->cfg->database_url));
    else if (run_has_db(r, f))
        find_pass(f, "PostgreSQL answers");
}

enum { CONTAINER_AUTO, CONTAINER_YES };

bool run_in_container(const struct check_run *r)
{
    if (r->cfg->check_container != CONTAINER_AUTO)
        return r->cfg->check_container == CONTAINER_YES;
    return access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0
           || getenv("KUBERNETES_SERVICE_HOST");
}

static bool is_loopback_host(struct str host)
{
    return str_eq(host, STR("localhost")) || str_starts(host, STR("127."))
           || str_eq(host, STR("::1"));
}

void check_server_host(struct check_run *r, const char *of, struct finding *f)
{
    struct str host = r->cfg->server_host;

    (void)of;
    if (!run_in_container(r))
        find_na(f, "no container; SERVER_HOST=%.*s", STR_ARG(host));
    else if (is_loopback_host(host))
        find_fail(f, "SERVER_HOST=%.*s inside a container", STR_ARG(host));
    else
        find_pass(f, "SERVER_HOST=%.*s", STR_ARG(host));
}

void check_server_port(struct check_run *r, const char *of, struct finding *f)
{
    (void)of;
    if (r->cfg->server_port == 0)
        find_fail(f, "SERVER_PORT=0 takes another port at each start");
    else
        find_pass(f, "SERVER_PORT=%lld", (long long)r->cfg->server_port);
}

void check_settings_sound(struct check_run *r, const char *of, struct finding *f)
{
    const struct config_issues *all = r->o->issues;

    (void)of;
    if (all->n_errors || all->n)
        (all->n_errors ? find_fail : find_warn)(f, "%zu to mend; the first: %.*s", all->n,
                                                STR_ARG(all->v[0].text));
    else
        find_pass(f, "all settings are known and sound");
}

/* What is wrong must be mended before anybody signs. */
void check_review(struct check_run *r, const char *of, struct finding *f)
{
    check_settings_sound(r, of, f);
    if (f->state != CHECK_FAIL)
        find_sign(f, "somebody has to read: server config");
}

void check_scaling(struct check_run *r, const char *of, struct finding *f)
{
    (void)of;
    if (run_is_sqlite(r))
        find_na(f, "one node with the embedded database: it grows with its machine");
    else
        find_sign(f, "only a person can say whether it is needed");
}

void check_sessions(struct check_run *r, const char *of, struct finding *f)
{
    const struct config *c = r->cfg;

    (void)of;
    if (c->session_max_s > SESSION_MAX_DAYS * 86400)
        find_fail(f, "SESSION_MAX_S=%lld: a stolen session lives %lld days",
                  (long long)c->session_max_s, (long long)c->session_max_s / 86400);
    else if (c->access_token_s > ACCESS_MAX_MIN * 60)
        find_fail(f, "ACCESS_TOKEN_S=%lld: longer than %d minutes", (long long)c->access_token_s,
                  ACCESS_MAX_MIN);
    else
        find_pass(f, "idle %lld hours, at most %lld days, access tokens %lld minutes",
                  (long long)c->session_idle_s / 3600, (long long)c->session_max_s / 86400,
                  (long long)c->access_token_s / 60);
}

void check_access_log(struct check_run *r, const char *of, struct finding *f)
{
    static const char *const levels[] = { "debug", "info", "warn", "error" };

    (void)of;
    if (r->cfg->log_level > 1)
        find_fail(f, "LOG_LEVEL=%s leaves requests out", levels[r->cfg->log_level]);
    else
        find_pass(f, "LOG_LEVEL=%s: each request with user, address and status%s", levels[r->cfg->log_level],
                  r->cfg->access_log ? "; ACCESS_LOG=true: reads in the database too" : "");
}
