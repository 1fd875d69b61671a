/* The password once more: what a stolen session must not be able to do asks for it again (the
 * second step, recovery codes, a new password, a new address). */
#ifndef DESK_PROOF_H
#define DESK_PROOF_H

#include "desk/account.h"

struct user_login;

struct proof {
    bool right;
    struct str hash; /* that it was checked against */
};
/* Slow lane.  RC_DENIED for an API token, RC_LIMITED while the account or address is locked. */
enum rc proof_prepare(const struct account *c, struct str password, struct proof *out, struct err *e) MUST_USE;
/* In the write transaction: loads the caller into *u.  A wrong password is counted and audited, and
 * answers RC_UNAUTH "invalid_credentials": its writes must be committed. */
enum rc proof_check(const struct account *c, const struct proof *p, struct user_login *u, struct err *e) MUST_USE;

#endif
