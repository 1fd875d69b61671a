#include "chain_test.h"

#include "store_test.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/enc.h"
#include "base/log.h"
#include "desk/auth.h"
#include "http/server.h"
#include "store/db_priv.h"
#include "store/store.h"
#include "web/chain.h"
#include "web/routes.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SETTINGS_MAX = 64, HEADERS_MAX = 32, BODY_MAX = 16 << 20, ARENA_MAX = 512 << 20, FAILURES_MAX = 200 };

enum { AGENT_PERMS = PERM_TICKET_AGENT | PERM_USER_READ | PERM_USER_EDIT | PERM_REPORT | PERM_VIEW_SHARE };
#define X(bit, name, text, help) | PERM_##name
enum { ALL_PERMS = 0 PERM_TABLE(X) };
#undef X

static const char *const defaults[] = {
    "ENVIRONMENT=test",
    "JWT_SECRET=0123456789abcdef0123456789ABCDEFghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWX",
    "ARGON2_KIB=64",
    "ARGON2_PASSES=1",
    "RATE_LIMIT_PER_MIN=1000000",
    "RATE_LIMIT_LOGIN_PER_MIN=1000000",
    "RATE_LIMIT_REGISTER_PER_MIN=1000000",
    "RATE_LIMIT_RESET_PER_MIN=1000000",
    "RATE_LIMIT_FORM_PER_MIN=1000000",
    "RATE_LIMIT_TOKEN_PER_MIN=1000000",
    "ALLOWED_ORIGINS=http://localhost:8080,https://help.example.com",
    "CSRF_PROTECTION=true",
    "READ_THREADS=2",
    "DB_WRITERS=1",
    "REGISTRATION=open",
};

/* Calls of one chain_send(), until its answer is there. */
struct waiting {
    pthread_mutex_t lock; /* guards done */
    pthread_cond_t cond;
    bool done;
};

static void reply(struct exchange *x)
{
    struct waiting *w = (struct waiting *)(void *)x->io;

    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->lock);
}

static void on_db(struct app *app, struct db *db, bool writes)
{
    struct chain *ch = app->test;

    ch->armed |= writes && ch->fail_in > 0;
    if (writes && ch->refuse_writes)
        db_fail_in(db, 1, RC_BUSY);
    else
        db_fail_in(db, ch->fail_in > 0 && writes != ch->fail_reads ? ch->fail_in : 0, RC_FAIL);
}

struct chain *chain_open_with(const char *const *settings)
{
    struct chain *ch = calloc(1, sizeof(*ch));
    struct store *s = test_store();
    struct config_issues issues = { 0 };
    struct err e = { 0 };
    const char *env[SETTINGS_MAX];
    size_t n = 0;

    assert_non_null(ch);
    test_store_free(&s);
    log_init(LOG_ERROR, LOG_JSON, open("/dev/null", O_WRONLY | O_CLOEXEC));
    ch->a = arena_new(ARENA_MAX);
    ch->sweeps = getenv("CHAIN_SWEEP") != NULL;
    ch->opener = pthread_self();
    for (; settings && settings[n]; n++)
        env[n] = settings[n];
    env[n++] = str_printf(ch->a, "DATABASE_URL=%.*s", STR_ARG(test_store_url())).p;
    env[n++] = str_printf(ch->a, "DATA_DIR=%s/data", test_folder()).p;
    for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
        struct str name = str_of(defaults[i]);
        bool given = false;

        name.n = str_chr(name, '=') + 1;
        for (size_t j = 0; settings && settings[j]; j++)
            given |= str_starts(str_of(settings[j]), name);
        if (!given)
            env[n++] = defaults[i];
    }
    env[n] = NULL;
    if (config_load(&(struct config_from){ .environ = env }, ch->a, &ch->cfg, &issues) != RC_OK)
        fail_msg("settings: %.*s", STR_ARG(issues.v[0].text));
    assert_ok(app_open(ch->cfg, &ch->app, &e), &e);
    ch->app->reply = reply;
    ch->app->on_db = on_db;
    ch->app->test = ch;
    chain_exec(ch, "UPDATE roles SET perms = $1 WHERE builtin = 1 AND perms = 0", DB_ARGS(DB_INT(ALL_PERMS)));
    chain_exec(ch, "UPDATE roles SET perms = $1 WHERE builtin = 2 AND perms = 0", DB_ARGS(DB_INT(AGENT_PERMS)));
    chain_exec(ch, "UPDATE roles SET perms = $1 WHERE builtin = 3 AND perms = 0", DB_ARGS(DB_INT(PERM_TICKET_CUSTOMER)));
    return ch;
}

