/* A connection: bytes in, bytes out, deadlines, the end. Knows no protocol beyond which one it is.
 */
#include "http/http_priv.h"
#include "net/tls.h"

#include <stdlib.h>

enum { READS_PER_EVENT = 4, PREFACE_LEN = 24 };

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/* ── life ── */

static void conn_fire(struct loop_timer *t);
static void settle(struct conn *c);

struct conn *conn_new(struct http_loop *hl, struct sock sock, const struct addr *peer)
{
    struct conn *c = calloc(1, sizeof(*c));

    INVARIANT(c);
    c->hl = hl;
    c->sock = sock;
    c->peer = *peer;
    c->io.fd = sock.fd;
    c->io.ready = conn_ready;
    c->timer.fire = conn_fire;
    c->is_tls = sock.ssl != NULL;
    c->state = c->is_tls ? CONN_NEW : CONN_DETECT;
    c->fresh = true;
    c->since_us = loop_now_us(hl->loop);
    c->next = &hl->conns;
    c->prev = hl->conns.prev;
    c->prev->next = c;
    c->next->prev = c;
    loop_timer_set(hl->loop, &c->timer, c->since_us + hl->lim.header_us);
    return c;
}

static void flushed(struct conn *c, bool complete)
{
    while (c->flushing) {
        struct exchange_io *io = c->flushing;

        c->flushing = io->next;
        exchange_done(io, complete);
    }
    c->n_flushing = 0;
}

static void drop_exchanges(struct conn *c)
{
    struct exchange_io *cur = c->cur, *sending = c->sending;

    c->cur = c->sending = NULL;
    flushed(c, false);
    if (sending)
        exchange_done(sending, false);
    if (cur)
        exchange_orphan(cur);
    if (c->h2)
        h2_free(c);
}

void conn_close(struct conn *c)
{
    struct http_loop *hl = c->hl;

    if (c->state == CONN_CLOSED)
        return;
    c->state = CONN_CLOSED;
    hl->out.n = 0; /* the scratch was this connection's, or empty */
    drop_exchanges(c);
    loop_timer_clear(hl->loop, &c->timer);
    c->sock.ops->close(&c->sock);
    if (c->counted)
        server_forget(hl, &c->peer);
    free(c->in);
    free(c->out);
    c->in = c->out = NULL;
    c->in_n = c->out_n = 0;
    c->prev->next = c->next;
    c->next->prev = c->prev;
    c->next = hl->dead;
    hl->dead = c;
}

void conn_sweep(struct http_loop *hl)
{
    while (hl->dead) {
        struct conn *c = hl->dead;

        hl->dead = c->next;
        free(c);
    }
}

/* Answered and done: a client that is still sending would lose the answer to a reset. */
static void conn_end(struct conn *c)
{
    if (!c->linger) {
        conn_close(c);
        return;
    }
    c->sock.ops->shutdown(&c->sock);
    c->state = CONN_LINGER;
    c->since_us = loop_now_us(c->hl->loop);
    c->in_n = 0;
}

/* ── deadlines ── */

int64_t conn_deadline(int64_t start_us, int64_t last_us, int64_t idle_us, uint64_t bytes,
                      size_t rate)
{
    int64_t quiet = last_us + idle_us, fair;

    if (rate == 0)
        return quiet;
    fair = start_us + idle_us + (int64_t)(bytes / rate) * US_PER_S;
    return fair < quiet ? fair : quiet;
}

static int64_t h1_deadline(const struct conn *c)
{
    const struct limits *lim = &c->hl->lim;
    const struct exchange_io *io = c->cur;

    if (io && io->body_done)
        return INT64_MAX; /* the application has it */
    if (io)
        return conn_deadline(io->body_start_us, io->body_last_us, lim->body_idle_us, io->x.body_len,
                             lim->body_min_rate);
    if (c->in_n || c->skip || c->fresh)
        return c->since_us + lim->header_us;
    return c->since_us + lim->idle_us;
}

