/* Reports: figures of the desk over a span of days, and what waits for the caller. */
#include "base/clock.h"
#include "desk/report.h"
#include "desk/user.h"
#include "store/users.h"
#include "web/call.h"
#include "web/ticket_json.h"

enum { DATE_LEN = 10, DAYS_UNLESS_TOLD = 30, DUE_DAYS = 7, REPORT_ARENA = 256 << 20 };

/* ── what may be asked ── */

struct overview_query {
    struct j_text from, to, zone;
    struct j_int group;
};
#define Q(member) offsetof(struct overview_query, member)
static const struct jfield overview_params[] = {
    { "from", J_TEXT, 0, DATE_LEN, DATE_LEN, 0, NULL, NULL, Q(from),
      "First day, 2026-11-01; 29 days before the last one unless told." },
    { "to", J_TEXT, 0, DATE_LEN, DATE_LEN, 0, NULL, NULL, Q(to), "Last day, 366 days of both at most; today unless told." },
    { "zone", J_TEXT, 0, 1, 64, 0, NULL, NULL, Q(zone), "Time zone of the days, such as Europe/Berlin; the caller's own unless told." },
    { "group", J_ID, 0, 0, 0, 0, NULL, NULL, Q(group), "Only tickets of this group." },
};
static const struct jspec overview_query = JSPEC("ReportOverviewQuery", overview_params, struct overview_query);

struct mine_query {
    struct j_text zone;
};
static const struct jfield mine_params[] = {
    { "zone", J_TEXT, 0, 1, 64, 0, NULL, NULL, offsetof(struct mine_query, zone),
      "Time zone in which today is meant; the caller's own unless told." },
};
static const struct jspec mine_query = JSPEC("MyWorkQuery", mine_params, struct mine_query);

/* ── what is answered ── */

#define OUT(nm, tp, text) { .name = (nm), .type = (tp), .help = (text) }
#define OUT_NULL(nm, tp, text) { .name = (nm), .type = (tp), .flags = JF_NULLABLE, .help = (text) }
#define OUT_SUB(nm, tp, spec, text) { .name = (nm), .type = (tp), .sub = (spec), .help = (text) }

static const struct jfield first_fields[] = {
    OUT("tickets", J_INT, "Tickets that count: all but those that an agent opened with a message of his own."),
    OUT("answered", J_INT, "Of these, with a public answer of an agent."),
    OUT_NULL("median_seconds", J_INT, "Half of the answered ones were answered within this time."),
    OUT_NULL("p90_seconds", J_INT, "Nine tenths of the answered ones were."),
};
static const struct jspec first_spec = JSPEC_ANSWER("FirstResponse", first_fields);

static const struct jfield day_fields[] = {
    OUT("date", J_TEXT, "The day in this time zone."),
    OUT("created", J_INT, "Tickets that came in."),
    OUT("done", J_INT, "Tickets that are solved or closed, and were closed last on this day."),
    OUT("backlog", J_INT, "Tickets open at the end of the day: open now, or closed later."),
    OUT_SUB("first_response", J_OBJ, &first_spec, "Of the tickets of this day."),
};
static const struct jspec day_spec = JSPEC_ANSWER("ReportDay", day_fields);

static const struct jfield age_fields[] = {
    OUT_NULL("younger_than_days", J_INT, "Made within so many days, and not counted by a smaller number; null: older."),
    OUT("tickets", J_INT, "Open tickets."),
};
static const struct jspec age_spec = JSPEC_ANSWER("ReportAge", age_fields);

static const struct jfield state_fields[] = {
    OUT("state", J_JSON, "State: {id, name}."),
    OUT("type", J_TEXT, "Type of the state."),
    OUT("tickets", J_INT, "Open tickets."),
    OUT("unassigned", J_INT, "Of these, without an owner."),
};
static const struct jspec state_spec = JSPEC_ANSWER("ReportState", state_fields);

static const struct jfield priority_fields[] = {
    OUT("priority", J_JSON, "Priority: {id, name}."),
    OUT("tickets", J_INT, "Open tickets."),
};
static const struct jspec priority_spec = JSPEC_ANSWER("ReportPriority", priority_fields);

