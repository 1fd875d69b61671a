/* Addresses and numbers of people. */
#include "desk/signup.h"
#include "desk/hold.h"
#include "desk/user.h"
#include "desk/user_names.h"
#include "store/sessions.h"

enum { IDENTITIES_MAX = 50 };

static enum rc find(const struct account *c, int64_t user_id, int64_t id, struct identity_rows *rows,
                    const struct identity_row **out, struct err *e)
{
    TRY(identities_of(c->db, user_id, c->a, rows, e));
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->v[i].id == id) {
            *out = &rows->v[i];
            return RC_OK;
        }
    }
    return err_set(e, RC_NOT_FOUND, "not_found", "There is no such address or number.");
}

/* The primary one of its kind; the address is found in the search, too. */
static enum rc set_contact(const struct account *c, int64_t user_id, int kind, struct str value, struct err *e)
{
    TRY(users_set_contact(c->db, user_id, kind, value, e));
    return kind == IDENTITY_EMAIL ? user_names_changed(c, user_id, e) : RC_OK;
}

/* A stolen session of somebody who manages people must not make the account the thief's. */
static enum rc check_identity_change(const struct account *c, int64_t user_id, struct err *e)
{
    TRY(user_check_change(c, user_id, e));
    if (c->who->user_id == user_id)
        return err_set(e, RC_DENIED, "oneself", "Nobody changes his own addresses here; see POST /auth/email.");
    return RC_OK;
}

static enum rc login_address(struct err *e)
{
    return err_set(e, RC_DENIED, "login_address",
                   "This address lets the person in: it takes admin.user to change that.");
}

/* The address that mail went to until now hears of a change, as its owner may not have made it. */
static enum rc tell_former(const struct account *c, const struct identity_rows *rows, const char *what,
                           struct str value, struct err *e)
{
    struct account_mail m = { .kind = "mail.address_changed", .subject = "The addresses of your account changed" };

    for (size_t i = 0; i < rows->n; i++)
        if (rows->v[i].kind == IDENTITY_EMAIL && rows->v[i].is_primary)
            m.recipient = rows->v[i].value;
    if (!m.recipient.n)
        return RC_OK;
    m.text = str_printf(c->a, "%s: %.*s\n\nIf you did not expect this, please tell us at once.", what, STR_ARG(value)).p;
    return account_mail(c, &m, e);
}

static enum rc insert(const struct account *c, struct identity_row *row, struct str fold,
                      const struct identity_rows *rows, int64_t *id, struct err *e)
{
    struct identity_row known;
    enum rc rc;

    for (size_t i = 0; i < rows->n; i++)
        if (rows->v[i].kind == row->kind)
            row->is_primary = false;
    rc = identities_find(c->db, row->kind, fold, c->a, &known, e);
    if (rc == RC_OK)
        return err_field(e, "/value", "taken", "one that nobody has yet", "Somebody has this address or number already.");
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    TRY(identities_insert(c->db, row, fold, c->now_us, id, e));
    return row->is_primary ? set_contact(c, row->user_id, row->kind, row->value, e) : RC_OK;
}

enum rc user_identity_add(const struct account *c, int64_t user_id, int kind, struct str value,
                          bool verified, int64_t *id, struct err *e)
{
    struct identity_row row = { .user_id = user_id, .kind = kind, .value = str_trim(value),
                                .verified_us = verified ? c->now_us : 0, .is_primary = true };
    struct str fold = str_lower(row.value, c->a);
    struct identity_rows rows;

    TRY(check_identity_change(c, user_id, e));
    if (verified && !user_manages_all(c->who))
        return err_field(e, "/verified", "forbidden", "false", "Only who manages people may say so.");
    if (kind == IDENTITY_EMAIL)
        TRY(email_check(value, "/value", c->a, &fold, e));
    TRY(identities_of(c->db, user_id, c->a, &rows, e));
    if (rows.n >= IDENTITIES_MAX)
        return err_conflict(e, "too_many", "/value", "at most 50", "A person has at most 50 addresses and numbers.");
    TRY(insert(c, &row, fold, &rows, id, e));
    if (kind == IDENTITY_EMAIL) {
        if (!verified)
            TRY(signup_added(c, user_id, fold, row.value, e));
        TRY(tell_former(c, &rows, "An address was added", row.value, e));
    }
    TRY(users_bump(c->db, user_id, c->now_us, e));
    return account_audit(c, "user.identity_add", user_id, account_detail(c->a, STR("value"), row.value), e);
}

