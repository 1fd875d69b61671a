/* Lines judged by requests to the running server: health, refusals, headers. */
#include "check/check_priv.h"

#include "base/clock.h"
#include "base/rand.h"
#include "base/version.h"

enum { HEALTH_MS = 5000, OFTEN = 5, FLOOD_MAX = 400, DAYS_FAIL = 7, DAYS_WARN = 21 };

#define EVIL "https://evil.example"

static bool is_answered(const struct answer *w, const char *path, struct finding *f)
{
    if (w->status == 0)
        find_fail(f, "%s: no answer (%.*s)", path, STR_ARG(w->words));
    return w->status != 0;
}

static bool get(struct check_run *r, const char *path, struct answer *w, struct finding *f)
{
    if (!r->o->url.n)
        find_fail(f, "no address to ask: set BASE_URL, or give --url");
    else
        ask(r->asker, &(struct ask){ .path = path }, w);
    return r->o->url.n && is_answered(w, path, f);
}

static void judge_health(struct check_run *r, const char *path, struct finding *f)
{
    struct answer w;

    if (!get(r, path, &w, f))
        return;
    if (w.status != 200)
        find_fail(f, "%s: status %d: %.*s", path, w.status, STR_ARG(str_sub(w.body, 0, 300)));
    else
        find_pass(f, "%s: 200 in %lld ms", path, (long long)(w.took_us / US_PER_MS));
}

void check_health(struct check_run *r, const char *of, struct finding *f)
{
    (void)of;
    judge_health(r, "/health", f);
}

void check_health_ready(struct check_run *r, const char *of, struct finding *f)
{
    (void)of;
    judge_health(r, "/health/ready", f);
}

void check_health_live(struct check_run *r, const char *of, struct finding *f)
{
    (void)of;
    judge_health(r, "/health/live", f);
}

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
    if (!get(r, "/health", &w, f))
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
        if (!get(r, "/health", &w, f))
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
    if (!get(r, "/health", &w, f))
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
    tls_look(host, port, r->a, t);
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

void check_https_enforced(struct check_run *r, const char *of, struct finding *f)
{
    struct str scheme, host, port, hsts, to;
    struct answer w;

    (void)of;
    if (!get(r, "/health", &w, f))
        return;
    url_parts(r->o->url, &scheme, &host, &port);
    if (!str_eq(scheme, STR("https")))
        return find_fail(f, "%.*s is plain HTTP", STR_ARG(r->o->url));
    hsts = answer_header(&w, "strict-transport-security");
    if (!hsts.p)
        return find_fail(f, "there is no Strict-Transport-Security");
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
    else if (w.status / 100 == 3 && str_starts(to, STR("https://")))
        find_pass(f, "HSTS; port %.*s redirects to %.*s", STR_ARG(port), STR_ARG(to));
    else
        find_fail(f, "port %.*s answers %d without TLS", STR_ARG(port), w.status);
}

/* ── refusals ── */

static struct str first_origin(const struct check_run *r)
{
    struct str rest = r->cfg->allowed_origins;

    return str_trim(str_cut(&rest, ','));
}

void check_cors(struct check_run *r, const char *of, struct finding *f)
{
    struct answer evil, own;
    struct str origin = first_origin(r), echoed;

    (void)of;
    ask(r->asker,
        &(struct ask){ .method = "OPTIONS",
                       .path = "/api/v1/tickets",
                       .headers = { "Origin: " EVIL, "Access-Control-Request-Method: POST" } },
        &evil);
    if (!is_answered(&evil, "/api/v1/tickets", f))
        return;
    if (answer_header(&evil, "access-control-allow-origin").p)
        return find_fail(f, "a preflight from " EVIL " is allowed");
    if (r->o->outside_only || !origin.n)
        return find_pass(f, "a preflight from " EVIL " is not allowed");
    ask(r->asker,
        &(struct ask){ .method = "OPTIONS",
                       .path = "/api/v1/tickets",
                       .headers = { str_printf(r->a, "Origin: %.*s", STR_ARG(origin)).p,
                                    "Access-Control-Request-Method: POST" } },
        &own);
    echoed = answer_header(&own, "access-control-allow-origin");
    if (!str_eq(echoed, origin))
        find_fail(f, "a preflight from %.*s, which ALLOWED_ORIGINS names, is refused",
                  STR_ARG(origin));
    else
        find_pass(f, "a preflight from " EVIL " is not allowed, one from %.*s is",
                  STR_ARG(origin));
}

/* ── with an account ── */

struct login {
    int status;
    struct str words, access, cookie; /* p == NULL: none */
};

