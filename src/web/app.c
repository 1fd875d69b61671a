#include "web/app.h"

#include "backup/schedule.h"
#include "backup/ship.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/enc.h"
#include "base/lane.h"
#include "base/log.h"
#include "desk/auth.h"
#include "desk/blob.h"
#include "desk/refused.h"
#include "desk/signup.h"
#include "http/server.h"
#include "job/data.h"
#include "job/people.h"
#include "job/retag.h"
#include "job/tasks.h"
#include "store/event_feed.h"
#include "store/migrate.h"
#include "store/store.h"
#include "web/bulk.h"
#include "web/chain.h"
#include "web/health.h"
#include "web/live.h"
#include "web/metrics.h"
#include "web/nodes.h"
#include "web/openapi.h"
#include "web/presence.h"
#include "web/ratelimit.h"
#include "web/routes.h"
#include "web/streams.h"
#include "web/ticket_cache.h"
#include "web/worker.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    APP_ARENA_MAX = 64 << 20,
    RATE_CELLS = 1 << 17, /* 2 MiB, touched as addresses come */
    LOOPS_MAX = 4,
    THREADS_MIN = 2,
    SLOW_NICE = 10, /* a storm of logins must not take the cores from the other requests */
    SLOW_WAITING = 512, /* passwords a thread; one takes some 20 ms: 500 people at once all get in, nobody waits minutes */
    STREAMS_PER_USER_MAX = 10,
    /* SQLite's own pages stand beside; from a server each ticket has to be fetched. */
    TICKET_CACHE_BYTES_SQLITE = 4 << 20,
    TICKET_CACHE_BYTES_POSTGRES = 16 << 20,
};

static size_t cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1 : (size_t)n;
}

static enum rc make_roles_ready(struct db *db, void *arg, struct err *e)
{
    (void)arg;
    return roles_ready(db, e);
}

/* What only reads changes no schema either. */
static enum rc check_schema(struct store *s, struct err *e)
{
    struct db *db = NULL;
    enum rc rc = store_connect(s, DB_READ, &db, e);

    if (rc == RC_OK)
        rc = store_migrations_current(db, e);
    db_close(&db);
    return rc;
}

static enum rc open_store(struct app *app, struct err *e)
{
    const struct config *cfg = app->cfg;
    const struct store_opts o = {
        .url = cfg->database_url,
        .writers = (size_t)cfg->db_writers,
        .queue_cap = (size_t)cfg->queue_max,
        .statement_ms = cfg->db_statement_ms,
        .connect_ms = cfg->db_connect_ms,
        .batch_max = (size_t)cfg->db_batch_max,
        .keep_log = config_ships(cfg),
        .read_only = cfg->read_only,
    };

    TRY(store_open(&o, &app->store, e));
    if (cfg->read_only)
        return check_schema(app->store, e);
    TRY(store_migrate(app->store, &(struct migrate_opts){ 0 }, e));
    return store_write(app->store, make_roles_ready, NULL, e);
}

enum rc app_auth(const struct config *cfg, struct auth **out, struct err *e)
{
    const struct auth_opts o = {
        .jwt_secret = cfg->jwt_secret,
        .secret_key = cfg->secret_key,
        .jwt_former = cfg->jwt_secret_former,
        .secret_former = cfg->secret_key_former,
        .base_url = cfg->base_url,
        .registration = (enum registration)cfg->registration, /* in the order of config.def */
        .log_links = !config_is_production(cfg),
        .access_s = cfg->access_token_s,
        .idle_s = cfg->session_idle_s,
        .session_s = cfg->session_max_s,
        .argon2_kib = cfg->argon2_kib,
        .argon2_passes = cfg->argon2_passes,
    };

    return auth_open(&o, out, e);
}

static enum rc open_auth(struct app *app, struct err *e)
{
    struct sha256 key;

