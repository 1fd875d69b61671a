/* What merges of people did, so that they can be undone: each row that went from one person to the
 * other stands in user_merge_rows.  No rules here: desk/user_merge.h decides. */
#ifndef STORE_USER_MERGES_H
#define STORE_USER_MERGES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct user_merge {
    int64_t id, source_id, target_id;
    struct str before_json;
    int64_t merged_by, merged_us;
};

/* Stored: never renumber. */
enum merge_part {
    MERGE_CUSTOMER,          /* tickets: whose they are */
    MERGE_AUTHOR,            /* messages: who wrote them */
    MERGE_ON_BEHALF,         /* messages: for whom */
    MERGE_PARTICIPANT,       /* of a ticket, whose id it is: a row may go and come meanwhile */
    MERGE_PARTICIPANT_TWICE, /* taken away: the target is there already */
    MERGE_WATCH,
    MERGE_WATCH_TWICE,
    MERGE_IDENTITY,          /* n: whether it was the primary one */
    MERGE_ORGANIZATION,      /* further one that the target got */
    MERGE_OWNER,             /* open tickets; n: who owns them now */
    MERGE_PRIMARY,           /* identities of the target that ceased to be the primary one */
    MERGE_RENAMED,           /* tickets that named the target, under another name or address now */
};

/* Locks both people until the commit, always in the same order. */
enum rc user_merges_lock(struct db *db, int64_t one, int64_t other, struct arena *a,
                         struct err *e) MUST_USE;
enum rc user_merges_insert(struct db *db, struct user_merge *m, struct err *e) MUST_USE; /* sets id */
/* The merge of this source that stands; RC_NOT_FOUND. */
enum rc user_merges_active(struct db *db, int64_t source_id, struct arena *a,
                           struct user_merge *out, struct err *e) MUST_USE;
enum rc user_merges_undone(struct db *db, int64_t id, int64_t now_us, struct err *e) MUST_USE;
/* users.merged_into_id; 0: nobody. */
enum rc user_merges_point(struct db *db, int64_t user_id, int64_t to, struct err *e) MUST_USE;
enum rc user_merges_end(struct db *db, int64_t user_id, int64_t *target_id, struct err *e) MUST_USE;

/* Tickets, messages, participants, watches: all of the source's to the target, written down. */
enum rc user_merges_move(struct db *db, const struct user_merge *m, struct err *e) MUST_USE;
/* … and back, as far as the target still has them. */
enum rc user_merges_move_back(struct db *db, const struct user_merge *m, struct err *e) MUST_USE;

/* Before the move: the target's own tickets, whose search documents hold the name and address. */
enum rc user_merges_renamed(struct db *db, const struct user_merge *m, struct err *e) MUST_USE;
enum rc user_merges_note(struct db *db, int64_t merge_id, enum merge_part part, int64_t row_id,
                         int64_t n, struct err *e) MUST_USE;
struct merge_row {
    int64_t row_id, n;
};
struct merge_rows {
    struct merge_row *v;
    size_t n;
};
/* Those of one part behind after_id, at most limit. */
struct merge_page {
    int64_t merge_id;
    enum merge_part part;
    int64_t after_id, limit;
};
enum rc user_merges_rows(struct db *db, const struct merge_page *p, struct arena *a,
                         struct merge_rows *out, struct err *e) MUST_USE;
enum rc user_merges_count(struct db *db, int64_t merge_id, enum merge_part part, int64_t *n,
                          struct err *e) MUST_USE;
/* Tickets whose search documents name one of the two, by id behind after_id. */
enum rc user_merges_tickets(struct db *db, int64_t merge_id, int64_t after_id, int64_t limit,
                            struct arena *a, struct merge_rows *out, struct err *e) MUST_USE;

/* One identity goes to another person. */
enum rc user_merges_identity(struct db *db, int64_t identity_id, int64_t from, int64_t to,
                             bool is_primary, struct err *e) MUST_USE;
enum rc user_merges_organization_add(struct db *db, int64_t user_id, int64_t organization_id,
                                     struct err *e) MUST_USE;
/* Takes back those that the merge gave to the target. */
enum rc user_merges_organizations_drop(struct db *db, const struct user_merge *m,
                                       struct err *e) MUST_USE;

/* One row of history for each ticket whose customer is `now` by this merge. */
struct merge_events {
    int64_t merge_id, customer_id, actor_id, now_us;
    struct str changes_json, request_id;
};
enum rc user_merges_events(struct db *db, const struct merge_events *ev, struct err *e) MUST_USE;

#endif
