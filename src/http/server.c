/* Starting, stopping, draining; what all loops share. */
#include "base/wait.h"
#include "http/census.h"
#include "http/http_priv.h"
#include "http/parser.h"
#include "net/listen.h"
#include "net/tls.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { FDS_MAX = 8, LOOP_BITS = 2, OUT_FIRST = 4096 };

struct http_server {
    struct http_app app;
    struct http_loop loops[LOOPS_MAX];
    size_t n_loops;
    struct tls *tls;
    struct census *census;
    char *spool_dir, *unix_path, *redirect_origin;
    int port, redirect_to;
    int shared[FDS_MAX]; /* listening sockets of all loops: Unix, inherited */
    size_t n_shared;
    _Atomic size_t open, max_connections, max_per_address;
    _Atomic uint64_t next_stream;
    pthread_mutex_t lock; /* guards is_drained of the loops */
    pthread_cond_t idle;  /* a loop has no connection left */
};

/* ── what the loops ask ── */

const struct http_app *server_app(const struct http_server *s)
{
    return &s->app;
}

struct str server_spool_dir(const struct http_server *s)
{
    return str_of(s->spool_dir);
}

int server_redirect_to(const struct http_server *s)
{
    return s->redirect_to;
}

struct str server_redirect_origin(const struct http_server *s)
{
    return str_of(s->redirect_origin);
}

struct tls *server_tls(const struct http_server *s)
{
    return s->tls;
}

struct http_loop *server_loop(struct http_server *s, size_t i)
{
    return i < s->n_loops ? &s->loops[i] : NULL;
}

uint64_t server_next_stream(struct http_server *s, size_t loop_index)
{
    return (atomic_fetch_add(&s->next_stream, 1) + 1) << LOOP_BITS | loop_index;
}

enum admit server_admit(struct http_loop *hl, const struct addr *peer)
{
    struct http_server *s = hl->srv;

    if (atomic_fetch_add(&s->open, 1) >= atomic_load(&s->max_connections)) {
        atomic_fetch_sub(&s->open, 1);
        return ADMIT_FULL;
    }
    if (!peer->is_unix && !census_add(s->census, peer, atomic_load(&s->max_per_address))) {
        atomic_fetch_sub(&s->open, 1);
        return ADMIT_ADDRESS;
    }
    STAT(hl, open, 1);
    return ADMIT_OK;
}

void server_forget(struct http_loop *hl, const struct addr *peer)
{
    atomic_fetch_sub(&hl->srv->open, 1);
    STAT(hl, open, -1);
    if (!peer->is_unix)
        census_remove(hl->srv->census, peer);
}

static bool ring_is_empty(const struct http_loop *hl)
{
    return hl->conns.next == &hl->conns;
}

void server_check_idle(struct http_loop *hl)
{
    if (!hl->draining || !ring_is_empty(hl) || hl->n_app)
        return;
    pthread_mutex_lock(&hl->srv->lock);
    hl->is_drained = true;
    pthread_cond_broadcast(&hl->srv->idle);
    pthread_mutex_unlock(&hl->srv->lock);
    if (hl->stopping)
        loop_stop(hl->loop);
}

/* ── limits ── */

static struct limits limits_of(const struct http_opts *o)
{
    return (struct limits){
        .max_request_line = o->max_request_line,
        .max_header_bytes = o->max_header_bytes,
        .max_headers = o->max_headers,
        .max_requests_per_connection = o->max_requests_per_connection,
        .max_streams_h2 = o->max_streams_h2,
        .header_us = o->header_ms * US_PER_MS,
        .body_idle_us = o->body_idle_ms * US_PER_MS,
        .idle_us = o->idle_ms * US_PER_MS,
        .write_us = o->write_ms * US_PER_MS,
        .body_min_rate = o->body_min_rate,
    };
}

static void limits_apply(struct http_loop *hl, const struct limits *lim)
{
    hl->lim = *lim;
    if (hl->cap_fields < lim->max_headers) {
        hl->fields = realloc(hl->fields, lim->max_headers * sizeof(*hl->fields));
        INVARIANT(hl->fields); /* ANALYZER-OK: its owner's struct holds it */
        hl->cap_fields = lim->max_headers;
    }
}

