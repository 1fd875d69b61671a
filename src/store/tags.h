/* Tags and which tickets have them. */
#ifndef STORE_TAGS_H
#define STORE_TAGS_H

#include "base/arena.h"
#include "store/db.h"

enum { TAG_USES_MAX = 1000 }; /* counting ends there */

struct tag {
    int64_t id, version, created_us;
    struct str name;
    int64_t uses; /* tickets that have it; only of lists that ask for it */
};

enum rc tags_load(struct db *db, int64_t id, struct arena *a, struct tag *out, struct err *e) MUST_USE;
/* Its id; *found false when there is none. */
enum rc tags_find(struct db *db, struct str name, int64_t *id, bool *found, struct err *e) MUST_USE;
enum rc tags_ensure(struct db *db, struct str name, int64_t now_us, int64_t *id, struct err *e) MUST_USE;
enum rc tags_set(struct db *db, int64_t ticket_id, int64_t tag_id, struct err *e) MUST_USE;
enum rc tags_unset(struct db *db, int64_t ticket_id, int64_t tag_id, struct err *e) MUST_USE;
enum rc tags_rename(struct db *db, const struct tag *t, struct str name, struct err *e) MUST_USE;
enum rc tags_delete(struct db *db, int64_t id, struct err *e) MUST_USE;
/* The first tickets with the tag, at most limit, for rewriting their copies; how many have it. */
enum rc tags_tickets(struct db *db, int64_t tag_id, int64_t limit, struct arena *a, int64_t **ids,
                     size_t *n, struct err *e) MUST_USE;
enum rc tags_count(struct db *db, int64_t tag_id, int64_t *n, struct err *e) MUST_USE;
/* Rewrites the ticket's own copy of its tags from the rows. */
enum rc tags_rewrite_copy(struct db *db, int64_t ticket_id, struct arena *a, struct err *e) MUST_USE;
/* In order of names, behind `after` (p == NULL: from the start), beginning with prefix. */
struct tags_page {
    struct str prefix, after;
    int64_t limit;
    bool backward;
    bool uses; /* a further column: how many tickets have it, up to TAG_USES_MAX */
};
enum rc tags_list(struct db *db, const struct tags_page *p, struct arena *a, struct db_rows *r,
                  struct err *e) MUST_USE;

#endif
