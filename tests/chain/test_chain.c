#include "chain_test.h"

#include "base/log.h"
#include "web/ctx.h"
#include "web/route.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* ── routes of our own: a table of tags, whatever the API makes of it ── */

struct tag_body {
    struct j_text name;
};
static const struct jfield tag_body_fields[] = {
    { .name = "name", .type = J_TEXT, .flags = JF_REQUIRED | JF_FILLED, .min = 1, .max = 40, .off = offsetof(struct tag_body, name), .help = "" },
};
static const struct jspec tag_body_spec = JSPEC("TestTagCreate", tag_body_fields, struct tag_body);
static const struct jfield tag_fields[] = { { .name = "id", .type = J_ID, .help = "" }, { .name = "name", .type = J_TEXT, .help = "" } };
static const struct jspec tag_spec = JSPEC_ANSWER("TestTag", tag_fields);
static const struct jfield list_fields[] = { CTX_LIST_FIELDS };
static const struct jspec list_spec = JSPEC("TestTagList", list_fields, struct ctx_list_query);

static void write_tag(struct ctx *c, int64_t id, struct str name)
{
    jw_obj(&c->out);
    jw_kv_int(&c->out, "id", id);
    jw_kv_text(&c->out, "name", name);
    jw_obj_end(&c->out);
}

static enum rc tag_create(struct ctx *c, struct err *e)
{
    const struct tag_body *b = c->body;
    int64_t id;

    TRY(db_query_int(c->db, "INSERT INTO tags (name, created_us) VALUES ($1, 1) RETURNING id", DB_ARGS(DB_TEXT(b->name.v)),
                     &id, e));
    TRY(db_exec(c->db, "UPDATE tags SET version = version + 1 WHERE id = $1", DB_ARGS(DB_INT(id)), NULL, e));
    ctx_location(c, "/test/tags/%lld", (long long)id);
    write_tag(c, id, b->name.v);
    return RC_OK;
}

static enum rc tag_change(struct ctx *c, struct err *e)
{
    int64_t id, version;

    TRY(ctx_id(c, 0, &id, e));
    TRY(ctx_if_match(c, &version, e));
    if (version && version != 2) {
        write_tag(c, id, STR("as it is now"));
        c->shows_current = true;
        return err_set(e, RC_STALE, "", "Somebody changed it.");
    }
    ctx_etag(c, 3);
    write_tag(c, id, STR("changed"));
    return RC_OK;
}

static enum rc tag_show(struct ctx *c, struct err *e)
{
    int64_t id;

    TRY(ctx_id(c, 0, &id, e));
    ctx_etag(c, 7);
    write_tag(c, id, STR("shown"));
    return RC_OK;
}

static enum rc tag_counted_failure(struct ctx *c, struct err *e)
{
    TRY(db_exec(c->db, "INSERT INTO tags (name, created_us) VALUES ('counted', 1) ON CONFLICT (name) DO NOTHING", DB_NO_ARGS, NULL, e));
    c->commit_error = true;
    return err_set(e, RC_UNAUTH, "counted", "That failed, and it counts.");
}

static enum rc tag_list(struct ctx *c, struct err *e)
{
    static const char *const names[] = { "id", "name", NULL };
    static const struct ctx_sorts sorts = { names, false };
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct sql q = sql_new(c->a);
    struct ctx_page p;
    int64_t ids[201];
    int n = 0;
    bool forward;

    TRY(ctx_page_begin(c, c->query, &sorts, STR("all"), &p, e));
    forward = p.descending == p.backward;
    sql_add(&q, "SELECT id, name FROM tags WHERE id > 0", DB_NO_ARGS);
    if (p.has_key && forward)
        sql_add(&q, " AND id > ?", DB_ARGS(DB_INT(p.key_id)));
    else if (p.has_key)
        sql_add(&q, " AND id < ?", DB_ARGS(DB_INT(p.key_id)));
    if (forward)
        sql_add(&q, " ORDER BY id LIMIT ?", DB_ARGS(DB_INT(p.limit + 1)));
    else
        sql_add(&q, " ORDER BY id DESC LIMIT ?", DB_ARGS(DB_INT(p.limit + 1)));
    TRY(db_query_sql(c->db, &r, &q, e));
    while (n < 201 && db_next(&r, e))
        ids[n++] = db_int(&r, 0);
    for (int i = 0; i < n && i < p.limit; i++) {
        int shown = n > p.limit ? (int)p.limit : n;
        int64_t id = ids[p.backward ? shown - 1 - i : i];

        ctx_page_item(c, &p, id, STR("text|with|bars"), id);
        write_tag(c, id, STR("x"));
    }
    ctx_page_end(c, &p, n > p.limit);
    return e->rc;
}

