/* Addresses and numbers of people. */
#include "desk/user.h"
#include "desk/user_names.h"

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

enum rc user_identity_add(const struct account *c, int64_t user_id, int kind, struct str value,
                          bool verified, int64_t *id, struct err *e)
{
    struct identity_row row = { .user_id = user_id, .kind = kind, .value = str_trim(value),
                                .verified_us = verified ? c->now_us : 0, .is_primary = true };
    struct str fold = str_lower(row.value, c->a);
    struct identity_rows rows;
    struct identity_row known;
    enum rc rc;

    TRY(user_check_change(c, user_id, e));
    if (kind == IDENTITY_EMAIL)
        TRY(email_check(value, "/value", c->a, &fold, e));
    TRY(identities_of(c->db, user_id, c->a, &rows, e));
    if (rows.n >= IDENTITIES_MAX)
        return err_set(e, RC_CONFLICT, "too_many", "A person has at most 50 addresses and numbers.");
    for (size_t i = 0; i < rows.n; i++)
        if (rows.v[i].kind == kind)
            row.is_primary = false;
    rc = identities_find(c->db, kind, fold, c->a, &known, e);
    if (rc == RC_OK)
        return err_field(e, "/value", "taken", "", "Somebody has this address or number already.");
    if (rc != RC_NOT_FOUND)
        return rc;
    TRY(identities_insert(c->db, &row, fold, c->now_us, id, e));
    if (row.is_primary)
        TRY(set_contact(c, user_id, kind, row.value, e));
    TRY(users_bump(c->db, user_id, c->now_us, e));
    return account_audit(c, "user.identity_add", user_id, account_detail(c->a, STR("value"), row.value), e);
}

enum rc user_identity_remove(const struct account *c, int64_t user_id, int64_t id, struct err *e)
{
    const struct identity_row *gone = NULL, *next = NULL;
    struct identity_rows rows;

    TRY(user_check_change(c, user_id, e));
    TRY(find(c, user_id, id, &rows, &gone, e));
    if (rows.n == 1)
        return err_set(e, RC_CONFLICT, "last_identity", "A person keeps at least one address or number.");
    TRY(identities_delete(c->db, id, e));
    for (size_t i = 0; gone->is_primary && i < rows.n; i++)
        if (!next && rows.v[i].kind == gone->kind && rows.v[i].id != id)
            next = &rows.v[i];
    if (next)
        TRY(identities_set_primary(c->db, user_id, gone->kind, next->id, e));
    if (gone->is_primary)
        TRY(set_contact(c, user_id, gone->kind, next ? next->value : STR_NONE, e));
    TRY(users_bump(c->db, user_id, c->now_us, e));
    return account_audit(c, "user.identity_remove", user_id, account_detail(c->a, STR("value"), gone->value), e);
}

enum rc user_identity_primary(const struct account *c, int64_t user_id, int64_t id, struct err *e)
{
    const struct identity_row *row = NULL;
    struct identity_rows rows;

    TRY(user_check_change(c, user_id, e));
    TRY(find(c, user_id, id, &rows, &row, e));
    TRY(identities_set_primary(c->db, user_id, row->kind, id, e));
    TRY(set_contact(c, user_id, row->kind, row->value, e));
    TRY(users_bump(c->db, user_id, c->now_us, e));
    return account_audit(c, "user.identity_primary", user_id, account_detail(c->a, STR("value"), row->value), e);
}
