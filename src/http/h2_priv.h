/* What h2.c, h2_fields.c and h2_time.c share. */
#ifndef HTTP_H2_PRIV_H
#define HTTP_H2_PRIV_H

#include "http/http_priv.h"

#include <nghttp2/nghttp2.h>

struct h2 {
    nghttp2_session *s;
    struct exchange_io *streams; /* open ones */
    size_t n_streams;
    int budget; /* for frames that only cost */
    int64_t budget_us, tick_us;
    bool told_calm, draining;
};

/* A header section on its way in, in the exchange's arena. */
struct h2_head {
    struct str path, authority;
    struct http_header *fields; /* [0] is kept for Host */
    size_t n, bytes, n_cookies;
    bool done;
};

int64_t h2_tick(const struct limits *lim); /* how often deadlines are looked at */
void h2_field(struct exchange_io *io, struct str name, struct str value, const struct limits *lim);
/* The section is whole: what is wrong with it, or NULL. */
const char *h2_check(struct exchange_io *io, enum rc *why);
/* Fills nv (room for EXCHANGE_HEADERS_MAX + 3), returns how many. */
size_t h2_answer_fields(struct exchange_io *io, nghttp2_nv *nv);

#endif
