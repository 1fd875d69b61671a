/* The bytes of one connection: plain, TLS, or (fuzzers, tests) memory. Non-blocking.
 * Loop thread only. */
#ifndef NET_SOCK_H
#define NET_SOCK_H

#include "base/defs.h"

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

struct sock;

enum { SOCK_AGAIN = -1, SOCK_DEAD = -2 };

/* read: 0 at the end of the stream; SOCK_AGAIN, SOCK_DEAD. sendfile may send less than asked for.
 */
struct sock_ops {
    ssize_t (*read)(struct sock *s, void *p, size_t n);
    ssize_t (*writev)(struct sock *s, const struct iovec *v, int n);
    ssize_t (*sendfile)(struct sock *s, int fd, uint64_t off, size_t n);
    void (*shutdown)(struct sock *s); /* of the sending side */
    void (*close)(struct sock *s);
};

struct sock {
    const struct sock_ops *ops;
    void *ssl; /* TLS: SSL *; memory: the owner's */
    int fd;
    bool want_write; /* TLS: reading goes on only when the socket can be written */
};

extern const struct sock_ops sock_plain;

#endif