static const struct route test_routes[] = {
    { .method = HTTP_GET, .path = "/test/tags", .op = "test_list", .tag = "T", .summary = "s", .handle = tag_list, .flags = R_LIST, .query = &list_spec, .answer = &tag_spec, .status = 200 },
    { .method = HTTP_POST, .path = "/test/tags", .op = "test_create", .tag = "T", .summary = "s", .handle = tag_create, .flags = R_WRITE, .perm = PERM_ADMIN_TAG | PERM_TICKET_CUSTOMER, .body = &tag_body_spec, .answer = &tag_spec, .status = 201 },
    { .method = HTTP_GET, .path = "/test/tags/{id}", .op = "test_show", .tag = "T", .summary = "s", .handle = tag_show, .answer = &tag_spec, .status = 200 },
    { .method = HTTP_PATCH, .path = "/test/tags/{id}", .op = "test_change", .tag = "T", .summary = "s", .handle = tag_change, .flags = R_WRITE, .body = &tag_body_spec, .answer = &tag_spec, .status = 200 },
    { .method = HTTP_POST, .path = "/test/counted", .op = "test_counted", .tag = "T", .summary = "s", .handle = tag_counted_failure, .flags = R_WRITE | R_PUBLIC | R_NO_CSRF, .status = 200 },
    { .method = HTTP_POST, .path = "/test/login", .op = "test_login", .tag = "T", .summary = "s", .handle = tag_counted_failure, .flags = R_WRITE | R_PUBLIC | R_NO_CSRF | R_SLOW, .bucket = BUCKET_LOGIN, .status = 200 },
};
static const struct route_table test_table = { test_routes, ARRAY_LEN(test_routes) };

static struct chain *open_chain(const char *const *settings)
{
    struct chain *ch = chain_open_with(settings);

    chain_routes(ch, &test_table);
    return ch;
}

static int setup(void **state)
{
    *state = open_chain(NULL);
    return 0;
}

static int teardown(void **state)
{
    chain_close((struct chain **)state);
    return 0;
}

#define SEND(...) chain_send(ch, (struct ask){ __VA_ARGS__ })

/* ── dispatch ── */

static void the_root_answers_with_all_headers(void **state)
{
    struct chain *ch = *state;
    struct answer *an = SEND(.target = "/api/v1");

    assert_int_equal(an->status, 200);
    assert_str_eq(answer_text(an, "/name"), "ticketing-system");
    assert_true(json_is_null(answer_at(an, "/product_name")));
    assert_str_eq(answer_header(an, "content-type"), "application/json");
    assert_str_eq(answer_header(an, "x-content-type-options"), "nosniff");
    assert_str_eq(answer_header(an, "x-frame-options"), "DENY");
    assert_str_eq(answer_header(an, "referrer-policy"), "no-referrer");
    assert_str_eq(answer_header(an, "cross-origin-opener-policy"), "same-origin");
    assert_str_eq(answer_header(an, "cross-origin-resource-policy"), "same-origin");
    assert_true(answer_header(an, "permissions-policy").n > 0);
    assert_true(str_find(answer_header(an, "content-security-policy"), STR("frame-ancestors 'none'")) != SIZE_MAX);
    assert_true(str_find(answer_header(an, "content-security-policy"), STR("unsafe-inline")) == SIZE_MAX);
    assert_true(str_starts(answer_header(an, "server-timing"), STR("db;dur=")));
    assert_null(answer_header(an, "strict-transport-security").p);
    assert_true(answer_header(SEND(.target = "/api/v1", .tls = true), "strict-transport-security").n > 0);
}

