/* Chunked bodies, strictly: llhttp takes "3\rx" for "3\r\n" and any trailer, which is how requests
 * are smuggled. No state but the struct. */
#ifndef HTTP_CHUNKED_H
#define HTTP_CHUNKED_H

#include "base/defs.h"

#include <stdbool.h>

struct chunked {
    enum rc (*on_data)(void *arg, const char *p, size_t n);
    void *arg;
    unsigned char state; /* chunked.c's */
    unsigned digits;
    uint64_t left;
};

/* RC_BAD, or what on_data said. *used: bytes up to the end of the body when *done. Extensions and
 * trailers must be well formed, and are dropped. */
enum rc chunked_feed(struct chunked *c, const char *p, size_t n, size_t *used, bool *done) MUST_USE;

#endif
