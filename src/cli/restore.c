/* server restore: a backup, up to any second, into a folder of its own. */
#include "backup/restore.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/backup_cli.h"
#include "cli/erased.h"
#include "store/store.h"

enum { TOLD_MAX = 64 * 1024 };

static const char *database_name(const struct cli *c)
{
    struct str url = c->cfg->database_url;
    size_t at = url.n;

    while (at > 0 && url.p[at - 1] != '/')
        at--;
    return str_z(str_sub(url, at, url.n), c->a);
}

/* RFC 3339, or seconds since 1970. */
static bool read_time(struct cli *c, int64_t *out)
{
    struct str text = cli_value(c, "--at");

    if (clock_parse(text, out))
        return true;
    if (!str_i64(text, 1, INT32_MAX, out))
        return false;
    *out *= US_PER_S;
    return true;
}

static struct str figures_of(struct cli *c, const struct restored *d, int64_t erased)
{
    struct buf b = BUF_ARENA(c->a, TOLD_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_kv_text(&w, "backup", d->set);
    jw_kv_time(&w, "backup_at", d->set_at_us);
    jw_kv_time(&w, "restored_to", d->at_us);
    jw_kv_bool(&w, "shipped_log", d->has_log);
    jw_kv_int(&w, "database_bytes", d->database_bytes);
    jw_kv_int(&w, "changed_pages", d->changes);
    jw_kv_int(&w, "attachments", d->attachments);
    jw_kv_int(&w, "missing_attachments", d->missing);
    jw_kv_int(&w, "audit_entries", d->audit_entries);
    jw_kv_int(&w, "took_ms", d->took_us / US_PER_MS);
    jw_kv_int(&w, "checks_ms", d->checks_us / US_PER_MS);
    jw_kv_int(&w, "erased_again", erased);
    jw_kv_text(&w, "moved_aside", d->moved_to);
    jw_obj_end(&w);
    return buf_view(&b);
}

static void tell_sqlite(struct cli *c, const struct restore_to *to)
{
    (void)c;
    printf("look at it: READ_ONLY=true DATABASE_URL=sqlite:///%s/%s DATA_DIR=%s SERVER_PORT=8081 "
           "server serve\n",
           to->dir, to->database, to->dir);
}

static void tell_postgres(struct cli *c, const struct restore_to *to)
{
    struct str url = STR("");
    struct err e = { 0 };

    if (store_url_at(to->pg_url, to->dir, c->a, &url, &e) != RC_OK)
        return;
    printf("look at it: pg_ctl -D %s/postgresql -o \"-k %s -c config_file=%s/postgresql.conf -c "
           "hba_file=%s/pg_hba.conf\" start, then\n"
           "  READ_ONLY=true DATABASE_URL='%.*s' DATA_DIR=%s SERVER_PORT=8081 server serve\n",
           to->dir, to->dir, to->dir, to->dir, STR_ARG(url), to->dir);
}

static int tell(struct cli *c, const struct restore_to *to, const struct restored *d, int64_t erased)
{
    char at[CLOCK_TEXT_MAX];

    if (cli_is_given(c, "--json"))
        return cli_print(str_printf(c->a, "%.*s\n", STR_ARG(figures_of(c, d, erased))));
    clock_format(d->at_us, at);
    printf("restored %s from backup %.*s%s into %s in %.1f s\n", at, STR_ARG(d->set),
           d->has_log ? " and the shipped log" : "", to->dir, (double)d->took_us / 1e6);
    printf("checked: pages, references, %lld audit entries, %lld attachments\n",
           (long long)d->audit_entries, (long long)d->attachments);
    if (erased)
        printf("%lld people who were erased since are erased in it, too\n", (long long)erased);
    if (d->moved_to.n)
        printf("what was there before lies in %.*s\n", STR_ARG(d->moved_to));
    if (d->missing)
        printf("%lld attachments were missing already when the backup was made\n", (long long)d->missing);
    if (d->clock_went_back)
        printf("the clock went back in between: this is the first time that it showed this time\n");
    if (d->note[0])
        printf("%s\n", d->note);
    (d->is_postgres ? tell_postgres : tell_sqlite)(c, to);
    return CLI_OK;
}

static bool read_target(struct cli *c, struct restore_to *to)
{
    *to = (struct restore_to){ .set = c->n_args ? c->args[0] : STR(""),
                               .force = cli_is_given(c, "--force"),
                               .database = database_name(c),
                               .trust_attachments = true,
                               .pg = backup_cli_pg(c),
                               .pg_bin = c->cfg->backup_pg_bin,
                               .pg_url = c->cfg->database_url };
    if (cli_is_given(c, "--at") && !read_time(c, &to->until_us)) {
        cli_usage(c, "--at takes a time such as 2026-11-23T18:30:05Z");
        return false;
    }
    to->dir = cli_is_given(c, "--to")
                  ? str_z(cli_value(c, "--to"), c->a)
                  : str_printf(c->a, "%.*s-restored-%.*s", STR_ARG(c->cfg->data_dir),
                               STR_ARG(time_name(clock_now_us(), c->a))).p;
    if (*to->dir && to->dir[strlen(to->dir) - 1] != '/')
        return true;
    cli_usage(c, "--to takes a folder, without a slash at its end");
    return false;
}

struct settling {
    struct cli *c;
    int64_t erased;
};

/* Who was erased since is erased in the copy, before anybody looks at it. */
static enum rc erase_again(void *arg, struct str url, struct err *e)
{
    struct settling *s = arg;
    struct config of_copy = *s->c->cfg;

    of_copy.database_url = url;
    of_copy.backup_ship_s = 0; /* nobody ships the copy's log */
    return erased_apply(s->c, &of_copy, &s->erased, e);
}

static int run(struct cli *c)
{
    struct restore_to to;
    struct restored done;
    struct repo r = { .lock = -1 };
    struct settling settling = { .c = c };
    struct err e = { 0 };
    enum rc rc;

    if (cli_config(c) != CLI_OK)
        return CLI_FAILED;
    if (!read_target(c, &to))
        return CLI_USAGE;
    to.settle = erase_again;
    to.settle_arg = &settling;
    if (cli_is_given(c, "--from"))
        c->cfg->backup_dir = cli_value(c, "--from");
    if (backup_cli_begin(c, false, &r) != CLI_OK)
        return CLI_FAILED;
    rc = repo_lock(&r, false, &e);
    if (rc == RC_OK)
        rc = restore_run(&r, &to, c->a, &done, &e);
    repo_close(&r);
    return rc == RC_OK ? tell(c, &to, &done, settling.erased) : cli_fail(&e);
}

static const struct cli_opt opts[] = {
    { "--at", "TIME", "as it was then (2026-11-23T18:30:05Z); without: as late as possible" },
    { "--to", "DIR", "folder to make; without: DATA_DIR-restored-TIME" },
    { "--from", "DIR", "folder of the backups, instead of BACKUP_DIR" },
    { "--force", NULL, "move an existing folder aside (it is not removed)" },
    { "--json", NULL, "tell what was done as JSON" },
};

const struct command cmd_restore = {
    .name = "restore",
    .args = "[ID]",
    .summary = "Restore a backup into a folder of its own",
    .help = "Takes the newest good backup from before the time asked for (or ID), brings the shipped log "
            "up to that\n"
            "second, checks pages, references, attachments and the audit log, and only then gives the "
            "folder its name.\n"
            "Nothing is overwritten. Needs BACKUP_DIR, and BACKUP_KEY when the backup is encrypted.",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .max_args = 1,
    .run = run,
};
