#include "desk/actor.h"

#include "desk/auth.h"
#include "desk/auth_priv.h"
#include "store/rights.h"

static unsigned spread(int64_t levels)
{
    enum { ALL = LEVEL_READ | LEVEL_CREATE | LEVEL_CHANGE | LEVEL_OVERVIEW | LEVEL_FULL };
    unsigned l = (unsigned)levels & ALL;

    return l & LEVEL_FULL ? ALL : l;
}

void actor_set_rights(struct actor *who, const struct rights_rows *rows, struct arena *a)
{
    struct group_levels *g = ARENA_ARRAY(a, struct group_levels, rows->n_levels);
    size_t n = 0;

    for (size_t i = 0; i < rows->n_levels; i++) {
        if (n && g[n - 1].group_id == rows->levels[i].group_id)
            g[n - 1].levels |= spread(rows->levels[i].levels);
        else
            g[n++] = (struct group_levels){ .group_id = rows->levels[i].group_id,
                                            .levels = spread(rows->levels[i].levels) };
    }
    who->perms = rows->perms;
    who->groups = g;
    who->n_groups = n;
    who->shared_orgs = rows->shared_orgs;
    who->n_shared_orgs = rows->n_shared_orgs;
    who->is_unproved = !rows->has_proof;
}

void actor_cut(struct actor *who, int64_t mask)
{
    who->perms &= mask;
    if (!actor_has(who, PERM_TICKET_AGENT))
        who->n_groups = 0;
}

void actor_set_person(struct actor *who, const struct caller_row *row)
{
    who->type = ACTOR_USER;
    who->user_id = row->user_id;
    who->name = row->name;
    who->email = row->email;
    who->organization_id = row->organization_id;
}

enum rc actor_load(struct db *db, int64_t user_id, struct arena *a, struct actor *who, struct err *e)
{
    struct rights_rows rows;
    struct caller_row row;
    enum rc rc = caller_by_user(db, user_id, a, &row, e);

    if (rc == RC_NOT_FOUND || (rc == RC_OK && !row.active))
        return err_set(e, RC_NOT_FOUND, "user", "There is no such active user.");
    TRY(rc);
    TRY(rights_load(db, user_id, a, &rows, e));
    *who = (struct actor){ 0 };
    actor_set_person(who, &row);
    actor_set_rights(who, &rows, a);
    actor_cut(who, -1);
    return RC_OK;
}
