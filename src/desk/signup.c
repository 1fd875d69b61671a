#include "desk/signup.h"

#include "desk/auth_priv.h"
#include "desk/password.h"
#include "store/organizations.h"
#include "store/roles.h"
#include "store/users.h"

enum { MAILS_AN_HOUR = 3 };
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

/* At most a few an hour, so that nobody's mailbox is flooded. */
static enum rc too_many(const struct account *c, int64_t user_id, int purpose, bool *out, struct err *e)
{
    int64_t n;

    TRY(one_time_count(c->db, user_id, purpose, c->now_us - US_PER_HOUR, &n, e));
    *out = n >= MAILS_AN_HOUR;
    return RC_OK;
}

static enum rc send_verify(const struct account *c, int64_t user_id, struct str email_fold,
                           struct str address, struct err *e)
{
    struct account_mail m = { .kind = "mail.verify",
                              .recipient = address,
                              .subject = "Confirm your address",
                              .text = "Somebody, perhaps you, made an account with this address. If it was"
                                      " you, confirm the address within three days. If it was not you, do"
                                      " nothing:",
                              .path = "/verify-email" };
    bool flood;

    TRY(too_many(c, user_id, ONE_TIME_VERIFY, &flood, e));
    if (flood)
        return RC_OK;
    TRY(account_one_time(c, user_id, ONE_TIME_VERIFY, email_fold, verify_life_us, &m.token, e));
    return account_mail(c, &m, e);
}

static enum rc has_proof(const struct account *c, int64_t user_id, bool *out, struct err *e)
{
    struct identity_rows rows;

    *out = false;
    TRY(identities_of(c->db, user_id, c->a, &rows, e));
    for (size_t i = 0; i < rows.n; i++)
        *out |= rows.v[i].verified_us != 0;
    return RC_OK;
}

/* An account of which nobody has proved any address, registered again: whose password it has nobody
 * knows, so the mailbox's owner must choose one, and no earlier link may confirm the other's. */
static enum rc registered_twice(const struct account *c, const struct user_login *u, struct str fold,
                                struct err *e)
{
    bool proved;

    TRY(has_proof(c, u->id, &proved, e));
    if (proved)
        return send_verify(c, u->id, fold, fold, e);
    TRY(one_time_drop(c->db, u->id, ONE_TIME_VERIFY, e));
    if (c->au->o.registration == REGISTRATION_VERIFY)
        TRY(users_set_password(c->db, u->id, STR_NONE, c->now_us, e));
    return password_forgot(c, fold, e);
}

/* Somebody registers an address that is known: its owner hears of it, the caller does not. */
static enum rc known_address(const struct account *c, const struct user_login *u, struct str fold,
                             struct err *e)
{
    struct account_mail m = { .kind = "mail.already_registered",
                              .recipient = fold,
                              .subject = "You already have an account",
                              .text = "Somebody, perhaps you, tried to register with this address."
                                      " You already have an account: log in, or ask for a new"
                                      " password if you forgot it. If it was not you, do nothing." };

    if (!u->active)
        return RC_OK;
    if (!u->password_hash.n)
        return password_forgot(c, fold, e);
    if (!u->verified_us)
        return registered_twice(c, u, fold, e);
    return account_mail(c, &m, e);
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

enum rc signup_register(const struct account *c, const struct signup *s, struct err *e)
{
    struct signup trimmed = *s;
    struct user_login u = { 0 };
    struct str fold;
    int64_t id;
    enum rc rc;

    TRY(signup_allowed(c->au, e));
    if (s->locale.n)
        TRY(locale_check(s->locale, "/locale", e));
    trimmed.email = str_trim(s->email);
    TRY(email_check(trimmed.email, "/email", c->a, &fold, e));
    rc = users_login_by_email(c->db, fold, c->a, &u, e);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    if (rc == RC_OK) {
        TRY(known_address(c, &u, fold, e));
        return account_audit(c, "user.register_again", u.id, STR_NONE, e);
    }
    rc = new_person(c, &trimmed, fold, &id, e);
    if (rc == RC_CONFLICT) /* registered beside us: run again and meet it */
        return err_set(e, RC_RETRY, "busy", "Please try again.");
    TRY(rc);
    TRY(give_role(c, id, ROLE_CUSTOMER, e));
    TRY(send_verify(c, id, fold, trimmed.email, e));
    return account_audit(c, "user.register", id, account_detail(c->a, STR("email"), fold), e);
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
        return account_bad_token(e);
    TRY(rc);
    if (i.verified_us)
        return RC_OK;
    TRY(identities_verify(c->db, i.id, c->now_us, e));
    return join_organization(c, user_id, fold, e);
}

enum rc signup_verify(const struct account *c, struct str token, struct err *e)
{
    struct one_time_row t;
    enum rc rc = one_time_find(c->db, ONE_TIME_VERIFY, token_hash(token, c->a), c->now_us, c->a, &t, e);

