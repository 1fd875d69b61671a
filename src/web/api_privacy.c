/* Data protection: legal holds, the data of a person, erasure, rules of retention, the report of a period.
 * The command line does the same through the same calls (docs/compliance.md). */
#include "base/clock.h"
#include "desk/compliance.h"
#include "desk/erase.h"
#include "desk/hold.h"
#include "desk/person_export.h"
#include "desk/proof.h"
#include "desk/retention.h"
#include "store/evidence.h"
#include "web/account_json.h"
#include "web/api_jobs.h"
#include "web/fields.h"

/* ---- Legal holds ---- */

static const struct jfield hold_fields[] = {
    OUT("id", J_ID, 0, "Its id."),
    { .name = "object", .type = J_ENUM, .values = hold_object_names, .help = "What it keeps." },
    OUT("object_id", J_ID, 0, "Id of the person, organisation or ticket."),
    OUT("reason", J_TEXT, 0, "Why."),
    OUT("asked_by", J_TEXT, 0, "Who wants it."),
    OUT("created_by", J_ID, JF_NULLABLE, "Who set it; null: the command line."),
    OUT("created_at", J_TIME, 0, "Since when."),
    OUT("until", J_TIME, JF_NULLABLE, "Its end; null: until it is released."),
    OUT("released_at", J_TIME, JF_NULLABLE, "When it was released."),
    OUT("released_why", J_TEXT, JF_NULLABLE, "Why it was released."),
};
static const struct jspec hold_answer = JSPEC_ANSWER("LegalHold", hold_fields);

struct hold_query {
    struct ctx_list_query list;
    struct j_int all, object, object_id;
};
static const struct jfield hold_query_fields[] = {
    CTX_LIST_FIELDS,
    IN(struct hold_query, all, J_BOOL, 0, 0, 0, "Also those that were released or are over."),
    IN_ENUM(struct hold_query, object, 0, hold_object_names, "Only those of people, organisations or tickets."),
    IN(struct hold_query, object_id, J_ID, 0, 0, 0, "Only those of the person, organisation or ticket of this id."),
};
static const struct jspec hold_query = JSPEC("LegalHoldListQuery", hold_query_fields, struct hold_query);

struct hold_body {
    struct j_int object, object_id, until;
    struct j_text reason, asked_by;
};
static const struct jfield hold_body_fields[] = {
    IN_ENUM(struct hold_body, object, JF_REQUIRED, hold_object_names, "What to keep."),
    IN(struct hold_body, object_id, J_ID, JF_REQUIRED, 0, 0, "Id of the person, organisation or ticket."),
    IN(struct hold_body, reason, J_TEXT, JF_REQUIRED, 3, HOLD_REASON_MAX, "Why."),
    IN(struct hold_body, asked_by, J_TEXT, JF_REQUIRED, 3, HOLD_ASKED_BY_MAX, "Who wants it: a court, a lawyer."),
    IN(struct hold_body, until, J_TIME, JF_NULLABLE, 0, 0, "Its end; without: until it is released."),
};
static const struct jspec hold_body = JSPEC("NewLegalHold", hold_body_fields, struct hold_body);

struct release_body {
    struct j_text reason;
};
static const struct jfield release_fields[] = {
    IN(struct release_body, reason, J_TEXT, JF_REQUIRED, 3, HOLD_REASON_MAX, "Why it may go."),
};
static const struct jspec release_body = JSPEC("LegalHoldRelease", release_fields, struct release_body);

static void one_hold(struct ctx *c, const void *item)
{
    hold_write(&c->out, item);
}

static bool is_asked(const struct hold_query *q, const struct hold *h)
{
    return (!q->object.set || h->object == (enum hold_object)q->object.v)
           && (!q->object_id.set || h->object_id == q->object_id.v);
}

static enum rc holds_index(struct ctx *c, struct err *e)
{
    const struct hold_query *q = c->query;
    struct hold_rows rows;
    size_t n = 0;

    TRY(holds_all(c->db, !(q->all.set && q->all.v), clock_now_us(), c->a, &rows, e));
    for (size_t i = 0; i < rows.n; i++)
        if (is_asked(q, &rows.v[i]))
            rows.v[n++] = rows.v[i];
    rows.n = n;
    return ctx_page_records(c, &(struct ctx_records){ rows.v, rows.n, sizeof(*rows.v), one_hold }, e);
}

