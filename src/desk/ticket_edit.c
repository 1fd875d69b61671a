/* Field changes of a ticket: what may be set to what, by whom. */
#include "desk/ticket_priv.h"

#include "desk/auth.h"
#include "desk/field.h"
#include "desk/tag.h"
#include "store/refs.h"

static bool is_done(enum state_type t)
{
    return t == STATE_SOLVED || t == STATE_CLOSED;
}

static bool is_removed(enum state_type t)
{
    return t == STATE_SPAM || t == STATE_DELETED;
}

static bool is_working(enum state_type t)
{
    return t <= STATE_HOLD;
}

static void state_times(struct ticket_work *w, enum state_type from, enum state_type to)
{
    struct ticket *t = &w->t;
    int64_t now = w->c->now_us;

    if (is_done(to)) {
        if (!is_done(from)) {
            t->last_close_us = now;
            t->first_close_us = t->first_close_us ? t->first_close_us : now;
        }
        if (to == STATE_SOLVED)
            t->solved_us = now;
        t->closed_us = to == STATE_CLOSED ? now : 0;
        t->waiting_since_us = 0;
    } else if (is_done(from) && is_working(to)) {
        t->reopen_count++;
        t->solved_us = t->closed_us = 0;
    }
}

enum rc ticket_set_state(struct ticket_work *w, const struct cat_state *s, struct err *e)
{
    enum state_type from = w->t.state_type;

    if (!s)
        return err_fail(e, "the catalog lacks a default state");
    if (s->id == w->t.state_id)
        return RC_OK;
    w->t.state_id = s->id;
    w->t.state_type = s->type;
    if (s->until_rule == UNTIL_NONE || from == STATE_PENDING)
        w->t.until_us = 0;
    if (from != s->type)
        state_times(w, from, s->type);
    return RC_OK;
}

static enum rc edit_state(struct ticket_work *w, const struct ticket_edit *ed, struct err *e)
{
    const struct cat_state *s = catalog_state(w->c->cat, ed->state_id);

    if (!s || !s->active)
        return err_field(e, "/state", "unknown", "an active state of GET /api/v1/states", "There is no such state.");
    if (s->type == STATE_MERGED && w->t.state_type != STATE_MERGED)
        return err_field(e, "/state", "merged", "POST /api/v1/tickets/{id}/merge", "Tickets are merged by the merge call.");
    if (s->id != w->t.state_id && (is_removed(s->type) || is_removed(w->t.state_type)))
        TRY(ticket_may(w->c, &w->t, CAN_DELETE, e));
    return ticket_set_state(w, s, e);
}

/* After state and until are both known. */
static enum rc edit_until(struct ticket_work *w, const struct ticket_edit *ed, struct err *e)
{
    const struct cat_state *s = catalog_state(w->c->cat, w->t.state_id);
    enum until_rule rule = s ? s->until_rule : UNTIL_NONE;

    if (ed->set & TF_UNTIL) {
        if (ed->until_us && rule == UNTIL_NONE)
            return err_field(e, "/until", "state", "null, or a state that waits for a date", "This state has no date.");
        if (ed->until_us && ed->until_us <= w->c->now_us)
            return err_field(e, "/until", "past", "a time to come", "The date has passed.");
        w->t.until_us = ed->until_us;
    }
    if (rule == UNTIL_REQUIRED && !w->t.until_us)
        return err_field(e, "/until", "required", "a time to come", "This state needs a date.");
    return RC_OK;
}

static enum rc owner_fits(struct ticket_work *w, int64_t owner_id, bool *fits, struct err *e)
{
    struct ticket_facts facts = { .group_id = w->t.group_id };
    struct actor owner = { 0 };
    enum rc rc = actor_load(w->c->db, owner_id, w->c->a, &owner, e);

    *fits = rc == RC_OK && can(&owner, CAN_OWN, &facts);
    if (rc == RC_NOT_FOUND) {
        err_clear(e);
        return RC_OK;
    }
    return rc;
}

static enum rc edit_group(struct ticket_work *w, int64_t group_id, struct err *e)
{
    const struct cat_group *g = catalog_group(w->c->cat, group_id);
    struct ticket_facts facts = { .group_id = group_id };
    bool fits, by_person = w->c->who->type == ACTOR_USER;