    TRY(app_auth(app->cfg, &app->auth, e));
    auth_derive(app->auth, STR("cursor"), &key);
    memcpy(app->cursor_key, key.b, APP_KEY_LEN);
    app->has_cursor_key_former = auth_derive_former(app->auth, STR("cursor"), &key);
    memcpy(app->cursor_key_former, key.b, APP_KEY_LEN);
    return RC_OK;
}

static void open_lanes(struct app *app)
{
    const struct config *cfg = app->cfg;
    size_t readers = cfg->read_threads ? (size_t)cfg->read_threads : cores();
    struct lane_opts o = {
        .name = "read",
        .threads = readers < THREADS_MIN ? THREADS_MIN : readers,
        .cap = (size_t)cfg->queue_max,
        .thread_init = worker_init,
        .thread_free = worker_free,
        .arg = app,
    };

    app->read_lane = lane_new(&o);
    o.name = "slow";
    o.threads = (size_t)cfg->slow_threads;
    o.nice = SLOW_NICE;
    if (o.cap > SLOW_WAITING * o.threads)
        o.cap = SLOW_WAITING * o.threads;
    app->slow_lane = lane_new(&o);
}

static void make_openapi(struct app *app)
{
    struct buf b = BUF_HEAP(OPENAPI_MAX);

    openapi_write(&b, false);
    app->openapi = str_dup(buf_view(&b), app->arena);
    app->openapi_etag =
        str_printf(app->arena, "\"%.16s\"", sha256_hex(hash_sha256(app->openapi), app->arena).p);
    buf_release(&b);
}

static bool send_to_stream(void *arg, uint64_t id, struct str bytes)
{
    struct app *app = arg;

    return http_stream_send(app->http, id, bytes);
}

static void end_stream(void *arg, uint64_t id)
{
    struct app *app = arg;

    http_stream_end(app->http, id);
}

static enum rc open_streams(struct app *app, struct err *e)
{
    const struct streams_opts o = {
        .store = app->store,
        .gate = app->gate,
        .send = send_to_stream,
        .end = end_stream,
        .arg = app,
        .max_per_user = STREAMS_PER_USER_MAX,
    };

    return streams_new(&o, &app->streams, e);
}

static void wrote(void *app)
{
    nodes_wrote(app);
}

static void after_task(void *env)
{
    const struct tasks_env *t = env;

    t->wrote(t->arg);
}

static enum rc open_runner(struct app *app, struct err *e)
{
    struct tasks_env *env = ARENA_NEW(app->arena, struct tasks_env);
    const struct job_kind kinds[] = { bulk_job, retag_job, user_merge_job, user_names_job, person_export_job,
                                      retention_job, compliance_job, erasures_job };
    const struct runner_opts o = {
        .store = app->store,
        .kinds = arena_memdup(app->arena, kinds, sizeof(kinds)),
        .n_kinds = ARRAY_LEN(kinds),
        .tasks = tasks_all,
        .n_tasks = tasks_all_n,
        .env = env,
        .after_write = after_task,
    };

    env->wrote = wrote;
    env->arg = app;
    env->blobs = app->blobs;
    env->refused = app->refused;
    env->cfg = app->cfg;
    env->witness_path = str_printf(app->arena, "%.*s/audit-head", STR_ARG(app->cfg->data_dir)).p;
    return runner_new(&o, &app->runner, e);
}

static int64_t last_beat(void *runner)
{
    struct runner_stats now;

    runner_stats(runner, &now);
    return now.beat_us;
}

static enum rc open_parts(struct app *app, struct err *e)
{
    struct web_live *live;

