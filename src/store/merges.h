/* What merges did, so that they can be undone.  tickets.merged_into_id always names the end of a
 * chain; the rows here keep each single step. */
#ifndef STORE_MERGES_H
#define STORE_MERGES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct merge {
    int64_t id, source_id, target_id;
    struct str before_json;
    int64_t merged_by, merged_us;
};

enum rc merges_insert(struct db *db, struct merge *m, struct err *e) MUST_USE;
/* The one that stands; RC_NOT_FOUND. */
enum rc merges_active(struct db *db, int64_t source_id, struct arena *a, struct merge *out,
                      struct err *e) MUST_USE;
enum rc merges_undone(struct db *db, int64_t id, int64_t now_us, struct err *e) MUST_USE;

/* All that stand into this target. */
enum rc merges_into(struct db *db, int64_t target_id, struct arena *a, struct merge **out, size_t *n,
                    struct err *e) MUST_USE;
enum rc merges_set_before(struct db *db, int64_t id, struct str before_json, struct err *e) MUST_USE;

/* Tickets that lead to from lead to to. */
enum rc merges_repoint(struct db *db, int64_t from, int64_t to, struct err *e) MUST_USE;
/* All that were merged into ticket, over any number of steps, lead to it again. */
enum rc merges_reclaim(struct db *db, int64_t ticket, struct err *e) MUST_USE;

/* Makes the participants of one ticket those of another too, but for `except` (its customer); the
 * ids of those who are new there, in a. */
struct merge_people {
    int64_t from, to, except, now_us;
};
struct merge_ids {
    int64_t *v;
    size_t n;
};
enum rc merges_unite_people(struct db *db, const struct merge_people *p, struct arena *a,
                            struct merge_ids *added, struct err *e) MUST_USE;
/* Takes one of them out again, if he is there since then. */
enum rc merges_part_person(struct db *db, int64_t ticket_id, int64_t user_id, int64_t since_us,
                           struct err *e) MUST_USE;

#endif
