#include "web/chain.h"

#include "base/clock.h"
#include "base/config.h"
#include "base/rand.h"
#include "web/access.h"
#include "web/assets.h"
#include "web/form.h"
#include "web/live.h"
#include "web/metrics.h"
#include "web/nodes.h"
#include "web/page_hooks.h"
#include "web/streams.h"
#include "web/worker.h"

#include "http/server.h"

enum { REQUEST_ID_MAX = 64, REQUEST_ID_BYTES = 12, SMALL_BODY = 4096, FORM_BODY = 64 * 1024 };

static enum rc match_route(struct request *r, struct err *e);
static enum rc reading_check(struct request *r, struct err *e);

/* The order of the chain; web/chain.h says why. */
static const stage_fn loop_stages[] = { cors_check, ratelimit_check, match_route, host_check, input_headers };
static const stage_fn lane_stages[] = { input_form,      session_load, version_check,   csrf_check,  authentication_check,
                                        ratelimit_token, permit_check, input_fields, reading_check, idempotency_begin };

static bool id_is_sane(struct str id)
{
    if (id.n == 0 || id.n > REQUEST_ID_MAX)
        return false;
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

        if (!alnum && c != '-' && c != '_' && c != '.')
            return false;
    }
    return true;
}

static struct str request_id_of(const struct exchange *x)
{
    struct str id = http_header_get(x, STR("x-request-id"));

    return id.p && id_is_sane(id) ? id : rand_name(REQUEST_ID_BYTES, x->arena);
}

/* Zeroed but for the field errors at its end, which n_fields guards: zeroing those too would be a
 * tenth of what a health check costs. */
static struct request *request_new(struct app *app, struct exchange *x)
{
    struct request *r = arena_alloc_raw(x->arena, sizeof(*r));
    char address[ADDR_TEXT_MAX];

    memset(r, 0, offsetof(struct request, c.err.fields));
    x->app = r;
    r->live = atomic_load(&app->live);
    r->client = client_address(r->live, x);
    r->c.x = x;
    r->c.app = app;
    r->c.a = x->arena;
    r->c.request_id = request_id_of(x);
    r->c.who.address = str_dup((struct str){ address, addr_format(&r->client, address) }, x->arena);
    r->c.who.request_id = r->c.request_id;
    return r;
}

static void finish_and_reply(struct request *r, enum rc rc)
{
    struct app *app = r->c.app;
    struct exchange *x = r->c.x;

    answer_finish(r, rc);
    app->reply(x);
}

/* ── on the loop ── */

static enum rc match_route(struct request *r, struct err *e)
{
    struct exchange *x = r->c.x;

    r->c.route = r->match.route;
    memcpy(r->c.params, r->match.params, sizeof(r->c.params));
    if (r->match.route)
        return RC_OK;
    if (r->match.allowed == 0)
        return err_set(e, RC_NOT_FOUND, "", "There is no such address.");
    exchange_header(x, STR("allow"), dispatch_allow(r->match.allowed, x->arena));
    r->n_out_start = x->n_out;
    err_field(e, "method", "choice", str_z(dispatch_allow(r->match.allowed, x->arena), x->arena),
              "this address does not know this method");
    return err_set(e, RC_METHOD, "", "%s", "");
}

/* OPTIONS of any address we have: what a browser asks before a request, or a client out of interest. */
static bool answer_options(struct request *r)
{
    struct exchange *x = r->c.x;

    if (x->method != HTTP_OPTIONS || r->match.allowed == 0 || r->match.route)
        return false;
    if (!r->preflight)
        exchange_header(x, STR("allow"), dispatch_allow(r->match.allowed, x->arena));
    r->c.status = 204;
    return true;
}

/* A file of the web interface: no right, no database, no rate. */
static bool answer_asset(struct request *r)
{
    if (r->match.allowed || !(r->c.x->method & (HTTP_GET | HTTP_HEAD)) || !assets_answer(r->c.x, r->c.x->path))
        return false;
    r->c.status = r->c.x->status;
    answer_finish(r, RC_OK);
    return true;
}