static void unknown_addresses_and_methods_are_problems(void **state)
{
    struct chain *ch = *state;
    struct answer *an;

    assert_problem(SEND(.target = "/api/v1/nothing-here"), 404, "not_found");
    assert_problem(SEND(.target = "/test/tags/"), 404, "not_found");
    assert_problem(SEND(.target = "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p"), 404, "not_found");
    an = SEND(.method = HTTP_DELETE, .target = "/test/tags");
    assert_problem(an, 405, "method_not_allowed");
    assert_str_eq(answer_header(an, "allow"), "GET, HEAD, POST, OPTIONS");
    assert_problem(SEND(.method = HTTP_OTHER, .target = "/test/tags"), 405, "method_not_allowed");
    an = SEND(.method = HTTP_OPTIONS, .target = "/test/tags");
    assert_int_equal(an->status, 204);
    assert_str_eq(answer_header(an, "allow"), "GET, HEAD, POST, OPTIONS");
    assert_int_equal(SEND(.method = HTTP_HEAD, .target = "/api/v1")->status, 200);
}

static void a_sane_request_id_is_taken_over_and_others_are_not(void **state)
{
    struct chain *ch = *state;

    assert_str_eq(answer_header(SEND(.target = "/api/v1", .headers = { "x-request-id", "abc.DEF-1_2" }), "x-request-id"), "abc.DEF-1_2");
    assert_int_equal(answer_header(SEND(.target = "/api/v1", .headers = { "x-request-id", "a b" }), "x-request-id").n, 16);
    assert_int_equal(answer_header(SEND(.target = "/api/v1", .headers = { "x-request-id", "<script>" }), "x-request-id").n, 16);
    assert_int_equal(answer_header(SEND(.target = "/api/v1"), "x-request-id").n, 16);
}

/* ── who ── */

static void without_login_401_and_without_right_403(void **state)
{
    struct chain *ch = *state;
    struct answer *an = SEND(.target = "/test/tags/1");

    assert_problem(an, 401, "unauthorized");
    assert_true(str_starts(answer_header(an, "www-authenticate"), STR("Bearer ")));
    assert_str_eq(answer_header(an, "cache-control"), "no-store");
    an = SEND(.target = "/test/tags/1", .bearer = "tkt_nobody_has_this");
    assert_problem(an, 401, NULL);
    assert_true(str_find(answer_header(an, "www-authenticate"), STR("invalid_token")) != SIZE_MAX);
    assert_problem(SEND(.target = "/test/tags/1", .headers = { "authorization", "Basic QTpC" }), 401, NULL);
    assert_problem(SEND(.method = HTTP_POST, .target = "/test/tags", .bearer = chain_agent(ch), .json = "{\"name\":\"x\"}"), 403, "permission");
    an = SEND(.target = "/test/tags/1", .bearer = chain_agent(ch));
    assert_int_equal(an->status, 200);
    assert_str_eq(answer_header(an, "cache-control"), "no-store");
}

static void who_may_not_call_learns_nothing_of_the_fields(void **state)
{
    struct chain *ch = *state;

    assert_problem(SEND(.method = HTTP_POST, .target = "/test/tags", .json = "{\"nonsense\":1}"), 401, NULL);
    assert_problem(SEND(.method = HTTP_POST, .target = "/test/tags", .bearer = chain_agent(ch), .json = "{\"nonsense\":1}"), 403, NULL);
}

static void a_read_only_token_changes_nothing(void **state)
{
    struct chain *ch = *state;
    const char *token = chain_token(ch, chain_user(ch, 1), -1, true);

    assert_int_equal(SEND(.target = "/test/tags/1", .bearer = token)->status, 200);
    assert_problem(SEND(.method = HTTP_POST, .target = "/test/tags", .bearer = token, .json = "{\"name\":\"x\"}"), 403, "read_only_token");
}

static void an_expired_cookie_is_taken_back(void **state)
{
    struct chain *ch = *state;
    struct answer *an = SEND(.target = "/test/tags/1", .cookie = "session_id=gone");

    assert_problem(an, 401, NULL);
    assert_true(str_find(answer_header(an, "set-cookie"), STR("Max-Age=0")) != SIZE_MAX);
}