static void sign_in(struct check_run *r, struct login *out)
{
    struct buf body = BUF_ARENA(r->a, 8192);
    struct jw w = jw_to(&body);
    struct answer a;
    json_t *v CLEAN(json_clean) = NULL;
    struct str cookie;

    jw_obj(&w);
    jw_kv_text(&w, "email", r->o->email);
    jw_kv_text(&w, "password", r->o->password);
    jw_obj_end(&w);
    ask(r->asker,
        &(struct ask){ .method = "POST",
                       .path = "/api/v1/auth/login",
                       .headers = { "Content-Type: application/json" },
                       .body = str_z(buf_view(&body), r->a) },
        &a);
    v = answer_json(&a);
    cookie = answer_header(&a, "set-cookie");
    *out = (struct login){ .status = a.status, .words = a.words };
    if (json_is_string(json_object_get(v, "access_token")))
        out->access = str_dup(str_of(json_string_value(json_object_get(v, "access_token"))), r->a);
    if (cookie.p)
        out->cookie = str_cut(&cookie, ';');
}

static int with_token(struct check_run *r, const struct login *l, const char *method,
                      const char *path)
{
    struct answer w;

    ask(r->asker,
        &(struct ask){
            .method = method,
            .path = path,
            .headers = { str_printf(r->a, "Authorization: Bearer %.*s", STR_ARG(l->access)).p } },
        &w);
    return w.status;
}

/* Signs in, reads, signs out, and is refused afterwards. */
static void judge_account(struct check_run *r, struct finding *f)
{
    struct login l;
    int in, out, after;

    sign_in(r, &l);
    if (!l.access.p)
        return find_fail(f, "signing in as %.*s: status %d, no access token",
                         STR_ARG(r->o->email), l.status);
    in = with_token(r, &l, NULL, "/api/v1/me");
    out = with_token(r, &l, "POST", "/api/v1/auth/logout");
    after = with_token(r, &l, NULL, "/api/v1/me");
    if (in != 200 || out / 100 != 2 || after != 401)
        find_fail(f, "signed in: %d, signed out: %d, afterwards: %d (expected 200, 2xx, 401)", in,
                  out, after);
    else
        find_pass(f, "refused without proof; signed in, read, signed out, refused again");
}

/* A real session's cookie, but without its token. */
static void judge_cookie(struct check_run *r, struct finding *f)
{
    struct login l;
    struct answer w;

    sign_in(r, &l);
    if (!l.cookie.p)
        return find_fail(f, "signing in as %.*s: status %d, no cookie", STR_ARG(r->o->email),
                         l.status);
    ask(r->asker,
        &(struct ask){ .method = "POST",
                       .path = "/api/v1/auth/logout",
                       .headers = { str_printf(r->a, "Cookie: %.*s", STR_ARG(l.cookie)).p } },
        &w);
    with_token(r, &l, "POST", "/api/v1/auth/logout");
    if (w.status != 403)
        find_fail(f, "a post with a session's cookie and no X-CSRF-Token was answered %d, not 403",
                  w.status);
    else
        find_pass(f, "foreign origins get 403, and so does a session's cookie without its token");
}

/* A session cookie without a token, as a foreign page would send it. */
void check_csrf(struct check_run *r, const char *of, struct finding *f)
{
    static const struct {
        const char *words;
        const char *headers[4];
    } tries[] = {
        { "from a foreign origin",
          { "Origin: " EVIL, "Content-Type: application/json", "Cookie: session_id=0; __Host-session_id=0" } },
        { "marked as cross-site",
          { "Sec-Fetch-Site: cross-site", "Content-Type: application/json",
            "Cookie: session_id=0; __Host-session_id=0" } },
    };

    (void)of;
    for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
        struct ask q = { .method = "POST", .path = "/api/v1/auth/login", .body = "{}" };
        struct answer w;

        memcpy(q.headers, tries[i].headers, sizeof(tries[i].headers));
        ask(r->asker, &q, &w);
        if (!is_answered(&w, q.path, f))
            return;
        if (w.status != 403)
            return find_fail(f, "a post %s was answered %d, not 403", tries[i].words, w.status);
    }
    if (!r->o->outside_only && !config_is_production(r->cfg) && !r->cfg->csrf_protection)
        return find_fail(f, "foreign origins are refused, but no token is asked for");
    find_pass(f, "posts from a foreign origin, or marked as cross-site, get 403");
    if (r->o->email.n)
        judge_cookie(r, f);
}

/* 127.x.y.z are all this machine's: one that nobody used up yet. */
static const char *other_loopback(const struct check_run *r)
{
    struct str scheme, host, port;

    url_parts(r->o->url, &scheme, &host, &port);
    if (!str_eq(host, STR("localhost")) && !str_starts(host, STR("127.")))
        return NULL;
    return str_printf(r->a, "127.%llu.%llu.%llu", (unsigned long long)rand_below(250) + 1,
                      (unsigned long long)rand_below(250) + 1,
                      (unsigned long long)rand_below(250) + 1)
        .p;
}

