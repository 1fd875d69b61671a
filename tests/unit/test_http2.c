/* HTTP/2 with prior knowledge, driven by nghttp2's client, and by hand where the client is hostile.
 */
#include "http_harness.h"

#include <nghttp2/nghttp2.h>

struct client {
    int fd;
    nghttp2_session *s;
    int closed, n_status[600];
    uint32_t goaway, last_code;
    bool has_goaway;
    int resets;
    size_t data;
    char body[8192];
};

static int on_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name, size_t name_n,
                     const uint8_t *value, size_t value_n, uint8_t flags, void *arg)
{
    struct client *c = arg;
    int64_t status;

    (void)s, (void)f, (void)flags;
    if (name_n == 7 && memcmp(name, ":status", 7) == 0
        && str_i64((struct str){ (const char *)value, value_n }, 100, 599, &status))
        c->n_status[status]++;
    return 0;
}

static int on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *p, size_t n,
                   void *arg)
{
    struct client *c = arg;

    (void)s, (void)flags, (void)id;
    if (c->data + n < sizeof(c->body))
        memcpy(c->body + c->data, p, n);
    c->data += n;
    return 0;
}

static int on_close(nghttp2_session *s, int32_t id, uint32_t code, void *arg)
{
    struct client *c = arg;

    (void)s, (void)id;
    c->closed++;
    c->last_code = code;
    return 0;
}

static int on_frame(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
    struct client *c = arg;

    (void)s;
    c->resets += f->hd.type == NGHTTP2_RST_STREAM;
    if (f->hd.type == NGHTTP2_GOAWAY) {
        c->has_goaway = true;
        c->goaway = f->goaway.error_code;
    }
    return 0;
}

static void client_open(struct client *c)
{
    nghttp2_session_callbacks *cb;

    *c = (struct client){ .fd = cl_connect() };
    nghttp2_session_callbacks_new(&cb);
    nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
    nghttp2_session_client_new(&c->s, cb, c);
    nghttp2_session_callbacks_del(cb);
    nghttp2_submit_settings(c->s, 0, NULL, 0);
}

static void client_close(struct client *c)
{
    nghttp2_session_del(c->s);
    close(c->fd);
}

static void client_flush(struct client *c)
{
    const uint8_t *p;
    ssize_t n;

    while ((n = nghttp2_session_mem_send(c->s, &p)) > 0)
        cl_send(c->fd, p, (size_t)n);
}

/* Exchanges bytes until so many streams are closed, or the connection is. */
static void client_run(struct client *c, int closed)
{
    uint8_t buf[16384];

    while (c->closed < closed) {
        ssize_t n;

        client_flush(c);
        n = recv(c->fd, buf, sizeof(buf), 0);
        if (n <= 0)
            return;
        nghttp2_session_mem_recv(c->s, buf, (size_t)n);
    }
    client_flush(c);
}

#define NV(n, v)                                                                                   \
    {                                                                                              \
        (uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), strlen(n), strlen(v), 0              \
    }

static int32_t request(struct client *c, const char *method, const char *path,
                       const nghttp2_data_provider *body)
{
    const nghttp2_nv nv[] = { NV(":method", method), NV(":scheme", "http"), NV(":authority", "a"),
                              NV(":path", path) };

    return nghttp2_submit_request(c->s, NULL, nv, ARRAY_LEN(nv), body, NULL);
}

static ssize_t give(nghttp2_session *s, int32_t id, uint8_t *p, size_t n, uint32_t *flags,
                    nghttp2_data_source *src, void *arg)
{
    size_t *left = src->ptr;
    size_t take = n < *left ? n : *left;

    (void)s, (void)id, (void)arg;
    memset(p, 'd', take);
    *left -= take;
    if (*left == 0)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)take;
}

static void many_streams_are_answered(void **state)
{
    struct client c;

    (void)state;
    client_open(&c);
    for (int i = 0; i < 10; i++)
        request(&c, "GET", i % 2 ? "/ok" : "/later", NULL);
    client_run(&c, 10);
    assert_int_equal(c.n_status[200], 10);
    assert_int_equal(c.data, 5 * 2 + 5 * 5);
    client_close(&c);
    wait_for(&fx.sent_complete, 10);
}

