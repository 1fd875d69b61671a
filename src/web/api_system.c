/* How the installation is, part by part, for administrators: what /health, the metrics and the evidence of
 * backups, drills and checklists say.  Reasons are codes; the workspace has the words and what to do.
 * Nothing here names a path, an address or a secret. */
#include "backup/ship.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/confine.h"
#include "base/lane.h"
#include "base/log.h"
#include "base/version.h"
#include "desk/evidence.h"
#include "http/server.h"
#include "store/store.h"
#include "web/app.h"
#include "web/ctx.h"
#include "web/health.h"

#include <stdatomic.h>

enum {
    FIGURES_MAX = 2048,
    FULL_HOURS = 26,         /* as the checklist judges (check/check_evidence.c) */
    DRILL_DAYS = 35,
    CHECKLIST_DAYS = 92,
    CERTIFICATE_SOON_DAYS = 21, /* as the alerts (deploy/prometheus) */
    CERTIFICATE_LAST_DAYS = 7,
    USED_PERCENT = 80,
};

enum part_status { PART_OK, PART_OFF, PART_WARNING, PART_FAIL };
static const char *const status_names[] = { "ok", "off", "warning", "fail" };

struct part {
    enum part_status status;
    const char *reason; /* "": nothing to say */
    int64_t at_us;      /* of what the part is about: the last backup; 0: none */
    struct jw w;        /* figures */
};
struct look {
    struct ctx *c;
    struct health_snapshot s;
    int64_t now_us;
    struct err *e;
};

static void judge(struct part *p, enum part_status status, const char *reason)
{
    if (status < p->status)
        return;
    p->status = status;
    p->reason = reason;
}

static void judge_health(struct part *p, const struct health_check *c, const char *degraded, const char *failed)
{
    if (c->status == HEALTH_DEGRADED)
        judge(p, PART_WARNING, degraded);
    if (c->status == HEALTH_FAIL)
        judge(p, PART_FAIL, failed);
    if (c->status == HEALTH_NOT_CONFIGURED)
        judge(p, PART_OFF, "off");
}

/* ── the parts ── */

static enum rc part_database(struct look *l, struct part *p)
{
    judge_health(p, &l->s.database, "slow", "gone");
    jw_kv_text(&p->w, "kind", store_kind(l->c->app->store) == DB_POSTGRES ? STR("postgresql") : STR("sqlite"));
    jw_key(&p->w, "latency_ms"), jw_milli(&p->w, l->s.latency_us);
    return RC_OK;
}

static enum rc part_schema(struct look *l, struct part *p)
{
    judge_health(p, &l->s.migrations, "behind", "behind");
    jw_kv_int(&p->w, "version", l->s.schema_version);
    return RC_OK;
}

static enum rc part_disk(struct look *l, struct part *p)
{
    judge_health(p, &l->s.disk, "low", "full");
    jw_kv_int(&p->w, "free_bytes", l->s.disk_free);
    jw_kv_int(&p->w, "total_bytes", l->s.disk_total);
    return RC_OK;
}

static void put_queue(struct part *p, int64_t waiting, int64_t cap, int64_t refused)
{
    jw_obj(&p->w);
    jw_kv_int(&p->w, "waiting", waiting);
    jw_kv_int(&p->w, "capacity", cap);
    jw_kv_int(&p->w, "refused", refused);
    jw_obj_end(&p->w);
    if (waiting * 2 > cap)
        judge(p, PART_WARNING, "long");
}

static enum rc part_queues(struct look *l, struct part *p)
{
    struct lane_stats read, slow;
    struct store_stats st;

    lane_stats(l->c->app->read_lane, &read);
    lane_stats(l->c->app->slow_lane, &slow);
    store_stats(l->c->app->store, &st);
    jw_key(&p->w, "read"), put_queue(p, (int64_t)read.waiting, (int64_t)read.cap, read.refused);
    jw_key(&p->w, "slow"), put_queue(p, (int64_t)slow.waiting, (int64_t)slow.cap, slow.refused);
    jw_key(&p->w, "write"), put_queue(p, (int64_t)st.waiting, (int64_t)st.cap, st.refused);
    return RC_OK;
}

static enum rc part_jobs(struct look *l, struct part *p)
{
    judge_health(p, &l->s.jobs, "stuck", "stuck");
    jw_kv_int(&p->w, "waiting", l->s.gauges.jobs_waiting);
    jw_kv_int(&p->w, "running", l->s.gauges.jobs_running);
    return RC_OK;
}

/* This version writes mail into the outbox, and sends none. */
static enum rc part_mail(struct look *l, struct part *p)
{
    judge(p, PART_OFF, "off");
    jw_kv_int(&p->w, "waiting", l->s.gauges.outbox_waiting);
    return RC_OK;
}

