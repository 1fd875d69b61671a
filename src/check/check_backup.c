/* Lines about what is set for backups; what came of it is in check_evidence.c. */
#include "check/check_priv.h"

#include "store/archive.h"

#include <sys/stat.h>
#include <unistd.h>

enum { DAILY_MIN = 7, LONG_DAYS_MIN = 28 };

static bool is_ours(const struct check_run *r, struct finding *f)
{
    if (!r->cfg->backup_dir.n)
        find_fail(f, "BACKUP_DIR is not set");
    return r->cfg->backup_dir.n > 0;
}

/* A copy on the same disk is lost with it. */
static bool is_same_disk(const struct check_run *r)
{
    struct stat copy, data;

    return stat(str_z(r->cfg->backup_dir, r->a), &copy) == 0
           && stat(str_z(r->cfg->data_dir, r->a), &data) == 0 && copy.st_dev == data.st_dev;
}

/* False: told. */
static bool is_archived(struct check_run *r, struct finding *f)
{
    struct archive_facts facts = { 0 };
    struct err e = { 0 };

    if (!run_has_db(r, f))
        return false;
    if (archive_facts_load(r->db, &facts, &e) != RC_OK)
        find_fail(f, "the database does not answer: %s", e.detail);
    else if (!facts.archives)
        find_fail(f, "PostgreSQL does not archive its log (archive_mode): a lost disk takes the work since the last copy with it");
    else if (facts.is_failing)
        find_fail(f, "the last segment of PostgreSQL's log could not be archived: see archive_command and PostgreSQL's log");
    return facts.archives && !facts.is_failing;
}

void check_backup_settings(struct check_run *r, const char *of, struct finding *f)
{
    const char *folder = str_z(r->cfg->backup_dir, r->a);

    (void)of;
    if (!is_ours(r, f))
        return;
    if (access(folder, W_OK | X_OK) != 0)
        find_fail(f, "nothing can be written into BACKUP_DIR=%s", folder);
    else if (!r->cfg->backup_offsite.n)
        find_fail(f, "BACKUP_OFFSITE is not set: all copies lie with the original");
    else if (!r->cfg->backup_key.n)
        find_fail(f, "BACKUP_KEY is not set: whoever gets a copy can read it");
    else if (run_is_sqlite(r) && r->cfg->backup_ship_s == 0)
        find_fail(f, "BACKUP_SHIP=0: a lost disk takes the work since the last copy with it");
    else if (!run_is_sqlite(r) && !is_archived(r, f))
        return;
    else if (is_same_disk(r))
        find_warn(f, "BACKUP_DIR=%s lies on the disk of DATA_DIR; only the off-site copy is apart",
                  folder);
    else if (run_is_sqlite(r))
        find_pass(f, "daily at %.*s UTC, shipped every %lld s, encrypted, sent off-site",
                  STR_ARG(r->cfg->backup_at), (long long)r->cfg->backup_ship_s);
    else
        find_pass(f, "daily at %.*s UTC, the log archived, encrypted, sent off-site", STR_ARG(r->cfg->backup_at));
}

void check_backup_retention(struct check_run *r, const char *of, struct finding *f)
{
    const struct config *c = r->cfg;

    (void)of;
    if (!is_ours(r, f))
        return;
    if (c->backup_keep_daily < DAILY_MIN)
        find_fail(f, "BACKUP_KEEP_DAILY=%lld: damage is often noticed after a week",
                  (long long)c->backup_keep_daily);
    else if (7 * c->backup_keep_weekly < LONG_DAYS_MIN && c->backup_keep_monthly == 0)
        find_fail(f, "nothing older than %lld days is kept", (long long)c->backup_keep_daily);
    else
        find_pass(f, "%lld days, %lld weeks, %lld months", (long long)c->backup_keep_daily,
                  (long long)c->backup_keep_weekly, (long long)c->backup_keep_monthly);
}