static void unsafe_cookie_requests_need_token_and_origin(void **state)
{
    struct chain *ch = *state;
    struct chain_session s = chain_session(ch, chain_user(ch, 1)), other = chain_session(ch, chain_user(ch, 1));
    struct ask q = { .method = HTTP_POST, .target = "/test/tags", .cookie = s.cookie, .json = "{\"name\":\"csrf\"}" };

    assert_int_equal(SEND(.target = "/test/tags/1", .cookie = s.cookie)->status, 200);
    assert_problem(chain_send(ch, q), 403, "csrf");
    q.csrf = other.csrf;
    assert_problem(chain_send(ch, q), 403, "csrf");
    q.csrf = "";
    assert_problem(chain_send(ch, q), 403, "csrf");
    q.csrf = s.csrf;
    q.origin = "https://evil.example";
    assert_problem(chain_send(ch, q), 403, "csrf");
    q.origin = "null";
    assert_problem(chain_send(ch, q), 403, "csrf");
    q.origin = NULL;
    q.headers[0] = "sec-fetch-site";
    q.headers[1] = "cross-site";
    assert_problem(chain_send(ch, q), 403, "csrf");
    q.headers[1] = "same-origin";
    q.origin = "http://localhost:8080";
    assert_int_equal(chain_send(ch, q)->status, 201);
}

static void a_login_form_of_another_site_is_refused(void **state)
{
    struct chain *ch = *state;

    assert_problem(SEND(.method = HTTP_POST, .target = "/test/login", .origin = "https://evil.example"), 403, "csrf");
    assert_problem(SEND(.method = HTTP_POST, .target = "/test/login", .origin = "https://help.example.com"), 401, "counted");
}

/* ── input ── */

static void bad_input_has_its_status_and_names_the_field(void **state)
{
    struct chain *ch = *state;
    const char *token = chain_customer(ch);
    struct ask q = { .method = HTTP_POST, .target = "/test/tags", .bearer = token };
    struct str before = chain_checksum(ch);
    static char big[2 << 20];
    struct answer *an;

    q.body = "name=x", q.type = "application/x-www-form-urlencoded";
    assert_problem(chain_send(ch, q), 415, NULL);
    q.type = "application/json; charset=latin1";
    assert_problem(chain_send(ch, q), 415, NULL);
    q.type = NULL;
    assert_problem(chain_send(ch, q), 415, NULL);
    q.body = NULL;
    q.json = "{\"name\":";
    assert_problem(chain_send(ch, q), 400, "malformed_json");
    q.json = "{\"name\":\"a\",\"name\":\"b\"}";
    assert_problem(chain_send(ch, q), 400, NULL);
    q.json = "{\"name\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}";
    assert_problem(chain_send(ch, q), 400, "malformed_json");
    q.json = "{\"name\":\"\xff\xfe\"}";
    assert_problem(chain_send(ch, q), 400, NULL);
    q.json = "{\"name\":\"a\",\"colour\":1}";
    an = chain_send(ch, q);
    assert_problem(an, 422, NULL);
    assert_problem_field(an, "/colour");
    q.json = "{\"name\":\"bell\\u0007\"}";
    an = chain_send(ch, q);
    assert_problem(an, 422, NULL);
    assert_problem_field(an, "/name");
    q.json = "{}";
    assert_problem_field(chain_send(ch, q), "/name");
    q.json = NULL;
    assert_problem_field(chain_send(ch, q), "/name");
    memset(big, ' ', sizeof(big) - 1);
    q.json = big;
    an = chain_send(ch, q);
    assert_problem(an, 413, NULL);
    assert_true(str_find(an->body, STR("at most")) != SIZE_MAX); /* and how much is */
    an = SEND(.target = "/test/tags?limit=5&colour=red", .bearer = token);
    assert_problem(an, 400, NULL);
    assert_problem_field(an, "colour");
    assert_problem(SEND(.target = "/test/tags?limit=0", .bearer = token), 400, NULL);
    assert_problem(SEND(.target = "/test/tags?limit=201", .bearer = token), 400, NULL);
    assert_problem(SEND(.target = "/test/tags/1?x=1", .bearer = token), 400, NULL);
    assert_problem(SEND(.target = "/test/tags/0", .bearer = token), 404, NULL);
    assert_problem(SEND(.target = "/test/tags/99999999999999999999", .bearer = token), 404, NULL);
    assert_problem(SEND(.target = "/test/tags/1", .bearer = token, .json = "{}"), 400, "unexpected_body");
    assert_problem(SEND(.target = "/test/tags/1", .bearer = token, .headers = { "accept", "text/html" }), 406, NULL);
    assert_problem(SEND(.target = "/test/tags/1", .bearer = token, .headers = { "accept", "application/json;q=0" }), 406, NULL);
    assert_int_equal(SEND(.target = "/test/tags/1", .bearer = token, .headers = { "accept", "text/html, */*;q=0.1" })->status, 200);
    assert_problem(SEND(.target = "/api/v1/nothing", .headers = { "api-version", "v9" }), 404, NULL);
    assert_true(str_eq(chain_checksum(ch), before));
}

