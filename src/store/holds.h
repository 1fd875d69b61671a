/* Rows of legal holds: who or what may not be deleted or erased, why, until when.  The rules and the
 * audit: desk/hold.h.
 *
 * A hold counts from the moment it is there until it is released or its day is over. */
#ifndef STORE_HOLDS_H
#define STORE_HOLDS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

enum hold_object { HOLD_USER, HOLD_ORGANIZATION, HOLD_TICKET, HOLD_OBJECTS_ }; /* stored */

struct hold {
    int64_t id;
    enum hold_object object;
    int64_t object_id;
    struct str reason, asked_by;
    int64_t created_by; /* 0: the command line */
    int64_t created_us, until_us, released_us;
    struct str released_why; /* p == NULL: it stands */
};

enum rc holds_insert(struct db *db, struct hold *h, struct err *e) MUST_USE; /* sets h->id */
enum rc holds_load(struct db *db, int64_t id, struct arena *a, struct hold *out,
                   struct err *e) MUST_USE; /* RC_NOT_FOUND */
enum rc holds_release(struct db *db, const struct hold *h, struct err *e) MUST_USE;
/* Newest first, behind before_id (0: from the newest); only_active: that count at now_us. */
struct hold_filter {
    bool only_active;
    int64_t now_us, before_id, limit;
};
struct hold_rows {
    struct hold *v;
    size_t n;
};
enum rc holds_list(struct db *db, const struct hold_filter *f, struct arena *a, struct hold_rows *out,
                   struct err *e) MUST_USE;
/* All of them, oldest first; only_active as above. */
enum rc holds_all(struct db *db, bool only_active, int64_t now_us, struct arena *a, struct hold_rows *out,
                  struct err *e) MUST_USE;
/* Whether the person, organisation or ticket is there at all. */
enum rc holds_target_exists(struct db *db, enum hold_object object, int64_t id, bool *out,
                            struct err *e) MUST_USE;

/* The first hold that keeps this person (himself, who was merged into him, an organisation of his) or
 * this ticket (itself, those merged into it or it into, its people and organisation); 0: none. */
enum rc holds_on_user(struct db *db, int64_t user_id, int64_t now_us, int64_t *hold_id,
                      struct err *e) MUST_USE;
enum rc holds_on_ticket(struct db *db, int64_t ticket_id, int64_t now_us, int64_t *hold_id,
                        struct err *e) MUST_USE;

/* Conditions for statements with "legal_holds h" whose $1 is now. */
#define HOLD_COUNTS "h.released_us IS NULL AND (h.until_us IS NULL OR h.until_us > $1)"
/* h keeps the ticket x. */
#define HOLD_KEEPS_TICKET                                                                          \
    "((h.object = 2 AND h.object_id = x.id) OR (h.object = 1 AND h.object_id = x.organization_id)" \
    " OR (h.object = 0 AND (h.object_id IN (x.customer_id, x.owner_id, x.created_by)"              \
    " OR EXISTS (SELECT 1 FROM messages hm WHERE hm.ticket_id = x.id"                              \
    " AND h.object_id IN (hm.author_id, hm.on_behalf_id))"                                         \
    " OR EXISTS (SELECT 1 FROM participants hp WHERE hp.ticket_id = x.id"                          \
    " AND hp.user_id = h.object_id))))"

#endif