struct new_limits {
    struct loop_post post;
    struct http_loop *hl;
    struct limits lim;
};

static void limits_run(struct loop_post *p)
{
    struct new_limits *n = (struct new_limits *)((char *)p - offsetof(struct new_limits, post));

    limits_apply(n->hl, &n->lim);
    free(n);
}

static void share_limits(struct http_server *s, const struct http_opts *o)
{
    atomic_store(&s->max_connections, o->max_connections);
    atomic_store(&s->max_per_address, o->max_per_address);
    for (size_t i = 0; i < s->n_loops; i++)
        atomic_store(&s->loops[i].stream_backlog, o->max_stream_backlog);
}

void http_set_limits(struct http_server *s, const struct http_opts *o)
{
    share_limits(s, o);
    for (size_t i = 0; i < s->n_loops; i++) {
        struct new_limits *n = calloc(1, sizeof(*n));

        INVARIANT(n);
        *n = (struct new_limits){ { NULL, limits_run }, &s->loops[i], limits_of(o) };
        loop_post(s->loops[i].loop, &n->post);
    }
}

/* ── loops ── */

static void after_batch(void *arg)
{
    struct http_loop *hl = arg;

    if (hl->dead)
        conn_sweep(hl);
    if (hl->draining)
        server_check_idle(hl);
}

static void drain_run(struct loop_post *p)
{
    struct http_loop *hl = (struct http_loop *)((char *)p - offsetof(struct http_loop, drain));

    hl->draining = true;
    listeners_close(hl);
    for (struct conn *c = hl->conns.next, *next; c != &hl->conns; c = next) {
        next = c->next;
        conn_drain(c);
    }
}

static void cut_run(struct loop_post *p)
{
    struct http_loop *hl = (struct http_loop *)((char *)p - offsetof(struct http_loop, cut));

    hl->draining = true;
    while (!ring_is_empty(hl))
        conn_close(hl->conns.next);
}

static void stop_run(struct loop_post *p)
{
    struct http_loop *hl = (struct http_loop *)((char *)p - offsetof(struct http_loop, stop));

    listeners_close(hl);
    hl->stopping = true; /* at once, or when the application has handed back what it holds */
    cut_run(&hl->cut);
}

void http_loop_init(struct http_loop *hl, struct http_server *s, size_t index)
{
    hl->srv = s;
    hl->index = index;
    hl->conns.next = hl->conns.prev = &hl->conns;
    hl->out = BUF_HEAP(OUT_MAX);
    hl->rbuf = malloc(READ_SIZE);
    INVARIANT(hl->rbuf); /* ANALYZER-OK: its owner's struct holds it */
    buf_reserve(&hl->out, OUT_FIRST);
    pthread_mutex_init(&hl->streams_lock, NULL);
    hl->drain.run = drain_run;
    hl->cut.run = cut_run;
    hl->stop.run = stop_run;
}

static void http_loop_release(struct http_loop *hl)
{
    conn_sweep(hl);
    while (hl->pool) {
        struct exchange_io *io = hl->pool;

        hl->pool = io->next;
        arena_free(&io->x.arena);
        free(io);
    }
    for (size_t i = 0; i < hl->n_listeners; i++) /* never started */
        if (!hl->listeners[i].is_shared)
            close(hl->listeners[i].io.fd);
    buf_release(&hl->out);
    free(hl->rbuf);
    free(hl->fields);
    loop_free(&hl->loop);
    if (hl->srv)
        pthread_mutex_destroy(&hl->streams_lock);
}

static void *loop_main(void *arg)
{
    struct http_loop *hl = arg;
    char name[16];
    sigset_t all;

    sigfillset(&all); /* signals are main's; SIGPIPE of sendfile and OpenSSL becomes EPIPE */
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    snprintf(name, sizeof(name), "http-%zu", hl->index);
    pthread_setname_np(pthread_self(), name);
    loop_run(hl->loop);
    return NULL;
}

/* ── listening ── */

