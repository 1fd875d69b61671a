/* Sums of ticket_counts: what inboxes show beside their names. */
#ifndef STORE_TICKET_COUNTS_H
#define STORE_TICKET_COUNTS_H

#include "base/arena.h"
#include "store/db.h"

/* Rows (state id, all, unassigned, owned by user_id) over these groups. */
enum rc ticket_counts_by_state(struct db *db, const int64_t *groups, size_t n_groups, int64_t user_id,
                               struct arena *a, struct db_rows *r, struct err *e) MUST_USE;

#endif
