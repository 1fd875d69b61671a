#include "backup/drill.h"

#include "backup/pg_copy.h"
#include "backup/probe.h"
#include "backup/shipped.h"
#include "base/clock.h"
#include "base/command.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rand.h"
#include "store/audit.h"
#include "store/outbox.h"
#include "store/store.h"

#include <poll.h>
#include <unistd.h>

enum { READY_MS = 60000, POLL_MS = 20, LOG_MAX = 4 * 1024 * 1024, END_MS = 10000, USER_MS = 120000, ENV_MAX = 64 };

struct drill {
    const struct drill_opts *o;
    struct arena *a;
    struct drilled *out;
    const char *dir; /* the restored copy */
    const char *log; /* what its server says */
    const char *const *env;
    struct str url;   /* of the copy */
    struct pg_copy pg;
    struct str email, password;
    struct probe probe;
    pid_t server;
    int64_t began_us, began_mono_us;
};

/* The copy's server must touch nothing but the copy: no backups of it, no sockets that others know,
 * no word to the supervisor; and no DATABASE_URL of a credential, which would come before the copy's. */
static bool has_name(const char *const *env, size_t n, const char *entry)
{
    size_t len = strcspn(entry, "=") + 1;

    for (size_t i = 0; i < n; i++)
        if (strncmp(env[i], entry, len) == 0)
            return true;
    return false;
}

static const char *const *make_env(struct drill *d)
{
    static const char *const off[] = { "BACKUP_DIR=", "TLS_CERT=", "TLS_KEY=", "TLS_REDIRECT_PORT=0",
                                       "UNIX_SOCKET=", "NOTIFY_SOCKET=", "WATCHDOG_USEC=", "LISTEN_FDS=",
                                       "SERVER_HOST=127.0.0.1", "SERVER_PORT=0", "ENVIRONMENT=test",
                                       "LOG_FORMAT=json", "LOG_LEVEL=info", "READ_ONLY=false",
                                       "BACKUP_OFFSITE=", "CSRF_PROTECTION=false", "CREDENTIALS_DIRECTORY=" };
    const char **env = ARENA_ARRAY(d->a, const char *, ENV_MAX);
    size_t n = 0;

    for (; n < ARRAY_LEN(off); n++)
        env[n] = off[n];
    env[n++] = str_printf(d->a, "DATABASE_URL=%.*s", STR_ARG(d->url)).p;
    env[n++] = str_printf(d->a, "DATA_DIR=%s", d->dir).p;
    for (size_t i = 0; i < d->o->n_secrets; i++)
        if (n + 1 < ENV_MAX && !has_name(env, n, d->o->secrets[i]))
            env[n++] = d->o->secrets[i];
    return env;
}

/* ---- the steps ---- */

static enum rc step_restore(struct drill *d, struct err *e)
{
    const struct restore_to to = { .set = d->o->set, .dir = d->dir, .database = d->o->database,
                                   .pg = d->o->pg, .pg_bin = d->o->pg_bin, .pg_url = d->o->pg_url };

    return restore_run(d->o->r, &to, d->a, &d->out->restored, e);
}

static enum rc step_open(struct drill *d, struct err *e)
{
    d->pg = (struct pg_copy){ .dir = d->dir, .bin = d->o->pg_bin, .url = d->o->pg_url };
    if (d->out->restored.is_postgres)
        TRY(pg_copy_start(&d->pg, d->a, e));
    d->url = d->out->restored.is_postgres ? d->pg.local_url
                                          : str_printf(d->a, "sqlite:///%s/%s", d->dir, d->o->database);
    d->env = make_env(d);
    return RC_OK;
}

/* What was waiting to be sent was sent long ago, or is sent by the real server. */
static enum rc forget_mails(struct db *db, void *arg, struct err *e)
{
    (void)arg;
    return outbox_forget(db, e);
}

static enum rc step_mute(struct drill *d, struct err *e)
{
    struct store *s = NULL;
    enum rc rc;

    TRY(store_open(&(struct store_opts){ .url = d->url }, &s, e));
    rc = store_write(s, forget_mails, NULL, e);
    store_close(&s);
    return rc;
}

static enum rc step_person(struct drill *d, struct err *e)
{
    const char *const argv[] = { "/proc/self/exe", "user", "create", "--email", d->email.p, "--name",
                                 "Drill", "--role", "admin", "--password-stdin", NULL };
    struct command_run c = { .argv = argv, .more_env = d->env, .timeout_ms = USER_MS,
                             .input = str_printf(d->a, "%.*s\n", STR_ARG(d->password)) };

    TRY(command_run(&c, d->a, e));
    if (c.exit_code == 0)
        return RC_OK;
    return err_set(e, RC_FAIL, "drill", "no user could be made in the copy: %.*s",
                   STR_ARG(str_trim(str_sub(c.output, 0, 150))));
}

/* The log's "server.ready" tells the port. */
static int port_of(struct str log)
{
    size_t at = str_find(log, STR("\"server.ready\"")), n = 0;
    struct str rest = str_sub(log, at == SIZE_MAX ? log.n : at, log.n);
    int64_t port = 0;

    at = str_find(rest, STR("\"port\":"));
    if (at == SIZE_MAX)
        return 0;
    rest = str_sub(rest, at + strlen("\"port\":"), rest.n);
    while (n < rest.n && rest.p[n] >= '0' && rest.p[n] <= '9')
        n++;
    return str_i64(str_sub(rest, 0, n), 1, UINT16_MAX, &port) ? (int)port : 0;
}

static bool is_ready(struct drill *d, struct err *e)
{
    struct arena *a CLEAN(arena_clean) = arena_new(16 * MIB);
    struct probe_answer r;
    struct str log;

    if (!d->probe.port && file_read(d->log, LOG_MAX, a, &log, e) == RC_OK)
        d->probe.port = port_of(log);
    err_clear(e);
    return d->probe.port && probe_send(&d->probe, "GET", "/health/ready", STR(""), a, &r, e) == RC_OK
           && r.status == 200;
}

