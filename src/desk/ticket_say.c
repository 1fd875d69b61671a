/* A message comes to a ticket: who sends it, what it does to the state, where it ends up. */
#include "desk/ticket_priv.h"

#include "desk/state_rules.h"
#include "desk/ticket_hooks.h"

enum { MERGE_CHAIN_MAX = 64 };

static enum message_sender sender_of(const struct ticket_work *w, const struct message_new *in)
{
    const struct actor *who = w->c->who;
    struct sender_case c = {
        .is_person = who->type == ACTOR_USER,
        .is_agent = w->is_agent,
        .is_customer = who->user_id == w->t.customer_id,
        .on_behalf = in->on_behalf_id != 0,
        .is_auto = in->is_auto,
        .kind = in->kind,
        .visibility = in->visibility,
    };

    return message_sender_of(&c);
}

/* A caller who is not named is the ticket's customer. */
static int64_t on_behalf_of(const struct ticket_work *w, const struct message_new *in)
{
    if (in->on_behalf_id || in->kind != MESSAGE_PHONE_IN)
        return in->on_behalf_id;
    return w->t.customer_id == w->c->who->user_id ? 0 : w->t.customer_id;
}

static enum rc check_on_behalf(struct ticket_work *w, const struct message_new *in, struct err *e)
{
    bool participates;
    char at[64];

    if (in->on_behalf_id == w->t.customer_id)
        return RC_OK;
    TRY(ticket_participates(w->c->db, w->t.id, in->on_behalf_id, &participates, e));
    snprintf(at, sizeof at, "%s/on_behalf_of", in->at ? in->at : "");
    return participates ? RC_OK
                        : err_field(e, at, "unknown", "the customer or a participant",
                                    "This person has no part in the ticket.");
}

static enum rc not_his_own(const struct message_new *in, struct err *e)
{
    char at[64];

    snprintf(at, sizeof at, "%s/%s", in->at ? in->at : "",
             in->on_behalf_id ? "on_behalf_of" : "visibility");
    err_field(e, at, "denied", in->on_behalf_id ? "left out" : message_visibility_names[VISIBILITY_PUBLIC],
              "You cannot set this.");
    return err_set(e, RC_DENIED, "", "Customers write public messages of their own.");
}

enum rc ticket_message_prepare(struct ticket_work *w, const struct message_new *in,
                               struct message *m, struct err *e)
{
    if (!w->is_agent && (in->visibility == VISIBILITY_INTERNAL || in->on_behalf_id))
        return not_his_own(in, e);
    if (in->on_behalf_id && !w->is_new)
        TRY(check_on_behalf(w, in, e));
    *m = (struct message){
        .kind = in->kind,
        .sender = sender_of(w, in),
        .visibility = in->visibility,
        .author_id = w->c->who->user_id,
        .on_behalf_id = on_behalf_of(w, in),
        .format = in->body.format,
        .source = in->body.source,
        .body_text = in->body.text,
        .body_html = in->body.html,
        .subject = in->subject,
        .mail_from = in->mail_from,
        .mail_to = in->mail_to,
        .mail_cc = in->mail_cc,
        .message_id = in->message_id,
        .in_reply_to = in->in_reply_to,
        .mail_references = in->mail_references,
        .external_id = in->external_id,
        .is_auto = in->is_auto,
        .attachment_count = (int64_t)in->n_uploads,
        .created_us = w->c->now_us,
    };
    return RC_OK;
}

void ticket_message_count(struct ticket *t, const struct message *m)
{
    t->message_count++;
    t->attachment_count += m->attachment_count;
    if (m->visibility == VISIBILITY_PUBLIC) {
        t->public_message_count++;
        t->public_attachment_count += m->attachment_count;
        t->public_updated_us = m->created_us > t->public_updated_us ? m->created_us : t->public_updated_us;
    }
    if (m->is_auto || !message_is_communication(m->kind, m->visibility))
        return;
    if (m->sender == SENDER_CUSTOMER) {
        t->last_customer_us = m->created_us;
        t->waiting_since_us = t->waiting_since_us ? t->waiting_since_us : m->created_us;
    } else if (m->sender == SENDER_AGENT) {
        t->last_agent_us = m->created_us;
        t->waiting_since_us = 0;
        t->first_response_us = t->first_response_us ? t->first_response_us : m->created_us;
    }
}

enum rc ticket_recount(struct ticket_work *w, struct err *e)
{
    struct message_counts n = { 0 };

    TRY(messages_count(w->c->db, w->t.id, &n, e));
    if (n.is_public != w->t.public_message_count)
        w->shown_changed = true;
    w->t.message_count = n.all;
    w->t.public_message_count = n.is_public;
    w->t.attachment_count = n.attachments;
    w->t.public_attachment_count = n.public_attachments;
    return RC_OK;
}

enum rc ticket_message_store(struct ticket_work *w, const struct message_new *in, struct message *m,
                             struct err *e)
{
    m->ticket_id = w->t.id;
    TRY(messages_insert(w->c->db, m, e));
    if (in->n_uploads)
        TRY(attachments_claim(w->c->db, w->c->who,
                              &(struct attachments_claim){ in->uploads, in->n_uploads, w->t.id, m->id, in->at }, e));
    w->message = *m;
    w->message_is_new = true;
    w->touched = true;
    w->shown_changed = w->shown_changed || m->visibility == VISIBILITY_PUBLIC;
    return RC_OK;
}

