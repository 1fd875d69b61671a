#include "desk/can.h"

static bool acts_for_system(const struct actor *who)
{
    return who->type == ACTOR_SYSTEM || who->type == ACTOR_CLI;
}

static bool sees_all(const struct actor *who)
{
    return acts_for_system(who) || actor_has(who, PERM_ADMIN_TICKET);
}

/* Levels of which one suffices. */
static unsigned levels_for(enum action what)
{
    switch (what) {
    case CAN_LIST:
        return LEVEL_OVERVIEW | LEVEL_READ;
    case CAN_READ:
    case CAN_READ_INTERNAL:
        return LEVEL_READ;
    case CAN_CREATE:
        return LEVEL_CREATE;
    case CAN_ANSWER:
    case CAN_CHANGE:
    case CAN_DELETE:
        return LEVEL_CHANGE;
    case CAN_OWN:
        return LEVEL_FULL;
    }
    return 0;
}

static unsigned levels_in(const struct actor *who, int64_t group_id)
{
    size_t lo = 0, hi = who->n_groups;

    if (!actor_has(who, PERM_TICKET_AGENT))
        return 0;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (who->groups[mid].group_id == group_id)
            return who->groups[mid].levels;
        if (who->groups[mid].group_id < group_id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return 0;
}

static bool in_shared_org(const struct actor *who, int64_t org_id)
{
    for (size_t i = 0; org_id && i < who->n_shared_orgs; i++)
        if (who->shared_orgs[i] == org_id)
            return true;
    return false;
}

static bool can_as_agent(const struct actor *who, enum action what, const struct ticket_facts *t)
{
    if (sees_all(who))
        return true;
    if (what == CAN_DELETE && !actor_has(who, PERM_TICKET_DELETE))
        return false;
    return (levels_in(who, t->group_id) & levels_for(what)) != 0;
}

static bool can_as_customer(const struct actor *who, enum action what, const struct ticket_facts *t)
{
    if (!who->user_id || !actor_has(who, PERM_TICKET_CUSTOMER))
        return false;
    if (what == CAN_CREATE)
        return t->group_id == 0 && t->customer_id == who->user_id;
    if (what != CAN_LIST && what != CAN_READ && what != CAN_ANSWER)
        return false;
    if (who->is_unproved)
        return t->customer_id == who->user_id && t->created_by == who->user_id;
    return t->customer_id == who->user_id || t->participates ||
           in_shared_org(who, t->organization_id);
}

bool can(const struct actor *who, enum action what, const struct ticket_facts *t)
{
    bool changes = what != CAN_LIST && what != CAN_READ && what != CAN_READ_INTERNAL;

    if (who->type == ACTOR_ANONYMOUS || (changes && who->read_only))
        return false;
    return can_as_agent(who, what, t) || can_as_customer(who, what, t);
}

struct scope can_scope(const struct actor *who, enum action what, struct arena *a)
{
    struct scope s = { 0 };

    if (who->type == ACTOR_ANONYMOUS)
        return s;
    if (sees_all(who))
        return (struct scope){ .all = true, .internal = true };
    if (actor_has(who, PERM_TICKET_AGENT) && who->n_groups) {
        int64_t *ids = ARENA_ARRAY(a, int64_t, who->n_groups);

        for (size_t i = 0; i < who->n_groups; i++)
            if (who->groups[i].levels & levels_for(what))
                ids[s.n_groups++] = who->groups[i].group_id;
        s.groups = ids;
        s.internal = s.n_groups > 0;
    }
    if (actor_has(who, PERM_TICKET_CUSTOMER)) {
        s.user_id = who->user_id;
        s.only_own = who->is_unproved;
        s.orgs = who->shared_orgs;
        s.n_orgs = who->is_unproved ? 0 : who->n_shared_orgs;
    }
    return s;
}
