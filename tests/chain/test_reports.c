/* Reports say what a naive look at every ticket says, and only of tickets that the caller reads. */
#include "desk_fixture.h"

#include "base/rand.h"
#include "base/zone.h"
#include "desk/can.h"

enum { TICKETS = 160, MESSAGES = 200, GROUPS = 3, AGENTS = 3, DAYS = 30 };

static const int64_t state_ids[] = { 1, 2, 3, 5, 6, 7, 8, 9, 10 }; /* one of each type */

static struct chain *ch;
static int64_t groups[GROUPS], agents[AGENTS], customer, now_us;
static const char *tokens[AGENTS];

struct row {
    int64_t group, owner, type, priority, created, first, closed, waiting, until;
};
static struct row_of_message {
    int64_t ticket, author, sender, visibility, is_auto, at;
} messages[MESSAGES];
static struct row tickets[TICKETS];

static int64_t below(uint64_t n)
{
    return (int64_t)rand_below(n);
}

static int64_t ago(int64_t days)
{
    return now_us - below((uint64_t)(days * US_PER_DAY));
}

static void put_ticket(struct row *t, int64_t id)
{
    chain_exec(ch,
               "INSERT INTO tickets (id, number, title, state_id, state_type, priority_id, group_id, owner_id, customer_id,"
               " channel, created_us, updated_us, first_response_us, last_close_us, waiting_since_us, until_us)"
               " VALUES ($1, $2, 'report', $3, $4, $5, $6, $7, $8, 0, $9, $9, $10, $11, $12, $13)",
               DB_ARGS(DB_INT(id), DB_TEXT(str_printf(ch->a, "R%lld", (long long)id)), DB_INT(state_ids[t->type]),
                       DB_INT(t->type), DB_INT(t->priority), DB_INT(t->group), DB_ID(t->owner), DB_INT(customer),
                       DB_INT(t->created), DB_ID(t->first), DB_ID(t->closed), DB_ID(t->waiting), DB_ID(t->until)));
}

static void fill_tickets(void)
{
    for (int64_t i = 0; i < TICKETS; i++) {
        struct row *t = &tickets[i];
        int64_t age;

        *t = (struct row){ .group = groups[below(GROUPS)], .type = below(9), .priority = 1 + below(4), .created = ago(60) };
        age = now_us - t->created;
        t->owner = below(3) ? agents[below(AGENTS)] : 0;
        t->first = below(3) ? t->created + below((uint64_t)age + 1) : 0;
        if (below(8) == 0)
            t->first = t->created;
        if (t->type == STATE_SOLVED || t->type == STATE_CLOSED || below(5) == 0)
            t->closed = t->created + below((uint64_t)age + 1);
        t->waiting = t->type < STATE_SOLVED && below(2) ? t->created : 0;
        t->until = t->type == STATE_PENDING ? now_us + below(10 * US_PER_DAY) - 2 * US_PER_DAY : 0;
        put_ticket(t, i + 1000);
    }
    chain_exec(ch,
               "INSERT INTO ticket_counts (group_id, state_id, owner_id, n)"
               " SELECT group_id, state_id, COALESCE(owner_id, 0), count(*) FROM tickets GROUP BY 1, 2, 3",
               DB_NO_ARGS);
}

static void fill_messages(void)
{
    for (int64_t i = 0; i < MESSAGES; i++) {
        struct row_of_message *m = &messages[i];

        *m = (struct row_of_message){ below(TICKETS), agents[below(AGENTS)], below(3), below(2), below(4) == 0, ago(40) };
        chain_exec(ch,
                   "INSERT INTO messages (ticket_id, kind, sender, visibility, author_id, format, source, body_text,"
                   " body_html, is_auto, created_us) VALUES ($1, 0, $2, $3, $4, 0, '', '', '', $5, $6)",
                   DB_ARGS(DB_INT(m->ticket + 1000), DB_INT(m->sender), DB_INT(m->visibility), DB_INT(m->author),
                           DB_INT(m->is_auto), DB_INT(m->at)));
    }
}