static struct state_case case_of_ticket(const struct catalog *cat, const struct ticket *t, int64_t now_us)
{
    const struct cat_group *g = catalog_group(cat, t->group_id);
    int64_t done = t->state_type == STATE_CLOSED ? t->closed_us : t->solved_us;

    return (struct state_case){
        .type = t->state_type,
        .follow_up = g ? g->follow_up : FOLLOW_UP_REOPEN,
        .reopen_days = g ? g->reopen_days : 0,
        .done_us = done ? done : t->last_close_us,
        .now_us = now_us,
    };
}

static struct state_case case_of(const struct ticket_work *w, const struct message *m)
{
    struct state_case sc = case_of_ticket(w->c->cat, &w->t, w->c->now_us);

    sc.sender = m->sender;
    sc.kind = m->kind;
    sc.visibility = m->visibility;
    sc.is_auto = m->is_auto;
    return sc;
}

enum state_move ticket_customer_move(const struct catalog *cat, const struct ticket *t, int64_t now_us)
{
    struct state_case sc = case_of_ticket(cat, t, now_us);

    sc.sender = SENDER_CUSTOMER;
    sc.kind = MESSAGE_WEB;
    sc.visibility = VISIBILITY_PUBLIC;
    return state_after_message(&sc);
}

/* The end of the chain of merges; cycles cannot be made, but a limit costs nothing. */
static enum rc to_target(struct ticket_work *w, struct err *e)
{
    for (int i = 0; i < MERGE_CHAIN_MAX; i++) {
        if (w->t.state_type != STATE_MERGED || !w->t.merged_into_id) {
            w->followed_up = i > 0;
            return ticket_work_rights(w, e);
        }
        TRY(tickets_load(w->c->db, w->t.merged_into_id, true, w->c->a, &w->before, e));
        w->t = w->before;
    }
    return err_fail(e, "chain of merges from ticket %lld does not end", (long long)w->asked_id);
}

/* The customer's message opens a ticket of its own. */
static enum rc open_new(struct ticket_work *w, const struct message_new *in, bool linked,
                        struct err *e)
{
    struct ticket_new fresh = {
        .edit = { .set = TF_TITLE | TF_GROUP | TF_CUSTOMER | TF_ORGANIZATION,
                  .title = w->t.title,
                  .group_id = w->t.group_id,
                  .customer_id = w->t.customer_id,
                  .organization_id = w->t.organization_id },
        .channel = w->t.channel,
        .message = *in,
        .follow_up_of = linked ? w->t.id : 0,
        .by_rule = true,
    };
    struct ticket_work made;
    int64_t asked = w->asked_id;

    fresh.message.last_seen_message_id = 0;
    TRY(ticket_create(w->c, &fresh, &made, e));
    *w = made;
    w->asked_id = asked;
    w->followed_up = true;
    return RC_OK;
}

static enum rc check_last_seen(struct ticket_work *w, int64_t last_seen, struct err *e)
{
    int64_t newest;

    if (!last_seen)
        return RC_OK;
    TRY(messages_last_of_customer(w->c->db, w->t.id, &newest, e));
    if (newest <= last_seen)
        return RC_OK;
    return err_conflict(e, "customer_wrote", "/last_seen_message", "the newest message of the customer",
                        "The customer wrote in the meantime (message %lld).", (long long)newest);
}

static enum rc follow_up_state(struct ticket_work *w, bool reopened, struct err *e)
{
    const struct cat_group *g = catalog_group(w->c->cat, w->t.group_id);

    if (reopened && g && !g->follow_up_keep_owner)
        w->t.owner_id = 0;
    return ticket_set_state(w, catalog_default_follow_up(w->c->cat), e);
}

enum rc ticket_open_with(struct ticket_work *w, const struct message *m, struct err *e)
{
    struct state_case sc = case_of(w, m);

    return state_after_message(&sc) == MOVE_FOLLOW_UP ? follow_up_state(w, false, e) : RC_OK;
}

enum rc ticket_say(struct ticket_work *w, const struct message_new *in, struct err *e)
{
    struct message m;
    struct state_case sc;
    enum state_move move;

    TRY(to_target(w, e));
    TRY(check_last_seen(w, in->last_seen_message_id, e));
    TRY(ticket_message_prepare(w, in, &m, e));
    sc = case_of(w, &m);
    move = state_after_message(&sc);
    switch (move) {
    case MOVE_REJECT:
        return err_set(e, RC_CONFLICT, "ticket_closed",
                       "This ticket is closed. Please open a new request.");
    case MOVE_NEW_TICKET:
    case MOVE_LINKED_TICKET:
        return open_new(w, in, move == MOVE_LINKED_TICKET, e);
    case MOVE_FOLLOW_UP:
    case MOVE_REOPEN:
        /* A state that the same work sets by hand stands. */
        if (w->t.state_id == w->before.state_id)
            TRY(follow_up_state(w, move == MOVE_REOPEN, e));
        break;
    case MOVE_KEEP:
    case MOVE_TO_TARGET:
        break;
    }
    ticket_message_count(&w->t, &m);
    return ticket_message_store(w, in, &m, e);
}
