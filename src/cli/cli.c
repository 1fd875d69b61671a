#include "cli/cli.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/version.h"
#include "cli/process.h"
#include "desk/actor.h"
#include "store/store.h"

#include <stdarg.h>
#include <unistd.h>

const struct actor cli_console = {
    .type = ACTOR_CLI,
    .perms = INT64_MAX,
    .name = { "command line", sizeof("command line") - 1 },
};

static int run_help(struct cli *c);
static int run_version(struct cli *c);

static const struct command cmd_help = {
    .name = "help",
    .args = "[COMMAND]",
    .summary = "Tell what a command does",
    .help = "",
    .max_args = 1,
    .run = run_help,
};
static const struct command cmd_version = {
    .name = "version",
    .args = "",
    .summary = "Print the version",
    .help = "",
    .run = run_version,
};

static const struct command *const commands[] = {
    &cmd_serve,
    &cmd_migrate,
    &cmd_user,
    &cmd_config,
    &cmd_audit,
    &cmd_checklist,
    &cmd_evidence,
    &cmd_health,
    &cmd_backup,
    &cmd_restore,
    &cmd_drill,
    &cmd_secrets,
    &cmd_retention,
    &cmd_hold,
    &cmd_person,
    &cmd_compliance,
    &cmd_seed,
    &cmd_bench_data,
    &cmd_openapi,
    &cmd_version,
    &cmd_help,
};

static const struct command *command_find(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (str_eq(name, str_of(commands[i]->name)))
            return commands[i];
    }
    return NULL;
}

static void print_commands(FILE *to)
{
    fprintf(to, "ticketing-system " VERSION
                ", a help desk in one program\n\nserver COMMAND [OPTIONS]\n\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        fprintf(to, "  %-11s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(to, "\nserver help COMMAND tells more. Settings come from the environment and .env "
                "(server config).\nExit codes: 0 done, 1 failed, 2 asked wrongly.\n");
}

static void print_command(const struct command *cmd, FILE *to)
{
    fprintf(to, "server %s%s%s%s\n\n%s.\n", cmd->name, *cmd->args ? " " : "", cmd->args,
            cmd->n_opts ? " [OPTIONS]" : "", cmd->summary);
    if (*cmd->help)
        fprintf(to, "\n%s\n", cmd->help);
    if (cmd->n_opts)
        fprintf(to, "\n");
    for (size_t i = 0; i < cmd->n_opts; i++) {
        const struct cli_opt *o = &cmd->opts[i];

        fprintf(to, "  %s %-*s %s\n", o->name, 20 - (int)strlen(o->name), o->value ? o->value : "",
                o->help);
    }
}

static int run_help(struct cli *c)
{
    const struct command *cmd;

    if (c->n_args == 0) {
        print_commands(stdout);
        return CLI_OK;
    }
    cmd = command_find(c->args[0]);
    if (!cmd)
        return cli_usage(c, "there is no command \"%.*s\"", STR_ARG(c->args[0]));
    print_command(cmd, stdout);
    return CLI_OK;
}

static int run_version(struct cli *c)
{
    (void)c;
    printf("%s\n", VERSION);
    return CLI_OK;
}

int cli_usage(const struct cli *c, const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "server%s%s: ", c->cmd ? " " : "", c->cmd ? c->cmd->name : "");
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "\nsee: server help%s%s\n", c->cmd ? " " : "", c->cmd ? c->cmd->name : "");
    return CLI_USAGE;
}

size_t cli_action(const struct cli *c, const void *actions, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++) {
        const char *name;

        memcpy(&name, (const char *)actions + i * size, sizeof(name));
        if (str_eq(c->args[0], str_of(name)))
            return i;
    }
    cli_usage(c, "expected: %s", c->cmd->args);
    return n;
}

int cli_fail(const struct err *e)
{
    fprintf(stderr, "server: %s%s%s%s\n", e->detail, *e->internal ? " (" : "", e->internal,
            *e->internal ? ")" : "");
    for (size_t i = 0; i < e->n_fields; i++)
        fprintf(stderr, "  %s: %s\n", e->fields[i].pointer, e->fields[i].detail);
    return CLI_FAILED;
}

void cli_issues(const struct config_issues *issues)
{
    for (size_t i = 0; i < issues->n; i++)
        fprintf(stderr, "%s: %.*s\n", issues->v[i].is_error ? "error" : "warning",
                STR_ARG(issues->v[i].text));
    if (issues->n_errors)
        fprintf(stderr, "server: %zu setting%s to mend (docs/configuration.md)\n", issues->n_errors,
                issues->n_errors == 1 ? "" : "s");
}

