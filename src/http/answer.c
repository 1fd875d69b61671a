/* The answer: conditions, ranges, compression, and the head in HTTP/1's form. */
#include "base/clock.h"
#include "http/compress.h"
#include "http/http_priv.h"
#include "http/negotiate.h"

#include <unistd.h>

enum { COMPRESS_FROM = 1024, STATUS_MIN = 100, STATUS_MAX = 599 };

static struct str out_get(const struct exchange *x, struct str name)
{
    for (size_t i = 0; i < x->n_out; i++)
        if (str_eq(x->out[i].name, name))
            return x->out[i].value;
    return STR_NONE;
}

static void out_add(struct exchange *x, struct str name, struct str value)
{
    if (x->n_out < EXCHANGE_HEADERS_MAX)
        x->out[x->n_out++] = (struct http_header){ name, value };
}

static void add_vary(struct exchange *x)
{
    for (size_t i = 0; i < x->n_out; i++)
        if (str_eq(x->out[i].name, STR("vary"))) {
            x->out[i].value =
                str_printf(x->arena, "%.*s, Accept-Encoding", STR_ARG(x->out[i].value));
            return;
        }
    out_add(x, STR("vary"), STR("Accept-Encoding"));
}

static void choose_source(struct exchange_io *io)
{
    struct exchange *x = &io->x;

    io->src = (struct body_src){ .fd = -1 };
    if (x->out_fd >= 0) {
        io->src.fd = x->out_fd;
        io->src.off = x->out_fd_off;
        io->src.left = x->out_fd_len;
    } else if (x->out_static.p) {
        io->src.p = x->out_static.p;
        io->src.left = x->out_static.n;
    } else {
        io->src.p = x->out_body.p;
        io->src.left = x->out_body.n;
    }
}

static void drop_body(struct exchange_io *io)
{
    io->src = (struct body_src){ .fd = -1 };
}

static bool not_modified(struct exchange_io *io)
{
    struct exchange *x = &io->x;

    if (x->status != 200 || !(x->method & (HTTP_GET | HTTP_HEAD)))
        return false;
    if (!negotiate_none_match(http_header_get(x, STR("if-none-match")), out_get(x, STR("etag"))))
        return false;
    x->status = 304;
    drop_body(io);
    return true;
}

static void apply_range(struct exchange_io *io)
{
    struct exchange *x = &io->x;
    uint64_t whole = io->src.left, off, n;
    enum range r;

    if (x->status != 200 || x->method != HTTP_GET || (x->out_fd < 0 && !x->out_static.p))
        return;
    if (x->out_fd >= 0)
        out_add(x, STR("accept-ranges"), STR("bytes"));
    if (!negotiate_if_range(http_header_get(x, STR("if-range")), out_get(x, STR("etag"))))
        return;
    r = negotiate_range(http_header_get(x, STR("range")), whole, &off, &n);
    if (r == RANGE_BAD) {
        exchange_refuse(io, RC_RANGE, "None of these bytes is there.");
        io->src = (struct body_src){ .fd = -1, .p = x->out_body.p, .left = x->out_body.n };
        out_add(x, STR("content-range"),
                str_printf(x->arena, "bytes */%llu", (unsigned long long)whole));
    } else if (r == RANGE_ONE) {
        x->status = 206;
        out_add(x, STR("content-range"),
                str_printf(x->arena, "bytes %llu-%llu/%llu", (unsigned long long)off,
                           (unsigned long long)(off + n - 1), (unsigned long long)whole));
        io->src.off += off;
        io->src.left = n;
    }
}

static void pack(struct exchange_io *io)
{
    struct exchange *x = &io->x;
    unsigned all = 1u << CODING_ZSTD | 1u << CODING_BR | 1u << CODING_GZIP;
    struct str text = x->out_static.p ? x->out_static : buf_view(&x->out_body), packed;
    enum coding c;

    if (x->no_compress || text.n < COMPRESS_FROM || io->src.p != text.p || x->status == 206
        || out_get(x, STR("content-encoding")).p
        || !negotiate_compressible(out_get(x, STR("content-type"))))
        return;
    add_vary(x);
    c = negotiate_coding(http_header_get(x, STR("accept-encoding")), all);
    if (c == CODING_IDENTITY)
        return;
    packed = compress_text(c, text, x->arena);
    if (!packed.p)
        return;
    out_add(x, STR("content-encoding"), coding_names[c]);
    io->src.p = packed.p;
    io->src.left = packed.n;
}

