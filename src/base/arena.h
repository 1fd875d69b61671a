/* Memory that lives as long as one request, job or command: bump allocation, freed all at once.
 * Allocation cannot fail: reaching the cap or running out of memory aborts, so the limits on
 * bodies, rows and uploads must keep a request far below its cap.
 * One thread at a time; an arena may be handed from thread to thread with its request. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/defs.h"

struct arena;

struct arena *arena_new(size_t cap_bytes);
void arena_free(struct arena **a);
void arena_clean(struct arena **a); /* for CLEAN() */
/* Forgets all allocations; keeps the first chunk for reuse. */
void arena_reset(struct arena *a);
size_t arena_used(const struct arena *a); /* bytes handed out */

void *arena_alloc(struct arena *a, size_t n) __attribute__((returns_nonnull, alloc_size(2))); /* zeroed */
void *arena_alloc_raw(struct arena *a, size_t n) __attribute__((returns_nonnull, alloc_size(2)));
void *arena_array_(struct arena *a, size_t n, size_t size) __attribute__((returns_nonnull));
void *arena_memdup(struct arena *a, const void *p, size_t n) __attribute__((returns_nonnull));
/* Grows the allocation p of old_n bytes to new_n; in place when it was the last one. */
void *arena_grow(struct arena *a, void *p, size_t old_n, size_t new_n) __attribute__((returns_nonnull));

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_array_((a), (n), sizeof(type)))

#endif