static enum rc add_tcp(struct http_server *s, const struct http_opts *o, bool is_redirect,
                       struct err *e)
{
    int port = is_redirect ? o->redirect_port : o->port, fds[2];
    size_t n;

    for (size_t i = 0; i < s->n_loops; i++) {
        TRY(listen_tcp(o->host, &port, i == 0, fds, &n, e));
        for (size_t k = 0; k < n; k++) {
            struct listener *l = listener_add(&s->loops[i], fds[k]);

            l->is_tls = s->tls && !is_redirect;
            l->is_redirect = is_redirect;
        }
    }
    if (!is_redirect)
        s->port = port;
    return RC_OK;
}

static void add_shared(struct http_server *s, int fd, bool is_tls)
{
    s->shared[s->n_shared++] = fd;
    for (size_t i = 0; i < s->n_loops; i++) {
        struct listener *l = listener_add(&s->loops[i], fd);

        l->is_shared = true;
        l->is_tls = is_tls;
    }
}

static enum rc add_listeners(struct http_server *s, const struct http_opts *o, struct err *e)
{
    int fd;

    if (o->n_inherited > FDS_MAX - 1)
        return err_set(e, RC_FAIL, "listen", "more than %d inherited sockets", FDS_MAX - 1);
    for (size_t i = 0; i < o->n_inherited; i++) {
        TRY(listen_inherited(o->inherited[i], e));
        add_shared(s, o->inherited[i], s->tls && listen_port(o->inherited[i]));
        if (!s->port)
            s->port = listen_port(o->inherited[i]);
    }
    if (o->n_inherited == 0 && o->host.n)
        TRY(add_tcp(s, o, false, e));
    if (s->tls && o->redirect_port)
        TRY(add_tcp(s, o, true, e));
    if (o->unix_path.n) {
        TRY(listen_unix(o->unix_path, &fd, e));
        s->unix_path = strndup(o->unix_path.p, o->unix_path.n);
        add_shared(s, fd, false);
    }
    s->redirect_to = s->port;
    return RC_OK;
}

/* ── life ── */

static void server_free(struct http_server **sp)
{
    struct http_server *s = *sp;

    for (size_t i = 0; i < s->n_loops; i++)
        http_loop_release(&s->loops[i]);
    for (size_t i = 0; i < s->n_shared; i++)
        close(s->shared[i]);
    if (s->unix_path)
        unlink(s->unix_path);
    tls_free(&s->tls);
    census_free(&s->census);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->idle);
    free(s->unix_path);
    free(s->spool_dir);
    free(s->redirect_origin);
    free(s);
    *sp = NULL;
}

static struct http_server *server_new(const struct http_opts *o, const struct http_app *app)
{
    struct http_server *s = calloc(1, sizeof(*s));

    INVARIANT(s);
    s->app = *app;
    s->census = census_new(o->max_connections);
    s->spool_dir = strndup(o->spool_dir.p ? o->spool_dir.p : "", o->spool_dir.n);
    s->redirect_origin = strndup(o->redirect_origin.p ? o->redirect_origin.p : "", o->redirect_origin.n);
    INVARIANT(s->spool_dir && s->redirect_origin);
    pthread_mutex_init(&s->lock, NULL);
    wait_cond_init(&s->idle);
    s->n_loops = o->loops < 1 ? 1 : o->loops > LOOPS_MAX ? LOOPS_MAX : o->loops;
    share_limits(s, o);
    return s;
}

static enum rc server_prepare(struct http_server *s, const struct http_opts *o, struct err *e)
{
    struct limits lim = limits_of(o);

    for (size_t i = 0; i < s->n_loops; i++) {
        struct http_loop *hl = &s->loops[i];

        http_loop_init(hl, s, i);
        hl->compress = o->compress;
        limits_apply(hl, &lim);
        TRY(loop_new(&hl->loop, e));
        loop_on_batch(hl->loop, after_batch, hl);
    }
    if (o->tls_cert.n)
        TRY(tls_new(o->tls_cert, o->tls_key, &s->tls, e));
    TRY(add_listeners(s, o, e));
    for (size_t i = 0; i < s->n_loops; i++)
        TRY(listeners_start(&s->loops[i], e));
    return RC_OK;
}

