/* Deadlines and the orderly end of HTTP/2 connections. */
#include "http/h2_priv.h"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t h2_tick(const struct limits *lim)
{
    return least(least(US_PER_S, lim->header_us), least(lim->body_idle_us, lim->write_us));
}

bool h2_is_idle(const struct conn *c)
{
    return c->h2->n_streams == 0;
}

int64_t h2_deadline(const struct conn *c)
{
    return c->h2->n_streams ? c->h2->tick_us : INT64_MAX;
}

static int64_t stream_deadline(const struct exchange_io *io, const struct limits *lim)
{
    if (io->in_app) /* and its other fields are not ours to read */
        return INT64_MAX;
    if (!io->h2_head->done)
        return io->body_start_us + lim->header_us;
    if (!io->body_done && !io->replied)
        return conn_deadline(io->body_start_us, io->body_last_us, lim->body_idle_us, io->x.body_len,
                             lim->body_min_rate);
    if (io->replied && !io->x.is_stream) /* the client opens no window */
        return io->h2_moved_us + lim->write_us;
    return INT64_MAX;
}

bool h2_timeout(struct conn *c)
{
    struct h2 *h = c->h2;
    const struct limits *lim = &c->hl->lim;
    int64_t now = loop_now_us(c->hl->loop);

    h->tick_us = now + h2_tick(lim);
    for (struct exchange_io *io = h->streams, *next; io; io = next) {
        next = io->h2_next;
        if (stream_deadline(io, lim) > now)
            continue;
        STAT(c->hl, cut_slow, 1);
        if (io->h2_sent_all) { /* answered early, and the rest of the body does not come */
            io->h2_moved_us = now;
            nghttp2_submit_rst_stream(h->s, NGHTTP2_FLAG_NONE, io->h2_id, NGHTTP2_NO_ERROR);
            continue;
        }
        if (!io->h2_head->done || io->replied) {
            nghttp2_session_terminate_session(h->s, NGHTTP2_ENHANCE_YOUR_CALM);
            return true;
        }
        exchange_refuse(io, RC_TIMEOUT, "the body came too slowly");
        h2_answer(c, io);
    }
    return true;
}

void h2_drain(struct conn *c)
{
    struct h2 *h = c->h2;

    if (h->draining)
        return;
    h->draining = true;
    nghttp2_submit_goaway(h->s, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(h->s),
                          NGHTTP2_NO_ERROR, NULL, 0);
    for (struct exchange_io *io = h->streams; io; io = io->h2_next) {
        if (!io->stream)
            continue;
        stream_finish(io);
        if (io->stream_begun)
            nghttp2_session_resume_data(h->s, io->h2_id);
    }
}
