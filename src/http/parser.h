/* llhttp behind a door of its own (its names clash with ours): one whole header section, and
 * chunked bodies. What it lets pass and we forbid is found by syntax.c and request.c. */
#ifndef HTTP_PARSER_H
#define HTTP_PARSER_H

#include "base/defs.h"
#include "base/str.h"

struct arena;

struct field {
    struct str name, value; /* views into the section */
};

struct head {
    struct str method, target;
    unsigned version; /* major * 10 + minor */
    struct field *fields; /* the caller's, room for max_fields */
    size_t n_fields, max_fields;
};

/* p is exactly one section with its empty line. RC_BAD, RC_NOT_IMPLEMENTED (unknown method),
 * RC_HEADERS_BIG (more than max_fields). */
enum rc parser_head(struct head *h, const char *p, size_t n) MUST_USE;

struct chunked;
/* A decoder for the body behind this section, which has Transfer-Encoding: chunked. */
struct chunked *chunked_new(struct arena *a, const char *head, size_t n,
                            enum rc (*on_data)(void *arg, const char *p, size_t n), void *arg);
/* RC_BAD, or what on_data said. *used: bytes up to the end of the body when *done. Trailers are
 * read and dropped. */
enum rc chunked_feed(struct chunked *c, const char *p, size_t n, size_t *used, bool *done) MUST_USE;

#endif
