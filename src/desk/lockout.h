/* Failed logins, counted by what was tried (account, address), so that an unknown account behaves
 * like a known one.  Delays grow; nothing sleeps: a locked try is refused before hashing. */
#ifndef DESK_LOCKOUT_H
#define DESK_LOCKOUT_H

#include "desk/account.h"

/* Seconds until the next try is allowed; 0: now. Pure. */
int64_t lockout_delay_s(int64_t failures, int64_t free_tries);

/* RC_LIMITED with retry_after_s when the account or the address must wait. */
enum rc lockout_check(struct db *db, struct str email_fold, struct str address, int64_t now_us,
                      struct arena *a, struct err *e) MUST_USE;
/* The same in a write transaction: whoever tries the same account or from the same address waits
 * until it ends, so that the count cannot be passed by many tries at once. */
enum rc lockout_hold(const struct account *c, struct str email_fold, struct err *e) MUST_USE;
enum rc lockout_failed(const struct account *c, struct str email_fold, struct err *e) MUST_USE;
/* The account's count goes; the address keeps its own. */
enum rc lockout_succeeded(const struct account *c, struct str email_fold, struct err *e) MUST_USE;

#endif
