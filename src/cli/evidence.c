/* server evidence: records that something was tried, for the scripts in deploy/, and shows what was recorded. */
#include "cli/cli.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "desk/evidence.h"
#include "store/migrate.h"
#include "store/store.h"

enum { KIND_MAX = 64, LIST_MAX = 1000, LIST_DEFAULT = 20 };

struct adding {
    struct cli *c;
    struct evidence ev;
};

static enum rc add_run(struct db *db, void *arg, struct err *e)
{
    const struct adding *w = arg;

    return evidence_add(db, &cli_console, &w->ev, w->c->a, e);
}

/* Words of small letters with dots; what people sign is signed with server checklist sign. */
static bool is_kind(struct str kind)
{
    for (size_t i = 0; i < kind.n; i++) {
        if (!(kind.p[i] >= 'a' && kind.p[i] <= 'z') && (kind.p[i] != '.' || i == 0 || i + 1 == kind.n))
            return false;
    }
    return kind.n > 0 && kind.n <= KIND_MAX && !str_starts(kind, STR("sign."));
}

static bool are_figures(struct str text)
{
    json_t *v CLEAN(json_clean) = NULL;
    struct err e = { 0 };

    return text.n <= EVIDENCE_FIGURES_MAX && json_read(text, &v, &e) == RC_OK && json_is_object(v);
}

static int add(struct cli *c)
{
    struct adding w = { c, { .ok = cli_is_given(c, "--ok"), .summary = cli_value(c, "--summary"),
                             .figures = cli_value(c, "--figures") } };
    struct err e = { 0 };

    if (c->n_args != 2 || !is_kind(c->args[1]))
        return cli_usage(c, "add takes a kind such as rollback or restore.rehearsal");
    if (cli_is_given(c, "--ok") == cli_is_given(c, "--failed") || !cli_is_given(c, "--summary"))
        return cli_usage(c, "add takes either --ok or --failed, and --summary TEXT");
    if (cli_is_given(c, "--figures") && !are_figures(w.ev.figures))
        return cli_usage(c, "--figures takes a JSON object");
    w.ev.kind = str_z(c->args[1], c->a);
    if (cli_store_current(c) != CLI_OK)
        return CLI_FAILED;
    if (store_write(c->store, add_run, &w, &e) != RC_OK)
        return cli_fail(&e);
    printf("recorded: %s\n", w.ev.kind);
    return CLI_OK;
}

static void print_row(const struct evidence_row *row)
{
    char when[CLOCK_TEXT_MAX];

    clock_format(row->at_us, when);
    printf("%s %-6s %-20.*s %-8.*s %.*s %.*s\n", when, row->ok ? "ok" : "FAILED",
           STR_ARG(row->kind), STR_ARG(row->version), STR_ARG(row->summary), STR_ARG(row->figures));
}

static int list(struct cli *c)
{
    struct evidence_filter f = { .kind = c->n_args == 2 ? c->args[1] : STR(""),
                                 .limit = LIST_DEFAULT };
    struct evidence_row *rows;
    struct db *db = NULL;
    struct err e = { 0 };
    size_t n = 0;
    enum rc rc;

    if (cli_is_given(c, "--limit") && !cli_number(c, "--limit", 1, LIST_MAX, &f.limit))
        return CLI_USAGE;
    if (cli_store(c) != CLI_OK)
        return CLI_FAILED;
    rc = store_connect(c->store, DB_READ, &db, &e);
    if (rc == RC_OK)
        rc = store_migrations_current(db, &e);
    if (rc == RC_OK)
        rc = evidence_rows_list(db, &f, c->a, &rows, &n, &e);
    for (size_t i = 0; i < n; i++)
        print_row(&rows[i]);
    db_close(&db);
    return rc == RC_OK ? CLI_OK : cli_fail(&e);
}

static int run(struct cli *c)
{
    if (str_eq(c->args[0], STR("add")))
        return add(c);
    if (str_eq(c->args[0], STR("list")))
        return list(c);
    return cli_usage(c, "expected: %s", c->cmd->args);
}

static const struct cli_opt opts[] = {
    { "--ok", NULL, "add: it worked" },
    { "--failed", NULL, "add: it did not" },
    { "--summary", "TEXT", "add: one line that says what was tried and seen" },
    { "--figures", "JSON", "add: an object with what was measured" },
    { "--limit", "N", "list: so many, 20 unless told" },
};

const struct command cmd_evidence = {
    .name = "evidence",
    .args = "add KIND|list [KIND]",
    .summary = "Record that something was tried, or show what was recorded",
    .help = "server checklist judges by it: deploy/rollback --rehearse adds rollback. Each record "
            "has its entry in the\naudit log. list prints the newest first.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .min_args = 1,
    .max_args = 2,
    .run = run,
};