static enum rc step_start(struct drill *d, struct err *e)
{
    const char *const argv[] = { "/proc/self/exe", "serve", NULL };
    const struct command_run c = { .argv = argv, .more_env = d->env };
    int64_t began = clock_mono_us();

    TRY(command_start(&c, d->log, &d->server, e));
    while (!is_ready(d, e)) {
        if (!command_alive(d->server))
            return err_set(e, RC_FAIL, "drill", "the server did not start on the copy");
        if (clock_mono_us() - began > READY_MS * US_PER_MS)
            return err_set(e, RC_TIMEOUT, "drill", "the server on the copy did not become ready");
        poll(NULL, 0, POLL_MS);
    }
    d->out->start_us = clock_mono_us() - began;
    return RC_OK;
}

static enum rc must(struct drill *d, const char *method, const char *path, struct str body, int status,
                    struct str *answer, struct err *e)
{
    struct probe_answer r;

    TRY(probe_send(&d->probe, method, path, body, d->a, &r, e));
    if (answer)
        *answer = r.body;
    if (r.status == status)
        return RC_OK;
    return err_set(e, RC_FAIL, "drill", "%s %s answered %d instead of %d: %.*s", method, path, r.status,
                   status, STR_ARG(str_sub(r.body, 0, 120)));
}

static enum rc step_login(struct drill *d, struct err *e)
{
    struct str body = str_printf(d->a, "{\"email\":\"%.*s\",\"password\":\"%.*s\"}", STR_ARG(d->email),
                                 STR_ARG(d->password)), answer;
    json_t *v CLEAN(json_clean) = NULL;
    const char *token;

    TRY(must(d, "POST", "/api/v1/auth/login", body, 200, &answer, e));
    TRY(json_read(answer, &v, e));
    token = json_string_value(json_object_get(v, "access_token"));
    if (!token)
        return err_set(e, RC_FAIL, "drill", "logging in gave no token");
    d->probe.token = str_dup(str_of(token), d->a);
    return RC_OK;
}

static enum rc step_search(struct drill *d, struct err *e)
{
    TRY(must(d, "GET", "/api/v1/search?q=a", STR(""), 200, NULL, e));
    return must(d, "GET", "/api/v1/tickets?limit=1", STR(""), 200, NULL, e);
}

static enum rc step_write(struct drill *d, struct err *e)
{
    struct str body = str_printf(d->a,
                                 "{\"title\":\"Drill\",\"message\":{\"body\":\"Drill\"},"
                                 "\"customer\":\"%.*s\"}",
                                 STR_ARG(d->email));

    return must(d, "POST", "/api/v1/tickets", body, 201, NULL, e);
}

static const struct {
    const char *name;
    enum rc (*run)(struct drill *d, struct err *e);
} steps[] = {
    { "restore", step_restore }, { "open", step_open },   { "mute", step_mute },     { "person", step_person },
    { "start", step_start },     { "login", step_login }, { "search", step_search }, { "write", step_write },
};

/* PostgreSQL: since when there are changes that the copy does not have; every change has an entry in the
 * audit log. */
static int64_t lost_postgres_us(struct drill *d)
{
    struct err ignored = { 0 };
    struct db *db = NULL;
    int64_t first_us = 0;

    if (d->o->live && store_connect(d->o->live, DB_READ, &db, &ignored) == RC_OK
        && audit_time_behind(db, d->out->restored.audit_n, &first_us, &ignored) != RC_OK)
        first_us = 0;
    db_close(&db);
    return first_us && first_us < d->began_us ? d->began_us - first_us : 0;
}

/* What had been written and was in no backup yet when the drill began: with a shipped log nothing
 * older than its last round, even when nothing was written since. */
static int64_t lost_us(struct drill *d)
{
    const struct restored *got = &d->out->restored;
    int64_t until = got->at_us;
    struct err ignored = { 0 };
    struct segment *v;
    size_t n;

    if (got->has_log && shipped_list(d->o->r, d->a, &v, &n, &ignored) == RC_OK) {
        int64_t alive = shipped_until(v, n);

        until = alive > until ? alive : until;
    }
    return d->began_us > until ? d->began_us - until : 0;
}

enum rc drill_run(const struct drill_opts *o, struct arena *a, struct drilled *out, struct err *e)
{
    struct drill d = { .o = o, .a = a, .out = out, .began_us = clock_now_us(),
                       .began_mono_us = clock_mono_us() };
    struct err ignored = { 0 };
    enum rc rc;

    *out = (struct drilled){ 0 };
    TRY(dir_make(o->scratch, 0700, e));
    d.dir = str_printf(a, "%s/copy", o->scratch).p;
    d.log = str_printf(a, "%s/server.log", o->scratch).p;
    d.email = str_printf(a, "drill-%.*s@drill.invalid", STR_ARG(str_lower(rand_token(9, a), a)));
    d.password = rand_token(24, a);
    rc = RC_OK;
    for (size_t i = 0; i < ARRAY_LEN(steps) && rc == RC_OK; i++) {
        out->failed_at = steps[i].name;
        rc = steps[i].run(&d, e);
        if (i == 0)
            out->rpo_us = out->restored.is_postgres ? lost_postgres_us(&d) : lost_us(&d);
    }
    out->rto_us = clock_mono_us() - d.began_mono_us;
    if (rc == RC_OK)
        out->failed_at = NULL;
    command_end(&d.server, END_MS);
    pg_copy_stop(&d.pg);
    (void)!tree_remove(o->scratch, &ignored);
    return rc;
}
