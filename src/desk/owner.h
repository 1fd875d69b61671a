/* Owners who lost the right to be one: their open tickets go back to the group. */
#ifndef DESK_OWNER_H
#define DESK_OWNER_H

#include "base/arena.h"
#include "base/err.h"
#include "desk/actor.h"
#include "store/db.h"

/* After a user was switched off or lost rights, in the same transaction: clears him as the owner of
 * open tickets in groups where he no longer has full.  Closed ones keep him, for reports. */
enum rc owner_check_rights(struct db *db, const struct actor *who, int64_t user_id, struct arena *a,
                           struct err *e) MUST_USE;
/* The same for everybody who owns an open ticket in a group or holds a role; after their change. */
enum rc owner_check_role(struct db *db, const struct actor *who, int64_t role_id, struct arena *a,
                         struct err *e) MUST_USE;

#endif
