#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first chunk holds what nearly every request needs: only the pages used of it are memory. */
enum { ARENA_ALIGN = 16, ARENA_FIRST = 32768 - 64, ARENA_CHUNK_MAX = 1 << 20 };

struct chunk {
    struct chunk *next; /* the one filled before */
    size_t cap, used;
    _Alignas(ARENA_ALIGN) char bytes[];
};

struct arena {
    struct chunk *head;
    size_t cap, total; /* bytes allowed, bytes in all chunks */
    size_t next_size;
};

_Noreturn void invariant_failed(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, what);
    abort();
}

static struct chunk *chunk_new(struct arena *a, size_t at_least)
{
    size_t size = a->next_size > at_least ? a->next_size : at_least;
    struct chunk *c;

    INVARIANT(size <= a->cap && a->total <= a->cap - size);
    c = malloc(sizeof(*c) + size);
    INVARIANT(c);
    c->next = a->head;
    c->cap = size;
    c->used = 0;
    a->head = c;
    a->total += size;
    if (a->next_size < ARENA_CHUNK_MAX)
        a->next_size *= 2;
    return c;
}

struct arena *arena_new(size_t cap_bytes)
{
    struct arena *a = calloc(1, sizeof(*a));

    INVARIANT(a);
    a->cap = cap_bytes;
    a->next_size = ARENA_FIRST;
    return a;
}

void arena_free(struct arena **ap)
{
    struct arena *a = *ap;

    if (!a)
        return;
    while (a->head) {
        struct chunk *next = a->head->next;

        free(a->head);
        a->head = next;
    }
    free(a);
    *ap = NULL;
}

void arena_clean(struct arena **a)
{
    arena_free(a);
}

void arena_reset(struct arena *a)
{
    while (a->head && a->head->next) {
        struct chunk *next = a->head->next;

        a->total -= a->head->cap;
        free(a->head);
        a->head = next;
    }
    if (a->head)
        a->head->used = 0;
    a->next_size = ARENA_FIRST * 2;
}

size_t arena_used(const struct arena *a)
{
    size_t n = 0;

    for (const struct chunk *c = a->head; c; c = c->next)
        n += c->used;
    return n;
}

static size_t align_up(size_t n)
{
    INVARIANT(n <= SIZE_MAX - ARENA_ALIGN);
    return (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
}

void *arena_alloc_raw(struct arena *a, size_t n)
{
    struct chunk *c = a->head;
    void *p;

    n = align_up(n ? n : 1);
    if (!c || n > c->cap - c->used)
        c = chunk_new(a, n);
    p = c->bytes + c->used;
    c->used += n;
    return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
    return memset(arena_alloc_raw(a, n), 0, n);
}

void *arena_array_(struct arena *a, size_t n, size_t size)
{
    size_t bytes;

    INVARIANT(!__builtin_mul_overflow(n, size, &bytes));
    return arena_alloc(a, bytes);
}

void *arena_memdup(struct arena *a, const void *p, size_t n)
{
    void *q = arena_alloc_raw(a, n);

    if (n)
        memcpy(q, p, n);
    return q;
}

void *arena_grow(struct arena *a, void *p, size_t old_n, size_t new_n)
{
    struct chunk *c = a->head;
    size_t old_size = align_up(old_n ? old_n : 1), new_size = align_up(new_n);
    void *q;

    INVARIANT(new_n >= old_n);
    if (p && c && (char *)p + old_size == c->bytes + c->used
        && new_size - old_size <= c->cap - c->used) {
        c->used += new_size - old_size;
        return p;
    }
    q = arena_alloc_raw(a, new_n);
    if (p && old_n)
        memcpy(q, p, old_n);
    return q;
}
