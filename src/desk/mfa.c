#include "desk/mfa.h"

#include "base/enc.h"
#include "base/rand.h"
#include "desk/auth_priv.h"
#include "desk/lockout.h"
#include "desk/login.h"
#include "desk/settings.h"
#include "desk/totp.h"

enum { CODE_BYTES = 10 };

static enum rc wrong_state(bool enabled, struct err *e)
{
    return err_set(e, RC_CONFLICT, enabled ? "mfa_enabled" : "mfa_not_enabled",
                   "Two-step login is %s.", enabled ? "on already" : "not on");
}

enum rc mfa_status(const struct account *c, struct mfa_status *out, struct err *e)
{
    struct user_login u;

    TRY(users_login(c->db, c->who->user_id, c->a, &u, e));
    out->enabled = u.mfa_us != 0;
    out->enabled_us = u.mfa_us;
    return recovery_left(c->db, u.id, &out->recovery_left, e);
}

enum rc mfa_setup(const struct account *c, const struct proof *p, struct mfa_setup *out, struct err *e)
{
    unsigned char key[TOTP_SECRET_BYTES];
    struct str secret = { (const char *)key, sizeof key }, issuer;
    struct user_login u;

    TRY(proof_check(c, p, &u, e));
    if (u.mfa_us)
        return wrong_state(true, e);
    TRY(setting_text(c->db, SETTING_PRODUCT_NAME, c->a, &issuer, e));
    rand_bytes(key, sizeof key);
    out->secret = enc_base32(secret, c->a);
    out->uri = totp_uri(secret, issuer, u.email, c->a);
    TRY(users_set_totp(c->db, u.id, secret_seal(&c->au->seals, secret, c->a), 0, e));
    return account_audit(c, "mfa.setup", u.id, STR_NONE, e);
}

/* Sixteen letters and digits, in groups of four. */
static struct str recovery_code(struct arena *a)
{
    unsigned char raw[CODE_BYTES];
    struct str t;

    rand_bytes(raw, sizeof raw);
    t = str_lower(enc_base32((struct str){ (char *)raw, sizeof raw }, a), a);
    return str_printf(a, "%.4s-%.4s-%.4s-%.4s", t.p, t.p + 4, t.p + 8, t.p + 12);
}

static enum rc make_codes(const struct account *c, struct str *codes, struct err *e)
{
    struct str hashes[RECOVERY_CODES];

    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        codes[i] = recovery_code(c->a);
        hashes[i] = token_hash(codes[i], c->a);
    }
    return recovery_replace(c->db, c->who->user_id, hashes, RECOVERY_CODES, e);
}

static enum rc check(const struct account *c, const struct user_login *u, struct str code,
                     bool is_recovery, struct err *e)
{
    enum rc rc = login_check_code(c, u, code, is_recovery, e);

    if (rc == RC_UNAUTH)
        return login_failed(c, str_lower(u->email, c->a), u->id, "invalid_code", e);
    return rc;
}

enum rc mfa_confirm(const struct account *c, struct str code, struct str *codes, struct err *e)
{
    struct user_login u;

    if (!c->who->session_id)
        return err_set(e, RC_DENIED, "session_needed", "This needs a login, not an API token.");
    TRY(users_login(c->db, c->who->user_id, c->a, &u, e));
    TRY(lockout_hold(c, str_lower(u.email, c->a), e));
    if (u.mfa_us)
        return wrong_state(true, e);
    if (!u.totp_sealed.n)
        return err_set(e, RC_CONFLICT, "mfa_not_set_up", "Ask for a key first.");
    TRY(check(c, &u, code, false, e));
    TRY(users_set_totp(c->db, u.id, u.totp_sealed, c->now_us, e));
    TRY(make_codes(c, codes, e));
    TRY(session_end_all(c, u.id, c->who->session_id, "mfa_enabled", e));
    return account_audit(c, "mfa.enable", u.id, STR_NONE, e);
}

enum rc mfa_new_codes(const struct account *c, const struct proof *p, struct str code, struct str *codes,
                      struct err *e)
{
    struct user_login u;

    TRY(proof_check(c, p, &u, e));
    if (!u.mfa_us)
        return wrong_state(false, e);
    TRY(check(c, &u, code, false, e));
    TRY(make_codes(c, codes, e));
    return account_audit(c, "mfa.new_recovery_codes", u.id, STR_NONE, e);
}

static enum rc switch_off(const struct account *c, int64_t user_id, const char *action, struct err *e)
{
    TRY(users_set_totp(c->db, user_id, STR_NONE, 0, e));
    TRY(recovery_replace(c->db, user_id, NULL, 0, e));
    return account_audit(c, action, user_id, STR_NONE, e);
}

enum rc mfa_disable(const struct account *c, const struct proof *p, struct str code, bool is_recovery,
                    struct err *e)
{
    struct user_login u;

    TRY(proof_check(c, p, &u, e));
    if (!u.mfa_us)
        return wrong_state(false, e);
    TRY(check(c, &u, code, is_recovery, e));
    return switch_off(c, u.id, "mfa.disable", e);
}

enum rc mfa_reset(const struct account *c, int64_t user_id, struct err *e)
{
    TRY(switch_off(c, user_id, "mfa.reset", e));
    return session_end_all(c, user_id, 0, "mfa_reset", e);
}
