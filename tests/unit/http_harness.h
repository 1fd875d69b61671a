/* A server with a small application, on loopback, in this process; and a client of raw bytes. */
#ifndef TESTS_HTTP_HARNESS_H
#define TESTS_HTTP_HARNESS_H

#include "http/server.h"
#include "http/static.h"

#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wunused-function" /* each test uses some of it */

enum { ANSWER_MAX = 1 << 20, WAIT_MS = 10000, BODY_MAX = 4096, BIG_MAX = 400000 };

struct fixture {
    struct http_server *s;
    struct http_opts o;
    atomic_int requests, sent, sent_complete, refused, gone;
    _Atomic uint64_t stream;
    _Atomic enum rc why;
    pthread_mutex_t lock; /* guards held and max_held */
    pthread_cond_t change;
    struct exchange *held; /* "/hold" keeps its exchange here */
    struct lane *lane;
};

static struct fixture fx;

static void fx_reply_text(struct exchange *x, struct str text)
{
    x->status = 200;
    (void)exchange_header(x, STR("content-type"), STR("text/plain"));
    buf_str(&x->out_body, text);
    exchange_reply(x);
}

static enum http_verdict fx_headers(struct exchange *x, void *arg, size_t *max_body, bool *spool)
{
    (void)arg;
    *max_body = str_starts(x->path, STR("/spool")) ? 10 * MIB : BODY_MAX;
    *spool = str_starts(x->path, STR("/spool"));
    if (!str_eq(x->path, STR("/early")))
        return HTTP_GO;
    x->status = 401;
    return HTTP_ANSWER_NOW;
}

static void *fx_reply_later(void *arg)
{
    struct exchange *x = arg;

    fx_reply_text(x, STR("later"));
    return NULL;
}

static void fx_on_thread(struct exchange *x)
{
    pthread_t t;

    assert_int_equal(pthread_create(&t, NULL, fx_reply_later, x), 0);
    pthread_detach(t);
}

static void fx_echo(struct exchange *x)
{
    x->status = 200;
    buf_str(&x->out_body, x->body);
    exchange_reply(x);
}

static void fx_spool(struct exchange *x)
{
    char chunk[4096];
    uint64_t n = 0, sum = 0;
    ssize_t got;

    while (x->body_fd >= 0 && (got = read(x->body_fd, chunk, sizeof(chunk))) > 0)
        for (ssize_t i = 0; i < got; i++, n++)
            sum += (unsigned char)chunk[i];
    x->status = 200;
    buf_printf(&x->out_body, "fd %d n %llu sum %llu len %llu", x->body_fd >= 0,
               (unsigned long long)n, (unsigned long long)sum, (unsigned long long)x->body_len);
    exchange_reply(x);
}

static void fx_big(struct exchange *x)
{
    int64_t n = 0;

    assert_true(str_i64(x->query, 0, 64 * (int64_t)MIB, &n));
    x->status = 200;
    (void)exchange_header(x, STR("content-type"), STR("text/plain"));
    (void)exchange_header(x, STR("etag"), STR("\"v1\""));
    for (int64_t i = 0; i < n; i++)
        buf_char(&x->out_body, (char)('a' + i / 7 % 26));
    exchange_reply(x);
}

static void fx_file(struct exchange *x)
{
    char name[] = "/tmp/http-test-XXXXXX";
    int64_t n = 0;
    int fd = mkstemp(name);

    assert_true(fd >= 0 && str_i64(x->query, 0, BIG_MAX, &n));
    unlink(name);
    for (int64_t i = 0; i < n; i++) {
        char c = (char)('a' + i % 26);

        assert_int_equal(write(fd, &c, 1), 1);
    }
    x->status = 200;
    (void)exchange_header(x, STR("etag"), STR("\"f1\""));
    x->out_fd = fd;
    x->out_fd_len = (uint64_t)n;
    exchange_reply(x);
}

static void fx_stream(struct exchange *x)
{
    x->status = 200;
    x->is_stream = true;
    (void)exchange_header(x, STR("content-type"), STR("text/event-stream"));
    buf_str(&x->out_body, STR("hello\n\n"));
    atomic_store(&fx.stream, exchange_stream_id(x));
    exchange_reply(x);
}

static void fx_hold(struct exchange *x)
{
    pthread_mutex_lock(&fx.lock);
    fx.held = x;
    pthread_cond_broadcast(&fx.change);
    pthread_mutex_unlock(&fx.lock);
}

static void fx_asset(struct exchange *x)
{
    static_answer(x, static_find(STR("/portal.css")));
    exchange_reply(x);
}

static void fx_path(struct exchange *x)
{
    fx_reply_text(x, x->path);
}

static void fx_ok(struct exchange *x)
{
    fx_reply_text(x, STR("ok"));
}

static const struct {
    struct str path;
    void (*run)(struct exchange *x);
} fx_routes[] = {
    { { "/ok", 3 }, fx_ok },         { { "/echo", 5 }, fx_echo }, { { "/later", 6 }, fx_on_thread },
    { { "/spool", 6 }, fx_spool },   { { "/big", 4 }, fx_big },   { { "/file", 5 }, fx_file },
    { { "/stream", 7 }, fx_stream }, { { "/hold", 5 }, fx_hold }, { { "/asset", 6 }, fx_asset },
};

