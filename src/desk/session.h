/* Sessions: a login and what keeps it going.
 *
 * The cookie's token is random.  A refresh token names its session and carries a MAC of ours, so an
 * earlier one of the same session is recognised when it comes back, and ends the session. */
#ifndef DESK_SESSION_H
#define DESK_SESSION_H

#include "desk/account.h"
#include "store/sessions.h"

struct session_tokens {
    int64_t session_id, user_id;
    struct str cookie;  /* empty after a refresh: the cookie stays */
    struct str csrf, access, refresh;
    int64_t access_s, session_s; /* lives */
};

/* mfa_us: when the second step was passed, or 0. */
enum rc session_start(const struct account *c, int64_t user_id, int64_t mfa_us, struct str user_agent,
                      struct session_tokens *out, struct err *e) MUST_USE;
/* RC_UNAUTH for any token that does not hold; a used one has then ended its session. */
enum rc session_refresh(const struct account *c, struct str refresh, struct session_tokens *out,
                        struct err *e) MUST_USE;
/* Ends one session of a user; RC_NOT_FOUND when it is not his or has ended. */
enum rc session_end(const struct account *c, int64_t user_id, int64_t session_id, const char *why,
                    struct err *e) MUST_USE;
/* Ends all but one (0: none is kept). */
enum rc session_end_all(const struct account *c, int64_t user_id, int64_t but_id, const char *why,
                        struct err *e) MUST_USE;
enum rc session_list(const struct account *c, int64_t user_id, struct session_rows *out,
                     struct err *e) MUST_USE;

#endif
