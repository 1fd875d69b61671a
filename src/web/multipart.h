/* multipart/form-data (RFC 7578), read strictly: what a browser, curl or a library sends is taken,
 * anything that two readers could understand differently is refused (RC_BAD).
 *
 * Parts are views into the body; only names that hold escapes are copied into the arena.
 * Pure; any thread. */
#ifndef WEB_MULTIPART_H
#define WEB_MULTIPART_H

#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"

struct arena;

enum {
    MULTIPART_BOUNDARY_MAX = 70,
    MULTIPART_PARTS_MAX = 400, /* a form with many fields */
    MULTIPART_HEADERS_MAX = 8,
    MULTIPART_HEADER_BYTES_MAX = 4096, /* of one part, all lines together */
};

struct multipart_part {
    struct str name;         /* of the form's field */
    struct str file_name;    /* as sent, p == NULL when the part is no file */
    struct str content_type; /* as sent, p == NULL when absent */
    struct str data;
};

struct multipart {
    struct multipart_part parts[MULTIPART_PARTS_MAX];
    size_t n;
};

/* True when the Content-Type says multipart/form-data, whatever its parameters. */
bool multipart_is(struct str content_type);
/* The boundary parameter: RC_BAD when absent, doubled, empty, too long or of other characters. */
enum rc multipart_boundary(struct str content_type, struct arena *a, struct str *out,
                           struct err *e) MUST_USE;
enum rc multipart_read(struct str body, struct str boundary, struct arena *a, struct multipart *out,
                       struct err *e) MUST_USE;

#endif
