/* server secrets: which key seals what, and sealing all of it with the new one. */
#include "cli/cli.h"

#include "base/arena.h"
#include "desk/reseal.h"
#include "store/store.h"

enum { TOLD_MAX = 16 * 1024 };

static const struct actor console = { .type = ACTOR_CLI,
                                      .perms = INT64_MAX,
                                      .name = { "command line", 12 } };

static bool is_former(const struct secret_key *key)
{
    return str_ends(str_of(key->setting), STR("_FORMER"));
}

static const char *words_of(const struct secret_keys *k, const struct reseal_report *report, size_t i)
{
    if (i == 0)
        return "seals";
    if (report->by_key[i])
        return "still needed: run server secrets rotate";
    return is_former(&k->v[i]) ? "seals nothing any more" : "";
}

static int tell(struct cli *c, const struct secret_keys *k, const struct reseal_report *report)
{
    struct buf b = BUF_ARENA(c->a, TOLD_MAX);
    struct jw w = jw_to(&b);

    if (cli_is_given(c, "--json")) {
        reseal_write(&w, k, report);
        buf_char(&b, '\n');
        return cli_print(buf_view(&b));
    }
    for (size_t i = 0; i < k->n; i++)
        printf("%-18s %s %8lld  %s\n", k->v[i].setting, k->v[i].id, (long long)report->by_key[i],
               words_of(k, report, i));
    if (report->unreadable)
        printf("opens with none of these: %.*s\n", STR_ARG(reseal_names(report, c->a)));
    return CLI_OK;
}

static int status(struct cli *c, struct db *db, const struct secret_keys *k)
{
    struct reseal_report report;
    struct err e = { 0 };
    int told;

    if (reseal_look(db, k, &report, &e) != RC_OK)
        return cli_fail(&e);
    told = tell(c, k, &report);
    return report.unreadable ? CLI_FAILED : told;
}

static int rotate(struct cli *c, struct db *db, const struct secret_keys *k)
{
    struct reseal_report report;
    struct err e = { 0 };

    if (reseal_run(c->store, db, k, &console, &report, &e) != RC_OK)
        return cli_fail(&e);
    if (!cli_is_given(c, "--json"))
        printf("%lld sealed anew with %s %s\n", (long long)report.resealed, k->v[0].setting, k->v[0].id);
    return tell(c, k, &report);
}

static const struct {
    const char *name;
    int (*run)(struct cli *c, struct db *db, const struct secret_keys *k);
} actions[] = { { "status", status }, { "rotate", rotate } };

static int run(struct cli *c)
{
    struct secret_keys k;
    struct db *db = NULL;
    struct err e = { 0 };
    size_t i = CLI_ACTION(c, actions);
    int code;

    if (i == ARRAY_LEN(actions))
        return CLI_USAGE;
    if (cli_store_current(c) != CLI_OK)
        return CLI_FAILED;
    secret_keys_of(c->cfg, &k);
    if (store_connect(c->store, DB_READ, &db, &e) != RC_OK)
        return cli_fail(&e);
    code = actions[i].run(c, db, &k);
    db_close(&db);
    return code;
}

static const struct cli_opt opts[] = { { "--json", NULL, "print one JSON object" } };

const struct command cmd_secrets = {
    .name = "secrets",
    .args = "status|rotate",
    .summary = "Which key seals what in the database; seal all with the new one",
    .help = "status prints each key with the setting that it comes from, its name (a part of a hash), and how many\n"
            "sealed texts it opens; exit code 1 when one opens with none. rotate seals all of them with the key that\n"
            "seals now (SECRET_KEY, or JWT_SECRET without one), while SECRET_KEY_FORMER and JWT_SECRET_FORMER still\n"
            "open the old ones. When one opens with no key nothing is changed. It may be stopped and run again at any\n"
            "time, also while the server runs (docs/secrets.md).",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
