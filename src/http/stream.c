/* Event streams: bytes queued by any thread, sent by the loop. The table and the queues are
 * guarded by the loop's streams_lock; a stream's io belongs to the loop's thread. */
#include "http/http_priv.h"

#include <stdlib.h>

enum { LOOP_BITS = 2 };

struct stream {
    struct stream *next; /* bucket */
    struct http_loop *hl;
    struct exchange_io *io;
    struct loop_post post;
    uint64_t id;
    char *q;
    size_t q_off, q_n, q_cap;
    size_t unsent; /* taken from q, not yet taken by the socket */
    bool posted;   /* post is in the loop's queue */
    bool ended;    /* no more bytes; said when q is empty */
    bool cut;      /* the reader is too slow */
    bool gone;     /* free it once post has run */
};

static struct stream **bucket(struct http_loop *hl, uint64_t id)
{
    return &hl->streams[(id >> LOOP_BITS) % STREAM_BUCKETS];
}

static struct stream *find(struct http_loop *hl, uint64_t id)
{
    struct stream *st = *bucket(hl, id);

    while (st && st->id != id)
        st = st->next;
    return st;
}

static void stream_free(struct stream *st)
{
    free(st->q);
    free(st);
}

/* ── the loop's side ── */

static void stream_run(struct loop_post *p)
{
    struct stream *st = (struct stream *)((char *)p - offsetof(struct stream, post));
    struct http_loop *hl = st->hl;
    struct conn *c;
    bool cut, gone;

    pthread_mutex_lock(&hl->streams_lock);
    st->posted = false;
    cut = st->cut;
    gone = st->gone;
    pthread_mutex_unlock(&hl->streams_lock);
    if (gone) {
        stream_free(st);
        return;
    }
    c = st->io->conn;
    if (!c || st->io->in_app)
        return;
    if (cut && c->state == CONN_STREAM) {
        STAT(hl, cut_slow, 1);
        conn_close(c);
        return;
    }
    if (c->state == CONN_H2)
        h2_stream_data(st->io, cut);
    conn_drive(c);
}

void stream_register(struct exchange_io *io)
{
    struct stream *st = calloc(1, sizeof(*st));
    struct http_loop *hl = io->hl;

    INVARIANT(st);
    st->id = exchange_stream_id(&io->x);
    st->hl = hl;
    st->io = io;
    st->post.run = stream_run;
    io->stream = st;
    pthread_mutex_lock(&hl->streams_lock);
    st->next = *bucket(hl, st->id);
    *bucket(hl, st->id) = st;
    pthread_mutex_unlock(&hl->streams_lock);
}

void stream_gone(struct exchange_io *io)
{
    const struct http_app *app = server_app(io->hl->srv);
    struct http_loop *hl = io->hl;
    struct stream *st = io->stream, **at = bucket(hl, st->id);
    bool posted;

    io->stream = NULL;
    pthread_mutex_lock(&hl->streams_lock);
    while (*at != st)
        at = &(*at)->next;
    *at = st->next;
    posted = st->posted;
    st->gone = true;
    pthread_mutex_unlock(&hl->streams_lock);
    if (app->on_stream_gone)
        app->on_stream_gone(io->stream_id, app->arg);
    if (io->stream_begun)
        STAT(hl, n_streams, -1);
    if (!posted)
        stream_free(st);
}

static void write_chunk(struct exchange_io *io, const char *p, size_t n)
{
    struct buf *out = &io->hl->out;
    size_t before = out->n;

    if (n == 0)
        return;
    if (io->x.version >= 11)
        buf_printf(out, "%zx\r\n", n);
    buf_add(out, p, n);
    if (io->x.version >= 11)
        BUF_LIT(out, "\r\n");
    io->bytes += out->n - before;
}

void stream_begin(struct exchange_io *io)
{
    io->stream_begun = true;
    STAT(io->hl, n_streams, 1);
    if (io->x.version < 20)
        write_chunk(io, io->src.p, io->src.left);
}