static enum rc hold_show(struct ctx *c, struct err *e)
{
    struct hold h;
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(holds_load(c->db, id, c->a, &h, e));
    hold_write(&c->out, &h);
    return RC_OK;
}

static enum rc hold_create(struct ctx *c, struct err *e)
{
    const struct hold_body *b = c->body;
    struct hold h = { .object = (enum hold_object)b->object.v,
                      .object_id = b->object_id.v,
                      .reason = b->reason.v,
                      .asked_by = b->asked_by.v,
                      .until_us = b->until.v };

    TRY(hold_add(c->db, &c->who, &h, c->a, e));
    ctx_location(c, "/api/v1/legal-holds/%lld", (long long)h.id);
    hold_write(&c->out, &h);
    return RC_OK;
}

static enum rc hold_end(struct ctx *c, struct err *e)
{
    const struct release_body *b = c->body;
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(hold_release(c->db, &c->who, id, b->reason.v, c->a, e));
    return hold_show(c, e);
}

/* ---- Jobs ---- */

static enum rc job_reply(struct ctx *c, const struct job *j)
{
    ctx_location(c, "/api/v1/jobs/%lld", (long long)j->id);
    job_json(&c->out, j);
    return RC_OK;
}

static enum rc export_of(struct ctx *c, int64_t user_id, struct err *e)
{
    struct account ac = account_of(c);
    struct job j;

    TRY(person_export_ask(&ac, user_id, &j, e));
    return job_reply(c, &j);
}

static enum rc user_export(struct ctx *c, struct err *e)
{
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    return export_of(c, id, e);
}

static enum rc own_export(struct ctx *c, struct err *e)
{
    return export_of(c, c->who.user_id, e);
}

/* ---- Erasure ---- */

struct erase_body {
    struct j_text confirm, current_password;
    struct j_int attachments, dry_run;
};
static const struct jfield erase_fields[] = {
    IN(struct erase_body, confirm, J_TEXT, JF_REQUIRED, 1, 255, "The person's name as it stands."),
    IN(struct erase_body, current_password, J_TEXT, 0, 1, 1024, "The caller's own password; not asked of a dry run."),
    IN(struct erase_body, attachments, J_BOOL, 0, 0, 0, "Also the files at messages that the person wrote."),
    IN(struct erase_body, dry_run, J_BOOL, 0, 0, 0, "Does all of it and takes it back: the figures are exact, nothing is changed."),
};
static const struct jspec erase_body = JSPEC("UserErase", erase_fields, struct erase_body);

static const struct jfield erased_fields[] = {
    OUT("people", J_INT, 0, "The person, and who was merged into him."),
    OUT("addresses", J_INT, 0, "Addresses, numbers and foreign keys."),
    OUT("sender_fields", J_INT, 0, "Messages whose sender fields named him."),
    OUT("events", J_INT, 0, "Entries of the history of tickets."),
    OUT("audit_details", J_INT, 0, "Details of entries of the audit log."),
    OUT("search_documents", J_INT, 0, "Documents of the search that were written anew."),
    OUT("attachments", J_INT, 0, "Files."),
};
static const struct jspec erased_answer = JSPEC_ANSWER("Erased", erased_fields);

static bool is_dry(const struct ctx *c)
{
    const struct erase_body *b = c->body;

    return b->dry_run.set && b->dry_run.v;
}

static enum rc erase_prepare(struct ctx *c, struct err *e)
{
    const struct erase_body *b = c->body;
    struct account ac = account_of(c);

    if (is_dry(c))
        return RC_OK;
    if (!b->current_password.set)
        return err_field(e, "/current_password", "required", "the password of this account", "This asks for your own password again.");
    c->prepared = ARENA_NEW(c->a, struct proof);
    return proof_prepare(&ac, b->current_password.v, c->prepared, e);
}

static enum rc check_proof(struct ctx *c, const struct account *ac, struct err *e)
{
    struct user_login u;
    enum rc rc = proof_check(ac, c->prepared, &u, e);

