/* server audit: checks, exports and shows the audit log. */
#include "cli/cli.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "desk/audit_json.h"
#include "desk/audit_verify.h"
#include "store/audit.h"
#include "store/migrate.h"
#include "store/store.h"

enum { PAGE = 500, OUT_MAX = 256 * 1024 * 1024, WITNESS_MAX = 256 * 1024 * 1024 };

static void print_verdict(const struct audit_verdict *v)
{
    if (v->finding == AUDIT_WHOLE)
        printf("whole: %lld entries, %lld witnessed heads, %lld with erased details\n",
               (long long)v->checked, (long long)v->witnessed, (long long)v->erased);
    else
        printf("entry %lld: %s (%s)\n", (long long)v->n, audit_finding_words(v->finding),
               audit_finding_name(v->finding));
}

static int print_json(struct cli *c, const struct audit_verdict *v)
{
    struct buf b = BUF_ARENA(c->a, 64 * KIB);
    struct jw w = jw_to(&b);

    audit_verdict_write(&w, v);
    buf_char(&b, '\n');
    return cli_print(buf_view(&b));
}

static enum rc read_witness(struct cli *c, struct str *out, struct err *e)
{
    struct str path = cli_value(c, "--witness");
    enum rc rc;

    if (!path.p)
        path = str_printf(c->a, "%.*s/audit-head", STR_ARG(c->cfg->data_dir));
    rc = file_read(str_z(path, c->a), WITNESS_MAX, c->a, out, e);
    if (rc != RC_NOT_FOUND || cli_is_given(c, "--witness"))
        return rc;
    fprintf(stderr, "warning: there is no witness file %.*s: a cut end cannot be seen\n",
            STR_ARG(path));
    err_clear(e);
    *out = STR("");
    return RC_OK;
}

static int verify(struct cli *c, struct db *db)
{
    struct audit_verdict v;
    struct err e = { 0 };
    struct str witness;
    int status;

    if (read_witness(c, &witness, &e) != RC_OK || audit_verify(db, witness, c->a, &v, &e) != RC_OK)
        return cli_fail(&e);
    if (cli_is_given(c, "--json"))
        status = print_json(c, &v);
    else
        print_verdict(&v), status = CLI_OK;
    return v.finding == AUDIT_WHOLE ? status : CLI_FAILED;
}

static int export(struct cli *c, struct db *db)
{
    struct arena *a CLEAN(arena_clean) = arena_new(2 * (size_t)OUT_MAX);
    struct audit_filter f = { .ascending = true, .has_key = true, .key = INT64_MIN, .limit = PAGE };
    struct audit_row *rows;
    struct err e = { 0 };
    size_t n = 1;

    if (cli_is_given(c, "--after") && !cli_number(c, "--after", 0, INT64_MAX, &f.key))
        return CLI_USAGE;
    while (n > 0) {
        struct buf b = BUF_ARENA(a, OUT_MAX);
        struct jw w = jw_to(&b);

        if (audit_rows_list(db, &f, a, &rows, &n, &e) != RC_OK)
            return cli_fail(&e);
        for (size_t i = 0; i < n; i++) {
            w.comma = false;
            audit_row_write(&w, &rows[i], true);
            buf_char(&b, '\n');
            f.key = rows[i].n;
        }
        if (n > 0 && cli_print(buf_view(&b)) != CLI_OK)
            return CLI_FAILED;
        arena_reset(a);
    }
    return CLI_OK;
}

static int head(struct cli *c, struct db *db)
{
    struct audit_head h;
    struct err e = { 0 };

    if (audit_head_load(db, false, c->a, &h, &e) != RC_OK)
        return cli_fail(&e);
    printf("%lld %.*s\n", (long long)h.n, STR_ARG(h.hash));
    return CLI_OK;
}

static const struct {
    const char *name;
    int (*run)(struct cli *c, struct db *db);
} actions[] = { { "verify", verify }, { "export", export }, { "head", head } };

static int run(struct cli *c)
{
    struct err e = { 0 };
    struct db *db = NULL;
    size_t i = CLI_ACTION(c, actions);
    int status;

    if (i == ARRAY_LEN(actions))
        return CLI_USAGE;
    if (cli_store(c) != CLI_OK)
        return CLI_FAILED;
    if (store_connect(c->store, DB_READ, &db, &e) != RC_OK)
        return cli_fail(&e);
    if (store_migrations_current(db, &e) != RC_OK) {
        db_close(&db);
        return cli_fail(&e);
    }
    status = actions[i].run(c, db);
    db_close(&db);
    return status;
}

static const struct cli_opt opts[] = {
    { "--json", NULL, "verify: print the verdict as JSON" },
    { "--witness", "FILE", "verify: heads written down; DATA_DIR/audit-head unless told" },
    { "--after", "N", "export: only entries behind this one" },
};

const struct command cmd_audit = {
    .name = "audit",
    .args = "verify|export|head",
    .summary = "Check, export or show the head of the audit log",
    .help = "verify reads the whole chain and names the first entry that was altered, removed, "
            "inserted or moved,\n"
            "and whether the end was cut or an older database restored (exit code 1).\n"
            "export prints one JSON object a line. head prints number and hash of the last entry, "
            "to be kept elsewhere.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