static int64_t deadline(const struct conn *c)
{
    const struct limits *lim = &c->hl->lim;

    if (c->state == CONN_LINGER)
        return c->since_us + LINGER_MS * US_PER_MS;
    if (c->write_start_us)
        return conn_deadline(c->write_start_us, c->write_last_us, lim->write_us, c->sent,
                             lim->body_min_rate);
    if (c->state == CONN_STREAM)
        return INT64_MAX;
    if (c->state == CONN_H2)
        return h2_is_idle(c) ? c->since_us + lim->idle_us : h2_deadline(c);
    if (c->state == CONN_H1)
        return h1_deadline(c);
    return c->since_us + lim->header_us;
}

static void conn_fire(struct loop_timer *t)
{
    struct conn *c = (struct conn *)((char *)t - offsetof(struct conn, timer));
    bool idle = conn_is_idle(c) || c->state == CONN_LINGER;

    if (deadline(c) > loop_now_us(c->hl->loop)) {
        settle(c);
        return;
    }
    if (!idle && c->state != CONN_H2)
        STAT(c->hl, cut_slow, 1);
    if (!idle && !c->write_start_us && c->state == CONN_H1) {
        h1_timeout(c);
        conn_drive(c);
    } else if (c->state == CONN_H2 && !c->write_start_us && !idle && h2_timeout(c)) {
        conn_drive(c);
    } else {
        conn_close(c);
    }
}

bool conn_is_idle(const struct conn *c)
{
    if (c->state == CONN_H2)
        return h2_is_idle(c) && !c->write_start_us;
    return !c->cur && !c->sending && !c->in_n && !c->skip && !c->write_start_us
           && c->state != CONN_NEW;
}

void conn_drain(struct conn *c)
{
    if (c->state == CONN_H2) {
        h2_drain(c);
        conn_drive(c);
    } else if (c->state == CONN_STREAM && c->cur) {
        stream_finish(c->cur);
        conn_drive(c);
    } else if (conn_is_idle(c) || c->state == CONN_NEW) {
        conn_close(c);
    }
}

/* ── output ── */

void conn_write(struct conn *c, const void *p, size_t n)
{
    buf_add(&c->hl->out, p, n);
}

/* What the socket did not take now waits in memory of the connection's own. */
static void keep_output(struct conn *c, const char *p, size_t n)
{
    if (n == 0)
        return;
    if (c->out_off) {
        c->out_n -= c->out_off;
        memmove(c->out, c->out + c->out_off, c->out_n);
        c->out_off = 0;
    }
    if (n > c->out_cap - c->out_n) {
        c->out_cap = c->out_n + n;
        c->out = realloc(c->out, c->out_cap);
        INVARIANT(c->out);
    }
    memcpy(c->out + c->out_n, p, n);
    c->out_n += n;
}

static void release_output(struct conn *c)
{
    free(c->out);
    c->out = NULL;
    c->out_n = c->out_off = c->out_cap = 0;
}

enum flush { FLUSH_DONE, FLUSH_BLOCKED, FLUSH_DEAD };

static void on_blocked(struct conn *c)
{
    int64_t now = loop_now_us(c->hl->loop);

    if (c->write_start_us)
        return;
    c->write_start_us = c->write_last_us = now;
    c->sent = 0;
}

static ssize_t send_some(struct conn *c, struct str head, struct body_src *src)
{
    struct iovec v[2];
    int n = 0;

    if (head.n)
        v[n++] = (struct iovec){ (void *)(uintptr_t)head.p, head.n };
    if (src && src->left && src->fd < 0)
        v[n++] = (struct iovec){ (void *)(uintptr_t)(src->p + src->off), src->left };
    if (n)
        return c->sock.ops->writev(&c->sock, v, n);
    return c->sock.ops->sendfile(&c->sock, src->fd, src->off, src->left < GIB ? src->left : GIB);
}

