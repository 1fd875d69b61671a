#include "desk/rights_cache.h"

#include <pthread.h>
#include <stdlib.h>

enum { SLOTS = 1024, PART_MAX = 4096 };

struct entry {
    struct rights_key key;
    int64_t perms;
    bool is_unproved;
    size_t n_groups, n_orgs;
    struct group_levels *groups; /* these two live behind the entry, in one allocation */
    int64_t *orgs;
};

struct rights_cache {
    pthread_mutex_t lock; /* guards slots */
    struct entry *slots[SLOTS]; /* owned; by user id */
};

struct rights_cache *rights_cache_new(void)
{
    struct rights_cache *c = calloc(1, sizeof *c);

    INVARIANT(c);
    INVARIANT(pthread_mutex_init(&c->lock, NULL) == 0);
    return c;
}

void rights_cache_free(struct rights_cache **c)
{
    if (!*c)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        free((*c)->slots[i]);
    pthread_mutex_destroy(&(*c)->lock);
    free(*c);
    *c = NULL;
}

static struct entry **slot_of(struct rights_cache *c, int64_t user_id)
{
    return &c->slots[(uint64_t)user_id % SLOTS];
}

static bool key_eq(const struct rights_key *a, const struct rights_key *b)
{
    return a->user_id == b->user_id && a->user_version == b->user_version && a->catalog == b->catalog;
}

bool rights_cache_get(struct rights_cache *c, const struct rights_key *key, struct arena *a,
                      struct actor *who)
{
    const struct entry *e;
    bool hit;

    pthread_mutex_lock(&c->lock);
    e = *slot_of(c, key->user_id);
    hit = e && key_eq(&e->key, key);
    if (hit) {
        who->perms = e->perms;
        who->is_unproved = e->is_unproved;
        who->n_groups = e->n_groups;
        who->groups = arena_memdup(a, e->groups, e->n_groups * sizeof *e->groups);
        who->n_shared_orgs = e->n_orgs;
        who->shared_orgs = arena_memdup(a, e->orgs, e->n_orgs * sizeof *e->orgs);
    }
    pthread_mutex_unlock(&c->lock);
    return hit;
}

void rights_cache_put(struct rights_cache *c, const struct rights_key *key, const struct actor *who)
{
    size_t groups_size = who->n_groups * sizeof *who->groups;
    size_t orgs_size = who->n_shared_orgs * sizeof *who->shared_orgs;
    struct entry *e, **slot;

    if (who->n_groups > PART_MAX || who->n_shared_orgs > PART_MAX)
        return;
    e = calloc(1, sizeof *e + groups_size + orgs_size);
    INVARIANT(e);
    e->key = *key;
    e->perms = who->perms;
    e->is_unproved = who->is_unproved;
    e->n_groups = who->n_groups;
    e->n_orgs = who->n_shared_orgs;
    e->groups = (struct group_levels *)(e + 1);
    e->orgs = (int64_t *)((char *)(e + 1) + groups_size);
    if (groups_size)
        memcpy(e->groups, who->groups, groups_size);
    if (orgs_size)
        memcpy(e->orgs, who->shared_orgs, orgs_size);
    pthread_mutex_lock(&c->lock);
    slot = slot_of(c, key->user_id);
    free(*slot);
    *slot = e;
    pthread_mutex_unlock(&c->lock);
}
