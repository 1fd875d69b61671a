/* HTTP/1.0 and 1.1. A header section is scanned as it comes and parsed by llhttp once it is whole,
 * so a half-sent one costs nothing but its bytes. */
#include "http/chunked.h"
#include "http/http_priv.h"
#include "http/parser.h"
#include "http/syntax.h"

enum { CHUNK_FREE = 65536, CHUNK_PER_BYTE = 8 };

bool h1_may_take(const struct conn *c)
{
    return c->state == CONN_H1 && !c->close_after && !c->sending && !(c->cur && c->cur->body_done)
           && c->out_n == 0 && c->hl->out.n < OUT_SOFT && c->n_flushing < FLUSH_COUNT;
}

/* ── answers ── */

static void send_body(struct conn *c, struct exchange_io *io)
{
    bool copy = io->src.fd < 0 && io->src.left <= COPY_MAX;

    io->bytes += io->no_body ? 0 : io->src.left;
    if (io->no_body || io->src.left == 0 || copy) {
        if (!io->no_body && io->src.left)
            conn_write(c, io->src.p + io->src.off, io->src.left);
        io->next = c->flushing;
        c->flushing = io;
        c->n_flushing++;
        return;
    }
    c->sending = io;
}

void h1_answer(struct conn *c, struct exchange_io *io)
{
    size_t before = c->hl->out.n;

    if (c->cur == io)
        c->cur = NULL;
    answer_prepare(io);
    if (c->hl->draining)
        io->keep_alive = false;
    if (!io->keep_alive || (io->x.is_stream && io->x.version < 11))
        c->close_after = !io->x.is_stream;
    answer_head_h1(io, &c->hl->out);
    io->bytes = c->hl->out.n - before;
    c->fresh = false;
    c->since_us = loop_now_us(c->hl->loop);
    if (!io->x.is_stream || io->no_body) {
        send_body(c, io);
        return;
    }
    c->cur = io;
    c->state = CONN_STREAM;
    stream_begin(io);
}

static void refuse(struct conn *c, struct exchange_io *io, enum rc why, const char *detail)
{
    if (!io)
        io = exchange_new(c->hl, c);
    io->keep_alive = false;
    c->linger = true;
    exchange_refuse(io, why, detail);
    h1_answer(c, io);
}

void h1_timeout(struct conn *c)
{
    if (c->cur)
        refuse(c, c->cur, RC_TIMEOUT, "the body came too slowly");
    else if (c->in_n)
        refuse(c, NULL, RC_TIMEOUT, "the header section came too slowly");
    else
        conn_close(c);
}

/* An answer before the body has come: it is read and dropped when short, else the connection ends.
 */
static void answer_early(struct conn *c, struct exchange_io *io)
{
    bool has_body = io->chunked || io->expect > 0;

    if (has_body && !io->chunked && io->expect <= DRAIN_BODY_MAX && !io->expects_continue) {
        c->skip = io->expect;
    } else if (has_body) {
        io->keep_alive = false;
        c->linger = true;
    }
    h1_answer(c, io);
}

static struct str redirect_origin(struct conn *c, struct exchange *x)
{
    struct str name = x->host, own = server_redirect_origin(c->hl->srv);
    int port = server_redirect_to(c->hl->srv);
    size_t colon = str_chr(name, ']') != SIZE_MAX ? str_chr(name, ']') + 1 : str_chr(name, ':');

    if (own.n)
        return own;
    name = str_sub(name, 0, colon);
    return port == 443 ? str_printf(x->arena, "https://%.*s", STR_ARG(name))
                       : str_printf(x->arena, "https://%.*s:%d", STR_ARG(name), port);
}

static void redirect(struct conn *c, struct exchange_io *io)
{
    struct exchange *x = &io->x;
    struct str target = str_starts(x->target, STR("/")) ? x->target : STR("/");

    x->status = 308;
    x->out_body = BUF_ARENA(x->arena, OUT_BODY_MAX);
    (void)exchange_header(
        x, STR("location"),
        str_printf(x->arena, "%.*s%.*s", STR_ARG(redirect_origin(c, x)), STR_ARG(target)));
    answer_early(c, io);
}

/* ── the header section ── */

static struct str trim_end(struct str s)
{
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

/* The section is ours to write to: it was copied into the arena. */
static void take_fields(const struct head *head, struct exchange *x)
{
    struct http_header *h = arena_alloc_raw(x->arena, head->n_fields * sizeof(*h));

    for (size_t i = 0; i < head->n_fields; i++) {
        char *name = (char *)(uintptr_t)head->fields[i].name.p;

        for (size_t k = 0; k < head->fields[i].name.n; k++)
            if (name[k] >= 'A' && name[k] <= 'Z')
                name[k] |= 0x20;
        h[i].name = head->fields[i].name;
        h[i].value = trim_end(head->fields[i].value);
    }
    x->headers = h;
    x->n_headers = head->n_fields;
}

static enum rc parse_head(struct http_loop *hl, struct exchange_io *io, const char *p, size_t n,
                          const char **wrong)
{
    struct head head = { .fields = hl->fields, .max_fields = hl->lim.max_headers };
    enum rc rc = parser_head(&head, p, n);

    *wrong = rc == RC_HEADERS_BIG       ? "too many header fields"
             : rc == RC_NOT_IMPLEMENTED ? "an unknown method"
                                        : "a malformed header section";
    TRY(rc);
    io->x.method_text = head.method;
    io->x.version = head.version;
    take_fields(&head, &io->x);
    *wrong = "an HTTP version other than 1.0 and 1.1";
    if (head.version != 10 && head.version != 11)
        return RC_BAD;
    *wrong = exchange_check(io, head.target, &rc);
    return rc;
}

/* ── the body ── */

static enum rc on_chunk_data(void *arg, const char *p, size_t n)
{
    return body_add(arg, p, n);
}

static struct chunked *begin_chunked(struct exchange_io *io)
{
    struct chunked *c = ARENA_NEW(io->x.arena, struct chunked);

