/* Lines judged by requests to the running server: health, TLS, headers, what is answered. */
#include "check/check_priv.h"

#include "base/clock.h"
#include "base/version.h"

enum { HEALTH_MS = 5000, OFTEN = 5, DAYS_FAIL = 7, DAYS_WARN = 21, HSTS_DAYS = 180 };

bool live_answered(const struct answer *w, const char *path, struct finding *f)
{
    if (w->status == 0)
        find_fail(f, "%s: no answer (%.*s)", path, STR_ARG(w->words));
    return w->status != 0;
}

bool live_get(struct check_run *r, const char *path, struct answer *w, struct finding *f)
{
    if (!r->o->url.n)
        find_fail(f, "no address to ask: set BASE_URL, or give --url");
    else
        ask(r->asker, &(struct ask){ .path = path }, w);
    return r->o->url.n && live_answered(w, path, f);
}

bool live_is_problem(const struct answer *w, const char *code)
{
    json_t *v CLEAN(json_clean) = answer_json(w);
    const char *own = json_string_value(json_object_get(v, "code"));

    return json_is_string(json_object_get(v, "request_id")) && (!code || (own && strcmp(own, code) == 0));
}

static void judge_health(struct check_run *r, const char *path, struct finding *f)
{
    struct answer w;

    if (!live_get(r, path, &w, f))
        return;
    if (w.status != 200)
        find_fail(f, "%s: status %d: %.*s", path, w.status, STR_ARG(str_sub(w.body, 0, 300)));
    else
        find_pass(f, "%s: 200 in %lld ms", path, (long long)(w.took_us / US_PER_MS));
}

CHECK_BY(health, judge_health(r, "/health", f))
CHECK_BY(health_ready, judge_health(r, "/health/ready", f))
CHECK_BY(health_live, judge_health(r, "/health/live", f))

void check_health_all(struct check_run *r, const char *of, struct finding *f)
{
    static const char *const paths[] = { "/health", "/health/live", "/health/ready" };

    (void)of;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        judge_health(r, paths[i], f);
        if (f->state != CHECK_PASS)
            return;
    }
    find_pass(f, "/health, /health/live and /health/ready answer 200");
}

void check_health_fast(struct check_run *r, const char *of, struct finding *f)
{
    struct answer w;

    (void)of;
    if (!live_get(r, "/health", &w, f))
        return;
    if (w.took_us > HEALTH_MS * US_PER_MS)
        find_fail(f, "/health took %lld ms", (long long)(w.took_us / US_PER_MS));
    else
        find_pass(f, "/health took %lld ms of 5000", (long long)(w.took_us / US_PER_MS));
}

void check_health_often(struct check_run *r, const char *of, struct finding *f)
{
    struct answer w;

    (void)of;
    for (int i = 0; i < OFTEN; i++) {
        if (!live_get(r, "/health", &w, f))
            return;
        if (answer_header(&w, "ratelimit").p || w.status == 429)
            return find_fail(f, "/health is counted against a rate limit: probes will be refused");
    }
    find_pass(f, "%d probes at once, none refused or counted", OFTEN);
}

void check_running(struct check_run *r, const char *of, struct finding *f)
{
    struct answer w;
    json_t *v CLEAN(json_clean) = NULL;
    const char *version;

    (void)of;
    if (!live_get(r, "/health", &w, f))
        return;
    v = answer_json(&w);
    version = json_string_value(json_object_get(v, "version"));
    if (!version)
        find_fail(f, "/health: status %d, and no version", w.status);
    else if (strcmp(version, VERSION) != 0)
        find_fail(f, "version %s is running, this binary is %s", version, VERSION);
    else
        find_pass(f, "version %s has been running for %s", version,
                  words_age(json_integer_value(json_object_get(v, "uptime_seconds")) * US_PER_S,
                            r->a)
                      .p);
}

/* ── TLS ── */

static bool look_tls(struct check_run *r, struct tls_look *t, struct finding *f)
{
    struct str scheme, host, port;

    if (!r->o->url.n) {
        find_fail(f, "no address to ask: set BASE_URL, or give --url");
        return false;
    }
    url_parts(r->o->url, &scheme, &host, &port);
    if (!str_eq(scheme, STR("https"))) {
        find_fail(f, "%.*s speaks no TLS", STR_ARG(r->o->url));
        return false;
    }
    if (!r->tls) {
        r->tls = ARENA_NEW(r->a, struct tls_look);
        tls_look(host, port, r->a, r->tls);
    }
    *t = *r->tls;
    if (!t->connected)
        find_fail(f, "no TLS connection to %.*s:%.*s: %.*s", STR_ARG(host), STR_ARG(port),
                  STR_ARG(t->words));
    return t->connected;
}

