#include "desk/split.h"

#include "desk/ticket_number.h"
#include "desk/ticket_priv.h"
#include "store/attachments.h"
#include "store/refs.h"
#include "store/search.h"

enum { RECOUNT_PAGE = 200, RECOUNT_BYTES = 8 * 1024 * 1024 };

struct split {
    struct call *c;
    const struct split_ask *ask;
    struct ticket_work from, to;
    struct message *messages; /* by age */
    size_t n;
};

static enum rc bad_message(struct err *e, size_t i, const char *words)
{
    char at[32];

    snprintf(at, sizeof at, "/messages/%zu", i);
    return err_field(e, at, "unknown", "messages of this ticket, each once", "%s", words);
}

static int by_id(const void *a, const void *b)
{
    const struct message *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

static bool is_chosen(const struct split *s, int64_t id)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->messages[i].id == id)
            return true;
    return false;
}

static enum rc load_messages(struct split *s, struct err *e)
{
    const struct split_ask *ask = s->ask;

    s->messages = ARENA_ARRAY(s->c->a, struct message, ask->n);
    for (size_t i = 0; i < ask->n; i++) {
        struct message *m = &s->messages[s->n];
        enum rc rc = messages_load(s->c->db, ask->messages[i], true, s->c->a, m, e);

        if (rc == RC_NOT_FOUND)
            err_clear(e);
        else
            TRY(rc);
        if (rc == RC_NOT_FOUND || m->ticket_id != s->from.t.id)
            return bad_message(e, i, "The ticket has no such message of its own.");
        if (is_chosen(s, m->id))
            return bad_message(e, i, "This message is named twice.");
        s->n++;
    }
    qsort(s->messages, s->n, sizeof *s->messages, by_id);
    return RC_OK;
}

/* ---- The new ticket ---- */

static enum rc choose_group(struct split *s, struct err *e)
{
    int64_t id = s->ask->group_id ? s->ask->group_id : s->from.t.group_id;
    const struct cat_group *g = catalog_group(s->c->cat, id);
    struct ticket_facts facts = { .group_id = id };

    if (!g || !g->active || (s->c->who->type == ACTOR_USER && !can(s->c->who, CAN_CREATE, &facts)))
        return err_field(e, "/group", "unknown", "a group in which you may create tickets",
                         "You cannot put tickets into this group.");
    s->to.t.group_id = id;
    return RC_OK;
}

static enum rc choose_customer(struct split *s, struct err *e)
{
    const struct message *first = &s->messages[0];
    struct ticket *t = &s->to.t;
    struct user_ref u;

    t->customer_id = s->from.t.customer_id;
    t->organization_id = s->from.t.organization_id;
    if (first->sender != SENDER_CUSTOMER)
        return RC_OK;
    t->customer_id = first->on_behalf_id ? first->on_behalf_id : first->author_id;
    if (!t->customer_id || t->customer_id == s->from.t.customer_id) {
        t->customer_id = s->from.t.customer_id;
        return RC_OK;
    }
    TRY(refs_user(s->c->db, t->customer_id, s->c->a, &u, e));
    t->organization_id = u.organization_id;
    return RC_OK;
}

static enum rc fill_new(struct split *s, struct err *e)
{
    const struct cat_state *state = catalog_default_new(s->c->cat);
    struct ticket *t = &s->to.t;

    if (!state)
        return err_fail(e, "the catalog lacks a default state");
    s->to = (struct ticket_work){ .c = s->c, .is_new = true, .is_agent = true };
    *t = (struct ticket){
        .title = s->ask->title.p ? s->ask->title : s->from.t.title,
        .state_id = state->id,
        .state_type = state->type,
        .priority_id = s->from.t.priority_id,
        .channel = s->from.t.channel,
        .tags_json = STR("[]"),
        .fields_json = STR("{}"),
        .created_by = s->c->who->user_id,
        .created_us = s->c->now_us,
        .updated_us = s->c->now_us,
        .public_updated_us = s->c->now_us,
    };
    TRY(choose_group(s, e));
    TRY(choose_customer(s, e));
    for (size_t i = 0; i < s->n; i++)
        ticket_message_count(t, &s->messages[i]);
    TRY(ticket_number_next(s->c, &t->number, e));
    return tickets_insert(s->c->db, t, e);
}

