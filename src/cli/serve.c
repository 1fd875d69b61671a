/* server serve: starts everything, waits for signals, ends in order. */
#include "cli/cli.h"

#include "backup/launcher.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/confine.h"
#include "base/file.h"
#include "base/log.h"
#include "base/version.h"
#include "cli/confine.h"
#include "cli/erased.h"
#include "cli/process.h"
#include "desk/audit_verify.h"
#include "desk/signup.h"
#include "http/server.h"
#include "store/store.h"
#include "web/app.h"

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

enum { WAIT_MS = 60000, RELOAD_MAX = 4 * 1024 * 1024, SOCKETS_MAX = 8, END_SPARE_MS = 5000 };
enum { FORMAT_AUTO, FORMAT_JSON, FORMAT_READABLE }; /* in the order of config.def */

static void start_log(const struct config *cfg)
{
    bool readable = cfg->log_format == FORMAT_READABLE
                    || (cfg->log_format == FORMAT_AUTO && isatty(STDOUT_FILENO));

    log_init((enum log_level)cfg->log_level, readable ? LOG_READABLE : LOG_JSON, STDOUT_FILENO);
}

static void log_failure(const char *event, const struct err *e)
{
    LOG(LOG_ERROR, event, KV_Z("detail", e->detail), KV_Z("error", e->internal));
}

/* SIGHUP */
static void reload(struct cli *c, struct app *app)
{
    struct arena *a CLEAN(arena_clean) = arena_new(RELOAD_MAX);
    const struct config_from from = { ".env", c->environ, true };
    struct config_issues issues = { 0 };
    struct err e = { 0 };
    enum rc rc = config_reload(c->cfg, &from, a, &issues);

    for (size_t i = 0; i < issues.n; i++)
        LOG(issues.v[i].is_error ? LOG_ERROR : LOG_WARN, "config.issue",
            KV_TEXT("detail", issues.v[i].text));
    if (rc != RC_OK) {
        LOG(LOG_ERROR, "config.kept", KV_INT("errors", (int64_t)issues.n_errors));
        return;
    }
    log_set_level((enum log_level)config_live(c->cfg)->log_level);
    if (app_reload(app, &e) != RC_OK)
        log_failure("config.kept", &e);
    else
        LOG(LOG_INFO, "config.reloaded");
}

/* The head of the audit log at the end; while the server runs, a task writes it every minute. */
static void witness(struct app *app)
{
    struct arena *a CLEAN(arena_clean) = arena_new(RELOAD_MAX);
    struct str path = str_printf(a, "%.*s/audit-head", STR_ARG(app->cfg->data_dir));
    struct db *db = NULL;
    struct err e = { 0 };

    if (store_connect(app->store, DB_READ, &db, &e) != RC_OK
        || audit_witness(db, path.p, a, &e) != RC_OK)
        log_failure("audit.witness_failed", &e);
    db_close(&db);
}

static void wait_for_end(struct cli *c, struct app *app)
{
    int64_t pat_ms = watchdog_ms();

    for (;;) {
        int sig = signals_wait(pat_ms ? pat_ms : WAIT_MS);

        if (sig == SIGTERM || sig == SIGINT)
            return;
        if (sig == SIGHUP) {
            notify("RELOADING=1");
            reload(c, app);
            notify("READY=1");
        }
        if (pat_ms)
            notify("WATCHDOG=1");
    }
}

/* Readiness fails first; load balancers get a moment to see it; then nothing new is taken. */
static void drain(const struct config *cfg, struct app *app)
{
    atomic_store(&app->draining, 1);
    notify("STOPPING=1");
    LOG(LOG_INFO, "server.draining");
    signals_release();
    process_end_within(cfg->drain_delay_ms + 2 * cfg->drain_ms + END_SPARE_MS);
    usleep((useconds_t)(cfg->drain_delay_ms * US_PER_MS));
}

static void tell_ready(const struct config *cfg, struct app *app, int64_t began_us)
{
    LOG(LOG_INFO, "server.ready", KV_Z("version", VERSION), KV_TEXT("host", cfg->server_host),
        KV_INT("port", http_port(app->http)),
        KV_Z("database", store_kind(app->store) == DB_SQLITE ? "sqlite" : "postgresql"),
        KV_Z("confined", confined_words(atomic_load(&app->confined))), KV_MS("took_ms", clock_mono_us() - began_us));
    notify("READY=1");
}

/* Printed, not logged: the link is a secret. */
static void tell_setup_link(struct cli *c, struct app *app)
{
    struct str link = STR_NONE;
    struct err e = { 0 };

    if (setup_link_at_start(app->auth, app->store, c->a, &link, &e) != RC_OK)
        log_failure("setup.failed", &e);
    if (link.n)
        fprintf(
            stderr,
            "\n  There is no administrator yet. This link makes the first one, once:\n  %.*s\n\n",
            STR_ARG(link));
}

static bool makes_backups(const struct config *cfg)
{
    return cfg->backup_dir.n > 0 && !cfg->read_only;
}

static enum rc make_folders(struct cli *c, struct err *e)
{
    TRY(dir_make(str_z(c->cfg->data_dir, c->a), 0700, e));
    if (makes_backups(c->cfg))
        TRY(dir_make(str_z(c->cfg->backup_dir, c->a), 0700, e));
    return cli_database_folder(c->cfg->database_url, c->a, e);
}

/* Before anybody is served: a database from a backup may name people who were erased since. */
static enum rc erase_again(struct cli *c, struct err *e)
{
    int64_t n = 0;

    if (c->cfg->read_only)
        return RC_OK;
    TRY(erased_apply(c, c->cfg, &n, e));
    if (n)
        LOG(LOG_WARN, "people.erased_again", KV_INT("people", n));
    return RC_OK;
}

static int run(struct cli *c)
{
    int64_t began_us = clock_mono_us();
    int fds[SOCKETS_MAX];
    struct app_sockets given = { .fds = fds, .n = inherited_sockets(fds, SOCKETS_MAX) };
    struct app *app = NULL;
    struct err e = { 0 };
    unsigned confined = 0;
    enum rc rc;

    process_harden();
    process_keep_memory();
    if (cli_config(c) != CLI_OK)
        return CLI_FAILED;
    start_log(c->cfg);
    rc = make_folders(c, &e);
    if (rc == RC_OK && makes_backups(c->cfg))
        rc = launcher_start(&given.launcher, &e);
    if (rc == RC_OK) {
        confined = serve_confine(c);
        rc = erase_again(c, &e);
    }
    if (rc == RC_OK)
        rc = app_start(c->cfg, &given, &app, &e);
    if (rc != RC_OK) {
        log_failure("server.failed", &e); /* told once: where the log goes, somebody looks */
        launcher_stop(&given.launcher);
        return CLI_FAILED;
    }
    atomic_store(&app->confined, confined);
    tell_ready(c->cfg, app, began_us);
    if (!c->cfg->read_only)
        tell_setup_link(c, app);
    wait_for_end(c, app);
    drain(c->cfg, app);
    if (!c->cfg->read_only)
        witness(app);
    app_stop(&app);
    launcher_stop(&given.launcher);
    LOG(LOG_INFO, "server.stopped");
    return CLI_OK;
}

const struct command cmd_serve = {
    .name = "serve",
    .args = "",
    .summary = "Run the server",
    .help = "Checks the settings, brings the schema up to date, listens. SIGTERM and SIGINT end it "
            "in order: readiness\n"
            "fails, running requests finish, exit code 0. SIGHUP reloads what can be "
            "(docs/configuration.md).\n"
            "Speaks systemd's notify protocol.",
    .run = run,
};
