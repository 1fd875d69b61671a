#include "desk/report.h"

#include "desk/can.h"

#include <stdlib.h>

enum { TENTHS = 10, TENTHS_P90 = 9, TENTHS_MEDIAN = 5 };

const int64_t report_age_days[REPORT_AGES] = { 1, 3, 7, 30 };

struct report_groups report_groups_of(const struct call *c, int64_t group_id)
{
    int64_t *v = ARENA_ARRAY(c->a, int64_t, c->cat->n_groups + 1);
    struct report_groups g = { .v = v };

    for (size_t i = 0; i < c->cat->n_groups; i++) {
        const struct ticket_facts facts = { .group_id = c->cat->groups[i].id };

        if (can(c->who, CAN_READ_INTERNAL, &facts) && (!group_id || group_id == facts.group_id))
            v[g.n++] = facts.group_id;
    }
    g.all = g.n == c->cat->n_groups;
    return g;
}

/* ── times to the first answer ── */

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* The smallest value that so many tenths do not exceed; v is sorted. */
static int64_t tenths_of(const int64_t *v, size_t n, size_t tenths)
{
    return v[(n * tenths + TENTHS - 1) / TENTHS - 1];
}

static struct report_first first_of(int64_t *v, size_t n, int64_t tickets)
{
    struct report_first f = { .tickets = tickets, .answered = (int64_t)n };

    if (n == 0)
        return f;
    qsort(v, n, sizeof(*v), by_size);
    f.median_us = tenths_of(v, n, TENTHS_MEDIAN);
    f.p90_us = tenths_of(v, n, TENTHS_P90);
    return f;
}

static int by_time(const void *a, const void *b)
{
    return by_size(&((const struct report_created *)a)->created_us, &((const struct report_created *)b)->created_us);
}

/* The tickets of one day, which stand beside each other from at on. */
static size_t fill_day(struct report_day *d, const struct report_created_rows *rows, size_t at, int64_t end_us,
                       int64_t *times, size_t *n_times)
{
    size_t before = *n_times;
    int64_t counted = 0;

    for (; at < rows->n && rows->v[at].created_us < end_us; at++) {
        const struct report_created *t = &rows->v[at];

        d->created++;
        if (t->first_response_us == t->created_us)
            continue;
        counted++;
        if (t->first_response_us)
            times[(*n_times)++] = t->first_response_us - t->created_us;
    }
    d->first = first_of(times + before, *n_times - before, counted);
    return at;
}

static void fill_created(struct report *r, const struct report_ask *ask, struct report_created_rows *rows,
                         struct arena *a)
{
    int64_t *times = ARENA_ARRAY(a, int64_t, rows->n + 1);
    size_t at = 0, n = 0;
    int64_t counted = 0;

    if (rows->n > 0)
        qsort(rows->v, rows->n, sizeof(*rows->v), by_time);
    for (size_t i = 0; i < r->n_days; i++) {
        struct report_day *d = &r->days[i];

        at = fill_day(d, rows, at, zone_day_begins(ask->zone, d->day + 1), times, &n);
        r->created += d->created;
        counted += d->first.tickets;
    }
    r->first = first_of(times, n, counted);
}

/* ── who did and has what ── */

/* Kept in the order of their ids until all are there. */
static struct report_agent *agent_of(struct report *r, int64_t id, size_t *room, struct arena *a)
{
    size_t from = 0, to = r->n_agents;

    while (from < to) {
        size_t mid = from + (to - from) / 2;

        if (r->agents[mid].id < id)
            from = mid + 1;
        else
            to = mid;
    }
    if (from < r->n_agents && r->agents[from].id == id)
        return &r->agents[from];
    if (r->n_agents == *room) {
        size_t more = *room ? 2 * *room : 64;

        r->agents = arena_grow(a, r->agents, *room * sizeof(*r->agents), more * sizeof(*r->agents));
        *room = more;
    }
    memmove(r->agents + from + 1, r->agents + from, (r->n_agents - from) * sizeof(*r->agents));
    r->agents[from] = (struct report_agent){ .id = id };
    r->n_agents++;
    return &r->agents[from];
}

static struct report_part *part_of(struct report_parts *p, int64_t id)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->v[i].id == id)
            return &p->v[i];
    p->v[p->n] = (struct report_part){ .id = id };
    return &p->v[p->n++];
}

