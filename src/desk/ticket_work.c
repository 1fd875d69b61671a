/* One piece of work on a ticket: begin, rights, save. */
#include "desk/ticket_priv.h"

#include "desk/audit.h"
#include "desk/field.h"
#include "desk/tag.h"
#include "store/events.h"
#include "store/search.h"

static enum rc not_there(struct err *e)
{
    return err_set(e, RC_NOT_FOUND, "", "There is no such ticket.");
}

enum rc ticket_facts_of(struct call *c, const struct ticket *t, struct ticket_facts *out,
                        struct err *e)
{
    *out = (struct ticket_facts){ t->group_id, t->customer_id, t->organization_id, false, t->created_by };
    if (c->who->type != ACTOR_USER || (actor_is_agent(c->who) && can(c->who, CAN_ANSWER, out)))
        return RC_OK;
    return ticket_participates(c->db, t->id, c->who->user_id, &out->participates, e);
}

/* A ticket that is not there asks what one asks that the caller may not see: the statements that ran,
 * and so the time, must not tell them apart. */
/* Apart, for its large struct err would be cleared for each ticket that is there. */
static __attribute__((noinline)) enum rc ask_like_foreign(struct call *c, struct err *e)
{
    const struct ticket none = { 0 };
    struct ticket_facts facts;
    struct err other = { 0 };

    if (ticket_facts_of(c, &none, &facts, &other) == RC_OK)
        return e->rc;
    *e = other;
    return e->rc;
}

static enum rc absent_like_foreign(struct call *c, enum rc rc, struct err *e)
{
    return rc == RC_NOT_FOUND ? ask_like_foreign(c, e) : rc;
}

static bool is_system(const struct actor *who)
{
    return who->type == ACTOR_SYSTEM || who->type == ACTOR_CLI;
}

enum rc ticket_may(struct call *c, const struct ticket *t, enum action what, struct err *e)
{
    struct ticket_facts facts;

    if (is_system(c->who))
        return RC_OK;
    TRY(ticket_facts_of(c, t, &facts, e));
    if (can(c->who, what, &facts))
        return RC_OK;
    return can(c->who, CAN_READ, &facts)
               ? err_set(e, RC_DENIED, "", "You may read this ticket, but not do this to it.")
               : not_there(e);
}

enum rc ticket_reach(struct call *c, int64_t id, enum action what, struct ticket *out,
                     struct err *e)
{
    TRY(absent_like_foreign(c, tickets_load(c->db, id, false, c->a, out, e), e));
    return ticket_may(c, out, what, e);
}

enum rc ticket_work_rights(struct ticket_work *w, struct err *e)
{
    struct ticket_facts facts;

    w->is_agent = is_system(w->c->who);
    if (w->is_agent)
        return RC_OK;
    TRY(ticket_facts_of(w->c, &w->t, &facts, e));
    w->is_agent = can(w->c->who, CAN_CHANGE, &facts);
    return RC_OK;
}

int64_t ticket_version_for(const struct ticket *t, bool internal)
{
    return internal ? t->version : t->public_version;
}

static enum rc matches(const struct ticket_work *w, int64_t if_match, struct err *e)
{
    bool internal = is_system(w->c->who);

    if (!internal) {
        struct ticket_facts facts;

        TRY(ticket_facts_of(w->c, &w->t, &facts, e));
        internal = can(w->c->who, CAN_READ_INTERNAL, &facts);
    }
    if (if_match == ticket_version_for(&w->t, internal))
        return RC_OK;
    return err_set(e, RC_STALE, "", "The ticket was changed in the meantime.");
}

enum rc ticket_work_begin(struct call *c, int64_t id, enum action need, int64_t if_match,
                          struct ticket_work *w, struct err *e)
{
    *w = (struct ticket_work){ .c = c, .asked_id = id };
    TRY(absent_like_foreign(c, tickets_load(c->db, id, true, c->a, &w->before, e), e));
    w->t = w->before;
    TRY(ticket_may(c, &w->t, need, e));
    TRY(ticket_work_rights(w, e));
    if (if_match)
        TRY(matches(w, if_match, e));
    if (w->t.state_type == STATE_MERGED && need != CAN_ANSWER && need != CAN_READ)
        return err_set(e, RC_CONFLICT, "ticket_merged",
                       "This ticket was merged into another one and cannot be changed.");
    return RC_OK;
}

enum rc ticket_read(struct call *c, int64_t id, struct ticket *out, bool *internal, struct err *e)
{
    struct ticket_facts facts;

    TRY(absent_like_foreign(c, tickets_show(c->db, id, c->a, out, e), e));
    *internal = true;
    if (is_system(c->who))
        return RC_OK;
    TRY(ticket_facts_of(c, out, &facts, e));
    *internal = can(c->who, CAN_READ_INTERNAL, &facts);
    return can(c->who, CAN_READ, &facts) ? RC_OK : not_there(e);
}

void ticket_work_note(struct ticket_work *w, const char *name, struct str before, struct str after)
{
    INVARIANT(w->n_extra < TICKET_EXTRA_CHANGES_MAX);
    w->extra[w->n_extra++] = (struct ticket_change){ name, before, after };
    w->touched = true;
}

