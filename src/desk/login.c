#include "desk/login.h"

#include "desk/auth_priv.h"
#include "desk/lockout.h"
#include "desk/password.h"
#include "desk/totp.h"

enum { MFA_TOKEN_S = 300, MFA_TRIES = 5 };

static bool may_log_in(const struct auth *au, const struct user_login *u)
{
    return account_serves(u) && u->active && u->password_hash.n &&
           (u->verified_us || au->o.registration != REGISTRATION_VERIFY);
}

enum rc login_prepare(const struct account *c, struct str email, struct str password,
                      struct login_try *out, struct err *e)
{
    const struct auth_opts *o = &c->au->o;
    enum rc rc;

    *out = (struct login_try){ .email_fold = str_lower(str_trim(email), c->a) };
    rc = lockout_check(c->db, out->email_fold, c->who->address, c->now_us, c->a, &out->locked);
    if (rc != RC_OK && rc != RC_LIMITED) {
        *e = out->locked;
        return rc;
    }
    if (rc == RC_LIMITED)
        return RC_OK;
    rc = users_login_by_email(c->db, out->email_fold, c->a, &out->user, e);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    if (!may_log_in(c->au, &out->user)) {
        bool ignored = password_verify(password, c->au->dummy_hash, c->a); /* for the time it takes */

        (void)ignored;
        return RC_OK;
    }
    out->right = password_verify(password, out->user.password_hash, c->a);
    if (out->right && password_is_outdated(out->user.password_hash, o->argon2_kib, o->argon2_passes, c->a))
        return password_hash(password, o->argon2_kib, o->argon2_passes, c->a, &out->rehash, e);
    return RC_OK;
}

enum rc login_failed(const struct account *c, struct str email_fold, int64_t user_id, const char *code,
                     struct err *e)
{
    TRY(lockout_failed(c, email_fold, e));
    TRY(account_audit(c, "login.failed", user_id, account_detail(c->a, STR("account"), email_fold), e));
    return err_set(e, RC_UNAUTH, code, "The address, password or code is wrong.");
}

static enum rc locked(const struct account *c, const struct login_try *t, const struct err *why,
                      struct err *e)
{
    TRY(account_audit(c, "login.locked", 0, account_detail(c->a, STR("account"), t->email_fold), e));
    *e = *why;
    return why->rc;
}

static enum rc start(const struct account *c, const struct user_login *u, struct str email_fold,
                     int64_t mfa_us, struct str user_agent, struct session_tokens *out,
                     struct err *e)
{
    struct actor self = *c->who;
    struct account as = *c;

    self.type = ACTOR_USER;
    self.user_id = u->id;
    as.who = &self;
    TRY(session_start(&as, u->id, mfa_us, user_agent, out, e));
    TRY(lockout_succeeded(&as, email_fold, e));
    TRY(users_logged_in(c->db, u->id, c->now_us, e));
    return account_audit(&as, "login.succeeded", u->id, STR_NONE, e);
}

enum rc login_finish(const struct account *c, const struct login_try *t, struct str user_agent,
                     struct login_result *out, struct err *e)
{
    struct err again = { 0 };
    struct user_login u;
    enum rc rc;

    *out = (struct login_result){ 0 };
    if (t->locked.rc == RC_LIMITED)
        return locked(c, t, &t->locked, e);
    /* Guesses that ran beside this one may have locked the account meanwhile; then the right one and
     * the wrong ones are answered alike. */
    rc = lockout_hold(c, t->email_fold, &again);
    if (rc == RC_LIMITED)
        return locked(c, t, &again, e);
    if (rc != RC_OK) {
        *e = again;
        return rc;
    }
    if (!t->right)
        return login_failed(c, t->email_fold, t->user.id, "invalid_credentials", e);
    TRY(users_login(c->db, t->user.id, c->a, &u, e));
    if (!u.active || !str_eq(u.password_hash, t->user.password_hash))
        return login_failed(c, t->email_fold, u.id, "invalid_credentials", e);
    if (t->rehash.n)
        TRY(users_rehash(c->db, u.id, u.password_hash, t->rehash, e));
    if (!u.mfa_us)
        return start(c, &u, t->email_fold, 0, user_agent, &out->session, e);
    out->needs_mfa = true;
    out->mfa_token_s = MFA_TOKEN_S;
    TRY(account_one_time(c, u.id, ONE_TIME_MFA, t->email_fold, MFA_TOKEN_S * US_PER_S,
                         &out->mfa_token, e));
    return account_audit(c, "login.first_step", u.id, STR_NONE, e);
}

static enum rc check_totp(const struct account *c, const struct user_login *u, struct str code,
                          struct err *e)
{
    struct str secret;
    int64_t step;

    if (!u->totp_sealed.n)
        return RC_UNAUTH;
    TRY(secret_open(&c->au->seals, u->totp_sealed, c->a, &secret, e));
    if (!totp_check(secret, code, c->now_us / US_PER_S, u->totp_last_step, c->a, &step))
        return RC_UNAUTH;
    enum rc rc = users_use_totp(c->db, u->id, step, e);

    return rc == RC_CONFLICT ? RC_UNAUTH : rc;
}

enum rc login_check_code(const struct account *c, const struct user_login *u, struct str code,
                         bool is_recovery, struct err *e)
{
    enum rc rc = RC_UNAUTH;

    if (!is_recovery) {
        rc = check_totp(c, u, code, e);
    } else if (code.n) {
        rc = recovery_use(c->db, u->id, token_hash(str_lower(str_trim(code), c->a), c->a), c->now_us, e);
        if (rc == RC_OK)
            return account_audit(c, "mfa.recovery_code_used", u->id, STR_NONE, e);
    }
    return rc == RC_NOT_FOUND ? RC_UNAUTH : rc;
}

enum rc login_second(const struct account *c, struct str mfa_token, struct str code, bool is_recovery,
                     struct str user_agent, struct session_tokens *out, struct err *e)
{
    struct one_time_row t;
    struct user_login u;
    enum rc rc = one_time_find(c->db, ONE_TIME_MFA, token_hash(mfa_token, c->a), c->now_us, c->a, &t, e);

    if (rc == RC_NOT_FOUND || (rc == RC_OK && t.tries >= MFA_TRIES))
        return account_bad_token("/mfa_token", e);
    TRY(rc);
    TRY(lockout_hold(c, t.object, e));
    TRY(users_login(c->db, t.user_id, c->a, &u, e));
    if (!u.active || !u.mfa_us)
        return account_bad_token("/mfa_token", e);
    rc = login_check_code(c, &u, code, is_recovery, e);
    if (rc == RC_UNAUTH) {
        TRY(one_time_tried(c->db, t.id, e));
        return login_failed(c, t.object, u.id, "invalid_code", e);
    }
    TRY(rc);
    TRY(one_time_use(c->db, t.id, c->now_us, e));
    return start(c, &u, t.object, c->now_us, user_agent, out, e);
}
