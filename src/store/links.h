/* Links between tickets.  A row reads from ticket to other: "A is the parent of B", "A is a
 * duplicate of B", "A follows up B"; "related" is kept once, with the lower id first. */
#ifndef STORE_LINKS_H
#define STORE_LINKS_H

#include "base/arena.h"
#include "base/err.h"
#include "store/db.h"
#include "store/kinds.h"
#include "store/scope.h"

struct link {
    int64_t id, ticket_id, other_id;
    enum link_kind kind;
    int64_t created_by, created_us;
};

/* A link as one of its ends sees it, with what may be shown of the far end. */
struct link_row {
    struct link link;
    int64_t far_id;
    struct str far_number, far_title;
    int64_t far_state_id;
};
struct link_list {
    struct link_row *v;
    size_t n;
};

/* RC_CONFLICT when the same link is there. */
enum rc links_insert(struct db *db, struct link *l, struct err *e) MUST_USE;
enum rc links_load(struct db *db, int64_t id, struct link *out, struct err *e) MUST_USE;
enum rc links_delete(struct db *db, int64_t id, struct err *e) MUST_USE;
/* Links of a ticket whose far end lies in scope; at most limit. */
enum rc links_list(struct db *db, int64_t ticket_id, const struct scope *scope, int64_t limit,
                   struct arena *a, struct link_list *out, struct err *e) MUST_USE;
enum rc links_count(struct db *db, int64_t ticket_id, int64_t *n, struct err *e) MUST_USE;
/* True when ancestor is above (or is) ticket in the tree of parents. */
enum rc links_is_ancestor(struct db *db, int64_t ancestor, int64_t ticket, bool *yes,
                          struct err *e) MUST_USE;

#endif
