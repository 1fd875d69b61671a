/* Two servers of one fixed 60-byte JSON answer: "floor", a bare epoll loop that reads anything and
 * writes a constant, and "ours", the same through http/.
 *
 *   http_floor floor|ours|worker PORT [LOOPS]
 *
 * Prints its process id; drive it with wrk or h2load, then SIGTERM prints how many requests were
 * answered and the CPU time of each. "worker" answers from another thread. */
#include "base/clock.h"
#include "http/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 128, READ_MAX = 16384 };

static const char body[] =
    "{\"status\":\"ok\",\"version\":\"0.1.0\",\"uptime_seconds\":12345678}\n";
static _Atomic int64_t answered;

static void report(void)
{
    struct rusage u;
    int64_t us;

    getrusage(RUSAGE_SELF, &u);
    us = (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * US_PER_S + u.ru_utime.tv_usec
         + u.ru_stime.tv_usec;
    printf("%lld requests, %.2f us CPU each, %ld KiB at most\n", (long long)answered,
           answered ? (double)us / (double)answered : 0.0, u.ru_maxrss);
}

static void wait_for_term(void)
{
    sigset_t set;
    int sig;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigwait(&set, &sig);
}

/* ── the floor ── */

static void floor_answer(int ep, int fd)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\ndate: Mon, 23 Nov 2026 15:21:42 GMT\r\n"
        "content-type: application/json\r\ncontent-length: 60\r\n\r\n"
        "{\"status\":\"ok\",\"version\":\"0.1.0\",\"uptime_seconds\":12345678}\n";
    char in[READ_MAX];
    ssize_t n = read(fd, in, sizeof(in));

    if (n <= 0 || write(fd, answer, sizeof(answer) - 1) < 0) {
        epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL);
        close(fd);
        return;
    }
    answered++;
}

static void *floor_main(void *arg)
{
    int port = *(int *)arg, one = 1, ep = epoll_create1(0);
    int ls = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct epoll_event ev = { .events = EPOLLIN, .data.fd = ls }, evs[EVENTS];

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(ls, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    setsockopt(ls, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (bind(ls, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(ls, 1024) != 0)
        exit(1);
    epoll_ctl(ep, EPOLL_CTL_ADD, ls, &ev);
    for (;;) {
        int n = epoll_wait(ep, evs, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            if (evs[i].data.fd != ls) {
                floor_answer(ep, evs[i].data.fd);
                continue;
            }
            ev.data.fd = accept(ls, NULL, NULL);
            epoll_ctl(ep, EPOLL_CTL_ADD, ev.data.fd, &ev);
        }
    }
    return NULL;
}

/* ── ours ── */

static enum http_verdict on_headers(struct exchange *x, void *arg, size_t *max_body, bool *spool)
{
    (void)x, (void)arg, (void)spool;
    *max_body = 65536;
    return HTTP_GO;
}

static void answer(struct exchange *x)
{
    x->status = 200;
    (void)exchange_header(x, STR("content-type"), STR("application/json"));
    x->out_static = (struct str){ body, sizeof(body) - 1 };
    x->no_compress = true;
    exchange_reply(x);
}

static void on_request(struct exchange *x, void *arg)
{
    (void)arg;
    answer(x);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static struct exchange *waiting;

static void on_request_worker(struct exchange *x, void *arg)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    x->app = waiting;
    waiting = x;
    if (!x->app)
        pthread_cond_signal(&more);
    pthread_mutex_unlock(&lock);
}

static void *worker_main(void *arg)
{
    (void)arg;
    for (;;) {
        struct exchange *x;

        pthread_mutex_lock(&lock);
        while (!waiting)
            pthread_cond_wait(&more, &lock);
        x = waiting;
        waiting = NULL;
        pthread_mutex_unlock(&lock);
        while (x) {
            struct exchange *next = x->app;

            answer(x);
            x = next;
        }
    }
    return NULL;
}

static void on_refused(struct exchange *x, enum rc why, const char *detail, void *arg)
{
    (void)x, (void)why, (void)detail, (void)arg;
}

static void on_sent(struct exchange *x, uint64_t bytes, bool complete, void *arg)
{
    (void)x, (void)bytes, (void)complete, (void)arg;
    answered++;
}

static struct http_server *ours_start(int port, size_t loops, bool worker)
{
    struct http_opts o = {
        .host = STR("127.0.0.1"),
        .port = port,
        .loops = loops,
        .max_request_line = 8192,
        .max_header_bytes = 16384,
        .max_headers = 100,
        .max_connections = 20000,
        .max_per_address = 20000,
        .max_requests_per_connection = 1000000000,
        .max_streams_h2 = 100,
        .header_ms = 10000,
        .body_idle_ms = 10000,
        .idle_ms = 60000,
        .write_ms = 30000,
        .body_min_rate = 500,
        .max_stream_backlog = 65536,
        .compress = true,
        .tls_cert = str_of(getenv("TLS_CERT")),
        .tls_key = str_of(getenv("TLS_KEY")),
    };
    struct http_app app = {
        .on_headers = on_headers,
        .on_request = worker ? on_request_worker : on_request,
        .on_refused = on_refused,
        .on_sent = on_sent,
    };
    struct http_server *s = NULL;
    struct err e = { 0 };

    if (http_start(&o, &app, &s, &e) != RC_OK) {
        fprintf(stderr, "%s %s\n", e.detail, e.internal);
        exit(1);
    }
    return s;
}

int main(int argc, char **argv)
{
    int64_t port = 0, loops = 1;
    struct http_server *s = NULL;
    pthread_t t;
    sigset_t set;
    int p;

    if (argc < 3 || !str_i64(str_of(argv[2]), 1, 65535, &port)
        || (argc > 3 && !str_i64(str_of(argv[3]), 1, 4, &loops))) {
        fprintf(stderr, "usage: http_floor floor|ours|worker PORT [LOOPS]\n");
        return 2;
    }
    sigfillset(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    p = (int)port;
    if (str_eq(str_of(argv[1]), STR("floor")))
        pthread_create(&t, NULL, floor_main, &p);
    else
        s = ours_start(p, (size_t)loops, str_eq(str_of(argv[1]), STR("worker")));
    if (s && str_eq(str_of(argv[1]), STR("worker")))
        pthread_create(&t, NULL, worker_main, NULL);
    printf("pid %d\n", getpid());
    fflush(stdout);
    wait_for_term();
    if (s) {
        http_drain(s, 2000);
        http_stop(&s);
    }
    report();
    return 0;
}