    TRY(live_new(config_live(app->cfg), &live, e));
    atomic_store(&app->live, live);
    app->ratelimit = ratelimit_new(RATE_CELLS);
    app->inflight = inflight_new();
    app->dispatch = dispatch_new(routes_all, routes_all_n, app->arena);
    make_openapi(app);
    app->metrics = metrics_new(routes_all, routes_all_n);
    TRY(open_store(app, e));
    TRY(open_auth(app, e));
    TRY(blobs_open(str_printf(app->arena, "%.*s/attachments", STR_ARG(app->cfg->data_dir)), &app->blobs, e));
    open_lanes(app);
    app->gate = event_gate_new();
    TRY(open_streams(app, e));
    app->presence = presence_new();
    app->ticket_cache = ticket_cache_new(store_kind(app->store) == DB_SQLITE ? TICKET_CACHE_BYTES_SQLITE
                                                                             : TICKET_CACHE_BYTES_POSTGRES);
    TRY(nodes_open(app, e));
    app->refused = app->cfg->read_only ? NULL : refused_new();
    TRY(open_runner(app, e));
    app->health = health_new(&(struct health_opts){ .store = app->store,
                                                    .path = str_z(app->cfg->data_dir, app->arena),
                                                    .beat = app->cfg->read_only ? NULL : last_beat,
                                                    .arg = app->runner });
    return RC_OK;
}

enum rc app_open(const struct config *cfg, struct app **out, struct err *e)
{
    struct app *app = calloc(1, sizeof(*app));
    enum rc rc;

    INVARIANT(app);
    app->cfg = cfg;
    app->arena = arena_new(APP_ARENA_MAX);
    app->started_us = clock_now_us();
    app->reply = exchange_reply;
    rc = open_parts(app, e);
    if (rc != RC_OK)
        app_stop(&app);
    *out = app; /* NULL when it failed */
    return rc;
}

/* Plain requests are led to the server's own name, never to one that the request chose. */
static struct str https_origin(const struct config *cfg)
{
    struct str scheme = STR("https://"), url = cfg->base_url, name;

    if (!str_starts(url, scheme))
        return STR("");
    name = str_sub(url, scheme.n, url.n);
    return str_sub(url, 0, scheme.n + str_sub(name, 0, str_chr(name, '/')).n);
}

static struct http_opts http_options(const struct config *cfg)
{
    /* Half of the cores: the lanes need the rest, and threads beyond the cores only take turns. */
    size_t loops = cfg->http_loops ? (size_t)cfg->http_loops : (cores() + 1) / 2;

    return (struct http_opts){
        .host = cfg->server_host,
        .port = (int)cfg->server_port,
        .unix_path = cfg->unix_socket,
        .tls_cert = cfg->tls_cert,
        .tls_key = cfg->tls_key,
        .redirect_port = (int)cfg->tls_redirect_port,
        .redirect_origin = https_origin(cfg),
        .spool_dir = cfg->spool_dir,
        .loops = loops > LOOPS_MAX ? LOOPS_MAX : loops,
        .max_request_line = (size_t)cfg->http_max_request_line,
        .max_header_bytes = (size_t)cfg->http_max_header_bytes,
        .max_headers = (size_t)cfg->http_max_headers,
        .max_connections = (size_t)cfg->http_max_connections,
        .max_per_address = (size_t)cfg->http_max_per_address,
        .max_requests_per_connection = (size_t)cfg->http_max_requests,
        .max_streams_h2 = (size_t)cfg->http_max_h2_streams,
        .header_ms = cfg->http_header_ms,
        .body_idle_ms = cfg->http_body_idle_ms,
        .idle_ms = cfg->http_idle_ms,
        .write_ms = cfg->http_write_ms,
        .body_min_rate = (size_t)cfg->http_body_min_rate,
        .max_stream_backlog = (size_t)cfg->http_stream_backlog_kib * KIB,
        .compress = cfg->compress,
    };
}

static enum rc start_shipping(struct app *app, struct err *e)
{
    const struct config *cfg = app->cfg;
    const struct ship_opts o = {
        .store = app->store,
        .blobs = app->blobs,
        .backup_dir = cfg->backup_dir,
        .keys = { cfg->backup_key, cfg->backup_key_former },
        .data_dir = cfg->data_dir,
        .every_s = cfg->backup_ship_s,
        .seal_s = cfg->backup_seal_min * 60,
    };

