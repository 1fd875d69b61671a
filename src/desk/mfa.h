/* The second step: one-time codes of an authenticator app, and recovery codes for its loss. */
#ifndef DESK_MFA_H
#define DESK_MFA_H

#include "desk/proof.h"

enum { RECOVERY_CODES = 10 };

struct mfa_setup {
    struct str secret; /* base32, to be typed in */
    struct str uri;    /* to be scanned */
};
struct mfa_status {
    bool enabled;
    int64_t enabled_us, recovery_left;
};
enum rc mfa_status(const struct account *c, struct mfa_status *out, struct err *e) MUST_USE;
/* What changes the second step asks for the password again: RC_UNAUTH "invalid_credentials".  A wrong
 * code is RC_UNAUTH "invalid_code".  Both were counted: the writes must be committed. */
/* A new key, not in force until a code of it was shown.  RC_CONFLICT when it is on already. */
enum rc mfa_setup(const struct account *c, const struct proof *p, struct mfa_setup *out, struct err *e) MUST_USE;
/* Switches it on; other sessions end.  codes: RECOVERY_CODES texts, shown this once.  Only who gave
 * the password has seen the key, so the code says it all. */
enum rc mfa_confirm(const struct account *c, struct str code, struct str *codes, struct err *e) MUST_USE;
enum rc mfa_new_codes(const struct account *c, const struct proof *p, struct str code, struct str *codes,
                      struct err *e) MUST_USE;
enum rc mfa_disable(const struct account *c, const struct proof *p, struct str code, bool is_recovery,
                    struct err *e) MUST_USE;
/* An administrator helps somebody who lost everything. */
enum rc mfa_reset(const struct account *c, int64_t user_id, struct err *e) MUST_USE;

#endif
