/* Merging tickets and taking it back (behaviour.md, section 8).
 *
 * The source's messages stay its own and are shown in the target in time order; the source becomes
 * read-only and leads to the target, chains to their end.  Participants are united; a closed target
 * of an open source reopens.  Undoing gives back all that, as far as nobody changed it since. */
#ifndef DESK_MERGE_H
#define DESK_MERGE_H

#include "desk/ticket.h"

/* Both in the actor's change right.  RC_CONFLICT "ticket_merged" (source), "merge_cycle";
 * RC_INVALID at /into when it is the same ticket or not one of the actor's.  *target is where it
 * ended. */
enum rc ticket_merge(struct call *c, int64_t source_id, int64_t into_id, int64_t if_match,
                     int64_t *target_id, struct err *e) MUST_USE;
/* RC_CONFLICT "not_merged". */
enum rc ticket_unmerge(struct call *c, int64_t source_id, int64_t if_match, struct err *e) MUST_USE;

#endif
