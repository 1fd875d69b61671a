/* Jobs: longer work that a request began. */
#include "web/api_jobs.h"
#include "base/clock.h"
#include "web/ctx.h"

static const struct jfield job_fields[] = {
    { .name = "id", .type = J_ID, .help = "Its id." },
    { .name = "kind", .type = J_TEXT, .help = "What it does." },
    { .name = "state", .type = J_ENUM, .values = job_state_names, .help = "How far it is." },
    { .name = "progress", .type = J_INT, .help = "Things done." },
    { .name = "total", .type = J_INT, .help = "Things to be done." },
    { .name = "created_at", .type = J_TIME, .help = "When it was asked for." },
    { .name = "finished_at", .type = J_TIME, .flags = JF_NULLABLE, .help = "When it ended." },
    { .name = "result",
      .type = J_JSON,
      .flags = JF_OPTIONAL,
      .help = "What came of it, so far; not in lists." },
};
const struct jspec job_answer = JSPEC_ANSWER("Job", job_fields);

void job_json(struct jw *w, const struct job *j)
{
    jw_obj(w);
    jw_kv_int(w, "id", j->id);
    jw_kv_text(w, "kind", j->kind);
    jw_kv_text(w, "state", str_of(job_state_names[j->state]));
    jw_kv_int(w, "progress", j->progress);
    jw_kv_int(w, "total", j->total);
    jw_kv_time(w, "created_at", j->created_us);
    jw_kv_time(w, "finished_at", j->finished_us);
    if (j->result_json.p) {
        jw_key(w, "result");
        jw_raw(w, j->result_json);
    }
    jw_obj_end(w);
}

static const char *const by_id[] = { "id", NULL };
static const struct ctx_sorts sorts = { by_id, true };
static const struct jfield list_fields[] = { CTX_LIST_FIELDS };
static const struct jspec list_query = JSPEC("JobListQuery", list_fields, struct ctx_list_query);

static enum rc jobs_index(struct ctx *c, struct err *e)
{
    struct job_list list;
    struct ctx_page p;
    struct job_page want = { .user_id = c->who.user_id };
    size_t n;

    TRY(ctx_page_begin(c, c->query, &sorts, STR_NONE, &p, e));
    want.key = p.has_key ? p.key_id : 0;
    want.limit = p.limit + 1;
    want.descending = p.descending != p.backward;
    TRY(jobs_list(c->db, &want, c->a, &list, e));
    n = list.n < (size_t)p.limit ? list.n : (size_t)p.limit;
    for (size_t i = 0; i < n; i++) {
        const struct job *j = &list.v[p.backward ? n - 1 - i : i];

        ctx_page_item(c, &p, j->id, STR_NONE, j->id);
        job_json(&c->out, j);
    }
    ctx_page_end(c, &p, list.n > n);
    return RC_OK;
}

/* A job is its user's alone. */
static enum rc load_own(struct ctx *c, struct job *j, struct err *e)
{
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    TRY(jobs_load(c->db, id, c->a, j, e));
    return j->user_id == c->who.user_id ? RC_OK
                                        : err_set(e, RC_NOT_FOUND, "", "There is no such job.");
}

static enum rc job_show(struct ctx *c, struct err *e)
{
    struct job j;

    TRY(load_own(c, &j, e));
    job_json(&c->out, &j);
    return RC_OK;
}

static enum rc job_cancel(struct ctx *c, struct err *e)
{
    struct job j;
    bool did;

    TRY(load_own(c, &j, e));
    TRY(jobs_cancel(c->db, j.id, clock_now_us(), &did, e));
    if (!did)
        return err_set(e, RC_CONFLICT, "job_ended", "The job has ended already.");
    TRY(jobs_load(c->db, j.id, c->a, &j, e));
    job_json(&c->out, &j);
    return RC_OK;
}

static const struct route routes[] = {
    { .method = HTTP_GET,
      .path = "/api/v1/jobs",
      .op = "jobs_list",
      .tag = "Jobs",
      .summary = "The caller's jobs, newest first.",
      .handle = jobs_index,
      .flags = R_LIST,
      .query = &list_query,
      .answer = &job_answer,
      .status = 200 },
    { .method = HTTP_GET,
      .path = "/api/v1/jobs/{id}",
      .op = "job_show",
      .tag = "Jobs",
      .summary = "One job with its result so far.",
      .handle = job_show,
      .answer = &job_answer,
      .status = 200 },
    { .method = HTTP_POST,
      .path = "/api/v1/jobs/{id}/cancel",
      .op = "job_cancel",
      .tag = "Jobs",
      .summary = "Cancels a job; what it did stays.",
      .handle = job_cancel,
      .flags = R_WRITE,
      .answer = &job_answer,
      .status = 200 },
};
const struct route_table routes_jobs = { routes, ARRAY_LEN(routes) };