static void etags_answer_304_and_if_match_412(void **state)
{
    struct chain *ch = *state;
    const char *token = chain_customer(ch);
    struct answer *an = SEND(.target = "/test/tags/1", .bearer = token);
    struct ask q = { .method = HTTP_PATCH, .target = "/test/tags/1", .bearer = token, .json = "{\"name\":\"x\"}", .if_match = "\"v1\"" };
    struct str etag = answer_header(an, "etag"), have;

    assert_true(str_starts(etag, STR("\"v7.")));
    have = str_printf(ch->a, "\"v6\", W/%.*s", STR_ARG(etag));
    an = SEND(.target = "/test/tags/1", .bearer = token, .headers = { "if-none-match", have.p });
    assert_int_equal(an->status, 304);
    assert_int_equal(an->body.n, 0);
    an = SEND(.target = "/test/tags/1", .bearer = token, .headers = { "if-none-match", "\"v7\"" });
    assert_int_equal(an->status, 200); /* the version alone does not count the names that are shown */
    an = chain_send(ch, q);
    assert_problem(an, 412, "version_mismatch");
    assert_str_eq(answer_text(an, "/current/name"), "as it is now");
    q.if_match = "v1";
    assert_problem(chain_send(ch, q), 400, "bad_if_match");
    assert_problem_field(chain_send(ch, q), "If-Match");
    q.if_match = "\"v2\"";
    assert_int_equal(chain_send(ch, q)->status, 200);
    q.if_match = "*"; /* RFC 9110: any version will do */
    assert_int_equal(chain_send(ch, q)->status, 200);
}

/* ── writes ── */

static void each_statement_that_fails_leaves_everything_as_it_was(void **state)
{
    struct chain *ch = *state;
    const char *token = chain_customer(ch);
    struct answer *an = chain_fail_each(ch, (struct ask){ .method = HTTP_POST, .target = "/test/tags", .bearer = token,
                                                          .json = "{\"name\":\"whole\"}", .idempotency_key = "each" });

    assert_int_equal(an->status, 201);
    assert_true(str_starts(answer_header(an, "location"), STR("/test/tags/")));
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM tags WHERE name = 'whole'", DB_NO_ARGS), 1);
    assert_int_equal(chain_fail_each(ch, (struct ask){ .target = "/test/tags", .bearer = token })->status, 200);
}

static void a_refusal_that_counts_is_committed(void **state)
{
    struct chain *ch = *state;

    assert_problem(SEND(.method = HTTP_POST, .target = "/test/counted"), 401, "counted");
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM tags WHERE name = 'counted'", DB_NO_ARGS), 1);
}

static void the_same_key_replays_another_body_is_refused(void **state)
{
    struct chain *ch = *state;
    const char *token = chain_customer(ch);
    struct ask q = { .method = HTTP_POST, .target = "/test/tags", .bearer = token, .json = "{\"name\":\"once\"}", .idempotency_key = "key-1" };
    struct answer *first = chain_send(ch, q), *second = chain_send(ch, q);

    assert_int_equal(first->status, 201);
    assert_null(answer_header(first, "idempotency-replayed").p);
    assert_int_equal(second->status, 201);
    assert_str_eq(answer_header(second, "idempotency-replayed"), "true");
    assert_true(str_eq(first->body, second->body));
    assert_true(str_eq(answer_header(first, "location"), answer_header(second, "location")));
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM tags WHERE name = 'once'", DB_NO_ARGS), 1);
    q.json = "{\"name\":\"twice\"}";
    assert_problem(chain_send(ch, q), 422, "idempotency_key_reused");
    q.bearer = chain_customer(ch); /* keys are each caller's own */
    assert_int_equal(chain_send(ch, q)->status, 201);
    q.idempotency_key = "with blank";
    assert_problem(chain_send(ch, q), 400, "bad_idempotency_key");
    q.idempotency_key = "";
    assert_problem(chain_send(ch, q), 400, "bad_idempotency_key");
}

struct racer {
    struct chain *ch;
    struct ask q;
    int status;
};

static void *race(void *arg)
{
    struct racer *r = arg;

    r->status = chain_send(r->ch, r->q)->status;
    return NULL;
}

