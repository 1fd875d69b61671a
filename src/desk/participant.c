#include "desk/participant.h"

#include "store/participants.h"
#include "store/refs.h"

enum { PARTICIPANTS_MAX = 200 };

static struct str shown(const struct call *c, const struct user_ref *u)
{
    struct buf b = BUF_ARENA(c->a, 8 * KIB);
    struct jw w = jw_to(&b);

    jw_obj(&w);
    jw_kv_int(&w, "id", u->id);
    jw_kv_text(&w, "name", u->name);
    jw_obj_end(&w);
    return buf_view(&b);
}

static enum rc no_person(struct err *e)
{
    err_clear(e);
    return err_field(e, "/user", "unknown", "an id or an address of a person who is no part of the ticket yet", "There is no such person.");
}

enum rc participant_known(struct ticket_work *w, int64_t user_id, bool *known, struct err *e)
{
    *known = w->is_agent;
    if (*known || !w->t.organization_id)
        return RC_OK;
    return refs_is_member(w->c->db, user_id, w->t.organization_id, known, e);
}

/* Customers are shown who gets copies, not who follows. */
static bool is_shown(const struct participant *v, size_t n, int64_t user_id)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].user_id == user_id)
            return v[i].role == PARTICIPANT_CC;
    return false;
}

enum rc participant_add(struct call *c, int64_t ticket_id, const struct participant_new *p,
                        struct err *e)
{
    struct participant *have;
    struct ticket_work w;
    struct user_ref u;
    size_t n;
    bool known;
    enum rc rc;

    TRY(ticket_work_begin(c, ticket_id, CAN_ANSWER, 0, &w, e));
    if (!w.is_agent) {
        const struct cat_group *g = catalog_group(c->cat, w.t.group_id);

        if (!g || !g->customers_may_add) {
            err_field(e, "/user", "denied", "nobody in this group", "You cannot add people here.");
            return err_set(e, RC_DENIED, "", "Customers cannot add people to this ticket.");
        }
    }
    rc = refs_user(c->db, p->user_id, c->a, &u, e);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && (!u.active || u.id == w.t.customer_id)))
        return no_person(e);
    TRY(rc);
    TRY(participant_known(&w, u.id, &known, e));
    if (!known)
        return no_person(e);
    TRY(participants_list(c->db, ticket_id, PARTICIPANTS_MAX, c->a, &have, &n, e));
    if (n == PARTICIPANTS_MAX)
        return err_conflict(e, "too_many", "/user", "at most 200", "A ticket has 200 participants at most.");
    TRY(participants_set(c->db, ticket_id, u.id, p->role, c->now_us, e));
    w.scope_changed = true;
    w.shown_changed = p->role == PARTICIPANT_CC || is_shown(have, n, u.id);
    ticket_work_note(&w, "participants", STR("null"), shown(c, &u));
    return ticket_work_save(&w, e);
}

enum rc participant_remove(struct call *c, int64_t ticket_id, int64_t user_id, struct err *e)
{
    struct participant *have;
    struct ticket_work w;
    struct user_ref u;
    size_t n;

    TRY(ticket_work_begin(c, ticket_id, CAN_ANSWER, 0, &w, e));
    if (!w.is_agent && user_id != c->who->user_id) {
        err_field(e, "user_id", "denied", "yourself", "You cannot take out somebody else.");
        return err_set(e, RC_DENIED, "", "Customers can only take themselves out of a ticket.");
    }
    TRY(participants_list(c->db, ticket_id, PARTICIPANTS_MAX, c->a, &have, &n, e));
    w.shown_changed = is_shown(have, n, user_id);
    TRY(participants_remove(c->db, ticket_id, user_id, e));
    TRY(refs_user(c->db, user_id, c->a, &u, e));
    w.scope_changed = true;
    ticket_work_note(&w, "participants", shown(c, &u), STR("null"));
    return ticket_work_save(&w, e);
}
