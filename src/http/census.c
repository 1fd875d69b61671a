#include "http/census.h"

#include "base/rand.h"

#include <pthread.h>
#include <stdlib.h>

enum { CENSUS_MIN = 1024 };

struct entry {
    unsigned char key[16];
    size_t n; /* 0: empty */
};

struct census {
    pthread_mutex_t lock; /* guards used and table */
    size_t size, used;    /* size: a power of two, at most half used */
    uint64_t seed;
    struct entry *table;
};

struct census *census_new(size_t max_addresses)
{
    struct census *c = calloc(1, sizeof(*c));

    INVARIANT(c);
    for (c->size = CENSUS_MIN; c->size < 2 * max_addresses; c->size *= 2)
        ;
    c->table = calloc(c->size, sizeof(*c->table));
    INVARIANT(c->table);
    rand_bytes(&c->seed, sizeof(c->seed));
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void census_free(struct census **cp)
{
    struct census *c = *cp;

    if (!c)
        return;
    pthread_mutex_destroy(&c->lock);
    free(c->table);
    free(c);
    *cp = NULL;
}

static void key_of(const struct addr *a, unsigned char key[16])
{
    static const unsigned char v4[12] = { [10] = 0xff, [11] = 0xff };

    memcpy(key, a->ip, 16);
    if (memcmp(key, v4, sizeof(v4)) != 0)
        memset(key + 8, 0, 8);
}

static size_t slot_of(const struct census *c, const unsigned char key[16])
{
    uint64_t a, b;

    memcpy(&a, key, 8);
    memcpy(&b, key + 8, 8);
    a = (a ^ c->seed) * UINT64_C(0x9e3779b97f4a7c15);
    b = (b ^ (a >> 29) ^ c->seed) * UINT64_C(0xbf58476d1ce4e5b9);
    return (size_t)(b ^ (b >> 32)) & (c->size - 1);
}

/* The entry of key, or the empty one where it belongs. */
static size_t probe(const struct census *c, const unsigned char key[16])
{
    size_t i = slot_of(c, key);

    while (c->table[i].n && memcmp(c->table[i].key, key, 16) != 0)
        i = (i + 1) & (c->size - 1);
    return i;
}

bool census_add(struct census *c, const struct addr *a, size_t max)
{
    unsigned char key[16];
    struct entry *at;
    bool ok;

    key_of(a, key);
    pthread_mutex_lock(&c->lock);
    at = &c->table[probe(c, key)];
    ok = at->n < max && (at->n > 0 || c->used < c->size / 2);
    if (ok && at->n++ == 0) {
        memcpy(at->key, key, 16);
        c->used++;
    }
    pthread_mutex_unlock(&c->lock);
    return ok;
}

/* Moves back what stood behind the freed place, so that no probe ends too early. */
static void close_gap(struct census *c, size_t gap)
{
    size_t mask = c->size - 1;

    for (size_t i = (gap + 1) & mask; c->table[i].n; i = (i + 1) & mask) {
        size_t home = slot_of(c, c->table[i].key);

        if (((i - home) & mask) < ((i - gap) & mask))
            continue;
        c->table[gap] = c->table[i];
        c->table[i].n = 0;
        gap = i;
    }
}

void census_remove(struct census *c, const struct addr *a)
{
    unsigned char key[16];
    size_t i;

    key_of(a, key);
    pthread_mutex_lock(&c->lock);
    i = probe(c, key);
    INVARIANT(c->table[i].n > 0);
    if (--c->table[i].n == 0) {
        c->used--;
        close_gap(c, i);
    }
    pthread_mutex_unlock(&c->lock);
}
