/* The caller's own password, and the first administrator. */
#include "desk/signup.h"

#include "base/clock.h"
#include "desk/auth_priv.h"
#include "desk/role.h"
#include "desk/settings.h"
#include "desk/token.h"
#include "store/catalog.h"
#include "store/roles.h"
#include "store/store.h"
#include "store/users.h"

enum { GROUPS_LOOKED_AT = 2000 };
static const int64_t setup_life_us = 7 * US_PER_DAY;

enum rc password_change_prepare(const struct account *c, struct str current, struct str password,
                                struct proof *proof, struct str *hash, struct err *e)
{
    struct user_login u;

    TRY(proof_prepare(c, current, proof, e));
    if (!proof->right)
        return RC_OK;
    TRY(users_login(c->db, c->who->user_id, c->a, &u, e));
    return password_prepare(c, password, u.email, u.name, "/new_password", hash, e);
}

enum rc password_change(const struct account *c, const struct proof *proof, struct str hash,
                        bool revoke_tokens, struct err *e)
{
    struct user_login u;

    TRY(proof_check(c, proof, &u, e));
    TRY(users_set_password(c->db, u.id, hash, c->now_us, e));
    TRY(session_end_all(c, u.id, c->who->session_id, "password_change", e));
    if (revoke_tokens)
        TRY(token_revoke_all(c, u.id, "password_change", e));
    TRY(one_time_drop(c->db, u.id, ONE_TIME_RESET, e));
    TRY(one_time_drop(c->db, u.id, ONE_TIME_INVITE, e));
    TRY(one_time_drop(c->db, u.id, ONE_TIME_MFA, e));
    return account_audit(c, "password.change", u.id, STR_NONE, e);
}

/* ── the first administrator ── */

enum rc setup_is_done(const struct account *c, bool *out, struct err *e)
{
    int64_t n;

    TRY(users_count_with(c->db, PERM_ADMIN_USER | PERM_ADMIN_ROLE, &n, e));
    *out = n > 0;
    return RC_OK;
}

enum rc setup_link(const struct account *c, struct str *link, struct err *e)
{
    struct str token;
    bool done;

    *link = STR_NONE;
    TRY(setup_is_done(c, &done, e));
    TRY(one_time_drop(c->db, 0, ONE_TIME_SETUP, e));
    if (done)
        return RC_OK;
    TRY(account_one_time(c, 0, ONE_TIME_SETUP, STR(""), setup_life_us, &token, e));
    *link = account_link(c->au, "/setup", token, c->a);
    return RC_OK;
}

struct link_job {
    struct auth *au;
    struct arena *a;
    struct str *link;
};

static enum rc link_run(struct db *db, void *arg, struct err *e)
{
    const struct link_job *j = arg;
    const struct actor server = { .type = ACTOR_SYSTEM };
    const struct account c = { j->au, db, &server, j->a, clock_now_us() };

    return setup_link(&c, j->link, e);
}

enum rc setup_link_at_start(struct auth *au, struct store *s, struct arena *a, struct str *link,
                            struct err *e)
{
    struct link_job j = { au, a, link };

    return store_write(s, link_run, &j, e);
}

static enum rc find_setup(const struct account *c, struct str token, struct one_time_row *t,
                          struct err *e)
{
    enum rc rc = one_time_find(c->db, ONE_TIME_SETUP, token_hash(token, c->a), c->now_us, c->a, t, e);
    bool done;

    if (rc == RC_NOT_FOUND)
        return account_bad_token("/token", e);
    TRY(rc);
    TRY(setup_is_done(c, &done, e));
    return done ? account_bad_token("/token", e) : RC_OK;
}

enum rc setup_check(const struct account *c, struct str token, struct err *e)
{
    struct one_time_row t;

    return find_setup(c, token, &t, e);
}

