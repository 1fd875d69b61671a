/* /health, /health/live, /health/ready and /metrics: answered on the loop from the last look. */
#include "base/clock.h"
#include "base/config.h"
#include "base/version.h"
#include "web/app.h"
#include "web/ctx.h"
#include "web/health.h"
#include "web/metrics.h"

#include <stdatomic.h>

static void put_status(struct jw *w, const struct health_check *c)
{
    jw_kv_text(w, "status", str_of(health_status_name(c->status)));
    if (c->words[0])
        jw_kv_text(w, "detail", str_of(c->words));
}

static void put_none(struct jw *w)
{
    jw_obj(w);
    jw_kv_text(w, "status", str_of(health_status_name(HEALTH_NOT_CONFIGURED)));
    jw_obj_end(w);
}

static void put_checks(struct jw *w, const struct health_snapshot *s)
{
    jw_obj(w);
    jw_key(w, "database");
    jw_obj(w);
    put_status(w, &s->database);
    jw_key(w, "latency_ms");
    jw_milli(w, s->latency_us);
    jw_obj_end(w);
    jw_key(w, "migrations");
    jw_obj(w);
    put_status(w, &s->migrations);
    jw_obj_end(w);
    jw_key(w, "disk");
    jw_obj(w);
    put_status(w, &s->disk);
    jw_kv_int(w, "free_bytes", s->disk_free);
    jw_kv_int(w, "total_bytes", s->disk_total);
    jw_obj_end(w);
    jw_key(w, "jobs");
    jw_obj(w);
    put_status(w, &s->jobs);
    jw_obj_end(w);
    jw_key(w, "mail"); /* no mail and no backup in this version: said so, not pretended */
    put_none(w);
    jw_key(w, "backup");
    put_none(w);
    jw_obj_end(w);
}

/* The checks are the same until the next look, for each of the load balancers that ask. */
static struct str checks_of(struct ctx *c, enum health_status *all)
{
    struct buf b = BUF_ARENA(c->a, 4 * KIB);
    struct health_snapshot s;
    struct jw w = jw_to(&b);

    if (health_kept(c->app->health, all, &b))
        return buf_view(&b);
    health_get(c->app->health, &s);
    *all = health_overall(&s);
    put_checks(&w, &s);
    health_keep(c->app->health, &s, *all, buf_view(&b));
    return buf_view(&b);
}

static enum rc health_show(struct ctx *c, struct err *e)
{
    bool draining = atomic_load(&c->app->draining);
    enum health_status all;
    struct str checks = checks_of(c, &all);

    (void)e;
    all = draining ? HEALTH_FAIL : all;
    c->status = all == HEALTH_FAIL ? 503 : 200;
    jw_obj(&c->out);
    jw_kv_text(&c->out, "status", str_of(health_status_name(all)));
    jw_kv_text(&c->out, "version", STR(VERSION));
    jw_kv_int(&c->out, "uptime_seconds", (clock_now_us() - c->app->started_us) / US_PER_S);
    if (draining)
        jw_kv_bool(&c->out, "draining", true);
    jw_key(&c->out, "checks");
    jw_raw(&c->out, checks);
    jw_obj_end(&c->out);
    return RC_OK;
}

static enum rc health_live(struct ctx *c, struct err *e)
{
    (void)e;
    jw_obj(&c->out);
    jw_kv_text(&c->out, "status", STR("ok"));
    jw_obj_end(&c->out);
    return RC_OK;
}

static enum rc health_ready(struct ctx *c, struct err *e)
{
    struct health_snapshot s;
    bool draining = atomic_load(&c->app->draining);

    (void)e;
    health_get(c->app->health, &s);
    c->status = health_is_ready(&s) && !draining ? 200 : 503;
    jw_obj(&c->out);
    jw_kv_text(&c->out, "status", c->status == 200 ? STR("ok") : STR("fail"));
    if (draining)
        jw_kv_text(&c->out, "detail", STR("the server is ending"));
    else if (s.database.words[0])
        jw_kv_text(&c->out, "detail", str_of(s.database.words));
    else if (s.migrations.words[0])
        jw_kv_text(&c->out, "detail", str_of(s.migrations.words));
    jw_obj_end(&c->out);
    return RC_OK;
}

/* From this machine itself: not through a proxy on it, which would let in all the world. */
static bool is_local(const struct ctx *c)
{
    static const struct str proxied[] = {
        { "x-forwarded-for", 15 }, { "forwarded", 9 }, { "x-real-ip", 9 }, { "via", 3 }
    };

    for (size_t i = 0; i < ARRAY_LEN(proxied); i++) {
        if (http_header_get(c->x, proxied[i]).p)
            return false;
    }
    return str_starts(c->who.address, STR("127.")) || str_eq(c->who.address, STR("::1"))
           || str_eq(c->who.address, STR("unix"));
}

static bool has_token(const struct ctx *c)
{
    struct str header = http_header_get(c->x, STR("authorization"));
    struct str token = c->app->cfg->metrics_token;

    return token.n > 0 && str_istarts(header, STR("Bearer "))
           && str_eq_secret(str_trim(str_sub(header, strlen("Bearer "), header.n)), token);
}

static enum rc metrics_show(struct ctx *c, struct err *e)
{
    struct health_snapshot s;

    if (!is_local(c) && !has_token(c))
        return err_set(e, RC_DENIED, "",
                       "Metrics are for this machine itself, or with the METRICS_TOKEN.");
    health_get(c->app->health, &s);
    metrics_write(c->app->metrics, c->app, &s, &c->x->out_body);
    return exchange_header(c->x, STR("content-type"),
                           STR("text/plain; version=0.0.4; charset=utf-8"));
}

#define HEALTH(path_, op_, summary_, fn)                                                           \
    {                                                                                              \
        .method = HTTP_GET, .path = (path_), .op = (op_), .tag = "Health", .summary = (summary_),  \
        .handle = (fn), .flags = R_PUBLIC | R_ON_LOOP | R_NO_RATE | R_QUIET | R_HIDDEN,            \
        .status = 200                                                                              \
    }

static const struct route routes[] = {
    HEALTH("/health", "health", "Whether the server serves, and what each part says.", health_show),
    HEALTH("/health/live", "health_live", "Whether the process answers.", health_live),
    HEALTH("/health/ready", "health_ready", "Whether the server may be sent requests.",
           health_ready),
    HEALTH("/metrics", "metrics", "Numbers for Prometheus.", metrics_show),
};
const struct route_table routes_health = { routes, ARRAY_LEN(routes) };
