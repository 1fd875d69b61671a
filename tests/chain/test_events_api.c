/* The live stream and the feed: everybody is told what he may see, and nothing else. */
#include "desk_fixture.h"

#include "store_test.h"
#include "web/streams.h"

enum { HEARD_MAX = 64 * 1024 };

static struct chain *ch;
static struct streams *streams;
static int64_t ann, agent, far;
static const char *ann_token, *agent_token;

/* What each stream was sent, by id. */
static struct {
    struct buf text;
    bool ended, refuses;
} heard[8];

static bool hear(void *arg, uint64_t id, struct str bytes)
{
    (void)arg;
    if (heard[id].refuses)
        return false;
    buf_str(&heard[id].text, bytes);
    return true;
}

static void over(void *arg, uint64_t id)
{
    (void)arg;
    heard[id].ended = true;
}

static int set_up(void **state)
{
    struct err e = { 0 };

    (void)state;
    ch = chain_open();
    ann = chain_user(ch, 3);
    agent = chain_user(ch, 2);
    ann_token = chain_token(ch, ann, -1, false);
    agent_token = chain_token(ch, agent, -1, false);
    far = desk_group(ch, "strangers");
    memset(heard, 0, sizeof heard);
    for (size_t i = 0; i < ARRAY_LEN(heard); i++)
        heard[i].text = BUF_ARENA(ch->a, HEARD_MAX);
    assert_ok(streams_new(
                  &(struct streams_opts){
                      .store = ch->app->store, .gate = ch->app->gate, .send = hear, .end = over, .max_per_user = 2 },
                  &streams, &e),
              &e);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    streams_free(&streams);
    chain_close(&ch);
    return 0;
}

static void listen_as(uint64_t id, int64_t user, int64_t session, int64_t after)
{
    struct actor who = { .type = ACTOR_USER, .user_id = user, .session_id = session };
    struct err e = { 0 };

    assert_ok(streams_add(streams, id, &who, (struct stream_from){ .after = after }, &e), &e);
}

static size_t count(uint64_t id, const char *what)
{
    struct str rest = buf_view(&heard[id].text);
    size_t n = 0, at;

    while ((at = str_find(rest, str_of(what))) != SIZE_MAX) {
        n++;
        rest = str_sub(rest, at + 1, SIZE_MAX);
    }
    return n;
}

static int64_t last_event(void)
{
    return chain_int(ch, "SELECT coalesce(max(id), 0) FROM events", DB_NO_ARGS);
}

static void each_hears_what_he_may_see(void **state)
{
    int64_t bob = chain_user(ch, 3), mine;

    (void)state;
    listen_as(1, ann, 0, 0);
    listen_as(2, agent, 0, 0);
    listen_as(3, bob, 0, 0);
    mine = desk_ticket(ch, ann, 0, "mine");
    desk_ticket(ch, ann, far, "far away");
    desk_message(ch, mine, agent, true, "a note");
    desk_message(ch, mine, agent, false, "an answer");
    streams_tick(streams);
    assert_int_equal(count(1, "event: ticket\n"), 3);
    assert_int_equal(count(1, "\"is_internal\":true"), 0);
    assert_int_equal(count(2, "event: ticket\n"), 3);
    assert_int_equal(count(2, "\"is_internal\":true"), 1);
    assert_int_equal(count(3, "event: ticket\n"), 0);
    streams_tick(streams);
    assert_int_equal(count(2, "event: ticket\n"), 3);
}

static void a_stream_resumes_behind_the_last_event_seen(void **state)
{
    int64_t seen;

    (void)state;
    desk_ticket(ch, ann, 0, "one");
    seen = last_event();
    desk_ticket(ch, ann, 0, "two");
    listen_as(1, agent, 0, seen);
    streams_tick(streams);
    assert_int_equal(count(1, "event: ticket\n"), 1);
    assert_int_equal(count(1, desk_path(ch, "id: %lld\n", (long long)last_event())), 1);
}

static void a_participant_hears_of_the_ticket(void **state)
{
    int64_t bob = chain_user(ch, 3), ticket = desk_ticket(ch, ann, 0, "one");

    (void)state;
    chain_exec(
        ch, "INSERT INTO participants (ticket_id, user_id, role, created_us) VALUES ($1, $2, 0, 0)",
        DB_ARGS(DB_INT(ticket), DB_INT(bob)));
    listen_as(1, bob, 0, 0);
    streams_tick(streams);
    assert_int_equal(count(1, "event: ticket\n"), 1);
}

