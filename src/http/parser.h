/* llhttp behind a door of its own (its names clash with ours): one whole header section. What it
 * lets pass and we forbid is found here, by syntax.c and by request.c. */
#ifndef HTTP_PARSER_H
#define HTTP_PARSER_H

#include "base/defs.h"
#include "base/str.h"

struct field {
    struct str name, value; /* views into the section */
};

struct head {
    struct str method, target;
    unsigned version;     /* major * 10 + minor */
    struct field *fields; /* the caller's, room for max_fields */
    size_t n_fields, max_fields;
};

/* p is exactly one section with its empty line. RC_BAD, RC_NOT_IMPLEMENTED (unknown method),
 * RC_HEADERS_BIG (more than max_fields). */
enum rc parser_head(struct head *h, const char *p, size_t n) MUST_USE;

#endif
