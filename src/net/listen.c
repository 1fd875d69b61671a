#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 4096, LISTEN_TRIES = 16 };

union sock_addr {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un un;
};

static bool address_of(struct str host, int port, union sock_addr *a, socklen_t *n)
{
    char text[64];

    if (host.n == 0 || host.n >= sizeof(text))
        return false;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    *a = (union sock_addr){ 0 };
    if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
        a->v4.sin_family = AF_INET;
        a->v4.sin_port = htons((uint16_t)port);
        *n = sizeof(a->v4);
        return true;
    }
    a->v6.sin6_family = AF_INET6;
    a->v6.sin6_port = htons((uint16_t)port);
    *n = sizeof(a->v6);
    return inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1;
}

static void set_flag(int fd, int level, int name)
{
    int one = 1;

    (void)setsockopt(fd, level, name, &one, sizeof(one));
}

static bool is_any_v6(const union sock_addr *a)
{
    return a->any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr);
}

/* -errno on failure. */
static int open_one(const union sock_addr *a, socklen_t n, bool share)
{
    int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), why;

    if (fd < 0)
        return -errno;
    set_flag(fd, SOL_SOCKET, SO_REUSEADDR);
    if (share)
        set_flag(fd, SOL_SOCKET, SO_REUSEPORT);
    if (a->any.sa_family == AF_INET6 && !is_any_v6(a))
        set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    set_flag(fd, IPPROTO_TCP, TCP_NODELAY); /* accepted sockets inherit it */
    if (bind(fd, &a->any, n) == 0 && (!share || listen(fd, LISTEN_BACKLOG) == 0))
        return fd;
    why = errno;
    close(fd);
    return -why;
}

int listen_port(int fd)
{
    union sock_addr a = { 0 };
    socklen_t n = sizeof(a);

    if (getsockname(fd, &a.any, &n) != 0)
        return 0;
    if (a.any.sa_family == AF_INET)
        return ntohs(a.v4.sin_port);
    return a.any.sa_family == AF_INET6 ? ntohs(a.v6.sin6_port) : 0;
}

static int open_host(struct str host, int port, bool first)
{
    union sock_addr a;
    socklen_t n;
    int probe;

    if (!address_of(host, port, &a, &n))
        return -EINVAL;
    if (first && port != 0) {
        probe = open_one(&a, n, false);
        if (probe < 0)
            return probe;
        close(probe);
    }
    return open_one(&a, n, true);
}

static enum rc open_failed(struct str host, int port, int why, struct err *e)
{
    if (why == -EINVAL)
        return err_set(e, RC_FAIL, "listen", "\"%.*s\" is not an address", STR_ARG(host));
    return err_set(e, RC_FAIL, "listen", "cannot listen on %.*s port %d: %s", STR_ARG(host), port,
                   strerrordesc_np(-why));
}

/* Both loopbacks; a machine without IPv6 has only one. */
static enum rc open_localhost(int *port, bool first, int fds[2], size_t *n, struct err *e)
{
    int want = *port, v6 = -EADDRINUSE;

    for (int i = 0; i < LISTEN_TRIES && v6 == -EADDRINUSE; i++) {
        fds[0] = open_host(STR("127.0.0.1"), want, first);
        if (fds[0] < 0)
            return open_failed(STR("127.0.0.1"), want, fds[0], e);
        *port = listen_port(fds[0]);
        v6 = open_host(STR("::1"), *port, first);
        if (v6 == -EADDRINUSE)
            close(fds[0]);
        if (want != 0)
            break;
    }
    if (v6 == -EADDRINUSE)
        return open_failed(STR("::1"), *port, v6, e);
    *n = 1;
    if (v6 >= 0)
        fds[(*n)++] = v6;
    return RC_OK;
}

enum rc listen_tcp(struct str host, int *port, bool first, int fds[2], size_t *n, struct err *e)
{
    if (str_ieq(host, STR("localhost")))
        return open_localhost(port, first, fds, n, e);
    fds[0] = open_host(host, *port, first);
    if (fds[0] < 0)
        return open_failed(host, *port, fds[0], e);
    *port = listen_port(fds[0]);
    *n = 1;
    return RC_OK;
}

static bool unix_is_alive(const union sock_addr *a)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive = fd >= 0 && connect(fd, &a->any, sizeof(a->un)) == 0;

    if (fd >= 0)
        close(fd);
    return alive;
}

enum rc listen_unix(struct str path, int *out, struct err *e)
{
    union sock_addr a = { .un = { .sun_family = AF_UNIX } };
    struct stat st;
    int fd;

    if (path.n >= sizeof(a.un.sun_path))
        return err_set(e, RC_FAIL, "listen", "the path of the Unix socket is too long");
    memcpy(a.un.sun_path, path.p, path.n);
    if (unix_is_alive(&a))
        return err_set(e, RC_FAIL, "listen", "another process listens on %s", a.un.sun_path);
    if (lstat(a.un.sun_path, &st) == 0 && S_ISSOCK(st.st_mode))
        (void)unlink(a.un.sun_path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, &a.any, sizeof(a.un)) != 0 || chmod(a.un.sun_path, 0660) != 0
        || listen(fd, LISTEN_BACKLOG) != 0) {
        int why = errno;

        if (fd >= 0)
            close(fd);
        return err_set(e, RC_FAIL, "listen", "cannot listen on %s: %s", a.un.sun_path,
                       strerrordesc_np(why));
    }
    *out = fd;
    return RC_OK;
}

enum rc listen_inherited(int fd, struct err *e)
{
    int type = 0, listening = 0, flags = fcntl(fd, F_GETFL);
    socklen_t n = sizeof(type), m = sizeof(listening);

    if (flags < 0 || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) != 0
        || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &m) != 0 || type != SOCK_STREAM
        || !listening)
        return err_set(e, RC_FAIL, "listen", "descriptor %d is not a listening stream socket", fd);
    if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return err_fail(e, "fcntl: errno %d", errno);
    return RC_OK;
}
