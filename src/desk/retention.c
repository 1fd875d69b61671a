#include "desk/retention.h"

#include "base/clock.h"
#include "desk/audit.h"
#include "desk/evidence.h"
#include "desk/later.h"
#include "store/jobs.h"
#include "store/kinds.h"
#include "store/retention.h"
#include "store/ticket_gone.h"

enum {
    STEP_TICKETS = 10, /* a ticket may have thousands of messages */
    STEP_ROWS = 500,
    RUN_ARENA_MAX = 512 * 1024 * 1024,
    FIGURES_MAX = 8 * 1024,
};
static const int64_t lock_key = INT64_C(0x726574656e740000); /* no other advisory lock near */

#define NO_STATE (-1)
#define TICKETS(type) .state_type = (type)
#define ROWS(name)                                                                                 \
    .state_type = NO_STATE, .count = retention_##name##_count, .step = retention_##name

const struct retention_kind retention_kinds[RETENTION_KINDS] = {
    { "closed_tickets", "closed tickets", SETTING_KEEP_CLOSED },
    { "spam_tickets", "spam tickets", SETTING_KEEP_SPAM },
    { "deleted_tickets", "deleted tickets", SETTING_KEEP_DELETED },
    { "drafts", "drafts", SETTING_KEEP_DRAFTS },
    { "sent_mail", "sent mail of the outbox", SETTING_KEEP_OUTBOX },
    { "sessions", "ended sessions", SETTING_KEEP_SESSIONS },
    { "jobs", "ended jobs", SETTING_KEEP_JOBS },
    { "evidence", "evidence", SETTING_KEEP_EVIDENCE },
    { "audit_details", "details of audit entries", SETTING_KEEP_AUDIT_DETAILS },
    { "access_log", "lines of the access log", SETTING_KEEP_ACCESS },
};

/* How each is done, in the same order. */
static const struct {
    int state_type;
    retention_count_fn *count;
    retention_step_fn *step;
} how[RETENTION_KINDS] = {
    { TICKETS(STATE_CLOSED) }, { TICKETS(STATE_SPAM) }, { TICKETS(STATE_DELETED) },
    { ROWS(drafts) },          { ROWS(outbox) },        { ROWS(sessions) },
    { ROWS(jobs) },            { ROWS(evidence) },      { ROWS(audit) },
    { ROWS(access) },
};

static struct retention_ask ask_of(int64_t now_us, int64_t days)
{
    return (struct retention_ask){ .now_us = now_us, .before_us = now_us - days * US_PER_DAY };
}

static enum rc look_at(struct db *db, size_t i, int64_t now_us, struct retention_line *line,
                       struct err *e)
{
    struct retention_count count = { 0 };
    struct retention_ask q;

    TRY(setting_int(db, retention_kinds[i].days, &line->days, e));
    q = ask_of(now_us, line->days);
    if (line->days && how[i].count)
        TRY(how[i].count(db, &q, &count, e));
    else if (line->days)
        TRY(retention_tickets_count(db, how[i].state_type, &q, &count, e));
    line->due = count.due;
    line->held = count.held;
    return RC_OK;
}

enum rc retention_look(struct db *db, struct retention_report *out, struct err *e)
{
    *out = (struct retention_report){ .at_us = clock_now_us() };
    for (size_t i = 0; i < RETENTION_KINDS; i++)
        TRY(look_at(db, i, out->at_us, &out->v[i], e));
    return RC_OK;
}

enum rc retention_is_set(struct db *db, bool *out, struct err *e)
{
    *out = false;
    for (size_t i = 0; i < RETENTION_KINDS && !*out; i++) {
        int64_t days;

        TRY(setting_int(db, retention_kinds[i].days, &days, e));
        *out = days != setting_defs[retention_kinds[i].days].number;
    }
    return RC_OK;
}

enum rc retention_is_due(struct db *db, int64_t since_us, struct arena *a, bool *out, struct err *e)
{
    struct evidence_row last;
    enum rc rc = evidence_latest(db, "retention", false, a, &last, e);

