/* A load generator for `make bench`: keep-alive HTTP/1.1 on loopback, bounded in time and count.
 *
 *   load PORT CONNECTIONS SECONDS PID REQUESTS-FILE [HEADER…]
 *
 * A line of the file is "METHOD PATH [BODY]"; the lines are sent in turn, {n} becomes a number that
 * is never used twice.  Prints one JSON object: requests, errors, rate, latencies in microseconds,
 * CPU microseconds of process PID per request, its memory. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNS_MAX = 20000, LINES_MAX = 4096, OUT_MAX = 64 * 1024, IN_MAX = 4 * 1024 * 1024, HIST = 200000, REQUESTS_MAX = 20000000 };

struct line {
    char *method, *path, *body;
};

struct conn {
    int fd;
    int64_t sent_us;
    size_t head_n, body_left;
    bool in_body;
    char head[8192];
};

static struct line lines[LINES_MAX];
static size_t n_lines;
static char headers[4096];
static int port;
static uint64_t serial, requests, errors, bytes;
static int first_error;
static uint32_t hist[HIST + 1]; /* by 1 us up to 10 ms, then by 100 us */
static int64_t slowest;

static int64_t now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static size_t bucket_of(int64_t us)
{
    size_t b = us < 10000 ? (size_t)us : 10000 + (size_t)(us - 10000) / 100;

    return b < HIST ? b : HIST;
}

static double bucket_us(size_t b)
{
    return b < 10000 ? (double)b : 10000 + (double)(b - 10000) * 100;
}

static double percentile(double p)
{
    uint64_t want = (uint64_t)((double)requests * p), have = 0;

    for (size_t b = 0; b <= HIST; b++) {
        have += hist[b];
        if (have > want)
            return bucket_us(b);
    }
    return 0;
}

static void read_lines(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t cap = 0;
    ssize_t n;

    if (!f)
        die(path);
    while (n_lines < LINES_MAX && (n = getline(&text, &cap, f)) > 0) {
        struct line *l = &lines[n_lines];
        char *copy = strdup(text), *space;

        if (copy[n - 1] == '\n')
            copy[n - 1] = '\0';
        space = strchr(copy, ' ');
        if (!space)
            continue;
        *space = '\0';
        l->method = copy;
        l->path = space + 1;
        space = strchr(l->path, ' ');
        l->body = space ? space + 1 : NULL;
        if (space)
            *space = '\0';
        n_lines++;
    }
    free(text);
    fclose(f);
    if (!n_lines) {
        fprintf(stderr, "no requests in %s\n", path);
        exit(1);
    }
}

/* Copies text with {n} replaced. */
static size_t fill(char *out, size_t cap, const char *text, uint64_t n)
{
    size_t at = 0;

    while (*text && at + 24 < cap) {
        if (strncmp(text, "{n}", 3) == 0) {
            at += (size_t)snprintf(out + at, cap - at, "%llu", (unsigned long long)n);
            text += 3;
        } else {
            out[at++] = *text++;
        }
    }
    out[at] = '\0';
    return at;
}

static bool open_conn(struct conn *c, int ep)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
    int one = 1;

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof(a)) != 0)
        return false;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    return epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev) == 0;
}

static void send_next(struct conn *c)
{
    static char out[OUT_MAX], body[OUT_MAX], path[2048];
    const struct line *l = &lines[serial % n_lines];
    uint64_t n = serial++;
    size_t nb = l->body ? fill(body, sizeof(body), l->body, n) : 0;
    int len;

    fill(path, sizeof(path), l->path, n);
    len = snprintf(out, sizeof(out), "%s %s HTTP/1.1\r\nHost: localhost:%d\r\n%s%s", l->method, path, port, headers,
                   l->body ? "Content-Type: application/json\r\n" : "");
    if (l->body)
        len += snprintf(out + len, sizeof(out) - (size_t)len, "Content-Length: %zu\r\n\r\n%s", nb, body);
    else
        len += snprintf(out + len, sizeof(out) - (size_t)len, "\r\n");
    c->sent_us = now_us();
    c->head_n = c->body_left = 0;
    c->in_body = false;
    if (write(c->fd, out, (size_t)len) != len)
        die("write");
}

static void answered(struct conn *c, int64_t t)
{
    int status = atoi(c->head + 9);
    int64_t took = t - c->sent_us;

    if (status < 200 || status > 299) {
        errors++;
        if (!first_error)
            first_error = status;
    }
    hist[bucket_of(took)]++;
    if (took > slowest)
        slowest = took;
    requests++;
}

