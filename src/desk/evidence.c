#include "desk/evidence.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/version.h"
#include "desk/audit.h"
#include "store/audit.h"

/* Between the clock of the record and the one of its entry. */
enum { LOGGED_WITHIN_S = 60 };

static struct str audit_details(const struct evidence_row *row, struct arena *a)
{
    struct buf b = BUF_ARENA(a, EVIDENCE_FIGURES_MAX + 8 * KIB);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_kv_text(&w, "kind", row->kind);
    jw_kv_bool(&w, "ok", row->ok);
    jw_kv_text(&w, "version", row->version);
    jw_kv_text(&w, "summary", row->summary);
    jw_key(&w, "figures");
    jw_raw(&w, row->figures);
    jw_obj_end(&w);
    return buf_view(&b);
}

enum rc evidence_add(struct db *db, const struct actor *who, const struct evidence *ev,
                     struct arena *a, struct err *e)
{
    struct evidence_row row = {
        .kind = str_of(ev->kind),
        .at_us = clock_now_us(),
        .ok = ev->ok,
        .version = STR(VERSION),
        .summary = ev->summary.p ? str_sub(ev->summary, 0, EVIDENCE_SUMMARY_MAX) : STR(""),
        .figures = ev->figures.n ? ev->figures : STR("{}"),
    };
    struct audit_entry entry = { .action = "evidence.record", .object = "evidence" };

    if (row.figures.n > EVIDENCE_FIGURES_MAX)
        return err_fail(e, "evidence %s: figures of %zu bytes", ev->kind, row.figures.n);
    TRY(evidence_insert(db, &row, e));
    entry.object_id = row.id;
    entry.details = audit_details(&row, a);
    return audit_add(db, who, &entry, a, e);
}

enum rc evidence_latest(struct db *db, const char *kind, bool only_ok, struct arena *a,
                        struct evidence_row *out, struct err *e)
{
    const struct evidence_filter f = { .kind = str_of(kind), .only_ok = only_ok, .limit = 1 };
    struct evidence_row *rows;
    size_t n;

    TRY(evidence_rows_list(db, &f, a, &rows, &n, e));
    if (n == 0)
        return err_set(e, RC_NOT_FOUND, "", "There is no evidence of %s yet.", kind);
    *out = rows[0];
    return RC_OK;
}

enum rc evidence_is_logged(struct db *db, const struct evidence_row *row, struct arena *a,
                           struct err *e)
{
    const struct audit_filter f = { .action = STR("evidence.record"),
                                    .object = STR("evidence"),
                                    .object_id = row->id,
                                    .limit = 1 };
    struct audit_row *v;
    size_t n;
    int64_t apart;

    TRY(audit_rows_list(db, &f, a, &v, &n, e));
    apart = n ? v[0].at_us - row->at_us : 0;
    if (n == 1 && llabs(apart) <= LOGGED_WITHIN_S * US_PER_S && str_eq(v[0].details, audit_details(row, a)))
        return RC_OK;
    return err_set(e, RC_CONFLICT, "forged",
                   "%.*s: the record is not the one of the audit log: somebody wrote into the database",
                   STR_ARG(row->kind));
}