static size_t body_limit(const struct request *r)
{
    const struct route *route = r->match.route;

    if ((route->flags & R_RAW_BODY) && (route->flags & R_PAGE))
        return FORM_FILES_TOGETHER * r->live->max_upload;
    if (route->flags & R_RAW_BODY)
        return route->max_body ? route->max_body : r->live->max_upload;
    if (route->flags & R_PAGE)
        return route->max_body ? route->max_body : FORM_BODY;
    if (!route->body)
        return SMALL_BODY;
    return route->max_body ? route->max_body : r->live->max_body;
}

static enum http_verdict on_headers(struct exchange *x, void *arg, size_t *max_body, bool *spool)
{
    struct app *app = arg;
    struct request *r = request_new(app, x);
    const struct route *route;
    enum rc rc = RC_OK;

    if (dispatch_find(app->dispatch, x->method, x->path, &r->match) == RC_OK)
        r->c.status = r->match.route->status;
    else if (answer_asset(r))
        return HTTP_ANSWER_NOW;
    for (size_t i = 0; i < ARRAY_LEN(loop_stages) && rc == RC_OK; i++) {
        if (i == 1 && answer_options(r))
            break;
        rc = loop_stages[i](r, &r->c.err);
    }
    route = r->match.route;
    if (rc != RC_OK || !route) {
        answer_finish(r, rc);
        return HTTP_ANSWER_NOW;
    }
    *spool = route->flags & R_RAW_BODY;
    *max_body = body_limit(r);
    return HTTP_GO;
}

static void start_answer(struct request *r)
{
    struct exchange *x = r->c.x;

    x->n_out = r->n_out_start;
    x->out_body.n = 0;
    x->out_body.overflow = false;
    x->out_static = STR_NONE;
    r->c.out = jw_to(&x->out_body);
    r->c.status = r->c.route->status;
    r->c.version = 0;
    r->c.commit_error = r->c.shows_current = false;
}

static void end_request(struct request *r, enum rc rc);

static void busy(struct request *r, const char *what)
{
    enum rc rc = err_set(&r->c.err, RC_BUSY, "overloaded", "The server is too busy: %s.", what);

    if (r->c.form)
        end_request(r, rc);
    else
        finish_and_reply(r, rc);
}

static void on_request(struct exchange *x, void *arg)
{
    struct app *app = arg;
    struct request *r = x->app;

    r->n_out_start = x->n_out;
    if (r->c.route->flags & R_ON_LOOP) {
        enum rc rc = input_fields(r, &r->c.err);

        start_answer(r);
        finish_and_reply(r, rc == RC_OK ? r->c.route->handle(&r->c, &r->c.err) : rc);
        return;
    }
    x->job.run = chain_run;
    if (!lane_push(app->read_lane, &x->job))
        busy(r, "too many requests are waiting");
}

static void on_refused(struct exchange *x, enum rc why, const char *detail, void *arg)
{
    struct app *app = arg;
    struct request *r = x->app ? x->app : request_new(app, x);

    x->n_out = 0;
    r->n_out_start = 0;
    err_clear(&r->c.err);
    if (why == RC_TOO_BIG && r->match.route) {
        err_field(&r->c.err, "body", "length", str_printf(x->arena, "at most %zu bytes", body_limit(r)).p, "the body is too long");
        err_set(&r->c.err, why, "", "The body may have at most %zu bytes here.", body_limit(r));
    } else if (why == RC_URI_LONG) {
        long long max = (long long)app->cfg->http_max_request_line;

        err_field(&r->c.err, "path", "length", str_printf(x->arena, "at most %lld bytes", max).p, "the address is too long");
        err_set(&r->c.err, why, "", "%s", detail ? detail : "");
    } else {
        err_set(&r->c.err, why, "", "%s", detail ? detail : "");
    }
    answer_finish(r, why);
}