static void rights_taken_away_count_at_once(void **state)
{
    (void)state;
    listen_as(1, agent, 0, 0);
    desk_ticket(ch, ann, 0, "one");
    streams_tick(streams);
    assert_int_equal(count(1, "event: ticket\n"), 1);
    chain_exec(ch, "DELETE FROM role_groups", DB_NO_ARGS);
    chain_exec(ch, "UPDATE counters SET value = value + 1 WHERE name = 'catalog'", DB_NO_ARGS);
    desk_ticket(ch, ann, 0, "two");
    streams_tick(streams);
    assert_int_equal(count(1, "event: ticket\n"), 1);
    assert_false(heard[1].ended);
}

static void an_ended_session_and_a_switched_off_user_close_their_streams(void **state)
{
    struct chain_session s = chain_session(ch, agent);

    (void)state;
    listen_as(1, agent, s.id, 0);
    listen_as(2, ann, 0, 0);
    chain_exec(ch, "UPDATE sessions SET ended_us = 1", DB_NO_ARGS);
    chain_exec(ch, "UPDATE users SET active = 0, version = version + 1 WHERE id = $1",
               DB_ARGS(DB_INT(ann)));
    chain_exec(ch,
               "INSERT INTO tickets (number, title, state_id, state_type, priority_id, group_id, "
               "customer_id,"
               " channel, created_us, updated_us) VALUES ('x', 'x', 1, 0, 2, 1, $1, 0, 0, 0)",
               DB_ARGS(DB_INT(ann)));
    chain_exec(ch,
               "INSERT INTO events (ticket_id, type, changes_json, ticket_version, created_us)"
               " SELECT id, 'create', '{}', 1, 0 FROM tickets",
               DB_NO_ARGS);
    streams_tick(streams);
    assert_true(heard[1].ended);
    assert_true(heard[2].ended);
    assert_int_equal(count(1, "event: ticket\n") + count(2, "event: ticket\n"), 0);
    assert_int_equal(streams_count(streams), 0);
}

static void a_stream_that_is_not_open_yet_misses_nothing(void **state)
{
    (void)state;
    heard[1].refuses = true;
    listen_as(1, agent, 0, 0);
    desk_ticket(ch, ann, 0, "one");
    streams_tick(streams);
    assert_int_equal(streams_count(streams), 1);
    heard[1].refuses = false;
    streams_tick(streams);
    assert_int_equal(count(1, "event: ticket\n"), 1);
    heard[1].refuses = true;
    desk_ticket(ch, ann, 0, "two");
    streams_tick(streams);
    assert_int_equal(streams_count(streams), 0);
}

static void streams_per_user_are_limited(void **state)
{
    struct actor who = { .type = ACTOR_USER, .user_id = agent };
    struct err e = { 0 };

    (void)state;
    listen_as(1, agent, 0, 0);
    listen_as(2, agent, 0, 0);
    assert_int_equal(streams_add(streams, 3, &who, (struct stream_from){ 0 }, &e), RC_LIMITED);
    listen_as(3, ann, 0, 0);
}

/* ---- Transactions that end in another order than they took their ids (PostgreSQL) ---- */

struct slow {
    struct db *db;
    struct db_tx tx;
};

static void take_id(struct slow *s, int64_t ticket)
{
    struct err e = { 0 };

    *s = (struct slow){ 0 };
    assert_ok(store_connect(ch->app->store, DB_WRITE, &s->db, &e), &e);
    assert_ok(db_tx_begin(s->db, &s->tx, &e), &e);
    assert_ok(db_exec(s->db,
                      "INSERT INTO events (ticket_id, type, changes_json, ticket_version, created_us)"
                      " VALUES ($1, 'slow', '{}', 1, 0)",
                      DB_ARGS(DB_INT(ticket)), NULL, &e),
              &e);
}

static void end(struct slow *s, bool commit)
{
    struct err e = { 0 };

    if (commit)
        assert_ok(db_tx_commit(&s->tx, &e), &e);
    else
        db_tx_end(&s->tx);
    db_close(&s->db);
}

static struct answer *feed(const char *token, const char *query);

static size_t in_feed(int64_t after)
{
    return json_array_size(
        answer_at(feed(agent_token, desk_path(ch, "?after=%lld", (long long)after)), "/data"));
}

static int64_t begins_now(void)
{
    struct db *db CLEAN(db_close) = NULL;
    struct err e = { 0 };
    int64_t id;

    assert_ok(store_connect(ch->app->store, DB_READ, &db, &e), &e);
    assert_ok(event_feed_last(db, ch->app->gate, ch->a, &id, &e), &e);
    return id;
}

