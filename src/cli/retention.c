/* server retention: takes away what the rules of retention no longer keep, or tells what would go. */
#include "desk/retention.h"

#include "base/arena.h"
#include "cli/cli.h"

enum { TOLD_MAX = 64 * 1024 };

static int print_json(struct cli *c, const struct retention_report *report)
{
    struct buf b = BUF_ARENA(c->a, TOLD_MAX);
    struct jw w = jw_to(&b);

    retention_write(&w, report);
    buf_char(&b, '\n');
    return cli_print(buf_view(&b));
}

static void print_words(const struct retention_report *report, bool is_dry)
{
    printf("%-26s %12s %12s %12s\n", "kind", "kept", is_dry ? "would go" : "gone", "legal hold");
    for (size_t i = 0; i < RETENTION_KINDS; i++) {
        const struct retention_line *line = &report->v[i];
        char kept[32] = "for ever";

        if (line->days)
            snprintf(kept, sizeof(kept), "%lld days", (long long)line->days);
        printf("%-26s %12s %12lld %12lld\n", retention_kinds[i].what, kept,
               (long long)(is_dry ? line->due : line->gone), (long long)line->held);
    }
}

static int tell(struct cli *c, const struct retention_report *report)
{
    if (cli_is_given(c, "--json"))
        return print_json(c, report);
    print_words(report, cli_is_given(c, "--dry-run"));
    return CLI_OK;
}

static int run(struct cli *c)
{
    struct retention_report report;
    struct db *db = NULL;
    struct err e = { 0 };
    enum rc rc;

    if (cli_store_current(c) != CLI_OK)
        return CLI_FAILED;
    if (store_connect(c->store, DB_READ, &db, &e) != RC_OK)
        return cli_fail(&e);
    rc = cli_is_given(c, "--dry-run") ? retention_look(db, &report, &e)
                                      : retention_run(c->store, db, &cli_console, &report, &e);
    db_close(&db);
    return rc == RC_OK ? tell(c, &report) : cli_fail(&e);
}

static const struct cli_opt opts[] = {
    { "--dry-run", NULL, "only tell what would go and what a legal hold keeps" },
    { "--json", NULL, "print the figures as JSON" },
};

const struct command cmd_retention = {
    .name = "retention",
    .args = "",
    .summary = "Take away what the rules of retention no longer keep",
    .help = "How long each kind of data is kept are settings of administrators (retention.…_days, "
            "0 keeps it for ever).\n"
            "The server does the same once a day as soon as a rule is set. What a legal hold keeps stays.\n"
            "Each run is recorded as evidence, each ticket that goes in the audit log (docs/compliance.md).",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .run = run,
};