static const struct jfield group_fields[] = {
    OUT("group", J_JSON, "Group: {id, name}."),
    OUT("tickets", J_INT, "Open tickets."),
    OUT("unassigned", J_INT, "Of these, without an owner."),
};
static const struct jspec group_spec = JSPEC_ANSWER("ReportGroup", group_fields);

static const struct jfield agent_fields[] = {
    OUT("user", J_JSON, "Agent: {id, name}."),
    OUT("open", J_INT, "Open tickets that he owns now."),
    OUT("done", J_INT, "Tickets of his that were closed in the span."),
    OUT("answers", J_INT, "Public messages that he wrote in the span."),
    OUT("answered", J_INT, "Tickets that he answered in the span."),
};
static const struct jspec agent_spec = JSPEC_ANSWER("ReportAgent", agent_fields);

static const struct jfield overview_fields[] = {
    OUT("as_of", J_TIME, "When it was read."),
    OUT("from", J_TEXT, "First day."),
    OUT("to", J_TEXT, "Last day."),
    OUT("zone", J_TEXT, "Time zone of the days."),
    OUT("created", J_INT, "Tickets that came in."),
    OUT("done", J_INT, "Tickets that were closed, and are."),
    OUT("open", J_INT, "Tickets that are open now."),
    OUT("unassigned", J_INT, "Of these, without an owner."),
    OUT_SUB("first_response", J_OBJ, &first_spec, "Of the tickets that came in."),
    OUT_SUB("days", J_OBJS, &day_spec, "Each day."),
    OUT_SUB("ages", J_OBJS, &age_spec, "Open tickets by their age."),
    OUT_SUB("states", J_OBJS, &state_spec, "Open tickets by state."),
    OUT_SUB("priorities", J_OBJS, &priority_spec, "Open tickets by priority, the highest first."),
    OUT_SUB("groups", J_OBJS, &group_spec, "Open tickets by group, the most first."),
    OUT_SUB("agents", J_OBJS, &agent_spec, "Who has open tickets, closed or answered some: the 200 with most open ones."),
};
static const struct jspec overview_spec = JSPEC_ANSWER("ReportOverview", overview_fields);

static const struct jfield own_fields[] = {
    OUT("new", J_INT, "In a state of the type new."),
    OUT("open", J_INT, "Open."),
    OUT("pending", J_INT, "Pending."),
    OUT("hold", J_INT, "On hold."),
};
static const struct jspec own_spec = JSPEC_ANSWER("MyOpenTickets", own_fields);
static const struct jfield mine_fields[] = {
    OUT("as_of", J_TIME, "When it was read."),
    OUT("zone", J_TEXT, "Time zone in which today is meant."),
    OUT_SUB("tickets", J_OBJ, &own_spec, "The caller's tickets that are not done, by type of state."),
    OUT("waiting", J_INT, "Of these, where the customer waits for an answer."),
    OUT("overdue", J_INT, "Of these, whose time has passed."),
    OUT("due_today", J_INT, "Of these, whose time comes before the day ends, or has passed."),
    OUT("unassigned", J_INT, "Open tickets of the caller's groups that nobody owns."),
    OUT("answers", J_INT, "Public messages that he wrote today."),
    OUT("answered", J_INT, "Tickets that he answered today."),
    OUT("done", J_INT, "Tickets of his that were closed today."),
    OUT_SUB("awaiting", J_OBJS, &ticket_answer, "Where the customer waits longest, at most 8."),
    OUT_SUB("due", J_OBJS, &ticket_answer, "Whose time comes within 7 days, the soonest first, at most 8."),
};
static const struct jspec mine_spec = JSPEC_ANSWER("MyWork", mine_fields);

/* ── reading parameters ── */

static enum rc bad(struct err *e)
{
    e->rc = RC_BAD;
    return e->rc;
}

static enum rc read_day(const struct j_text *in, const char *param, int64_t unless_told, int64_t *day, struct err *e)
{
    char time[] = "2026-01-01T00:00:00Z";
    int64_t t_us;

