/* The strict grammar of requests: what RFC 9110/9112 demand and llhttp lets pass.
 * Pure functions; nothing here allocates except target_parse(), in the arena it is given. */
#ifndef HTTP_SYNTAX_H
#define HTTP_SYNTAX_H

#include "base/defs.h"
#include "base/str.h"

struct arena;

/* Scans bytes [from, n) of a header section as they come: every line ends in CR LF, no other
 * controls (tabs only behind the request line), no folded lines, no blank first line but one. */
enum scan { SCAN_MORE, SCAN_END, SCAN_BAD };
/* SCAN_END: *end is the offset behind the empty line. */
enum scan syntax_scan_head(const char *p, size_t from, size_t n, size_t *end);

/* name, IPv4 or [IPv6], with or without :port. */
bool syntax_host(struct str s);
/* Digits only, fits 63 bits. */
bool syntax_length(struct str s, uint64_t *out);
bool syntax_token(struct str s);
/* A header value without CR, LF, NUL and other controls (tab is allowed). */
bool syntax_value(struct str s);
/* Is this word (any case) in the comma-separated list? */
bool syntax_list_has(struct str list, struct str word);

struct target {
    struct str path;      /* decoded and checked */
    struct str query;     /* raw */
    struct str authority; /* of an absolute-form target, else p == NULL */
};
/* Origin-form, absolute-form, and "*" when is_options. NULL when sound, else what is wrong. */
const char *target_parse(struct str raw, bool is_options, struct arena *a, struct target *out);

#endif