static void on_sent_bytes(struct conn *c, struct str *head, struct body_src *src, size_t n)
{
    size_t of_head = n < head->n ? n : head->n;

    STAT(c->hl, bytes_out, (int64_t)n);
    c->sent += n;
    c->write_last_us = loop_now_us(c->hl->loop);
    *head = str_sub(*head, of_head, head->n);
    if (src && n > of_head) { /* without a body no more than the head was given to send */
        src->off += n - of_head;
        src->left -= n - of_head;
    }
}

static enum flush conn_flush(struct conn *c)
{
    struct buf *scratch = &c->hl->out;
    struct body_src *src = c->sending ? &c->sending->src : NULL;
    struct str head;
    bool from_scratch;

    if (c->out_n && scratch->n) {
        keep_output(c, scratch->p, scratch->n);
        scratch->n = 0;
    }
    from_scratch = c->out_n == 0;
    head = from_scratch ? buf_view(scratch)
                        : (struct str){ c->out + c->out_off, c->out_n - c->out_off };
    while (head.n || (src && src->left)) {
        ssize_t n = send_some(c, head, src);

        if (n == SOCK_DEAD)
            return FLUSH_DEAD;
        if (n == SOCK_AGAIN) {
            scratch->n = 0;
            if (from_scratch)
                keep_output(c, head.p, head.n);
            else
                c->out_off = c->out_n - head.n;
            on_blocked(c);
            return FLUSH_BLOCKED;
        }
        on_sent_bytes(c, &head, src, (size_t)n);
    }
    scratch->n = 0;
    if (!from_scratch)
        release_output(c);
    c->write_start_us = 0;
    return FLUSH_DONE;
}

/* ── input ── */

static bool may_read(const struct conn *c)
{
    switch (c->state) {
    case CONN_H1:
        return h1_may_take(c);
    case CONN_H2:
        return c->out_n - c->out_off < OUT_SOFT && !c->close_after;
    case CONN_CLOSED:
        return false;
    case CONN_NEW:
    case CONN_DETECT:
    case CONN_STREAM:
    case CONN_LINGER:
        return true;
    }
    return false;
}

/* 0: needs more bytes to tell. */
static bool detect(struct conn *c, const char *p, size_t n)
{
    size_t cmp = n < PREFACE_LEN ? n : PREFACE_LEN;

    if (c->is_redirect || memcmp(p, preface, cmp) != 0) {
        c->state = CONN_H1;
        return true;
    }
    if (n < PREFACE_LEN)
        return false;
    return h2_start(c);
}

static size_t feed(struct conn *c, const char *p, size_t n)
{
    if (c->state == CONN_DETECT && !detect(c, p, n))
        return 0;
    if (c->state == CONN_H1)
        return h1_input(c, p, n);
    if (c->state == CONN_H2)
        return h2_input(c, p, n);
    return n; /* what a lingering, streaming or closed connection is told is dropped */
}

static void keep_input(struct conn *c, const char *p, size_t n)
{
    if (n == 0)
        return;
    if (n > c->in_cap - c->in_n) {
        c->in_cap = c->in_n + n;
        c->in = realloc(c->in, c->in_cap);
        INVARIANT(c->in);
    }
    memcpy(c->in + c->in_n, p, n);
    c->in_n += n;
}

static size_t feed_kept(struct conn *c)
{
    size_t used = feed(c, c->in, c->in_n);

    if (c->state == CONN_CLOSED || used == 0)
        return used;
    c->in_n = c->in_n > used ? c->in_n - used : 0;
    if (c->in_n) {
        memmove(c->in, c->in + used, c->in_n);
        return used;
    }
    free(c->in);
    c->in = NULL;
    c->in_cap = 0;
    return used;
}

void conn_input(struct conn *c, const char *p, size_t n)
{
    size_t used;

    if (c->in_n) {
        keep_input(c, p, n);
        feed_kept(c);
    } else {
        if (c->state != CONN_H2) /* there, idle is what has no stream */
            c->since_us = loop_now_us(c->hl->loop);
        used = feed(c, p, n);
        if (c->state != CONN_CLOSED)
            keep_input(c, p + used, n - used);
    }
    conn_drive(c);
}