    *day = unless_told;
    if (!in->set)
        return RC_OK;
    memcpy(time, in->v.p, DATE_LEN);
    if (in->v.n != DATE_LEN || !clock_parse(str_of(time), &t_us)) {
        err_field(e, param, "format", "a day such as 2026-11-01", "This is no day.");
        return bad(e);
    }
    *day = t_us / US_PER_DAY;
    return RC_OK;
}

/* The one asked for, else the caller's own, which may be one that this machine does not know. */
static enum rc read_zone(struct ctx *c, const struct j_text *in, struct zone *zone, struct str *name, struct err *e)
{
    struct user_row u;

    *name = in->v;
    if (in->set) {
        if (zone_open(in->v, c->a, zone, e) == RC_OK)
            return RC_OK;
        if (e->rc != RC_NOT_FOUND)
            return e->rc;
        err_clear(e);
        err_field(e, "zone", "choice", "a name of the time zone database, such as Europe/Berlin", "This is no time zone.");
        return bad(e);
    }
    TRY(users_load(c->db, c->who.user_id, c->a, &u, e));
    *name = u.zone;
    if (zone_open(u.zone, c->a, zone, e) == RC_OK || e->rc != RC_NOT_FOUND)
        return e->rc;
    err_clear(e);
    *name = STR("UTC");
    *zone = (struct zone){ 0 };
    return RC_OK;
}

static enum rc read_span(const struct call *call, const struct overview_query *q, struct report_ask *ask, struct err *e)
{
    int64_t today = zone_day(ask->zone, call->now_us);

    TRY(read_day(&q->to, "to", today, &ask->last_day, e));
    TRY(read_day(&q->from, "from", ask->last_day - DAYS_UNLESS_TOLD + 1, &ask->first_day, e));
    if (ask->last_day > today)
        err_field(e, "to", "range", "a day up to today", "This day is still to come.");
    if (ask->first_day > ask->last_day)
        err_field(e, "from", "range", "a day not after the last one", "The first day is after the last one.");
    else if (ask->last_day - ask->first_day >= REPORT_DAYS_MAX)
        err_field(e, "from", "range", "at most 366 days", "The span is too long.");
    ask->group_id = q->group.v;
    if (ask->group_id && report_groups_of(call, ask->group_id).n == 0)
        err_field(e, "group", "choice", "the id of a group whose tickets you read", "There is no such group.");
    return e->n_fields ? bad(e) : RC_OK;
}

/* ── writing ── */

static void put_seconds(struct jw *w, bool known, int64_t us)
{
    if (known)
        jw_int(w, us / US_PER_S);
    else
        jw_null(w);
}

static void put_first(struct jw *w, const struct report_first *f)
{
    jw_obj(w);
    jw_kv_int(w, "tickets", f->tickets);
    jw_kv_int(w, "answered", f->answered);
    jw_key(w, "median_seconds"), put_seconds(w, f->answered > 0, f->median_us);
    jw_key(w, "p90_seconds"), put_seconds(w, f->answered > 0, f->p90_us);
    jw_obj_end(w);
}

static void put_date(struct jw *w, int64_t day)
{
    char text[CLOCK_DATE_MAX];

    jw_text(w, (struct str){ text, clock_date(day, text) });
}

