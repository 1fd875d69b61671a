#include "web/bulk.h"
#include "web/problem.h"

#include "desk/later.h"
#include "store/search.h"

enum { STEP = 100, RESULT_MAX = 4 * 1024 * 1024, PAYLOAD_MAX = 8 * 1024 * 1024 };

static const struct jfield change_fields[] = {
    { "ticket", J_ID, JF_REQUIRED, 0, 0, 0, NULL, NULL, offsetof(struct bulk_change, ticket),
      "Id of the ticket." },
    { "version", J_INT, 0, 1, INT64_MAX, 0, NULL, NULL, offsetof(struct bulk_change, version),
      "The version that the ticket must have." },
    { "title", J_TEXT, JF_FILLED, 1, 255, 0, NULL, NULL, offsetof(struct edit_body, title),
      "Subject." },
    EDIT_FIELDS,
    { "add_tags", J_TEXTS, 0, 1, 64, 50, NULL, NULL, offsetof(struct edit_body, add_tags),
      "Tags to be added." },
    { "remove_tags", J_TEXTS, 0, 1, 64, 50, NULL, NULL, offsetof(struct edit_body, remove_tags),
      "Tags to be taken away." },
    { "message", J_OBJ, 0, 0, 0, 0, NULL, &message_in_spec, offsetof(struct bulk_change, message),
      "A message." },
};
static const struct jspec change_spec = JSPEC("BulkChange", change_fields, struct bulk_change);
static const struct jfield body_fields[] = {
    { "changes", J_OBJS, JF_REQUIRED, 0, 0, BULK_MAX, NULL, &change_spec,
      offsetof(struct bulk_body, changes),
      "Changes, each of one ticket; beyond 1,000 a job does them." },
};
const struct jspec bulk_body_spec = JSPEC("BulkBody", body_fields, struct bulk_body);

static enum rc say(struct call *c, struct ticket_work *w, const struct message_in *in,
                   struct err *e)
{
    enum message_format format = in->format.set ? (enum message_format)in->format.v : FORMAT_TEXT;
    struct message_body body;
    struct message_new m;

    TRY(message_render(in->body.v, format, "/message/body", c->a, &body, e));
    TRY(message_in_read(c, in, "/message", &body, &m, e));
    return ticket_say(w, &m, e);
}

static enum rc apply(struct call *c, const struct bulk_change *ch, struct ticket_work *w,
                     struct err *e)
{
    struct ticket_edit ed;

    TRY(ticket_work_begin(c, ch->ticket.v, CAN_ANSWER, ch->version.v, w, e));
    if (w->t.state_type == STATE_MERGED)
        return err_set(e, RC_CONFLICT, "ticket_merged", "This ticket was merged into another one.");
    TRY(edit_body_read(c, &ch->edit, false, &ed, e));
    TRY(ticket_apply(w, &ed, e));
    if (ch->message.v)
        TRY(say(c, w, ch->message.v, e));
    return ticket_work_save(w, e);
}

static void write_failure(struct jw *w, const struct bulk_change *ch, const struct err *e)
{
    jw_obj(w);
    jw_kv_int(w, "ticket", ch->ticket.v);
    jw_kv_int(w, "status", rc_status(e->rc));
    jw_kv_text(w, "code", str_of(e->code[0] ? e->code : rc_code(e->rc)));
    jw_kv_text(w, "detail", str_of(e->detail));
    problem_errors(w, e, &(struct problem_places){ .object = "/ticket", .version = "/version" });
    jw_obj_end(w);
}

static bool is_of_the_database(enum rc rc)
{
    return rc == RC_RETRY || rc == RC_BUSY || rc == RC_FULL || rc == RC_FAIL;
}

static enum rc run_one(struct call *c, const struct bulk_change *ch, struct jw *w, struct err *e)
{
    struct db_tx tx CLEAN(db_tx_end) = { 0 };
    struct ticket_work work;
    enum rc rc;

    TRY(db_tx_begin(c->db, &tx, e));
    rc = apply(c, ch, &work, e);
    if (is_of_the_database(rc))
        return rc;
    if (rc != RC_OK) {
        db_tx_end(&tx);
        write_failure(w, ch, e);
        err_clear(e);
        return RC_OK;
    }
    TRY(db_tx_commit(&tx, e));
    jw_obj(w);
    jw_kv_int(w, "ticket", work.t.id);
    jw_kv_int(w, "status", rc_status(RC_OK));
    jw_kv_int(w, "version", work.t.version);
    jw_obj_end(w);
    return RC_OK;
}

/* The documents of a ticket that many changes are about are written once: PostgreSQL walks over all
 * that one transaction has left behind. */
enum rc bulk_run(struct call *c, const struct bulk_change *changes, size_t n, struct jw *w,
                 struct err *e)
{
    struct call_late late = { .tickets = ARENA_ARRAY(c->a, int64_t, n + 1), .cap = n };
    struct call mine = *c;

    mine.late = &late;
    for (size_t i = 0; i < n; i++)
        TRY(run_one(&mine, &changes[i], w, e));
    for (size_t i = 0; i < late.n; i++)
        TRY(search_reindex_ticket(c->db, late.tickets[i], c->a, e));
    return RC_OK;
}

/* ---- As a job ---- */

enum rc bulk_enqueue(struct call *c, struct str body, size_t n, struct job *out, struct err *e)
{
    struct buf b = BUF_ARENA(c->a, PAYLOAD_MAX);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    later_caller_json(&w, c->who);
    jw_key(&w, "body");
    jw_raw(&w, body);
    jw_obj_end(&w);
    if (b.overflow)
        return err_set(e, RC_TOO_BIG, "", "The changes are too large together.");
    *out = later_job(c->who, bulk_job.name, buf_view(&b), c->now_us);
    out->total = (int64_t)n;
    return jobs_add(c->db, out, e);
}

/* What earlier steps left, open at its end: {"results":[…  */
static void open_results(struct jw *w, struct str before)
{
    struct str head = STR("{\"results\":[");

    buf_str(w->b, str_starts(before, head) ? str_sub(before, 0, before.n - 2) : head);
    w->comma = str_starts(before, head) && before.n > head.n + 2;
}

static enum rc step(struct job_step *s, struct db *db, struct err *e)
{
    json_t *payload CLEAN(json_clean) = NULL;
    struct buf b = BUF_ARENA(s->a, RESULT_MAX);
    struct jw w = jw_to(&b);
    const struct bulk_body *body;
    struct actor who = { 0 };
    struct call c;
    size_t at = (size_t)s->job.progress, n;
    void *out;

    TRY(json_read(s->job.payload_json, &payload, e));
    TRY(later_actor(db, &s->job, payload, s->a, &who, e));
    TRY(jspec_read(&bulk_body_spec, json_object_get(payload, "body"), s->a, &out, e));
    TRY(call_begin(db, &who, s->a, &c, e));
    body = out;
    if (at > body->changes.n)
        return err_fail(e, "bulk: job %lld is past its end", (long long)s->job.id);
    n = body->changes.n - at < STEP ? body->changes.n - at : STEP;
    open_results(&w, s->job.result_json);
    TRY(bulk_run(&c, (const struct bulk_change *)body->changes.v + at, n, &w, e));
    buf_str(&b, STR("]}"));
    if (b.overflow)
        return err_set(e, RC_TOO_BIG, "results", "The results are too large.");
    s->job.result_json = buf_view(&b);
    s->job.progress += (int64_t)n;
    s->done = s->job.progress == (int64_t)body->changes.n;
    return RC_OK;
}

const struct job_kind bulk_job = { .name = "bulk", .step = step };
