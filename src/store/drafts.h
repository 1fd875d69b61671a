/* Drafts: what somebody is still writing, per person, ticket (0: a new one) and slot. */
#ifndef STORE_DRAFTS_H
#define STORE_DRAFTS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct draft {
    int64_t id, version, user_id, ticket_id;
    struct str user_name; /* read only */
    struct str slot;
    bool is_shared;
    struct str data_json;
    int64_t created_us, updated_us;
};
struct draft_list {
    struct draft *v;
    size_t n;
};

/* Inserts (version 0) or updates the caller's draft of ticket and slot.  A draft that is there
 * already, or has another version, is RC_STALE.  Fills id, version and created_us. */
enum rc drafts_put(struct db *db, struct draft *d, struct err *e) MUST_USE;
enum rc drafts_load(struct db *db, int64_t id, struct arena *a, struct draft *out,
                    struct err *e) MUST_USE;
/* RC_NOT_FOUND when user has none of this ticket and slot. */
enum rc drafts_find(struct db *db, int64_t user_id, int64_t ticket_id, struct str slot,
                    struct arena *a, struct draft *out, struct err *e) MUST_USE;
/* A user's own of this ticket and, with_shared, those that others share; newest first. */
struct draft_query {
    int64_t user_id, ticket_id, limit;
    bool with_shared;
};
enum rc drafts_list(struct db *db, const struct draft_query *q, struct arena *a,
                    struct draft_list *out, struct err *e) MUST_USE;
enum rc drafts_count(struct db *db, int64_t user_id, int64_t *n, struct err *e) MUST_USE;
enum rc drafts_delete(struct db *db, int64_t id, struct err *e) MUST_USE;

#endif