struct chain *chain_open(void)
{
    return chain_open_with(NULL);
}

void chain_close(struct chain **ch)
{
    if (!*ch)
        return;
    for (struct answer *an = (*ch)->answers; an; an = an->next)
        json_decref(an->json);
    app_stop(&(*ch)->app);
    config_free(&(*ch)->cfg);
    arena_free(&(*ch)->a);
    free(*ch);
    *ch = NULL;
}

void chain_routes(struct chain *ch, const struct route_table *table)
{
    const struct route_table **all = ARENA_ARRAY(ch->a, const struct route_table *, routes_all_n + 1);

    memcpy(all, routes_all, routes_all_n * sizeof(all[0]));
    all[routes_all_n] = table;
    ch->app->dispatch = dispatch_new(all, routes_all_n + 1, ch->a);
}

/* ── one request ── */

struct sending {
    struct http_header headers[HEADERS_MAX];
    struct exchange x;
    struct waiting w;
};

static void add(struct sending *s, const char *name, const char *value)
{
    if (!value)
        return;
    assert_true(s->x.n_headers < HEADERS_MAX);
    s->headers[s->x.n_headers++] = (struct http_header){ str_of(name), str_of(value) };
}

static void set_target(struct exchange *x, const char *target)
{
    struct str path = str_of(target);

    x->target = path;
    x->query = path;
    path = str_cut(&x->query, '?');
    assert_true(dec_url(path, false, x->arena, &x->path));
}

static void set_headers(struct sending *s, const struct ask *q)
{
    add(s, "host", q->host ? q->host : "localhost:8080");
    if (q->bearer)
        add(s, "authorization", str_printf(s->x.arena, "Bearer %s", q->bearer).p);
    add(s, "content-type", q->json ? "application/json" : q->type);
    add(s, "cookie", q->cookie);
    add(s, "x-csrf-token", q->csrf);
    add(s, "origin", q->origin);
    add(s, "idempotency-key", q->idempotency_key);
    add(s, "if-match", q->if_match);
    for (size_t i = 0; i + 1 < ARRAY_LEN(q->headers) && q->headers[i]; i += 2)
        add(s, q->headers[i], q->headers[i + 1]);
    s->x.headers = s->headers;
}

static int spooled(struct str body)
{
    int fd = memfd_create("body", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, body.p, body.n), (ssize_t)body.n);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static struct sending *make(const struct ask *q)
{
    struct arena *a = arena_new(ARENA_MAX);
    struct sending *s = ARENA_NEW(a, struct sending);

    s->x = (struct exchange){
        .arena = a,
        .method = q->method ? q->method : HTTP_GET,
        .host = q->host ? str_of(q->host) : STR("localhost:8080"),
        .body_fd = -1,
        .out_fd = -1,
        .version = 11,
        .tls = q->tls,
        .start_us = clock_mono_us(),
        .out_body = BUF_ARENA(a, BODY_MAX),
        .io = (struct exchange_io *)(void *)&s->w,
    };
    pthread_mutex_init(&s->w.lock, NULL);
    pthread_cond_init(&s->w.cond, NULL);
    assert_true(addr_parse(str_of(q->peer ? q->peer : "127.0.0.1"), &s->x.peer));
    set_target(&s->x, q->target);
    set_headers(s, q);
    return s;
}

/* What http/ does between the headers and the answer. */
static void run(struct chain *ch, struct sending *s, const struct ask *q)
{
    struct http_app calls = app_calls(ch->app);
    struct str body = q->json        ? str_of(q->json)
                      : q->body_n ? (struct str){ q->body, q->body_n }
                                  : str_of(q->body);
    size_t max_body = 0;
    bool spool = false;

    if (calls.on_headers(&s->x, calls.arg, &max_body, &spool) == HTTP_ANSWER_NOW)
        return;
    if (body.n > max_body) {
        calls.on_refused(&s->x, RC_TOO_BIG, "the body is larger than is allowed here", calls.arg);
        return;
    }
    s->x.body_len = body.n;
    if (spool && body.n > 64 * KIB)
        s->x.body_fd = spooled(body);
    else
        s->x.body = str_dup(body, s->x.arena);
    calls.on_request(&s->x, calls.arg);
    pthread_mutex_lock(&s->w.lock);
    while (!s->w.done)
        pthread_cond_wait(&s->w.cond, &s->w.lock);
    pthread_mutex_unlock(&s->w.lock);
}

