/* server backup: takes full copies, lists, checks and prunes them. */
#include "cli/backup_cli.h"

#include "backup/offsite.h"
#include "backup/ship.h"
#include "backup/shipped.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "desk/audit.h"
#include "desk/blob.h"
#include "store/migrate.h"
#include "store/store.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NICE = 10, IOPRIO_LOWEST = 2 << 13 | 7, SEAL_WAIT_MS = 30000, POLL_US = 50000, FIGURES = 4096 };

/* ── shared ── */

struct str backup_cli_bytes(int64_t n, struct arena *a)
{
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
    double v = (double)n;
    size_t u = 0;

    while (v >= 1024 && u + 1 < ARRAY_LEN(units))
        v /= 1024, u++;
    return str_printf(a, u ? "%.1f %s" : "%.0f %s", v, units[u]);
}

static struct repo_keys secrets_of(const struct cli *c)
{
    return (struct repo_keys){ c->cfg->backup_key, c->cfg->backup_key_former };
}

int backup_cli_begin(struct cli *c, bool make, struct repo *r)
{
    struct err e = { 0 };

    *r = (struct repo){ .lock = -1 };
    if (!c->cfg && cli_config(c) != CLI_OK)
        return CLI_FAILED;
    return repo_open(c->cfg->backup_dir, secrets_of(c), make, c->a, r, &e) == RC_OK ? CLI_OK : cli_fail(&e);
}

const struct pgbackrest *backup_cli_pg(struct cli *c)
{
    struct pgbackrest *p;

    if (str_starts(c->cfg->database_url, STR("sqlite:")))
        return NULL;
    p = ARENA_NEW(c->a, struct pgbackrest);
    *p = (struct pgbackrest){ c->cfg->backup_pg_stanza, c->cfg->backup_pg_config };
    return p;
}

struct record {
    struct cli *c;
    const struct evidence *ev;
};

static enum rc record_run(struct db *db, void *arg, struct err *e)
{
    struct record *r = arg;

    return evidence_add(db, &cli_console, r->ev, r->c->a, e);
}

void backup_cli_record(struct cli *c, const struct evidence *ev)
{
    struct record r = { c, ev };
    struct err e = { 0 };

    if (c->store && store_write(c->store, record_run, &r, &e) != RC_OK)
        fprintf(stderr, "warning: what was done could not be recorded: %s\n", e.detail);
}

/* Others come first: this may take its time. */
static void be_modest(void)
{
    setpriority(PRIO_PROCESS, 0, NICE);
    syscall(SYS_ioprio_set, 1, 0, IOPRIO_LOWEST);
}

/* ── create ── */

struct start {
    struct cli *c;
    bool full;
};

/* Who took copies of all data is worth an entry of the log; and the write makes sure that the place
 * of the copy in the write-ahead log has a name. */
static enum rc note_start(struct db *db, void *arg, struct err *e)
{
    struct start *s = arg;
    const struct audit_entry entry = { .action = "backup.start", .object = "backup",
                                       .details = s->full ? STR("{\"kind\":\"full\"}")
                                                          : STR("{\"kind\":\"incremental\"}") };

    return audit_add(db, &cli_console, &entry, s->c->a, e);
}

static enum rc schema_of(struct cli *c, int64_t *out, struct err *e)
{
    struct migration_state *v;
    size_t n;

    TRY(store_migrate_status(c->store, &(struct migrate_opts){ 0 }, c->a, &v, &n, e));
    *out = 0;
    for (size_t i = 0; i < n; i++)
        if (v[i].applied_us && v[i].version > *out)
            *out = v[i].version;
    return RC_OK;
}

static struct str configuration(struct cli *c)
{
    struct buf b = BUF_ARENA(c->a, MIB);

    config_print(c->cfg, &b);
    return buf_view(&b);
}

static enum rc take(struct cli *c, struct repo *r, bool is_step, struct manifest *m, struct err *e)
{
    struct start s = { c, !is_step };
    struct db *db CLEAN(db_close) = NULL;
    struct backup_from from = {
        .data_dir = str_z(c->cfg->data_dir, c->a),
        .configuration = configuration(c),
        .pg = backup_cli_pg(c),
        .is_step = is_step,
    };
    struct err full = { 0 };

    if (from.pg) {
        TRY(store_connect(c->store, DB_READ, &db, e));
        from.db = db;
    } else {
        from.database = str_z(store_path(c->store), c->a);
    }

