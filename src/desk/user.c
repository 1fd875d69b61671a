#include "desk/user.h"

#include "base/clock.h"
#include "desk/owner.h"
#include "desk/session.h"
#include "desk/signup.h"
#include "desk/user_names.h"
#include "store/organizations.h"
#include "store/rights.h"
#include "store/roles.h"
#include "store/user_merges.h"

bool user_may_see_all(const struct actor *who)
{
    return who->type == ACTOR_CLI || who->type == ACTOR_SYSTEM || actor_has(who, PERM_USER_READ) ||
           actor_has(who, PERM_USER_EDIT) || actor_has(who, PERM_ADMIN_USER);
}

static bool acts_for_all(const struct actor *who)
{
    return who->type == ACTOR_CLI || who->type == ACTOR_SYSTEM;
}

bool user_manages_all(const struct actor *who)
{
    return acts_for_all(who) || actor_has(who, PERM_ADMIN_USER);
}

static enum rc not_found(struct err *e)
{
    return err_set(e, RC_NOT_FOUND, "not_found", "There is no such user.");
}

enum rc user_check_see(const struct account *c, int64_t id, struct err *e)
{
    return user_may_see_all(c->who) || c->who->user_id == id ? RC_OK : not_found(e);
}

/* Nobody may touch somebody who can do more than he can: a new address and a forgotten password
 * would make him that person. */
static enum rc within_reach(const struct account *c, int64_t perms, struct err *e)
{
    if (acts_for_all(c->who) || !(perms & ~c->who->perms & ~(int64_t)PERM_TICKET_CUSTOMER))
        return RC_OK;
    return err_set(e, RC_DENIED, "more_rights", "This person or role has rights that you do not have.");
}

/* What a person may, and what he might again when a role of his is switched on. */
static enum rc perms_of(const struct account *c, int64_t id, int64_t *perms, struct err *e)
{
    struct user_extras x;
    size_t found;

    TRY(users_extras(c->db, id, c->a, &x, e));
    return roles_perms(c->db, x.role_ids, x.n_roles, c->a, perms, &found, e);
}

enum rc user_check_reach(const struct account *c, int64_t id, struct err *e)
{
    const int64_t customer_only = PERM_TICKET_CUSTOMER;
    int64_t perms;

    TRY(user_check_see(c, id, e));
    if (acts_for_all(c->who))
        return RC_OK;
    if (!actor_has(c->who, PERM_ADMIN_USER) && !actor_has(c->who, PERM_USER_EDIT))
        return err_set(e, RC_DENIED, "forbidden", "You may not change people.");
    TRY(perms_of(c, id, &perms, e));
    if (!actor_has(c->who, PERM_ADMIN_USER) && (perms & ~customer_only))
        return err_set(e, RC_DENIED, "forbidden", "You may only change customers.");
    return within_reach(c, perms, e);
}

enum rc user_check_change(const struct account *c, int64_t id, struct err *e)
{
    int64_t target;

    TRY(user_check_reach(c, id, e));
    TRY(user_merges_end(c->db, id, &target, e));
    if (target)
        return err_set(e, RC_CONFLICT, "user_merged", "This person was merged into another one.");
    return RC_OK;
}

enum rc admins_remain(const struct account *c, struct err *e)
{
    int64_t n;

    TRY(users_count_with(c->db, PERM_ADMIN_USER | PERM_ADMIN_ROLE, &n, e));
    if (!n)
        return err_set(e, RC_CONFLICT, "last_admin",
                       "Nobody would be left who can manage people and roles.");
    return RC_OK;
}

/* ── checks of what is to be set ── */

static enum rc denied_at(struct err *e, const char *pointer, const char *allowed, const char *words)
{
    err_field(e, pointer, "denied", allowed, "%s", words);
    return err_set(e, RC_DENIED, "forbidden", "%s", words);
}

static enum rc check_organization(const struct account *c, int64_t id, const char *pointer, struct err *e)
{
    struct organization_row o;
    enum rc rc;

    if (!id)
        return RC_OK;
    rc = organizations_load(c->db, id, c->a, &o, e);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && !o.active))
        return err_field(e, pointer, "unknown", "the id of an active organisation", "There is no such active organisation.");
    return rc;
}