    *out = rc == RC_NOT_FOUND || (rc == RC_OK && last.at_us < since_us);
    if (rc == RC_NOT_FOUND)
        err_clear(e);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

void retention_write(struct jw *w, const struct retention_report *report)
{
    jw_obj(w);
    jw_kv_time(w, "at", report->at_us);
    jw_key(w, "kinds");
    jw_obj(w);
    for (size_t i = 0; i < RETENTION_KINDS; i++) {
        const struct retention_line *line = &report->v[i];

        jw_key_str(w, str_of(retention_kinds[i].name));
        jw_obj(w);
        jw_kv_int(w, "days", line->days);
        jw_kv_int(w, "due", line->due);
        jw_kv_int(w, "held", line->held);
        jw_kv_int(w, "gone", line->gone);
        jw_obj_end(w);
    }
    jw_obj_end(w);
    jw_obj_end(w);
}

enum rc retention_check(const struct actor *who, struct err *e)
{
    return actor_has(who, PERM_ADMIN_SETTING)
               ? RC_OK
               : err_set(e, RC_DENIED, "", "Only who manages settings begins a run of the rules of retention.");
}

enum rc retention_ask(const struct account *c, struct job *out, struct err *e)
{
    TRY(retention_check(c->who, e));
    return later_ask(c, RETENTION_JOB, STR(""), out, e);
}

/* ── the run ── */

struct run {
    const struct actor *who;
    struct arena *a; /* of one step */
    struct retention_report *report;
    size_t kind;
    int64_t gone; /* by the last step */
    bool more;
    const struct err *failed; /* or NULL */
};

static enum rc audit_gone(struct db *db, const struct run *r, int64_t id,
                          const struct ticket_gone *gone, struct err *e)
{
    struct buf b = BUF_ARENA(r->a, 4096);
    struct jw w = jw_to(&b);
    struct audit_entry entry = { .action = "ticket.retired", .object = "ticket", .object_id = id };

    jw_obj(&w);
    jw_kv_text(&w, "number", gone->number);
    jw_kv_text(&w, "rule", str_of(retention_kinds[r->kind].name));
    jw_kv_int(&w, "days", r->report->v[r->kind].days);
    jw_kv_int(&w, "tickets", gone->tickets);
    jw_kv_int(&w, "messages", gone->messages);
    jw_kv_int(&w, "attachments", gone->attachments);
    jw_obj_end(&w);
    entry.details = buf_view(&b);
    return audit_add(db, r->who, &entry, r->a, e);
}

static enum rc step_tickets(struct db *db, struct run *r, struct retention_ask *q, struct err *e)
{
    struct retention_ids ids;

    q->limit = STEP_TICKETS;
    TRY(retention_tickets(db, how[r->kind].state_type, q, r->a, &ids, e));
    for (size_t i = 0; i < ids.n; i++) {
        struct ticket_gone gone;

        TRY(ticket_gone_delete(db, ids.v[i], q->now_us, r->a, &gone, e));
        TRY(audit_gone(db, r, ids.v[i], &gone, e));
    }
    r->gone = (int64_t)ids.n;
    return RC_OK;
}

static enum rc step(struct db *db, void *arg, struct err *e)
{
    struct run *r = arg;
    struct retention_ask q = ask_of(r->report->at_us, r->report->v[r->kind].days);
    bool mine;

    arena_reset(r->a);
    r->gone = 0;
    r->more = false;
    TRY(jobs_try_lock(db, lock_key, &mine, e));
    if (!mine)
        return RC_OK;
    q.limit = STEP_ROWS;
    if (how[r->kind].step)
        TRY(how[r->kind].step(db, &q, &r->gone, e));
    else
        TRY(step_tickets(db, r, &q, e));
    r->more = r->gone == q.limit;
    return RC_OK;
}

static enum rc run_kind(struct store *s, struct db *db, struct run *r, struct err *e)
{
    struct retention_line *line = &r->report->v[r->kind];

    if (!line->days)
        return RC_OK;
    do {
        TRY(store_write(s, step, r, e));
        line->gone += r->gone;
    } while (r->more);
    return look_at(db, r->kind, r->report->at_us, line, e);
}

static enum rc record(struct db *db, void *arg, struct err *e)
{
    const struct run *r = arg;
    struct buf b = BUF_ARENA(r->a, FIGURES_MAX);
    struct jw w = jw_to(&b);
    struct evidence ev = { .kind = "retention", .ok = !r->failed };
    int64_t gone = 0, held = 0;

    for (size_t i = 0; i < RETENTION_KINDS; i++) {
        gone += r->report->v[i].gone;
        held += r->report->v[i].held;
    }
    retention_write(&w, r->report);
    ev.figures = buf_view(&b);
    ev.summary = r->failed ? str_printf(r->a, "stopped after %lld: %s", (long long)gone, r->failed->detail)
                           : str_printf(r->a, "%lld gone, %lld under legal hold", (long long)gone,
                                        (long long)held);
    return evidence_add(db, r->who, &ev, r->a, e);
}

enum rc retention_run(struct store *s, struct db *db, const struct actor *who,
                      struct retention_report *out, struct err *e)
{
    struct arena *a CLEAN(arena_clean) = arena_new(RUN_ARENA_MAX);
    struct run r = { .who = who, .a = a, .report = out };
    struct err told = { 0 };
    enum rc rc = RC_OK;

    TRY(retention_look(db, out, e));
    for (; rc == RC_OK && r.kind < RETENTION_KINDS; r.kind++)
        rc = run_kind(s, db, &r, e);
    arena_reset(a);
    if (rc == RC_OK)
        return store_write(s, record, &r, e);
    r.failed = e;
    (void)!store_write(s, record, &r, &told); /* what failed first is what is told */
    return rc;
}