/* The newest record of a kind: that it succeeded, and not too long ago. */
static enum rc judge_evidence(struct look *l, struct part *p, const char *kind, int64_t max_us,
                              struct evidence_row *row)
{
    enum rc rc = evidence_latest(l->c->db, kind, false, l->c->a, row, l->e);

    if (rc == RC_NOT_FOUND) {
        err_clear(l->e);
        judge(p, PART_WARNING, "never");
        return RC_OK;
    }
    TRY(rc);
    p->at_us = row->at_us;
    if (!row->ok)
        judge(p, PART_FAIL, "failed");
    else if (l->now_us - row->at_us > max_us)
        judge(p, PART_WARNING, "old");
    return RC_OK;
}

static enum rc put_last_good(struct look *l, struct part *p, const char *kind)
{
    struct evidence_row row = { 0 };

    if (evidence_latest(l->c->db, kind, true, l->c->a, &row, l->e) == RC_NOT_FOUND)
        err_clear(l->e);
    jw_kv_time(&p->w, "last_success_at", row.at_us);
    return l->e->rc;
}

static enum rc part_backup(struct look *l, struct part *p)
{
    const struct app *app = l->c->app;
    struct evidence_row row;
    struct ship_stats s = { 0 };

    TRY(judge_evidence(l, p, "backup.full", FULL_HOURS * US_PER_HOUR, &row));
    if (app->cfg->backup_dir.n == 0 && !p->at_us)
        p->reason = "off";
    if (app->ship) {
        ship_stats(app->ship, &s);
        jw_kv_bool(&p->w, "shipping", s.runs);
        if (!s.runs)
            judge(p, PART_FAIL, "shipping");
    }
    if (store_kind(app->store) == DB_POSTGRES) {
        jw_kv_bool(&p->w, "archiving", l->s.archive.archives && !l->s.archive.is_failing);
        if (l->s.archive.is_failing)
            judge(p, PART_FAIL, "archive");
    }
    return put_last_good(l, p, "backup.full");
}

/* What a drill measured. */
static void put_drill(struct part *p, const struct evidence_row *row)
{
    json_t *figures CLEAN(json_clean) = NULL;
    struct err e = { 0 };
    double rto = 0, rpo = 0;

    if (json_read(row->figures, &figures, &e) != RC_OK)
        return;
    rto = json_number_value(json_object_get(figures, "rto_s"));
    rpo = json_number_value(json_object_get(figures, "rpo_s"));
    jw_key(&p->w, "rto_seconds"), jw_milli(&p->w, (int64_t)(rto * 1000));
    jw_key(&p->w, "rpo_seconds"), jw_milli(&p->w, (int64_t)(rpo * 1000));
}

static enum rc part_restore(struct look *l, struct part *p)
{
    struct evidence_row row;

    TRY(judge_evidence(l, p, "drill", DRILL_DAYS * US_PER_DAY, &row));
    if (p->at_us && row.ok)
        put_drill(p, &row);
    return put_last_good(l, p, "drill");
}

static enum rc part_certificate(struct look *l, struct part *p)
{
    struct http_stats s = { 0 };
    int64_t days;

    if (l->c->app->http)
        http_stats(l->c->app->http, &s);
    if (!s.tls_expires_s) {
        judge(p, PART_OFF, "off");
        return RC_OK;
    }
    p->at_us = s.tls_expires_s * US_PER_S;
    days = (p->at_us - l->now_us) / US_PER_DAY;
    jw_kv_int(&p->w, "days", days);
    if (p->at_us <= l->now_us)
        judge(p, PART_FAIL, "expired");
    else if (days < CERTIFICATE_SOON_DAYS)
        judge(p, days < CERTIFICATE_LAST_DAYS ? PART_FAIL : PART_WARNING, "soon");
    return RC_OK;
}

static enum rc part_checklist(struct look *l, struct part *p)
{
    struct evidence_row row;

    return judge_evidence(l, p, "checklist.report", CHECKLIST_DAYS * US_PER_DAY, &row);
}

static enum rc part_process(struct look *l, struct part *p)
{
    const struct health_snapshot *s = &l->s;

    jw_kv_int(&p->w, "memory_bytes", s->memory);
    jw_kv_int(&p->w, "memory_limit_bytes", s->memory_max);
    jw_kv_int(&p->w, "open_files", s->fds);
    jw_kv_int(&p->w, "open_files_limit", s->fds_max);
    jw_kv_bool(&p->w, "confined", atomic_load(&l->c->app->confined) != 0);
    jw_kv_int(&p->w, "errors_logged", log_count(LOG_ERROR));
    if (s->memory_max && s->memory > s->memory_max / 100 * USED_PERCENT)
        judge(p, PART_WARNING, "memory");
    if (s->fds_max && s->fds > s->fds_max / 100 * USED_PERCENT)
        judge(p, PART_WARNING, "files");
    if (atomic_load(&l->c->app->draining))
        judge(p, PART_WARNING, "draining");
    return RC_OK;
}

