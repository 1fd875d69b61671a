#include "net/sock.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

static ssize_t result(ssize_t n)
{
    if (n >= 0)
        return n;
    return errno == EAGAIN || errno == EINTR ? SOCK_AGAIN : SOCK_DEAD;
}

static ssize_t plain_read(struct sock *s, void *p, size_t n)
{
    return result(recv(s->fd, p, n, 0));
}

static ssize_t plain_writev(struct sock *s, const struct iovec *v, int n)
{
    struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)v, .msg_iovlen = (size_t)n };

    if (n == 1)
        return result(send(s->fd, v->iov_base, v->iov_len, MSG_NOSIGNAL));
    return result(sendmsg(s->fd, &m, MSG_NOSIGNAL));
}

static ssize_t plain_sendfile(struct sock *s, int fd, uint64_t off, size_t n)
{
    off_t at = (off_t)off;
    ssize_t sent = sendfile(s->fd, fd, &at, n);

    return sent == 0 ? SOCK_DEAD : result(sent); /* 0: the file is shorter than was promised */
}

static void plain_shutdown(struct sock *s)
{
    shutdown(s->fd, SHUT_WR);
}

static void plain_close(struct sock *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

const struct sock_ops sock_plain = {
    plain_read, plain_writev, plain_sendfile, plain_shutdown, plain_close,
};
