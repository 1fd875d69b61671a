#include "desk/role.h"

#include "desk/audit.h"
#include "desk/owner.h"
#include "desk/user.h"
#include "store/catalog.h"

static enum rc taken(enum rc rc, const char *what, struct err *e)
{
    if (rc != RC_CONFLICT)
        return rc;
    err_clear(e);
    return err_field(e, "/name", "taken", "one that no other has", "There is a %s of this name already.", what);
}

static enum rc check_role(const struct account *c, int64_t old_perms, const struct role_change *ch,
                          struct err *e)
{
    int64_t *ids = ARENA_ARRAY(c->a, int64_t, ch->n_levels);

    if ((old_perms | (ch->has_perms ? ch->perms : 0)) & ~c->who->perms)
        return err_set(e, RC_DENIED, "more_rights", "The role has permissions that you do not have.");
    for (size_t i = 0; i < ch->n_levels; i++)
        ids[i] = ch->levels[i].group_id;
    return account_groups(c, ids, ch->n_levels, e);
}

static void apply(struct role_row *r, const struct role_change *ch)
{
    if (ch->has_name)
        r->name = ch->name;
    if (ch->has_note)
        r->note = ch->note;
    if (ch->has_perms)
        r->perms = ch->perms;
    if (ch->has_active)
        r->active = ch->active;
}

static struct str levels_text(const struct role_level *v, size_t n, struct arena *a)
{
    struct buf b = BUF_ARENA(a, 32 * KIB);

    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s%lld:%lld", i ? "," : "", (long long)v[i].group_id, (long long)v[i].levels);
    return buf_view(&b);
}

static enum rc finish_role(const struct account *c, int64_t id, const char *action,
                           const struct role_row *before, const struct role_row *after,
                           const struct role_change *ch, struct err *e)
{
    struct audit_entry entry = { .action = action, .object = "role", .object_id = id };
    struct role_levels old;
    struct diff d;

    diff_begin(&d, c->a);
    diff_text(&d, "name", before->name, after->name);
    diff_text(&d, "note", before->note, after->note);
    diff_int(&d, "permissions", before->perms, after->perms);
    diff_int(&d, "active", before->active, after->active);
    if (ch->has_levels) {
        TRY(role_levels_of(c->db, id, c->a, &old, e));
        diff_text(&d, "group_levels", levels_text(old.v, old.n, c->a), levels_text(ch->levels, ch->n_levels, c->a));
        TRY(role_levels_set(c->db, id, ch->levels, ch->n_levels, e));
    }
    TRY(catalog_changed(c->db, e));
    entry.details = diff_end(&d, c->a);
    return audit_add(c->db, c->who, &entry, c->a, e);
}

enum rc role_create(const struct account *c, const struct role_change *ch, int64_t *id, struct err *e)
{
    struct role_row row = { .note = STR(""), .active = true, .created_us = c->now_us };
    const struct role_row none = { 0 };

    TRY(check_role(c, 0, ch, e));
    apply(&row, ch);
    TRY(taken(roles_insert(c->db, &row, c->a, id, e), "role", e));
    return finish_role(c, *id, "role.create", &none, &row, ch, e);
}

enum rc role_change(const struct account *c, int64_t id, int64_t version, const struct role_change *ch,
                    struct err *e)
{
    struct role_row before, row;
    enum rc rc = roles_load(c->db, id, c->a, &before, e);

    if (rc == RC_NOT_FOUND)
        return err_set(e, RC_NOT_FOUND, "not_found", "There is no such role.");
    TRY(rc);
    if (version && version != before.version)
        return err_set(e, RC_STALE, "version_mismatch", "The role was changed meanwhile.");
    TRY(check_role(c, before.perms, ch, e));
    row = before;
    apply(&row, ch);
    if (before.builtin == ROLE_ADMIN && (row.perms != before.perms || !row.active))
        return err_conflict(e, "builtin_role", row.active ? "/permissions" : "/active", "as it was",
                            "The administrator's role keeps its permissions.");
    row.updated_us = c->now_us;
    TRY(taken(roles_save(c->db, &row, c->a, e), "role", e));
    TRY(finish_role(c, id, "role.update", &before, &row, ch, e));
    if (row.perms == before.perms && row.active == before.active && !ch->has_levels)
        return RC_OK;
    TRY(admins_remain(c, e));
    return owner_check_role(c->db, c->who, id, c->a, e);
}

/* ── groups ── */

static enum rc check_group(const struct account *c, const struct group_row *g, struct err *e)
{
    struct group_row up = { .parent_id = g->parent_id };
    struct str fold;

    if (g->email.p)
        TRY(email_check(g->email, "/email", c->a, &fold, e));
    if (g->is_default && !g->active)
        return err_field(e, "/active", "default", "true, as long as this is the default", "The default group must be active.");
    for (int depth = 0; up.parent_id; depth++) {
        enum rc rc = up.parent_id == g->id || depth > 20 ? RC_CONFLICT : groups_load(c->db, up.parent_id, c->a, &up, e);

        if (rc == RC_CONFLICT)
            return err_field(e, "/parent_id", "cycle", "a group that is not below this one", "A group cannot be below itself.");
        if (rc == RC_NOT_FOUND)
            return err_field(e, "/parent_id", "unknown", "ids from GET /api/v1/groups", "There is no such group.");
        TRY(rc);
    }
    return RC_OK;
}

static enum rc finish_group(const struct account *c, const char *action, const struct group_row *b,
                            const struct group_row *g, struct err *e)
{
    struct audit_entry entry = { .action = action, .object = "group", .object_id = g->id };
    struct diff d;

    if (g->is_default && !b->is_default)
        TRY(groups_only_default(c->db, g->id, e));
    diff_begin(&d, c->a);
    diff_text(&d, "name", b->name, g->name);
    diff_text(&d, "email", b->email, g->email);
    diff_text(&d, "signature", b->signature, g->signature);
    diff_text(&d, "note", b->note, g->note);
    diff_int(&d, "parent_id", b->parent_id, g->parent_id);
    diff_int(&d, "follow_up", b->follow_up, g->follow_up);
    diff_int(&d, "reopen_days", b->reopen_days, g->reopen_days);
    diff_int(&d, "assignment_timeout_min", b->assignment_timeout_min, g->assignment_timeout_min);
    diff_int(&d, "follow_up_keep_owner", b->follow_up_keep_owner, g->follow_up_keep_owner);
    diff_int(&d, "customers_may_add", b->customers_may_add, g->customers_may_add);
    diff_int(&d, "customers_may_choose", b->customers_may_choose, g->customers_may_choose);
    diff_int(&d, "is_default", b->is_default, g->is_default);
    diff_int(&d, "active", b->active, g->active);
    TRY(catalog_changed(c->db, e));
    entry.details = diff_end(&d, c->a);
    return audit_add(c->db, c->who, &entry, c->a, e);
}

enum rc group_create(const struct account *c, struct group_row *row, struct err *e)
{
    const struct group_row none = { 0 };

    TRY(check_group(c, row, e));
    row->created_us = c->now_us;
    TRY(taken(groups_insert(c->db, row, c->a, &row->id, e), "group", e));
    return finish_group(c, "group.create", &none, row, e);
}

enum rc group_change(const struct account *c, const struct group_row *before, struct group_row *row,
                     struct err *e)
{
    TRY(check_group(c, row, e));
    if (before->is_default && !row->is_default)
        return err_field(e, "/is_default", "default", "true", "Make another group the default instead.");
    row->updated_us = c->now_us;
    TRY(taken(groups_save(c->db, row, c->a, e), "group", e));
    return finish_group(c, "group.update", before, row, e);
}