static void bodies_flow_both_ways(void **state)
{
    struct client c;
    size_t left = 3000, spool = 2000000;
    nghttp2_data_provider small = { .source.ptr = &left, .read_callback = give };
    nghttp2_data_provider large = { .source.ptr = &spool, .read_callback = give };

    (void)state;
    client_open(&c);
    request(&c, "POST", "/echo", &small);
    client_run(&c, 1);
    assert_int_equal(c.data, 3000);
    c.data = 0;
    request(&c, "GET", "/big?1000000", NULL);
    client_run(&c, 2);
    assert_int_equal(c.data, 1000000);
    c.data = 0;
    request(&c, "POST", "/spool", &large);
    client_run(&c, 3);
    assert_non_null(strstr(c.body, "fd 1 n 2000000 sum 200000000 len 2000000"));
    c.data = 0;
    request(&c, "GET", "/file?300000", NULL);
    client_run(&c, 4);
    assert_int_equal(c.data, 300000);
    assert_int_equal(c.n_status[200], 4);
    client_close(&c);
}

static void too_large_bodies_get_413(void **state)
{
    struct client c;
    size_t left = 1000000;
    nghttp2_data_provider body = { .source.ptr = &left, .read_callback = give };

    (void)state;
    client_open(&c);
    request(&c, "POST", "/echo", &body);
    client_run(&c, 1);
    assert_int_equal(c.n_status[413], 1);
    request(&c, "GET", "/ok", NULL); /* the connection goes on */
    client_run(&c, 2);
    assert_int_equal(c.n_status[200], 1);
    client_close(&c);
    assert_int_equal(fx.requests, 1);
}

static ssize_t give_later(nghttp2_session *s, int32_t id, uint8_t *p, size_t n, uint32_t *flags,
                          nghttp2_data_source *src, void *arg)
{
    struct client *c = arg;

    return c->n_status[401] ? give(s, id, p, n, flags, src, arg) : NGHTTP2_ERR_DEFERRED;
}

/* The answer comes before the body: a small one may still be sent, a large one is cut off. */
static void an_early_answer_lets_a_small_body_end(void **state)
{
    struct client c;
    size_t left = 3000;
    nghttp2_data_provider body = { .source.ptr = &left, .read_callback = give_later };
    int32_t id;

    (void)state;
    client_open(&c);
    id = request(&c, "POST", "/early", &body);
    while (c.n_status[401] == 0) {
        uint8_t buf[16384];
        ssize_t n;

        client_flush(&c);
        n = recv(c.fd, buf, sizeof(buf), 0);
        assert_true(n > 0);
        nghttp2_session_mem_recv(c.s, buf, (size_t)n);
    }
    nghttp2_session_resume_data(c.s, id);
    client_run(&c, 1);
    assert_int_equal(c.resets, 0);
    assert_int_equal(left, 0);
    left = 1000000;
    body.read_callback = give;
    request(&c, "POST", "/early", &body);
    client_run(&c, 2);
    assert_int_equal(c.n_status[401], 2);
    assert_int_equal(c.resets, 1);
    client_close(&c);
}

static void bad_requests_are_refused_one_by_one(void **state)
{
    static const char *const paths[] = { "/a/../b", "//", "/%00", "/a#b", "a", "*", "/%2f", "/\\" };
    const nghttp2_nv two_hosts[] = { NV(":method", "GET"), NV(":scheme", "http"),
                                     NV(":authority", "a"), NV(":path", "/ok"), NV("host", "b") };
    const nghttp2_nv bad_host[] = { NV(":method", "GET"), NV(":scheme", "http"),
                                    NV(":authority", "a b"), NV(":path", "/ok") };
    struct client c;

    (void)state;
    client_open(&c);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        request(&c, "GET", paths[i], NULL);
    request(&c, "TRACE", "/", NULL);
    nghttp2_submit_request(c.s, NULL, two_hosts, ARRAY_LEN(two_hosts), NULL, NULL);
    nghttp2_submit_request(c.s, NULL, bad_host, ARRAY_LEN(bad_host), NULL, NULL);
    client_run(&c, (int)ARRAY_LEN(paths) + 3);
    assert_int_equal(c.closed, ARRAY_LEN(paths) + 3); /* some by a reset, none is served */
    assert_int_equal(fx.requests, 0);
    client_close(&c);
}