    return config_ships(cfg) ? ship_start(&o, &app->ship, e) : RC_OK;
}

static enum rc start_backups(struct app *app, struct launcher *launcher, struct err *e)
{
    const struct config *cfg = app->cfg;
    struct schedule_opts o = {
        .store = app->store,
        .backup_dir = cfg->backup_dir,
        .keys = { cfg->backup_key, cfg->backup_key_former },
        .at = cfg->backup_at,
        .seal_s = cfg->backup_seal_min * 60,
        .drill_s = cfg->backup_drill_days * 24 * 3600,
        .is_postgres = store_kind(app->store) == DB_POSTGRES,
        .data_dir = str_z(cfg->data_dir, app->arena),
    };

    if (cfg->backup_dir.n == 0 || cfg->read_only)
        return RC_OK;
    TRY(start_shipping(app, e));
    if (!launcher)
        return RC_OK;
    o.ship = app->ship;
    o.launcher = launcher;
    return schedule_start(&o, &app->schedule, e);
}

enum rc app_start(const struct config *cfg, const struct app_sockets *given, struct app **out,
                  struct err *e)
{
    struct http_opts o = http_options(cfg);
    struct app *app;
    struct http_app calls;

    o.inherited = given->fds;
    o.n_inherited = given->n;
    TRY(app_open(cfg, &app, e));
    calls = app_calls(app);
    if (http_start(&o, &calls, &app->http, e) != RC_OK) {
        app_stop(&app);
        return e->rc;
    }
    if (!streams_start(app->streams) || (!cfg->read_only && !runner_start(app->runner))) {
        app_stop(&app);
        return err_fail(e, "no thread for jobs and streams");
    }
    if (start_backups(app, given->launcher, e) != RC_OK) {
        app_stop(&app);
        return e->rc;
    }
    *out = app;
    return RC_OK;
}

enum rc app_reload(struct app *app, struct err *e)
{
    const struct config *cfg = config_live(app->cfg);
    struct web_live *live;
    struct http_opts o = http_options(cfg);

    TRY(live_new(cfg, &live, e));
    live->older = atomic_load(&app->live);
    atomic_store(&app->live, live);
    if (!app->http)
        return RC_OK;
    http_set_limits(app->http, &o);
    return cfg->tls_cert.n ? http_reload_tls(app->http, e) : RC_OK;
}

/* What the runner did not come to any more. */
static void write_refused(struct app *app)
{
    struct err e = { 0 };
    int64_t n;

    if (app->refused && app->store && refused_write(app->refused, app->store, &n, &e) != RC_OK)
        LOG(LOG_WARN, "refused.lost", KV_Z("detail", e.detail));
}

void app_stop(struct app **app)
{
    struct app *a = *app;
    struct web_live *live;

    if (!a)
        return;
    atomic_store(&a->draining, 1);
    if (a->http)
        http_drain(a->http, a->cfg->drain_ms);
    health_free(&a->health); /* it looks at the runner */
    schedule_stop(&a->schedule);
    runner_free(&a->runner);
    lane_free(&a->read_lane);
    lane_free(&a->slow_lane);
    nodes_close(a);
    if (a->streams)
        streams_stop(a->streams);
    presence_free(&a->presence);
    ticket_cache_free(&a->ticket_cache);
    event_gate_free(&a->gate);
    write_refused(a);
    if (a->ship)
        ship_detach(a->ship);
    store_close(&a->store);
    ship_stop(&a->ship); /* with all that was written */
    http_stop(&a->http);
    refused_free(&a->refused);
    streams_free(&a->streams); /* connections that end tell it */
    metrics_free(&a->metrics);
    auth_close(&a->auth);
    blobs_close(&a->blobs);
    live = atomic_load(&a->live);
    live_free(&live);
    ratelimit_free(&a->ratelimit);
    inflight_free(&a->inflight);
    arena_free(&a->arena);
    free(a);
    *app = NULL;
}