static struct str file_text(const struct exchange *x, struct arena *a)
{
    char *p = arena_alloc(a, (size_t)x->out_fd_len + 1);

    assert_int_equal(pread(x->out_fd, p, (size_t)x->out_fd_len, (off_t)x->out_fd_off), (ssize_t)x->out_fd_len);
    return (struct str){ p, (size_t)x->out_fd_len };
}

static pthread_mutex_t answers_lock = PTHREAD_MUTEX_INITIALIZER; /* guards ch->a in chain_send() */

static struct answer *keep(struct chain *ch, const struct exchange *x)
{
    struct answer *an = ARENA_NEW(ch->a, struct answer);
    struct http_header *headers = ARENA_ARRAY(ch->a, struct http_header, x->n_out + 1);
    struct err e = { 0 };

    an->status = x->status;
    an->statements = x->app ? ((const struct request *)x->app)->c.db_statements : 0;
    for (size_t i = 0; i < x->n_out; i++)
        headers[i] = (struct http_header){ str_dup(x->out[i].name, ch->a), str_dup(x->out[i].value, ch->a) };
    an->headers = headers;
    an->n_headers = x->n_out;
    if (x->out_fd >= 0)
        an->body = file_text(x, ch->a);
    else
        an->body = str_dup(x->out_static.p ? x->out_static : buf_view(&x->out_body), ch->a);
    if (an->body.n > 0 && str_find(answer_header(an, "content-type"), STR("json")) != SIZE_MAX)
        an->is_sound = json_read(an->body, &an->json, &e) == RC_OK;
    else
        an->is_sound = true;
    an->next = ch->answers;
    ch->answers = an;
    return an;
}

/* What the client did wrong names where, and what is allowed there. */
static void check_errors(const struct answer *an)
{
    json_t *errors = answer_at(an, "/errors");

    if (an->status < 400 || an->status >= 500 || an->status == 429 || an->status == 408)
        return;
    if (str_starts(answer_header(an, "content-type"), STR("text/html"))) /* pages say it in words */
        return;
    if (json_array_size(errors) == 0)
        fail_msg("names nothing: %.*s", STR_ARG(an->body));
    for (size_t i = 0; i < json_array_size(errors); i++) {
        const json_t *one = json_array_get(errors, i);

        if (!json_is_string(json_object_get(one, "pointer")) || !json_string_length(json_object_get(one, "allowed")))
            fail_msg("an error without pointer or allowed: %.*s", STR_ARG(an->body));
    }
}

static struct answer *send_once(struct chain *ch, struct ask q)
{
    struct http_app calls = app_calls(ch->app);
    struct sending *s = make(&q);
    struct arena *a = s->x.arena;
    struct answer *an;

    run(ch, s, &q);
    pthread_mutex_lock(&answers_lock);
    an = keep(ch, &s->x);
    pthread_mutex_unlock(&answers_lock);
    calls.on_sent(&s->x, an->body.n, true, calls.arg);
    if (s->x.body_fd >= 0)
        close(s->x.body_fd);
    if (s->x.out_fd >= 0)
        close(s->x.out_fd);
    arena_free(&a);
    if (!an->is_sound)
        fail_msg("the answer is not JSON: %.*s", STR_ARG(an->body));
    check_errors(an);
    return an;
}

/* before.p NULL: what is there is not compared, and so many failures are enough. */
static struct answer *fail_each(struct chain *ch, struct ask q, struct str before);

struct answer *chain_send(struct chain *ch, struct ask q)
{
    bool sweeps = ch->sweeps && ch->fail_in == 0 && pthread_equal(pthread_self(), ch->opener);

    return sweeps ? fail_each(ch, q, STR_NONE) : send_once(ch, q);
}

/* ── answers ── */

struct str answer_header(const struct answer *an, const char *name)
{
    for (size_t i = 0; i < an->n_headers; i++) {
        if (str_eq(an->headers[i].name, str_of(name)))
            return an->headers[i].value;
    }
    return STR_NONE;
}

