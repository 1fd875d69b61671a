/* Logging in: password, then the second step if the person has one. */
#ifndef DESK_LOGIN_H
#define DESK_LOGIN_H

#include "desk/session.h"
#include "store/users.h"

/* What the password check found; made by login_prepare() on the slow lane. */
struct login_try {
    struct str email_fold;
    struct user_login user; /* id 0: nobody */
    bool right;
    struct err locked;      /* rc RC_LIMITED: not even tried */
    struct str rehash;      /* the password's hash with today's parameters, or empty */
};

struct login_result {
    bool needs_mfa;
    struct str mfa_token;   /* for login_second() */
    int64_t mfa_token_s;
    struct session_tokens session; /* unless needs_mfa */
};

/* Takes the same time whether the account exists or not. */
enum rc login_prepare(const struct account *c, struct str email, struct str password,
                      struct login_try *out, struct err *e) MUST_USE;
enum rc login_finish(const struct account *c, const struct login_try *t, struct str user_agent,
                     struct login_result *out, struct err *e) MUST_USE;
/* code: six digits, or a recovery code when is_recovery. */
enum rc login_second(const struct account *c, struct str mfa_token, struct str code, bool is_recovery,
                     struct str user_agent, struct session_tokens *out, struct err *e) MUST_USE;
/* The second step's code of a user; marks it as used.  RC_UNAUTH when it is wrong. */
enum rc login_check_code(const struct account *c, const struct user_login *u, struct str code,
                         bool is_recovery, struct err *e) MUST_USE;
/* Counts and audits a failure, answers RC_UNAUTH. */
enum rc login_failed(const struct account *c, struct str email_fold, int64_t user_id, const char *code,
                     struct err *e) MUST_USE;

#endif