    TRY(repo_lock(r, true, e));
    TRY(schema_of(c, &from.schema, e));
    if (store_write(c->store, note_start, &s, &full) != RC_OK)
        fprintf(stderr, "warning: the backup's start could not be noted: %s\n", full.detail);
    return backup_take(r, &from, c->a, m, e);
}

static struct str figures_of(struct cli *c, const struct manifest *m)
{
    struct buf b = BUF_ARENA(c->a, FIGURES);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_kv_text(&w, "id", m->id);
    if (m->label.n)
        jw_kv_text(&w, "label", m->label);
    jw_kv_int(&w, "database_bytes", m->database_bytes);
    jw_kv_int(&w, "new_bytes", m->new_bytes);
    jw_kv_int(&w, "attachments", m->attachments);
    jw_kv_int(&w, "missing_attachments", m->missing);
    jw_kv_int(&w, "took_ms", m->took_us / US_PER_MS);
    jw_kv_bool(&w, "encrypted", m->key_id.n > 0);
    for (size_t i = 0; i < m->n_files; i++)
        if (str_eq(m->files[i].name, STR("configuration.box")))
            jw_kv_int(&w, "configuration_bytes", m->files[i].size);
    jw_obj_end(&w);
    return buf_view(&b);
}

static int tell_taken(struct cli *c, const struct manifest *m)
{
    printf("backup %.*s%s: database %.*s, %lld attachments, %.*s written, %.1f s%s\n", STR_ARG(m->id),
           m->is_step ? " (differential)" : "", STR_ARG(backup_cli_bytes(m->database_bytes, c->a)), (long long)m->attachments,
           STR_ARG(backup_cli_bytes(m->new_bytes, c->a)), (double)m->took_us / 1e6,
           m->key_id.n ? ", encrypted" : "");
    if (m->missing)
        fprintf(stderr, "warning: %lld attachments are missing in DATA_DIR and in the backup\n",
                (long long)m->missing);
    return CLI_OK;
}

static struct backup_keep keep_of(struct cli *c)
{
    return (struct backup_keep){ c->cfg->backup_keep_daily, c->cfg->backup_keep_weekly,
                                 c->cfg->backup_keep_monthly, backup_cli_pg(c) };
}

static int send_offsite(struct cli *c)
{
    struct offsite_sent sent;
    struct err e = { 0 };
    enum rc rc;

    if (c->cfg->backup_offsite.n == 0 || cli_is_given(c, "--no-offsite"))
        return CLI_OK;
    rc = offsite_send(c->cfg->backup_dir, c->cfg->backup_offsite, c->cfg->backup_offsite_password, c->a,
                      &sent, &e);
    backup_cli_record(c, &(struct evidence){ .kind = "backup.offsite", .ok = rc == RC_OK,
                                             .summary = rc == RC_OK ? STR("sent") : str_of(e.detail),
                                             .figures = sent.figures });
    if (rc != RC_OK)
        return cli_fail(&e);
    printf("sent off-site in %.1f s\n", (double)sent.took_us / 1e6);
    return CLI_OK;
}

/* A full copy, or of PostgreSQL a step on one. */
static int create_copy(struct cli *c, struct repo *r, bool is_step)
{
    const char *kind = is_step ? "backup.incremental" : "backup.full";
    struct backup_keep keep = keep_of(c);
    struct backup_pruned pruned;
    struct manifest m;
    struct err e = { 0 };

    if (take(c, r, is_step, &m, &e) != RC_OK) {
        if (strcmp(e.code, "backup_running") == 0)
            return cli_fail(&e);
        backup_cli_record(c, &(struct evidence){ .kind = kind, .summary = str_of(e.detail) });
        return cli_fail(&e);
    }
    backup_cli_record(c, &(struct evidence){ .kind = kind, .ok = m.missing == 0,
                                             .summary = m.id, .figures = figures_of(c, &m) });
    tell_taken(c, &m);
    if (backup_prune(r, &keep, false, c->a, &pruned, &e) != RC_OK)
        return cli_fail(&e);
    return m.missing ? CLI_FAILED : CLI_OK;
}

/* ── incremental: finishes a segment of the shipped log ── */