static enum rc check_roles(const struct account *c, const struct user_change *ch, struct err *e)
{
    int64_t perms;
    size_t found;

    if (!ch->has_roles)
        return RC_OK;
    TRY(roles_perms(c->db, ch->role_ids, ch->n_roles, c->a, &perms, &found, e));
    for (size_t i = 0; i < ch->n_roles; i++)
        for (size_t k = 0; k < i; k++)
            if (ch->role_ids[i] == ch->role_ids[k])
                return err_field(e, "/role_ids", "duplicate", "each role once", "A role stands there twice.");
    if (found != ch->n_roles)
        return err_field(e, "/role_ids", "unknown", "ids from GET /api/v1/roles", "There is no such role.");
    if (!acts_for_all(c->who) && !actor_has(c->who, PERM_ADMIN_USER) && (perms & ~(int64_t)PERM_TICKET_CUSTOMER))
        return denied_at(e, "/role_ids", "roles with ticket.customer only", "You may only give the rights of customers.");
    return within_reach(c, perms, e);
}

static enum rc check_levels(const struct account *c, const struct user_change *ch, struct err *e)
{
    int64_t *ids = ARENA_ARRAY(c->a, int64_t, ch->n_levels);

    if (!ch->has_levels)
        return RC_OK;
    if (!acts_for_all(c->who) && !actor_has(c->who, PERM_ADMIN_USER))
        return denied_at(e, "/group_levels", "left out, without admin.user", "You may not give rights on groups.");
    for (size_t i = 0; i < ch->n_levels; i++)
        ids[i] = ch->levels[i].group_id;
    return account_groups(c, ids, ch->n_levels, e);
}

static enum rc check_stand_in(const struct account *c, int64_t user_id, const struct user_change *ch,
                              struct err *e)
{
    struct user_row u;
    enum rc rc;

    if (!ch->has_out_of_office)
        return RC_OK;
    if (ch->out_from_us && ch->out_to_us && ch->out_to_us <= ch->out_from_us)
        return err_field(e, "/out_of_office/to", "range", "later than from", "The end comes before the beginning.");
    if (!ch->stand_in_id)
        return RC_OK;
    /* Who may not look people up does not learn here who there is. */
    rc = ch->stand_in_id == user_id || !user_may_see_all(c->who) ? RC_NOT_FOUND : users_load(c->db, ch->stand_in_id, c->a, &u, e);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && !u.active))
        return err_field(e, "/out_of_office/stand_in_id", "unknown", "the id of somebody else who is active", "There is no such active person.");
    return rc;
}

static enum rc check_all(const struct account *c, int64_t user_id, const struct user_change *ch, struct err *e)
{
    if (ch->has_organization)
        TRY(check_organization(c, ch->organization_id, "/organization_id", e));
    for (size_t i = 0; ch->has_organizations && i < ch->n_organizations; i++)
        TRY(check_organization(c, ch->organization_ids[i], "/organization_ids", e));
    if (ch->has_locale)
        TRY(locale_check(ch->locale, "/locale", e));
    if (ch->has_zone && !clock_zone_known(ch->zone))
        return err_field(e, "/zone", "choice", "a name of the time zone database, such as Europe/Berlin",
                         "This is no time zone.");
    TRY(check_stand_in(c, user_id, ch, e));
    TRY(check_roles(c, ch, e));
    return check_levels(c, ch, e);
}

/* ── changes ── */

static void apply(struct user_row *u, const struct user_change *ch)
{
    if (ch->has_name)
        u->name = ch->name;
    if (ch->has_locale)
        u->locale = ch->locale;
    if (ch->has_zone)
        u->zone = ch->zone;
    if (ch->has_vip)
        u->vip = ch->vip;
    if (ch->has_note)
        u->note = ch->note;
    if (ch->has_active)
        u->active = ch->active;
    if (ch->has_organization)
        u->organization_id = ch->organization_id;
    if (ch->has_preferences)
        u->preferences_json = ch->preferences_json;
    if (ch->has_out_of_office) {
        u->out_from_us = ch->out_from_us;
        u->out_to_us = ch->out_to_us;
        u->stand_in_id = ch->stand_in_id;
    }
}

