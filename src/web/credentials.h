/* What a request's headers say of who sends it: session cookie and bearer token.  Any thread. */
#ifndef WEB_CREDENTIALS_H
#define WEB_CREDENTIALS_H

#include "desk/auth.h"
#include "http/exchange.h"

/* Under TLS or behind a TLS proxy the cookie is called __Host-session_id. */
#define COOKIE_SESSION "session_id"
#define COOKIE_SESSION_HOST "__Host-session_id"
#define COOKIE_CSRF "csrf_token"

/* All but address and request_id, which stay as they are.  A cookie that comes twice counts as absent.
 * prefixed: the cookie has the name that no page of another host can set, and only that one counts. */
void credentials_read(const struct exchange *x, bool prefixed, struct credentials *cr);
/* Value of a cookie in one Cookie header; p == NULL when absent or there twice. */
struct str cookie_get(struct str header, struct str name);

#endif
