/* Time-based one-time passwords, RFC 6238 with SHA-1, 30 seconds and 6 digits.  Pure. */
#ifndef DESK_TOTP_H
#define DESK_TOTP_H

#include "base/arena.h"
#include "base/str.h"

enum { TOTP_SECRET_BYTES = 20, TOTP_STEP_S = 30, TOTP_DIGITS = 6 };

/* The code of a step (seconds since 1970 / 30), with leading zeros. */
struct str totp_code(struct str secret, int64_t step, int digits, struct arena *a);
/* True when code is that of a step at most one away from now and later than last_step, so that each
 * code works once; *step is then the one to remember. */
bool totp_check(struct str secret, struct str code, int64_t now_s, int64_t last_step,
                struct arena *a, int64_t *step) MUST_USE;
/* "otpauth://totp/…": what an authenticator app scans. */
struct str totp_uri(struct str secret, struct str issuer, struct str account, struct arena *a);

#endif
