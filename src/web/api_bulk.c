/* POST /bulk: up to 1,000 changes at once, more as a job. */
#include "web/api_jobs.h"
#include "web/bulk.h"
#include "web/call.h"

static const struct jfield answer_fields[] = {
    { .name = "results",
      .type = J_JSON,
      .flags = JF_OPTIONAL,
      .help = "One for each change, in order: ticket, status, and version or code, detail and "
              "errors." },
    { .name = "job",
      .type = J_OBJ,
      .flags = JF_OPTIONAL,
      .sub = &job_answer,
      .help = "With 202: who does them." },
};
static const struct jspec bulk_answer = JSPEC_ANSWER("BulkResult", answer_fields);

static enum rc later(struct ctx *c, struct call *call, size_t n, struct err *e)
{
    struct job j;

    TRY(bulk_enqueue(call, c->x->body, n, &j, e));
    ctx_location(c, "/api/v1/jobs/%lld", (long long)j.id);
    c->status = 202;
    jw_obj(&c->out);
    jw_key(&c->out, "job");
    job_json(&c->out, &j);
    jw_obj_end(&c->out);
    return RC_OK;
}

static enum rc bulk(struct ctx *c, struct err *e)
{
    const struct bulk_body *b = c->body;
    struct call call;

    TRY(ctx_call(c, &call, e));
    if (b->changes.n > BULK_NOW_MAX)
        return later(c, &call, b->changes.n, e);
    jw_obj(&c->out);
    jw_key(&c->out, "results");
    jw_arr(&c->out);
    TRY(bulk_run(&call, b->changes.v, b->changes.n, &c->out, e));
    jw_arr_end(&c->out);
    jw_obj_end(&c->out);
    return RC_OK;
}

static const struct route routes[] = {
    { .method = HTTP_POST,
      .path = "/api/v1/bulk",
      .op = "bulk",
      .tag = "Tickets",
      .summary =
          "Many changes at once, each with a result of its own; more than 1,000 become a job.",
      .handle = bulk,
      .flags = R_WRITE | R_LATER,
      .perm = PERM_TICKET_AGENT | PERM_ADMIN_TICKET,
      .body = &bulk_body_spec,
      .answer = &bulk_answer,
      .status = 200,
      .max_body = 4 * MIB },
};
const struct route_table routes_bulk = { routes, ARRAY_LEN(routes) };
