#include "backup/pg_copy.h"

#include "backup/repo.h"
#include "base/clock.h"
#include "base/command.h"
#include "base/file.h"
#include "store/store.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { RECOVER_S = 12 * 3600, POLL_MS = 50, STOP_MS = 120000, SMALL = 64 * 1024, LOG_MAX = 64 * 1024 * 1024, WORDS = 150 };

/* max_… of the original must be reached only by a standby that is read from: this one is not. */
#define SETTINGS \
    "# Written by server restore, to look at this copy.\n" \
    "listen_addresses = ''\n" \
    "archive_mode = on\n" \
    "archive_command = 'false'\n" \
    "hot_standby = off\n" \
    "jit = off\n" \
    "lc_messages = 'C'\n" \
    "log_destination = 'stderr'\n" \
    "logging_collector = off\n" \
    "max_connections = 50\n" \
    "max_wal_senders = 0\n" \
    "primary_conninfo = ''\n" \
    "restart_after_crash = off\n" \
    "shared_preload_libraries = ''\n" \
    "ssl = off\n" \
    "synchronous_standby_names = ''\n" \
    "unix_socket_permissions = 0700\n"

static const char *const over[] = { /* over what postgresql.auto.conf in the data says */
    "archive_mode=on", "archive_command=false", "hot_standby=off", "listen_addresses=", "primary_conninfo=", "shared_preload_libraries=",
    "synchronous_standby_names=", "ssl=off", "max_wal_senders=0", "lc_messages=C", "logging_collector=off",
    "log_destination=stderr", "port=5432",
};
enum { ARGS_MAX = 2 * ARRAY_LEN(over) + 16 };

static const char *path(const struct pg_copy *c, const char *name, struct arena *a)
{
    return str_printf(a, "%s/%s", c->dir, name).p;
}

enum rc pg_copy_prepare(struct pg_copy *c, struct arena *a, struct err *e)
{
    TRY(file_replace(path(c, "postgresql.conf", a), STR(SETTINGS), 0600, e));
    return file_replace(path(c, "pg_hba.conf", a), STR("local all all trust\n"), 0600, e);
}

static enum rc find_program(struct pg_copy *c, struct arena *a, struct err *e)
{
    struct str version = STR(""), folder = c->bin;

    if (file_read(path(c, "postgresql/PG_VERSION", a), SMALL, a, &version, e) != RC_OK)
        return err_set(e, RC_FAIL, "backup_damaged", "the restored folder holds no PostgreSQL");
    if (!folder.n)
        folder = str_printf(a, "/usr/lib/postgresql/%.*s/bin", STR_ARG(str_trim(version)));
    c->program = str_printf(a, "%.*s/postgres", STR_ARG(folder)).p;
    if (access(c->program, X_OK) == 0)
        return RC_OK;
    return err_set(e, RC_NOT_FOUND, "no_program",
                   "PostgreSQL %.*s is not installed here (%.80s): restoring needs its programs (BACKUP_PG_BIN)",
                   STR_ARG(str_trim(version)), c->program);
}

/* Short, since the kernel takes no address longer than 107 characters. */
static enum rc make_socket_dir(struct pg_copy *c, struct arena *a, struct err *e)
{
    char *name = arena_memdup(a, "/tmp/ts-pg-XXXXXX", sizeof("/tmp/ts-pg-XXXXXX"));

    if (!mkdtemp(name))
        return err_set(e, RC_FAIL, "restore_target", "no folder for a socket can be made in /tmp: %s", strerror(errno));
    c->socket_dir = name;
    return store_url_at(c->url, name, a, &c->local_url, e);
}

static enum rc launch(struct pg_copy *c, struct arena *a, struct err *e)
{
    const char *argv[ARGS_MAX] = { c->program, "-D", path(c, "postgresql", a), "-k", c->socket_dir };
    const struct command_run run = { .argv = argv };
    size_t n = 5;

    argv[n++] = "-c";
    argv[n++] = str_printf(a, "config_file=%s", path(c, "postgresql.conf", a)).p;
    argv[n++] = "-c";
    argv[n++] = str_printf(a, "hba_file=%s", path(c, "pg_hba.conf", a)).p;
    for (size_t i = 0; i < ARRAY_LEN(over); i++) {
        argv[n++] = "-c";
        argv[n++] = over[i];
    }
    unlink(c->log);
    return command_start(&run, c->log, &c->pid, e);
}