static void a_key_sent_by_many_at_once_works_once(void **state)
{
    struct chain *ch = *state;
    const char *token = chain_customer(ch);
    enum { N = 8 };
    struct racer racers[N];
    pthread_t threads[N];

    for (size_t i = 0; i < N; i++) {
        racers[i] = (struct racer){ ch, { .method = HTTP_POST, .target = "/test/tags", .bearer = token, .json = "{\"name\":\"raced\"}", .idempotency_key = "race" }, 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < N; i++) {
        pthread_join(threads[i], NULL);
        assert_true(racers[i].status == 201 || racers[i].status == 409);
    }
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM tags WHERE name = 'raced'", DB_NO_ARGS), 1);
}

/* ── lists ── */

static void pages_neither_skip_nor_repeat(void **state)
{
    struct chain *ch = *state;
    const char *token = chain_customer(ch);
    const char *target = "/test/tags?limit=3";
    struct str prev = STR_NONE;
    int64_t seen = 0;
    int pages = 0;

    for (int i = 0; i < 10; i++)
        chain_exec(ch, "INSERT INTO tags (name, created_us) VALUES ($1, 1)", DB_ARGS(DB_TEXT(str_printf(ch->a, "t%d", i))));
    while (target) {
        struct answer *an = SEND(.target = target, .bearer = token);

        assert_int_equal(an->status, 200);
        for (size_t i = 0; i < json_array_size(answer_at(an, "/data")); i++)
            assert_int_equal(json_integer_value(json_object_get(json_array_get(answer_at(an, "/data"), i), "id")), ++seen);
        prev = json_is_string(answer_at(an, "/page/prev")) ? answer_text(an, "/page/prev") : STR_NONE;
        target = NULL;
        if (json_is_string(answer_at(an, "/page/next"))) {
            assert_true(str_find(answer_header(an, "link"), STR("rel=\"next\"")) != SIZE_MAX);
            assert_true(json_is_true(answer_at(an, "/page/has_more")));
            target = str_printf(ch->a, "/test/tags?limit=3&after=%.*s", STR_ARG(answer_text(an, "/page/next"))).p;
        }
        pages++;
    }
    assert_int_equal(seen, 10);
    assert_int_equal(pages, 4);
    assert_non_null(prev.p);
    assert_int_equal(answer_int(SEND(.target = str_printf(ch->a, "/test/tags?limit=3&after=%.*s", STR_ARG(prev)).p, .bearer = token), "/data/0/id"), 7);
}

static void a_cursor_that_was_touched_is_refused(void **state)
{
    struct chain *ch = *state;
    const char *token = chain_customer(ch);
    struct str cursor;
    char *bad;

    for (int i = 0; i < 3; i++)
        chain_exec(ch, "INSERT INTO tags (name, created_us) VALUES ($1, 1)", DB_ARGS(DB_TEXT(str_printf(ch->a, "t%d", i))));
    cursor = answer_text(SEND(.target = "/test/tags?limit=1", .bearer = token), "/page/next");
    for (size_t i = 0; i < cursor.n; i++) {
        bad = arena_memdup(ch->a, cursor.p, cursor.n + 1);
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        assert_problem(SEND(.target = str_printf(ch->a, "/test/tags?limit=1&after=%s", bad).p, .bearer = token), 400, "bad_cursor");
    }
    assert_problem_field(SEND(.target = "/test/tags?after=x", .bearer = token), "after");
    assert_problem(SEND(.target = "/test/tags?after=%00", .bearer = token), 400, NULL);
    assert_problem(SEND(.target = str_printf(ch->a, "/test/tags?sort=-id&after=%.*s", STR_ARG(cursor)).p, .bearer = token), 400, "bad_cursor");
    assert_problem(SEND(.target = "/test/tags?sort=colour", .bearer = token), 400, NULL);
    assert_int_equal(SEND(.target = "/test/tags?sort=-id", .bearer = token)->status, 200);
}

/* ── CORS, rates ── */

static void cors_knows_exact_origins_only(void **state)
{
    struct chain *ch = *state;
    static const char *const bad[] = { "https://help.example.com.evil.example", "https://evil.example", "null", "http://help.example.com", "https://help.example.com:444", "https://help.example.comx" };
    struct answer *an = SEND(.target = "/api/v1", .origin = "https://help.example.com");

    assert_str_eq(answer_header(an, "access-control-allow-origin"), "https://help.example.com");
    assert_str_eq(answer_header(an, "access-control-allow-credentials"), "true");
    assert_true(str_find(answer_header(an, "access-control-expose-headers"), STR("etag")) != SIZE_MAX);
    assert_true(str_starts(answer_header(an, "vary"), STR("Origin")));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        an = SEND(.target = "/api/v1", .origin = bad[i]);
        assert_null(answer_header(an, "access-control-allow-origin").p);
        assert_null(answer_header(an, "access-control-allow-credentials").p);
        assert_true(str_starts(answer_header(an, "vary"), STR("Origin")));
    }
    an = SEND(.method = HTTP_OPTIONS, .target = "/test/tags", .origin = "https://help.example.com", .headers = { "access-control-request-method", "POST" });
    assert_int_equal(an->status, 204);
    assert_true(str_find(answer_header(an, "access-control-allow-methods"), STR("POST")) != SIZE_MAX);
    assert_true(str_find(answer_header(an, "access-control-allow-headers"), STR("idempotency-key")) != SIZE_MAX);
    an = SEND(.method = HTTP_OPTIONS, .target = "/test/tags", .origin = "https://evil.example", .headers = { "access-control-request-method", "POST" });
    assert_int_equal(an->status, 204);
    assert_null(answer_header(an, "access-control-allow-origin").p);
    assert_problem(SEND(.method = HTTP_OPTIONS, .target = "/nowhere", .origin = "https://help.example.com", .headers = { "access-control-request-method", "POST" }), 404, NULL);
}

