/* Lines about what must be refused: foreign pages, strangers, too many requests. */
#include "check/check_priv.h"

#include "base/rand.h"

enum { FLOOD_MAX = 400 };

#define EVIL "https://evil.example"

static struct str first_origin(const struct check_run *r)
{
    struct str rest = r->cfg->allowed_origins;

    return str_trim(str_cut(&rest, ','));
}

void check_cors(struct check_run *r, const char *of, struct finding *f)
{
    struct answer evil, simple, own;
    struct str origin = first_origin(r), echoed;

    (void)of;
    ask(r->asker,
        &(struct ask){ .method = "OPTIONS",
                       .path = "/api/v1/tickets",
                       .headers = { "Origin: " EVIL, "Access-Control-Request-Method: POST" } },
        &evil);
    if (!live_answered(&evil, "/api/v1/tickets", f))
        return;
    if (answer_header(&evil, "access-control-allow-origin").p)
        return find_fail(f, "a preflight from " EVIL " is allowed");
    ask(r->asker, &(struct ask){ .path = "/api/v1/tickets", .headers = { "Origin: " EVIL } }, &simple);
    if (answer_header(&simple, "access-control-allow-origin").p)
        return find_fail(f, "pages of " EVIL " may read answers (Access-Control-Allow-Origin: %.*s)",
                         STR_ARG(answer_header(&simple, "access-control-allow-origin")));
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
        if (!live_answered(&w, q.path, f))
            return;
        if (w.status != 403 || !live_is_problem(&w, "csrf"))
            return find_fail(f, "a post %s was answered %d, not refused by the server with 403", tries[i].words,
                             w.status);
    }
    if (!r->o->outside_only && !config_is_production(r->cfg) && !r->cfg->csrf_protection)
        return find_fail(f, "foreign origins are refused, but no token is asked for");
    find_pass(f, "posts from a foreign origin, or marked as cross-site, get 403");
    if (r->o->email.n)
        judge_cookie(r, f);
}

/* From an address of its own where there is one, so that nobody else is locked out. */
void check_rate_limit(struct check_run *r, const char *of, struct finding *f)
{
    struct ask q = { .path = "/api/v1/tickets",
                     .from = r->place == URL_ELSEWHERE ? NULL : loopback_fresh(r->a) };
    struct answer w;
    int n = 0;

    (void)of;
    do {
        /* Who may say where he comes from is never refused. */
        q.headers[0] = str_printf(r->a, "X-Forwarded-For: 198.51.100.%d", n % 250 + 1).p;
        ask(r->asker, &q, &w);
        if (!live_answered(&w, q.path, f))
            return;
    } while (w.status != 429 && ++n < FLOOD_MAX);
    if (w.status != 429)
        find_fail(f, "%d requests in a row, each as if for somebody else (X-Forwarded-For), and none was refused", n);
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
    if (!live_get(r, "/api/v1/tickets", &none, f))
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