json_t *answer_at(const struct answer *an, const char *pointer)
{
    struct str rest = str_of(pointer);
    json_t *v = an->json;
    char key[128];

    str_cut(&rest, '/');
    while (v && rest.p) {
        struct str part = str_cut(&rest, '/');
        int64_t i;

        snprintf(key, sizeof(key), "%.*s", STR_ARG(part));
        if (json_is_array(v))
            v = str_i64(part, 0, INT32_MAX, &i) ? json_array_get(v, (size_t)i) : NULL;
        else
            v = json_object_get(v, key);
    }
    return v;
}

struct str answer_text(const struct answer *an, const char *pointer)
{
    const json_t *v = answer_at(an, pointer);

    if (!json_is_string(v))
        fail_msg("no text at %s in: %.*s", pointer, STR_ARG(an->body));
    return (struct str){ json_string_value(v), json_string_length(v) };
}

int64_t answer_int(const struct answer *an, const char *pointer)
{
    const json_t *v = answer_at(an, pointer);

    if (!json_is_integer(v))
        fail_msg("no integer at %s in: %.*s", pointer, STR_ARG(an->body));
    return json_integer_value(v);
}

void assert_problem(const struct answer *an, int status, const char *code)
{
    if (an->status != status || (code && an->json && !str_eq(answer_text(an, "/code"), str_of(code))))
        fail_msg("status %d, want %d %s: %.*s", an->status, status, code ? code : "", STR_ARG(an->body));
    assert_str_eq(answer_header(an, "content-type"), "application/problem+json");
    assert_int_equal(answer_int(an, "/status"), status);
    assert_true(answer_text(an, "/type").n > 0);
    assert_true(answer_text(an, "/title").n > 0);
    assert_true(answer_text(an, "/detail").n > 0);
    assert_true(answer_at(an, "/instance") != NULL);
    assert_true(json_is_array(answer_at(an, "/errors")));
    assert_true(str_eq(answer_text(an, "/request_id"), answer_header(an, "x-request-id")));
}

void assert_problem_field(const struct answer *an, const char *pointer)
{
    json_t *errors = answer_at(an, "/errors");

    for (size_t i = 0; i < json_array_size(errors); i++) {
        if (strcmp(json_string_value(json_object_get(json_array_get(errors, i), "pointer")), pointer) == 0)
            return;
    }
    fail_msg("no error names %s: %.*s", pointer, STR_ARG(an->body));
}

/* ── rows ── */

struct statement {
    const char *sql;
    size_t n;
    struct db_args args;
    int64_t id; /* of RETURNING */
    bool answers;
};

static enum rc statement_run(struct db *db, void *arg, struct err *e)
{
    struct statement *st = arg;

    return st->answers ? db_query_int_(db, st->sql, st->n, st->args, &st->id, e)
                       : db_exec_(db, st->sql, st->n, st->args, NULL, e);
}

void chain_exec_(struct chain *ch, const char *sql, size_t n, struct db_args args)
{
    struct statement st = { sql, n, args, 0, false };
    struct err e = { 0 };

    assert_ok(store_write(ch->app->store, statement_run, &st, &e), &e);
}

int64_t chain_int_(struct chain *ch, const char *sql, size_t n, struct db_args args)
{
    struct statement st = { sql, n, args, 0, true };
    struct err e = { 0 };

    assert_ok(store_write(ch->app->store, statement_run, &st, &e), &e);
    return st.id;
}

int64_t chain_user(struct chain *ch, int64_t role_id)
{
    struct str name = str_printf(ch->a, "Person %u", ++ch->n_people);
    struct str email = str_printf(ch->a, "person%u@example.com", ch->n_people);
    int64_t now = clock_now_us();
    int64_t id = chain_int(ch,
                           "INSERT INTO users (name, name_fold, email, created_us, updated_us)"
                           " VALUES ($1, lower($1), $2, $3, $3) RETURNING id",
                           DB_ARGS(DB_TEXT(name), DB_TEXT(email), DB_INT(now)));

    chain_exec(ch,
               "INSERT INTO identities (user_id, kind, value, value_fold, verified_us, is_primary, created_us)"
               " VALUES ($1, 0, $2, $2, $3, 1, $3)",
               DB_ARGS(DB_INT(id), DB_TEXT(email), DB_INT(now)));
    chain_exec(ch, "INSERT INTO user_roles (user_id, role_id) VALUES ($1, $2)", DB_ARGS(DB_INT(id), DB_INT(role_id)));
    return id;
}

