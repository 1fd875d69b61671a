/* Listening sockets: TCP by host and port, a Unix path, or inherited ones. All non-blocking and
 * close-on-exec. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"

enum { LISTEN_MAX = 8 };

/* Opens a set of TCP sockets (two for "localhost") with SO_REUSEPORT, so that each loop may have
 * its own set. *port 0 picks a free one and tells which. `first`: refuse (RC_FAIL) when another
 * process already listens there, which SO_REUSEPORT alone would let pass. */
enum rc listen_tcp(struct str host, int *port, bool first, int fds[2], size_t *n,
                   struct err *e) MUST_USE;
/* Replaces a stale socket file, never a living one. Mode 0660. */
enum rc listen_unix(struct str path, int *fd, struct err *e) MUST_USE;
/* Checks that fd is a listening stream socket and makes it non-blocking. */
enum rc listen_inherited(int fd, struct err *e) MUST_USE;
int listen_port(int fd); /* of a TCP socket, else 0 */

#endif