    if (account_keep_attempt(c, rc) != RC_UNAUTH)
        return rc;
    err_clear(e);
    return account_wrong_password(e);
}

/* In a transaction of its own, so that a dry run can be taken back. */
static enum rc erase_now(struct ctx *c, struct account *ac, struct erased *out, struct err *e)
{
    const struct erase_body *b = c->body;
    struct erase_ask ask = { .confirm = b->confirm.v, .attachments = b->attachments.set && b->attachments.v };
    struct db_tx tx CLEAN(db_tx_end) = { 0 };

    TRY(ctx_id(c, 0, &ask.user_id, e));
    TRY(db_tx_begin(c->db, &tx, e));
    TRY(person_erase(ac, &ask, out, e));
    if (is_dry(c))
        return RC_OK;
    TRY(erase_note(ac, e));
    return db_tx_commit(&tx, e);
}

static enum rc user_erase(struct ctx *c, struct err *e)
{
    struct arena *a CLEAN(arena_clean) = arena_new(ERASE_ARENA_MAX);
    struct account ac = account_of(c);
    struct erased out;

    if (!is_dry(c))
        TRY(check_proof(c, &ac, e));
    ac.a = a;
    TRY(erase_now(c, &ac, &out, e));
    erased_write(&c->out, &out);
    return RC_OK;
}

/* ---- Retention ---- */

static const struct jfield rule_fields[] = {
    OUT("kind", J_TEXT, 0, "What it is about."),
    OUT("what", J_TEXT, 0, "The same in words."),
    OUT("setting", J_TEXT, 0, "The setting that changes it (PATCH /settings)."),
    OUT("days", J_INT, 0, "Days that it is kept; 0: for ever."),
    OUT("due", J_INT, 0, "Would go now."),
    OUT("held", J_INT, 0, "Old enough, but kept by a legal hold."),
};
static const struct jspec rule_spec = JSPEC_ANSWER("RetentionRule", rule_fields);
static const struct jfield run_fields[] = {
    OUT("at", J_TIME, 0, "When."),
    OUT("ok", J_BOOL, 0, "Whether it came to its end."),
    OUT("summary", J_TEXT, 0, "What it did."),
};
static const struct jspec run_spec = JSPEC_ANSWER("RetentionRun", run_fields);
static const struct jfield retention_fields[] = {
    OUT("at", J_TIME, 0, "As of when."),
    OUT_SUB("rules", J_OBJS, 0, &rule_spec, "Each kind of data."),
    OUT_SUB("last_run", J_OBJ, JF_NULLABLE, &run_spec, "The newest run; null: none yet."),
};
static const struct jspec retention_answer = JSPEC_ANSWER("Retention", retention_fields);

static void one_rule(struct jw *w, const struct retention_kind *k, const struct retention_line *line)
{
    jw_obj(w);
    jw_kv_text(w, "kind", str_of(k->name));
    jw_kv_text(w, "what", str_of(k->what));
    jw_kv_text(w, "setting", str_of(setting_defs[k->days].name));
    jw_kv_int(w, "days", line->days);
    jw_kv_int(w, "due", line->due);
    jw_kv_int(w, "held", line->held);
    jw_obj_end(w);
}

static enum rc last_run(struct ctx *c, struct err *e)
{
    const struct evidence_filter f = { .kind = STR("retention"), .limit = 1 };
    struct evidence_row *rows;
    struct jw *w = &c->out;
    size_t n;

    TRY(evidence_rows_list(c->db, &f, c->a, &rows, &n, e));
    jw_key(w, "last_run");
    if (!n) {
        jw_null(w);
        return RC_OK;
    }
    jw_obj(w);
    jw_kv_time(w, "at", rows[0].at_us);
    jw_kv_bool(w, "ok", rows[0].ok);
    jw_kv_text(w, "summary", rows[0].summary);
    jw_obj_end(w);
    return RC_OK;
}

static enum rc retention_show(struct ctx *c, struct err *e)
{
    struct retention_report report;
    struct jw *w = &c->out;

