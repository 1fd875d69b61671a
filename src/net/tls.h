/* TLS on the socket by OpenSSL 3: 1.2 and newer, ALPN h2 and http/1.1, session tickets.
 * A struct tls is the certificate and its settings; it may be reloaded at any time, running
 * connections keep the one they began with. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"
#include "net/sock.h"

struct tls;

/* cert: PEM, leaf first; key: PEM. Both are read now. */
enum rc tls_new(struct str cert, struct str key, struct tls **out, struct err *e) MUST_USE;
void tls_free(struct tls **t);
/* Reads the files again; on failure the old certificate stays. Any thread. */
enum rc tls_reload(struct tls *t, struct err *e) MUST_USE;

/* When the first certificate of the chain ends, in seconds since 1970; any thread. */
int64_t tls_expires_s(struct tls *t);

/* Makes s (with its fd) a TLS server connection. Any thread. False when out of memory. */
bool tls_accept(struct tls *t, struct sock *s);
/* Goes on with the handshake: RC_OK done, RC_RETRY wait for the socket, RC_FAIL dead. */
enum rc tls_handshake(struct sock *s) MUST_USE;
bool tls_is_h2(const struct sock *s); /* by ALPN, after the handshake */

#endif
