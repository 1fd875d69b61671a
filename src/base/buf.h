/* Text being built.  Grows in its arena, or on the heap when it has none; never past max bytes.
 * Passing max sets `overflow` and drops what came after, so a caller checks once at the end. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/defs.h"
#include "base/str.h"

struct arena;

struct buf {
    char *p;
    size_t n, cap, max;
    struct arena *arena; /* owner of p, or NULL: heap, freed by buf_release() */
    bool overflow;
};

/* max must be > 0. */
#define BUF_ARENA(a, max_bytes) ((struct buf){ .arena = (a), .max = (max_bytes) })
#define BUF_HEAP(max_bytes) ((struct buf){ .max = (max_bytes) })

void buf_release(struct buf *b); /* heap only; an arena buffer is just emptied */
void buf_reserve(struct buf *b, size_t more);
void buf_add_grow(struct buf *b, const void *p, size_t n); /* buf_add(), when there is no room */
void buf_i64(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* In the header, so that literals become a few stores: an answer is made of hundreds of them. */
static inline void buf_add(struct buf *b, const void *p, size_t n)
{
    if (n == 0 || n > b->cap - b->n || b->overflow) {
        buf_add_grow(b, p, n);
        return;
    }
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

static inline void buf_str(struct buf *b, struct str s)
{
    buf_add(b, s.p, s.n);
}

static inline void buf_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

#define BUF_LIT(b, lit) buf_add((b), "" lit, sizeof(lit) - 1)

static inline struct str buf_view(const struct buf *b)
{
    return (struct str){ b->p ? b->p : "", b->n };
}

#endif
