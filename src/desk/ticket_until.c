/* What time does to tickets: dates that are reached, solved ones that stay solved. */
#include "desk/ticket_priv.h"

#include "store/ticket_due.h"

enum { BATCH_MAX = 200 };

/* To the state's next state, or a reminder that clears nothing but shows once. */
static enum rc date_reached(struct ticket_work *w, struct err *e)
{
    const struct cat_state *s = catalog_state(w->c->cat, w->t.state_id);
    const struct cat_state *to = s ? catalog_state(w->c->cat, s->at_until_state_id) : NULL;

    if (to) {
        TRY(ticket_set_state(w, to, e));
        w->t.until_us = 0;
    } else {
        w->event = "reminder";
        w->t.until_us += US_PER_DAY * ((w->c->now_us - w->t.until_us) / US_PER_DAY + 1);
    }
    return ticket_work_save(w, e);
}

static enum rc close_one(struct ticket_work *w, struct err *e)
{
    const struct cat_state *to = catalog_state_of_type(w->c->cat, STATE_CLOSED);

    if (!to)
        return RC_OK;
    TRY(ticket_set_state(w, to, e));
    return ticket_work_save(w, e);
}

static enum rc each(struct call *c, const int64_t *ids, size_t n,
                    enum rc (*work)(struct ticket_work *w, struct err *e), struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct ticket_work w;

        TRY(ticket_work_begin(c, ids[i], CAN_CHANGE, 0, &w, e));
        TRY(work(&w, e));
    }
    return RC_OK;
}

enum rc ticket_until_due(struct call *c, int64_t limit, int64_t *done, struct err *e)
{
    int64_t ids[BATCH_MAX];
    size_t n;

    *done = 0;
    TRY(tickets_until_reached(c->db, c->now_us, limit < BATCH_MAX ? limit : BATCH_MAX, ids, &n, e));
    TRY(each(c, ids, n, date_reached, e));
    *done = (int64_t)n;
    return RC_OK;
}

enum rc ticket_close_solved(struct call *c, int64_t solved_days, int64_t limit, int64_t *done,
                            struct err *e)
{
    int64_t ids[BATCH_MAX];
    size_t n;

    *done = 0;
    if (solved_days <= 0)
        return RC_OK;
    TRY(tickets_solved_before(c->db, c->now_us - solved_days * US_PER_DAY,
                              limit < BATCH_MAX ? limit : BATCH_MAX, ids, &n, e));
    TRY(each(c, ids, n, close_one, e));
    *done = (int64_t)n;
    return RC_OK;
}
