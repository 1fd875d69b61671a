/* server migrate: brings the schema up (or down), or tells how it stands. */
#include "cli/cli.h"

#include "base/clock.h"
#include "store/migrate.h"

enum { VERSION_MAX = 9999 };

struct steps {
    bool dry_run;
    size_t n;
};

static void on_step(void *arg, const struct migration *m, bool up)
{
    struct steps *steps = arg;

    steps->n++;
    printf("%s %04lld %s%s\n", up ? "applied" : "taken back", (long long)m->version, m->name,
           steps->dry_run ? " (dry run)" : "");
}

static int show_status(struct cli *c)
{
    struct err e = { 0 };
    const struct migrate_opts o = { 0 };
    struct migration_state *v;
    size_t n;
    bool waits = false;

    if (store_migrate_status(c->store, &o, c->a, &v, &n, &e) != RC_OK)
        return cli_fail(&e);
    for (size_t i = 0; i < n; i++) {
        char when[CLOCK_TEXT_MAX] = "waiting";

        if (v[i].applied_us)
            clock_format(v[i].applied_us, when);
        waits |= !v[i].applied_us || v[i].changed || v[i].unknown;
        printf("%04lld %-24.*s %s%s%s\n", (long long)v[i].version, STR_ARG(v[i].name), when,
               v[i].changed ? "  CHANGED SINCE" : "", v[i].unknown ? "  OF A NEWER PROGRAM" : "");
    }
    return waits ? CLI_FAILED : CLI_OK;
}

static int run(struct cli *c)
{
    struct err e = { 0 };
    struct steps steps = { .dry_run = cli_is_given(c, "--dry-run") };
    struct migrate_opts o = { .dry_run = steps.dry_run, .on_step = on_step, .arg = &steps };

    o.has_to = cli_is_given(c, "--to");
    if (o.has_to && !cli_number(c, "--to", 0, VERSION_MAX, &o.to))
        return CLI_USAGE;
    if (cli_is_given(c, "--status") && (o.has_to || steps.dry_run))
        return cli_usage(c, "--status goes alone");
    if (cli_store(c) != CLI_OK)
        return CLI_FAILED;
    if (cli_is_given(c, "--status"))
        return show_status(c);
    if (store_migrate(c->store, &o, &e) != RC_OK)
        return cli_fail(&e);
    if (steps.n == 0)
        printf("nothing to do\n");
    return CLI_OK;
}

static const struct cli_opt opts[] = {
    { "--to", "VERSION", "up or down to this version; 0 takes everything back" },
    { "--status", NULL, "tell which migrations ran; exit code 1 when one waits" },
    { "--dry-run", NULL, "do it all and take it back" },
};

const struct command cmd_migrate = {
    .name = "migrate",
    .args = "",
    .summary = "Bring the database's schema up to date",
    .help = "server serve does this at its start. Each migration is one transaction; two processes "
            "at once wait\n"
            "for each other. Going down deletes what the newer tables hold.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .run = run,
};