static bool somebody_ships(struct cli *c)
{
    int fd CLEAN(fd_close) =
        open(str_printf(c->a, "%.*s/wal/lock", STR_ARG(c->cfg->backup_dir)).p, O_RDWR | O_CLOEXEC);

    return fd >= 0 && lockf(fd, F_TEST, 0) != 0;
}

/* The server at work does it: within its next round. */
static enum rc ask_to_seal(struct cli *c, const struct repo *r, struct err *e)
{
    const char *path = str_printf(c->a, "%s/wal/seal", r->dir).p;
    int64_t until = clock_mono_us() + SEAL_WAIT_MS * US_PER_MS;

    TRY(file_replace(path, STR(""), 0600, e));
    while (access(path, F_OK) == 0) {
        if (clock_mono_us() > until)
            return err_set(e, RC_TIMEOUT, "backup_ship",
                           "the running server does not finish its segment: see its log");
        usleep(POLL_US);
    }
    return RC_OK;
}

static enum rc seal_myself(struct cli *c, struct err *e)
{
    struct blobs *blobs = NULL;
    struct ship *ship = NULL;
    struct ship_opts o = { .store = c->store, .backup_dir = c->cfg->backup_dir,
                           .keys = secrets_of(c), .data_dir = c->cfg->data_dir,
                           .every_s = 1, .seal_s = INT32_MAX };
    struct ship_stats st;
    enum rc rc;

    TRY(blobs_open(str_printf(c->a, "%.*s/attachments", STR_ARG(c->cfg->data_dir)), &blobs, e));
    o.blobs = blobs;
    rc = ship_start(&o, &ship, e);
    if (rc == RC_OK) {
        ship_detach(ship);
        ship_finish(ship, &st);
        ship_stop(&ship);
        if (st.failures)
            rc = err_set(e, RC_FAIL, "backup_ship", "the log could not be shipped: see above");
    }
    blobs_close(&blobs);
    return rc;
}

static int create_incremental(struct cli *c, struct repo *r)
{
    struct start s = { c, false };
    struct err e = { 0 };
    enum rc rc = store_write(c->store, note_start, &s, &e);

    if (rc == RC_OK)
        rc = somebody_ships(c) ? ask_to_seal(c, r, &e) : seal_myself(c, &e);
    backup_cli_record(c, &(struct evidence){ .kind = "backup.incremental", .ok = rc == RC_OK,
                                             .summary = rc == RC_OK ? STR("done") : str_of(e.detail) });
    if (rc != RC_OK)
        return cli_fail(&e);
    printf("the changes are in %s/wal\n", r->dir);
    return CLI_OK;
}

static int create(struct cli *c, struct repo *r)
{
    bool is_step;
    int status;

    be_modest();
    log_init(LOG_WARN, LOG_READABLE, STDERR_FILENO);
    if (cli_store(c) != CLI_OK || backup_cli_begin(c, true, r) != CLI_OK)
        return CLI_FAILED;
    is_step = cli_is_given(c, "--incremental");
    status = is_step && !backup_cli_pg(c) ? create_incremental(c, r) : create_copy(c, r, is_step);
    return status == CLI_OK ? send_offsite(c) : status;
}

/* ── list ── */

static const char *const states[] = { [SET_GOOD] = "good", [SET_UNFINISHED] = "unfinished",
                                      [SET_DAMAGED] = "damaged", [SET_FOREIGN] = "unusable" };

static void list_row(struct jw *w, const struct set *s)
{
    jw_obj(w);
    jw_kv_text(w, "id", s->id);
    jw_kv_text(w, "state", str_of(states[s->state]));
    jw_kv_text(w, "why", str_of(s->why));
    jw_kv_time(w, "at", s->m.at_us);
    jw_kv_int(w, "database_bytes", s->m.database_bytes);
    jw_kv_int(w, "new_bytes", s->m.new_bytes);
    jw_kv_int(w, "attachments", s->m.attachments);
    jw_kv_text(w, "version", s->m.product.p ? s->m.product : STR(""));
    jw_kv_bool(w, "encrypted", s->m.key_id.n > 0);
    if (s->m.label.p && s->m.label.n) {
        jw_kv_text(w, "label", s->m.label);
        jw_kv_bool(w, "differential", s->m.is_step);
    }
    jw_obj_end(w);
}