static void on_sent(struct exchange *x, uint64_t bytes, bool complete, void *arg)
{
    struct app *app = arg;
    const struct request *r = x->app;

    request_log(x, r, bytes, complete);
    access_note_refused(app, x, r);
    metrics_count(app->metrics, &(struct metrics_request){ .route = r ? r->match.route : NULL,
                                                           .method = x->method,
                                                           .status = x->status,
                                                           .duration_us = clock_mono_us() - x->start_us,
                                                           .db_us = r ? r->c.db_us : 0,
                                                           .statements = r ? r->c.db_statements : 0,
                                                           .bytes = bytes,
                                                           .complete = complete });
}

static void on_stream_gone(uint64_t stream_id, void *arg)
{
    struct app *app = arg;

    if (app->streams)
        streams_closed(app->streams, stream_id);
}

struct http_app app_calls(struct app *app)
{
    return (struct http_app){ .arg = app,
                              .on_headers = on_headers,
                              .on_request = on_request,
                              .on_refused = on_refused,
                              .on_sent = on_sent,
                              .on_stream_gone = on_stream_gone };
}

/* ── on the lanes ── */

/* READ_ONLY: before a handler prepares anything, which may store files. */
static enum rc reading_check(struct request *r, struct err *e)
{
    if (!r->c.app->cfg->read_only || !(r->c.route->flags & R_WRITE))
        return RC_OK;
    return err_set(e, RC_BUSY, "read_only", "This server only reads: nothing can be changed here.");
}

/* From here on what runs on the connection is this request's: what ran on it before is not. */
static void use_db(struct request *r, struct db *db, bool writes)
{
    r->c.db = db;
    db_take_time_us(db, NULL);
    if (r->c.app->on_db)
        r->c.app->on_db(r->c.app, db, writes);
}

static void leave_db(struct request *r)
{
    int64_t statements = 0;

    if (r->c.db) {
        db_snapshot_end(r->c.db);
        r->c.db_us += db_take_time_us(r->c.db, &statements);
        r->c.db_statements += statements;
    }
    r->c.db = NULL;
}

/* What shows an object gets its ETag, also when it is only the current one behind a failure. */
static enum rc handle(struct ctx *c, struct err *e)
{
    enum rc rc = c->route->handle(c, e);

    if (rc == RC_OK || c->shows_current)
        ctx_etag_write(c);
    return rc;
}

static enum rc write_run(struct write_job *j, struct db *db, struct err *e)
{
    struct request *r = request_of_write(j);
    struct ctx *c = &r->c;
    enum rc rc;

    err_clear(e);
    start_answer(r);
    use_db(r, db, true);
    rc = idempotency_take(r, db, e);
    if (rc == RC_OK && !r->idem.replayed)
        rc = handle(c, e);
    if (rc == RC_OK)
        rc = idempotency_keep(r, db, e);
    leave_db(r);
    r->write_rc = rc;
    return c->commit_error && rc != RC_FAIL && rc != RC_RETRY ? RC_OK : rc;
}

static void again_run(struct lane_job *job, void *thread);

/* The end of a request that a lane ran.  A page that failed is shown again, with what was typed in it,
 * on a read lane: what it shows is read from the database. */
static void end_request(struct request *r, enum rc rc)
{
    struct exchange *x = r->c.x;

    if (rc != RC_OK && (r->c.route->flags & R_PAGE)) {
        r->failed = r->c.err.rc = rc;
        x->job.run = again_run;
        if (lane_push(r->c.app->read_lane, &x->job))
            return;
    }
    finish_and_reply(r, rc);
}

static void write_done(struct write_job *j, enum rc rc)
{
    struct request *r = request_of_write(j);

    if (rc == RC_OK && !atomic_load(&r->c.app->draining))
        nodes_wrote(r->c.app);
    end_request(r, rc == RC_OK ? r->write_rc : rc);
}

