/* server serve: runs until SIGTERM or SIGINT; SIGHUP reads the settings again. */
#include "base/arena.h"
#include "base/log.h"
#include "base/version.h"
#include "cli/cli.h"
#include "http/server.h"
#include "web/app.h"

#include <signal.h>
#include <unistd.h>

enum { RELOAD_ARENA_MAX = 4 << 20 };

/* Blocked in all threads and waited for here: no handler ever runs. */
static sigset_t wanted_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return set;
}

static void start_log(const struct config *cfg)
{
    enum log_format format = cfg->log_format == 0 ? (isatty(STDOUT_FILENO) ? LOG_READABLE : LOG_JSON)
                             : cfg->log_format == 1 ? LOG_JSON
                                                    : LOG_READABLE;

    log_init((enum log_level)config_live(cfg)->log_level, format, STDOUT_FILENO);
}

static void log_issues(const struct config_issues *issues)
{
    for (size_t i = 0; i < issues->n; i++)
        LOG(issues->v[i].is_error ? LOG_ERROR : LOG_WARN, "config", KV_TEXT("issue", issues->v[i].text));
}

static void reload(struct cli *c, struct app *app)
{
    struct arena *a CLEAN(arena_clean) = arena_new(RELOAD_ARENA_MAX);
    const struct config_from from = { .env_file = ".env", .environ = c->environ };
    struct config_issues issues = { 0 };
    struct err e = { 0 };
    enum rc rc = config_reload(c->cfg, &from, a, &issues);

    log_issues(&issues);
    if (rc == RC_OK)
        rc = app_reload(app, &e);
    log_set_level((enum log_level)config_live(c->cfg)->log_level);
    LOG(rc == RC_OK ? LOG_INFO : LOG_ERROR, "reload", KV_Z("error", e.detail));
}

static int serve(struct cli *c)
{
    sigset_t set = wanted_signals();
    struct err e = { 0 };
    struct app *app;
    int sig = 0, code = cli_config(c);

    if (code != CLI_OK)
        return code;
    start_log(c->cfg);
    if (app_start(c->cfg, &app, &e) != RC_OK)
        return cli_fail(&e);
    LOG(LOG_INFO, "ready", KV_Z("version", VERSION), KV_TEXT("host", c->cfg->server_host),
        KV_INT("port", http_port(app->http)));
    while (sigwait(&set, &sig) == 0 && sig == SIGHUP)
        reload(c, app);
    LOG(LOG_INFO, "stopping", KV_INT("signal", sig));
    app_stop(&app);
    LOG(LOG_INFO, "stopped");
    return CLI_OK;
}

const struct command cmd_serve = {
    .name = "serve",
    .args = "",
    .summary = "Run the server",
    .help = "Migrates the database, then answers until SIGTERM or SIGINT. SIGHUP reads the settings again.",
    .run = serve,
};