static struct str diff_users(const struct user_row *b, const struct user_row *n, struct arena *a)
{
    struct diff d;

    diff_begin(&d, a);
    diff_text(&d, "name", b->name, n->name);
    diff_text(&d, "locale", b->locale, n->locale);
    diff_text(&d, "zone", b->zone, n->zone);
    diff_text(&d, "note", b->note, n->note);
    diff_int(&d, "vip", b->vip, n->vip);
    diff_int(&d, "active", b->active, n->active);
    diff_int(&d, "organization_id", b->organization_id, n->organization_id);
    diff_int(&d, "out_of_office_from", b->out_from_us, n->out_from_us);
    diff_int(&d, "out_of_office_to", b->out_to_us, n->out_to_us);
    diff_int(&d, "stand_in_id", b->stand_in_id, n->stand_in_id);
    return diff_end(&d, a);
}

static struct str ids_text(const int64_t *v, size_t n, struct arena *a)
{
    struct buf b = BUF_ARENA(a, 32 * KIB);

    for (size_t i = 0; i < n; i++)
        buf_printf(&b, i ? ",%lld" : "%lld", (long long)v[i]);
    return buf_view(&b);
}

static struct str levels_text(const struct user_level *v, size_t n, struct arena *a)
{
    struct buf b = BUF_ARENA(a, 32 * KIB);

    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s%lld:%lld", i ? "," : "", (long long)v[i].group_id, (long long)v[i].levels);
    return buf_view(&b);
}

static enum rc set_parts(const struct account *c, int64_t id, const struct user_change *ch,
                         struct err *e)
{
    struct user_extras old;
    struct str details;
    struct diff d;

    TRY(users_extras(c->db, id, c->a, &old, e));
    diff_begin(&d, c->a);
    if (ch->has_roles) {
        struct str before = ids_text(old.role_ids, old.n_roles, c->a), after = ids_text(ch->role_ids, ch->n_roles, c->a);

        TRY(users_set_roles(c->db, id, ch->role_ids, ch->n_roles, e));
        diff_text(&d, "role_ids", before, after);
        if (!str_eq(before, after)) /* what a session was begun for is not what it would be now */
            TRY(session_end_all(c, id, c->who->session_id, "roles_changed", e));
    }
    if (ch->has_organizations) {
        TRY(users_set_organizations(c->db, id, ch->organization_ids, ch->n_organizations, e));
        diff_text(&d, "organization_ids", ids_text(old.organization_ids, old.n_organizations, c->a),
                  ids_text(ch->organization_ids, ch->n_organizations, c->a));
    }
    if (ch->has_levels) {
        TRY(users_set_levels(c->db, id, ch->levels, ch->n_levels, e));
        diff_text(&d, "group_levels", levels_text(old.levels, old.n_levels, c->a),
                  levels_text(ch->levels, ch->n_levels, c->a));
    }
    details = diff_end(&d, c->a);
    return details.n ? account_audit(c, "user.rights", id, details, e) : RC_OK;
}

static enum rc stale(struct err *e)
{
    return err_set(e, RC_STALE, "version_mismatch", "The user was changed meanwhile.");
}

static enum rc save(const struct account *c, int64_t id, int64_t version, const struct user_change *ch,
                    struct user_row *before, struct err *e)
{
    struct user_row u;
    struct str details;
    enum rc rc = users_load(c->db, id, c->a, before, e);

    if (rc == RC_NOT_FOUND)
        return not_found(e);
    TRY(rc);
    if (version && version != before->version)
        return stale(e);
    TRY(check_all(c, id, ch, e));
    u = *before;
    apply(&u, ch);
    u.updated_us = c->now_us;
    TRY(users_save(c->db, &u, c->a, e));
    details = diff_users(before, &u, c->a);
    if (details.n || ch->has_preferences)
        TRY(account_audit(c, "user.update", id, details, e));
    if (!str_eq(before->name, u.name))
        TRY(user_names_changed(c, id, e));
    return set_parts(c, id, ch, e);
}

enum rc user_change(const struct account *c, int64_t id, int64_t version, const struct user_change *ch,
                    struct err *e)
{
    const int64_t admin = PERM_ADMIN_USER | PERM_ADMIN_ROLE;
    struct rights_rows had;
    struct user_row before;