/* True when the answer is complete. */
static bool take(struct conn *c, const char *p, size_t n)
{
    char *end, *length;
    size_t room, head, rest;

    bytes += n;
    if (c->in_body) {
        c->body_left -= n < c->body_left ? n : c->body_left;
        return c->body_left == 0;
    }
    room = sizeof(c->head) - 1 - c->head_n;
    memcpy(c->head + c->head_n, p, n < room ? n : room);
    c->head_n += n < room ? n : room;
    c->head[c->head_n] = '\0';
    end = strstr(c->head, "\r\n\r\n");
    if (!end)
        return false;
    length = strcasestr(c->head, "\r\ncontent-length:");
    head = (size_t)(end + 4 - c->head);
    rest = c->head_n - head + (n > room ? n - room : 0);
    c->body_left = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    c->body_left -= rest < c->body_left ? rest : c->body_left;
    c->in_body = true;
    return c->body_left == 0;
}

static double cpu_seconds(int pid)
{
    char path[64], text[1024], *p;
    unsigned long user = 0, sys = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    f = fopen(path, "r");
    if (!f)
        return 0;
    if (fgets(text, sizeof(text), f) && (p = strrchr(text, ')')))
        sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys);
    fclose(f);
    return (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
}

static long memory_kb(int pid)
{
    char path[64], text[256];
    long kb = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    f = fopen(path, "r");
    while (f && fgets(text, sizeof(text), f))
        sscanf(text, "VmRSS: %ld", &kb);
    if (f)
        fclose(f);
    return kb;
}

static void run_until(int ep, int64_t end_us)
{
    static char in[IN_MAX];
    struct epoll_event ev[512];

    while (now_us() < end_us && requests < REQUESTS_MAX) {
        int n = epoll_wait(ep, ev, 512, 100);
        int64_t t = now_us();

        for (int i = 0; i < n; i++) {
            struct conn *c = ev[i].data.ptr;
            ssize_t got = read(c->fd, in, sizeof(in));

            if (got < 0 && errno == EAGAIN)
                continue;
            if (got <= 0) { /* closed: a new one */
                errors++;
                close(c->fd);
                if (!open_conn(c, ep))
                    die("connect");
                send_next(c);
                continue;
            }
            if (take(c, in, (size_t)got)) {
                answered(c, t);
                send_next(c);
            }
        }
    }
}

int main(int argc, char **argv)
{
    struct conn *conns;
    int64_t begun, took;
    double cpu, seconds;
    int n, pid, ep;

    if (argc < 6) {
        fprintf(stderr, "usage: load PORT CONNECTIONS SECONDS PID REQUESTS-FILE [HEADER...]\n");
        return 2;
    }
    port = atoi(argv[1]);
    n = atoi(argv[2]);
    seconds = atof(argv[3]);
    pid = atoi(argv[4]);
    read_lines(argv[5]);
    for (int i = 6; i < argc; i++)
        snprintf(headers + strlen(headers), sizeof(headers) - strlen(headers), "%s\r\n", argv[i]);
    serial = (uint64_t)time(NULL) * 1000000 % 1000000000000;
    if (n < 1 || n > CONNS_MAX || seconds <= 0 || seconds > 600)
        return 2;
    conns = calloc((size_t)n, sizeof(*conns));
    ep = epoll_create1(EPOLL_CLOEXEC);
    if (!conns || ep < 0)
        die("epoll");
    for (int i = 0; i < n; i++)
        if (!open_conn(&conns[i], ep))
            die("connect");
    cpu = cpu_seconds(pid);
    begun = now_us();
    for (int i = 0; i < n; i++)
        send_next(&conns[i]);
    run_until(ep, begun + (int64_t)(seconds * 1e6));
    took = now_us() - begun;
    cpu = cpu_seconds(pid) - cpu;
    printf("{\"requests\":%llu,\"errors\":%llu,\"first_error\":%d,\"rate\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f,\"max_us\":%lld,"
           "\"cpu_us\":%.2f,\"bytes\":%.0f,\"memory_kb\":%ld}\n",
           (unsigned long long)requests, (unsigned long long)errors, first_error, (double)requests * 1e6 / (double)took,
           percentile(0.5), percentile(0.99), (long long)slowest, requests ? cpu * 1e6 / (double)requests : 0,
           requests ? (double)bytes / (double)requests : 0, memory_kb(pid));
    return 0;
}
