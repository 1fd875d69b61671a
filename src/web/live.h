/* The settings of the chain that SIGHUP may change, parsed once.  An instance is constant; a reload
 * puts a new one beside the old, which running requests keep using (freed at app_stop()). */
#ifndef WEB_LIVE_H
#define WEB_LIVE_H

#include "base/err.h"
#include "http/exchange.h"
#include "web/route.h"

struct config;
struct arena;

struct cidr {
    unsigned char ip[16];
    unsigned bits;
};

struct web_live {
    struct arena *arena;         /* owner of all this */
    struct web_live *older;
    struct str *origins;         /* exact; lower case */
    size_t n_origins;
    bool any_origin;             /* "*": without credentials */
    struct str *hosts;           /* names that are answered, without ports; none: any */
    size_t n_hosts;
    struct cidr *proxies;
    size_t n_proxies;
    bool unix_is_proxy;          /* the peer of the Unix socket may tell the client's address */
    int64_t per_min[BUCKET_COUNT_];
    size_t max_body, max_upload;
    bool access_log;             /* who reads is recorded */
    bool csrf, secure;           /* secure: HSTS, also behind a proxy that speaks TLS */
};

/* RC_INVALID: an origin or a proxy that does not parse. */
enum rc live_new(const struct config *cfg, struct web_live **out, struct err *e) MUST_USE;
void live_free(struct web_live **l); /* and all older ones */

bool live_origin_allowed(const struct web_live *l, struct str origin);
bool cidr_parse(struct str s, struct cidr *out); /* "10.0.0.0/8", "::1", "192.0.2.7" */
bool cidr_has(const struct cidr *c, const struct addr *a);

/* Who really asks: the peer, unless it is a trusted proxy; then the rightmost address of
 * X-Forwarded-For (or Forwarded, when that alone is there) that is not one. */
struct addr client_address(const struct web_live *l, const struct exchange *x);

#endif
