#include "http/http_priv.h"
#include "http/syntax.h"

#include <stdlib.h>
#include <unistd.h>

/* ── life ── */

struct exchange_io *exchange_new(struct http_loop *hl, struct conn *c)
{
    struct exchange_io *io = hl->pool;
    struct arena *a;

    if (io) {
        hl->pool = io->next;
        hl->n_pool--;
        a = io->x.arena;
    } else {
        io = malloc(sizeof(*io));
        INVARIANT(io);
        a = arena_new(ARENA_CAP);
    }
    *io = (struct exchange_io){ .hl = hl, .conn = c, .src.fd = -1 };
    io->x = (struct exchange){
        .arena = a,
        .io = io,
        .body_fd = -1,
        .out_fd = -1,
        .method = HTTP_OTHER,
        .version = 11,
        .start_us = loop_now_us(hl->loop),
    };
    if (c) {
        io->x.peer = c->peer;
        io->x.tls = c->is_tls;
    }
    STAT(hl, busy, 1);
    return io;
}

void exchange_free(struct exchange_io *io)
{
    struct http_loop *hl = io->hl;

    if (io->x.body_fd >= 0)
        close(io->x.body_fd);
    if (io->x.out_fd >= 0)
        close(io->x.out_fd);
    STAT(hl, busy, -1);
    if (hl->n_pool >= POOL_MAX) {
        arena_free(&io->x.arena);
        free(io);
        return;
    }
    arena_reset(io->x.arena);
    io->next = hl->pool;
    hl->pool = io;
    hl->n_pool++;
}

void exchange_done(struct exchange_io *io, bool complete)
{
    const struct http_app *app = server_app(io->hl->srv);

    if (io->stream)
        stream_gone(io);
    if (io->seen)
        app->on_sent(&io->x, io->bytes, complete, app->arg);
    exchange_free(io);
}

void exchange_orphan(struct exchange_io *io)
{
    io->conn = NULL;
    if (!io->in_app)
        exchange_done(io, false);
}

/* ── the application's calls ── */

void exchange_refuse(struct exchange_io *io, enum rc why, const char *detail)
{
    const struct http_app *app = server_app(io->hl->srv);

    io->x.n_out = 0;
    io->x.status = 0;
    io->x.out_body = BUF_ARENA(io->x.arena, OUT_BODY_MAX);
    io->x.is_stream = false;
    io->seen = true;
    io->replied = true;
    app->on_refused(&io->x, why, detail, app->arg);
    if (io->x.status == 0)
        io->x.status = rc_status(why);
}

bool exchange_headers(struct exchange_io *io)
{
    const struct http_app *app = server_app(io->hl->srv);
    enum http_verdict v;

    io->x.out_body = BUF_ARENA(io->x.arena, OUT_BODY_MAX);
    io->seen = true;
    STAT(io->hl, requests, 1);
    v = app->on_headers(&io->x, app->arg, &io->max_body, &io->spool);
    if (v == HTTP_ANSWER_NOW) {
        io->replied = true;
        return false;
    }
    if (io->has_length && io->expect > io->max_body) {
        exchange_refuse(io, RC_TOO_BIG, "the body is larger than is allowed here");
        return false;
    }
    return true;
}

static void come_home(struct loop_post *p)
{
    struct exchange_io *io = (struct exchange_io *)((char *)p - offsetof(struct exchange_io, post));
    struct conn *c = io->conn;

    io->in_app = false;
    io->replied = true;
    io->hl->n_app--;
    if (!c) {
        exchange_done(io, false);
        return;
    }
    if (c->state == CONN_H2)
        h2_answer(c, io);
    else
        h1_answer(c, io);
    conn_drive(c);
}

/* The exchange whose on_request() is running on this thread: its reply needs no wake-up. */
static _Thread_local struct exchange_io *running_here;

bool exchange_run(struct exchange_io *io)
{
    const struct http_app *app = server_app(io->hl->srv);

    io->in_app = true;
    io->hl->n_app++;
    running_here = io;
    app->on_request(&io->x, app->arg);
    running_here = NULL;
    if (!io->replied) /* another thread never writes it */
        return false;
    io->in_app = false;
    io->hl->n_app--;
    return true;
}

void exchange_reply(struct exchange *x)
{
    struct exchange_io *io = x->io;

    answer_prepare(io);
    if (x->is_stream)
        stream_register(io);
    if (running_here == io) {
        io->replied = true;
        return;
    }
    io->post.run = come_home;
    loop_post(io->hl->loop, &io->post);
}

/* ── headers ── */

struct str http_header_get(const struct exchange *x, struct str name)
{
    for (size_t i = 0; i < x->n_headers; i++)
        if (str_eq(x->headers[i].name, name))
            return x->headers[i].value;
    return STR_NONE;
}

/* Framing is http/'s own business. */
static bool is_framing(struct str name)
{
    static const struct str ours[] = {
        { "content-length", 14 }, { "transfer-encoding", 17 },
        { "connection", 10 },     { "date", 4 },
        { "keep-alive", 10 },     { "upgrade", 7 },
    };

    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        if (str_eq(name, ours[i]))
            return true;
    return false;
}

enum rc exchange_header(struct exchange *x, struct str name, struct str value)
{
    if (x->n_out == EXCHANGE_HEADERS_MAX || is_framing(name) || !syntax_value(value))
        return RC_INVALID;
    x->out[x->n_out++] = (struct http_header){ name, str_dup(value, x->arena) };
    return RC_OK;
}

void exchange_header_own(struct exchange *x, struct str name, struct str value)
{
    if (x->n_out < EXCHANGE_HEADERS_MAX)
        x->out[x->n_out++] = (struct http_header){ name, value };
}

uint64_t exchange_stream_id(const struct exchange *x)
{
    struct exchange_io *io = x->io;

    if (!io->stream_id)
        io->stream_id = server_next_stream(io->hl->srv, io->hl->index);
    return io->stream_id;
}
