#include "desk/signup.h"

#include "base/rand.h"
#include "desk/auth_priv.h"
#include "desk/password.h"
#include "desk/token.h"
#include "desk/user.h"
#include "store/organizations.h"
#include "store/roles.h"
#include "store/users.h"

enum { MAILS_AN_HOUR = 3, NOBODY_BYTES = 24, NOBODY = -1 };
static const int64_t verify_life_us = 3 * US_PER_DAY;

enum rc password_prepare(const struct account *c, struct str password, struct str email,
                         struct str name, const char *pointer, struct str *hash, struct err *e)
{
    const struct auth_opts *o = &c->au->o;

    TRY(password_check(password, email, name, pointer, e));
    return password_hash(password, o->argon2_kib, o->argon2_passes, c->a, hash, e);
}

enum rc signup_allowed(const struct auth *au, struct err *e)
{
    if (au->o.registration == REGISTRATION_OFF)
        return err_set(e, RC_DENIED, "registration_off", "Registration is switched off.");
    return RC_OK;
}

/* Mails a link that works once, at most a few an hour, so that nobody's mailbox is flooded.  For
 * nobody (user_id 0) and past the limit the same is written and taken back: the caller learns nothing
 * by time either. */
static enum rc mail_link(const struct account *c, const struct one_time_new *t, struct account_mail *m,
                         struct err *e)
{
    struct db_tx tx CLEAN(db_tx_end) = { 0 };
    int64_t n;

    TRY(db_tx_begin(c->db, &tx, e));
    TRY(one_time_count(c->db, t->user_id, t->purpose, c->now_us - US_PER_HOUR, &n, e));
    m->is_unsent = !t->user_id || n >= MAILS_AN_HOUR;
    TRY(account_one_time(c, t->user_id, t->purpose, t->object, t->expires_us - c->now_us, &m->token, e));
    TRY(account_mail(c, m, e));
    return m->is_unsent ? RC_OK : db_tx_commit(&tx, e);
}

static enum rc send_verify(const struct account *c, int64_t user_id, struct str email_fold,
                           struct str address, struct err *e)
{
    const struct one_time_new t = { .user_id = user_id, .purpose = ONE_TIME_VERIFY, .object = email_fold,
                                    .expires_us = c->now_us + verify_life_us };
    struct account_mail m = { .kind = "mail.verify",
                              .recipient = address,
                              .subject = "Confirm your address",
                              .text = "Somebody, perhaps you, made an account with this address. If it was"
                                      " you, confirm the address within three days. If it was not you, do"
                                      " nothing:",
                              .path = "/verify-email" };

    return mail_link(c, &t, &m, e);
}

/* A mail without a link costs what one with a link does. */
static enum rc mail_alike(const struct account *c, struct str fold, const struct account_mail *m, struct err *e)
{
    {
        struct db_tx tx CLEAN(db_tx_end) = { 0 };
        struct str token;
        int64_t n;

        TRY(db_tx_begin(c->db, &tx, e));
        TRY(one_time_count(c->db, 0, ONE_TIME_VERIFY, c->now_us - US_PER_HOUR, &n, e));
        TRY(account_one_time(c, 0, ONE_TIME_VERIFY, fold, verify_life_us, &token, e));
    }
    return account_mail(c, m, e);
}

static enum rc mail_reset(const struct account *c, int64_t user_id, struct str address, struct str fold,
                          int purpose, struct err *e)
{
    bool invite = purpose == ONE_TIME_INVITE;
    const struct one_time_new t = { .user_id = user_id, .purpose = purpose, .object = fold,
                                    .expires_us = c->now_us + (invite ? 7 * US_PER_DAY : US_PER_HOUR) };
    struct account_mail m = {
        .kind = invite ? "mail.invite" : "mail.password_reset",
        .recipient = address,
        .subject = invite ? "Your account" : "Set a new password",
        .text = invite ? "An account was made for you. Choose a password within seven days:"
                       : "Somebody, perhaps you, asked for a new password. Choose one within an"
                         " hour. If it was not you, do nothing:",
        .path = "/reset-password",
    };

    return mail_link(c, &t, &m, e);
}