static void add_part(struct report_parts *p, int64_t id, int64_t n, int64_t unassigned)
{
    struct report_part *part = part_of(p, id);

    part->n += n;
    part->unassigned += unassigned;
}

static bool is_open(const struct catalog *cat, int64_t state_id)
{
    const struct cat_state *s = catalog_state(cat, state_id);

    return s && s->type <= STATE_HOLD;
}

static void fill_cells(struct report *r, const struct call *c, const struct report_cells *cells, size_t *room,
                       struct arena *a)
{
    r->states.v = ARENA_ARRAY(a, struct report_part, c->cat->n_states + 1);
    r->groups.v = ARENA_ARRAY(a, struct report_part, c->cat->n_groups + 1);
    for (size_t i = 0; i < cells->n; i++) {
        const struct report_cell *cell = &cells->v[i];
        int64_t unassigned = cell->owner_id ? 0 : cell->n;

        if (!is_open(c->cat, cell->state_id))
            continue;
        r->open += cell->n;
        r->unassigned += unassigned;
        add_part(&r->states, cell->state_id, cell->n, unassigned);
        add_part(&r->groups, cell->group_id, cell->n, unassigned);
        if (cell->owner_id)
            agent_of(r, cell->owner_id, room, a)->open += cell->n;
    }
}

/* The backlog of a day is that of now, without what was made since, with what was closed since. */
static void fill_done(struct report *r, const struct report_ask *ask, const struct report_done_rows *rows,
                      int64_t created_since, size_t *room, struct arena *a)
{
    int64_t *by_day = ARENA_ARRAY(a, int64_t, r->n_days + 1), backlog; /* the last: behind the span */

    for (size_t i = 0; i < rows->n; i++) {
        int64_t at = zone_day(ask->zone, rows->v[i].done_us) - ask->first_day;

        at = at < 0 ? 0 : at;
        by_day[at < (int64_t)r->n_days ? at : (int64_t)r->n_days]++;
        if (at < (int64_t)r->n_days && rows->v[i].owner_id)
            agent_of(r, rows->v[i].owner_id, room, a)->done++;
    }
    backlog = r->open + by_day[r->n_days] - created_since;
    for (size_t i = r->n_days; i-- > 0;) {
        r->days[i].done = by_day[i];
        r->done += by_day[i];
        r->days[i].backlog = backlog;
        backlog += by_day[i] - r->days[i].created;
    }
}