/* From an address of its own where there is one, so that nobody else is locked out. */
void check_rate_limit(struct check_run *r, const char *of, struct finding *f)
{
    struct ask q = { .path = "/api/v1/tickets", .from = other_loopback(r) };
    struct answer w;
    int n = 0;

    (void)of;
    do {
        ask(r->asker, &q, &w);
        if (!is_answered(&w, q.path, f))
            return;
    } while (w.status != 429 && ++n < FLOOD_MAX);
    if (w.status != 429)
        find_fail(f, "%d requests in a row, and none was refused", n);
    else if (!answer_header(&w, "retry-after").p)
        find_fail(f, "refused after %d requests, but without Retry-After", n);
    else
        find_pass(f, "refused with 429 after %d requests, Retry-After: %.*s", n,
                  STR_ARG(answer_header(&w, "retry-after")));
}

const char *wrong_login(struct check_run *r)
{
    return str_printf(r->a,
                      "{\"email\":\"checklist-%.*s@invalid.example\",\"password\":\"a wrong one\"}",
                      STR_ARG(rand_token(9, r->a)))
        .p;
}

void check_authentication(struct check_run *r, const char *of, struct finding *f)
{
    struct answer none, forged, wrong;

    (void)of;
    if (!get(r, "/api/v1/tickets", &none, f))
        return;
    ask(r->asker,
        &(struct ask){ .path = "/api/v1/tickets",
                       .headers = { "Authorization: Bearer "
                                    "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0." } },
        &forged);
    ask(r->asker,
        &(struct ask){ .method = "POST",
                       .path = "/api/v1/auth/login",
                       .headers = { "Content-Type: application/json" },
                       .body = wrong_login(r) },
        &wrong);
    if (none.status != 401)
        find_fail(f, "tickets without signing in: status %d, not 401", none.status);
    else if (forged.status != 401)
        find_fail(f, "tickets with an unsigned token: status %d, not 401", forged.status);
    else if (wrong.status != 401 && wrong.status != 429)
        find_fail(f, "a wrong password: status %d, not 401", wrong.status);
    else
        find_pass(f, "401 without signing in, with an unsigned token and with a wrong password");
    if (f->state == CHECK_PASS && r->o->email.n)
        judge_account(r, f);
}

void check_errors(struct check_run *r, const char *of, struct finding *f)
{
    static const char *const inside[] = { "SELECT ", "sqlite", "/src/", "postgres", "0x" };
    struct answer w;
    json_t *v CLEAN(json_clean) = NULL;

    (void)of;
    if (!get(r, "/api/v1/no-such-address", &w, f))
        return;
    v = answer_json(&w);
    if (w.status != 404 || !json_is_string(json_object_get(v, "detail")))
        return find_fail(f, "an unknown address: status %d, and no problem document", w.status);
    if (!json_is_string(json_object_get(v, "request_id")))
        return find_fail(f, "an error has no request_id: it cannot be found in the log");
    for (size_t i = 0; i < ARRAY_LEN(inside); i++) {
        if (str_find(w.body, str_of(inside[i])) != SIZE_MAX)
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
        { "referrer-policy", "no-referrer" },
        { "permissions-policy", "camera=()" },
        { "cross-origin-opener-policy", "same-origin" },
        { "cross-origin-resource-policy", "same-origin" },
    };
    struct answer w;

    (void)of;
    if (!get(r, "/", &w, f))
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
    struct answer first, again;
    struct str etag;

    (void)of;
    if (!get(r, "/", &first, f))
        return;
    etag = answer_header(&first, "etag");
    if (!etag.p)
        return find_fail(f, "/ has no ETag");
    ask(r->asker,
        &(struct ask){ .path = "/",
                       .headers = { str_printf(r->a, "If-None-Match: %.*s", STR_ARG(etag)).p } },
        &again);
    if (again.status != 304)
        find_fail(f, "/ is sent again (%d) to whom already has it", again.status);
    else
        find_pass(f, "ETag, and 304 to whom already has it");
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
    if (!is_answered(&w, "/api/openapi.json", f))
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
    if (!get(r, "/api/openapi.json", &w, f))
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
    json_t *own CLEAN(json_clean) = NULL;

    (void)of;
    if (!get(r, "/health", &plain, f))
        return;
    ask(r->asker, &(struct ask){ .path = "/?q=%3Cscript%3Ealert(1)%3C/script%3E'%20OR%201=1--" },
        &attack);
    own = answer_json(&attack);
    if (attack.status == 403 && !json_is_object(own))
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
    if (!get(r, "/health", &w, f))
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