    if (group_id == w->t.group_id)
        return RC_OK;
    if (!g || !g->active || (by_person && !can(w->c->who, CAN_CREATE, &facts)))
        return err_field(e, "/group", "unknown", "a group in which you may create tickets",
                         "You cannot put tickets into this group.");
    w->t.group_id = group_id;
    if (!w->t.owner_id)
        return RC_OK;
    TRY(owner_fits(w, w->t.owner_id, &fits, e));
    if (!fits)
        w->t.owner_id = 0;
    return RC_OK;
}

static enum rc edit_owner(struct ticket_work *w, int64_t owner_id, struct err *e)
{
    bool fits = true;

    if (owner_id == w->t.owner_id)
        return RC_OK;
    if (owner_id)
        TRY(owner_fits(w, owner_id, &fits, e));
    if (!fits)
        return err_field(e, "/owner", "unknown", "an agent with full rights on the group",
                         "This person cannot own tickets of the group.");
    w->t.owner_id = owner_id;
    return RC_OK;
}

static enum rc edit_priority(struct ticket_work *w, int64_t id, struct err *e)
{
    const struct cat_priority *p = catalog_priority(w->c->cat, id);

    if (!p || (!p->active && id != w->t.priority_id))
        return err_field(e, "/priority", "unknown", "an active priority of GET /api/v1/priorities", "There is no such priority.");
    w->t.priority_id = id;
    return RC_OK;
}

enum rc ticket_take_customer(struct ticket_work *w, int64_t user_id, struct err *e)
{
    struct user_ref u;
    enum rc rc;

    rc = refs_user(w->c->db, user_id, w->c->a, &u, e);
    if (rc == RC_NOT_FOUND)
        err_clear(e);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && !u.active))
        return err_field(e, "/customer", "unknown", "an id or an e-mail address", "There is no such person.");
    TRY(rc);
    w->t.customer_id = u.id;
    w->t.organization_id = u.organization_id;
    return RC_OK;
}

static enum rc edit_customer(struct ticket_work *w, const struct ticket_edit *ed, struct err *e)
{
    if (!(ed->set & TF_CUSTOMER) || ed->customer_id == w->t.customer_id)
        return RC_OK;
    return ticket_take_customer(w, ed->customer_id, e);
}

static enum rc edit_organization(struct ticket_work *w, const struct ticket_edit *ed, struct err *e)
{
    bool member;

    if (!(ed->set & TF_ORGANIZATION) || ed->organization_id == w->t.organization_id)
        return RC_OK;
    if (ed->organization_id) {
        TRY(refs_is_member(w->c->db, w->t.customer_id, ed->organization_id, &member, e));
        if (!member)
            return err_field(e, "/organization", "unknown", "one of the customer's organisations",
                             "The customer is not one of its people.");
    }
    w->t.organization_id = ed->organization_id;
    return RC_OK;
}

static enum rc edit_tags(struct ticket_work *w, const struct ticket_edit *ed, struct err *e)
{
    struct str names[3 * TICKET_TAGS_MAX], *old, gone;
    size_t n = 0, n_old;

    if (!(ed->set & (TF_TAGS | TF_TAGS_ADD | TF_TAGS_REMOVE)))
        return RC_OK;
    if (ed->n_tags > TICKET_TAGS_MAX || ed->n_tags_add > TICKET_TAGS_MAX)
        return err_field(e, "/tags", "length", "50", "A ticket has 50 tags at most.");
    tags_of_json(w->t.tags_json, w->c->a, &old, &n_old);
    for (size_t i = 0; !(ed->set & TF_TAGS) && i < n_old && i < TICKET_TAGS_MAX; i++)
        names[n++] = old[i];
    for (size_t i = 0; i < ed->n_tags; i++)
        TRY(tag_normalise(ed->tags[i], "/tags", w->c->a, &names[n++], e));
    for (size_t i = 0; i < ed->n_tags_add; i++)
        TRY(tag_normalise(ed->tags_add[i], "/tags", w->c->a, &names[n++], e));
    for (size_t i = 0; i < ed->n_tags_remove; i++) {
        TRY(tag_normalise(ed->tags_remove[i], "/tags", w->c->a, &gone, e));
        for (size_t k = n; k-- > 0;)
            if (str_eq(names[k], gone))
                names[k] = names[--n];
    }
    w->t.tags_json = tags_to_json(names, n, w->c->a);
    tags_of_json(w->t.tags_json, w->c->a, &old, &n_old);
    return n_old <= TICKET_TAGS_MAX
               ? RC_OK
               : err_field(e, "/tags", "length", "50", "A ticket has 50 tags at most.");
}