    c->on_data = on_chunk_data;
    c->arg = io;
    return c;
}

static const char *body_words(enum rc rc)
{
    return rc == RC_TOO_BIG ? "the body is larger than is allowed here"
           : rc == RC_FULL  ? "no space for the body"
           : rc == RC_FAIL  ? "the body could not be stored"
                            : "malformed chunks";
}

static void complete(struct conn *c)
{
    struct exchange_io *io = c->cur;
    enum rc rc = body_end(io);

    if (rc != RC_OK)
        refuse(c, io, rc, body_words(rc));
    else if (exchange_run(io))
        h1_answer(c, io);
}

static size_t chunked_body(struct conn *c, const char *p, size_t n)
{
    struct exchange_io *io = c->cur;
    size_t used = n;
    bool done = false;
    enum rc rc = chunked_feed(io->chunked, p, n, &used, &done);

    io->raw += used;
    if (rc == RC_OK && io->raw > io->x.body_len * CHUNK_PER_BYTE + CHUNK_FREE)
        rc = RC_BAD; /* all extensions, trailers and tiny chunks */
    if (rc != RC_OK) {
        refuse(c, io, rc, body_words(rc));
        return n;
    }
    if (done)
        complete(c);
    return used;
}

static size_t counted_body(struct conn *c, const char *p, size_t n)
{
    struct exchange_io *io = c->cur;
    uint64_t left = io->expect - io->x.body_len;
    enum rc rc;

    if (n > left)
        n = (size_t)left;
    rc = body_add(io, p, n);
    if (rc != RC_OK)
        refuse(c, io, rc, body_words(rc));
    else if (io->x.body_len == io->expect)
        complete(c);
    return n;
}

static size_t take_body(struct conn *c, const char *p, size_t n)
{
    c->cur->body_last_us = loop_now_us(c->hl->loop);
    return c->cur->chunked ? chunked_body(c, p, n) : counted_body(c, p, n);
}

/* ── a request ── */

static void begin(struct conn *c, struct exchange_io *io)
{
    struct http_loop *hl = c->hl;
    bool has_body = io->chunked || io->expect > 0;

    if (++c->n_requests >= hl->lim.max_requests_per_connection)
        io->keep_alive = false;
    if (c->is_redirect) {
        redirect(c, io);
        return;
    }
    if (!exchange_headers(io)) {
        answer_early(c, io);
        return;
    }
    c->cur = io;
    io->body_start_us = io->body_last_us = loop_now_us(hl->loop);
    if (!has_body)
        complete(c);
    else if (io->expects_continue && io->x.version >= 11)
        conn_write(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
}

static void take_request(struct conn *c, const char *p, size_t n)
{
    struct exchange_io *io = exchange_new(c->hl, c);
    const char *head = arena_memdup(io->x.arena, p, n), *wrong;
    enum rc rc;

    io->x.start_us = c->since_us;
    rc = parse_head(c->hl, io, head, n, &wrong);
    if (rc != RC_OK) {
        refuse(c, io, rc, wrong);
        return;
    }
    if (!io->has_length && http_header_get(&io->x, STR("transfer-encoding")).p)
        io->chunked = begin_chunked(io);
    begin(c, io);
}

/* RC_OK, or which limit n bytes of an unfinished or finished section pass. */
static enum rc head_limits(const struct limits *lim, const char *p, size_t n)
{
    const char *lf;
    size_t line;

    if (n <= lim->max_request_line && n <= lim->max_header_bytes)
        return RC_OK;
    lf = memchr(p, '\n', n);
    if (lf == p + 1)
        lf = memchr(p + 2, '\n', n - 2); /* one empty line may come first */
    line = lf ? (size_t)(lf - p) : n;
    if (line > lim->max_request_line)
        return RC_URI_LONG;
    return n - line > lim->max_header_bytes ? RC_HEADERS_BIG : RC_OK;
}

static size_t take_head(struct conn *c, const char *p, size_t n)
{
    size_t end = n;
    enum scan s = syntax_scan_head(p, c->scanned, n, &end);
    enum rc rc;

    c->scanned = s == SCAN_MORE ? n : 0;
    rc = s == SCAN_BAD ? RC_BAD : head_limits(&c->hl->lim, p, end);
    if (rc != RC_OK) {
        refuse(c, NULL, rc,
               rc == RC_BAD        ? "a malformed header section"
               : rc == RC_URI_LONG ? "an address that is too long"
                                   : "a header section that is too large");
        return n;
    }
    if (s == SCAN_MORE)
        return 0;
    take_request(c, p, end);
    return end;
}

static size_t drop(struct conn *c, size_t n)
{
    if (n > c->skip)
        n = (size_t)c->skip;
    c->skip -= n;
    return n;
}

size_t h1_input(struct conn *c, const char *p, size_t n)
{
    size_t used = 0;

    while (used < n && h1_may_take(c)) {
        size_t got = c->skip  ? drop(c, n - used)
                     : c->cur ? take_body(c, p + used, n - used)
                              : take_head(c, p + used, n - used);

        if (got == 0)
            break;
        used += got;
    }
    return c->close_after ? n : used;
}