/* The answer of a reading handler is there, and waits for its line in the access log. */
static enum rc access_run(struct write_job *j, struct db *db, struct err *e)
{
    struct request *r = request_of_write(j);
    enum rc rc;

    err_clear(e);
    use_db(r, db, true);
    rc = access_record(r, db, e);
    leave_db(r);
    return rc;
}

static void access_done(struct write_job *j, enum rc rc)
{
    finish_and_reply(request_of_write(j), rc);
}

/* Behind prepare(): to the write lane, or the handler here and now. */
static void run_handler(struct request *r)
{
    struct ctx *c = &r->c;
    enum rc rc;

    if (c->route->flags & R_WRITE) {
        leave_db(r);
        r->write = (struct write_job){ .run = write_run, .done = write_done, .err = &c->err };
        if (!store_submit(c->app->store, &r->write))
            busy(r, "too many changes are waiting");
        return;
    }
    rc = handle(c, &c->err);
    leave_db(r);
    if (rc == RC_OK && access_is_due(r)) {
        r->write = (struct write_job){ .run = access_run, .done = access_done, .err = &c->err };
        if (!store_submit(c->app->store, &r->write))
            busy(r, "too many changes are waiting");
        return;
    }
    end_request(r, rc);
}

static enum rc run_prepare(struct request *r)
{
    start_answer(r);
    return r->c.route->prepare ? r->c.route->prepare(&r->c, &r->c.err) : RC_OK;
}

static void prepare_and_handle(struct request *r)
{
    enum rc rc = run_prepare(r);

    if (rc == RC_OK) {
        run_handler(r);
        return;
    }
    leave_db(r);
    end_request(r, rc);
}

static bool enter_db(struct request *r, void *thread)
{
    struct db *db = NULL;
    enum rc rc = worker_db(thread, &db, &r->c.err);

    if (rc != RC_OK) {
        finish_and_reply(r, rc);
        return false;
    }
    use_db(r, db, false);
    return true;
}

static struct request *request_of_job(struct lane_job *job)
{
    struct exchange *x = (struct exchange *)(void *)((char *)job - offsetof(struct exchange, job));

    return x->app;
}

/* Before the answer nothing of a failed handler stays but the cookies of an attempt that counts. */
static void again_run(struct lane_job *job, void *thread)
{
    struct request *r = request_of_job(job);
    struct err e = { 0 };
    struct db *db = NULL;

    if (worker_db(thread, &db, &e) == RC_OK) {
        use_db(r, db, false);
        start_answer(r);
        r->is_shown = db_snapshot_begin(db, &e) == RC_OK && page_show_failure(&r->c, &e) == RC_OK
                      && !r->c.x->out_body.overflow;
        leave_db(r);
    }
    finish_and_reply(r, r->failed);
}

static void slow_run(struct lane_job *job, void *thread)
{
    struct request *r = request_of_job(job);

    if (enter_db(r, thread))
        prepare_and_handle(r);
}

void chain_run(struct lane_job *job, void *thread)
{
    struct request *r = request_of_job(job);
    struct ctx *c = &r->c;
    enum rc rc = RC_OK;

    if (!enter_db(r, thread))
        return;
    rc = db_snapshot_begin(c->db, &c->err);
    for (size_t i = 0; i < ARRAY_LEN(lane_stages) && rc == RC_OK; i++)
        rc = lane_stages[i](r, &c->err);
    r->n_out_start = c->x->n_out;
    if (rc != RC_OK) {
        leave_db(r);
        end_request(r, rc);
    } else if (c->route->flags & R_SLOW) {
        leave_db(r);
        job->run = slow_run;
        if (!lane_push(c->app->slow_lane, job))
            busy(r, "too much slow work is waiting");
    } else {
        prepare_and_handle(r);
    }
}