    TRY(retention_look(c->db, &report, e));
    jw_obj(w);
    jw_kv_time(w, "at", report.at_us);
    jw_key(w, "rules");
    jw_arr(w);
    for (size_t i = 0; i < RETENTION_KINDS; i++)
        one_rule(w, &retention_kinds[i], &report.v[i]);
    jw_arr_end(w);
    TRY(last_run(c, e));
    jw_obj_end(w);
    return RC_OK;
}

static enum rc retention_begin(struct ctx *c, struct err *e)
{
    struct account ac = account_of(c);
    struct job j;

    TRY(retention_ask(&ac, &j, e));
    return job_reply(c, &j);
}

/* ---- The report of a period ---- */

static const char *const formats[] = { "csv", "html", NULL };

struct report_body {
    struct j_int from, to, format;
};
static const struct jfield report_fields[] = {
    IN(struct report_body, from, J_TIME, JF_REQUIRED, 0, 0, "Its begin."),
    IN(struct report_body, to, J_TIME, JF_REQUIRED, 0, 0, "Its end, which no longer belongs to it."),
    IN_ENUM(struct report_body, format, 0, formats, "csv (unless told): a line for each entry; html: counts, and what is read one by one."),
};
static const struct jspec report_body = JSPEC("ComplianceReport", report_fields, struct report_body);

static enum rc report_begin(struct ctx *c, struct err *e)
{
    const struct report_body *b = c->body;
    const struct compliance want = { .from_us = b->from.v, .to_us = b->to.v, .is_html = b->format.set && b->format.v == 1 };
    struct account ac = account_of(c);
    struct job j;

    TRY(compliance_ask(&ac, &want, &j, e));
    return job_reply(c, &j);
}

#define TAG "Data protection"
#define PROVED (R_WRITE | R_SLOW | R_NO_IDEMPOTENCY)

static const struct route routes[] = {
    { HTTP_GET, "/api/v1/legal-holds", "legal_holds_list", TAG, "What may not be deleted or erased, and why.", NULL, holds_index, R_LIST, PERM_ADMIN_USER, &hold_query, NULL, &hold_answer, 200, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/legal-holds", "legal_hold_create", TAG, "Keep a person, an organisation or a ticket from retention, erasure, redaction and merging.", NULL, hold_create, R_WRITE, PERM_ADMIN_USER, NULL, &hold_body, &hold_answer, 201, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/legal-holds/{id}", "legal_hold_show", TAG, "One legal hold.", NULL, hold_show, 0, PERM_ADMIN_USER, NULL, NULL, &hold_answer, 200, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/legal-holds/{id}/release", "legal_hold_release", TAG, "End a legal hold.", NULL, hold_end, R_WRITE, PERM_ADMIN_USER, NULL, &release_body, &hold_answer, 200, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/users/{id}/export", "user_export", TAG, "All that is known about a person as a ZIP file; the job's result names the attachment.", NULL, user_export, R_WRITE, PERM_ADMIN_USER, NULL, NULL, &job_answer, 202, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/auth/me/export", "me_export", TAG, "All that is known about the caller as a ZIP file; asks for a login, not an API token.", NULL, own_export, R_WRITE, 0, NULL, NULL, &job_answer, 202, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/users/{id}/erase", "user_erase", TAG, "Erase a person for good; asks for the caller's password again. Try it with dry_run.", erase_prepare, user_erase, PROVED, PERM_ADMIN_USER, NULL, &erase_body, &erased_answer, 200, 0, BUCKET_API },
    { HTTP_GET, "/api/v1/retention", "retention_show", TAG, "How long each kind of data is kept, and what a run would take away now.", NULL, retention_show, 0, PERM_ADMIN_SETTING, NULL, NULL, &retention_answer, 200, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/retention/run", "retention_run", TAG, "Take away now what the rules no longer keep; the server does it once a day by itself.", NULL, retention_begin, R_WRITE, PERM_ADMIN_SETTING, NULL, NULL, &job_answer, 202, 0, BUCKET_API },
    { HTTP_POST, "/api/v1/compliance/reports", "compliance_report", TAG, "Who changed what in a period, from the audit log; the job's result names the attachment.", NULL, report_begin, R_WRITE, PERM_ADMIN_AUDIT, NULL, &report_body, &job_answer, 202, 0, BUCKET_API },
};
const struct route_table routes_privacy = { routes, ARRAY_LEN(routes) };