size_t stream_take(struct exchange_io *io, char *p, size_t n, bool *ended)
{
    struct stream *st = io->stream;

    pthread_mutex_lock(&io->hl->streams_lock);
    if (n > st->q_n - st->q_off)
        n = st->q_n - st->q_off;
    if (n)
        memcpy(p, st->q + st->q_off, n);
    st->q_off += n;
    if (st->q_off == st->q_n)
        st->q_off = st->q_n = 0;
    *ended = st->ended && st->q_n == 0;
    pthread_mutex_unlock(&io->hl->streams_lock);
    return n;
}

void stream_pump(struct exchange_io *io)
{
    struct stream *st = io->stream;
    struct conn *c = io->conn;
    bool ended;

    pthread_mutex_lock(&io->hl->streams_lock);
    write_chunk(io, st->q + st->q_off, st->q_n - st->q_off);
    st->unsent = st->q_n - st->q_off;
    st->q_off = st->q_n = 0;
    ended = st->ended || st->cut;
    if (st->unsent == 0) { /* an idle stream holds no memory */
        free(st->q);
        st->q = NULL;
        st->q_cap = 0;
    }
    pthread_mutex_unlock(&io->hl->streams_lock);
    if (!ended)
        return;
    if (io->x.version >= 11)
        conn_write(c, "0\r\n\r\n", 5);
    c->cur = NULL;
    io->next = c->flushing;
    c->flushing = io;
    c->close_after = true;
}

void stream_finish(struct exchange_io *io)
{
    pthread_mutex_lock(&io->hl->streams_lock);
    io->stream->ended = true;
    pthread_mutex_unlock(&io->hl->streams_lock);
}

/* ── any thread ── */

static void append(struct stream *st, struct str bytes)
{
    if (bytes.n > st->q_cap - st->q_n && st->q_off) {
        st->q_n -= st->q_off;
        memmove(st->q, st->q + st->q_off, st->q_n);
        st->q_off = 0;
    }
    if (bytes.n > st->q_cap - st->q_n) {
        st->q_cap = (st->q_n + bytes.n) * 2;
        st->q = realloc(st->q, st->q_cap);
        INVARIANT(st->q); /* ANALYZER-OK: its owner's struct holds it */
    }
    if (bytes.n)
        memcpy(st->q + st->q_n, bytes.p, bytes.n);
    st->q_n += bytes.n;
}

/* Marks st as waiting in the loop's queue; true when the caller has to post it. */
static bool claim_post(struct stream *st)
{
    bool mine = !st->posted;

    st->posted = true;
    return mine;
}

bool http_stream_send(struct http_server *s, uint64_t id, struct str bytes)
{
    struct http_loop *hl = server_loop(s, id & ((1u << LOOP_BITS) - 1));
    struct stream *st;
    bool ok = false, post = false;

    if (!hl)
        return false;
    pthread_mutex_lock(&hl->streams_lock);
    st = find(hl, id);
    if (st && !st->ended && !st->cut) {
        size_t waiting = st->q_n - st->q_off + st->unsent;
        size_t max = atomic_load_explicit(&hl->stream_backlog, memory_order_relaxed);

        ok = bytes.n <= max && waiting <= max - bytes.n;
        if (ok)
            append(st, bytes);
        else
            st->cut = true;
        post = claim_post(st);
    }
    if (post) /* under the lock: st may be freed by the loop right after */
        loop_post(hl->loop, &st->post);
    pthread_mutex_unlock(&hl->streams_lock);
    return ok;
}

void http_stream_end(struct http_server *s, uint64_t id)
{
    struct http_loop *hl = server_loop(s, id & ((1u << LOOP_BITS) - 1));
    struct stream *st;

    if (!hl)
        return;
    pthread_mutex_lock(&hl->streams_lock);
    st = find(hl, id);
    if (st && !st->ended) {
        st->ended = true;
        if (claim_post(st))
            loop_post(hl->loop, &st->post);
    }
    pthread_mutex_unlock(&hl->streams_lock);
}