/* The address may be that of a customer already: then he becomes the administrator. */
static enum rc admin_user(const struct account *c, const struct signup *s, struct str fold,
                          int64_t *id, struct err *e)
{
    struct identity_row identity = { .kind = IDENTITY_EMAIL, .value = s->email, .is_primary = true,
                                     .verified_us = c->now_us };
    const struct user_row row = { .name = s->name, .email = s->email, .phone = STR_NONE,
                                  .locale = s->locale.n ? s->locale : STR("en"),
                                  .zone = STR("UTC"), .note = STR(""), .active = true,
                                  .created_us = c->now_us };
    struct identity_row known;
    int64_t identity_id;
    enum rc rc = identities_find(c->db, IDENTITY_EMAIL, fold, c->a, &known, e);

    if (rc == RC_OK) {
        *id = known.user_id;
        TRY(session_end_all(c, *id, 0, "setup", e));
        TRY(token_revoke_all(c, *id, "setup", e));
        TRY(users_bump(c->db, *id, c->now_us, e));
        return identities_verify(c->db, known.id, c->now_us, e);
    }
    if (rc != RC_NOT_FOUND)
        return rc;
    TRY(users_insert(c->db, &row, c->a, id, e));
    identity.user_id = *id;
    return identities_insert(c->db, &identity, fold, c->now_us, &identity_id, e);
}

/* ── what the desk and its first group are called ── */

static enum rc name_product(const struct account *c, struct str name, struct err *e)
{
    const struct setting_change ch = { .id = SETTING_PRODUCT_NAME, .text = str_trim(name) };

    return name.p ? setting_save(c->db, c->who, &ch, c->a, e) : RC_OK;
}

static enum rc rename_group(const struct account *c, const struct group_row *before, struct str name, struct err *e)
{
    struct group_row row = *before;
    enum rc rc;

    row.name = str_trim(name);
    rc = group_change(c, before, &row, e);
    if (rc != RC_INVALID)
        return rc;
    err_clear(e);
    return err_field(e, "/group", "taken", "one that no other has", "There is a group of this name already.");
}

/* The one that requests come to. */
static enum rc name_group(const struct account *c, struct str name, struct err *e)
{
    struct group_rows rows;

    if (!name.p)
        return RC_OK;
    TRY(groups_list(c->db, 0, GROUPS_LOOKED_AT, c->a, &rows, e));
    for (size_t i = 0; i < rows.n; i++)
        if (rows.v[i].is_default)
            return rename_group(c, &rows.v[i], name, e);
    return RC_OK;
}

enum rc setup_finish(const struct account *c, struct str token, const struct setup *s,
                     int64_t *user_id, struct err *e)
{
    struct signup trimmed = s->admin;
    struct one_time_row t;
    struct str fold;
    int64_t roles[2];

    trimmed.email = str_trim(s->admin.email);
    TRY(find_setup(c, token, &t, e));
    TRY(email_check(trimmed.email, "/email", c->a, &fold, e));
    if (trimmed.locale.n)
        TRY(locale_check(trimmed.locale, "/locale", e));
    TRY(one_time_use(c->db, t.id, c->now_us, e));
    TRY(admin_user(c, &trimmed, fold, user_id, e));
    TRY(users_set_password(c->db, *user_id, trimmed.password_hash, c->now_us, e));
    TRY(roles_of_builtin(c->db, ROLE_ADMIN, &roles[0], e));
    TRY(roles_of_builtin(c->db, ROLE_AGENT, &roles[1], e));
    TRY(users_set_roles(c->db, *user_id, roles, 2, e));
    TRY(name_product(c, s->product_name, e));
    TRY(name_group(c, s->group, e));
    return account_audit(c, "setup.first_admin", *user_id, account_detail(c->a, STR("email"), fold), e);
}

enum rc roles_ready(struct db *db, struct err *e)
{
    static const struct {
        int builtin;
        int64_t perms;
        bool only_empty;
    } roles[] = {
        { ROLE_ADMIN, PERM_ALL, false },
        { ROLE_AGENT, PERM_TICKET_AGENT | PERM_USER_READ | PERM_USER_EDIT | PERM_REPORT | PERM_VIEW_SHARE, true },
        { ROLE_CUSTOMER, PERM_TICKET_CUSTOMER, true },
    };
    int64_t changed, total = 0;

    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        TRY(roles_set_builtin_perms(db, roles[i].builtin, roles[i].perms, roles[i].only_empty,
                                    &changed, e));
        total += changed;
    }
    return total ? catalog_changed(db, e) : RC_OK;
}
