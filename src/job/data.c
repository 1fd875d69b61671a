#include "job/data.h"

#include "base/clock.h"
#include "base/config.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/json.h"
#include "desk/compliance.h"
#include "desk/erase.h"
#include "desk/later.h"
#include "desk/person_export.h"
#include "desk/retention.h"
#include "job/tasks.h"

enum { WITNESS_MAX = 64 * 1024 * 1024, REPORT_MAX = 256 * 1024 * 1024, FIGURES_MAX = 16 * 1024 };

static const struct tasks_env *env_of(void *env)
{
    return env;
}

static int64_t member(const json_t *payload, const char *key)
{
    return json_integer_value(json_object_get(payload, key));
}

/* A file that was made, and who asked for it. */
struct made {
    struct actor who;
    struct attachment at;
    struct person_export export;
    struct compliance report;
};

static void fill_file(const struct job_prepare *p, const struct blob *blob, struct made *m)
{
    m->at.hash = str_dup(str_of(blob->hash), p->a);
    m->at.size = blob->size;
    m->at.user_id = p->job->user_id;
    m->at.created_us = p->now_us;
    m->at.expires_us = p->now_us + config_live(env_of(p->env)->cfg)->upload_keep_hours * US_PER_HOUR;
}

static enum rc keep_file(struct job_step *s, struct db *db, struct made *m, struct err *e)
{
    TRY(attachments_insert(db, &m->at, e));
    s->job.result_json = later_file(&m->at, s->a);
    s->job.progress = 1;
    s->done = true;
    return RC_OK;
}

/* ── the data of a person ── */

static enum rc make_zip(const struct job_prepare *p, struct made *m, struct err *e)
{
    struct blobs *blobs = env_of(p->env)->blobs;
    const char *path = blob_scratch(blobs, p->a);
    struct blob blob;
    enum rc rc = person_export_zip(&m->export, path, e);

    if (rc == RC_OK)
        rc = blob_take(blobs, path, &blob, e);
    blob_unscratch(path);
    TRY(rc);
    fill_file(p, &blob, m);
    m->at.name = str_printf(p->a, "person-%lld.zip", (long long)m->export.user_id);
    m->at.content_type = STR("application/zip");
    return RC_OK;
}

static enum rc export_prepare(const struct job_prepare *p, void **out, struct err *e)
{
    json_t *payload CLEAN(json_clean) = NULL;
    struct made *m = ARENA_NEW(p->a, struct made);
    const struct account c = { .db = p->db, .who = &m->who, .a = p->a, .now_us = p->now_us };

    TRY(json_read(p->job->payload_json, &payload, e));
    TRY(later_actor(p->db, p->job, payload, p->a, &m->who, e));
    m->export = (struct person_export){ .db = p->db,
                                        .blobs = env_of(p->env)->blobs,
                                        .user_id = member(payload, "user"),
                                        .a = p->a,
                                        .alive = p->alive,
                                        .arg = p->arg };
    if (m->export.user_id != p->job->user_id)
        TRY(person_export_check(&c, m->export.user_id, e));
    *out = m;
    return make_zip(p, m, e);
}

static enum rc export_step(struct job_step *s, struct db *db, struct err *e)
{
    struct made m = *(const struct made *)s->prepared;

    m.export.a = s->a;
    TRY(keep_file(s, db, &m, e));
    return person_export_audit(db, &m.who, &m.export, e);
}

const struct job_kind person_export_job = { .name = PERSON_EXPORT_JOB, .step = export_step, .prepare = export_prepare };

/* ── the report of a period ── */

static enum rc read_witness(const struct job_prepare *p, struct str *out, struct err *e)
{
    enum rc rc = file_read(env_of(p->env)->witness_path, WITNESS_MAX, p->a, out, e);

    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    *out = STR("");
    return RC_OK;
}

static enum rc make_report(const struct job_prepare *p, struct made *m, struct err *e)
{
    struct buf text CLEAN(buf_release) = BUF_HEAP(REPORT_MAX);
    struct blob blob;
    char from[CLOCK_TEXT_MAX];

    TRY(compliance_report(p->db, &m->report, p->a, &text, e));
    p->alive(p->arg);
    TRY(blob_put(env_of(p->env)->blobs, buf_view(&text), &blob, e));
    fill_file(p, &blob, m);
    clock_format(m->report.from_us, from);
    m->at.name = str_printf(p->a, "compliance-%.10s.%s", from, m->report.is_html ? "html" : "csv");
    m->at.content_type = m->report.is_html ? STR("text/html") : STR("text/csv");
    return RC_OK;
}

static enum rc compliance_prepare(const struct job_prepare *p, void **out, struct err *e)
{
    json_t *payload CLEAN(json_clean) = NULL;
    struct made *m = ARENA_NEW(p->a, struct made);

    TRY(json_read(p->job->payload_json, &payload, e));
    TRY(later_actor(p->db, p->job, payload, p->a, &m->who, e));
    m->report = (struct compliance){ .from_us = member(payload, "from_us"),
                                     .to_us = member(payload, "to_us"),
                                     .is_html = member(payload, "html") != 0 };
    TRY(compliance_check(&m->who, &m->report, e));
    TRY(read_witness(p, &m->report.witness, e));
    *out = m;
    return make_report(p, m, e);
}

static enum rc compliance_step(struct job_step *s, struct db *db, struct err *e)
{
    struct made m = *(const struct made *)s->prepared;

    TRY(keep_file(s, db, &m, e));
    return compliance_record(db, &m.who, &m.report, m.at.hash, s->a, e);
}

const struct job_kind compliance_job = { .name = COMPLIANCE_JOB, .step = compliance_step, .prepare = compliance_prepare };

/* ── the rules of retention ── */

static enum rc retention_prepare(const struct job_prepare *p, void **out, struct err *e)
{
    json_t *payload CLEAN(json_clean) = NULL;
    struct retention_report *report = ARENA_NEW(p->a, struct retention_report);
    struct actor who;

    TRY(json_read(p->job->payload_json, &payload, e));
    TRY(later_actor(p->db, p->job, payload, p->a, &who, e));
    TRY(retention_check(&who, e));
    *out = report;
    return retention_run(p->store, p->db, &who, report, e);
}

static enum rc retention_step(struct job_step *s, struct db *db, struct err *e)
{
    struct buf b = BUF_ARENA(s->a, FIGURES_MAX);
    struct jw w = jw_to(&b);

    (void)db;
    (void)e;
    retention_write(&w, s->prepared);
    s->job.result_json = buf_view(&b);
    s->job.progress = 1;
    s->done = true;
    return RC_OK;
}

const struct job_kind retention_job = { .name = RETENTION_JOB, .step = retention_step, .prepare = retention_prepare };

/* ── the list of erasures ── */

static enum rc erasures_prepare(const struct job_prepare *p, void **out, struct err *e)
{
    const struct config *cfg = env_of(p->env)->cfg;

    *out = NULL;
    return erase_lists_sync(p->db, cfg->data_dir, cfg->backup_dir, p->a, e);
}

static enum rc erasures_step(struct job_step *s, struct db *db, struct err *e)
{
    (void)db;
    (void)e;
    s->job.result_json = STR("{}");
    s->done = true;
    return RC_OK;
}

const struct job_kind erasures_job = { .name = ERASURES_JOB, .step = erasures_step, .prepare = erasures_prepare };
