/* Static files, embedded in the binary at build time (tools/embed_static.py): the table is sorted
 * by path and constant. Any thread. */
#ifndef HTTP_STATIC_H
#define HTTP_STATIC_H

#include "base/defs.h"
#include "base/str.h"

struct exchange;

struct asset {
    struct str path, type;
    struct str etag;               /* without quotes; the packed forms have their own suffix */
    bool is_hashed;                /* the name changes with the content: cached for ever */
    struct str identity, gzip, br; /* p == NULL: not there */
};

extern const struct asset static_assets[];
extern const size_t static_n_assets;

/* The asset at this path; a path that ends in '/' means its index.html, and a page may be asked for
 * without its ".html". NULL when there is none. */
const struct asset *static_find(struct str path);
/* Fills in the answer: 200, type, ETag, caching, the best form the client takes. No reply call;
 * conditions and HEAD are seen to by http/. */
void static_answer(struct exchange *x, const struct asset *a);

#endif
