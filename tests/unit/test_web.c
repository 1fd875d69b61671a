/* The parts of the chain that need no request: dispatch, cursors, addresses, rates, problems. */
#include "test.h"

#include "base/config.h"
#include "base/json.h"
#include "web/cursor.h"
#include "web/dispatch.h"
#include "web/live.h"
#include "web/openapi.h"
#include "web/problem.h"
#include "web/ratelimit.h"

static struct arena *a;

static int setup(void **state)
{
    (void)state;
    a = arena_new(64 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&a);
    return 0;
}

/* ── dispatch ── */

#define ROUTE(m, p, o) { .method = HTTP_##m, .path = (p), .op = (o) }
static const struct route routes[] = {
    ROUTE(GET, "/a", "a"),
    ROUTE(POST, "/a", "a_new"),
    ROUTE(GET, "/a/{id}", "a_show"),
    ROUTE(GET, "/a/mine", "a_mine"),
    ROUTE(DELETE, "/a/{id}/b/{b_id}", "a_b"),
    ROUTE(GET, "/a/mine/b", "a_mine_b"),
    ROUTE(GET, "/a/{id}/b", "a_bs"),
};
static const struct route_table table = { routes, ARRAY_LEN(routes) };
static const struct route_table *const tables[] = { &table };

static const char *found(const struct dispatch *d, enum http_method method, const char *path, struct dispatch_match *m)
{
    enum rc rc = dispatch_find(d, method, str_of(path), m);

    return rc == RC_OK ? m->route->op : rc_code(rc);
}

static void literals_win_and_parameters_are_taken(void **state)
{
    const struct dispatch *d = dispatch_new(tables, 1, a);
    struct dispatch_match m;

    (void)state;
    assert_string_equal(found(d, HTTP_GET, "/a", &m), "a");
    assert_string_equal(found(d, HTTP_HEAD, "/a", &m), "a");
    assert_string_equal(found(d, HTTP_POST, "/a", &m), "a_new");
    assert_string_equal(found(d, HTTP_GET, "/a/mine", &m), "a_mine");
    assert_string_equal(found(d, HTTP_GET, "/a/mind", &m), "a_show");
    assert_str_eq(m.params[0], "mind");
    assert_string_equal(found(d, HTTP_GET, "/a/mine/b", &m), "a_mine_b");
    assert_string_equal(found(d, HTTP_DELETE, "/a/mine/b/7", &m), "a_b"); /* goes back to the parameter */
    assert_str_eq(m.params[0], "mine");
    assert_str_eq(m.params[1], "7");
    assert_int_equal(m.n_params, 2);
    assert_string_equal(found(d, HTTP_PUT, "/a/7", &m), "method_not_allowed");
    assert_str_eq(dispatch_allow(m.allowed, a), "GET, HEAD, OPTIONS");
}