    if (rc == RC_NOT_FOUND)
        return account_bad_token(e);
    TRY(rc);
    TRY(one_time_use(c->db, t.id, c->now_us, e));
    TRY(prove_address(c, t.user_id, t.object, e));
    return account_audit(c, "user.verify_email", t.user_id, account_detail(c->a, STR("email"), t.object), e);
}

enum rc signup_verify_again(const struct account *c, struct str email, struct err *e)
{
    struct str fold = str_lower(str_trim(email), c->a);
    struct user_login u;
    enum rc rc = users_login_by_email(c->db, fold, c->a, &u, e);

    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    if (rc == RC_OK && u.active && !u.verified_us)
        TRY(u.password_hash.n ? send_verify(c, u.id, fold, fold, e) : password_forgot(c, fold, e));
    return account_audit(c, "user.verify_again", rc == RC_OK ? u.id : 0, STR_NONE, e);
}

/* ── passwords ── */

static enum rc mail_reset(const struct account *c, int64_t user_id, struct str address, struct str fold,
                          int purpose, struct err *e)
{
    bool invite = purpose == ONE_TIME_INVITE, flood;
    struct account_mail m = {
        .kind = invite ? "mail.invite" : "mail.password_reset",
        .recipient = address,
        .subject = invite ? "Your account" : "Set a new password",
        .text = invite ? "An account was made for you. Choose a password within seven days:"
                       : "Somebody, perhaps you, asked for a new password. Choose one within an"
                         " hour. If it was not you, do nothing:",
        .path = "/reset-password",
    };

    TRY(too_many(c, user_id, purpose, &flood, e));
    if (flood)
        return RC_OK;
    TRY(account_one_time(c, user_id, purpose, fold, invite ? 7 * US_PER_DAY : US_PER_HOUR, &m.token, e));
    return account_mail(c, &m, e);
}

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
    if (rc == RC_OK && u.active)
        TRY(mail_reset(c, u.id, fold, fold, ONE_TIME_RESET, e));
    return account_audit(c, "password.forgot", u.id, STR_NONE, e);
}

static enum rc find_reset(const struct account *c, struct str token, struct one_time_row *t, struct err *e)
{
    struct str hash = token_hash(token, c->a);
    enum rc rc = one_time_find(c->db, ONE_TIME_RESET, hash, c->now_us, c->a, t, e);

    if (rc == RC_NOT_FOUND)
        rc = one_time_find(c->db, ONE_TIME_INVITE, hash, c->now_us, c->a, t, e);
    return rc == RC_NOT_FOUND ? account_bad_token(e) : rc;
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

    TRY(find_reset(c, token, &t, e));
    TRY(users_login(c->db, t.user_id, c->a, &u, e));
    if (!u.active)
        return account_bad_token(e);
    TRY(one_time_use(c->db, t.id, c->now_us, e));
    TRY(one_time_drop(c->db, t.user_id, ONE_TIME_MFA, e));
    TRY(one_time_drop(c->db, t.user_id, ONE_TIME_RESET, e));
    TRY(one_time_drop(c->db, t.user_id, ONE_TIME_INVITE, e));
    TRY(one_time_drop(c->db, t.user_id, ONE_TIME_VERIFY, e));
    TRY(prove_address(c, t.user_id, t.object, e));
    TRY(users_set_password(c->db, t.user_id, hash, c->now_us, e));
    TRY(session_end_all(c, t.user_id, 0, "password_reset", e));
    return account_audit(c, "password.reset", t.user_id, STR_NONE, e);
}