static int by_load(const void *a, const void *b)
{
    const struct report_agent *x = a, *y = b;

    if (x->open != y->open)
        return x->open > y->open ? -1 : 1;
    if (x->answers != y->answers)
        return x->answers > y->answers ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* Those who have most to do, with their names. */
static enum rc name_agents(struct db *db, struct report *r, struct arena *a, struct err *e)
{
    int64_t *ids = ARENA_ARRAY(a, int64_t, REPORT_AGENTS_MAX);
    struct report_names names;

    if (r->n_agents)
        qsort(r->agents, r->n_agents, sizeof(*r->agents), by_load);
    if (r->n_agents > REPORT_AGENTS_MAX)
        r->n_agents = REPORT_AGENTS_MAX;
    for (size_t i = 0; i < r->n_agents; i++)
        ids[i] = r->agents[i].id;
    TRY(reports_names(db, ids, r->n_agents, a, &names, e));
    for (size_t i = 0; i < r->n_agents; i++)
        for (size_t k = 0; k < names.n; k++)
            if (names.v[k].id == r->agents[i].id)
                r->agents[i].name = names.v[k].name;
    return RC_OK;
}

/* ── all of it ── */

static enum rc read_open(const struct call *c, const struct report_groups *g, struct arena *a, struct report *out,
                         struct err *e)
{
    int64_t since[REPORT_AGES];
    struct report_open_rows open;

    for (size_t i = 0; i < REPORT_AGES; i++)
        since[i] = c->now_us - report_age_days[i] * US_PER_DAY;
    TRY(reports_open(c->db, g, since, a, &open, e));
    out->priorities.v = ARENA_ARRAY(a, struct report_part, open.n + 1);
    for (size_t i = 0; i < open.n; i++) {
        out->ages[open.v[i].age] += open.v[i].n;
        add_part(&out->priorities, open.v[i].priority_id, open.v[i].n, 0);
    }
    return RC_OK;
}

static enum rc read_answers(const struct call *c, const struct report_groups *g, int64_t from_us, int64_t to_us,
                            struct arena *a, struct report *out, size_t *room, struct err *e)
{
    struct report_answers_rows rows;

    TRY(reports_answers(c->db, g, from_us, to_us, 0, a, &rows, e));
    for (size_t i = 0; i < rows.n; i++) {
        struct report_agent *agent = agent_of(out, rows.v[i].author_id, room, a);

        agent->answers = rows.v[i].answers;
        agent->answered = rows.v[i].tickets;
    }
    return RC_OK;
}

enum rc report_make(const struct call *c, const struct report_ask *ask, struct arena *a, struct report *out,
                    struct err *e)
{
    const struct report_groups g = report_groups_of(c, ask->group_id);
    int64_t from_us = zone_day_begins(ask->zone, ask->first_day), to_us = zone_day_begins(ask->zone, ask->last_day + 1);
    struct report_created_rows created;
    struct report_done_rows done;
    struct report_cells cells;
    int64_t since = 0;
    size_t room = 0;

    *out = (struct report){ .n_days = (size_t)(ask->last_day - ask->first_day + 1) };
    out->days = ARENA_ARRAY(a, struct report_day, out->n_days);
    for (size_t i = 0; i < out->n_days; i++)
        out->days[i].day = ask->first_day + (int64_t)i;
    TRY(reports_created(c->db, &g, from_us, to_us, a, &created, e));
    fill_created(out, ask, &created, a);
    TRY(reports_cells(c->db, &g, a, &cells, e));
    fill_cells(out, c, &cells, &room, a);
    if (to_us <= c->now_us)
        TRY(reports_created_since(c->db, &g, to_us, a, &since, e));
    TRY(reports_done(c->db, &g, from_us, a, &done, e));
    fill_done(out, ask, &done, since, &room, a);
    TRY(read_open(c, &g, a, out, e));
    TRY(read_answers(c, &g, from_us, to_us, a, out, &room, e));
    return name_agents(c->db, out, a, e);
}

/* ── the caller's own ── */

static void fill_mine(const struct call *c, const struct report_cells *cells, struct report_mine *out)
{
    for (size_t i = 0; i < cells->n; i++) {
        const struct report_cell *cell = &cells->v[i];
        const struct cat_state *s = catalog_state(c->cat, cell->state_id);

        if (!s || s->type > STATE_HOLD)
            continue;
        if (cell->owner_id == c->who->user_id)
            out->by_type[s->type] += cell->n;
        else if (!cell->owner_id)
            out->unassigned += cell->n;
    }
}

static enum rc read_today(const struct call *c, const struct report_groups *g, int64_t from_us, int64_t to_us,
                          struct report_mine *out, struct err *e)
{
    struct report_answers_rows answers;
    struct report_done_rows done;

    TRY(reports_answers(c->db, g, from_us, to_us, c->who->user_id, c->a, &answers, e));
    for (size_t i = 0; i < answers.n; i++) {
        out->answers += answers.v[i].answers;
        out->answered += answers.v[i].tickets;
    }
    TRY(reports_done(c->db, g, from_us, c->a, &done, e));
    for (size_t i = 0; i < done.n; i++)
        out->done += done.v[i].owner_id == c->who->user_id;
    return RC_OK;
}

enum rc report_mine_read(const struct call *c, const struct zone *zone, int64_t due_until_us, struct report_mine *out,
                    struct err *e)
{
    const struct report_groups g = report_groups_of(c, 0);
    int64_t day = zone_day(zone, c->now_us), from_us = zone_day_begins(zone, day), to_us = zone_day_begins(zone, day + 1);
    struct report_own own = { c->who->user_id, due_until_us, REPORT_OWN_ROWS, false };
    struct report_own_counts counts;
    struct report_cells cells;

    *out = (struct report_mine){ 0 };
    TRY(reports_cells(c->db, &g, c->a, &cells, e));
    fill_mine(c, &cells, out);
    TRY(read_today(c, &g, from_us, to_us, out, e));
    TRY(reports_own_counts(c->db, &g, own.user_id, c->now_us, to_us, c->a, &counts, e));
    out->waiting = counts.waiting;
    out->overdue = counts.overdue;
    out->due_today = counts.due;
    TRY(reports_own(c->db, &g, &own, c->a, &out->awaiting, &out->n_awaiting, e));
    own.due = true;
    return reports_own(c->db, &g, &own, c->a, &out->due, &out->n_due, e);
}