/* What is done for an address that registers, and what its mailbox is told. */
struct told {
    enum { TELL_NOBODY, TELL_VERIFY, TELL_RESET, TELL_KNOWN } what;
    int64_t user_id;
    bool drops_links, clears_password;
};

/* Somebody registers an address that is known: its owner hears of it, the caller does not.  Of an
 * account of which nobody has proved any address nobody knows whose password it has: the mailbox's
 * owner must choose one, and no earlier link may confirm the other's. */
static struct told told_known(const struct account *c, const struct user_login *u)
{
    struct told t = { .what = TELL_NOBODY };

    if (!u->active || !account_serves(u))
        return t;
    t.user_id = u->id;
    if (!u->password_hash.n) {
        t.what = TELL_RESET;
    } else if (u->verified_us) {
        t.what = TELL_KNOWN;
    } else if (u->has_proof) {
        t.what = TELL_VERIFY;
    } else {
        t.what = TELL_RESET;
        t.drops_links = true;
        t.clears_password = c->au->o.registration == REGISTRATION_VERIFY;
    }
    return t;
}

/* The same statements whoever it is, so that time tells nothing: what is not to be done is done to nobody. */
static enum rc tell(const struct account *c, const struct told *t, struct str fold, struct str address,
                    struct err *e)
{
    const struct account_mail known = { .kind = "mail.already_registered",
                                        .recipient = fold,
                                        .subject = "You already have an account",
                                        .text = "Somebody, perhaps you, tried to register with this address."
                                                " You already have an account: log in, or ask for a new"
                                                " password if you forgot it. If it was not you, do nothing." };

    TRY(one_time_drop(c->db, t->drops_links ? t->user_id : NOBODY, ONE_TIME_VERIFY, e));
    TRY(users_set_password(c->db, t->clears_password ? t->user_id : NOBODY, STR_NONE, c->now_us, e));
    switch (t->what) {
    case TELL_KNOWN:
        return mail_alike(c, fold, &known, e);
    case TELL_RESET:
        return mail_reset(c, t->user_id, fold, fold, ONE_TIME_RESET, e);
    case TELL_VERIFY:
    case TELL_NOBODY:
        break;
    }
    return send_verify(c, t->user_id, fold, address, e);
}

static enum rc new_person(const struct account *c, const struct signup *s, struct str fold,
                          int64_t *id, struct err *e)
{
    const struct user_row row = { .name = s->name,
                                  .email = s->email,
                                  .phone = STR_NONE,
                                  .locale = s->locale.n ? s->locale : STR("en"),
                                  .zone = STR("UTC"),
                                  .note = STR(""),
                                  .active = true,
                                  .created_us = c->now_us };
    struct identity_row identity = { .kind = IDENTITY_EMAIL, .value = s->email, .is_primary = true };
    int64_t identity_id;

    TRY(users_insert(c->db, &row, c->a, id, e));
    identity.user_id = *id;
    TRY(identities_insert(c->db, &identity, fold, c->now_us, &identity_id, e));
    return users_set_password(c->db, *id, s->password_hash, c->now_us, e);
}

static enum rc give_role(const struct account *c, int64_t user_id, int builtin, struct err *e)
{
    int64_t role_id;

    TRY(roles_of_builtin(c->db, builtin, &role_id, e));
    return users_set_roles(c->db, user_id, &role_id, 1, e);
}

/* Makes the person; or, when the address is known, writes the same and takes it back, so that both
 * take the same time. */
static enum rc make_person(const struct account *c, const struct signup *s, struct str fold, bool known,
                           int64_t *id, struct err *e)
{
    struct db_tx tx CLEAN(db_tx_end) = { 0 };
    enum rc rc;

    TRY(db_tx_begin(c->db, &tx, e));
    rc = new_person(c, s, known ? rand_token(NOBODY_BYTES, c->a) : fold, id, e);
    if (rc == RC_CONFLICT) /* registered beside us: run again and meet it */
        return err_set(e, RC_RETRY, "busy", "Please try again.");
    TRY(rc);
    TRY(give_role(c, *id, ROLE_CUSTOMER, e));
    return known ? RC_OK : db_tx_commit(&tx, e);
}

enum rc signup_register(const struct account *c, const struct signup *s, struct err *e)
{
    struct signup trimmed = *s;
    struct user_login u = { 0 };
    struct told t;
    struct str fold;
    int64_t id;
    bool known;
    enum rc rc;

