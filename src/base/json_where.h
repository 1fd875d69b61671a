/* The JSON pointer (RFC 6901) of the value that stands at a byte of a text, as far as the text in front of
 * it tells: "" for the whole.  For texts that do not parse; pure, any thread. */
#ifndef BASE_JSON_WHERE_H
#define BASE_JSON_WHERE_H

#include "base/buf.h"
#include "base/str.h"

struct arena;

/* Appends to out; parts that do not fit are left away. */
void json_where(struct str text, size_t at, struct buf *out);
/* base with one member more, as a field error takes it; base alone where that would be too long. */
const char *json_pointer_to(const char *base, struct str member, struct arena *a);

#endif