/* Agent 0 reads two groups (and sees the third in lists), agent 1 one, agent 2 all by a permission. */
static int set_up(void **state)
{
    static const int64_t levels[][3] = { { 0, 0, 1 }, { 0, 1, 31 }, { 0, 2, 8 }, { 1, 2, 5 } };

    (void)state;
    ch = chain_open();
    assert_true(clock_parse(STR("2026-11-05T09:30:00Z"), &now_us)); /* the clocks of Berlin changed 11 days ago */
    clock_fake(now_us);
    rand_fake(77);
    groups[0] = 1;
    groups[1] = desk_group(ch, "second");
    groups[2] = desk_group(ch, "third");
    chain_exec(ch, "UPDATE counters SET value = 4711 WHERE name = 'catalog'", DB_NO_ARGS);
    chain_exec(ch, "DELETE FROM role_groups WHERE role_id = 2", DB_NO_ARGS);
    customer = chain_user(ch, 3);
    for (size_t i = 0; i < AGENTS; i++)
        agents[i] = chain_user(ch, i == 2 ? 1 : 2);
    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        chain_exec(ch, "INSERT INTO user_groups (user_id, group_id, levels) VALUES ($1, $2, $3)",
                   DB_ARGS(DB_INT(agents[levels[i][0]]), DB_INT(groups[levels[i][1]]), DB_INT(levels[i][2])));
    fill_tickets();
    fill_messages();
    rand_fake(0);
    for (size_t i = 0; i < AGENTS; i++)
        tokens[i] = chain_token(ch, agents[i], -1, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    clock_fake(0);
    chain_close(&ch);
    return 0;
}

static bool reads(size_t agent, int64_t group)
{
    return agent == 2 || (agent == 0 && group != groups[2]) || (agent == 1 && group == groups[2]);
}

/* ── the naive look ── */

struct asked {
    size_t agent;
    int64_t group; /* 0: all */
    const struct zone *zone;
    int64_t first_day;
};

static bool counts(const struct asked *q, const struct row *t)
{
    return reads(q->agent, t->group) && (!q->group || q->group == t->group) && t->type < STATE_MERGED;
}

static bool is_open(const struct row *t)
{
    return t->type <= STATE_HOLD;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* Made between two times: what the first answers of these must look like. */
static void assert_first(const struct answer *an, const char *at, const struct asked *q, int64_t from, int64_t to)
{
    int64_t took[TICKETS], n = 0, all = 0;
    json_t *median = answer_at(an, desk_path(ch, "%s/median_seconds", at));

    for (size_t i = 0; i < TICKETS; i++) {
        const struct row *t = &tickets[i];

        if (!counts(q, t) || t->created < from || t->created >= to || t->first == t->created)
            continue;
        all++;
        if (t->first)
            took[n++] = t->first - t->created;
    }
    qsort(took, (size_t)n, sizeof(*took), by_size);
    assert_int_equal(answer_int(an, desk_path(ch, "%s/tickets", at)), all);
    assert_int_equal(answer_int(an, desk_path(ch, "%s/answered", at)), n);
    assert_int_equal(json_is_null(median), n == 0);
    if (n == 0)
        return;
    assert_int_equal(json_integer_value(median), took[(n + 1) / 2 - 1] / US_PER_S);
    assert_int_equal(answer_int(an, desk_path(ch, "%s/p90_seconds", at)), took[(9 * n + 9) / 10 - 1] / US_PER_S);
}

static void assert_day(const struct answer *an, const struct asked *q, int64_t i)
{
    const char *at = desk_path(ch, "/days/%lld", (long long)i);
    int64_t from = zone_day_begins(q->zone, q->first_day + i), to = zone_day_begins(q->zone, q->first_day + i + 1);
    int64_t created = 0, done = 0, backlog = 0;

    for (size_t k = 0; k < TICKETS; k++) {
        const struct row *t = &tickets[k];

        if (!counts(q, t))
            continue;
        created += t->created >= from && t->created < to;
        done += !is_open(t) && t->closed >= from && t->closed < to;
        backlog += t->created < to && (is_open(t) || t->closed >= to);
    }
    assert_int_equal(answer_int(an, desk_path(ch, "%s/created", at)), created);
    assert_int_equal(answer_int(an, desk_path(ch, "%s/done", at)), done);
    assert_int_equal(answer_int(an, desk_path(ch, "%s/backlog", at)), backlog);
    assert_first(an, desk_path(ch, "%s/first_response", at), q, from, to);
}

static int64_t sum_of(const struct answer *an, const char *list, const char *member)
{
    const json_t *all = answer_at(an, list), *one;
    int64_t sum = 0;
    size_t i;

    json_array_foreach(all, i, one)
        sum += json_integer_value(json_object_get(one, member));
    return sum;
}

static void assert_now(const struct answer *an, const struct asked *q)
{
    int64_t open = 0, unassigned = 0, young = 0;

    for (size_t k = 0; k < TICKETS; k++) {
        const struct row *t = &tickets[k];

        if (!counts(q, t) || !is_open(t))
            continue;
        open++;
        unassigned += t->owner == 0;
        young += t->created >= now_us - 7 * US_PER_DAY;
    }
    assert_int_equal(answer_int(an, "/open"), open);
    assert_int_equal(answer_int(an, "/unassigned"), unassigned);
    assert_int_equal(sum_of(an, "/ages", "tickets"), open);
    assert_int_equal(answer_int(an, "/ages/0/tickets") + answer_int(an, "/ages/1/tickets") + answer_int(an, "/ages/2/tickets"), young);
    assert_int_equal(sum_of(an, "/states", "tickets"), open);
    assert_int_equal(sum_of(an, "/states", "unassigned"), unassigned);
    assert_int_equal(sum_of(an, "/priorities", "tickets"), open);
    assert_int_equal(sum_of(an, "/groups", "tickets"), open);
    assert_int_equal(sum_of(an, "/agents", "open"), open - unassigned);
}

static void assert_agents(const struct answer *an, const struct asked *q, int64_t days)
{
    int64_t from = zone_day_begins(q->zone, q->first_day), to = zone_day_begins(q->zone, q->first_day + days);
    int64_t answers = 0, done = 0;

    for (size_t i = 0; i < MESSAGES; i++) {
        const struct row_of_message *m = &messages[i];
        const struct row *t = &tickets[m->ticket];

        answers += m->sender == SENDER_AGENT && m->visibility == VISIBILITY_PUBLIC && !m->is_auto && m->at >= from
                   && m->at < to && reads(q->agent, t->group) && (!q->group || q->group == t->group) && t->type < STATE_SPAM;
    }
    for (size_t i = 0; i < TICKETS; i++) {
        const struct row *t = &tickets[i];

        done += counts(q, t) && !is_open(t) && t->owner && t->closed >= from && t->closed < to;
    }
    assert_int_equal(sum_of(an, "/agents", "answers"), answers);
    assert_int_equal(sum_of(an, "/agents", "done"), done);
}

static void check(struct asked q, const char *zone, const char *query, int64_t days)
{
    const char *path = desk_path(ch, "/api/v1/reports/overview?zone=%s%s", zone, query);
    const struct answer *an = chain_send(ch, (struct ask){ .target = path, .bearer = tokens[q.agent] });

    if (an->status != 200)
        fail_msg("%s: %d %.*s", path, an->status, STR_ARG(an->body));
    assert_int_equal(json_array_size(answer_at(an, "/days")), days);
    for (int64_t i = 0; i < days; i++)
        assert_day(an, &q, i);
    assert_first(an, "/first_response", &q, zone_day_begins(q.zone, q.first_day), zone_day_begins(q.zone, q.first_day + days));
    assert_int_equal(answer_int(an, "/created"), sum_of(an, "/days", "created"));
    assert_int_equal(answer_int(an, "/done"), sum_of(an, "/days", "done"));
    assert_now(an, &q);
    assert_agents(an, &q, days);
}

static void a_report_is_what_a_look_at_each_readable_ticket_gives(void **state)
{
    static const char *const zones[] = { "Europe/Berlin", "Pacific/Auckland", "UTC" };
    struct err e = { 0 };

    (void)state;
    for (size_t z = 0; z < ARRAY_LEN(zones); z++) {
        struct zone zone;
        int64_t today;

        assert_ok(zone_open(str_of(zones[z]), ch->a, &zone, &e), &e);
        today = zone_day(&zone, now_us);
        for (size_t i = 0; i < AGENTS; i++) {
            check((struct asked){ i, 0, &zone, today - DAYS + 1 }, zones[z], "", DAYS);
            check((struct asked){ i, 0, &zone, clock_days(2026, 10, 20) }, zones[z], "&from=2026-10-20&to=2026-10-27", 8);
        }
        check((struct asked){ 0, groups[1], &zone, today - DAYS + 1 }, zones[z],
              desk_path(ch, "&group=%lld", (long long)groups[1]), DAYS);
    }
}

static void ones_own_work_is_what_a_look_at_each_ticket_gives(void **state)
{
    (void)state;
    for (size_t a = 0; a < AGENTS; a++) {
        const struct answer *an = chain_send(ch, (struct ask){ .target = "/api/v1/reports/my-work?zone=UTC", .bearer = tokens[a] });
        int64_t mine = 0, waiting = 0, overdue = 0, today = 0, due = 0, day = now_us - now_us % US_PER_DAY, n = 0, last = 0;

        assert_int_equal(an->status, 200);
        for (size_t i = 0; i < TICKETS; i++) {
            const struct row *t = &tickets[i];

            if (!reads(a, t->group) || !is_open(t) || t->owner != agents[a])
                continue;
            mine++;
            waiting += t->waiting != 0;
            overdue += t->until && t->until < now_us;
            today += t->until && t->until < day + US_PER_DAY;
            due += t->until && t->until < now_us + 7 * US_PER_DAY;
        }
        assert_int_equal(answer_int(an, "/tickets/new") + answer_int(an, "/tickets/open") + answer_int(an, "/tickets/pending")
                             + answer_int(an, "/tickets/hold"), mine);
        assert_int_equal(answer_int(an, "/waiting"), waiting);
        assert_int_equal(answer_int(an, "/overdue"), overdue);
        assert_int_equal(answer_int(an, "/due_today"), today);
        assert_int_equal(json_array_size(answer_at(an, "/due")), due < 8 ? due : 8);
        n = (int64_t)json_array_size(answer_at(an, "/awaiting"));
        assert_int_equal(n, waiting < 8 ? waiting : 8);
        for (int64_t i = 0; i < n; i++) {
            const struct row *t = &tickets[answer_int(an, desk_path(ch, "/awaiting/%lld/id", (long long)i)) - 1000];

            assert_true(t->waiting >= last);
            last = t->waiting;
        }
    }
}

#define OVERVIEW "/api/v1/reports/overview"
static void what_makes_no_sense_is_refused_in_words(void **state)
{
    const struct row_ {
        const char *query, *pointer;
    } bad[] = {
        { "?from=yesterday1", "from" },  { "?to=2026-02-30", "to" },       { "?to=2026-11-06&zone=UTC", "to" },
        { "?from=2026-11-03&to=2026-11-02", "from" }, { "?from=2025-11-01&to=2026-11-02", "from" },
        { "?zone=Mars/Phobos", "zone" }, { "?zone=../../etc/passwd", "zone" }, { "?group=999", "group" }, { "?nothing=1", "nothing" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const struct answer *an = chain_send(
            ch, (struct ask){ .target = desk_path(ch, OVERVIEW "%s", bad[i].query), .bearer = tokens[0] });

        assert_problem(an, 400, NULL);
        assert_problem_field(an, bad[i].pointer);
    }
    /* A group that is there, but not his to read, is none. */
    assert_problem(chain_send(ch, (struct ask){ .target = desk_path(ch, OVERVIEW "?group=%lld", (long long)groups[2]),
                                                .bearer = tokens[0] }), 400, NULL);
    assert_problem(chain_send(ch, (struct ask){ .target = OVERVIEW, .bearer = chain_customer(ch) }), 403, NULL);
    assert_problem(chain_send(ch, (struct ask){ .target = "/api/v1/reports/my-work", .bearer = chain_customer(ch) }), 403, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_what_a_look_at_each_readable_ticket_gives),
        cmocka_unit_test(ones_own_work_is_what_a_look_at_each_ticket_gives),
        cmocka_unit_test(what_makes_no_sense_is_refused_in_words),
    };

    return cmocka_run_group_tests_name("reports", tests, set_up, tear_down);
}
