/* Legal hold: a person, an organisation or a ticket of which nothing may be deleted or erased until
 * the hold is released or its day is over.
 *
 * It wins over every rule of retention, over erasure, redaction, the removal of addresses and the
 * merging of people; each of these asks hold_check_user() or hold_check_ticket().  What a person wrote,
 * takes part in or owns is kept with him, what belongs to an organisation with it.
 * Setting and releasing need admin.user and stand in the audit log. */
#ifndef DESK_HOLD_H
#define DESK_HOLD_H

#include "base/json.h"
#include "desk/actor.h"
#include "store/holds.h"

enum { HOLD_REASON_MAX = 1000, HOLD_ASKED_BY_MAX = 200 };

/* "user", "organization", "ticket", NULL */
extern const char *const hold_object_names[];

/* h: object, object_id, reason, asked_by, until_us (0: open end); sets the rest.
 * RC_INVALID at /object_id, /reason, /asked_by, /until; RC_DENIED. */
enum rc hold_add(struct db *db, const struct actor *who, struct hold *h, struct arena *a,
                 struct err *e) MUST_USE;
/* RC_NOT_FOUND; RC_CONFLICT when it was released before; RC_INVALID at /reason. */
enum rc hold_release(struct db *db, const struct actor *who, int64_t id, struct str why,
                     struct arena *a, struct err *e) MUST_USE;

/* RC_CONFLICT "legal_hold", which names the hold. */
enum rc hold_check_user(struct db *db, int64_t user_id, struct err *e) MUST_USE;
enum rc hold_check_ticket(struct db *db, int64_t ticket_id, struct err *e) MUST_USE;

void hold_write(struct jw *w, const struct hold *h);

#endif
