/* A new ticket, in one transaction: ticket, message, participants, link, history, audit, counts,
 * search index. */
#include "desk/ticket_priv.h"

#include "desk/participant.h"
#include "desk/ticket_number.h"
#include "store/participants.h"
#include "store/refs.h"

/* The columns that every new ticket has, before the wishes of the one who makes it. */
static enum rc defaults(struct ticket_work *w, const struct ticket_new *in, struct err *e)
{
    const struct catalog *cat = w->c->cat;
    const struct cat_state *s = catalog_default_new(cat);
    const struct cat_priority *p = catalog_default_priority(cat);

    if (!s || !p)
        return err_fail(e, "the catalog lacks a default state or priority");
    w->t.state_id = s->id;
    w->t.state_type = s->type;
    w->t.priority_id = p->id;
    w->t.channel = in->channel;
    w->t.tags_json = STR("[]");
    w->t.fields_json = STR("{}");
    w->t.created_by = w->c->who->user_id;
    w->t.created_us = w->t.updated_us = w->t.public_updated_us = w->c->now_us;
    w->t.external_id = in->external_id;
    if (in->external_id.p)
        w->t.external_source = in->external_source.p ? in->external_source : STR("api");
    return RC_OK;
}

bool ticket_may_open_in(const struct actor *who, const struct catalog *cat, const struct cat_group *g)
{
    struct ticket_facts as_agent = { .group_id = g->id }, as_customer = { .customer_id = who->user_id };

    if (!g->active)
        return false;
    return can(who, CAN_CREATE, &as_agent)
           || (can(who, CAN_CREATE, &as_customer)
               && (g->customers_may_choose || g == catalog_default_group(cat)));
}

/* Agents choose among the groups in which they may create, customers among those that are open to
 * them; without a wish the request goes to the default group. */
static enum rc choose_group(struct ticket_work *w, const struct ticket_new *in, struct err *e)
{
    const struct cat_group *g = catalog_default_group(w->c->cat);
    const struct actor *who = w->c->who;
    struct ticket_facts facts = { .customer_id = who->user_id };

    if (in->edit.set & TF_GROUP) {
        const struct cat_group *wanted = catalog_group(w->c->cat, in->edit.group_id);

        if (!wanted || !wanted->active
            || (who->type == ACTOR_USER && !ticket_may_open_in(who, w->c->cat, wanted)))
            return err_field(e, "/group", "unknown", "a group in which you may create tickets",
                             "You cannot put tickets into this group.");
        g = wanted;
    }
    if (!g)
        return err_field(e, "/group", "required", "a group in which you may create tickets", "There is no default group: name one.");
    w->t.group_id = g->id;
    facts.group_id = g->id;
    w->is_agent = who->type != ACTOR_USER || can(who, CAN_CREATE, &facts);
    facts = (struct ticket_facts){ .customer_id = who->user_id };
    if (!w->is_agent && !can(who, CAN_CREATE, &facts))
        return err_set(e, RC_DENIED, "", "You cannot create tickets.");
    return RC_OK;
}

/* The customer: the one named by an agent, else the actor. */
static enum rc choose_customer(struct ticket_work *w, const struct ticket_new *in, struct err *e)
{
    int64_t id = in->edit.set & TF_CUSTOMER ? in->edit.customer_id : w->c->who->user_id;

    if (!w->is_agent && id != w->c->who->user_id)
        return err_field(e, "/customer", "unknown", "yourself, or left out", "Customers open tickets for themselves.");
    return ticket_take_customer(w, id, e);
}

enum { CUSTOMER_MAY = TF_TITLE | TF_GROUP | TF_PRIORITY | TF_FIELDS | TF_ORGANIZATION | TF_CUSTOMER };

static enum rc customer_limits(const struct ticket_work *w, const struct ticket_new *in,
                               struct err *e)
{
    const struct cat_group *g = catalog_group(w->c->cat, w->t.group_id);