static void put_days(struct jw *w, const struct report *r)
{
    jw_arr(w);
    for (size_t i = 0; i < r->n_days; i++) {
        const struct report_day *d = &r->days[i];

        jw_obj(w);
        jw_key(w, "date"), put_date(w, d->day);
        jw_kv_int(w, "created", d->created);
        jw_kv_int(w, "done", d->done);
        jw_kv_int(w, "backlog", d->backlog);
        jw_key(w, "first_response"), put_first(w, &d->first);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static void put_ages(struct jw *w, const struct report *r)
{
    jw_arr(w);
    for (size_t i = 0; i <= REPORT_AGES; i++) {
        jw_obj(w);
        jw_key(w, "younger_than_days");
        if (i < REPORT_AGES)
            jw_int(w, report_age_days[i]);
        else
            jw_null(w);
        jw_kv_int(w, "tickets", r->ages[i]);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static int by_rank(const void *a, const void *b, void *arg)
{
    const struct cat_priority *x = catalog_priority(arg, ((const struct report_part *)a)->id),
                              *y = catalog_priority(arg, ((const struct report_part *)b)->id);

    if (!x || !y || x->rank == y->rank)
        return (x != NULL) - (y != NULL);
    return x->rank > y->rank ? -1 : 1;
}

static int by_position(const void *a, const void *b, void *arg)
{
    const struct cat_state *x = catalog_state(arg, ((const struct report_part *)a)->id),
                           *y = catalog_state(arg, ((const struct report_part *)b)->id);

    if (!x || !y || x->position == y->position)
        return (x != NULL) - (y != NULL);
    return x->position < y->position ? -1 : 1;
}

static int by_number(const void *a, const void *b, void *arg)
{
    const struct report_part *x = a, *y = b;

    (void)arg;
    if (x->n == y->n)
        return x->id < y->id ? -1 : x->id > y->id;
    return x->n > y->n ? -1 : 1;
}

typedef int (*order_fn)(const void *a, const void *b, void *arg);

static void sort_parts(const struct report_parts *p, order_fn order, const struct catalog *cat)
{
    if (p->n)
        qsort_r(p->v, p->n, sizeof(*p->v), order, (void *)(uintptr_t)cat);
}

static void put_states(struct jw *w, const struct report_parts *p, const struct catalog *cat)
{
    sort_parts(p, by_position, cat);
    jw_arr(w);
    for (size_t i = 0; i < p->n; i++) {
        const struct cat_state *s = catalog_state(cat, p->v[i].id);

        if (!s)
            continue;
        jw_obj(w);
        jw_key(w, "state"), jw_raw(w, s->ref);
        jw_kv_text(w, "type", str_of(state_type_names[s->type]));
        jw_kv_int(w, "tickets", p->v[i].n);
        jw_kv_int(w, "unassigned", p->v[i].unassigned);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static void put_priorities(struct jw *w, const struct report_parts *p, const struct catalog *cat)
{
    sort_parts(p, by_rank, cat);
    jw_arr(w);
    for (size_t i = 0; i < p->n; i++) {
        const struct cat_priority *one = catalog_priority(cat, p->v[i].id);

        if (!one)
            continue;
        jw_obj(w);
        jw_key(w, "priority"), jw_raw(w, one->ref);
        jw_kv_int(w, "tickets", p->v[i].n);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static void put_groups(struct jw *w, const struct report_parts *p, const struct catalog *cat)
{
    sort_parts(p, by_number, cat);
    jw_arr(w);
    for (size_t i = 0; i < p->n; i++) {
        const struct cat_group *g = catalog_group(cat, p->v[i].id);

        if (!g)
            continue;
        jw_obj(w);
        jw_key(w, "group"), jw_raw(w, g->ref);
        jw_kv_int(w, "tickets", p->v[i].n);
        jw_kv_int(w, "unassigned", p->v[i].unassigned);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static void put_agents(struct jw *w, const struct report *r)
{
    jw_arr(w);
    for (size_t i = 0; i < r->n_agents; i++) {
        const struct report_agent *a = &r->agents[i];

        jw_obj(w);
        jw_key(w, "user"), ref_json(w, a->id, a->name);
        jw_kv_int(w, "open", a->open);
        jw_kv_int(w, "done", a->done);
        jw_kv_int(w, "answers", a->answers);
        jw_kv_int(w, "answered", a->answered);
        jw_obj_end(w);
    }
    jw_arr_end(w);
}

static enum rc overview(struct ctx *c, struct err *e)
{
    struct arena *a CLEAN(arena_clean) = arena_new(REPORT_ARENA);
    struct zone zone;
    struct report_ask ask = { .zone = &zone };
    struct jw *w = &c->out;
    struct call call;
    struct report r;
    struct str name;

    TRY(db_snapshot_begin(c->db, e)); /* all figures of one state of the database */
    TRY(ctx_call(c, &call, e));
    TRY(read_zone(c, &((struct overview_query *)c->query)->zone, &zone, &name, e));
    TRY(read_span(&call, c->query, &ask, e));
    if (report_make(&call, &ask, a, &r, e) != RC_OK)
        return e->rc == RC_INVALID ? bad(e) : e->rc;
    jw_obj(w);
    jw_kv_time(w, "as_of", call.now_us);
    jw_key(w, "from"), put_date(w, ask.first_day);
    jw_key(w, "to"), put_date(w, ask.last_day);
    jw_kv_text(w, "zone", name);
    jw_kv_int(w, "created", r.created);
    jw_kv_int(w, "done", r.done);
    jw_kv_int(w, "open", r.open);
    jw_kv_int(w, "unassigned", r.unassigned);
    jw_key(w, "first_response"), put_first(w, &r.first);
    jw_key(w, "days"), put_days(w, &r);
    jw_key(w, "ages"), put_ages(w, &r);
    jw_key(w, "states"), put_states(w, &r.states, call.cat);
    jw_key(w, "priorities"), put_priorities(w, &r.priorities, call.cat);
    jw_key(w, "groups"), put_groups(w, &r.groups, call.cat);
    jw_key(w, "agents"), put_agents(w, &r);
    jw_obj_end(w);
    return RC_OK;
}

/* ── the caller's own ── */

/* The tickets in the order of their ids; one that went meanwhile is left out. */
static enum rc put_tickets(struct ctx *c, const struct call *call, const int64_t *ids, size_t n, struct err *e)
{
    const struct ticket_view v = { .cat = call->cat, .internal = true };
    const struct scope scope = can_scope(call->who, CAN_READ, c->a);
    struct ticket_rows rows = { 0 };

    if (n)
        TRY(tickets_show_some(c->db, ids, n, &scope, c->a, &rows, e));
    jw_arr(&c->out);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < rows.n; k++)
            if (rows.v[k].id == ids[i])
                ticket_json(&c->out, &v, &rows.v[k]);
    jw_arr_end(&c->out);
    return RC_OK;
}

static enum rc my_work(struct ctx *c, struct err *e)
{
    struct jw *w = &c->out;
    struct report_mine m;
    struct zone zone;
    struct call call;
    struct str name;

    TRY(ctx_call(c, &call, e));
    TRY(read_zone(c, &((struct mine_query *)c->query)->zone, &zone, &name, e));
    TRY(report_mine_read(&call, &zone, call.now_us + DUE_DAYS * US_PER_DAY, &m, e));
    jw_obj(w);
    jw_kv_time(w, "as_of", call.now_us);
    jw_kv_text(w, "zone", name);
    jw_key(w, "tickets");
    jw_obj(w);
    jw_kv_int(w, "new", m.by_type[STATE_NEW]);
    jw_kv_int(w, "open", m.by_type[STATE_OPEN]);
    jw_kv_int(w, "pending", m.by_type[STATE_PENDING]);
    jw_kv_int(w, "hold", m.by_type[STATE_HOLD]);
    jw_obj_end(w);
    jw_kv_int(w, "waiting", m.waiting);
    jw_kv_int(w, "overdue", m.overdue);
    jw_kv_int(w, "due_today", m.due_today);
    jw_kv_int(w, "unassigned", m.unassigned);
    jw_kv_int(w, "answers", m.answers);
    jw_kv_int(w, "answered", m.answered);
    jw_kv_int(w, "done", m.done);
    jw_key(w, "awaiting");
    TRY(put_tickets(c, &call, m.awaiting, m.n_awaiting, e));
    jw_key(w, "due");
    TRY(put_tickets(c, &call, m.due, m.n_due, e));
    jw_obj_end(w);
    return RC_OK;
}

static const struct route routes[] = {
    { .method = HTTP_GET, .path = "/api/v1/reports/overview", .op = "reports_overview", .tag = "Reports",
      .summary = "Volume, first responses, backlog and load over some days, of the tickets that the caller reads as an agent.",
      .handle = overview, .flags = R_SLOW, .perm = PERM_REPORT | PERM_ADMIN_TICKET, .query = &overview_query,
      .answer = &overview_spec, .status = 200 },
    { .method = HTTP_GET, .path = "/api/v1/reports/my-work", .op = "reports_my_work", .tag = "Reports",
      .summary = "What waits for the caller, and what he did today.", .handle = my_work,
      .perm = PERM_TICKET_AGENT | PERM_ADMIN_TICKET, .query = &mine_query, .answer = &mine_spec, .status = 200 },
};
const struct route_table routes_reports = { routes, ARRAY_LEN(routes) };