enum rc http_start(const struct http_opts *o, const struct http_app *app, struct http_server **out,
                   struct err *e)
{
    struct http_server *s = server_new(o, app);
    enum rc rc = server_prepare(s, o, e);

    if (rc != RC_OK) {
        server_free(&s);
        return rc;
    }
    for (size_t i = 0; i < s->n_loops; i++) {
        INVARIANT(pthread_create(&s->loops[i].thread, NULL, loop_main, &s->loops[i]) == 0);
        s->loops[i].started = true;
    }
    *out = s;
    return RC_OK;
}

struct http_loop *server_inline(const struct http_opts *o, const struct http_app *app)
{
    struct http_server *s = server_new(o, app);
    struct err e = { 0 };

    INVARIANT(server_prepare(s, o, &e) == RC_OK);
    return &s->loops[0];
}

void server_inline_free(struct http_loop *hl)
{
    struct http_server *s = hl->srv;

    cut_run(&hl->cut);
    server_free(&s);
}

int http_port(const struct http_server *s)
{
    return s->port;
}

static bool all_drained(const struct http_server *s)
{
    for (size_t i = 0; i < s->n_loops; i++)
        if (!s->loops[i].is_drained)
            return false;
    return true;
}

/* False when the time is over. */
static bool wait_drained(struct http_server *s, int64_t ms)
{
    const struct timespec until = wait_end(ms);
    int rc = 0;
    bool all;

    pthread_mutex_lock(&s->lock);
    while (!all_drained(s) && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&s->idle, &s->lock, &until);
    all = all_drained(s);
    pthread_mutex_unlock(&s->lock);
    return all;
}

void http_drain(struct http_server *s, int64_t ms)
{
    for (size_t i = 0; i < s->n_loops; i++)
        loop_post(s->loops[i].loop, &s->loops[i].drain);
    if (wait_drained(s, ms))
        return;
    for (size_t i = 0; i < s->n_loops; i++)
        loop_post(s->loops[i].loop, &s->loops[i].cut);
}

void http_stop(struct http_server **sp)
{
    struct http_server *s = *sp;

    if (!s)
        return;
    for (size_t i = 0; i < s->n_loops; i++)
        loop_post(s->loops[i].loop, &s->loops[i].stop);
    for (size_t i = 0; i < s->n_loops; i++)
        pthread_join(s->loops[i].thread, NULL);
    server_free(sp);
}

enum rc http_reload_tls(struct http_server *s, struct err *e)
{
    return s->tls ? tls_reload(s->tls, e) : RC_OK;
}

void http_stats(const struct http_server *s, struct http_stats *out)
{
    int64_t busy = 0;

    *out = (struct http_stats){ .loops = s->n_loops, .tls_expires_s = s->tls ? tls_expires_s(s->tls) : 0 };
    for (size_t i = 0; i < s->n_loops; i++) {
        const struct http_loop *hl = &s->loops[i];

        out->accepted += atomic_load_explicit(&hl->accepted, memory_order_relaxed);
        out->open += atomic_load_explicit(&hl->open, memory_order_relaxed);
        out->requests += atomic_load_explicit(&hl->requests, memory_order_relaxed);
        out->refused_full += atomic_load_explicit(&hl->refused_full, memory_order_relaxed);
        out->refused_address += atomic_load_explicit(&hl->refused_address, memory_order_relaxed);
        out->cut_slow += atomic_load_explicit(&hl->cut_slow, memory_order_relaxed);
        out->tls_failed += atomic_load_explicit(&hl->tls_failed, memory_order_relaxed);
        out->streams += atomic_load_explicit(&hl->n_streams, memory_order_relaxed);
        out->bytes_in += atomic_load_explicit(&hl->bytes_in, memory_order_relaxed);
        out->bytes_out += atomic_load_explicit(&hl->bytes_out, memory_order_relaxed);
        busy += atomic_load_explicit(&hl->busy, memory_order_relaxed);
    }
    out->idle = out->open > busy ? out->open - busy : 0;
}