    if (w->is_agent)
        return RC_OK;
    if (in->edit.set & ~(unsigned)CUSTOMER_MAY) {
        ticket_name_members(in->edit.set & ~(unsigned)CUSTOMER_MAY, "left out", e);
        return err_set(e, RC_DENIED, "",
                       "Customers set title, message, group, priority, organisation and fields.");
    }
    if (in->external_id.p) { /* else he could take the ids that an integration is going to use */
        err_field(e, "/external_id", "denied", "left out", "You cannot set this.");
        return err_set(e, RC_DENIED, "", "Customers' tickets have no ids of other systems.");
    }
    if (in->n_participants && !(g && g->customers_may_add))
        return err_field(e, "/participants", "unknown", "none in this group", "Customers cannot add people here.");
    return RC_OK;
}

static enum rc add_participants(struct ticket_work *w, const struct ticket_new *in, struct err *e)
{
    for (size_t i = 0; i < in->n_participants; i++) {
        const struct participant_new *p = &in->participants[i];
        struct user_ref u;
        bool known;
        enum rc rc = refs_user(w->c->db, p->user_id, w->c->a, &u, e);

        if (rc == RC_NOT_FOUND)
            err_clear(e);
        if (rc == RC_NOT_FOUND || (rc == RC_OK && !u.active))
            return err_field(e, "/participants", "unknown", "ids or addresses of people", "There is no such person.");
        TRY(rc);
        TRY(participant_known(w, u.id, &known, e));
        if (!known)
            return err_field(e, "/participants", "unknown", "ids or addresses of people", "There is no such person.");
        TRY(participants_set(w->c->db, w->t.id, p->user_id, p->role, w->c->now_us, e));
    }
    return RC_OK;
}

static enum rc insert(struct ticket_work *w, const struct ticket_new *in, struct message *m,
                      struct err *e)
{
    enum rc rc;

    TRY(ticket_number_next(w->c, &w->t.number, e));
    rc = tickets_insert(w->c->db, &w->t, e);
    if (rc == RC_CONFLICT && in->external_id.p) {
        err_clear(e);
        return err_conflict(e, "external_id_taken", "/external_id", "an id that no other ticket of this source has",
                            "There is a ticket with this external_id from this source.");
    }
    TRY(rc);
    TRY(ticket_message_store(w, &in->message, m, e));
    TRY(add_participants(w, in, e));
    if (in->follow_up_of)
        TRY(ticket_link_follow_up(w->c->db, w->t.id, in->follow_up_of, w->c->who->user_id,
                                  w->c->now_us, e));
    return RC_OK;
}

enum rc ticket_create(struct call *c, const struct ticket_new *in, struct ticket_work *w,
                      struct err *e)
{
    struct ticket_changes *ch = ARENA_NEW(c->a, struct ticket_changes);
    struct ticket_edit rest = in->edit;
    struct message m;

    *w = (struct ticket_work){ .c = c, .is_new = true };
    TRY(defaults(w, in, e));
    if (in->by_rule) {
        w->t.group_id = in->edit.group_id;
        w->t.customer_id = in->edit.customer_id;
        w->t.organization_id = in->edit.organization_id;
        w->t.title = in->edit.title;
        TRY(ticket_work_rights(w, e));
    } else {
        TRY(choose_group(w, in, e));
        TRY(choose_customer(w, in, e));
        TRY(customer_limits(w, in, e));
        rest.set &= ~(unsigned)(TF_GROUP | TF_CUSTOMER);
        TRY(ticket_apply(w, &rest, e));
    }
    TRY(ticket_message_prepare(w, &in->message, &m, e));
    if (!(in->edit.set & TF_STATE))
        TRY(ticket_open_with(w, &m, e));
    ticket_message_count(&w->t, &m);
    TRY(insert(w, in, &m, e));
    TRY(ticket_diff(w, ch, e));
    TRY(ticket_work_after(w, ch, e));
    w->asked_id = w->t.id;
    return RC_OK;
}
