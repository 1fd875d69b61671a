/* server config: what is in force, and the documents made from the table. */
#include "cli/cli.h"

#include "base/arena.h"
#include "base/buf.h"

enum { CONFIG_TEXT_MAX = 1024 * 1024 };

static int run(struct cli *c)
{
    struct buf out = BUF_ARENA(c->a, CONFIG_TEXT_MAX);

    if (cli_is_given(c, "--docs")) {
        config_docs(&out);
    } else if (cli_is_given(c, "--env-example")) {
        config_env_example(&out);
    } else {
        if (cli_config(c) != CLI_OK)
            return CLI_FAILED;
        config_print(c->cfg, &out);
    }
    return cli_print(buf_view(&out));
}

static const struct cli_opt opts[] = {
    { "--docs", NULL, "print docs/configuration.md instead" },
    { "--env-example", NULL, "print .env.example instead" },
};

const struct command cmd_config = {
    .name = "config",
    .args = "",
    .summary = "Check and print the settings in force, secrets masked",
    .help =
        "Reads the defaults, .env, the environment and secret files as server serve would, and "
        "tells all\n"
        "that is wrong with them (exit code 1). Behind each setting stands where it comes from.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .run = run,
};
