/* Rights of users, kept until the user's version or the catalog's counter changes.  Both are read
 * with every request, so a change counts from the next request on, on every node.  Any thread. */
#ifndef DESK_RIGHTS_CACHE_H
#define DESK_RIGHTS_CACHE_H

#include "base/arena.h"
#include "desk/actor.h"

struct rights_cache;

struct rights_key {
    int64_t user_id, user_version, catalog;
};

struct rights_cache *rights_cache_new(void);
void rights_cache_free(struct rights_cache **c);
/* Copies perms, groups and shared_orgs into *who; false when they are not known. */
bool rights_cache_get(struct rights_cache *c, const struct rights_key *key, struct arena *a,
                      struct actor *who);
/* Only with rights that a read connection found: a transaction might still be rolled back. */
void rights_cache_put(struct rights_cache *c, const struct rights_key *key, const struct actor *who);

#endif
