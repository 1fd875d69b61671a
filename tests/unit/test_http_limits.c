/* Limits, deadlines, vanished clients, draining: each driven over a real socket. */
#include "http_harness.h"

#define GET_OK "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n"

static int ask(const char *text, char *out, size_t max)
{
    return cl_once(text, strlen(text), out, max);
}

static void a_long_request_line_gets_414(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(MIB);
    struct str fill = { memset(arena_alloc_raw(a, 3000), 'x', 3000), 3000 };
    char out[4096];

    (void)state;
    assert_int_equal(ask(str_printf(a, "GET /%.*s HTTP/1.1\r\nHost: a\r\n\r\n", STR_ARG(fill)).p,
                         out, sizeof(out)),
                     414);
    assert_int_equal(ask(str_printf(a, "GET /%.*s", STR_ARG(fill)).p, out, sizeof(out)), 414);
    fill.n = 2000;
    assert_int_equal(ask(str_printf(a, "GET /%.*s HTTP/1.1\r\nHost: a\r\n\r\n", STR_ARG(fill)).p,
                         out, sizeof(out)),
                     200);
}

static void many_or_large_headers_get_431(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(MIB);
    struct buf b = BUF_ARENA(a, MIB);
    char out[4096];

    (void)state;
    buf_str(&b, STR("GET /ok HTTP/1.1\r\nHost: a\r\n"));
    for (int i = 0; i < 19; i++)
        buf_printf(&b, "A%d: b\r\n", i);
    assert_int_equal(ask(str_printf(a, "%.*s\r\n", STR_ARG(buf_view(&b))).p, out, sizeof(out)),
                     200);
    buf_printf(&b, "One: more\r\n");
    assert_int_equal(ask(str_printf(a, "%.*s\r\n", STR_ARG(buf_view(&b))).p, out, sizeof(out)),
                     431);
    b.n = 0;
    buf_str(&b, STR("GET /ok HTTP/1.1\r\nHost: a\r\nX: "));
    for (int i = 0; i < 5000; i++)
        buf_char(&b, 'x');
    assert_int_equal(ask(str_printf(a, "%.*s\r\n\r\n", STR_ARG(buf_view(&b))).p, out, sizeof(out)),
                     431);
    assert_int_equal(ask(str_printf(a, "%.*s", STR_ARG(buf_view(&b))).p, out, sizeof(out)), 431);
}

static void a_large_body_gets_413(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(MIB);
    struct str fill = { memset(arena_alloc_raw(a, BODY_MAX + 1), 'x', BODY_MAX + 1), BODY_MAX + 1 };
    char out[2 * BODY_MAX];

    (void)state;
    /* at once, by its length alone */
    assert_int_equal(
        ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4097\r\n\r\n", out, sizeof(out)),
        413);
    assert_int_equal(fx.why, RC_TOO_BIG);
    /* as it comes, without one */
    assert_int_equal(
        ask(str_printf(a,
                       "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "1001\r\n%.*s\r\n0\r\n\r\n",
                       STR_ARG(fill))
                .p,
            out, sizeof(out)),
        413);
    assert_int_equal(
        ask(str_printf(a, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4096\r\n\r\n%.*s",
                       (int)BODY_MAX, fill.p)
                .p,
            out, sizeof(out)),
        200);
    assert_int_equal(fx.requests, 1);
    wait_for(&fx.sent, 3);
}

