/* Lines about the database: it is opened and asked. */
#include "check/check_priv.h"

#include "base/clock.h"
#include "base/file.h"
#include "desk/audit_verify.h"
#include "store/inspect.h"
#include "store/migrate.h"
#include "store/store.h"

#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    SYNC_BYTES = 4096,
    SYNC_SLOW_MS = 200,
    DAYS_LEFT_FAIL = 7,
    DAYS_LEFT_WARN = 60,
    SPARE_CONNECTIONS = 5,
    WITNESS_MAX = 64 * 1024 * 1024,
    TMPFS = 0x01021994,
    RAMFS = 0x858458f6,
};
#define WEEK_US (7 * US_PER_DAY)

/* The folder that the database lies in; PostgreSQL's is not ours to judge, so DATA_DIR. */
static struct str database_folder(const struct check_run *r)
{
    struct str path = r->o->store ? store_path(r->o->store) : STR("");
    struct str folder = str_dir(path);

    if (!path.n)
        return r->cfg->data_dir;
    return folder.n ? folder : STR(".");
}

/* Writes and syncs a file where the data lies; microseconds, below 0: failed. */
static int64_t time_sync(const struct check_run *r, struct str folder)
{
    struct str path = str_printf(r->a, "%.*s/.checklist-%ld", STR_ARG(folder), (long)getpid());
    int fd CLEAN(fd_close) = open(path.p, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    static const char page[SYNC_BYTES];
    int64_t from = clock_mono_us(), took;

    if (fd < 0)
        return -1;
    took = fd_write_all(fd, (struct str){ page, sizeof(page) }) && fsync(fd) == 0
               ? clock_mono_us() - from
               : -1;
    unlink(path.p);
    return took;
}

/* Days until the disk is full when it goes on as in the last week, of which the audit log tells the
 * share: every change has an entry.  Below 0: no growth to speak of, or too young to say. */
static int64_t days_left(const struct check_run *r, struct str folder, const struct inspect_facts *facts)
{
    struct statvfs vfs;
    int64_t age = r->now_us - facts->first_us;
    double days = (double)(age < WEEK_US ? age : WEEK_US) / (double)US_PER_DAY, per_day;

    if (facts->first_us == 0 || age < US_PER_DAY || facts->entries == 0
        || statvfs(str_z(folder, r->a), &vfs) != 0)
        return -1;
    per_day = (double)facts->bytes * (double)facts->entries_since / (double)facts->entries / days;
    return per_day >= 1 ? (int64_t)((double)vfs.f_bavail * (double)vfs.f_frsize / per_day) : -1;
}

static bool is_in_memory(const struct check_run *r, struct str folder)
{
    struct statfs fs;

    return statfs(str_z(folder, r->a), &fs) == 0 && (fs.f_type == TMPFS || fs.f_type == RAMFS);
}

void check_database_sound(struct check_run *r, const char *of, struct finding *f)
{
    struct inspect_facts facts;
    struct str words, folder;
    struct err e = { 0 };
    int64_t sync_us, left;

    (void)of;
    if (!run_has_db(r, f))
        return;
    folder = database_folder(r);
    if (inspect_facts(r->db, r->now_us - WEEK_US, &facts, &e) != RC_OK
        || inspect_sound(r->db, r->a, &words, &e) != RC_OK)
        return find_fail(f, "the database does not answer: %s", e.detail);
    if (!str_eq(words, STR("ok")))
        return find_fail(f, "the database is damaged: %.*s", STR_ARG(words));
    if (is_in_memory(r, folder) || is_in_memory(r, r->cfg->data_dir))
        return find_fail(f, "%.*s lies in memory: it is gone after a restart",
                         STR_ARG(is_in_memory(r, folder) ? folder : r->cfg->data_dir));
    sync_us = time_sync(r, folder);
    left = days_left(r, folder, &facts);
    if (sync_us < 0)
        find_fail(f, "nothing can be written and synced in %.*s", STR_ARG(folder));
    else if (left >= 0 && left < DAYS_LEFT_WARN)
        (left < DAYS_LEFT_FAIL ? find_fail : find_warn)(
            f, "at the growth of the last week the disk is full in %lld days", (long long)left);
    else
        (sync_us > SYNC_SLOW_MS * US_PER_MS ? find_warn : find_pass)(
            f, "sound, %s; write and sync took %.1f ms", words_bytes(facts.bytes, r->a).p,
            (double)sync_us / 1000);
}

void check_pool(struct check_run *r, const char *of, struct finding *f)
{
    int64_t allowed, used, ours = r->cfg->db_writers + r->cfg->read_threads + 2;
    struct err e = { 0 };

    (void)of;
    if (!run_has_db(r, f))
        return;
    if (inspect_connections(r->db, &allowed, &used, &e) != RC_OK)
        return find_fail(f, "the database does not answer: %s", e.detail);
    if (allowed == 0)
        find_pass(f, "embedded: one writer with group commit, a connection for each reading thread");
    else if (ours + SPARE_CONNECTIONS > allowed)
        find_fail(f, "this node wants %lld connections, PostgreSQL allows %lld in all",
                  (long long)ours, (long long)allowed);
    else
        find_pass(f, "this node wants %lld of %lld connections, %lld are in use", (long long)ours,
                  (long long)allowed, (long long)used);
}

void check_migrations(struct check_run *r, const char *of, struct finding *f)
{
    struct err e = { 0 };

    (void)of;
    if (!run_has_db(r, f))
        return;
    if (store_migrations_current(r->db, &e) != RC_OK)
        find_fail(f, "%s", e.detail);
    else
        find_pass(f, "all %zu migrations are in, with the checksums of this binary",
                  migrations_built_in.n);
}

static void judge_missing(struct check_run *r, enum inspect_kind kind, const char *noun,
                          struct finding *f)
{
    struct str missing;
    size_t n;
    struct err e = { 0 };

    if (!run_has_db(r, f))
        return;
    if (inspect_missing(r->db, kind, r->a, &missing, &n, &e) != RC_OK)
        find_fail(f, "the database does not answer: %s", e.detail);
    else if (missing.n)
        find_fail(f, "missing: %.*s", STR_ARG(missing));
    else
        find_pass(f, "all %zu %s are there", n, noun);
}

CHECK_BY(indexes, judge_missing(r, INSPECT_INDEX, "indexes", f))

/* Every write goes through desk/, which logs it in the same transaction (the tests hold that); what
 * can be broken here are the triggers that keep the log from being changed. */
CHECK_BY(audit_changes,
         judge_missing(r, INSPECT_TRIGGER, "triggers that keep entries from being changed", f))

void check_audit_chain(struct check_run *r, const char *of, struct finding *f)
{
    struct audit_verdict v;
    struct str witness = STR(""),
               path = str_printf(r->a, "%.*s/audit-head", STR_ARG(r->cfg->data_dir));
    struct err e = { 0 };
    enum rc rc;

    (void)of;
    if (!run_has_db(r, f))
        return;
    rc = file_read(path.p, WITNESS_MAX, r->a, &witness, &e);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return find_fail(f, "%s", e.detail);
    err_clear(&e);
    if (audit_verify(r->db, witness, r->a, &v, &e) != RC_OK)
        find_fail(f, "the audit log cannot be read: %s", e.detail);
    else if (v.finding != AUDIT_WHOLE)
        find_fail(f, "entry %lld: %s", (long long)v.n, audit_finding_words(v.finding));
    else if (v.checked == 0)
        find_fail(f, "the audit log is empty");
    else if (v.witnessed == 0)
        find_warn(f, "%lld entries, whole; no head was written down outside of the database",
                  (long long)v.checked);
    else
        find_pass(f, "%lld entries, whole, %lld witnessed heads", (long long)v.checked,
                  (long long)v.witnessed);
}

/* A refused login, seen in the log. */
void check_audit_logins(struct check_run *r, const char *of, struct finding *f)
{
    struct answer w;
    struct inspect_facts facts;
    struct err e = { 0 };

    (void)of;
    if (r->o->outside_only)
        return find_na(f, "what was logged is judged on the machine itself");
    if (!run_has_db(r, f))
        return;
    ask(r->asker,
        &(struct ask){ .method = "POST",
                       .path = "/api/v1/auth/login",
                       .headers = { "Content-Type: application/json" },
                       .body = wrong_login(r) },
        &w);
    if (!live_answered(&w, "/api/v1/auth/login", f))
        return;
    if (inspect_facts(r->db, r->now_us, &facts, &e) != RC_OK)
        find_fail(f, "the database does not answer: %s", e.detail);
    else if (w.status != 401)
        find_fail(f, "a wrong password was answered %d", w.status);
    else if (facts.failed_logins == 0)
        find_fail(f, "a refused login left no entry in the audit log");
    else
        find_pass(f, "a refused login was logged, %lld since this run began",
                  (long long)facts.failed_logins);
}

void check_access(struct check_run *r, const char *of, struct finding *f)
{
    struct inspect_facts facts;
    struct err e = { 0 };

    (void)of;
    if (!unit_is_sound(r, f) || !run_has_db(r, f))
        return;
    if (inspect_facts(r->db, r->now_us, &facts, &e) != RC_OK)
        find_fail(f, "the database does not answer: %s", e.detail);
    else if (facts.admins == 0)
        find_fail(f, "there is no administrator");
    else if (facts.admins_no_second)
        find_fail(f, "%lld of %lld administrators have no second step",
                  (long long)facts.admins_no_second, (long long)facts.admins);
    else
        find_pass(f, "%lld administrators, each with a second step", (long long)facts.admins);
}

/* What DATABASE_URL asks for, before anything is connected: an address that allows clear text is wrong even while
 * the other side happens to encrypt.  False: told. */
static bool url_is_safe(struct check_run *r, struct str *host, struct finding *f)
{
    struct str mode;

    *host = store_url_remote(r->cfg->database_url, r->a, &mode);
    if (!host->n)
        return true;
    if (str_eq(mode, STR("disable")) || str_eq(mode, STR("allow")) || str_eq(mode, STR("prefer"))) {
        find_fail(f, "sslmode=%.*s: the connection to the database at %.*s may be in the clear", STR_ARG(mode),
                  STR_ARG(*host));
        return false;
    }
    if (str_eq(mode, STR("verify-full")))
        return true;
    find_warn(f, "sslmode=%.*s: whoever answers as %.*s is believed to be the database", STR_ARG(mode), STR_ARG(*host));
    return false;
}

void check_isolation(struct check_run *r, const char *of, struct finding *f)
{
    struct str host;
    bool encrypted;
    struct err e = { 0 };

    (void)of;
    if (run_is_sqlite(r))
        return find_na(f, "the embedded database has no port");
    if (!url_is_safe(r, &host, f) || !run_has_db(r, f))
        return;
    if (inspect_is_encrypted(r->db, &encrypted, &e) != RC_OK)
        find_fail(f, "the database does not answer: %s", e.detail);
    else if (!encrypted && host.n)
        find_fail(f, "the connection to the database at %.*s is not encrypted", STR_ARG(host));
    else
        find_pass(f, "PostgreSQL %s%.*s, %s", host.n ? "at " : "", STR_ARG(host.n ? host : STR("on this machine")),
                  encrypted ? "encrypted" : "by the loopback");
}

/* Encrypted, but for whom?  libpq asks for the name only with verify-full, and for any proof from verify-ca on. */
static bool is_verified(struct check_run *r, struct finding *f)
{
    struct str mode = r->cfg->database_url;
    size_t at = str_find(mode, STR("sslmode="));

    if (str_find(f->words, STR(", encrypted")) == SIZE_MAX)
        return true;
    mode = at == SIZE_MAX ? STR("") : str_sub(mode, at + strlen("sslmode="), mode.n);
    mode = str_cut(&mode, '&');
    if (str_eq(mode, STR("verify-full")) || str_eq(mode, STR("verify-ca")))
        return true;
    find_warn(f, "the connection to PostgreSQL is encrypted, but anybody may answer it: sslmode=verify-full in DATABASE_URL");
    return false;
}

static bool is_offsite_encrypted(struct check_run *r, struct finding *f)
{
    static const struct str clear[] = { STR("rest:http://"), STR("s3:http://") };

    for (size_t i = 0; i < ARRAY_LEN(clear); i++) {
        if (!str_starts(r->cfg->backup_offsite, clear[i]))
            continue;
        find_fail(f, "BACKUP_OFFSITE goes over %.*s: whoever listens reads its password", STR_ARG(clear[i]));
        return false;
    }
    return true;
}

void check_encryption_in_transit(struct check_run *r, const char *of, struct finding *f)
{
    struct str database = STR("the database is a file here");

    check_https(r, of, f);
    if (f->state != CHECK_PASS || r->o->outside_only || !is_offsite_encrypted(r, f))
        return;
    if (!run_is_sqlite(r)) {
        check_isolation(r, of, f);
        if (f->state != CHECK_PASS || !is_verified(r, f))
            return;
        database = f->words;
    }
    find_pass(f, "visitors by TLS; %.*s; mail and web hooks are not part of this release", STR_ARG(database));
}
