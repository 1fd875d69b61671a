/* Shared by merging and its undoing. */
#ifndef DESK_USER_MERGE_PRIV_H
#define DESK_USER_MERGE_PRIV_H

#include "desk/user.h"
#include "desk/user_merge.h"
#include "store/user_merges.h"

enum { MERGE_BATCH = 200, MERGE_IDENTITIES_MAX = 100, MERGE_BEFORE_MAX = 64 * 1024 };

/* The members of a user's row that may be taken from the source. */
struct merge_column {
    const char *name;
    unsigned bit;
    enum { MERGE_TEXT, MERGE_BOOL, MERGE_INT } type;
    size_t off;
};
extern const struct merge_column merge_columns[];
extern const size_t merge_columns_n;

/* Each kind has one primary identity (first choice: `want`, 0 for none, then the one that is flagged,
 * then the oldest), and the row copies it. */
enum rc merge_contacts(const struct account *c, int64_t user_id, const int64_t want[3], struct err *e) MUST_USE;
/* Search documents now, or a job for them. */
enum rc merge_search(const struct account *c, int64_t merge_id, struct err *e) MUST_USE;
/* Audit of both people, then history of the tickets, whose ids must grow with the commits. */
enum rc merge_history(const struct account *c, const struct user_merge *m, bool undo, struct err *e) MUST_USE;
/* Gives an open ticket to an owner (0: nobody), as the system. */
enum rc merge_set_owner(const struct account *c, int64_t ticket_id, int64_t owner_id, struct err *e) MUST_USE;

#endif
