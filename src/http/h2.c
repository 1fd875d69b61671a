/* HTTP/2 by nghttp2. Each stream is one exchange; bytes are moved by conn.c.
 *
 * Whatever makes us work without asking for an answer (resets, pings, settings, priorities, empty
 * frames, tiny windows, refused streams) is paid from a budget that refills slowly; a connection
 * that has used it up is told to calm down (GOAWAY) and closed. */
#include "http/h2_priv.h"

#include <stdlib.h>

enum {
    BUDGET_MAX = 200,
    BUDGET_PER_S = 20,
    COST_SETTINGS = 5,
    COST_HEADER_BOMB = 40,
    TINY_WINDOW = 256,
    STREAM_WINDOW = 256 * 1024,
    CONN_WINDOW = 1024 * 1024,
    BOMB_FACTOR = 4,
    LATE_MAX = 64 * 1024,
};

static struct exchange_io *stream_of(nghttp2_session *s, int32_t id)
{
    return nghttp2_session_get_stream_user_data(s, id);
}

static void pay(struct conn *c, int cost)
{
    struct h2 *h = c->h2;
    int64_t now = loop_now_us(c->hl->loop), earned = (now - h->budget_us) * BUDGET_PER_S / US_PER_S;

    if (earned > 0) {
        h->budget = earned > BUDGET_MAX - h->budget ? BUDGET_MAX : h->budget + (int)earned;
        h->budget_us = now;
    }
    h->budget -= cost;
    if (h->budget >= 0 || h->told_calm)
        return;
    h->told_calm = true;
    STAT(c->hl, cut_slow, 1);
    nghttp2_session_terminate_session(h->s, NGHTTP2_ENHANCE_YOUR_CALM);
}

/* ── streams ── */

static void attach(struct conn *c, struct exchange_io *io)
{
    struct h2 *h = c->h2;

    io->h2_next = h->streams;
    if (h->streams)
        h->streams->h2_prev = io;
    else
        h->tick_us = loop_now_us(c->hl->loop) + h2_tick(&c->hl->lim);
    h->streams = io;
    h->n_streams++;
}

static void detach(struct conn *c, struct exchange_io *io)
{
    struct h2 *h = c->h2;

    if (io->h2_prev)
        io->h2_prev->h2_next = io->h2_next;
    else
        h->streams = io->h2_next;
    if (io->h2_next)
        io->h2_next->h2_prev = io->h2_prev;
    io->h2_prev = io->h2_next = NULL;
    h->n_streams--;
    c->since_us = loop_now_us(c->hl->loop);
}