void answer_prepare(struct exchange_io *io)
{
    struct exchange *x = &io->x;

    if (io->prepared)
        return;
    io->prepared = true;
    if (x->out_body.overflow || x->status < STATUS_MIN || x->status > STATUS_MAX) {
        x->status = 500; /* half an answer is none */
        x->n_out = 0;
        x->out_body.n = 0;
        x->is_stream = false;
    }
    choose_source(io);
    if (x->is_stream) {
        io->no_body = x->method == HTTP_HEAD;
        return;
    }
    if (!not_modified(io)) {
        apply_range(io);
        if (io->hl->compress && io->src.left)
            pack(io);
    }
    io->no_body = x->method == HTTP_HEAD || x->status == 204 || x->status == 304 || x->status < 200;
}

void answer_date(struct http_loop *hl)
{
    char text[CLOCK_TEXT_MAX];
    size_t n;

    if (loop_now_us(hl->loop) < hl->date_due_us)
        return;
    n = clock_http_date(clock_now_us(), text);
    memcpy(hl->date, "date: ", 6);
    memcpy(hl->date + 6, text, n);
    hl->date_n = n + 6;
    hl->date_due_us = loop_now_us(hl->loop) + US_PER_S - clock_now_us() % US_PER_S;
}

static void status_line(int status, struct buf *out)
{
    static const char *const reasons[] = {
        [200] = "OK",
        [201] = "Created",
        [202] = "Accepted",
        [204] = "No Content",
        [206] = "Partial Content",
        [301] = "Moved Permanently",
        [302] = "Found",
        [303] = "See Other",
        [304] = "Not Modified",
        [307] = "Temporary Redirect",
        [308] = "Permanent Redirect",
        [400] = "Bad Request",
        [401] = "Unauthorized",
        [403] = "Forbidden",
        [404] = "Not Found",
        [405] = "Method Not Allowed",
        [406] = "Not Acceptable",
        [408] = "Request Timeout",
        [409] = "Conflict",
        [410] = "Gone",
        [412] = "Precondition Failed",
        [413] = "Content Too Large",
        [414] = "URI Too Long",
        [415] = "Unsupported Media Type",
        [416] = "Range Not Satisfiable",
        [422] = "Unprocessable Content",
        [429] = "Too Many Requests",
        [431] = "Request Header Fields Too Large",
        [500] = "Internal Server Error",
        [501] = "Not Implemented",
        [503] = "Service Unavailable",
        [507] = "Insufficient Storage",
    };
    const char *reason = (size_t)status < ARRAY_LEN(reasons) ? reasons[status] : NULL;

    BUF_LIT(out, "HTTP/1.1 ");
    buf_i64(out, status);
    buf_char(out, ' ');
    buf_str(out, str_of(reason));
    BUF_LIT(out, "\r\n");
}

static void framing(const struct exchange_io *io, struct buf *out)
{
    if (io->x.is_stream) {
        if (io->x.version >= 11)
            BUF_LIT(out, "transfer-encoding: chunked\r\n");
    } else if (io->x.status != 204 && io->x.status != 304 && io->x.status >= 200) {
        BUF_LIT(out, "content-length: ");
        buf_i64(out, (int64_t)io->src.left);
        BUF_LIT(out, "\r\n");
    }
    if (!io->keep_alive)
        BUF_LIT(out, "connection: close\r\n");
    else if (io->x.version < 11)
        BUF_LIT(out, "connection: keep-alive\r\n");
}

void answer_head_h1(struct exchange_io *io, struct buf *out)
{
    const struct exchange *x = &io->x;

    answer_date(io->hl);
    buf_reserve(out, 512);
    status_line(x->status, out);
    buf_add(out, io->hl->date, io->hl->date_n);
    BUF_LIT(out, "\r\n");
    for (size_t i = 0; i < x->n_out; i++) {
        buf_str(out, x->out[i].name);
        BUF_LIT(out, ": ");
        buf_str(out, x->out[i].value);
        BUF_LIT(out, "\r\n");
    }
    framing(io, out);
    BUF_LIT(out, "\r\n");
}

ssize_t body_src_read(struct body_src *s, char *p, size_t n)
{
    ssize_t got = (ssize_t)(n < s->left ? n : s->left);

    if (s->fd >= 0) {
        got = pread(s->fd, p, (size_t)got, (off_t)s->off);
        if (got <= 0)
            return SOCK_DEAD;
    } else {
        memcpy(p, s->p + s->off, (size_t)got);
    }
    s->off += (uint64_t)got;
    s->left -= (uint64_t)got;
    return got;
}