static void cookies_in_crumbs_and_large_headers(void **state)
{
    static char big[6000];
    nghttp2_nv nv[] = { NV(":method", "GET"), NV(":scheme", "http"), NV(":authority", "a"),
                        NV(":path", "/ok"),   NV("cookie", "a=1"),   NV("cookie", "b=2"),
                        NV("x", "y") };
    struct client c;

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    client_open(&c);
    nghttp2_submit_request(c.s, NULL, nv, ARRAY_LEN(nv), NULL, NULL);
    client_run(&c, 1);
    assert_int_equal(c.n_status[200], 1);
    nv[6] = (nghttp2_nv){ (uint8_t *)(uintptr_t) "x", (uint8_t *)big, 1, sizeof(big) - 1, 0 };
    nghttp2_submit_request(c.s, NULL, nv, ARRAY_LEN(nv), NULL, NULL);
    client_run(&c, 2);
    assert_int_equal(c.n_status[431], 1);
    client_close(&c);
}

static void expect_calm_down(struct client *c)
{
    client_run(c, 1000000);
    assert_true(c->has_goaway);
    assert_int_equal(c->goaway, NGHTTP2_ENHANCE_YOUR_CALM);
    client_close(c);
}

static void rapid_resets_end_the_connection(void **state)
{
    struct client c;

    (void)state;
    client_open(&c);
    for (int i = 0; i < 2000; i++) {
        int32_t id = request(&c, "GET", "/ok", NULL);

        client_flush(&c);
        nghttp2_submit_rst_stream(c.s, 0, id, NGHTTP2_CANCEL);
        client_flush(&c);
    }
    expect_calm_down(&c);
    assert_true(fx.requests < 500);
    wait_for(&fx.sent, fx.requests);
}

static void frame_to(struct client *c, uint8_t type, uint8_t flags, uint32_t id, const char *p,
                     size_t n)
{
    unsigned char h[9] = { (unsigned char)(n >> 16),
                           (unsigned char)(n >> 8),
                           (unsigned char)n,
                           type,
                           flags,
                           (unsigned char)(id >> 24),
                           (unsigned char)(id >> 16),
                           (unsigned char)(id >> 8),
                           (unsigned char)id };

    cl_send(c->fd, h, sizeof(h));
    cl_send(c->fd, p, n);
}

static void floods_of_frames_that_only_cost_end_it(void **state)
{
    static const struct {
        uint8_t type, flags;
        size_t n;
    } floods[] = { { NGHTTP2_PING, 0, 8 }, { NGHTTP2_SETTINGS, 0, 0 } };
    struct http_stats st;

    (void)state;
    for (size_t f = 0; f < ARRAY_LEN(floods); f++) {
        struct client c;

        client_open(&c);
        client_flush(&c);
        for (int i = 0; i < 1000; i++)
            frame_to(&c, floods[f].type, floods[f].flags, 0, "12345678", floods[f].n);
        client_run(&c, 1000000); /* returns: the server has closed */
        client_close(&c);
        http_stats(fx.s, &st);
        assert_int_equal(st.cut_slow, f + 1);
    }
}

static void empty_data_frames_end_it(void **state)
{
    struct client c;

    (void)state;
    client_open(&c);
    client_flush(&c);
    /* :method POST, :scheme http, :path /, :authority a: static table and one literal */
    frame_to(&c, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1,
             "\x83\x86\x84\x41\x01"
             "a",
             6);
    for (int i = 0; i < 1000; i++)
        frame_to(&c, NGHTTP2_DATA, 0, 1, "", 0);
    expect_calm_down(&c);
    wait_for(&fx.sent, 1);
}

static void endless_continuations_end_it(void **state)
{
    struct client c;

    (void)state;
    client_open(&c);
    client_flush(&c);
    frame_to(&c, NGHTTP2_HEADERS, 0, 1,
             "\x83\x86\x84\x41\x01"
             "a",
             6);
    for (int i = 0; i < 2000; i++)
        frame_to(&c, NGHTTP2_CONTINUATION, 0, 1, "\x00\x01x\x01y", 5);
    client_run(&c, 1000000); /* returns: the server has closed */
    client_close(&c);
    assert_int_equal(fx.requests, 0);
    assert_int_equal(fx.sent, 0); /* the application never heard of it */
}

