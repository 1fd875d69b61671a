/* What the client may be given: content codings, ranges, unchanged answers. Pure. */
#ifndef HTTP_NEGOTIATE_H
#define HTTP_NEGOTIATE_H

#include "base/defs.h"
#include "base/str.h"

enum coding { CODING_IDENTITY, CODING_ZSTD, CODING_BR, CODING_GZIP, CODING_COUNT_ };

extern const struct str coding_names[CODING_COUNT_];

/* Best coding of the set `offered` (bits 1 << CODING_x; identity always is) for this
 * Accept-Encoding; among equal q the order of the enum decides, identity last. */
enum coding negotiate_coding(struct str accept_encoding, unsigned offered);
/* Worth compressing: text, JSON, XML, SVG, scripts. */
bool negotiate_compressible(struct str content_type);

/* If-None-Match against an ETag, weakly; "*" matches any. */
bool negotiate_none_match(struct str if_none_match, struct str etag);
/* If-Range: strongly; absent (p == NULL) holds. A date never holds. */
bool negotiate_if_range(struct str if_range, struct str etag);

/* RANGE_NONE: send all (absent, malformed, several ranges). RANGE_BAD: 416. */
enum range { RANGE_NONE, RANGE_ONE, RANGE_BAD };
enum range negotiate_range(struct str range, uint64_t len, uint64_t *off, uint64_t *n);

#endif