const char *chain_token(struct chain *ch, int64_t user_id, int64_t perms, bool read_only)
{
    struct str token = str_printf(ch->a, "tkt_test_token_of_%lld_%u", (long long)user_id, ++ch->n_people);
    int64_t now = clock_now_us();

    chain_exec(ch,
               "INSERT INTO api_tokens (user_id, name, token_hash, hint, perms, read_only, last_used_us, created_us)"
               " VALUES ($1, 'test', $2, 'tkt_', $3, $4, $5, $5)",
               DB_ARGS(DB_INT(user_id), DB_TEXT(sha256_hex(hash_sha256(token), ch->a)), DB_INT(perms),
                       DB_INT(read_only), DB_INT(now)));
    return token.p;
}

const char *chain_admin(struct chain *ch)
{
    return chain_token(ch, chain_user(ch, 1), -1, false);
}

const char *chain_agent(struct chain *ch)
{
    return chain_token(ch, chain_user(ch, 2), -1, false);
}

const char *chain_customer(struct chain *ch)
{
    return chain_token(ch, chain_user(ch, 3), -1, false);
}

struct chain_session chain_session(struct chain *ch, int64_t user_id)
{
    struct str token = str_printf(ch->a, "test-session-of-%lld-%u", (long long)user_id, ++ch->n_people);
    struct str hash = sha256_hex(hash_sha256(token), ch->a);
    int64_t now = clock_now_us();
    struct chain_session s = { .cookie = str_printf(ch->a, "session_id=%.*s", STR_ARG(token)).p };

    s.id = chain_int(ch,
                     "INSERT INTO sessions (user_id, token_hash, refresh_hash, address, user_agent, created_us,"
                     " seen_us, expires_us) VALUES ($1, $2, $3, '127.0.0.1', 'test', $4, $4, $5) RETURNING id",
                     DB_ARGS(DB_INT(user_id), DB_TEXT(hash),
                             DB_TEXT(str_printf(ch->a, "refresh-%.*s", STR_ARG(hash))), DB_INT(now),
                             DB_INT(now + US_PER_DAY)));
    s.csrf = auth_csrf(ch->app->auth, s.id, ch->a).p;
    return s;
}

/* ── nothing changed ── */

/* Tables whose rows a refused request must leave alone: all of the schema. */
struct checksum {
    struct chain *ch;
    struct buf text;
};

/* One text for a row: all columns but those that say when somebody was last seen. */
static enum rc row_text(struct db *db, struct str table, struct arena *a, struct str *sql, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct buf b = BUF_ARENA(a, 16 * KIB);

    BUF_LIT(&b, "SELECT ''");
    if (db_kind(db) == DB_SQLITE)
        TRY(db_query(db, &r, "SELECT name FROM pragma_table_info($1)", DB_ARGS(DB_TEXT(table)), e));
    else
        TRY(db_query(db, &r, "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
                     " AND table_name = $1 ORDER BY 1",
                     DB_ARGS(DB_TEXT(table)), e));
    while (db_next(&r, e)) {
        struct str column = db_text(&r, 0, a);

        if (str_eq(column, STR("seen_us")) || str_eq(column, STR("last_used_us")))
            continue;
        buf_printf(&b, " || '|' || coalesce(CAST(%.*s AS TEXT), 'NULL')", STR_ARG(column));
    }
    buf_printf(&b, " AS line FROM %.*s ORDER BY 1", STR_ARG(table));
    *sql = str_dup(buf_view(&b), a);
    return e->rc;
}

static enum rc add_table(struct db *db, struct checksum *sum, struct str name, struct str sql, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    TRY(db_query_(db, &r, sql.p, sql.n, DB_NO_ARGS, e));
    buf_str(&sum->text, name);
    while (db_next(&r, e))
        buf_str(&sum->text, db_view(&r, 0));
    return e->rc;
}