static bool takes_connections(struct pg_copy *c)
{
    const struct store_opts o = { .url = c->local_url, .writers = 1 };
    struct store *s = NULL;
    struct err ignored = { 0 };
    int64_t latency_us;
    bool yes = store_open(&o, &s, &ignored) == RC_OK && store_ping(s, &latency_us, &ignored) == RC_OK;

    store_close(&s);
    return yes;
}

static bool log_has(const struct pg_copy *c, const char *words)
{
    struct arena *a CLEAN(arena_clean) = arena_new(2 * (size_t)LOG_MAX);
    struct err ignored = { 0 };
    struct str log;

    return file_read(c->log, LOG_MAX, a, &log, &ignored) == RC_OK && str_find(log, str_of(words)) != SIZE_MAX;
}

/* The last FATAL or PANIC line, or the last at all. */
static enum rc fail_start(const struct pg_copy *c, struct arena *a, struct err *e)
{
    struct str told = command_told(c->log, a), line, why = STR("");

    for (struct str rest = told; rest.p;) {
        line = str_trim(str_cut(&rest, '\n'));
        if (!why.n || str_find(line, STR("FATAL:")) != SIZE_MAX || str_find(line, STR("PANIC:")) != SIZE_MAX)
            why = line;
    }
    return err_set(e, RC_FAIL, "restore_postgres", "PostgreSQL did not start on the copy: %.*s",
                   STR_ARG(str_sub(why, 0, WORDS)));
}

static enum rc wait_ready(struct pg_copy *c, struct arena *a, struct err *e)
{
    int64_t until = clock_mono_us() + RECOVER_S * US_PER_S;

    while (!takes_connections(c)) {
        if (!command_alive(c->pid))
            return fail_start(c, a, e);
        if (clock_mono_us() > until)
            return err_set(e, RC_TIMEOUT, "restore_postgres", "PostgreSQL did not recover the copy in time");
        poll(NULL, 0, POLL_MS);
    }
    return RC_OK;
}

static enum rc append(struct pg_copy *c, const char *text, struct arena *a, struct err *e)
{
    const char *conf = path(c, "postgresql/postgresql.auto.conf", a);
    struct str now;

    TRY(file_read(conf, SMALL, a, &now, e));
    return file_replace(conf, str_printf(a, "%.*s\n%s", STR_ARG(now), text), 0600, e);
}

/* Nothing later than the time asked for is there: then all there is was wanted. */
static enum rc start_again(struct pg_copy *c, struct arena *a, struct err *e)
{
    if (!log_has(c, "recovery ended before configured recovery target was reached"))
        return e->rc;
    err_clear(e);
    (void)command_end(&c->pid, STOP_MS);
    c->ended_early = true;
    TRY(append(c, "recovery_target_time = ''\n", a, e));
    TRY(launch(c, a, e));
    return wait_ready(c, a, e);
}

enum rc pg_copy_start(struct pg_copy *c, struct arena *a, struct err *e)
{
    enum rc rc;

    c->log = path(c, "postgresql.log", a);
    TRY(find_program(c, a, e));
    TRY(make_socket_dir(c, a, e));
    rc = launch(c, a, e);
    if (rc == RC_OK)
        rc = wait_ready(c, a, e);
    if (rc != RC_OK && c->pid > 0)
        rc = start_again(c, a, e);
    if (rc != RC_OK)
        pg_copy_stop(c);
    return rc;
}

enum rc pg_copy_settle(struct pg_copy *c, struct arena *a, struct err *e)
{
    return append(c,
                  "restore_command = ''\nrecovery_target_time = ''\nrecovery_target_action = 'pause'\n"
                  "recovery_target_timeline = 'latest'\n",
                  a, e);
}

void pg_copy_stop(struct pg_copy *c)
{
    struct err ignored = { 0 };
    int64_t until = clock_mono_us() + STOP_MS * US_PER_MS;

    if (c->pid > 0) {
        kill(c->pid, SIGINT); /* ends connections, and writes everything down */
        while (command_alive(c->pid) && clock_mono_us() < until)
            poll(NULL, 0, POLL_MS);
        (void)command_end(&c->pid, STOP_MS);
    }
    if (c->socket_dir)
        (void)!tree_remove(c->socket_dir, &ignored);
    c->socket_dir = NULL;
}
