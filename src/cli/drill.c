/* server drill: restores the newest backup into a scratch folder and tries it. */
#include "backup/drill.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/rand.h"
#include "cli/backup_cli.h"

#include <signal.h>

enum { FIGURES = 8 * 1024, SECRETS_MAX = 32 };

static struct str figures_of(struct cli *c, const struct drilled *d)
{
    struct buf b = BUF_ARENA(c->a, FIGURES);
    struct jw w = jw_to(&b);
    int64_t bytes = d->restored.database_bytes + d->restored.attachment_bytes;

    jw_obj(&w);
    jw_kv_text(&w, "backup", d->restored.set.p ? d->restored.set : STR(""));
    jw_key(&w, "rto_s");
    jw_milli(&w, d->rto_us / US_PER_MS);
    jw_key(&w, "rpo_s");
    jw_milli(&w, d->rpo_us / US_PER_MS);
    jw_key(&w, "rto_s_per_gib");
    jw_milli(&w, bytes ? (int64_t)((double)d->rto_us / 1e3 * (double)GIB / (double)bytes) : 0);
    jw_key(&w, "start_s");
    jw_milli(&w, d->start_us / US_PER_MS);
    jw_key(&w, "restore_s");
    jw_milli(&w, d->restored.took_us / US_PER_MS);
    jw_key(&w, "checks_s");
    jw_milli(&w, d->restored.checks_us / US_PER_MS);
    jw_kv_int(&w, "bytes", bytes);
    jw_kv_int(&w, "attachments", d->restored.attachments);
    jw_kv_int(&w, "audit_entries", d->restored.audit_entries);
    jw_kv_bool(&w, "shipped_log", d->restored.has_log);
    jw_kv_text(&w, "failed_at", str_of(d->failed_at ? d->failed_at : ""));
    jw_obj_end(&w);
    return buf_view(&b);
}

static void tell(struct cli *c, const struct drilled *d, struct str figures)
{
    if (cli_is_given(c, "--json")) {
        (void)!cli_print(str_printf(c->a, "%.*s\n", STR_ARG(figures)));
        return;
    }
    printf("backup %.*s restored, checked and tried: logged in, searched, wrote\n"
           "working again after %.1f s (server ready after %.2f s of these), at most %.1f s of work lost\n",
           STR_ARG(d->restored.set), (double)d->rto_us / 1e6, (double)d->start_us / 1e6,
           (double)d->rpo_us / 1e6);
}

static int drill(struct cli *c, struct repo *r)
{
    struct drill_opts o = { .r = r, .set = c->n_args ? c->args[0] : STR(""),
                            .database = "ticketing.db", .pg = backup_cli_pg(c),
                            .pg_bin = c->cfg->backup_pg_bin, .pg_url = c->cfg->database_url,
                            .live = c->store };
    const char *secrets[SECRETS_MAX];
    struct drilled d = { 0 };
    struct err e = { 0 };
    struct str figures;
    enum rc rc;

    o.scratch = cli_is_given(c, "--scratch")
                    ? str_z(cli_value(c, "--scratch"), c->a)
                    : str_printf(c->a, "%.*s/drill-%.*s", STR_ARG(c->cfg->data_dir),
                                 STR_ARG(rand_token(6, c->a))).p;
    o.n_secrets = config_secrets(c->cfg, c->a, secrets, SECRETS_MAX);
    o.secrets = secrets;
    rc = repo_lock(r, false, &e);
    if (rc != RC_OK)
        return cli_fail(&e);
    rc = drill_run(&o, c->a, &d, &e);
    figures = figures_of(c, &d);
    backup_cli_record(c, &(struct evidence){ .kind = "drill", .ok = rc == RC_OK,
                                             .summary = rc == RC_OK
                                                            ? STR("restored, checked, logged in, searched, wrote")
                                                            : str_printf(c->a, "%s: %s", d.failed_at, e.detail),
                                             .figures = figures });
    if (rc != RC_OK) {
        fprintf(stderr, "the drill failed at: %s\n", d.failed_at ? d.failed_at : "begin");
        return cli_fail(&e);
    }
    tell(c, &d, figures);
    return CLI_OK;
}

static int run(struct cli *c)
{
    struct repo r = { .lock = -1 };
    int status;

    signal(SIGPIPE, SIG_IGN); /* a server that dies under a request is a finding */
    if (cli_store(c) != CLI_OK || backup_cli_begin(c, false, &r) != CLI_OK)
        return CLI_FAILED;
    status = drill(c, &r);
    repo_close(&r);
    return status;
}

static const struct cli_opt opts[] = {
    { "--scratch", "DIR", "folder to make and remove again; without: in DATA_DIR" },
    { "--json", NULL, "print the figures as JSON" },
};

const struct command cmd_drill = {
    .name = "drill",
    .args = "[ID]",
    .summary = "Restore the newest backup and prove that it works",
    .help = "Restores into a scratch folder, checks pages, references, attachments and the audit log, starts "
            "this program\n"
            "on the copy, logs in, searches and writes there. Measures how long that took and how much work "
            "would have\n"
            "been lost, records it (server checklist, metrics), and removes the copy. Exit code 1 names the "
            "step that failed.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .max_args = 1,
    .run = run,
};
