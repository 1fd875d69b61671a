/* Taking in new connections, within the limits. */
#include "http/http_priv.h"
#include "net/tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPTS_PER_EVENT = 64, RETRY_MS = 100 };

static const char full_answer[] = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n"
                                  "retry-after: 1\r\nconnection: close\r\n\r\n";
static const char many_answer[] = "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n"
                                  "retry-after: 10\r\nconnection: close\r\n\r\n";

static struct addr addr_of(const struct sockaddr_storage *ss)
{
    struct addr a = { .is_unix = ss->ss_family == AF_UNIX };

    if (ss->ss_family == AF_INET) {
        a.ip[10] = a.ip[11] = 0xff;
        memcpy(a.ip + 12, &((const struct sockaddr_in *)(const void *)ss)->sin_addr, 4);
    } else if (ss->ss_family == AF_INET6) {
        memcpy(a.ip, &((const struct sockaddr_in6 *)(const void *)ss)->sin6_addr, 16);
    }
    return a;
}

static void turn_away(const struct listener *l, int fd, const char *answer, size_t n)
{
    if (!l->is_tls)
        (void)!send(fd, answer, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
}

static void take_in(struct listener *l, int fd, const struct addr *peer)
{
    struct http_loop *hl = l->hl;
    struct sock sock = { .ops = &sock_plain, .fd = fd };
    enum admit admit = server_admit(hl, peer);
    struct conn *c;
    struct err e = { 0 };

    if (admit == ADMIT_FULL) {
        STAT(hl, refused_full, 1);
        turn_away(l, fd, full_answer, sizeof(full_answer) - 1);
        return;
    }
    if (admit == ADMIT_ADDRESS) {
        STAT(hl, refused_address, 1);
        turn_away(l, fd, many_answer, sizeof(many_answer) - 1);
        return;
    }
    if (l->is_tls && !tls_accept(server_tls(hl->srv), &sock)) {
        server_forget(hl, peer);
        close(fd);
        return;
    }
    STAT(hl, accepted, 1);
    c = conn_new(hl, sock, peer);
    c->counted = true;
    c->is_redirect = l->is_redirect;
    if (loop_watch(hl->loop, &c->io, EPOLLIN, &e) != RC_OK)
        conn_close(c);
}

static enum rc listener_watch(struct listener *l, struct err *e)
{
    l->open = true;
    return loop_watch(l->hl->loop, &l->io, EPOLLIN | (l->is_shared ? EPOLLEXCLUSIVE : 0), e);
}

/* Out of descriptors or memory: the queue would wake us for ever. */
static void rest(struct listener *l)
{
    loop_unwatch(l->hl->loop, &l->io);
    loop_timer_set(l->hl->loop, &l->retry, loop_now_us(l->hl->loop) + RETRY_MS * US_PER_MS);
}

static void listener_retry(struct loop_timer *t)
{
    struct listener *l = (struct listener *)((char *)t - offsetof(struct listener, retry));
    struct err e = { 0 };

    if (l->open && listener_watch(l, &e) != RC_OK)
        rest(l);
}

static void listener_ready(struct loop_io *io, uint32_t events)
{
    struct listener *l = (struct listener *)((char *)io - offsetof(struct listener, io));

    (void)events;
    for (int i = 0; i < ACCEPTS_PER_EVENT && l->open; i++) {
        struct sockaddr_storage ss = { 0 };
        socklen_t n = sizeof(ss);
        int fd = accept4(io->fd, (struct sockaddr *)&ss, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
        struct addr peer;

        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                rest(l);
            if (errno == ECONNABORTED || errno == EINTR)
                continue;
            return;
        }
        peer = addr_of(&ss);
        take_in(l, fd, &peer);
    }
}

struct listener *listener_add(struct http_loop *hl, int fd)
{
    struct listener *l = &hl->listeners[hl->n_listeners++];

    INVARIANT(hl->n_listeners <= LISTENERS_MAX);
    *l = (struct listener){ .hl = hl, .io = { .fd = fd, .ready = listener_ready } };
    l->retry.fire = listener_retry;
    return l;
}

enum rc listeners_start(struct http_loop *hl, struct err *e)
{
    for (size_t i = 0; i < hl->n_listeners; i++)
        TRY(listener_watch(&hl->listeners[i], e));
    return RC_OK;
}

void listeners_close(struct http_loop *hl)
{
    for (size_t i = 0; i < hl->n_listeners; i++) {
        struct listener *l = &hl->listeners[i];

        loop_timer_clear(hl->loop, &l->retry);
        loop_unwatch(hl->loop, &l->io);
        l->open = false;
        if (!l->is_shared)
            close(l->io.fd);
    }
    hl->n_listeners = 0;
}