static void a_preflight_needs_no_database(void **state)
{
    struct chain *ch = *state;

    ch->fail_in = 1;
    ch->fail_reads = true;
    assert_int_equal(SEND(.method = HTTP_OPTIONS, .target = "/test/tags", .origin = "https://help.example.com", .headers = { "access-control-request-method", "POST" })->status, 204);
    ch->fail_in = 0;
}

static void no_header_gets_past_the_rate_limit(void **state)
{
    static const char *const settings[] = { "RATE_LIMIT_PER_MIN=5", "RATE_LIMIT_LOGIN_PER_MIN=2", "TRUSTED_PROXIES=10.0.0.0/8", NULL };
    static const char *const tricks[] = { "x-forwarded-for", "forwarded", "x-real-ip", "client-ip", "x-request-id", "authorization", "via" };
    struct chain *ch = open_chain(settings);
    struct answer *an;

    (void)state;
    for (int i = 0; i < 5; i++) {
        an = SEND(.target = "/api/v1", .peer = "203.0.113.9");
        assert_int_equal(an->status, 200);
        assert_int_equal(answer_header(an, "ratelimit-remaining").p[0], '4' - i);
    }
    assert_str_eq(answer_header(an, "ratelimit-limit"), "5");
    assert_true(str_starts(answer_header(an, "ratelimit-policy"), STR("\"address\";q=5;w=60")));
    for (size_t i = 0; i < ARRAY_LEN(tricks); i++) {
        an = SEND(.target = "/api/v1", .peer = "203.0.113.9", .headers = { tricks[i], "198.51.100.7" });
        assert_problem(an, 429, "rate_limited");
        assert_true(answer_header(an, "retry-after").n > 0);
        assert_str_eq(answer_header(an, "ratelimit-remaining"), "0");
    }
    assert_problem(SEND(.target = "/nowhere", .peer = "203.0.113.9"), 429, NULL);
    /* another bucket, another address */
    assert_problem(SEND(.method = HTTP_POST, .target = "/test/login", .peer = "203.0.113.9"), 401, NULL);
    assert_problem(SEND(.method = HTTP_POST, .target = "/test/login", .peer = "203.0.113.9"), 401, NULL);
    assert_problem(SEND(.method = HTTP_POST, .target = "/test/login", .peer = "203.0.113.9"), 429, NULL);
    assert_int_equal(SEND(.target = "/api/v1", .peer = "203.0.113.10")->status, 200);
    /* behind our proxy the rightmost address that is not a proxy counts, whatever stands left of it */
    for (int i = 0; i < 5; i++)
        assert_int_equal(SEND(.target = "/api/v1", .peer = "10.1.2.3", .headers = { "x-forwarded-for", str_printf(ch->a, "192.0.2.%d, 198.51.100.7, 10.9.9.9", i).p })->status, 200);
    assert_problem(SEND(.target = "/api/v1", .peer = "10.1.2.3", .headers = { "x-forwarded-for", "192.0.2.99, 198.51.100.7" }), 429, NULL);
    /* IPv6: a /64 is one client */
    for (int i = 0; i < 5; i++)
        assert_int_equal(SEND(.target = "/api/v1", .peer = str_printf(ch->a, "2001:db8:1:2::%d", i + 1).p)->status, 200);
    assert_problem(SEND(.target = "/api/v1", .peer = "2001:db8:1:2:ffff::1"), 429, NULL);
    assert_int_equal(SEND(.target = "/api/v1", .peer = "2001:db8:1:3::1")->status, 200);
    chain_close(&ch);
}

