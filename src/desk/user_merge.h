/* Two people who are one: the source's addresses, requests, words and watches become the target's,
 * and the source is switched off and points to the target.
 *
 * Rights never grow: roles, groups, password and second step of the source are not united with the
 * target's.  Nobody merges himself, or somebody who can do more than he can; only who manages all
 * people makes somebody who has a login part of another.  Every row that moved is
 * written down (store/user_merges.h), so the whole is one operation that can be taken back; what was
 * changed after the merge stays as it is then.
 *
 * Rows move in one transaction.  The search documents of many tickets follow in a job
 * (user_merge_reindex()); whose they are counts at once, since every search asks the tickets too. */
#ifndef DESK_USER_MERGE_H
#define DESK_USER_MERGE_H

#include "desk/account.h"

/* What the source may hand to the target. */
enum merge_field {
    MERGE_F_NAME = 1 << 0,
    MERGE_F_LOCALE = 1 << 1,
    MERGE_F_ZONE = 1 << 2,
    MERGE_F_NOTE = 1 << 3,
    MERGE_F_VIP = 1 << 4,
    MERGE_F_ORGANIZATION = 1 << 5, /* primary; all others become further ones */
    MERGE_F_EMAIL = 1 << 6,        /* which address is the primary one */
    MERGE_F_PHONE = 1 << 7,
};

struct user_merge_ask {
    int64_t target_id, source_id;
    int64_t if_match;  /* the target's version; 0: any */
    unsigned of_source; /* bits of enum merge_field: taken from the source */
};
/* RC_NOT_FOUND, RC_DENIED, RC_INVALID at /source, RC_STALE, RC_CONFLICT. */
enum rc user_merge(const struct account *c, const struct user_merge_ask *ask, struct err *e) MUST_USE;
/* Of the source.  RC_CONFLICT when it is not merged or the target is merged itself. */
enum rc user_unmerge(const struct account *c, int64_t source_id, struct err *e) MUST_USE;

/* The kind of the job that goes on with the search documents; payload {"merge":id}. */
#define USER_MERGE_JOB "user_merge"
/* Documents of at most limit tickets behind *after (moved on); *done when none is left. */
enum rc user_merge_reindex(struct db *db, int64_t merge_id, int64_t limit, int64_t *after, bool *done,
                           struct arena *a, struct err *e) MUST_USE;

#endif
