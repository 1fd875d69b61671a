#include "store_test.h"

#include "base/clock.h"
#include "store/migrate.h"

#include <fcntl.h>
#include <ftw.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    char folder[256];
    char url[768];
    char path[320];
    unsigned made;
    bool has_template, traced;
} env;

bool test_is_sqlite(void)
{
    const char *url = getenv("TEST_DATABASE_URL");

    return !url || strcmp(url, "sqlite") == 0;
}

struct str test_store_url(void)
{
    return str_of(env.url);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(env.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_folder(void)
{
    if (!env.folder[0]) {
        const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

        snprintf(env.folder, sizeof(env.folder), "%s/store_test.XXXXXX", base);
        if (!mkdtemp(env.folder))
            fail_msg("mkdtemp %s: %m", env.folder);
        atexit(remove_folder);
    }
    return env.folder;
}

/* ---- PostgreSQL: databases ---- */

static void admin(const char *fmt, const char *a, const char *b)
{
    PGconn *c = PQconnectdb(getenv("TEST_DATABASE_URL"));
    char sql[512];
    PGresult *res;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(sql, sizeof(sql), fmt, a, b);
#pragma GCC diagnostic pop
    res = PQexec(c, sql);
    if (PQresultStatus(res) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(c));
    PQclear(res);
    PQfinish(c);
}

static void url_of(const char *name)
{
    if (test_is_sqlite()) {
        snprintf(env.path, sizeof(env.path), "%s/%s.db", test_folder(), name);
        snprintf(env.url, sizeof(env.url), "sqlite:///%s", env.path);
    } else {
        const char *admin_url = getenv("TEST_DATABASE_URL");
        const char *end = strrchr(admin_url, '/');

        snprintf(env.url, sizeof(env.url), "%.*s/%s", (int)(end - admin_url), admin_url, name);
    }
}

static void copy_file(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    static char buf[1 << 16];
    ssize_t n;

    assert_true(in >= 0 && out >= 0);
    while ((n = read(in, buf, sizeof(buf))) > 0)
        assert_int_equal(write(out, buf, (size_t)n), n);
    assert_int_equal(n, 0);
    close(in);
    close(out);
}

static struct store *open_last(struct store_opts o)
{
    struct err e = { 0 };
    struct store *s = NULL;

    o.url = str_of(env.url);
    o.trace_path = getenv("STORE_TRACE_SQL");
    if (o.trace_path && !env.traced)
        unlink(o.trace_path);
    env.traced = true;
    assert_ok(store_open(&o, &s, &e), &e);
    return s;
}

static void make_template(void)
{
    struct err e = { 0 };
    struct store *s;

    if (env.has_template)
        return;
    url_of("tpl");
    if (!test_is_sqlite())
        admin("CREATE DATABASE tpl%s%s", "", "");
    s = open_last((struct store_opts){ .writers = 1 });
    assert_ok(store_migrate(s, &(struct migrate_opts){ 0 }, &e), &e);
    store_close(&s);
    env.has_template = true;
}

static void make_database(bool migrated)
{
    char name[32];

    if (migrated)
        make_template();
    snprintf(name, sizeof(name), "t%u", ++env.made);
    url_of(name);
    if (!test_is_sqlite()) {
        admin("CREATE DATABASE %s TEMPLATE %s", name, migrated ? "tpl" : "template0");
    } else if (migrated) {
        char from[320];

        snprintf(from, sizeof(from), "%s/tpl.db", test_folder());
        copy_file(from, env.path);
    }
}

struct store *test_store_with(struct store_opts o)
{
    make_database(true);
    return open_last(o);
}

struct store *test_store(void)
{
    return test_store_with((struct store_opts){ .writers = 2 });
}

struct store *test_store_empty(void)
{
    make_database(false);
    return open_last((struct store_opts){ .writers = 2 });
}

struct store *test_store_again(void)
{
    return open_last((struct store_opts){ .writers = 2 });
}

void test_store_free(struct store **s)
{
    store_close(s);
}
