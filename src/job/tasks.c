#include "job/tasks.h"

#include "base/clock.h"
#include "desk/attachment.h"
#include "desk/audit_verify.h"
#include "desk/blob.h"
#include "desk/refused.h"
#include "desk/retention.h"
#include "desk/settings.h"
#include "desk/ticket.h"
#include "store/blobs.h"
#include "store/expiry.h"
#include "store/idle.h"
#include "store/search.h"

enum {
    BLOBS_AT_ONCE = 500,
    IDLE_AT_ONCE = 50,
    MERGE_PAGES = 64, /* some milliseconds of the write lane */
    MERGES_AT_ONCE = 64,
};

static const int64_t keep_idempotency_us = US_PER_DAY;
static const int64_t keep_tokens_us = 7 * US_PER_DAY;
static const int64_t keep_failures_us = US_PER_DAY;
static const int64_t retention_us = 20 * US_PER_HOUR; /* a day, and a restart does not begin anew */
static const int64_t blob_grace_us = US_PER_HOUR;

static struct tasks_env *env_of(const struct task_run *t)
{
    return t->env;
}

/* ---- Tickets ---- */

static const struct actor nobody = { .type = ACTOR_SYSTEM };

/* An owner who did nothing for longer than the group allows loses the ticket. */
static enum rc unassign_idle(struct task_run *t, int64_t limit, int64_t *done, struct err *e)
{
    struct idle_tickets idle;
    struct call c;

    (void)limit;
    TRY(call_begin(t->db, &nobody, t->a, &c, e));
    TRY(idle_tickets_list(t->db, t->now_us, IDLE_AT_ONCE, t->a, &idle, e));
    for (size_t i = 0; i < idle.n; i++) {
        struct ticket_edit none = { .set = TF_OWNER };
        struct ticket_work w;

        TRY(ticket_work_begin(&c, idle.v[i], CAN_CHANGE, 0, &w, e));
        TRY(ticket_apply(&w, &none, e));
        TRY(ticket_work_save(&w, e));
    }
    *done = (int64_t)idle.n;
    return RC_OK;
}

static enum rc reach_dates(struct task_run *t, int64_t limit, int64_t *done, struct err *e)
{
    struct call c;

    TRY(call_begin(t->db, &nobody, t->a, &c, e));
    return ticket_until_due(&c, limit, done, e);
}

static enum rc close_solved(struct task_run *t, int64_t limit, int64_t *done, struct err *e)
{
    struct call c;
    int64_t days;

    TRY(setting_int(t->db, SETTING_SOLVED_CLOSE_DAYS, &days, e));
    if (!days)
        return RC_OK;
    TRY(call_begin(t->db, &nobody, t->a, &c, e));
    return ticket_close_solved(&c, days, limit, done, e);
}

/* ---- What is kept for a while ---- */

static enum rc old_idempotency(struct task_run *t, int64_t limit, int64_t *done, struct err *e)
{
    return expire_idempotency(t->db, t->now_us - keep_idempotency_us, limit, done, e);
}

static enum rc old_tokens(struct task_run *t, int64_t limit, int64_t *done, struct err *e)
{
    return expire_one_time_tokens(t->db, t->now_us - keep_tokens_us, limit, done, e);
}

static enum rc over_sessions(struct task_run *t, int64_t limit, int64_t *done, struct err *e)
{
    return expire_sessions(t->db, t->now_us, limit, done, e);
}

static enum rc old_sessions(struct task_run *t, int64_t limit, int64_t *done, struct err *e)
{
    int64_t days;

    TRY(setting_int(t->db, SETTING_KEEP_SESSIONS, &days, e));
    return expire_ended_sessions(t->db, t->now_us - days * US_PER_DAY, limit, done, e);
}

static enum rc old_failures(struct task_run *t, int64_t limit, int64_t *done, struct err *e)
{
    return expire_login_failures(t->db, t->now_us - keep_failures_us, limit, done, e);
}

static enum rc old_jobs(struct task_run *t, int64_t limit, int64_t *done, struct err *e)
{
    int64_t days;

    TRY(setting_int(t->db, SETTING_KEEP_JOBS, &days, e));
    return expire_jobs(t->db, t->now_us - days * US_PER_DAY, limit, done, e);
}

static enum rc old_access(struct task_run *t, int64_t limit, int64_t *done, struct err *e)
{
    int64_t days;

    TRY(setting_int(t->db, SETTING_KEEP_ACCESS, &days, e));
    return expire_access(t->db, t->now_us - days * US_PER_DAY, limit, done, e);
}

static enum rc note_refused(struct task_run *t, int64_t *done, struct err *e)
{
    return env_of(t)->refused ? refused_write(env_of(t)->refused, t->store, done, e) : RC_OK;
}

/* What administrators set beyond that, once a day. */
static enum rc keep_rules(struct task_run *t, int64_t *done, struct err *e)
{
    struct retention_report report;
    bool is_set, is_due;