static int list_json(struct cli *c, const struct set *v, size_t n, const struct segment *seg, size_t n_seg)
{
    struct buf b = BUF_ARENA(c->a, 16 * MIB);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_key(&w, "sets");
    jw_arr(&w);
    for (size_t i = 0; i < n; i++)
        list_row(&w, &v[i]);
    jw_arr_end(&w);
    jw_kv_int(&w, "segments", (int64_t)n_seg);
    jw_kv_time(&w, "log_from", n_seg ? seg[0].from_us : 0);
    jw_kv_time(&w, "log_to", shipped_until(seg, n_seg));
    jw_obj_end(&w);
    buf_char(&b, '\n');
    return cli_print(buf_view(&b));
}

static void print_window(const struct segment *seg, size_t n)
{
    char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];

    if (n == 0) {
        printf("no shipped log: only the times above can be restored\n");
        return;
    }
    clock_format(seg[0].from_us, from);
    clock_format(shipped_until(seg, n), to);
    printf("shipped log: %s to %s, %zu segments\n", from, to, n);
}

/* What pgBackRest lost is as good as damaged. */
static int mark_lost(struct cli *c, struct set *v, size_t n, struct pg_info *info)
{
    const struct pgbackrest *pg = backup_cli_pg(c);
    struct err e = { 0 };

    if (!pg)
        return CLI_OK;
    if (pgbackrest_info(pg, c->a, info, &e) != RC_OK)
        return cli_fail(&e);
    for (size_t i = 0; i < n; i++) {
        if (v[i].state != SET_GOOD || !v[i].m.label.n || pg_info_find(info, v[i].m.label))
            continue;
        v[i].state = SET_DAMAGED;
        snprintf(v[i].why, sizeof(v[i].why), "pgBackRest has no backup %.*s any more", STR_ARG(v[i].m.label));
    }
    return CLI_OK;
}

static void print_archive(const struct pg_info *info)
{
    if (info->wal_to.n)
        printf("archived log: segments %.*s to %.*s\n", STR_ARG(info->wal_from), STR_ARG(info->wal_to));
    else
        printf("no archived log: only the times above can be restored\n");
}

static int list(struct cli *c, struct repo *r)
{
    struct pg_info info = { 0 };
    struct segment *seg;
    struct err e = { 0 };
    struct set *v;
    size_t n, n_seg;

    if (backup_cli_begin(c, false, r) != CLI_OK)
        return CLI_FAILED;
    if (repo_sets(r, c->a, &v, &n, &e) != RC_OK || shipped_list(r, c->a, &seg, &n_seg, &e) != RC_OK)
        return cli_fail(&e);
    if (mark_lost(c, v, n, &info) != CLI_OK)
        return CLI_FAILED;
    if (cli_is_given(c, "--json"))
        return list_json(c, v, n, seg, n_seg);
    for (size_t i = 0; i < n; i++)
        printf("%-26.*s %-10s %12.*s %8lld attachments  %s%s\n", STR_ARG(v[i].id), states[v[i].state],
               STR_ARG(backup_cli_bytes(v[i].m.database_bytes, c->a)), (long long)v[i].m.attachments,
               v[i].m.is_step ? "differential " : "", v[i].why);
    if (n == 0)
        printf("no backup yet\n");
    if (backup_cli_pg(c))
        print_archive(&info);
    else
        print_window(seg, n_seg);
    return CLI_OK;
}

/* ── verify ── */

static enum rc verify_log(struct cli *c, const struct repo *r, struct err *e)
{
    const struct pgbackrest *pg = backup_cli_pg(c);
    struct segment *seg;
    struct shipped_end end;
    size_t n;

    if (pg) {
        TRY(pgbackrest_verify(pg, c->a, e));
        printf("pgBackRest: every file of its backups and of the archived log is whole\n");
        return RC_OK;
    }
    TRY(shipped_list(r, c->a, &seg, &n, e));
    for (size_t i = 0; i < n; i++)
        while (shipped_look(r, &seg[i], &end, e) != RC_OK) {
            if (e->rc != RC_NOT_FOUND)
                return e->rc;
            TRY(shipped_again(r, c->a, &seg, &n, &i, e));
        }
    printf("shipped log: %zu segments are whole\n", n);
    return RC_OK;
}

static enum rc verify_sets(struct cli *c, const struct repo *r, int64_t *bad, struct err *e)
{
    bool one = c->n_args > 1;
    struct backup_verdict verdict;
    struct set *v, chosen;
    size_t n = 1;

