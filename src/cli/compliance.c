/* server compliance: the report of a period for an auditor. */
#include "desk/compliance.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/file.h"
#include "cli/cli.h"
#include "store/store.h"

#include <unistd.h>

enum { OUT_MAX = 1024 * 1024 * 1024, WITNESS_MAX = 256 * 1024 * 1024 };

struct work {
    struct cli *c;
    struct compliance report;
    struct buf out;
    struct str sha256;
};

/* A day ("2026-11-01") or RFC 3339; the last day counts to its end. */
static bool read_time(struct cli *c, const char *option, int64_t *out)
{
    struct str text = cli_value(c, option);
    bool is_end = strcmp(option, "--to") == 0;

    if (text.p && clock_parse(text, out))
        return true;
    if (!text.p || text.n != 10 || !clock_parse(str_printf(c->a, "%.*sT00:00:00Z", STR_ARG(text)), out)) {
        cli_usage(c, "%s takes a day such as 2026-11-30", option);
        return false;
    }
    *out += is_end ? US_PER_DAY : 0;
    return true;
}

static bool read_asked(struct work *w)
{
    struct cli *c = w->c;
    struct str format = cli_is_given(c, "--format") ? cli_value(c, "--format") : STR("csv");

    w->report.is_html = str_eq(format, STR("html"));
    if (!w->report.is_html && !str_eq(format, STR("csv")))
        return cli_usage(c, "--format is csv or html"), false;
    if (!cli_is_given(c, "--out"))
        return cli_usage(c, "--out is needed"), false;
    if (!read_time(c, "--from", &w->report.from_us) || !read_time(c, "--to", &w->report.to_us))
        return false;
    if (w->report.from_us >= w->report.to_us)
        return cli_usage(c, "--from lies behind --to"), false;
    return true;
}

static enum rc read_witness(struct work *w, struct err *e)
{
    struct str path = str_printf(w->c->a, "%.*s/audit-head", STR_ARG(w->c->cfg->data_dir));
    enum rc rc = file_read(path.p, WITNESS_MAX, w->c->a, &w->report.witness, e);

    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    w->report.witness = STR("");
    return RC_OK;
}

static enum rc record_run(struct db *db, void *arg, struct err *e)
{
    const struct work *w = arg;

    return compliance_record(db, &cli_console, &w->report, w->sha256, w->c->a, e);
}

static enum rc make(struct work *w, struct err *e)
{
    const char *path = str_z(cli_value(w->c, "--out"), w->c->a);
    struct db *db = NULL;
    enum rc rc;

    if (access(path, F_OK) == 0)
        return err_set(e, RC_CONFLICT, "", "%s exists already", path);
    TRY(read_witness(w, e));
    TRY(store_connect(w->c->store, DB_READ, &db, e));
    rc = compliance_report(db, &w->report, w->c->a, &w->out, e);
    db_close(&db);
    TRY(rc);
    TRY(file_replace(path, buf_view(&w->out), 0600, e));
    w->sha256 = sha256_hex(hash_sha256(buf_view(&w->out)), w->c->a);
    return store_write(w->c->store, record_run, w, e);
}

static int run(struct cli *c)
{
    struct work w = { .c = c, .out = BUF_HEAP(OUT_MAX) };
    struct err e = { 0 };
    enum rc rc;

    if (!str_eq(c->args[0], STR("report")))
        return cli_usage(c, "expected: %s", c->cmd->args);
    if (!read_asked(&w))
        return CLI_USAGE;
    if (cli_store_current(c) != CLI_OK)
        return CLI_FAILED;
    rc = make(&w, &e);
    buf_release(&w.out);
    if (rc != RC_OK)
        return cli_fail(&e);
    printf("%lld entries of the audit log into %.*s, SHA-256 %.*s\n", (long long)w.report.entries,
           STR_ARG(cli_value(c, "--out")), STR_ARG(w.sha256));
    if (!w.report.is_whole)
        fprintf(stderr, "server: the audit chain is not whole, see: server audit verify\n");
    return w.report.is_whole ? CLI_OK : CLI_FAILED;
}

static const struct cli_opt opts[] = {
    { "--from", "DAY", "first day (2026-11-01, UTC)" },
    { "--to", "DAY", "last day" },
    { "--format", "csv|html", "csv: a line for each entry (the default); html: counts and what is read one by one" },
    { "--out", "FILE", "where to; must not exist" },
};

const struct command cmd_compliance = {
    .name = "compliance",
    .args = "report",
    .summary = "Write the compliance report of a period",
    .help = "Who changed what, sign-ins and refused ones, rights, settings, retention runs, legal holds and erasures, from the\n"
            "audit log, with a verdict on its chain (exit code 1 when it is not whole). The report is recorded as evidence\n"
            "with its SHA-256 (docs/compliance.md).",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