    TRY(signup_allowed(c->au, e));
    if (s->locale.n)
        TRY(locale_check(s->locale, "/locale", e));
    trimmed.email = str_trim(s->email);
    TRY(email_check(trimmed.email, "/email", c->a, &fold, e));
    rc = users_login_by_email(c->db, fold, c->a, &u, e);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    known = rc == RC_OK;
    TRY(make_person(c, &trimmed, fold, known, &id, e));
    t = known ? told_known(c, &u) : (struct told){ .what = TELL_VERIFY, .user_id = id };
    TRY(tell(c, &t, fold, known ? fold : trimmed.email, e));
    return account_audit(c, known ? "user.register_again" : "user.register", known ? u.id : id,
                         account_detail(c->a, STR("email"), fold), e);
}

/* Only a proven address makes its owner a member of the organisation of its domain. */
static enum rc join_organization(const struct account *c, int64_t user_id, struct str fold, struct err *e)
{
    struct user_row u;
    int64_t org;

    TRY(users_load(c->db, user_id, c->a, &u, e));
    if (u.organization_id)
        return RC_OK;
    TRY(organization_by_domain(c->db, email_domain(fold), &org, e));
    if (!org)
        return RC_OK;
    u.organization_id = org;
    u.updated_us = c->now_us;
    return users_save(c->db, &u, c->a, e);
}

static enum rc prove_address(const struct account *c, int64_t user_id, struct str fold, struct err *e)
{
    struct identity_row i;
    enum rc rc = identities_find(c->db, IDENTITY_EMAIL, fold, c->a, &i, e);

    if (rc == RC_NOT_FOUND || (rc == RC_OK && i.user_id != user_id))
        return account_bad_token("/token", e);
    TRY(rc);
    if (i.verified_us)
        return RC_OK;
    TRY(identities_verify(c->db, i.id, c->now_us, e));
    TRY(users_bump(c->db, user_id, c->now_us, e));
    return join_organization(c, user_id, fold, e);
}

/* Somebody else may have added the address, and have read its mail: it becomes the person's only if
 * he himself says so, who is logged in. */
static enum rc check_added(const struct account *c, const struct one_time_row *t, struct err *e)
{
    struct identity_row i;
    enum rc rc = identities_find(c->db, IDENTITY_EMAIL, t->object, c->a, &i, e);

    if (rc == RC_NOT_FOUND)
        return account_bad_token("/token", e);
    TRY(rc);
    if (i.is_primary || i.verified_us || (c->who->session_id && c->who->user_id == t->user_id))
        return RC_OK;
    return err_set(e, RC_DENIED, "login_needed", "Log in first: this address was added to an account that is in use.");
}

enum rc signup_address(const struct account *c, const struct proof *p, struct str email, struct err *e)
{
    struct one_time_new t = { .purpose = ONE_TIME_ADDRESS, .expires_us = c->now_us + verify_life_us };
    struct account_mail m = { .kind = "mail.new_address",
                              .recipient = str_trim(email),
                              .subject = "Confirm your new address",
                              .text = "Somebody, perhaps you, wants to use this address for an account."
                                      " If it was you, confirm it within three days. If it was not you, do"
                                      " nothing:",
                              .path = "/verify-email" };
    struct identity_row known;
    struct user_login u;
    enum rc rc;

    TRY(proof_check(c, p, &u, e));
    TRY(email_check(email, "/email", c->a, &t.object, e));
    rc = identities_find(c->db, IDENTITY_EMAIL, t.object, c->a, &known, e);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    t.user_id = rc == RC_OK ? 0 : u.id; /* whether somebody else has it is not told */
    TRY(mail_link(c, &t, &m, e));
    return account_audit(c, "user.address_asked", u.id, account_detail(c->a, STR("email"), t.object), e);
}

enum rc signup_added(const struct account *c, int64_t user_id, struct str fold, struct str address, struct err *e)
{
    return send_verify(c, user_id, fold, address, e);
}

enum rc signup_verify(const struct account *c, struct str token, struct err *e)
{
    struct str hash = token_hash(token, c->a);
    struct one_time_row t;
    enum rc rc = one_time_find(c->db, ONE_TIME_VERIFY, hash, c->now_us, c->a, &t, e);