static void odd_paths_are_not_found(void **state)
{
    static const char *const paths[] = { "", "a", "/", "//", "/a/", "/a//b", "/A", "/a/7/b/", "/a/7/c", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o", "/a/7/b/8/9" };
    const struct dispatch *d = dispatch_new(tables, 1, a);
    struct dispatch_match m;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        assert_string_equal(found(d, HTTP_GET, paths[i], &m), "not_found");
}

/* ── cursors ── */

static const unsigned char key[CURSOR_KEY_LEN] = { 1, 2, 3 };

static void a_cursor_reads_back(void **state)
{
    const struct cursor c = { true, false, STR("name"), STR("abc"), INT64_MIN, INT64_MAX, STR("text|with|bars \xC3\xA4") };
    struct cursor out;

    (void)state;
    assert_true(cursor_read(key, cursor_write(key, &c, a), a, &out));
    assert_true(out.backward && !out.descending);
    assert_str_eq(out.sort, "name");
    assert_str_eq(out.filter, "abc");
    assert_int_equal(out.key, INT64_MIN);
    assert_int_equal(out.id, INT64_MAX);
    assert_str_eq(out.key_text, "text|with|bars \xC3\xA4");
}

static void no_other_text_is_a_cursor(void **state)
{
    static const unsigned char other[CURSOR_KEY_LEN] = { 9 };
    const struct cursor c = { .sort = STR("id"), .filter = STR("f"), .key = 5, .id = 6 };
    struct str good = cursor_write(key, &c, a);
    struct cursor out;

    (void)state;
    assert_false(cursor_read(other, good, a, &out));
    assert_false(cursor_read(key, STR(""), a, &out));
    assert_false(cursor_read(key, STR("AAAA"), a, &out));
    assert_false(cursor_read(key, STR("!!!!"), a, &out));
    for (size_t i = 0; i < good.n; i++) {
        char *bad = arena_memdup(a, good.p, good.n);

        bad[i] = bad[i] == 'x' ? 'y' : 'x';
        assert_false(cursor_read(key, (struct str){ bad, good.n }, a, &out));
        assert_false(cursor_read(key, (struct str){ good.p, i }, a, &out));
    }
}

/* ── addresses ── */

static bool holds(const char *net, const char *address)
{
    struct cidr c;
    struct addr at;

    assert_true(cidr_parse(str_of(net), &c));
    assert_true(addr_parse(str_of(address), &at));
    return cidr_has(&c, &at);
}

static void networks_hold_their_addresses(void **state)
{
    static const char *const bad[] = { "", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::1/129", "help", "10.0.0.0/", "10.0.0.0/8/8", "/8" };
    struct cidr c;

    (void)state;
    assert_true(holds("10.0.0.0/8", "10.255.0.1"));
    assert_false(holds("10.0.0.0/8", "11.0.0.1"));
    assert_true(holds("192.0.2.7", "192.0.2.7"));
    assert_false(holds("192.0.2.7", "192.0.2.8"));
    assert_true(holds("192.0.2.128/25", "192.0.2.200"));
    assert_false(holds("192.0.2.128/25", "192.0.2.100"));
    assert_true(holds("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(holds("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(holds("0.0.0.0/0", "203.0.113.1"));
    assert_false(holds("0.0.0.0/0", "2001:db8::1"));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(cidr_parse(str_of(bad[i]), &c));
}

static const char *client(const char *peer, const char *name, const char *value)
{
    static char text[ADDR_TEXT_MAX];
    struct config cfg = { .allowed_origins = STR(""), .trusted_proxies = STR("10.0.0.0/8, ::1, unix") };
    struct http_header h = { str_of(name), str_of(value) };
    struct exchange x = { .headers = &h, .n_headers = value ? 1 : 0 };
    struct web_live *l = NULL;
    struct err e = { 0 };
    struct addr at;

    assert_ok(live_new(&cfg, &l, &e), &e);
    if (peer)
        assert_true(addr_parse(str_of(peer), &x.peer));
    else
        x.peer.is_unix = true;
    at = client_address(l, &x);
    addr_format(&at, text);
    live_free(&l);
    return text;
}

static void only_a_trusted_proxy_names_the_client(void **state)
{
    (void)state;
    assert_string_equal(client("203.0.113.9", "x-forwarded-for", "198.51.100.7"), "203.0.113.9");
    assert_string_equal(client("10.0.0.1", "x-forwarded-for", "198.51.100.7"), "198.51.100.7");
    assert_string_equal(client("10.0.0.1", "x-forwarded-for", "1.1.1.1, 198.51.100.7, 10.2.2.2"), "198.51.100.7");
    assert_string_equal(client("10.0.0.1", "x-forwarded-for", "198.51.100.7, nonsense"), "10.0.0.1");
    assert_string_equal(client("10.0.0.1", "x-forwarded-for", "nonsense, 198.51.100.7"), "198.51.100.7");
    assert_string_equal(client("10.0.0.1", "x-forwarded-for", ""), "10.0.0.1");
    assert_string_equal(client("10.0.0.1", "x-forwarded-for", "10.0.0.2"), "10.0.0.2");
    assert_string_equal(client("10.0.0.1", "x-forwarded-for", "198.51.100.7:4711"), "198.51.100.7");
    assert_string_equal(client("10.0.0.1", "x-forwarded-for", "[2001:db8::7]:4711"), "2001:db8::7");
    assert_string_equal(client("10.0.0.1", "x-forwarded-for", "2001:db8::7"), "2001:db8::7");
    assert_string_equal(client("10.0.0.1", "forwarded", "for=1.1.1.1, for=\"[2001:db8::7]:80\";proto=https"), "2001:db8::7");
    assert_string_equal(client("10.0.0.1", "forwarded", "for=unknown"), "10.0.0.1");
    assert_string_equal(client("10.0.0.1", "forwarded", "proto=https"), "10.0.0.1");
    assert_string_equal(client("10.0.0.1", "x-real-ip", "198.51.100.7"), "10.0.0.1");
    assert_string_equal(client("::1", "x-forwarded-for", "198.51.100.7"), "198.51.100.7");
    assert_string_equal(client(NULL, "x-forwarded-for", "198.51.100.7"), "198.51.100.7");
    assert_string_equal(client(NULL, "x-forwarded-for", "unix"), "unix");
}

static void settings_that_do_not_parse_are_refused(void **state)
{
    static const char *const origins[] = { "help.example.com", "https://", "https://a/b", "https://*.example.com", "https://a b", "https://u@h" };
    struct web_live *l = NULL;
    struct err e = { 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(origins); i++) {
        struct config cfg = { .allowed_origins = str_of(origins[i]) };

        assert_int_equal(live_new(&cfg, &l, &e), RC_INVALID);
    }
    assert_int_equal(live_new(&(struct config){ .trusted_proxies = STR("10.0.0.0/99") }, &l, &e), RC_INVALID);
}

/* ── rates ── */

static void a_bucket_empties_and_refills(void **state)
{
    struct ratelimit *rl = ratelimit_new(1024);
    struct rate_result r = { 0 };
    int64_t now = 1000 * US_PER_S;

    (void)state;
    for (int i = 0; i < 60; i++) {
        r = ratelimit_take(rl, 0, STR("a"), 60, now);
        assert_true(r.allowed);
        assert_int_equal(r.remaining, 59 - i);
    }
    r = ratelimit_take(rl, 0, STR("a"), 60, now);
    assert_false(r.allowed);
    assert_int_equal(r.remaining, 0);
    assert_int_equal(r.retry_after_s, 1);
    assert_int_equal(r.reset_s, 60);
    assert_int_equal(ratelimit_refused(rl), 1);
    assert_true(ratelimit_take(rl, 0, STR("b"), 60, now).allowed);
    assert_true(ratelimit_take(rl, 1, STR("a"), 60, now).allowed);
    assert_true(ratelimit_take(rl, 0, STR("a"), 60, now + US_PER_S).allowed);
    assert_false(ratelimit_take(rl, 0, STR("a"), 60, now + US_PER_S).allowed);
    assert_int_equal(ratelimit_take(rl, 0, STR("a"), 60, now + 1000 * US_PER_S).remaining, 59);
    ratelimit_free(&rl);
}

static void a_million_addresses_do_not_free_one_that_is_limited(void **state)
{
    struct ratelimit *rl = ratelimit_new(1024);
    int64_t now = 1000 * US_PER_S;

    (void)state;
    for (int i = 0; i < 100; i++)
        (void)ratelimit_take(rl, 0, STR("flood"), 100, now);
    for (int64_t i = 0; i < 1000000; i++)
        assert_true(ratelimit_take(rl, 0, (struct str){ (const char *)&i, sizeof(i) }, 100, now).allowed);
    assert_false(ratelimit_take(rl, 0, STR("flood"), 100, now).allowed);
    ratelimit_free(&rl);
}

/* Three nodes; a word to the others is told at once, or (lost) not at all. */
enum { NODES = 3 };
static struct {
    struct ratelimit *rl[NODES];
    int64_t now;
    bool lost;
    int words;
} nodes;

static void tell_others(void *arg, uint64_t bucket, int64_t used_us)
{
    nodes.words++;
    for (size_t i = 0; i < NODES && !nodes.lost; i++)
        if (nodes.rl[i] != *(struct ratelimit **)arg)
            ratelimit_hear(nodes.rl[i], bucket, used_us, nodes.now);
}

static void open_nodes(void)
{
    static const unsigned char secret[32] = "the same on every node";

    for (size_t i = 0; i < NODES; i++) {
        nodes.rl[i] = ratelimit_new(1024);
        ratelimit_share(nodes.rl[i], secret, tell_others, &nodes.rl[i]);
    }
    nodes.now = 1000 * US_PER_S;
    nodes.lost = false;
    nodes.words = 0;
}

static void close_nodes(void)
{
    for (size_t i = 0; i < NODES; i++)
        ratelimit_free(&nodes.rl[i]);
}

/* Asks all nodes in turn, so often; how many were let through. */
static int ask_all(int64_t per_min, int times)
{
    int allowed = 0;

    for (int i = 0; i < times; i++)
        allowed += ratelimit_take(nodes.rl[i % NODES], 0, STR("a"), per_min, nodes.now).allowed;
    return allowed;
}

static void nodes_together_keep_a_limit_but_for_an_eighth_each(void **state)
{
    static const int64_t limits[] = { 1, 5, 20, 60, 100, 1000 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        int64_t limit = limits[i];
        int got;

        open_nodes();
        got = ask_all(limit, (int)limit * NODES * 2);
        assert_true(got >= limit && got <= limit + (NODES - 1) * limit / 8);
        assert_true(nodes.words <= 9 * NODES);
        nodes.now += US_PER_MIN;
        assert_true(ask_all(limit, (int)limit * NODES * 2) <= limit + (NODES - 1) * limit / 8);
        close_nodes();
    }
}

static void what_was_refilled_meanwhile_is_told_to_nobody(void **state)
{
    (void)state;
    open_nodes();
    for (int i = 0; i < 100; i++) {
        assert_true(ratelimit_take(nodes.rl[0], 0, STR("a"), 60, nodes.now).allowed);
        nodes.now += 2 * US_PER_S;
    }
    assert_int_equal(nodes.words, 0);
    close_nodes();
}

static void a_node_that_hears_nothing_keeps_the_limit_by_itself(void **state)
{
    (void)state;
    open_nodes();
    nodes.lost = true;
    assert_int_equal(ask_all(60, 1000), 60 * NODES);
    close_nodes();
}

static void a_word_that_makes_no_sense_locks_nobody_out(void **state)
{
    static const unsigned char secret[32] = "x";
    struct ratelimit *rl = ratelimit_new(1024);

    (void)state;
    ratelimit_share(rl, secret, tell_others, &rl);
    for (uint64_t i = 0; i < 100; i++) {
        ratelimit_hear(rl, i, INT64_MAX, 0);
        ratelimit_hear(rl, i, -5, INT64_C(1) << 60);
        ratelimit_hear(rl, i, US_PER_DAY, 0);
    }
    assert_true(ratelimit_take(rl, 0, STR("a"), 1, 1000).allowed);
    ratelimit_free(&rl);
}

/* ── problems ── */

static void every_failure_is_a_whole_problem(void **state)
{
    (void)state;
    for (int rc = RC_BAD; rc < RC_COUNT_; rc++) {
        struct exchange x = { .arena = a, .path = STR("/api/\"x\""), .out_body = BUF_ARENA(a, 65536), .out_fd = -1 };
        struct err e = { .rc = (enum rc)rc, .internal = "SELECT secret" };
        struct err why = { 0 };
        json_t *v CLEAN(json_clean) = NULL;

        problem_write(&x, &(struct problem){ .err = &e, .request_id = STR("id-1") });
        assert_ok(json_read(buf_view(&x.out_body), &v, &why), &why);
        assert_int_equal(x.status, rc_status((enum rc)rc));
        assert_int_equal(json_integer_value(json_object_get(v, "status")), x.status);
        assert_string_equal(json_string_value(json_object_get(v, "instance")), "/api/\"x\"");
        assert_string_equal(json_string_value(json_object_get(v, "request_id")), "id-1");
        assert_true(json_string_length(json_object_get(v, "detail")) > 0);
        assert_true(json_string_length(json_object_get(v, "title")) > 0);
        assert_true(json_is_array(json_object_get(v, "errors")));
        assert_int_equal(str_find(buf_view(&x.out_body), STR("secret")), SIZE_MAX);
        assert_str_eq(x.out[0].value, "application/problem+json");
    }
}

/* ── YAML ── */

static void yaml_says_what_json_says(void **state)
{
    struct buf out = BUF_ARENA(a, 4096);

    (void)state;
    assert_true(openapi_yaml(STR("{\"a\":{\"200\":[1,{\"b\":null,\"c\":[]},[true]]},\"no\":\"x: \\\"y\\\"\\n\",\"e\":{}}"), &out));
    assert_str_eq(buf_view(&out), "a:\n  \"200\":\n    - 1\n    - b: null\n      c: []\n    - - true\n"
                                  "\"no\": \"x: \\\"y\\\"\\n\"\ne: {}\n");
    assert_false(openapi_yaml(STR("{"), &out));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(literals_win_and_parameters_are_taken),
        T(odd_paths_are_not_found),
        T(a_cursor_reads_back),
        T(no_other_text_is_a_cursor),
        T(networks_hold_their_addresses),
        T(only_a_trusted_proxy_names_the_client),
        T(settings_that_do_not_parse_are_refused),
        T(a_bucket_empties_and_refills),
        T(a_million_addresses_do_not_free_one_that_is_limited),
        T(nodes_together_keep_a_limit_but_for_an_eighth_each),
        T(what_was_refilled_meanwhile_is_told_to_nobody),
        T(a_node_that_hears_nothing_keeps_the_limit_by_itself),
        T(a_word_that_makes_no_sense_locks_nobody_out),
        T(every_failure_is_a_whole_problem),
        T(yaml_says_what_json_says),
    };

    return cmocka_run_group_tests_name("web", tests, NULL, NULL);
}
