/* What must hold of a restored installation. */
#include "backup/restore.h"

#include "base/clock.h"
#include "base/file.h"
#include "desk/audit_verify.h"
#include "store/blobs.h"
#include "store/check.h"
#include "store/store.h"

#include <fcntl.h>

enum { WITNESS_MAX = 256 * 1024 * 1024, CHECK_ARENA = 768 * 1024 * 1024 };

struct looking {
    const char *dir;
    struct restored *out;
};

static enum rc check_attachment(void *arg, struct str hash, int64_t size, int64_t refs, struct err *e)
{
    struct looking *l = arg;
    char path[4096], sum[65];
    int64_t n;

    snprintf(path, sizeof(path), "%s/attachments/%.2s/%.*s", l->dir, hash.p, STR_ARG(hash));
    if (refs == 0)
        return RC_OK;
    if (file_sum(path, sum, &n, e) != RC_OK) {
        l->out->missing += l->out->missing == 0;
        return err_set(e, RC_FAIL, "attachment_missing", "attachment %.*s is missing", STR_ARG(hash));
    }
    if (n != size || !str_eq(str_of(sum), hash))
        return err_set(e, RC_FAIL, "attachment_damaged", "attachment %.*s is not what it was",
                       STR_ARG(hash));
    return RC_OK;
}

static enum rc check_attachments(struct db *db, const char *dir, struct restored *out, struct err *e)
{
    struct looking l = { dir, out };

    return blobs_each(db, check_attachment, &l, e);
}

static enum rc check_audit(struct db *db, const char *dir, struct arena *a, struct restored *out,
                           struct err *e)
{
    struct audit_verdict v;
    struct str witness;
    enum rc rc = file_read(str_printf(a, "%s/audit-head", dir).p, WITNESS_MAX, a, &witness, e);

    if (rc == RC_NOT_FOUND) {
        witness = STR("");
        err_clear(e);
    } else if (rc != RC_OK) {
        return rc;
    }
    TRY(audit_verify(db, witness, a, &v, e));
    out->audit_entries = v.checked;
    if (v.finding == AUDIT_WHOLE)
        return RC_OK;
    return err_set(e, RC_FAIL, "audit_broken", "the audit log: entry %lld: %s", (long long)v.n,
                   audit_finding_words(v.finding));
}

static enum rc check_rows(struct store *s, const char *dir, bool attachments, struct arena *a,
                          struct restored *out, struct err *e)
{
    struct db *db = NULL;
    enum rc rc = store_connect(s, DB_READ, &db, e);

    if (rc == RC_OK && attachments)
        rc = check_attachments(db, dir, out, e);
    if (rc == RC_OK)
        rc = store_check(db, e);
    if (rc == RC_OK)
        rc = check_audit(db, dir, a, out, e);
    db_close(&db);
    return rc;
}

enum rc restore_check(const char *dir, struct str url, bool attachments, struct restored *out,
                      struct err *e)
{
    struct arena *scratch CLEAN(arena_clean) = arena_new(CHECK_ARENA);
    const struct store_opts o = { .url = url, .statement_ms = -1 };
    int64_t began_us = clock_mono_us();
    struct store *s = NULL;
    enum rc rc;

    TRY(store_open(&o, &s, e));
    rc = check_rows(s, dir, attachments, scratch, out, e);
    store_close(&s);
    out->checks_us = clock_mono_us() - began_us;
    return rc;
}