static void what_commits_late_is_missed_by_nobody(void **state)
{
    int64_t ticket = desk_ticket(ch, ann, 0, "one"), other = desk_ticket(ch, ann, 0, "two"),
            before = last_event();
    struct slow slow;

    (void)state;
    if (test_is_sqlite())
        skip(); /* one writer: the second would wait for ever */
    listen_as(1, agent, 0, before);
    take_id(&slow, ticket);
    desk_message(ch, other, agent, false, "overtakes");
    assert_int_equal(last_event(), before + 2);
    streams_tick(streams);
    assert_int_equal(count(1, "event: ticket\n"), 0);
    assert_int_equal(in_feed(before), 0);
    assert_int_equal(begins_now(), before);
    end(&slow, true);
    streams_tick(streams);
    assert_int_equal(count(1, "event: ticket\n"), 2);
    assert_int_equal(count(1, "\"type\":\"slow\""), 1);
    assert_int_equal(in_feed(before), 2);
    assert_int_equal(begins_now(), before + 2);
}

static void a_transaction_that_is_undone_holds_nobody_up_once_it_is_over(void **state)
{
    int64_t ticket = desk_ticket(ch, ann, 0, "one"), other = desk_ticket(ch, ann, 0, "two"),
            before = last_event();
    struct slow undone, later;

    (void)state;
    if (test_is_sqlite())
        skip();
    listen_as(1, agent, 0, before);
    take_id(&undone, ticket);
    desk_message(ch, other, agent, false, "waits for the first");
    streams_tick(streams);
    take_id(&later, ticket);
    desk_message(ch, other, agent, false, "waits for the second");
    end(&undone, false);
    streams_tick(streams);
    assert_int_equal(count(1, "event: ticket\n"), 1);
    end(&later, false);
    streams_tick(streams);
    assert_int_equal(count(1, "event: ticket\n"), 2);
    assert_int_equal(in_feed(0), 4);
}

static void one_that_lags_behind_holds_nobody_up(void **state)
{
    int64_t ticket = desk_ticket(ch, ann, 0, "one");

    (void)state;
    heard[1].refuses = true; /* it is not open yet */
    listen_as(1, agent, 0, 0);
    listen_as(2, ann, 0, last_event());
    streams_tick(streams);
    for (int i = 0; i < 3; i++) {
        desk_message(ch, ticket, agent, false, "news");
        streams_tick(streams);
        assert_int_equal(count(2, "event: ticket\n"), (size_t)i + 1);
    }
    heard[1].refuses = false;
    streams_tick(streams);
    assert_int_equal(count(1, "event: ticket\n"), 4);
}

static void who_missed_too_much_is_told_so_first(void **state)
{
    struct actor who = { .type = ACTOR_USER, .user_id = agent };
    struct err e = { 0 };

    (void)state;
    desk_ticket(ch, ann, 0, "missed");
    assert_ok(streams_add(streams, 1, &who, (struct stream_from){ last_event(), true }, &e), &e);
    desk_ticket(ch, ann, 0, "heard");
    streams_tick(streams);
    assert_true(str_starts(buf_view(&heard[1].text),
                           str_of(desk_path(ch, "id: %lld\nevent: reset\n", (long long)last_event() - 1))));
    assert_int_equal(count(1, "event: ticket\n"), 1);
}

static void streams_are_looked_at_when_somebody_lost_his_rights(void **state)
{
    struct chain_session s = chain_session(ch, agent);

    (void)state;
    listen_as(1, agent, s.id, last_event());
    listen_as(2, ann, 0, last_event());
    streams_tick(streams);
    chain_exec(ch, "UPDATE sessions SET ended_us = 1", DB_NO_ARGS);
    streams_look(streams, ann);
    streams_tick(streams);
    assert_false(heard[1].ended);
    streams_look(streams, agent);
    streams_tick(streams);
    assert_true(heard[1].ended);
    assert_false(heard[2].ended);
}

static struct answer *feed(const char *token, const char *query)
{
    return chain_send(ch, (struct ask){ .target = desk_path(ch, "/api/v1/events%s", query),
                                        .bearer = token,
                                        .headers = { "accept", "application/json" } });
}

