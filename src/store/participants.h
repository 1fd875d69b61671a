/* Who takes part in a ticket beside the requester: copied in (cc), or following. */
#ifndef STORE_PARTICIPANTS_H
#define STORE_PARTICIPANTS_H

#include "base/arena.h"
#include "store/db.h"
#include "store/kinds.h"

struct participant {
    int64_t id, ticket_id, user_id, created_us;
    enum participant_role role;
    struct str name, email;
};

/* Adds one, or gives him another role. */
enum rc participants_set(struct db *db, int64_t ticket_id, int64_t user_id,
                         enum participant_role role, int64_t now_us, struct err *e) MUST_USE;
/* RC_NOT_FOUND when he takes no part. */
enum rc participants_remove(struct db *db, int64_t ticket_id, int64_t user_id, struct err *e) MUST_USE;
/* All of a ticket, in the order they came; at most limit. */
enum rc participants_list(struct db *db, int64_t ticket_id, int64_t limit, struct arena *a,
                          struct participant **out, size_t *n, struct err *e) MUST_USE;

#endif