static const char *event_type(const struct ticket_work *w, const struct ticket_changes *ch)
{
    if (w->event)
        return w->event;
    if (w->is_new)
        return "create";
    return w->message.id && !ch->n ? "message" : "update";
}

static enum rc add_event(struct ticket_work *w, const struct ticket_changes *ch, struct err *e)
{
    const struct actor *who = w->c->who;
    struct event ev = {
        .ticket_id = w->t.id,
        .type = str_of(event_type(w, ch)),
        .actor_id = who->user_id,
        .message_id = w->message.id,
        .is_internal = w->message.id ? w->message.visibility == VISIBILITY_INTERNAL
                                     : !w->is_new && !ch->is_public,
        .changes_json = ticket_changes_event(ch, w->c->a),
        .ticket_version = w->t.version,
        .public_version = w->t.public_version,
        .request_id = who->request_id,
        .created_us = w->c->now_us,
    };

    return events_add(w->c->db, &ev, e);
}

static enum rc add_audit(struct ticket_work *w, const struct ticket_changes *ch, struct err *e)
{
    struct audit_entry entry = {
        .action = w->is_new                                ? "ticket.create"
                  : w->message.id && !ch->n                ? "message.create"
                  : w->t.state_type == STATE_DELETED       ? "ticket.delete"
                                                           : "ticket.update",
        .object = "ticket",
        .object_id = w->t.id,
        .details = ticket_changes_audit(ch, &w->message, w->c->a),
    };

    return audit_add(w->c->db, w->c->who, &entry, w->c->a, e);
}

/* Whether something changed that the search index holds with each message. */
static bool searched_differs(const struct ticket *b, const struct ticket *t)
{
    return b->id
           && (!str_eq(b->title, t->title) || b->customer_id != t->customer_id
               || b->organization_id != t->organization_id || b->group_id != t->group_id);
}

static enum rc reindex(struct call *c, int64_t ticket_id, struct err *e)
{
    struct call_late *late = c->late;

    for (size_t i = 0; late && i < late->n; i++)
        if (late->tickets[i] == ticket_id)
            return RC_OK;
    if (!late || late->n == late->cap)
        return search_reindex_ticket(c->db, ticket_id, c->a, e);
    late->tickets[late->n++] = ticket_id;
    return RC_OK;
}

enum rc ticket_work_after(struct ticket_work *w, const struct ticket_changes *ch, struct err *e)
{
    struct call *c = w->c;
    bool fresh = !w->before.id;

    TRY(ticket_counts_move(c->db, fresh ? NULL : &w->before, &w->t, e));
    TRY(tags_sync(c, w->t.id, fresh ? STR("[]") : w->before.tags_json, w->t.tags_json, e));
    TRY(fields_sync(c, FIELD_TICKET, w->t.id, fresh ? STR("{}") : w->before.fields_json,
                    w->t.fields_json, e));
    if (w->scope_changed || searched_differs(&w->before, &w->t))
        TRY(reindex(c, w->t.id, e));
    else if (w->message.id && w->message_is_new)
        TRY(search_put_new(c->db, w->message.id, c->a, e));
    else if (w->message.id)
        TRY(search_put(c->db, w->message.id, c->a, e));
    TRY(add_event(w, ch, e));
    TRY(add_audit(w, ch, e));
    w->before = w->t;
    w->n_extra = 0;
    w->touched = false;
    w->scope_changed = false;
    w->shown_changed = false;
    w->is_new = false;
    w->event = NULL;
    return RC_OK;
}

/* Whether customers see another ticket than before. */
static bool shown_differs(const struct ticket_work *w, const struct ticket_changes *ch)
{
    const struct ticket *b = &w->before, *t = &w->t;
    struct arena *a = w->c->a;

    if (ch->is_public || w->shown_changed || b->public_updated_us != t->public_updated_us)
        return true;
    return b->owner_id != t->owner_id || b->solved_us != t->solved_us || b->closed_us != t->closed_us
           || b->waiting_since_us != t->waiting_since_us || b->first_response_us != t->first_response_us
           || b->due_first_us != t->due_first_us || b->due_next_us != t->due_next_us
           || b->due_solution_us != t->due_solution_us || b->next_due_us != t->next_due_us
           || (!str_eq(b->fields_json, t->fields_json)
               && !str_eq(fields_for_customer(w->c->cat, FIELD_TICKET, b->fields_json, a),
                          fields_for_customer(w->c->cat, FIELD_TICKET, t->fields_json, a)));
}

enum rc ticket_work_save(struct ticket_work *w, struct err *e)
{
    struct ticket_changes *ch = ARENA_NEW(w->c->a, struct ticket_changes);

    TRY(ticket_diff(w, ch, e));
    if (!ch->n && !w->touched)
        return RC_OK;
    w->t.updated_us = w->c->now_us > w->t.updated_us ? w->c->now_us : w->t.updated_us;
    if (ch->is_public || w->shown_changed)
        w->t.public_updated_us = w->t.updated_us;
    if (shown_differs(w, ch))
        w->t.public_version = w->before.public_version + 1;
    TRY(tickets_update(w->c->db, &w->before, &w->t, e));
    return ticket_work_after(w, ch, e);
}