static void streams_past_the_limit_are_refused(void **state)
{
    struct client c;

    (void)state;
    client_open(&c);
    client_flush(&c);
    for (uint32_t i = 0; i < 40; i++) /* without waiting for the server's settings */
        frame_to(&c, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1 + 2 * i,
                 "\x83\x86\x84\x41\x01"
                 "a",
                 6);
    for (int i = 0; i < WAIT_MS; i++) {
        struct http_stats st;

        http_stats(fx.s, &st);
        if (st.requests >= 16)
            break;
        poll(NULL, 0, 1);
    }
    frame_to(&c, NGHTTP2_PING, 0, 0, "12345678", 8);
    recv(c.fd, (char[1]){ 0 }, 1, 0);
    client_close(&c);
    wait_for(&fx.sent, 16);
}

static void a_reader_that_opens_no_window_is_cut(void **state)
{
    struct http_opts o = fx_opts();
    struct client c;

    (void)state;
    o.write_ms = 50;
    fx_start(o);
    client_open(&c);
    nghttp2_session_set_local_window_size(c.s, 0, 0, 0);
    {
        nghttp2_settings_entry none = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0 };

        nghttp2_submit_settings(c.s, 0, &none, 1);
    }
    request(&c, "GET", "/big?100000", NULL);
    expect_calm_down(&c);
    wait_for(&fx.sent, 1);
    assert_int_equal(fx.sent_complete, 0);
}

static void a_slow_body_gets_408(void **state)
{
    struct http_opts o = fx_opts();
    struct client c;

    (void)state;
    o.body_idle_ms = 50;
    fx_start(o);
    client_open(&c);
    client_flush(&c);
    frame_to(&c, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1,
             "\x83\x86\x84\x41\x01"
             "a",
             6);
    wait_for(&fx.refused, 1);
    assert_int_equal(fx.why, RC_TIMEOUT);
    client_close(&c);
    wait_for(&fx.sent, 1);
}

static void a_stream_of_events_over_http2(void **state)
{
    struct client c;
    uint8_t buf[4096];

    (void)state;
    client_open(&c);
    request(&c, "GET", "/stream", NULL);
    client_flush(&c);
    while (c.data < 7) {
        ssize_t n = recv(c.fd, buf, sizeof(buf), 0);

        assert_true(n > 0);
        nghttp2_session_mem_recv(c.s, buf, (size_t)n);
        client_flush(&c);
    }
    assert_true(http_stream_send(fx.s, fx.stream, STR("event")));
    http_stream_end(fx.s, fx.stream);
    client_run(&c, 1);
    assert_memory_equal(c.body, "hello\n\nevent", 12);
    assert_int_equal(c.last_code, NGHTTP2_NO_ERROR);
    wait_for(&fx.gone, 1);
    client_close(&c);
}

static void a_drain_says_goaway_and_finishes(void **state)
{
    struct client c;

    (void)state;
    client_open(&c);
    request(&c, "GET", "/ok", NULL);
    client_run(&c, 1);
    http_drain(fx.s, WAIT_MS);
    client_run(&c, 2);
    assert_true(c.has_goaway);
    assert_int_equal(c.goaway, NGHTTP2_NO_ERROR);
    client_close(&c);
}

static void a_client_gone_leaves_nothing(void **state)
{
    struct client c;
    struct exchange *x;

    (void)state;
    client_open(&c);
    request(&c, "GET", "/hold", NULL);
    client_flush(&c);
    x = fx_take_held();
    client_close(&c);
    fx_reply_text(x, STR("late"));
    wait_for(&fx.sent, 1);
}

#define T(name, setup) cmocka_unit_test_setup_teardown(name, setup, fx_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(many_streams_are_answered, fx_default),
        T(bodies_flow_both_ways, fx_default),
        T(too_large_bodies_get_413, fx_default),
        T(an_early_answer_lets_a_small_body_end, fx_default),
        T(bad_requests_are_refused_one_by_one, fx_default),
        T(cookies_in_crumbs_and_large_headers, fx_default),
        T(rapid_resets_end_the_connection, fx_default),
        T(floods_of_frames_that_only_cost_end_it, fx_default),
        T(empty_data_frames_end_it, fx_default),
        T(endless_continuations_end_it, fx_default),
        T(streams_past_the_limit_are_refused, fx_default),
        T(a_reader_that_opens_no_window_is_cut, NULL),
        T(a_slow_body_gets_408, NULL),
        T(a_stream_of_events_over_http2, fx_default),
        T(a_drain_says_goaway_and_finishes, fx_default),
        T(a_client_gone_leaves_nothing, fx_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
