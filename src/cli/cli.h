/* The command line: a table of subcommands, each a file of its own, with options that the table
 * describes.  Exit codes: CLI_OK, CLI_FAILED (tried, and it failed), CLI_USAGE (asked wrongly).
 * One thread. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/config.h"
#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"

struct actor;
struct arena;
struct store;

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };
enum { CLI_OPTS_MAX = 16, CLI_ARGS_MAX = 4 };

struct cli_opt {
    const char *name;  /* "--to" */
    const char *value; /* "N": takes a value; NULL: a switch */
    const char *help;
};

struct cli;

struct command {
    const char *name;
    const char *args;    /* "create|list" or "" */
    const char *summary; /* one line */
    const char *help;    /* paragraphs, may be "" */
    const struct cli_opt *opts;
    size_t n_opts;
    size_t min_args, max_args;
    int (*run)(struct cli *c);
};

struct cli {
    const struct command *cmd;
    const char *const *environ;
    struct arena *a;
    struct str values[CLI_OPTS_MAX]; /* of cmd->opts; p == NULL: not given */
    struct str args[CLI_ARGS_MAX];
    size_t n_args;
    struct config *cfg;  /* owned; set by cli_config() */
    struct store *store; /* owned; set by cli_store() */
};

int cli_main(int argc, char **argv, const char *const *env);

/* The value of an option, p == NULL when it was not given.  name stands in the command's table. */
struct str cli_value(const struct cli *c, const char *name);
bool cli_is_given(const struct cli *c, const char *name);
/* A whole number, or a complaint to standard error and false. */
bool cli_number(const struct cli *c, const char *name, int64_t min, int64_t max, int64_t *out);
/* Loads the settings and tells what is wrong with them; CLI_OK or CLI_FAILED. */
int cli_config(struct cli *c);
/* cli_config(), and opens the database with it. */
int cli_store(struct cli *c);
/* Opens the database that these settings name, without a word. */
enum rc cli_store_of(struct cli *c, const struct config *cfg, struct err *e) MUST_USE;
/* The same, and brings the schema up to date as server serve does at its start. */
int cli_store_current(struct cli *c);
/* Makes the folder of an SQLite file. */
enum rc cli_database_folder(struct str url, struct arena *a, struct err *e) MUST_USE;
/* Tells the failure on standard error: returns CLI_FAILED. */
int cli_fail(const struct err *e);
int cli_usage(const struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
void cli_issues(const struct config_issues *issues);
/* The place of the command's first argument among the actions, which each begin with their name; n when there
 * is none, which is told as a wrong usage. */
size_t cli_action(const struct cli *c, const void *actions, size_t n, size_t size);
#define CLI_ACTION(c, actions) cli_action((c), (actions), ARRAY_LEN(actions), sizeof((actions)[0]))
/* Writes to standard output; CLI_FAILED when that does not work. */
int cli_print(struct str text);

/* Who acts when an operator gives a command: every right, and this name in the audit log. */
extern const struct actor cli_console;

extern const struct command cmd_evidence, cmd_health;
extern const struct command cmd_serve, cmd_migrate, cmd_user, cmd_config, cmd_audit, cmd_backup, cmd_checklist,
    cmd_drill, cmd_restore, cmd_seed, cmd_secrets, cmd_retention, cmd_hold, cmd_person, cmd_compliance,
    cmd_bench_data, cmd_openapi;

#endif
