#include "web/ticket_cache.h"

#include <pthread.h>
#include <stdlib.h>

enum { SHARDS = 64, SETS = 32, WAYS = 4, SHARE_MIN = 4 /* an entry takes a quarter of its shard at most */ };

struct entry {
    struct ticket_cache_key key;
    struct ticket_cache_facts facts;
    uint64_t number; /* of the put: the smaller, the older */
    size_t slot, n;
    char json[];
};

/* A ring of entries, the oldest of which give way: no memory is asked for or scattered. */
struct shard {
    pthread_mutex_t lock;   /* guards all below */
    char *ring;             /* owner */
    size_t head, tail;      /* where the next one goes; the oldest one */
    size_t end;             /* behind the last one before the ring began anew */
    size_t entries;
    uint64_t puts;
    size_t slots[SETS * WAYS]; /* where the entry begins, from 1; 0: none */
};

struct ticket_cache {
    size_t shard_max;
    struct shard shards[SHARDS];
};

struct ticket_cache *ticket_cache_new(size_t max_bytes)
{
    struct ticket_cache *c = calloc(1, sizeof(*c));

    INVARIANT(c);
    c->shard_max = max_bytes / SHARDS / _Alignof(struct entry) * _Alignof(struct entry);
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *s = &c->shards[i];

        pthread_mutex_init(&s->lock, NULL);
        s->ring = malloc(c->shard_max); /* touched as entries come */
        INVARIANT(s->ring);
        s->end = c->shard_max;
    }
    return c;
}

void ticket_cache_free(struct ticket_cache **cp)
{
    struct ticket_cache *c = *cp;

    if (!c)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        free(c->shards[i].ring);
        pthread_mutex_destroy(&c->shards[i].lock);
    }
    free(c);
    *cp = NULL;
}

static struct entry *entry_at(const struct shard *s, size_t at)
{
    return (struct entry *)(void *)(s->ring + at);
}

static size_t size_for(size_t json_n)
{
    size_t unit = _Alignof(struct entry);

    return (sizeof(struct entry) + json_n + unit - 1) / unit * unit;
}

static void drop_oldest(struct shard *s, size_t max)
{
    const struct entry *en = entry_at(s, s->tail);

    if (s->slots[en->slot] == s->tail + 1)
        s->slots[en->slot] = 0;
    s->entries--;
    s->tail += size_for(en->n);
    if (s->tail == s->end) {
        s->tail = 0;
        s->end = max;
    }
}

/* Makes room at the head. */
static struct entry *room_for(struct shard *s, size_t size, size_t max)
{
    if (s->head + size > max) {
        while (s->entries && s->tail >= s->head)
            drop_oldest(s, max);
        s->end = s->head;
        s->head = 0;
    }
    while (s->entries && s->tail >= s->head && s->tail < s->head + size)
        drop_oldest(s, max);
    if (s->entries == 0) {
        s->tail = s->head;
        s->end = max;
    }
    return entry_at(s, s->head);
}

/* By what it is of, not by its state: the next state takes the place of the one before. */
static uint64_t hash_of(const struct ticket_cache_key *k)
{
    uint64_t h = ((uint64_t)k->id * 4 + k->kind) * UINT64_C(0x9e3779b97f4a7c15);

    return h >> 40;
}

static struct shard *shard_of(struct ticket_cache *c, uint64_t hash)
{
    return &c->shards[hash % SHARDS];
}

/* The first slot of those where it may stand. */
static size_t set_of(uint64_t hash)
{
    return hash / SHARDS % SETS * WAYS;
}

static const struct entry *entry_in(const struct shard *s, size_t slot)
{
    return s->slots[slot] ? entry_at(s, s->slots[slot] - 1) : NULL;
}

static const struct entry *entry_of(const struct shard *s, uint64_t hash, const struct ticket_cache_key *k)
{
    for (size_t slot = set_of(hash), end = slot + WAYS; slot < end; slot++) {
        const struct entry *en = entry_in(s, slot);

        if (en && en->key.id == k->id && en->key.kind == k->kind)
            return en;
    }
    return NULL;
}

/* Of the state before, or free, or of the oldest one. */
static size_t slot_for(const struct shard *s, uint64_t hash, const struct ticket_cache_key *k)
{
    const struct entry *same = entry_of(s, hash, k);
    size_t first = set_of(hash), best = first;

    if (same)
        return same->slot;
    for (size_t slot = first; slot < first + WAYS; slot++) {
        if (!s->slots[slot])
            return slot;
        if (entry_in(s, slot)->number < entry_in(s, best)->number)
            best = slot;
    }
    return best;
}

static bool is_it(const struct entry *en, const struct ticket_cache_key *k)
{
    const struct ticket_cache_key *have = en ? &en->key : NULL;

    return have && have->version == k->version && have->shown == k->shown && have->catalog == k->catalog
           && have->reconnects == k->reconnects;
}

bool ticket_cache_get(struct ticket_cache *c, const struct ticket_cache_key *k,
                      struct ticket_cache_facts *facts, struct jw *out)
{
    uint64_t hash = hash_of(k);
    struct shard *s = shard_of(c, hash);
    const struct entry *en;
    bool hit;

    pthread_mutex_lock(&s->lock);
    en = entry_of(s, hash, k);
    hit = is_it(en, k);
    if (hit && facts)
        *facts = en->facts;
    if (hit && out)
        jw_raw(out, (struct str){ en->json, en->n });
    pthread_mutex_unlock(&s->lock);
    return hit;
}

void ticket_cache_put(struct ticket_cache *c, const struct ticket_cache_key *k,
                      const struct ticket_cache_facts *facts, struct str json)
{
    uint64_t hash = hash_of(k);
    struct shard *s = shard_of(c, hash);
    size_t size = size_for(json.n);
    struct entry *en;

    if (json.n == 0 || size > c->shard_max / SHARE_MIN)
        return;
    pthread_mutex_lock(&s->lock);
    en = room_for(s, size, c->shard_max);
    *en = (struct entry){ .key = *k, .facts = *facts, .number = ++s->puts, .slot = slot_for(s, hash, k), .n = json.n };
    memcpy(en->json, json.p, json.n);
    s->slots[en->slot] = s->head + 1;
    s->head += size;
    s->entries++;
    pthread_mutex_unlock(&s->lock);
}