void check_https(struct check_run *r, const char *of, struct finding *f)
{
    struct tls_look t;

    (void)of;
    if (!look_tls(r, &t, f))
        return;
    if (!t.old_refused)
        find_fail(f, "TLS 1.1 or older is accepted");
    else
        find_pass(f, "%.*s, %.*s; TLS 1.1 and older are refused", STR_ARG(t.version),
                  STR_ARG(t.cipher));
}

void check_certificate(struct check_run *r, const char *of, struct finding *f)
{
    struct tls_look t;

    (void)of;
    if (!look_tls(r, &t, f))
        return;
    if (t.days_left < 0)
        find_fail(f, "the certificate of %.*s has expired", STR_ARG(t.subject));
    else if (!t.trusted)
        find_fail(f, "%.*s, issued by %.*s: %.*s", STR_ARG(t.subject), STR_ARG(t.issuer),
                  STR_ARG(t.verdict));
    else if (t.days_left < DAYS_WARN)
        (t.days_left < DAYS_FAIL ? find_fail : find_warn)(f, "%.*s: %lld days left",
                                                          STR_ARG(t.subject),
                                                          (long long)t.days_left);
    else
        find_pass(f, "%.*s, issued by %.*s, %lld days left", STR_ARG(t.subject), STR_ARG(t.issuer),
                  (long long)t.days_left);
}

static int64_t hsts_days(struct str value)
{
    size_t at = str_find(value, STR("max-age="));
    struct str number = at == SIZE_MAX ? STR("") : str_sub(value, at + strlen("max-age="), value.n);
    int64_t seconds = 0;

    number = str_trim(str_cut(&number, ';'));
    return str_i64(number, 0, INT64_MAX, &seconds) ? seconds / 86400 : 0;
}

void check_https_enforced(struct check_run *r, const char *of, struct finding *f)
{
    struct str scheme, host, port, hsts, to;
    struct answer w;

    (void)of;
    if (!live_get(r, "/health", &w, f))
        return;
    url_parts(r->o->url, &scheme, &host, &port);
    if (!str_eq(scheme, STR("https")))
        return find_fail(f, "%.*s is plain HTTP", STR_ARG(r->o->url));
    hsts = answer_header(&w, "strict-transport-security");
    if (!hsts.p)
        return find_fail(f, "there is no Strict-Transport-Security");
    if (hsts_days(hsts) < HSTS_DAYS)
        return find_fail(f, "Strict-Transport-Security is \"%.*s\": forgotten after %lld days", STR_ARG(hsts),
                         (long long)hsts_days(hsts));
    if (r->cfg->tls_redirect_port)
        port = str_printf(r->a, "%lld", (long long)r->cfg->tls_redirect_port);
    else
        port = STR("80");
    ask(r->asker,
        &(struct ask){ .path = str_printf(r->a, "http://%.*s:%.*s/", STR_ARG(host), STR_ARG(port)).p },
        &w);
    to = answer_header(&w, "location");
    if (w.status == 0)
        find_pass(f, "HSTS; port %.*s is closed", STR_ARG(port));
    else if (w.status / 100 == 3
             && str_starts(to, str_printf(r->a, "https://%.*s", STR_ARG(host))))
        find_pass(f, "HSTS; port %.*s redirects to %.*s", STR_ARG(port), STR_ARG(to));
    else
        find_fail(f, "port %.*s answers %d without TLS", STR_ARG(port), w.status);
}

/* ── answers ── */

void check_errors(struct check_run *r, const char *of, struct finding *f)
{
    static const char *const inside[] = { "SELECT ", "sqlite", "/src/", "postgres", "0x" };
    struct answer w;
    const char *detail;
    json_t *v CLEAN(json_clean) = NULL;

    (void)of;
    if (!live_get(r, "/api/v1/no-such-address", &w, f))
        return;
    v = answer_json(&w);
    detail = json_string_value(json_object_get(v, "detail"));
    if (w.status != 404 || !detail)
        return find_fail(f, "an unknown address: status %d, and no problem document", w.status);
    if (!json_is_string(json_object_get(v, "request_id")))
        return find_fail(f, "an error has no request_id: it cannot be found in the log");
    for (size_t i = 0; i < ARRAY_LEN(inside); i++) {
        if (strstr(detail, inside[i]))
            return find_fail(f, "an error tells internals (%s)", inside[i]);
    }
    find_pass(f, "errors are problem documents with a request id, and tell no internals");
}

