/* server health: asks the server of this folder how it is, where there is no curl (containers, scripts). */
#include "cli/cli.h"

#include "base/arena.h"
#include "check/ask.h"

static const char *const paths[][2] = {
    { "ready", "/health/ready" }, { "live", "/health/live" }, { "all", "/health" },
};

/* The server's address from the same machine; the settings may be ones that production refuses. */
static struct str own_url(struct cli *c)
{
    const struct config_from from = { ".env", c->environ, false };
    struct config_issues issues = { 0 };
    struct str host;

    config_inspect(&from, c->a, &c->cfg, &issues);
    host = c->cfg->server_host;
    if (str_eq(host, STR("0.0.0.0")) || str_eq(host, STR("*")))
        host = STR("127.0.0.1");
    if (str_eq(host, STR("::")))
        host = STR("::1");
    return str_printf(c->a, "%s://%s%.*s%s:%lld", c->cfg->tls_cert.n ? "https" : "http",
                      str_chr(host, ':') == SIZE_MAX ? "" : "[", STR_ARG(host),
                      str_chr(host, ':') == SIZE_MAX ? "" : "]", (long long)c->cfg->server_port);
}

static int run(struct cli *c)
{
    struct str which = c->n_args ? c->args[0] : STR("ready");
    struct str url = cli_is_given(c, "--url") ? cli_value(c, "--url") : own_url(c);
    struct asker *k;
    struct answer w;
    size_t i = 0;

    while (i < ARRAY_LEN(paths) && !str_eq(which, str_of(paths[i][0])))
        i++;
    if (i == ARRAY_LEN(paths))
        return cli_usage(c, "expected: %s", c->cmd->args);
    k = asker_new(url, NULL, c->a);
    ask(k, &(struct ask){ .path = paths[i][1] }, &w);
    asker_free(&k);
    if (w.status == 0)
        fprintf(stderr, "server: %.*s does not answer: %.*s\n", STR_ARG(url), STR_ARG(w.words));
    else
        printf("%d %.*s\n", w.status, STR_ARG(w.body));
    return w.status == 200 ? CLI_OK : CLI_FAILED;
}

static const struct cli_opt opts[] = {
    { "--url", "URL", "the server to ask, http://host:port; this one's own address unless told" },
};

const struct command cmd_health = {
    .name = "health",
    .args = "[ready|live|all]",
    .summary = "Ask the running server whether it is ready",
    .help = "Exit code 0 when the answer is 200. ready: it may be sent requests. live: the process "
            "answers.\nall: what each part says.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .max_args = 1,
    .run = run,
};
