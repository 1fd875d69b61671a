/* server person: what the law gives a person: a copy of the data, and erasure. */
#include "cli/cli.h"

#include "base/arena.h"
#include "base/clock.h"
#include "cli/erased.h"
#include "cli/person_export.h"
#include "desk/erase.h"
#include "store/store.h"
#include "store/users.h"
#include "web/app.h"

enum { TOLD_MAX = 16 * 1024 };

struct work {
    struct cli *c;
    struct arena *a; /* of one try */
    struct auth *au;
    struct erase_ask ask;
    struct erased out;
    char name[512];
};

static enum rc erase_run(struct db *db, void *arg, struct err *e)
{
    struct work *w = arg;
    const struct account c = { w->au, db, &cli_console, w->a, clock_now_us() };
    bool is_dry = cli_is_given(w->c, "--dry-run");
    struct user_row u;
    enum rc rc;

    arena_reset(w->a);
    rc = users_load(db, w->ask.user_id, w->a, &u, e);
    if (rc == RC_NOT_FOUND)
        return err_set(e, RC_NOT_FOUND, "", "there is no person %lld", (long long)w->ask.user_id);
    TRY(rc);
    snprintf(w->name, sizeof(w->name), "%.*s", STR_ARG(u.name));
    w->ask.confirm = is_dry ? u.name : cli_value(w->c, "--confirm");
    TRY(person_erase(&c, &w->ask, &w->out, e));
    /* The real thing, taken back: its figures are exact. */
    return is_dry ? err_set(e, RC_CONFLICT, "dry_run", "nothing was changed") : RC_OK;
}

static int tell(struct cli *c, const struct work *w)
{
    struct buf b = BUF_ARENA(c->a, TOLD_MAX);
    struct jw jw = jw_to(&b);
    const struct erased *x = &w->out;

    if (cli_is_given(c, "--json")) {
        erased_write(&jw, x);
        buf_char(&b, '\n');
        return cli_print(buf_view(&b));
    }
    printf("%s %s (person %lld)\n", cli_is_given(c, "--dry-run") ? "would erase" : "erased", w->name,
           (long long)w->ask.user_id);
    printf("  people merged into one %lld, addresses and numbers %lld, sender fields %lld\n",
           (long long)x->people, (long long)x->addresses, (long long)x->senders);
    printf("  events %lld, details of audit entries %lld, search documents of %lld, attachments %lld\n",
           (long long)x->events, (long long)x->audit_details, (long long)x->documents,
           (long long)x->attachments);
    if (!x->attachments && !w->ask.attachments)
        printf("  words of messages and files stay; --attachments takes the files too\n");
    return CLI_OK;
}

static int erase(struct cli *c, struct work *w)
{
    struct err e = { 0 };
    bool is_dry = cli_is_given(c, "--dry-run");
    enum rc rc;

    if (!is_dry && !cli_is_given(c, "--confirm"))
        return cli_usage(c, "erase needs --confirm \"the person's name\", or --dry-run");
    w->ask.attachments = cli_is_given(c, "--attachments");
    rc = store_write(c->store, erase_run, w, &e);
    if (rc != RC_OK && !(is_dry && strcmp(e.code, "dry_run") == 0))
        return cli_fail(&e);
    err_clear(&e);
    if (!is_dry && erased_note(c, &e) != RC_OK)
        return cli_fail(&e);
    return tell(c, w);
}

static int run(struct cli *c)
{
    struct arena *a CLEAN(arena_clean) = arena_new(ERASE_ARENA_MAX);
    struct work w = { .c = c, .a = a };
    struct err e = { 0 };
    bool is_export = str_eq(c->args[0], STR("export"));
    int status;

    if ((!is_export && !str_eq(c->args[0], STR("erase"))) || !str_i64(c->args[1], 1, INT64_MAX, &w.ask.user_id))
        return cli_usage(c, "expected: %s", c->cmd->args);
    if (cli_store_current(c) != CLI_OK)
        return CLI_FAILED;
    if (is_export)
        return person_export(c, w.ask.user_id, &cli_console);
    if (app_auth(c->cfg, &w.au, &e) != RC_OK)
        return cli_fail(&e);
    status = erase(c, &w);
    auth_close(&w.au);
    return status;
}

static const struct cli_opt opts[] = {
    { "--out", "DIR", "export: the folder to make" },
    { "--dry-run", NULL, "erase: only tell what would be erased" },
    { "--confirm", "NAME", "erase: the name of the person, as it stands" },
    { "--attachments", NULL, "erase: also the files at messages that the person wrote" },
    { "--json", NULL, "erase: print the figures as JSON" },
};

const struct command cmd_person = {
    .name = "person",
    .args = "export|erase ID",
    .summary = "Export what is known about a person, or erase him",
    .help = "export writes data.json and attachments/: profile, sessions, own tickets as a customer sees them, own\n"
            "actions; nothing about others. erase takes name, addresses, notes, custom fields, password, second step,\n"
            "tokens, sessions, drafts, the person's name in history, sender fields, search and details of the audit log\n"
            "away. Words of messages stay: redact those that name somebody. A legal hold refuses it. DATA_DIR/erasures and BACKUP_DIR/erasures remember the id, so that\n"
            "server restore and serve erase again what an older copy brings back (docs/compliance.md).",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