    if (one) {
        TRY(repo_choose(r, c->args[1], 0, c->a, &chosen, e));
        v = &chosen;
    } else {
        TRY(repo_sets(r, c->a, &v, &n, e));
    }
    for (size_t i = 0; i < n; i++) {
        struct err why = { 0 };

        if (backup_verify(r, backup_cli_pg(c), &v[i], c->a, &verdict, &why) != RC_OK) {
            fprintf(stderr, "%s\n", why.detail);
            *bad += v[i].state != SET_UNFINISHED;
            continue;
        }
        printf("backup %.*s: whole, %lld files, %lld attachments\n", STR_ARG(v[i].id),
               (long long)verdict.files, (long long)verdict.attachments);
    }
    if (n == 0)
        return err_set(e, RC_NOT_FOUND, "backup_none", "there is no backup yet");
    return RC_OK;
}

static int verify(struct cli *c, struct repo *r)
{
    struct err e = { 0 };
    int64_t bad = 0;
    enum rc rc;

    if (cli_store(c) != CLI_OK || backup_cli_begin(c, false, r) != CLI_OK)
        return CLI_FAILED;
    if (repo_lock(r, false, &e) != RC_OK)
        return cli_fail(&e);
    rc = verify_sets(c, r, &bad, &e);
    if (rc == RC_OK)
        rc = verify_log(c, r, &e);
    backup_cli_record(c, &(struct evidence){ .kind = "backup.verify", .ok = rc == RC_OK && bad == 0,
                                             .summary = rc != RC_OK ? str_of(e.detail)
                                                        : bad       ? STR("damaged sets")
                                                                    : STR("all whole") });
    if (rc != RC_OK)
        return cli_fail(&e);
    return bad ? CLI_FAILED : CLI_OK;
}

/* ── prune ── */

static int prune(struct cli *c, struct repo *r)
{
    struct backup_keep keep;
    struct backup_pruned p;
    struct err e = { 0 };
    bool dry = cli_is_given(c, "--dry-run");

    if (backup_cli_begin(c, false, r) != CLI_OK)
        return CLI_FAILED;
    keep = keep_of(c);
    if (repo_lock(r, true, &e) != RC_OK || backup_prune(r, &keep, dry, c->a, &p, &e) != RC_OK)
        return cli_fail(&e);
    printf("%s%lld sets, %lld segments, %lld attachments; %lld sets are kept\n",
           dry ? "would remove " : "removed ", (long long)p.sets, (long long)p.segments,
           (long long)p.files, (long long)p.kept);
    return CLI_OK;
}

static const struct {
    const char *name;
    int (*run)(struct cli *c, struct repo *r);
} actions[] = { { "create", create }, { "list", list }, { "verify", verify }, { "prune", prune },
                { "keys", backup_cli_keys } };

static int run(struct cli *c)
{
    struct repo r = { .lock = -1 };
    size_t i = c->n_args ? CLI_ACTION(c, actions) : 0;
    int status;

    if (i == ARRAY_LEN(actions))
        return CLI_USAGE;
    status = actions[i].run(c, &r);
    repo_close(&r);
    return status;
}

static const struct cli_opt opts[] = {
    { "--incremental", NULL, "create: only finish what was shipped of the log; PostgreSQL: a differential copy" },
    { "--no-offsite", NULL, "create: do not send to BACKUP_OFFSITE" },
    { "--json", NULL, "list, keys: as JSON" },
    { "--dry-run", NULL, "prune: only tell" },
};

const struct command cmd_backup = {
    .name = "backup",
    .args = "[create|list|verify|prune|keys] [ID]",
    .summary = "Take, list, check and prune backups",
    .help = "create (what it does without a word) takes a full copy into BACKUP_DIR while the server "
            "writes, prunes\n"
            "what BACKUP_KEEP_… no longer keeps, and sends all to BACKUP_OFFSITE. list shows what there "
            "is. verify reads\n"
            "everything, or the set ID, and names what is damaged (exit code 1). keys tells how much hangs on BACKUP_KEY and\n"
            "each of BACKUP_KEY_FORMER (exit code 1 when a copy opens with none). docs/disaster-recovery.md",
    .opts = opts,
    .n_opts = ARRAY_LEN(opts),
    .max_args = 2,
    .run = run,
};