static void fx_request(struct exchange *x, void *arg)
{
    (void)arg;
    atomic_fetch_add(&fx.requests, 1);
    for (size_t i = 0; i < ARRAY_LEN(fx_routes); i++)
        if (str_eq(x->path, fx_routes[i].path)) {
            fx_routes[i].run(x);
            return;
        }
    fx_path(x);
}

static void fx_refused(struct exchange *x, enum rc why, const char *detail, void *arg)
{
    (void)arg;
    atomic_store(&fx.why, why);
    atomic_fetch_add(&fx.refused, 1);
    x->status = rc_status(why);
    buf_printf(&x->out_body, "%s", detail);
}

static void fx_sent(struct exchange *x, uint64_t bytes, bool complete, void *arg)
{
    (void)x, (void)bytes, (void)arg;
    atomic_fetch_add(&fx.sent, 1);
    atomic_fetch_add(&fx.sent_complete, complete);
}

static void fx_stream_gone(uint64_t id, void *arg)
{
    (void)id, (void)arg;
    atomic_fetch_add(&fx.gone, 1);
}

static struct http_opts fx_opts(void)
{
    return (struct http_opts){
        .host = STR("127.0.0.1"),
        .loops = 1,
        .spool_dir = STR("/tmp"),
        .max_request_line = 2048,
        .max_header_bytes = 4096,
        .max_headers = 20,
        .max_connections = 100,
        .max_per_address = 100,
        .max_requests_per_connection = 1000,
        .max_streams_h2 = 16,
        .header_ms = 20000,
        .body_idle_ms = 20000,
        .idle_ms = 20000,
        .write_ms = 20000,
        .body_min_rate = 0,
        .max_stream_backlog = 65536,
        .compress = true,
    };
}

static void fx_start(struct http_opts o)
{
    static const struct http_app app = { NULL,       fx_headers, fx_request,
                                         fx_refused, fx_sent,    fx_stream_gone };
    struct err e = { 0 };

    memset(&fx, 0, sizeof(fx));
    pthread_mutex_init(&fx.lock, NULL);
    pthread_cond_init(&fx.change, NULL);
    fx.o = o;
    assert_ok(http_start(&fx.o, &app, &fx.s, &e), &e);
}

static int fx_stop(void **state)
{
    (void)state;
    http_stop(&fx.s);
    return 0;
}

static int fx_default(void **state)
{
    (void)state;
    fx_start(fx_opts());
    return 0;
}

static struct exchange *fx_take_held(void)
{
    struct exchange *x;

    pthread_mutex_lock(&fx.lock);
    while (!fx.held)
        pthread_cond_wait(&fx.change, &fx.lock);
    x = fx.held;
    fx.held = NULL;
    pthread_mutex_unlock(&fx.lock);
    return x;
}

/* ── the client ── */

static int cl_connect(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(fx.s)) };
    struct timeval tv = { .tv_sec = WAIT_MS / 1000 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
    return fd;
}

static void cl_send(int fd, const void *p, size_t n)
{
    const char *at = p;

    while (n) {
        ssize_t w = send(fd, at, n, MSG_NOSIGNAL);

        if (w <= 0)
            return; /* refused and closed: the answer tells */
        at += w;
        n -= (size_t)w;
    }
}

static void cl_text(int fd, const char *z)
{
    cl_send(fd, z, strlen(z));
}

/* Everything until the server closes; the caller's buffer, NUL-terminated. */
static size_t cl_all(int fd, char *out, size_t max)
{
    size_t n = 0;
    ssize_t got;

    while (n + 1 < max && (got = recv(fd, out + n, max - 1 - n, 0)) > 0)
        n += (size_t)got;
    out[n] = '\0';
    return n;
}

/* Until `end` has come. */
static size_t cl_until(int fd, char *out, size_t max, const char *end)
{
    size_t n = 0;
    ssize_t got;

    out[0] = '\0';
    while (n + 1 < max && !strstr(out, end) && (got = recv(fd, out + n, max - 1 - n, 0)) > 0) {
        n += (size_t)got;
        out[n] = '\0';
    }
    return n;
}

/* Sends, reads to the end of the connection; the status of the first answer, 0 for none. */
static int cl_once(const void *p, size_t n, char *out, size_t max)
{
    int fd = cl_connect(), status = 0;

    cl_send(fd, p, n);
    shutdown(fd, SHUT_WR);
    cl_all(fd, out, max);
    close(fd);
    if (sscanf(out, "HTTP/1.1 %d", &status) != 1)
        return 0;
    return status;
}

static size_t count_of(const char *text, const char *word)
{
    size_t n = 0;

    for (const char *p = strstr(text, word); p; p = strstr(p + 1, word))
        n++;
    return n;
}

/* Waits until *v reaches want; counters are set by the loop after the bytes are out. */
static void wait_for(atomic_int *v, int want)
{
    for (int i = 0; i < WAIT_MS && atomic_load(v) < want; i++)
        poll(NULL, 0, 1);
    assert_int_equal(atomic_load(v), want);
}

#endif
