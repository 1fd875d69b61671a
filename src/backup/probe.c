#include "backup/probe.h"

#include "base/buf.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ANSWER_MAX = 8 * 1024 * 1024, PIECE = 16 * 1024, TIMEOUT_S = 20 };

static enum rc open_to(int port, int *fd, struct err *e)
{
    const struct timeval limit = { .tv_sec = TIMEOUT_S };
    const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return err_fail(e, "socket: %s", strerror(errno));
    setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(*fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
        return err_set(e, RC_BUSY, "", "the server does not answer: %s", strerror(errno));
    return RC_OK;
}

static struct str request_of(const struct probe *p, const char *method, const char *path,
                             struct str body, struct arena *a)
{
    struct buf b = BUF_ARENA(a, body.n + 16 * KIB);

    buf_printf(&b, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: application/json\r\n",
               method, path);
    if (p->token.n)
        buf_printf(&b, "Authorization: Bearer %.*s\r\n", STR_ARG(p->token));
    if (body.n)
        buf_printf(&b, "Content-Type: application/json\r\nContent-Length: %zu\r\n", body.n);
    BUF_LIT(&b, "\r\n");
    buf_str(&b, body);
    return buf_view(&b);
}

static enum rc read_all(int fd, struct buf *b, struct err *e)
{
    char piece[PIECE];

    for (;;) {
        ssize_t got = recv(fd, piece, sizeof(piece), 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(e, RC_TIMEOUT, "", "the server did not answer in time");
        if (got == 0)
            return RC_OK;
        buf_add(b, piece, (size_t)got);
    }
}

enum rc probe_send(const struct probe *p, const char *method, const char *path, struct str body,
                   struct arena *a, struct probe_answer *out, struct err *e)
{
    struct buf b = BUF_ARENA(a, ANSWER_MAX);
    struct str all, begin = STR("HTTP/1.1 ");
    int fd CLEAN(fd_close) = -1;
    int64_t status;
    size_t at;

    TRY(open_to(p->port, &fd, e));
    if (!fd_write_all(fd, request_of(p, method, path, body, a)))
        return err_set(e, RC_BUSY, "", "the server does not take the request");
    TRY(read_all(fd, &b, e));
    all = buf_view(&b);
    at = str_find(all, STR("\r\n\r\n"));
    if (at == SIZE_MAX || !str_starts(all, begin)
        || !str_i64(str_sub(all, begin.n, 3), 100, 599, &status))
        return err_set(e, RC_FAIL, "", "the server answered something else than HTTP");
    *out = (struct probe_answer){ (int)status, str_sub(all, at + 4, all.n) };
    return RC_OK;
}