static int on_begin_headers(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
    struct conn *c = arg;
    struct exchange_io *io;

    if (f->hd.type != NGHTTP2_HEADERS || f->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    if (c->h2->n_streams >= c->hl->lim.max_streams_h2) {
        pay(c, 1);
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    io = exchange_new(c->hl, c);
    io->h2_id = f->hd.stream_id;
    io->x.version = 20;
    io->body_start_us = io->body_last_us = io->x.start_us;
    io->h2_head = ARENA_NEW(io->x.arena, struct h2_head);
    io->h2_head->fields = ARENA_ARRAY(io->x.arena, struct http_header, c->hl->lim.max_headers + 1);
    io->h2_head->n = 1; /* room for Host */
    attach(c, io);
    nghttp2_session_set_stream_user_data(s, io->h2_id, io);
    return 0;
}

/* NOLINTNEXTLINE(readability-function-size): nghttp2 sets the parameters */
static int on_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *name, size_t name_n,
                     const uint8_t *value, size_t value_n, uint8_t flags, void *arg)
{
    struct conn *c = arg;
    struct exchange_io *io = stream_of(s, f->hd.stream_id);

    (void)flags;
    if (!io || f->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0; /* trailers are dropped */
    io->h2_head->bytes += name_n + value_n + 32;
    if (io->h2_head->bytes > c->hl->lim.max_header_bytes * BOMB_FACTOR) {
        pay(c, COST_HEADER_BOMB);
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    h2_field(io, (struct str){ (const char *)name, name_n },
             (struct str){ (const char *)value, value_n }, &c->hl->lim);
    return 0;
}

static void refuse(struct conn *c, struct exchange_io *io, enum rc why, const char *detail)
{
    exchange_refuse(io, why, detail);
    h2_answer(c, io);
}

static void complete(struct conn *c, struct exchange_io *io)
{
    enum rc rc;

    if (io->replied || io->in_app || io->body_done)
        return;
    rc = body_end(io);
    if (rc != RC_OK)
        refuse(c, io, rc, "the body could not be stored");
    else if (exchange_run(io))
        h2_answer(c, io);
}

static void on_head(struct conn *c, struct exchange_io *io, bool ends)
{
    const char *wrong = "a header section that is too large";
    enum rc why = io->refuse;

    io->h2_head->done = true;
    if (why == RC_OK)
        wrong = h2_check(io, &why);
    if (wrong) {
        io->body_done = ends;
        refuse(c, io, why, wrong);
        return;
    }
    if (!exchange_headers(io)) {
        io->body_done = ends;
        h2_answer(c, io);
        return;
    }
    if (ends) {
        complete(c, io);
    } else if (io->expects_continue) {
        const nghttp2_nv nv = { (uint8_t *)(uintptr_t) ":status", (uint8_t *)(uintptr_t) "100", 7,
                                3, 0 };

        nghttp2_submit_headers(c->h2->s, NGHTTP2_FLAG_NONE, io->h2_id, NULL, &nv, 1, NULL);
    }
}

static int cost_of(const nghttp2_frame_hd *hd)
{
    switch (hd->type) {
    case NGHTTP2_SETTINGS:
        return hd->flags & NGHTTP2_FLAG_ACK ? 1 : COST_SETTINGS;
    case NGHTTP2_DATA:
        return hd->length == 0 && !(hd->flags & NGHTTP2_FLAG_END_STREAM);
    case NGHTTP2_HEADERS:
    case NGHTTP2_WINDOW_UPDATE: /* seen to when its size is known */
        return 0;
    default: /* RST_STREAM, PING, PRIORITY, CONTINUATION, GOAWAY */
        return 1;
    }
}

static int on_begin_frame(nghttp2_session *s, const nghttp2_frame_hd *hd, void *arg)
{
    (void)s;
    pay(arg, cost_of(hd));
    return 0;
}

static int on_frame(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
    struct conn *c = arg;
    struct exchange_io *io;
    bool ends = f->hd.flags & NGHTTP2_FLAG_END_STREAM;

    if (f->hd.type == NGHTTP2_WINDOW_UPDATE)
        pay(c, f->window_update.window_size_increment < TINY_WINDOW);
    if (f->hd.type != NGHTTP2_HEADERS && f->hd.type != NGHTTP2_DATA)
        return 0;
    io = stream_of(s, f->hd.stream_id);
    if (!io)
        return 0;
    if (f->hd.type == NGHTTP2_HEADERS && f->headers.cat == NGHTTP2_HCAT_REQUEST)
        on_head(c, io, ends);
    else if (ends)
        complete(c, io);
    return 0;
}

static int on_invalid_frame(nghttp2_session *s, const nghttp2_frame *f, int code, void *arg)
{
    (void)s, (void)f, (void)code;
    pay(arg, COST_SETTINGS);
    return 0;
}

/* The rest of a body that was answered early is let in while it is small: Debian's curl takes a
 * reset, even after the whole answer, for an error, and shows nothing of the answer. */
static void drop_late(nghttp2_session *s, struct exchange_io *io, size_t n)
{
    io->h2_late += n;
    if (io->h2_late > LATE_MAX && io->h2_sent_all)
        nghttp2_submit_rst_stream(s, NGHTTP2_FLAG_NONE, io->h2_id, NGHTTP2_NO_ERROR);
}

static int on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *p, size_t n,
                   void *arg)
{
    struct conn *c = arg;
    struct exchange_io *io = stream_of(s, id);
    enum rc rc;

    (void)flags;
    nghttp2_session_consume(s, id, n); /* it is stored, or dropped */
    if (!io)
        return 0;
    if (io->replied) {
        drop_late(s, io, n);
        return 0;
    }
    io->body_last_us = loop_now_us(c->hl->loop);
    rc = body_add(io, (const char *)p, n);
    if (rc != RC_OK)
        refuse(c, io, rc,
               rc == RC_TOO_BIG ? "the body is larger than is allowed here"
                                : "the body could not be stored");
    return 0;
}

static int on_close(nghttp2_session *s, int32_t id, uint32_t code, void *arg)
{
    struct conn *c = arg;
    struct exchange_io *io = stream_of(s, id);

    if (!io)
        return 0;
    nghttp2_session_set_stream_user_data(s, id, NULL);
    detach(c, io);
    if (io->h2_sent_all && code == NGHTTP2_NO_ERROR) {
        if (c->h2->budget < BUDGET_MAX)
            c->h2->budget++;
        io->next = c->flushing; /* its last bytes are in the output */
        c->flushing = io;
    } else {
        exchange_orphan(io);
    }
    return 0;
}

/* ── answers ── */

static ssize_t read_body(nghttp2_session *s, int32_t id, uint8_t *p, size_t n, uint32_t *flags,
                         nghttp2_data_source *source, void *arg)
{
    struct conn *c = arg;
    struct exchange_io *io = source->ptr;
    ssize_t got = 0;
    bool ended = !io->x.is_stream;

    (void)s, (void)id;
    if (io->src.left)
        got = body_src_read(&io->src, (char *)p, n);
    else if (io->x.is_stream)
        got = (ssize_t)stream_take(io, (char *)p, n, &ended);
    if (got < 0)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* the file is shorter than was promised */
    io->h2_moved_us = loop_now_us(c->hl->loop);
    io->bytes += (uint64_t)got;
    if (ended && io->src.left == 0)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    else if (got == 0)
        return NGHTTP2_ERR_DEFERRED;
    return got;
}

void h2_answer(struct conn *c, struct exchange_io *io)
{
    nghttp2_nv nv[EXCHANGE_HEADERS_MAX + 3];
    nghttp2_data_provider body = { .source.ptr = io, .read_callback = read_body };
    bool has_body;
    size_t n;

    answer_prepare(io);
    has_body = !io->no_body && (io->x.is_stream || io->src.left);
    n = h2_answer_fields(io, nv);
    if (io->x.is_stream && !io->no_body)
        stream_begin(io);
    io->h2_moved_us = loop_now_us(c->hl->loop);
    if (nghttp2_submit_response(c->h2->s, io->h2_id, nv, n, has_body ? &body : NULL) != 0)
        nghttp2_submit_rst_stream(c->h2->s, NGHTTP2_FLAG_NONE, io->h2_id, NGHTTP2_INTERNAL_ERROR);
}

void h2_stream_data(struct exchange_io *io, bool cut)
{
    struct conn *c = io->conn;

    if (cut)
        nghttp2_submit_rst_stream(c->h2->s, NGHTTP2_FLAG_NONE, io->h2_id,
                                  NGHTTP2_ENHANCE_YOUR_CALM);
    else
        nghttp2_session_resume_data(c->h2->s, io->h2_id);
}

static int on_frame_sent(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
    struct exchange_io *io;

    (void)arg;
    if (!(f->hd.flags & NGHTTP2_FLAG_END_STREAM)
        || (f->hd.type != NGHTTP2_HEADERS && f->hd.type != NGHTTP2_DATA))
        return 0;
    io = stream_of(s, f->hd.stream_id);
    if (!io)
        return 0;
    io->h2_sent_all = true;
    return 0;
}

/* ── the session ── */

static nghttp2_session *session_new(struct conn *c)
{
    nghttp2_session_callbacks *cb;
    nghttp2_option *o;
    nghttp2_session *s;

    INVARIANT(nghttp2_session_callbacks_new(&cb) == 0 && nghttp2_option_new(&o) == 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
    nghttp2_session_callbacks_set_on_begin_frame_callback(cb, on_begin_frame);
    nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(cb, on_invalid_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_frame_sent);
    nghttp2_option_set_no_auto_window_update(o, 1);
    nghttp2_option_set_no_closed_streams(o, 1);
    INVARIANT(nghttp2_session_server_new2(&s, cb, c, o) == 0);
    nghttp2_option_del(o);
    nghttp2_session_callbacks_del(cb);
    return s;
}

bool h2_start(struct conn *c)
{
    const nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, (uint32_t)c->hl->lim.max_streams_h2 },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)c->hl->lim.max_header_bytes },
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
        { NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
    };
    struct h2 *h = calloc(1, sizeof(*h));

    INVARIANT(h);
    c->h2 = h;
    c->state = CONN_H2;
    c->fresh = false;
    h->budget = BUDGET_MAX;
    h->budget_us = loop_now_us(c->hl->loop);
    h->s = session_new(c);
    nghttp2_submit_settings(h->s, NGHTTP2_FLAG_NONE, settings, ARRAY_LEN(settings));
    nghttp2_session_set_local_window_size(h->s, NGHTTP2_FLAG_NONE, 0, CONN_WINDOW);
    return true;
}

size_t h2_input(struct conn *c, const char *p, size_t n)
{
    if (nghttp2_session_mem_recv(c->h2->s, (const uint8_t *)p, n) < 0)
        c->close_after = true; /* not HTTP/2, or a flood that nghttp2 saw */
    return n;
}

void h2_pull(struct conn *c)
{
    const uint8_t *p;
    ssize_t n = 0;

    while (c->hl->out.n < OUT_SOFT && (n = nghttp2_session_mem_send(c->h2->s, &p)) > 0)
        conn_write(c, p, (size_t)n);
    if (n < 0 || (!nghttp2_session_want_read(c->h2->s) && !nghttp2_session_want_write(c->h2->s)))
        c->close_after = true;
    if (c->close_after)
        c->linger = true; /* GOAWAY is of use only when it is read */
}

void h2_free(struct conn *c)
{
    struct h2 *h = c->h2;

    while (h->streams) {
        struct exchange_io *io = h->streams;

        detach(c, io);
        exchange_orphan(io);
    }
    nghttp2_session_del(h->s);
    free(h);
    c->h2 = NULL;
}