/* ---- The messages ---- */

static enum rc take_message(struct split *s, struct message *m, struct err *e)
{
    struct attachment_copy copy = { .from_message = m->id,
                                    .to_ticket = s->to.t.id,
                                    .now_us = s->c->now_us };
    int64_t n;

    m->ticket_id = s->to.t.id;
    if (s->ask->move) {
        TRY(messages_move(s->c->db, m->id, m->ticket_id, e));
        return attachments_move(s->c->db, m->id, m->ticket_id, &n, e);
    }
    m->external_id = STR_NONE;
    TRY(messages_insert(s->c->db, m, e));
    copy.to_message = m->id;
    return attachments_copy(s->c->db, &copy, &n, e);
}

/* The first one is the event's message; ticket_work_after() indexes that. */
static enum rc take_messages(struct split *s, struct err *e)
{
    for (size_t i = 0; i < s->n; i++) {
        TRY(take_message(s, &s->messages[i], e));
        if (i > 0)
            TRY(search_put(s->c->db, s->messages[i].id, s->c->a, e));
    }
    s->to.message = s->messages[0];
    return RC_OK;
}

/* One page of what is there; *more until a page is empty. */
static enum rc recount_page(struct split *s, struct message_page *p, int64_t *stayed, bool *more,
                            struct err *e)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct ticket *t = &s->from.t;
    struct message m;

    *more = false;
    TRY(messages_of_ticket(s->c->db, t->id, p, s->c->a, &r, e));
    while (db_next(&r, e)) {
        message_from_row(&r, NULL, &m);
        *more = p->has_key = true;
        p->key_id = m.id;
        if (m.ticket_id != t->id)
            continue;
        ticket_message_count(t, &m);
        ++*stayed;
    }
    return e->rc;
}

/* Counts and times of what stayed; the first response was given, wherever it is now. */
static enum rc recount_source(struct split *s, struct err *e)
{
    struct message_page page = { .internal = true, .limit = RECOUNT_PAGE, .max_bytes = RECOUNT_BYTES };
    struct ticket *t = &s->from.t;
    int64_t first_response = t->first_response_us, stayed = 0;
    bool more = true;

    t->last_customer_us = t->last_agent_us = t->waiting_since_us = 0;
    while (more)
        TRY(recount_page(s, &page, &stayed, &more, e));
    t->first_response_us = first_response;
    if (!stayed)
        return err_field(e, "/messages", "length", "fewer than all",
                         "At least one message must stay.");
    return ticket_recount(&s->from, e);
}

static enum rc save_both(struct split *s, struct err *e)
{
    struct ticket_changes *ch = ARENA_NEW(s->c->a, struct ticket_changes);

    ticket_work_note(&s->to, "split_from", STR("null"), ticket_number_ref(&s->from.t, s->c->a));
    TRY(ticket_diff(&s->to, ch, e));
    TRY(ticket_work_after(&s->to, ch, e));
    s->from.event = "split";
    ticket_work_note(&s->from, "split_to", STR("null"), ticket_number_ref(&s->to.t, s->c->a));
    return ticket_work_save(&s->from, e);
}

enum rc ticket_split(struct call *c, const struct split_ask *ask, int64_t *new_id, struct err *e)
{
    struct split s = { .c = c, .ask = ask };

    TRY(ticket_work_begin(c, ask->ticket_id, CAN_CHANGE, ask->if_match, &s.from, e));
    TRY(load_messages(&s, e));
    TRY(fill_new(&s, e));
    TRY(take_messages(&s, e));
    TRY(ticket_link_follow_up(c->db, s.to.t.id, s.from.t.id, c->who->user_id, c->now_us, e));
    if (ask->move)
        TRY(recount_source(&s, e));
    *new_id = s.to.t.id;
    return save_both(&s, e);
}