static void endless_tiny_chunks_are_cut(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(16 * MIB);
    struct buf b = BUF_ARENA(a, 4 * MIB);
    char out[4096];

    (void)state;
    buf_str(&b, STR("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (int i = 0; i < 100; i++)
        buf_printf(&b, "1;%01000d\r\nx\r\n", 0);
    assert_int_equal(cl_once(b.p, b.n, out, sizeof(out)), 400);
}

static void connections_past_the_limit_are_turned_away(void **state)
{
    struct http_opts o = fx_opts();
    struct http_stats st;
    char out[4096];
    int first, second;

    (void)state;
    o.max_connections = 1;
    fx_start(o);
    first = cl_connect();
    cl_text(first, GET_OK);
    cl_until(first, out, sizeof(out), "ok");
    assert_int_equal(ask(GET_OK, out, sizeof(out)), 503);
    http_stats(fx.s, &st);
    assert_int_equal(st.refused_full, 1);
    assert_int_equal(st.open, 1);
    assert_int_equal(st.idle, 1);
    o.max_connections = 10;
    o.max_per_address = 1;
    http_set_limits(fx.s, &o);
    assert_int_equal(ask(GET_OK, out, sizeof(out)), 429);
    o.max_per_address = 2;
    http_set_limits(fx.s, &o);
    second = cl_connect();
    cl_text(second, GET_OK);
    cl_until(second, out, sizeof(out), "ok");
    assert_non_null(strstr(out, "200 OK"));
    close(first);
    close(second);
}

static void a_connection_serves_so_many_requests(void **state)
{
    struct http_opts o = fx_opts();
    char out[4096];

    (void)state;
    o.max_requests_per_connection = 2;
    fx_start(o);
    assert_int_equal(ask(GET_OK GET_OK GET_OK, out, sizeof(out)), 200);
    assert_int_equal(count_of(out, "200 OK"), 2);
    assert_int_equal(count_of(out, "connection: close"), 1);
}

/* Sends, then waits for the server to end the connection by itself. */
static void wait_for_end(const char *text, char *out, size_t max)
{
    int fd = cl_connect();

    cl_text(fd, text);
    cl_all(fd, out, max);
    close(fd);
}

static void slow_clients_are_cut(void **state)
{
    struct http_opts o = fx_opts();
    struct http_stats st;
    char out[4096];

    (void)state;
    o.header_ms = o.body_idle_ms = o.idle_ms = 50;
    fx_start(o);
    wait_for_end("", out, sizeof(out));
    assert_string_equal(out, "");
    wait_for_end("GET / HT", out, sizeof(out));
    assert_non_null(strstr(out, "HTTP/1.1 408 "));
    wait_for_end("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", out,
                 sizeof(out));
    assert_non_null(strstr(out, "HTTP/1.1 408 "));
    wait_for_end(GET_OK, out, sizeof(out)); /* kept alive, then idle too long */
    assert_non_null(strstr(out, "HTTP/1.1 200 "));
    http_stats(fx.s, &st);
    assert_int_equal(st.cut_slow, 2); /* the silent ones are idle */
    wait_for(&fx.sent, 3);
}

static void a_trickling_body_is_cut_though_it_never_pauses(void **state)
{
    struct http_opts o = fx_opts();
    char out[4096];
    int fd, n = 0;

    (void)state;
    o.body_idle_ms = 100;
    o.body_min_rate = 1000000;
    fx_start(o);
    fd = cl_connect();
    cl_text(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n");
    for (; n < 4000 && atomic_load(&fx.refused) == 0; n++) {
        cl_send(fd, "x", 1);
        poll(NULL, 0, 1);
    }
    assert_true(n < 4000);
    cl_all(fd, out, sizeof(out));
    close(fd);
    assert_non_null(strstr(out, "HTTP/1.1 408 "));
}

static void a_client_that_does_not_read_is_cut(void **state)
{
    struct http_opts o = fx_opts();
    int fd;

    (void)state;
    o.write_ms = 50;
    fx_start(o);
    fd = cl_connect();
    cl_text(fd, "GET /big?30000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for(&fx.sent, 1);
    assert_int_equal(fx.sent_complete, 0);
    close(fd);
}

static void pipelining_without_reading_does_not_pile_up(void **state)
{
    struct http_opts o = fx_opts();
    int fd;

    (void)state;
    o.write_ms = 100;
    o.max_requests_per_connection = 100000;
    fx_start(o);
    fd = cl_connect();
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 20000; i++)
        (void)!send(fd, "GET /big?8000 HTTP/1.1\r\nHost: a\r\n\r\n", 35, MSG_NOSIGNAL);
    for (int i = 0; i < WAIT_MS; i++) {
        struct http_stats st;

        http_stats(fx.s, &st);
        if (st.accepted == 1 && st.open == 0)
            break;
        poll(NULL, 0, 1);
    }
    assert_true(fx.requests < 5000); /* far fewer than were asked for */
    assert_int_equal(fx.requests, fx.sent);
    close(fd);
}

static void a_vanished_client_is_told_of_once(void **state)
{
    struct linger hard = { 1, 0 };
    struct exchange *x;
    int fd = cl_connect();

    (void)state;
    cl_text(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    x = fx_take_held();
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    close(fd); /* a reset */
    for (int i = 0; i < WAIT_MS; i++) {
        struct http_stats st;

        http_stats(fx.s, &st);
        if (st.open == 0)
            break;
        poll(NULL, 0, 1);
    }
    assert_int_equal(fx.sent, 0); /* the application still has it */
    fx_reply_text(x, STR("too late"));
    wait_for(&fx.sent, 1);
    assert_int_equal(fx.sent_complete, 0);
}

static void a_client_gone_in_its_body_is_told_of(void **state)
{
    int fd = cl_connect();

    (void)state;
    cl_text(fd,
            "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
    assert_int_equal(recv(fd, (char[64]){ 0 }, 25, MSG_WAITALL), 25);
    close(fd);
    wait_for(&fx.sent, 1);
    assert_int_equal(fx.requests, 0);
    assert_int_equal(fx.sent_complete, 0);
}

static void an_early_answer_keeps_or_ends_the_connection(void **state)
{
    char out[4096];

    (void)state;
    ask("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" GET_OK, out, sizeof(out));
    assert_non_null(strstr(out, "401"));
    assert_non_null(strstr(out, "200 OK"));
    ask("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\nabc" GET_OK, out,
        sizeof(out));
    assert_non_null(strstr(out, "401"));
    assert_non_null(strstr(out, "connection: close"));
    assert_null(strstr(out, "200 OK"));
    wait_for(&fx.sent, 3);
}

static void *drain_main(void *arg)
{
    (void)arg;
    http_drain(fx.s, WAIT_MS);
    return NULL;
}

static void a_drain_lets_the_running_finish(void **state)
{
    char out[4096];
    int busy = cl_connect(), idle = cl_connect(), stream = cl_connect();
    struct exchange *x;
    pthread_t t;

    (void)state;
    cl_text(idle, GET_OK);
    cl_until(idle, out, sizeof(out), "ok");
    cl_text(stream, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    cl_until(stream, out, sizeof(out), "hello");
    cl_text(busy, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    x = fx_take_held();
    assert_int_equal(pthread_create(&t, NULL, drain_main, NULL), 0);
    assert_int_equal(cl_all(idle, out, sizeof(out)), 0); /* closed at once */
    assert_true(cl_all(stream, out, sizeof(out)) > 0);
    assert_non_null(strstr(out, "0\r\n\r\n"));
    wait_for(&fx.gone, 1);
    fx_reply_text(x, STR("done"));
    cl_all(busy, out, sizeof(out));
    assert_non_null(strstr(out, "connection: close"));
    assert_non_null(strstr(out, "done"));
    pthread_join(t, NULL);
    close(busy);
    close(idle);
    close(stream);
}

static void a_drain_cuts_what_takes_too_long(void **state)
{
    struct exchange *x;
    char out[4096];
    int fd = cl_connect();

    (void)state;
    cl_text(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    x = fx_take_held();
    http_drain(fx.s, 10);
    assert_int_equal(cl_all(fd, out, sizeof(out)), 0);
    fx_reply_text(x, STR("late"));
    wait_for(&fx.sent, 1);
    close(fd);
}

#define T(name, setup) cmocka_unit_test_setup_teardown(name, setup, fx_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_long_request_line_gets_414, fx_default),
        T(many_or_large_headers_get_431, fx_default),
        T(a_large_body_gets_413, fx_default),
        T(endless_tiny_chunks_are_cut, fx_default),
        T(connections_past_the_limit_are_turned_away, NULL),
        T(a_connection_serves_so_many_requests, NULL),
        T(slow_clients_are_cut, NULL),
        T(a_trickling_body_is_cut_though_it_never_pauses, NULL),
        T(a_client_that_does_not_read_is_cut, NULL),
        T(pipelining_without_reading_does_not_pile_up, NULL),
        T(a_vanished_client_is_told_of_once, fx_default),
        T(a_client_gone_in_its_body_is_told_of, fx_default),
        T(an_early_answer_keeps_or_ends_the_connection, fx_default),
        T(a_drain_lets_the_running_finish, fx_default),
        T(a_drain_cuts_what_takes_too_long, fx_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