static enum rc part_replicas(struct look *l, struct part *p)
{
    const struct archive_facts *f = &l->s.archive;

    if (store_kind(l->c->app->store) != DB_POSTGRES) {
        judge(p, PART_OFF, "off");
        return RC_OK;
    }
    jw_kv_int(&p->w, "replicas", f->replicas);
    jw_kv_int(&p->w, "synchronous", f->sync_replicas);
    jw_key(&p->w, "lag_seconds"), jw_milli(&p->w, f->lag_us / US_PER_MS);
    if (f->replicas == 0)
        judge(p, PART_WARNING, "none");
    return RC_OK;
}

static const struct {
    const char *name;
    enum rc (*look)(struct look *l, struct part *p);
} parts[] = {
    { "database", part_database }, { "schema", part_schema },   { "disk", part_disk },
    { "queues", part_queues },     { "jobs", part_jobs },       { "mail", part_mail },
    { "backup", part_backup },     { "restore", part_restore }, { "certificate", part_certificate },
    { "checklist", part_checklist }, { "process", part_process }, { "replicas", part_replicas },
};

/* ── the answer ── */

static const struct jfield part_fields[] = {
    { .name = "name", .type = J_TEXT, .help = "database, schema, disk, queues, jobs, mail, backup, restore, certificate, checklist, process, replicas." },
    { .name = "status", .type = J_TEXT, .help = "ok, off (this installation has no such part), warning, fail." },
    { .name = "reason", .type = J_TEXT, .help = "Why it is not ok, as a code; empty when it is." },
    { .name = "at", .type = J_TIME, .flags = JF_NULLABLE, .help = "Of the last backup, drill or report; of the certificate its end." },
    { .name = "figures", .type = J_JSON, .help = "What was seen, by name." },
};
static const struct jspec part_spec = JSPEC_ANSWER("SystemPart", part_fields);
static const struct jfield system_fields[] = {
    { .name = "as_of", .type = J_TIME, .help = "When it was looked at." },
    { .name = "status", .type = J_TEXT, .help = "The worst of the parts: ok, warning, fail." },
    { .name = "version", .type = J_TEXT, .help = "Version of the program." },
    { .name = "started_at", .type = J_TIME, .help = "Since when this node serves." },
    { .name = "parts", .type = J_OBJS, .sub = &part_spec, .help = "Each part." },
};
static const struct jspec system_spec = JSPEC_ANSWER("System", system_fields);

static enum rc put_part(struct look *l, size_t i, enum part_status *worst, struct jw *w)
{
    struct buf b = BUF_ARENA(l->c->a, FIGURES_MAX);
    struct part p = { .reason = "", .w = jw_to(&b) };

    jw_obj(&p.w);
    TRY(parts[i].look(l, &p));
    jw_obj_end(&p.w);
    jw_obj(w);
    jw_kv_text(w, "name", str_of(parts[i].name));
    jw_kv_text(w, "status", str_of(status_names[p.status]));
    jw_kv_text(w, "reason", str_of(p.reason));
    jw_kv_time(w, "at", p.at_us);
    jw_key(w, "figures"), jw_raw(w, buf_view(&b));
    jw_obj_end(w);
    if (p.status > *worst)
        *worst = p.status;
    return RC_OK;
}

static enum rc system_show(struct ctx *c, struct err *e)
{
    struct look l = { .c = c, .now_us = clock_now_us(), .e = e };
    enum part_status worst = PART_OFF; /* what is not there is no fault */
    struct buf b = BUF_ARENA(c->a, ARRAY_LEN(parts) * (FIGURES_MAX + 512));
    struct jw w = jw_to(&b);

    health_get(c->app->health, &l.s);
    jw_arr(&w);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        TRY(put_part(&l, i, &worst, &w));
    jw_arr_end(&w);
    jw_obj(&c->out);
    jw_kv_time(&c->out, "as_of", l.now_us);
    jw_kv_text(&c->out, "status", str_of(status_names[worst == PART_OFF ? PART_OK : worst]));
    jw_kv_text(&c->out, "version", STR(VERSION));
    jw_kv_time(&c->out, "started_at", c->app->started_us);
    jw_key(&c->out, "parts"), jw_raw(&c->out, buf_view(&b));
    jw_obj_end(&c->out);
    return RC_OK;
}

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/api/v1/system", .op = "system_show", .tag = "System",
      .summary = "How the installation is, part by part.", .handle = system_show, .perm = PERM_ADMIN_MONITOR,
      .answer = &system_spec, .status = 200 },
};
const struct route_table routes_system = { routes, ARRAY_LEN(routes) };
