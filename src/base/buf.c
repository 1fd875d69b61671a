#include "base/buf.h"

#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_release(struct buf *b)
{
    if (!b->arena)
        free(b->p);
    b->p = NULL;
    b->n = b->cap = 0;
}

void buf_reserve(struct buf *b, size_t more)
{
    size_t want, cap;

    INVARIANT(b->max > 0);
    if (more <= b->cap - b->n)
        return;
    if (__builtin_add_overflow(b->n, more, &want) || want > b->max) {
        b->overflow = true;
        return;
    }
    cap = b->cap ? b->cap : 256;
    while (cap < want) /* what an arena's buffer leaves behind lies about until the end */
        cap *= b->arena && cap < 64 * KIB ? 4 : 2;
    if (cap > b->max)
        cap = b->max;
    if (b->arena) {
        b->p = arena_grow(b->arena, b->p, b->cap, cap);
    } else {
        b->p = realloc(b->p, cap);
        INVARIANT(b->p);
    }
    b->cap = cap;
}

void buf_add_grow(struct buf *b, const void *p, size_t n)
{
    if (n == 0 || b->overflow)
        return;
    buf_reserve(b, n);
    if (b->overflow)
        return;
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

void buf_i64(struct buf *b, int64_t v)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

    if (v < 0)
        buf_char(b, '-');
    do {
        digits[--at] = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    size_t room = b->cap - b->n;
    va_list args, again;
    int n;

    va_start(args, fmt);
    va_copy(again, args);
    n = vsnprintf(room ? b->p + b->n : NULL, room, fmt, args);
    va_end(args);
    INVARIANT(n >= 0);
    if ((size_t)n >= room) {           /* cut: once more with enough room */
        buf_reserve(b, (size_t)n + 1); /* one more for vsnprintf's NUL */
        if (!b->overflow)
            vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
    }
    if (!b->overflow)
        b->n += (size_t)n;
    va_end(again);
}