static enum rc list_tables(struct db *db, struct chain *ch, struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };

    if (db_kind(db) == DB_SQLITE)
        TRY(db_query(db, &r,
                     "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
                     " AND name NOT LIKE '%_fts%' ORDER BY name",
                     DB_NO_ARGS, e));
    else
        TRY(db_query(db, &r, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1", DB_NO_ARGS, e));
    while (ch->n_tables < ARRAY_LEN(ch->tables) && db_next(&r, e))
        ch->tables[ch->n_tables++] = db_text(&r, 0, ch->a);
    return e->rc;
}

static enum rc add_tables(struct db *db, void *arg, struct err *e)
{
    struct checksum *sum = arg;
    struct chain *ch = sum->ch;

    sum->text.n = 0;
    if (ch->n_tables == 0) {
        TRY(list_tables(db, ch, e));
        for (size_t i = 0; i < ch->n_tables; i++)
            TRY(row_text(db, ch->tables[i], ch->a, &ch->rows_sql[i], e));
    }
    for (size_t i = 0; i < ch->n_tables; i++)
        TRY(add_table(db, sum, ch->tables[i], ch->rows_sql[i], e));
    return e->rc;
}

struct str chain_checksum(struct chain *ch)
{
    struct checksum sum = { ch, BUF_HEAP(GIB) };
    struct err e = { 0 };
    struct str hex;

    assert_ok(store_write(ch->app->store, add_tables, &sum, &e), &e);
    hex = sha256_hex(hash_sha256(buf_view(&sum.text)), ch->a);
    buf_release(&sum.text);
    return hex;
}

static enum rc disarm_run(struct db *db, void *arg, struct err *e)
{
    bool *waits = arg;

    (void)e;
    *waits |= db->fail_in > 0;
    db_fail_in(db, 0, RC_OK);
    return RC_OK;
}

/* A failure that the request did not reach still waits on the writer's connection: the transaction
 * that takes it away may meet it.  Returns whether there was one. */
static bool disarm(struct chain *ch)
{
    struct err e = { 0 };
    bool waits = false;

    for (int i = 0; i < FAILURES_MAX && store_write(ch->app->store, disarm_run, &waits, &e) != RC_OK; i++) {
        waits = true;
        err_clear(&e);
    }
    return waits;
}

static bool is_write(const struct ask *q)
{
    return (q->method & (HTTP_POST | HTTP_PUT | HTTP_PATCH | HTTP_DELETE)) != 0;
}

static void check_failed(struct chain *ch, const struct answer *an, struct str before, int64_t n)
{
    if (str_starts(answer_header(an, "content-type"), STR("text/html")))
        assert_true(an->status >= 500 && str_find(an->body, STR("</html>")) != SIZE_MAX);
    else
        assert_problem(an, an->status, NULL);
    if (before.p && !str_eq(chain_checksum(ch), before))
        fail_msg("statement %lld failed, and yet something changed", (long long)n);
}

/* While the writes are refused the request may be made as often as its reads have statements. */
static void fail_reads_of_write(struct chain *ch, struct ask q, struct str before)
{
    for (int64_t n = 1; n < FAILURES_MAX; n++) {
        struct answer *an;

        ch->fail_in = n;
        ch->fail_reads = ch->refuse_writes = true;
        an = send_once(ch, q);
        ch->fail_in = 0;
        ch->fail_reads = ch->refuse_writes = false;
        disarm(ch);
        if (an->status != 500)
            return;
        check_failed(ch, an, before, n);
    }
    if (before.p)
        fail_msg("the request has more than %d reads", FAILURES_MAX);
}

static struct answer *fail_each(struct chain *ch, struct ask q, struct str before)
{
    if (is_write(&q))
        fail_reads_of_write(ch, q, before);
    for (int64_t n = 1; n < FAILURES_MAX; n++) {
        struct answer *an;
        bool unmet, met;

        ch->fail_in = n;
        ch->fail_reads = !is_write(&q);
        ch->armed = false;
        an = send_once(ch, q);
        ch->fail_in = 0;
        unmet = disarm(ch);
        met = ch->armed && !unmet;
        if (an->status < 400 && met)
            fail_msg("statement %lld failed, and the answer was %d", (long long)n, an->status);
        if (an->status < 500 && !(met && !before.p))
            return an;
        if (an->status >= 500)
            check_failed(ch, an, before, n);
    }
    if (before.p)
        fail_msg("the request has more than %d statements", FAILURES_MAX);
    return send_once(ch, q);
}

struct answer *chain_fail_each(struct chain *ch, struct ask q)
{
    return fail_each(ch, q, chain_checksum(ch));
}