static void the_feed_pages_through_what_the_caller_may_see(void **state)
{
    int64_t mine;
    struct answer *an;

    (void)state;
    mine = desk_ticket(ch, ann, 0, "mine");
    desk_ticket(ch, ann, far, "far away");
    desk_message(ch, mine, agent, true, "a note");
    desk_ticket(ch, ann, 0, "second");
    an = feed(agent_token, "?after=0&limit=2");
    assert_int_equal(an->status, 200);
    assert_int_equal(json_array_size(answer_at(an, "/data")), 2);
    assert_true(json_is_true(answer_at(an, "/page/has_more")));
    an = feed(agent_token,
              desk_path(ch, "?after=%.*s&limit=2", STR_ARG(answer_text(an, "/page/next"))));
    assert_int_equal(json_array_size(answer_at(an, "/data")), 1);
    assert_true(json_is_false(answer_at(an, "/page/has_more")));
    assert_int_equal(json_array_size(answer_at(feed(ann_token, "?after=0"), "/data")), 3);
    assert_int_equal(json_array_size(answer_at(feed(chain_customer(ch), "?after=0"), "/data")), 0);
    assert_int_equal(json_array_size(answer_at(feed(agent_token, ""), "/data")), 0);
    assert_problem(feed(agent_token, "?after=x"), 400, NULL);
}

static void who_is_at_a_ticket_is_told_to_its_agents_only(void **state)
{
    int64_t mine = desk_ticket(ch, ann, 0, "mine"), hidden = desk_ticket(ch, ann, far, "far");
    const char *path = desk_path(ch, "/api/v1/tickets/%lld/presence", (long long)mine);
    struct ask say = { .method = HTTP_POST, .target = path, .bearer = agent_token,
                       .json = "{\"state\":\"viewing\"}" };
    struct streams *own = ch->app->streams;
    struct answer *an;

    (void)state;
    ch->app->streams = streams;
    listen_as(1, ann, 0, last_event());
    listen_as(2, agent, 0, last_event());
    streams_tick(streams);
    an = chain_send(ch, say);
    assert_int_equal(an->status, 200);
    assert_str_eq(answer_text(an, "/data/0/state"), "viewing");
    assert_int_equal(answer_int(an, "/data/0/user/id"), agent);
    chain_send(ch, say);
    say.json = "{\"state\":\"writing\"}";
    chain_send(ch, say);
    streams_tick(streams);
    assert_int_equal(count(1, "event: presence"), 0);
    assert_int_equal(count(2, "event: presence"), 2);
    say.bearer = ann_token;
    assert_problem(chain_send(ch, say), 403, NULL);
    say.bearer = agent_token;
    say.target = desk_path(ch, "/api/v1/tickets/%lld/presence", (long long)hidden);
    assert_problem(chain_send(ch, say), 404, NULL);
    ch->app->streams = own;
}

static void presence_ends_by_itself_or_when_told(void **state)
{
    int64_t mine = desk_ticket(ch, ann, 0, "mine");
    struct ask q = { .method = HTTP_POST, .bearer = agent_token, .json = "{\"state\":\"writing\"}",
                     .target = desk_path(ch, "/api/v1/tickets/%lld/presence", (long long)mine) };
    struct ask look = { .target = q.target, .bearer = agent_token };

    (void)state;
    chain_send(ch, q);
    assert_int_equal(json_array_size(answer_at(chain_send(ch, look), "/data")), 1);
    clock_fake(clock_now_us() + 61 * US_PER_S);
    assert_int_equal(json_array_size(answer_at(chain_send(ch, look), "/data")), 0);
    assert_int_equal(json_array_size(answer_at(chain_send(ch, q), "/data")), 1);
    q.json = "{\"state\":\"gone\"}";
    assert_int_equal(json_array_size(answer_at(chain_send(ch, q), "/data")), 0);
    clock_fake(0);
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(each_hears_what_he_may_see),
        EACH(a_stream_resumes_behind_the_last_event_seen),
        EACH(a_participant_hears_of_the_ticket),
        EACH(rights_taken_away_count_at_once),
        EACH(an_ended_session_and_a_switched_off_user_close_their_streams),
        EACH(a_stream_that_is_not_open_yet_misses_nothing),
        EACH(streams_per_user_are_limited),
        EACH(who_is_at_a_ticket_is_told_to_its_agents_only),
        EACH(presence_ends_by_itself_or_when_told),
        EACH(what_commits_late_is_missed_by_nobody),
        EACH(a_transaction_that_is_undone_holds_nobody_up_once_it_is_over),
        EACH(one_that_lags_behind_holds_nobody_up),
        EACH(who_missed_too_much_is_told_so_first),
        EACH(streams_are_looked_at_when_somebody_lost_his_rights),
        EACH(the_feed_pages_through_what_the_caller_may_see),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
