/* The text form of a page cursor: its fields and an HMAC over them, base64url.  Any thread. */
#ifndef WEB_CURSOR_H
#define WEB_CURSOR_H

#include "base/defs.h"
#include "base/str.h"

struct arena;

struct cursor {
    bool backward, descending;
    struct str sort, filter; /* without '|' */
    int64_t key, id;
    struct str key_text;
};

enum { CURSOR_KEY_LEN = 32 };

struct str cursor_write(const unsigned char key[CURSOR_KEY_LEN], const struct cursor *c, struct arena *a);
/* False unless every bit is as cursor_write() made it, with the same key. */
bool cursor_read(const unsigned char key[CURSOR_KEY_LEN], struct str text, struct arena *a,
                 struct cursor *out);

#endif
