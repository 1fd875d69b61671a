/* A server without sockets and threads: bytes go straight into a connection, answers into a
 * counter. */
#ifndef TESTS_HTTP_FUZZ_H
#define TESTS_HTTP_FUZZ_H

#include "fuzz.h"

#include "http/http_priv.h"

/* What the application saw: how often it was called, and a digest of every request. */
struct saw {
    size_t headers, requests, refused, sent;
    uint64_t digest, out;
};

static struct saw saw;
static struct http_loop *hl;

static void digest(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        saw.digest = (saw.digest ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
    saw.digest = (saw.digest ^ 0x100) * UINT64_C(0x100000001b3);
}

static enum http_verdict fz_headers(struct exchange *x, void *arg, size_t *max_body, bool *spool)
{
    (void)arg, (void)spool;
    saw.headers++;
    *max_body = 1000;
    MUST(x->path.n && (x->path.p[0] == '/' || x->path.p[0] == '*'));
    MUST(!memchr(x->path.p, '\0', x->path.n));
    MUST(x->host.n > 0);
    if (!str_eq(x->path, STR("/n")))
        return HTTP_GO;
    x->status = 401;
    return HTTP_ANSWER_NOW;
}

static void fz_request(struct exchange *x, void *arg)
{
    (void)arg;
    saw.requests++;
    digest(x->method_text);
    digest(x->path);
    digest(x->query);
    digest(x->body);
    MUST(x->body.n == x->body_len && x->body_len <= 1000);
    x->status = 200;
    (void)exchange_header(x, STR("content-type"), STR("text/plain"));
    (void)exchange_header(x, STR("etag"), STR("\"v\""));
    if (str_eq(x->path, STR("/s")))
        x->is_stream = true;
    for (int i = 0; i < 3000 && str_eq(x->path, STR("/b")); i++)
        buf_char(&x->out_body, 'b');
    exchange_reply(x);
}

static void fz_refused(struct exchange *x, enum rc why, const char *detail, void *arg)
{
    (void)x, (void)arg;
    MUST(why != RC_OK && detail);
    saw.refused++;
}

static void fz_sent(struct exchange *x, uint64_t bytes, bool complete, void *arg)
{
    (void)x, (void)bytes, (void)complete, (void)arg;
    saw.sent++;
}

static ssize_t fz_read(struct sock *s, void *p, size_t n)
{
    (void)s, (void)p, (void)n;
    return SOCK_AGAIN;
}

static ssize_t fz_writev(struct sock *s, const struct iovec *v, int n)
{
    ssize_t sum = 0;

    (void)s;
    for (int i = 0; i < n; i++)
        sum += (ssize_t)v[i].iov_len;
    saw.out += (uint64_t)sum;
    return sum;
}

static ssize_t fz_sendfile(struct sock *s, int fd, uint64_t off, size_t n)
{
    (void)s, (void)fd, (void)off;
    return (ssize_t)n;
}

static void fz_nothing(struct sock *s)
{
    (void)s;
}

static const struct sock_ops fz_ops = { fz_read, fz_writev, fz_sendfile, fz_nothing, fz_nothing };

static struct conn *fz_conn(void)
{
    static const struct http_app app = { NULL, fz_headers, fz_request, fz_refused, fz_sent, NULL };
    static const struct http_opts o = {
        .loops = 1,
        .max_request_line = 500,
        .max_header_bytes = 1000,
        .max_headers = 20,
        .max_connections = 10,
        .max_per_address = 10,
        .max_requests_per_connection = 50,
        .max_streams_h2 = 10,
        .header_ms = 1000000,
        .body_idle_ms = 1000000,
        .idle_ms = 1000000,
        .write_ms = 1000000,
        .max_stream_backlog = 1000,
        .compress = true,
    };
    struct sock sock = { .ops = &fz_ops, .fd = -1 };
    struct addr peer = { 0 };

    if (!hl)
        hl = server_inline(&o, &app);
    saw = (struct saw){ 0 };
    return conn_new(hl, sock, &peer);
}

/* Closes; by now everything that was seen must have been let go of, once. */
static void fz_end(struct conn *c)
{
    conn_close(c);
    conn_sweep(hl);
    MUST(hl->n_app == 0);
    MUST(hl->out.n == 0);
    MUST(atomic_load(&hl->busy) == 0);
    MUST(saw.sent >= saw.headers && saw.sent <= saw.headers + saw.refused);
    MUST(saw.requests <= saw.headers);
}

#endif