void check_headers(struct check_run *r, const char *of, struct finding *f)
{
    static const struct {
        const char *name, *must;
    } wanted[] = {
        { "content-security-policy", "default-src 'none'" },
        { "x-content-type-options", "nosniff" },
        { "referrer-policy", "same-origin" },
        { "permissions-policy", "camera=()" },
        { "cross-origin-opener-policy", "same-origin" },
        { "cross-origin-resource-policy", "same-origin" },
    };
    struct answer w;

    (void)of;
    if (!live_get(r, "/", &w, f))
        return;
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        struct str v = answer_header(&w, wanted[i].name);

        if (!v.p || str_find(v, str_of(wanted[i].must)) == SIZE_MAX)
            return find_fail(f, "%s is \"%.*s\", expected: %s", wanted[i].name, STR_ARG(v),
                             wanted[i].must);
        if (str_find(v, STR("unsafe-inline")) != SIZE_MAX)
            return find_fail(f, "%s allows unsafe-inline", wanted[i].name);
    }
    find_pass(f, "%zu headers as they should be", ARRAY_LEN(wanted));
}

void check_caching(struct check_run *r, const char *of, struct finding *f)
{
    struct answer first, again, private;
    struct str etag;

    (void)of;
    if (!live_get(r, "/app/", &first, f))
        return;
    etag = answer_header(&first, "etag");
    if (!etag.p)
        return find_fail(f, "/app/ has no ETag");
    ask(r->asker,
        &(struct ask){ .path = "/app/",
                       .headers = { str_printf(r->a, "If-None-Match: %.*s", STR_ARG(etag)).p } },
        &again);
    ask(r->asker, &(struct ask){ .path = "/api/v1/tickets" }, &private);
    if (again.status != 304)
        find_fail(f, "/app/ is sent again (%d) to whom already has it", again.status);
    else if (str_find(answer_header(&private, "cache-control"), STR("no-store")) == SIZE_MAX
             || answer_header(&private, "age").p)
        find_fail(f, "an answer of the API may be kept by a cache (Cache-Control: \"%.*s\")",
                  STR_ARG(answer_header(&private, "cache-control")));
    else
        find_pass(f, "ETag, and 304 to whom already has it; answers of the API are kept by nobody");
}

void check_compression(struct check_run *r, const char *of, struct finding *f)
{
    struct answer w;
    struct str how;

    (void)of;
    ask(r->asker,
        &(struct ask){ .path = "/api/openapi.json",
                       .headers = { "Accept-Encoding: zstd, br, gzip" } },
        &w);
    if (!live_answered(&w, "/api/openapi.json", f))
        return;
    how = answer_header(&w, "content-encoding");
    if (!how.p)
        find_fail(f, "/api/openapi.json (%zu bytes) was not compressed", w.body.n);
    else
        find_pass(f, "/api/openapi.json in %zu bytes, %.*s", w.body.n, STR_ARG(how));
}

void check_openapi(struct check_run *r, const char *of, struct finding *f)
{
    struct answer w;
    json_t *v CLEAN(json_clean) = NULL;
    const char *version;

    (void)of;
    if (!live_get(r, "/api/openapi.json", &w, f))
        return;
    v = answer_json(&w);
    version = json_string_value(json_object_get(json_object_get(v, "info"), "version"));
    if (w.status != 200 || !version)
        find_fail(f, "/api/openapi.json: status %d, no API document", w.status);
    else
        find_pass(f, "/api/openapi.json: version %s, %zu addresses", version,
                  json_object_size(json_object_get(v, "paths")));
}

/* A wall that is there refuses what the server itself would only find harmless. */
void check_waf(struct check_run *r, const char *of, struct finding *f)
{
    struct answer plain, attack;

    (void)of;
    if (!live_get(r, "/health", &plain, f))
        return;
    ask(r->asker, &(struct ask){ .path = "/?q=%3Cscript%3Ealert(1)%3C/script%3E'%20OR%201=1--" },
        &attack);
    if (attack.status == 403 && !live_is_problem(&attack, NULL))
        find_pass(f, "a classic attack in the query is refused with 403 before the server");
    else
        find_sign(f, "a classic attack in the query reaches the server (%d), which is not moved by "
                     "it: there is no firewall for web applications in front",
                  attack.status);
}

void check_balancer(struct check_run *r, const char *of, struct finding *f)
{
    struct answer w;

    (void)of;
    if (!r->o->outside_only && run_is_sqlite(r))
        return find_na(f, "one node with the embedded database: there is nothing to balance");
    if (!live_get(r, "/health", &w, f))
        return;
    if (r->o->outside_only)
        return find_pass(f, "%.*s answers; what stands behind it is judged on the machine itself",
                         STR_ARG(r->o->url));
    if (!r->cfg->trusted_proxies.n)
        find_fail(f, "TRUSTED_PROXIES names no balancer: all visitors share one rate limit");
    else
        find_pass(f, "%.*s answers, TRUSTED_PROXIES=%.*s", STR_ARG(r->o->url),
                  STR_ARG(r->cfg->trusted_proxies));
}