static void conn_read(struct conn *c)
{
    char *p = c->hl->rbuf;

    for (int i = 0; i < READS_PER_EVENT && c->state != CONN_CLOSED && may_read(c); i++) {
        ssize_t n = c->sock.ops->read(&c->sock, p, READ_SIZE);

        if (n == SOCK_AGAIN)
            break;
        if (n == SOCK_DEAD || n == 0) { /* nothing is read while a request is being answered, so */
            conn_close(c);              /* a client that only stops sending gets its answer first */
            return;
        }
        STAT(c->hl, bytes_in, n);
        conn_input(c, p, (size_t)n);
        if (n < READ_SIZE && !c->is_tls)
            return; /* emptied, and conn_input() has settled */
    }
    if (c->state != CONN_CLOSED)
        conn_drive(c);
}

/* ── driving ── */

/* One step; true when another may help. */
static bool step(struct conn *c)
{
    enum flush f = conn_flush(c);

    if (f == FLUSH_DEAD) {
        conn_close(c);
        return false;
    }
    if (f == FLUSH_BLOCKED)
        return false;
    flushed(c, true);
    if (c->sending) {
        struct exchange_io *io = c->sending;

        c->sending = NULL;
        exchange_done(io, true);
    }
    if (c->state == CONN_H2)
        h2_pull(c);
    else if (c->state == CONN_STREAM && c->cur)
        stream_pump(c->cur);
    if (c->hl->out.n)
        return true;
    if (c->close_after) {
        conn_end(c);
        return false;
    }
    if (c->in_n && feed_kept(c) > 0)
        return true;
    return false;
}

static void settle(struct conn *c)
{
    struct http_loop *hl = c->hl;
    uint32_t want = may_read(c) ? EPOLLIN : c->io.events & EPOLLIN;

    if (c->write_start_us || c->sock.want_write)
        want |= EPOLLOUT;
    if (c->io.fd >= 0 && want != c->io.events)
        loop_change(hl->loop, &c->io, want);
    loop_timer_set(hl->loop, &c->timer, deadline(c));
}

void conn_drive(struct conn *c)
{
    if (c->busy || c->state == CONN_CLOSED)
        return;
    c->busy = true;
    while (c->state != CONN_CLOSED && c->state != CONN_LINGER && step(c))
        ;
    c->busy = false;
    if (c->state != CONN_CLOSED)
        settle(c);
}

static void handshake(struct conn *c)
{
    enum rc rc = tls_handshake(&c->sock);

    if (rc == RC_FAIL) {
        STAT(c->hl, tls_failed, 1);
        conn_close(c);
        return;
    }
    if (rc == RC_OK) {
        c->state = CONN_H1;
        c->since_us = loop_now_us(c->hl->loop);
        if (tls_is_h2(&c->sock) && !h2_start(c))
            return;
        conn_read(c);
        return;
    }
    settle(c);
}

void conn_ready(struct loop_io *io, uint32_t events)
{
    struct conn *c = (struct conn *)((char *)io - offsetof(struct conn, io));

    if (c->state == CONN_CLOSED)
        return;
    if (events & (EPOLLERR | EPOLLHUP)) {
        conn_close(c);
        return;
    }
    if (c->state == CONN_NEW) {
        handshake(c);
        return;
    }
    if (c->sock.want_write) /* TLS waits to write before it can read on */
        events |= EPOLLIN;
    if (events & EPOLLOUT)
        conn_drive(c);
    if (c->state == CONN_CLOSED || !(events & EPOLLIN))
        return;
    if (may_read(c))
        conn_read(c);
    else
        loop_change(c->hl->loop, &c->io, c->io.events & ~(uint32_t)EPOLLIN);
}