    TRY(user_check_change(c, id, e));
    TRY(rights_load(c->db, id, c->a, &had, e));
    TRY(save(c, id, version, ch, &before, e));
    if (ch->has_active && before.active && !ch->active)
        TRY(session_end_all(c, id, 0, "user_disabled", e));
    if ((had.perms & admin) == admin && (ch->has_active || ch->has_roles))
        TRY(admins_remain(c, e));
    if ((had.perms & PERM_TICKET_AGENT) && (ch->has_active || ch->has_roles || ch->has_levels))
        TRY(owner_check_rights(c->db, c->who, id, c->a, e));
    return RC_OK;
}

enum rc user_change_self(const struct account *c, int64_t version, const struct user_change *ch,
                         struct err *e)
{
    struct user_row before;

    return save(c, c->who->user_id, version, ch, &before, e);
}

static enum rc taken(struct err *e, const char *pointer)
{
    err_clear(e);
    return err_field(e, pointer, "taken", "one that nobody has yet", "Somebody has this address or number already.");
}

static enum rc check_identity(const struct account *c, int kind, struct str value, const char *pointer,
                              struct str *fold, struct err *e)
{
    struct identity_row known;
    enum rc rc;

    if (kind == IDENTITY_EMAIL)
        TRY(email_check(value, pointer, c->a, fold, e));
    else
        *fold = str_lower(str_trim(value), c->a);
    if (!fold->n || fold->n > 254)
        return err_field(e, pointer, "length", "1 to 254 bytes", "This is empty or too long.");
    rc = identities_find(c->db, kind, *fold, c->a, &known, e);
    if (rc == RC_NOT_FOUND)
        return RC_OK;
    return rc == RC_OK ? taken(e, pointer) : rc;
}

static enum rc add_first_identity(const struct account *c, int64_t user_id, int kind, struct str value,
                                  bool verified, const char *pointer, struct err *e)
{
    struct identity_row row = { .user_id = user_id, .kind = kind, .value = str_trim(value),
                                .verified_us = verified ? c->now_us : 0, .is_primary = true };
    struct str fold;
    int64_t id;

    if (!value.n)
        return RC_OK;
    TRY(check_identity(c, kind, value, pointer, &fold, e));
    TRY(identities_insert(c->db, &row, fold, c->now_us, &id, e));
    return users_set_contact(c->db, user_id, kind, row.value, e);
}

enum rc user_create(const struct account *c, const struct user_new *n, int64_t *id, struct err *e)
{
    struct user_row row = { .locale = STR("en"), .zone = STR("UTC"), .note = STR(""), .active = true,
                            .created_us = c->now_us };
    struct user_change fields = n->fields;
    struct str domain_fold = str_lower(str_trim(n->email), c->a);
    int64_t customer;

    if (!acts_for_all(c->who) && !actor_has(c->who, PERM_ADMIN_USER) && !actor_has(c->who, PERM_USER_EDIT))
        return err_set(e, RC_DENIED, "forbidden", "You may not create people.");
    if (!fields.has_roles) {
        TRY(roles_of_builtin(c->db, ROLE_CUSTOMER, &customer, e));
        fields.has_roles = true;
        fields.role_ids = arena_memdup(c->a, &customer, sizeof customer);
        fields.n_roles = 1;
    }
    TRY(check_all(c, 0, &fields, e));
    apply(&row, &fields);
    if (!fields.has_organization && n->email.n)
        TRY(organization_by_domain(c->db, email_domain(domain_fold), &row.organization_id, e));
    TRY(users_insert(c->db, &row, c->a, id, e));
    TRY(add_first_identity(c, *id, IDENTITY_EMAIL, n->email, n->verified, "/email", e));
    TRY(add_first_identity(c, *id, IDENTITY_PHONE, n->phone, false, "/phone", e));
    if (n->password_hash.n)
        TRY(users_set_password(c->db, *id, n->password_hash, c->now_us, e));
    TRY(set_parts(c, *id, &fields, e));
    if (n->invite && n->email.n)
        TRY(password_invite(c, *id, str_trim(n->email), e));
    return account_audit(c, "user.create", *id, account_detail(c->a, STR("name"), row.name), e);
}