    TRY(retention_is_set(t->db, &is_set, e));
    TRY(retention_is_due(t->db, t->now_us - retention_us, t->a, &is_due, e));
    if (!is_set || !is_due)
        return RC_OK;
    TRY(retention_run(t->store, t->db, &nobody, &report, e));
    for (size_t i = 0; i < RETENTION_KINDS; i++)
        *done += report.v[i].gone;
    return RC_OK;
}

/* ---- Files ---- */

static enum rc old_uploads(struct task_run *t, int64_t limit, int64_t *done, struct err *e)
{
    return uploads_expire(t->db, t->now_us, limit, t->a, done, e);
}

struct forget {
    struct task_run *t;
    struct blob_hashes gone;
};

static enum rc forget_rows(struct db *db, void *arg, struct err *e)
{
    struct forget *f = arg;

    return blobs_forget(db, f->t->now_us - blob_grace_us, BLOBS_AT_ONCE, f->t->a, &f->gone, e);
}

/* The rows first; a file without a row harms nobody, a row without its file would. */
static enum rc unused_blobs(struct task_run *t, int64_t *done, struct err *e)
{
    struct forget f = { .t = t };

    TRY(store_write(t->store, forget_rows, &f, e));
    for (size_t i = 0; i < f.gone.n; i++)
        TRY(blob_drop(env_of(t)->blobs, f.gone.v[i], t->now_us - blob_grace_us, e));
    *done = (int64_t)f.gone.n;
    return RC_OK;
}

static enum rc is_known(void *arg, struct str hash, bool *used, struct err *e)
{
    struct task_run *t = arg;

    return blobs_is_known(t->db, hash, used, e);
}

/* Files that a crash left without a row. */
static enum rc stray_files(struct task_run *t, int64_t *done, struct err *e)
{
    struct blob_sweep how = { t->now_us - blob_grace_us, is_known, t };

    return blobs_sweep(env_of(t)->blobs, &how, done, e);
}

/* ---- The database and its log ---- */

static enum rc witness(struct task_run *t, int64_t *done, struct err *e)
{
    (void)done;
    return audit_witness(t->db, env_of(t)->witness_path, t->a, e);
}

struct merging {
    struct task_run *t;
    bool more;
};

static enum rc merge_step(struct db *db, void *arg, struct err *e)
{
    struct merging *m = arg;

    return search_merge(db, MERGE_PAGES, m->t->a, &m->more, e);
}

/* Little by little, while no change waits for it. */
static enum rc merge_index(struct task_run *t, int64_t *done, struct err *e)
{
    struct merging m = { .t = t, .more = true };
    struct store_stats stats;

    (void)done;
    if (store_kind(t->store) != DB_SQLITE)
        return RC_OK;
    for (int i = 0; i < MERGES_AT_ONCE && m.more; i++) {
        store_stats(t->store, &stats);
        if (stats.waiting > 0)
            break;
        TRY(store_write(t->store, merge_step, &m, e));
    }
    return RC_OK;
}

static enum rc tidy_database(struct task_run *t, int64_t *done, struct err *e)
{
    (void)done;
    return store_tidy(t->store, e);
}

const struct task tasks_all[] = {
    { .name = "reach_dates", .every_us = 30 * US_PER_S, .batch = reach_dates },
    { .name = "close_solved", .every_us = 10 * US_PER_MIN, .batch = close_solved },
    { .name = "unassign_idle", .every_us = US_PER_MIN, .batch = unassign_idle },
    { .name = "expire_idempotency", .every_us = 10 * US_PER_MIN, .batch = old_idempotency },
    { .name = "expire_tokens", .every_us = US_PER_HOUR, .batch = old_tokens },
    { .name = "end_sessions", .every_us = 5 * US_PER_MIN, .batch = over_sessions },
    { .name = "expire_sessions", .every_us = US_PER_HOUR, .batch = old_sessions },
    { .name = "expire_login_failures", .every_us = 10 * US_PER_MIN, .batch = old_failures },
    { .name = "expire_jobs", .every_us = US_PER_HOUR, .batch = old_jobs },
    { .name = "expire_access_log", .every_us = US_PER_HOUR, .batch = old_access },
    { .name = "note_refused", .every_us = REFUSED_EVERY_S * US_PER_S, .alone = note_refused },
    { .name = "retention", .every_us = US_PER_HOUR, .alone = keep_rules },
    { .name = "expire_uploads", .every_us = 10 * US_PER_MIN, .batch = old_uploads },
    { .name = "drop_blobs", .every_us = 10 * US_PER_MIN, .alone = unused_blobs },
    { .name = "sweep_files", .every_us = US_PER_DAY, .alone = stray_files },
    { .name = "audit_witness", .every_us = US_PER_MIN, .alone = witness },
    { .name = "merge_index", .every_us = 2 * US_PER_S, .alone = merge_index },
    { .name = "tidy_database", .every_us = US_PER_HOUR, .alone = tidy_database },
};
const size_t tasks_all_n = ARRAY_LEN(tasks_all);