static enum rc edit_fields(struct ticket_work *w, const struct ticket_edit *ed, struct err *e)
{
    struct field_patch p = { .object = FIELD_TICKET, .screen = SCREEN_EDIT, .patch = ed->fields };

    if (w->is_new)
        p.screen = w->is_agent ? SCREEN_AGENT_CREATE : SCREEN_CUSTOMER_CREATE;
    p.as_customer = !w->is_agent;
    p.is_new = w->is_new;
    if (w->is_new ? w->c->cat->n_fields || (ed->set & TF_FIELDS) : (ed->set & TF_FIELDS) != 0)
        TRY(fields_apply(w->c, w->t.fields_json, &p, &w->t.fields_json, e));
    if (!w->is_new && is_done(w->t.state_type) && !is_done(w->before.state_type))
        return fields_required(w->c, w->t.fields_json, FIELD_TICKET, SCREEN_CLOSE, e);
    return RC_OK;
}

static const struct {
    unsigned bit;
    const char *pointer;
} members[] = {
    { TF_TITLE, "/title" },       { TF_STATE, "/state" },       { TF_UNTIL, "/until" },
    { TF_PRIORITY, "/priority" }, { TF_GROUP, "/group" },       { TF_OWNER, "/owner" },
    { TF_CUSTOMER, "/customer" }, { TF_ORGANIZATION, "/organization" },
    { TF_FIELDS, "/fields" },
};

void ticket_name_members(unsigned set, const char *allowed, struct err *e)
{
    unsigned known = 0;

    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        known |= members[i].bit;
        if (set & members[i].bit)
            err_field(e, members[i].pointer, "denied", allowed, "You cannot set this.");
    }
    if (set & ~known)
        err_field(e, "/tags", "denied", allowed, "You cannot set this.");
}

static enum rc only_close(struct call *c, const struct ticket_edit *ed, const struct cat_state *closed, struct err *e)
{
    ticket_name_members(ed->set & ~(unsigned)TF_STATE, "left out", e);
    if (ed->set & TF_STATE && (!closed || ed->state_id != closed->id))
        err_field(e, "/state", "denied", closed ? str_z(closed->customer_name, c->a) : "left out", "You can only close it.");
    return err_set(e, RC_DENIED, "", "Customers can close their tickets, and change nothing else.");
}

/* What a customer may change in his own ticket: close it. */
static enum rc customer_edit(struct ticket_work *w, const struct ticket_edit *ed, struct err *e)
{
    const struct cat_state *s = catalog_default_close(w->c->cat);

    if (!ed->set)
        return RC_OK;
    if (ed->set != TF_STATE || !s || ed->state_id != s->id)
        return only_close(w->c, ed, s, e);
    return is_working(w->t.state_type) || w->t.state_type == STATE_SOLVED
               ? ticket_set_state(w, s, e)
               : RC_OK;
}

enum rc ticket_apply(struct ticket_work *w, const struct ticket_edit *ed, struct err *e)
{
    if (!w->is_agent && !w->is_new)
        return customer_edit(w, ed, e);
    if (ed->set & TF_TITLE)
        w->t.title = ed->title;
    TRY(edit_customer(w, ed, e));
    TRY(edit_organization(w, ed, e));
    if (ed->set & TF_GROUP)
        TRY(edit_group(w, ed->group_id, e));
    if (ed->set & TF_OWNER)
        TRY(edit_owner(w, ed->owner_id, e));
    if (ed->set & TF_PRIORITY)
        TRY(edit_priority(w, ed->priority_id, e));
    if (ed->set & TF_STATE)
        TRY(edit_state(w, ed, e));
    if (ed->set & (TF_STATE | TF_UNTIL))
        TRY(edit_until(w, ed, e));
    TRY(edit_tags(w, ed, e));
    return edit_fields(w, ed, e);
}
