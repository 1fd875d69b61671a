#include "desk/link.h"

#include "desk/ticket_priv.h"

const char *const link_role_names[] = { "related",        "parent_of",
                                        "child_of",       "duplicate_of",
                                        "duplicated_by",  "follow_up_of",
                                        "followed_up_by", NULL };

/* How a role is stored: the kind, and whether the far ticket stands first. */
static const struct {
    enum link_kind kind;
    bool from_far;
} roles[] = {
    [ROLE_RELATED] = { LINK_RELATED, false },
    [ROLE_PARENT_OF] = { LINK_PARENT_OF, false },
    [ROLE_CHILD_OF] = { LINK_PARENT_OF, true },
    [ROLE_DUPLICATE_OF] = { LINK_DUPLICATE_OF, false },
    [ROLE_DUPLICATED_BY] = { LINK_DUPLICATE_OF, true },
    [ROLE_FOLLOW_UP_OF] = { LINK_FOLLOW_UP_OF, false },
    [ROLE_FOLLOWED_UP_BY] = { LINK_FOLLOW_UP_OF, true },
};

enum link_role link_role_of(const struct link *l, int64_t seen_from)
{
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (roles[i].kind == l->kind && roles[i].from_far == (l->ticket_id != seen_from))
            return (enum link_role)i;
    return ROLE_RELATED; /* it has no direction */
}

static struct link as_stored(int64_t near, int64_t far, enum link_role role)
{
    bool turn = roles[role].kind == LINK_RELATED ? near > far : roles[role].from_far;

    return (struct link){ .ticket_id = turn ? far : near,
                          .other_id = turn ? near : far,
                          .kind = roles[role].kind };
}

static enum rc read_far(struct call *c, int64_t near, int64_t far, struct ticket *t, struct err *e)
{
    bool internal;
    enum rc rc;

    if (near == far)
        return err_field(e, "/ticket", "same", "another ticket",
                         "A ticket is not linked to itself.");
    rc = ticket_read(c, far, t, &internal, e);
    if (rc != RC_NOT_FOUND)
        return rc;
    err_clear(e);
    return err_field(e, "/ticket", "unknown", "another ticket that you may read",
                     "There is no such ticket.");
}

static enum rc check_fits(struct call *c, const struct link *l, struct err *e)
{
    int64_t n;
    bool cycle;

    TRY(links_count(c->db, l->ticket_id, &n, e));
    if (n >= LINKS_MAX)
        return err_conflict(e, "too_many_links", "/ticket", "one fewer", "A ticket has %d links at most.", LINKS_MAX);
    if (l->kind != LINK_PARENT_OF)
        return RC_OK;
    TRY(links_is_ancestor(c->db, l->other_id, l->ticket_id, &cycle, e));
    return cycle ? err_conflict(e, "link_cycle", "/ticket", "a ticket that is not above this one",
                                "A ticket cannot be above itself.")
                 : RC_OK;
}

static struct str note_json(struct call *c, enum link_role role, const struct ticket *far)
{
    return str_printf(c->a, "{\"kind\":\"%s\",\"ticket\":%.*s}", link_role_names[role],
                      STR_ARG(ticket_number_ref(far, c->a)));
}

enum rc ticket_link(struct call *c, int64_t ticket_id, int64_t other_id, enum link_role role,
                    int64_t *link_id, struct err *e)
{
    struct link l = as_stored(ticket_id, other_id, role);
    struct ticket_work w;
    struct ticket far;

    TRY(ticket_work_begin(c, ticket_id, CAN_CHANGE, 0, &w, e));
    TRY(read_far(c, ticket_id, other_id, &far, e));
    TRY(check_fits(c, &l, e));
    l.created_by = c->who->user_id;
    l.created_us = c->now_us;
    TRY(links_insert(c->db, &l, e));
    *link_id = l.id;
    ticket_work_note(&w, "links", STR("null"), note_json(c, role, &far));
    return ticket_work_save(&w, e);
}

static enum rc absent(struct err *e)
{
    err_clear(e);
    return err_set(e, RC_NOT_FOUND, "", "There is no such link.");
}

enum rc ticket_unlink(struct call *c, int64_t ticket_id, int64_t link_id, struct err *e)
{
    struct ticket_work w;
    struct ticket far;
    bool internal;
    struct link l;
    int64_t far_id;
    enum rc rc;

    TRY(ticket_work_begin(c, ticket_id, CAN_CHANGE, 0, &w, e));
    TRY(links_load(c->db, link_id, &l, e));
    if (l.ticket_id != ticket_id && l.other_id != ticket_id)
        return absent(e);
    far_id = l.ticket_id == ticket_id ? l.other_id : l.ticket_id;
    rc = ticket_read(c, far_id, &far, &internal, e);
    if (rc == RC_NOT_FOUND)
        return absent(e);
    TRY(rc);
    TRY(links_delete(c->db, link_id, e));
    ticket_work_note(&w, "links", note_json(c, link_role_of(&l, ticket_id), &far), STR("null"));
    return ticket_work_save(&w, e);
}

enum rc ticket_links(struct call *c, int64_t ticket_id, struct link_list *out, struct err *e)
{
    struct scope scope = can_scope(c->who, CAN_READ, c->a);
    struct ticket t;
    bool internal;

    TRY(ticket_read(c, ticket_id, &t, &internal, e));
    return links_list(c->db, ticket_id, &scope, LINKS_MAX, c->a, out, e);
}