/* Who takes the place of a primary one: never an address that nobody has proved behind one that was. */
static const struct identity_row *heir_of(const struct identity_row *gone, const struct identity_rows *rows)
{
    const struct identity_row *next = NULL;

    for (size_t i = 0; gone->is_primary && i < rows->n; i++) {
        const struct identity_row *row = &rows->v[i];

        if (row->kind != gone->kind || row->id == gone->id)
            continue;
        if (row->verified_us && !(next && next->verified_us))
            next = row;
        if (!next && (gone->kind != IDENTITY_EMAIL || !gone->verified_us))
            next = row;
    }
    return next;
}

enum rc user_identity_remove(const struct account *c, int64_t user_id, int64_t id, struct err *e)
{
    const struct identity_row *gone = NULL, *next;
    struct identity_rows rows;

    TRY(check_identity_change(c, user_id, e));
    TRY(find(c, user_id, id, &rows, &gone, e));
    if (gone->kind == IDENTITY_EMAIL && (gone->is_primary || gone->verified_us) && !user_manages_all(c->who))
        return login_address(e);
    if (rows.n == 1)
        return err_set(e, RC_CONFLICT, "last_identity", "A person keeps at least one address or number.");
    TRY(hold_check_user(c->db, user_id, e));
    TRY(identities_delete(c->db, id, e));
    next = heir_of(gone, &rows);
    if (next)
        TRY(identities_set_primary(c->db, user_id, gone->kind, next->id, e));
    if (gone->is_primary)
        TRY(set_contact(c, user_id, gone->kind, next ? next->value : STR_NONE, e));
    if (gone->kind == IDENTITY_EMAIL)
        TRY(tell_former(c, &rows, "An address was taken away", gone->value, e));
    TRY(users_bump(c->db, user_id, c->now_us, e));
    return account_audit(c, "user.identity_remove", user_id, account_detail(c->a, STR("value"), gone->value), e);
}

enum rc user_identity_primary(const struct account *c, int64_t user_id, int64_t id, struct err *e)
{
    const struct identity_row *row = NULL;
    struct identity_rows rows;

    TRY(check_identity_change(c, user_id, e));
    TRY(find(c, user_id, id, &rows, &row, e));
    if (row->kind == IDENTITY_EMAIL && !row->verified_us && !user_manages_all(c->who))
        return login_address(e);
    TRY(identities_set_primary(c->db, user_id, row->kind, id, e));
    TRY(set_contact(c, user_id, row->kind, row->value, e));
    if (row->kind == IDENTITY_EMAIL && !row->is_primary)
        TRY(tell_former(c, &rows, "Mail goes to another address from now on", row->value, e));
    TRY(users_bump(c->db, user_id, c->now_us, e));
    return account_audit(c, "user.identity_primary", user_id, account_detail(c->a, STR("value"), row->value), e);
}

enum rc user_address_change(const struct account *c, const struct one_time_row *t, struct err *e)
{
    struct identity_row row = { .user_id = t->user_id, .kind = IDENTITY_EMAIL, .value = t->object,
                                .verified_us = c->now_us, .is_primary = true };
    struct identity_rows rows;
    struct identity_row known;
    struct user_row u;
    int64_t id;
    enum rc rc = identities_find(c->db, IDENTITY_EMAIL, t->object, c->a, &known, e);

    if (rc == RC_OK)
        return account_bad_token("/token", e);
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    TRY(users_load(c->db, t->user_id, c->a, &u, e));
    if (!u.active)
        return account_bad_token("/token", e);
    TRY(one_time_use(c->db, t->id, c->now_us, e));
    for (int purpose = ONE_TIME_RESET; purpose <= ONE_TIME_INVITE; purpose++)
        TRY(one_time_drop(c->db, t->user_id, purpose, e));
    TRY(identities_of(c->db, t->user_id, c->a, &rows, e));
    for (size_t i = 0; i < rows.n; i++)
        if (rows.v[i].kind == IDENTITY_EMAIL && rows.v[i].is_primary)
            TRY(identities_delete(c->db, rows.v[i].id, e));
    TRY(identities_insert(c->db, &row, t->object, c->now_us, &id, e));
    TRY(set_contact(c, t->user_id, IDENTITY_EMAIL, t->object, e));
    TRY(tell_former(c, &rows, "Mail goes to another address from now on, and this one no longer logs in", t->object, e));
    TRY(users_bump(c->db, t->user_id, c->now_us, e));
    return account_audit(c, "user.address_change", t->user_id, account_detail(c->a, STR("email"), t->object), e);
}