    if (rc == RC_NOT_FOUND) {
        rc = one_time_find(c->db, ONE_TIME_ADDRESS, hash, c->now_us, c->a, &t, e);
        if (rc == RC_OK)
            return user_address_change(c, &t, e);
    }
    if (rc == RC_NOT_FOUND)
        return account_bad_token("/token", e);
    TRY(rc);
    TRY(check_added(c, &t, e));
    TRY(one_time_use(c->db, t.id, c->now_us, e));
    TRY(prove_address(c, t.user_id, t.object, e));
    return account_audit(c, "user.verify_email", t.user_id, account_detail(c->a, STR("email"), t.object), e);
}

enum rc signup_verify_again(const struct account *c, struct str email, struct err *e)
{
    struct str fold = str_lower(str_trim(email), c->a);
    struct user_login u = { 0 };
    enum rc rc = users_login_by_email(c->db, fold, c->a, &u, e);

    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    if (u.active && !u.verified_us && !u.password_hash.n)
        TRY(mail_reset(c, account_serves(&u) ? u.id : 0, fold, fold, ONE_TIME_RESET, e));
    else
        TRY(send_verify(c, u.active && !u.verified_us ? u.id : 0, fold, fold, e));
    return account_audit(c, "user.verify_again", u.id, STR_NONE, e);
}

/* ── passwords ── */

enum rc password_invite(const struct account *c, int64_t user_id, struct str email, struct err *e)
{
    return mail_reset(c, user_id, email, str_lower(email, c->a), ONE_TIME_INVITE, e);
}

enum rc password_forgot(const struct account *c, struct str email, struct err *e)
{
    struct str fold = str_lower(str_trim(email), c->a);
    struct user_login u = { 0 };
    enum rc rc = users_login_by_email(c->db, fold, c->a, &u, e);

    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    TRY(mail_reset(c, u.active && account_serves(&u) ? u.id : 0, fold, fold, ONE_TIME_RESET, e));
    return account_audit(c, "password.forgot", u.id, STR_NONE, e);
}

static enum rc find_reset(const struct account *c, struct str token, struct one_time_row *t, struct err *e)
{
    struct str hash = token_hash(token, c->a);
    enum rc rc = one_time_find(c->db, ONE_TIME_RESET, hash, c->now_us, c->a, t, e);

    if (rc == RC_NOT_FOUND)
        rc = one_time_find(c->db, ONE_TIME_INVITE, hash, c->now_us, c->a, t, e);
    return rc == RC_NOT_FOUND ? account_bad_token("/token", e) : rc;
}

enum rc password_reset_prepare(const struct account *c, struct str token, struct str password,
                               struct str *hash, struct err *e)
{
    struct one_time_row t;
    struct user_login u;

    TRY(find_reset(c, token, &t, e));
    TRY(users_login(c->db, t.user_id, c->a, &u, e));
    return password_prepare(c, password, t.object, u.name, "/password", hash, e);
}

enum rc password_reset(const struct account *c, struct str token, struct str hash, struct err *e)
{
    struct one_time_row t;
    struct user_login u;
    enum rc rc;

    TRY(find_reset(c, token, &t, e));
    rc = users_login_by_email(c->db, t.object, c->a, &u, e);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && (u.id != t.user_id || !u.active || !account_serves(&u))))
        return account_bad_token("/token", e);
    TRY(rc);
    TRY(one_time_use(c->db, t.id, c->now_us, e));
    TRY(one_time_drop(c->db, t.user_id, ONE_TIME_MFA, e));
    TRY(one_time_drop(c->db, t.user_id, ONE_TIME_RESET, e));
    TRY(one_time_drop(c->db, t.user_id, ONE_TIME_INVITE, e));
    TRY(one_time_drop(c->db, t.user_id, ONE_TIME_VERIFY, e));
    TRY(prove_address(c, t.user_id, t.object, e));
    TRY(users_set_password(c->db, t.user_id, hash, c->now_us, e));
    TRY(session_end_all(c, t.user_id, 0, "password_reset", e));
    TRY(token_revoke_all(c, t.user_id, "password_reset", e));
    return account_audit(c, "password.reset", t.user_id, STR_NONE, e);
}