/* ── the log ── */

static void the_request_log_holds_no_secret(void **state)
{
    struct chain *ch = *state;
    char text[1 << 16], path[] = "/tmp/chain_log.XXXXXX";
    int fd = mkstemp(path);
    ssize_t n;

    assert_true(fd >= 0);
    unlink(path);
    log_init(LOG_DEBUG, LOG_JSON, fd);
    SEND(.target = "/test/tags/canary-path?token=canary-query", .bearer = "tkt_canary-bearer", .cookie = "session_id=canary-cookie", .headers = { "x-csrf-token", "canary-csrf", "referer", "https://x/canary-referer", "user-agent", "canary-agent" });
    SEND(.method = HTTP_POST, .target = "/test/tags", .bearer = chain_customer(ch), .json = "{\"name\":\"canary-body\",\"canary-field\":1}", .idempotency_key = "canary-key");
    SEND(.method = HTTP_POST, .target = "/test/tags", .bearer = chain_customer(ch), .json = "{\"name\":\"canary-body\"}", .headers = { "x-request-id", "seen-in-the-log" });
    n = pread(fd, text, sizeof(text), 0);
    log_init(LOG_ERROR, LOG_JSON, open("/dev/null", O_WRONLY | O_CLOEXEC));
    close(fd);
    assert_true(n > 0);
    assert_int_equal(str_find((struct str){ text, (size_t)n }, STR("canary")), SIZE_MAX);
    assert_true(str_find((struct str){ text, (size_t)n }, STR("\"route\":\"/test/tags/{id}\"")) != SIZE_MAX);
    assert_true(str_find((struct str){ text, (size_t)n }, STR("seen-in-the-log")) != SIZE_MAX);
}

static void a_token_has_a_bucket_of_its_own(void **state)
{
    static const char *const settings[] = { "RATE_LIMIT_TOKEN_PER_MIN=2", NULL };
    struct chain *ch = open_chain(settings);
    const char *token = chain_customer(ch);

    (void)state;
    assert_int_equal(SEND(.target = "/test/tags/1", .bearer = token, .peer = "203.0.113.1")->status, 200);
    assert_int_equal(SEND(.target = "/test/tags/1", .bearer = token, .peer = "203.0.113.2")->status, 200);
    assert_problem(SEND(.target = "/test/tags/1", .bearer = token, .peer = "203.0.113.3"), 429, "rate_limited");
    assert_int_equal(SEND(.target = "/test/tags/1", .bearer = chain_customer(ch), .peer = "203.0.113.3")->status, 200);
    chain_close(&ch);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_root_answers_with_all_headers),
        T(unknown_addresses_and_methods_are_problems),
        T(a_sane_request_id_is_taken_over_and_others_are_not),
        T(without_login_401_and_without_right_403),
        T(who_may_not_call_learns_nothing_of_the_fields),
        T(a_read_only_token_changes_nothing),
        T(an_expired_cookie_is_taken_back),
        T(unsafe_cookie_requests_need_token_and_origin),
        T(a_login_form_of_another_site_is_refused),
        T(bad_input_has_its_status_and_names_the_field),
        T(etags_answer_304_and_if_match_412),
        T(each_statement_that_fails_leaves_everything_as_it_was),
        T(a_refusal_that_counts_is_committed),
        T(the_same_key_replays_another_body_is_refused),
        T(a_key_sent_by_many_at_once_works_once),
        T(pages_neither_skip_nor_repeat),
        T(a_cursor_that_was_touched_is_refused),
        T(cors_knows_exact_origins_only),
        T(a_preflight_needs_no_database),
        T(the_request_log_holds_no_secret),
        cmocka_unit_test(no_header_gets_past_the_rate_limit),
        cmocka_unit_test(a_token_has_a_bucket_of_its_own),
    };

    return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