int cli_config(struct cli *c)
{
    const struct config_from from = { ".env", c->environ, c->cmd == &cmd_serve };
    struct config_issues issues = { 0 };
    enum rc rc = config_load(&from, c->a, &c->cfg, &issues);

    cli_issues(&issues);
    if (rc != RC_OK)
        return CLI_FAILED;
    if (!process_become_owner(str_z(c->cfg->data_dir, c->a))) {
        fprintf(stderr, "server: cannot become the owner of DATA_DIR %.*s\n",
                STR_ARG(c->cfg->data_dir));
        return CLI_FAILED;
    }
    return CLI_OK;
}

int cli_print(struct str text)
{
    return fflush(stdout) == 0 && fd_write_all(STDOUT_FILENO, text) ? CLI_OK : CLI_FAILED;
}

struct str cli_value(const struct cli *c, const char *name)
{
    size_t i = 0;

    while (i < c->cmd->n_opts && strcmp(c->cmd->opts[i].name, name) != 0)
        i++;
    INVARIANT(i < c->cmd->n_opts);
    return c->values[i];
}

bool cli_is_given(const struct cli *c, const char *name)
{
    return cli_value(c, name).p != NULL;
}

bool cli_number(const struct cli *c, const char *name, int64_t min, int64_t max, int64_t *out)
{
    struct str text = cli_value(c, name);

    if (str_i64(text, min, max, out))
        return true;
    cli_usage(c, "%s takes a whole number from %lld to %lld", name, (long long)min, (long long)max);
    return false;
}

/* "--to", "5" or "--to=5"; *i moves over what was used. */
static bool read_option(struct cli *c, int argc, char **argv, int *i)
{
    struct str rest = str_of(argv[*i]), name = str_cut(&rest, '=');

    for (size_t o = 0; o < c->cmd->n_opts; o++) {
        const struct cli_opt *opt = &c->cmd->opts[o];

        if (!str_eq(name, str_of(opt->name)))
            continue;
        if (c->values[o].p)
            return cli_usage(c, "%s is given twice", opt->name), false;
        if (!opt->value && rest.p)
            return cli_usage(c, "%s takes no value", opt->name), false;
        if (opt->value && !rest.p && *i + 1 < argc)
            rest = str_of(argv[++*i]);
        if (opt->value && !rest.p)
            return cli_usage(c, "%s needs a value: %s", opt->name, opt->value), false;
        c->values[o] = opt->value ? rest : STR("");
        return true;
    }
    cli_usage(c, "unknown option \"%.*s\"", STR_ARG(name));
    return false;
}

static bool read_arguments(struct cli *c, int argc, char **argv)
{
    bool only_args = false;

    for (int i = 0; i < argc; i++) {
        if (!only_args && strcmp(argv[i], "--") == 0) {
            only_args = true;
        } else if (!only_args && argv[i][0] == '-' && argv[i][1]) {
            if (!read_option(c, argc, argv, &i))
                return false;
        } else if (c->n_args == c->cmd->max_args) {
            return cli_usage(c, "\"%s\" is one argument too many", argv[i]), false;
        } else {
            c->args[c->n_args++] = str_of(argv[i]);
        }
    }
    if (c->n_args < c->cmd->min_args)
        return cli_usage(c, "expected: %s", c->cmd->args), false;
    return true;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    }
    return false;
}

int cli_main(int argc, char **argv, const char *const *env)
{
    struct arena *a CLEAN(arena_clean) = arena_new(256 * MIB);
    struct cli c = { .environ = env, .a = a };
    int status;

    if (argc < 2) {
        print_commands(stderr);
        return CLI_USAGE;
    }
    if (wants_help(1, argv + 1)) {
        print_commands(stdout);
        return CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0)
        return run_version(&c);
    c.cmd = command_find(str_of(argv[1]));
    if (!c.cmd)
        return cli_usage(&c, "there is no command \"%s\"", argv[1]);
    if (wants_help(argc - 2, argv + 2)) {
        print_command(c.cmd, stdout);
        return CLI_OK;
    }
    if (!read_arguments(&c, argc - 2, argv + 2))
        return CLI_USAGE;
    status = c.cmd->run(&c);
    store_close(&c.store);
    config_free(&c.cfg);
    if (fflush(stdout) != 0 && status == CLI_OK)
        status = CLI_FAILED;
    return status;
}
