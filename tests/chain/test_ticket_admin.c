/* States, priorities, tags, custom fields, participants, dates that are reached. */
#include "chain_test.h"

#include "desk/ticket.h"
#include "job/runner.h"
#include "store/store.h"

static struct {
    struct chain *ch;
    const char *admin, *agent, *customer;
    int64_t customer_id;
} t;

static int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    t.ch = chain_open();
    t.customer_id = chain_user(t.ch, 3);
    t.admin = chain_admin(t.ch);
    t.agent = chain_agent(t.ch);
    t.customer = chain_token(t.ch, t.customer_id, -1, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chain_close(&t.ch);
    return 0;
}

static struct answer *ask(enum http_method method, const char *bearer, const char *json,
                          const char *target)
{
    return chain_send(t.ch, (struct ask){ .method = method, .target = target, .json = json,
                                          .bearer = bearer });
}

static void expect(const struct answer *an, int status)
{
    if (an->status != status)
        fail_msg("status %d, want %d: %.*s", an->status, status, STR_ARG(an->body));
}

/* As a former way of writing numbers leaves them: the system's id in front, and no more. */
static void numbers_that_are_taken_are_passed_however_many_they_are(void **state)
{
    struct answer *an;
    int64_t first, second;

    (void)state;
    an = ask(HTTP_POST, t.customer, "{\"title\":\"a\",\"message\":{\"body\":\"b\"}}", "/api/v1/tickets");
    expect(an, 201);
    assert_true(str_i64(answer_text(an, "/number"), 1, INT64_MAX, &first));
    chain_exec(t.ch,
               "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
               " INSERT INTO tickets (number, title, state_id, state_type, priority_id, group_id, customer_id, channel,"
               " created_us, updated_us) SELECT CAST(k.number AS BIGINT) + n.i, k.title, k.state_id, k.state_type,"
               " k.priority_id, k.group_id, k.customer_id, k.channel, k.created_us, k.updated_us FROM tickets k, n",
               DB_NO_ARGS);
    for (int64_t last = first + 3000, i = 0; i < 2; i++, last = second) {
        an = ask(HTTP_POST, t.customer, "{\"title\":\"a\",\"message\":{\"body\":\"b\"}}", "/api/v1/tickets");
        expect(an, 201);
        assert_true(str_i64(answer_text(an, "/number"), 1, INT64_MAX, &second));
        assert_true(second > last);
    }
}

static void customers_cannot_tell_spam_from_closed(void **state)
{
    static const char *const ways[] = { "{\"state\":7}", "{\"state\":9}", "{\"state\":10}" };
    struct answer *an;

    (void)state;
    an = ask(HTTP_POST, t.customer, "{\"title\":\"a\",\"message\":{\"body\":\"b\"}}", "/api/v1/tickets");
    expect(an, 201);
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        expect(ask(HTTP_PATCH, t.admin, ways[i], "/api/v1/tickets/1"), 200);
        an = ask(HTTP_GET, t.customer, NULL, "/api/v1/tickets/1");
        assert_int_equal(answer_int(an, "/state/id"), 7);
        assert_str_eq(answer_text(an, "/state/name"), "closed");
        assert_str_eq(answer_text(an, "/state_type"), "closed");
    }
    an = ask(HTTP_GET, t.customer, NULL, "/api/v1/states");
    for (size_t i = 0; i < json_array_size(answer_at(an, "/data")); i++)
        assert_true(answer_int(an, str_printf(t.ch->a, "/data/%zu/id", i).p) < 9);
    assert_problem(ask(HTTP_GET, t.customer, NULL, "/api/v1/states/9"), 404, NULL);
    expect(ask(HTTP_GET, t.agent, NULL, "/api/v1/states/9"), 200);
}

static void a_change_of_roles_ends_the_sessions_of_that_time(void **state)
{
    const char *agent = chain_token(t.ch, chain_user(t.ch, 2), -1, false);
    int64_t id = chain_int(t.ch, "SELECT max(id) FROM users", DB_NO_ARGS);
    const char *path = str_printf(t.ch->a, "/api/v1/users/%lld", (long long)id).p;

    (void)state;
    chain_exec(t.ch, "INSERT INTO sessions (user_id, token_hash, refresh_hash, address, user_agent, created_us, seen_us, expires_us) VALUES ($1, 'h', 'r', '', '', 0, 0, 1)",
               DB_ARGS(DB_INT(id)));
    expect(ask(HTTP_PATCH, t.admin, "{\"role_ids\":[2]}", path), 200); /* as they are */
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM sessions WHERE user_id = $1 AND ended_us IS NULL", DB_ARGS(DB_INT(id))), 1);
    expect(ask(HTTP_PATCH, t.admin, "{\"role_ids\":[2,1]}", path), 200);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM sessions WHERE user_id = $1 AND ended_us IS NULL", DB_ARGS(DB_INT(id))), 0);
    expect(ask(HTTP_GET, agent, NULL, "/api/v1/auth/me"), 200); /* tokens of his stay */
}

static void there_is_always_one_default_of_each_kind(void **state)
{
    struct answer *an;

    (void)state;
    expect(ask(HTTP_POST, t.agent, "{\"name\":\"x\",\"type\":\"open\"}", "/api/v1/states"), 403);
    an = ask(HTTP_POST, t.admin, "{\"name\":\"triage\",\"type\":\"new\",\"default_new\":true}", "/api/v1/states");
    expect(an, 201);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM states WHERE default_new = 1", DB_NO_ARGS), 1);
    an = ask(HTTP_POST, t.customer, "{\"title\":\"a\",\"message\":{\"body\":\"b\"}}", "/api/v1/tickets");
    assert_str_eq(answer_text(an, "/state/name"), "triage");
    an = ask(HTTP_PATCH, t.admin, "{\"default_new\":false}", "/api/v1/states/11");
    assert_problem(an, 422, NULL);
    assert_problem_field(an, "/default_new");
    assert_problem_field(ask(HTTP_POST, t.admin, "{\"name\":\"TRIAGE\",\"type\":\"new\"}", "/api/v1/states"), "/name");
    assert_problem(ask(HTTP_DELETE, t.admin, NULL, "/api/v1/states/11"), 409, "in_use");
    expect(ask(HTTP_DELETE, t.admin, NULL, "/api/v1/states/5"), 204);
    assert_problem(ask(HTTP_GET, t.admin, NULL, "/api/v1/states/5"), 404, NULL);
    expect(ask(HTTP_PATCH, t.admin, "{\"default\":true}", "/api/v1/priorities/4"), 200);
    assert_int_equal(chain_int(t.ch, "SELECT id FROM priorities WHERE is_default = 1", DB_NO_ARGS), 4);
    assert_problem(ask(HTTP_DELETE, t.admin, NULL, "/api/v1/priorities/4"), 409, "in_use");
    an = ask(HTTP_GET, t.customer, NULL, "/api/v1/states?limit=3");
    expect(an, 200);
    assert_null(answer_at(an, "/data/0/default_new"));
    assert_int_equal(json_array_size(answer_at(an, "/data")), 3);
    assert_true(json_is_true(answer_at(an, "/page/has_more")));
}

static void renaming_a_tag_changes_all_tickets_and_may_merge(void **state)
{
    struct answer *an;

    (void)state;
    an = ask(HTTP_POST, t.agent, "{\"title\":\"a\",\"message\":{\"body\":\"b\"},\"tags\":[\"vpn\",\"down\"]}", "/api/v1/tickets");
    expect(an, 201);
    an = ask(HTTP_PATCH, t.admin, "{\"name\":\"Network\"}", "/api/v1/tags/2");
    expect(an, 200);
    an = ask(HTTP_GET, t.agent, NULL, "/api/v1/tickets/1");
    assert_str_eq(answer_text(an, "/tags/1"), "network");
    expect(ask(HTTP_PATCH, t.admin, "{\"name\":\"network\"}", "/api/v1/tags/1"), 200);
    an = ask(HTTP_GET, t.agent, NULL, "/api/v1/tickets/1");
    assert_int_equal(json_array_size(answer_at(an, "/tags")), 1);
    an = ask(HTTP_GET, t.agent, NULL, "/api/v1/tickets?tag=NETWORK");
    assert_int_equal(json_array_size(answer_at(an, "/data")), 1);
    an = ask(HTTP_GET, t.agent, NULL, "/api/v1/tags");
    assert_int_equal(json_array_size(answer_at(an, "/data")), 1);
    assert_problem(ask(HTTP_GET, t.customer, NULL, "/api/v1/tags"), 403, NULL);
    assert_problem(ask(HTTP_PATCH, t.agent, "{\"name\":\"x\"}", "/api/v1/tags/2"), 403, NULL);
    expect(ask(HTTP_DELETE, t.admin, NULL, "/api/v1/tags/2"), 204);
    an = ask(HTTP_GET, t.agent, NULL, "/api/v1/tickets/1");
    assert_int_equal(json_array_size(answer_at(an, "/tags")), 0);
}

/* 1,001 more tickets with tag 1, like the first one. */
static void tag_many(void)
{
    chain_exec(t.ch,
               "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)"
               " INSERT INTO tickets (number, title, state_id, state_type, priority_id, group_id,"
               " customer_id, channel, tags_json, created_us, updated_us)"
               " SELECT 'x' || CAST(n.i AS TEXT), title, state_id, state_type, priority_id,"
               " group_id, customer_id, channel, tags_json, created_us, updated_us"
               " FROM tickets t, n WHERE t.id = 1",
               DB_NO_ARGS);
    chain_exec(t.ch,
               "INSERT INTO ticket_tags (ticket_id, tag_id) SELECT id, 1 FROM tickets WHERE id > 1",
               DB_NO_ARGS);
}

static int64_t tickets_of_tag(const char *name)
{
    return chain_int(t.ch,
                     "SELECT count(*) FROM tickets t JOIN ticket_tags k ON k.ticket_id = t.id"
                     " JOIN tags g ON g.id = k.tag_id WHERE g.name = $1 AND t.tags_json = $2",
                     DB_ARGS(DB_TEXT(str_of(name)), DB_TEXT(str_printf(t.ch->a, "[\"%s\"]", name))));
}

static void a_tag_of_many_tickets_is_renamed_and_removed_by_jobs(void **state)
{
    struct answer *an;
    bool idle = false;

    (void)state;
    expect(ask(HTTP_POST, t.agent, "{\"title\":\"a\",\"message\":{\"body\":\"b\"},\"tags\":[\"vpn\"]}",
               "/api/v1/tickets"), 201);
    tag_many();
    an = ask(HTTP_PATCH, t.admin, "{\"name\":\"network\"}", "/api/v1/tags/1");
    expect(an, 202);
    assert_str_eq(answer_text(an, "/name"), "network");
    assert_true(answer_int(an, "/job_id") > 0);
    assert_int_equal(tickets_of_tag("vpn"), 1002);
    runner_tick(t.ch->app->runner, &idle);
    assert_int_equal(tickets_of_tag("network"), 1002);
    expect(ask(HTTP_GET, t.admin, NULL, "/api/v1/tags?prefix=vpn"), 200);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM tags", DB_NO_ARGS), 1);
    an = ask(HTTP_DELETE, t.admin, NULL, "/api/v1/tags/2");
    expect(an, 202);
    assert_true(answer_header(an, "location").n > 0);
    runner_tick(t.ch->app->runner, &idle);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM ticket_tags", DB_NO_ARGS), 0);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM tags", DB_NO_ARGS), 0);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM tickets WHERE tags_json <> '[]'", DB_NO_ARGS), 0);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM audit WHERE action IN ('tag.merge', 'tag.delete')", DB_NO_ARGS), 2);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM jobs WHERE state = 2 AND progress = total", DB_NO_ARGS), 2);
}

static void frozen_tags_are_not_made_by_agents(void **state)
{
    (void)state;
    chain_exec(t.ch, "INSERT INTO settings (name, value, updated_us) VALUES ('tags.frozen', '1', 0)", DB_NO_ARGS);
    chain_exec(t.ch, "UPDATE counters SET value = 77 WHERE name = 'catalog'", DB_NO_ARGS);
    assert_problem_field(ask(HTTP_POST, t.agent, "{\"title\":\"a\",\"message\":{\"body\":\"b\"},\"tags\":[\"vpn\"]}",
                             "/api/v1/tickets"), "/tags");
    expect(ask(HTTP_POST, t.admin, "{\"title\":\"a\",\"message\":{\"body\":\"b\"},\"tags\":[\"vpn\"]}",
               "/api/v1/tickets"), 201);
}

static void a_field_is_added_online_and_checked(void **state)
{
    struct answer *an;

    (void)state;
    an = ask(HTTP_POST, t.admin,
             "{\"object\":\"ticket\",\"name\":\"room\",\"type\":\"choice\",\"label\":\"Room\","
             "\"options\":{\"choices\":[\"a\",\"b\"]},\"screens\":{\"agent_create\":\"required\"}}",
             "/api/v1/fields");
    expect(an, 201);
    an = ask(HTTP_POST, t.agent, "{\"title\":\"a\",\"message\":{\"body\":\"b\"}}", "/api/v1/tickets");
    assert_problem_field(an, "/fields/room");
    an = ask(HTTP_POST, t.agent, "{\"title\":\"a\",\"message\":{\"body\":\"b\"},\"fields\":{\"room\":\"c\"}}", "/api/v1/tickets");
    assert_problem_field(an, "/fields/room");
    an = ask(HTTP_POST, t.customer, "{\"title\":\"a\",\"message\":{\"body\":\"b\"},\"fields\":{\"room\":\"a\"}}", "/api/v1/tickets");
    assert_problem_field(an, "/fields/room");
    an = ask(HTTP_POST, t.agent, "{\"title\":\"a\",\"message\":{\"body\":\"b\"},\"customer\":1,\"fields\":{\"room\":\"a\"}}", "/api/v1/tickets");
    expect(an, 201);
    assert_str_eq(answer_text(an, "/fields/room"), "a");
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM field_values WHERE text_fold = 'a'", DB_NO_ARGS), 1);
    an = ask(HTTP_GET, t.customer, NULL, "/api/v1/tickets/1");
    expect(an, 200);
    assert_null(answer_at(an, "/fields/room"));
    assert_problem(ask(HTTP_PATCH, t.admin, "{\"type\":\"text\"}", "/api/v1/fields/1"), 422, NULL);
    expect(ask(HTTP_PATCH, t.admin, "{\"active\":false}", "/api/v1/fields/1"), 200);
    an = ask(HTTP_PATCH, t.agent, "{\"fields\":{\"room\":\"b\"}}", "/api/v1/tickets/1");
    assert_problem_field(an, "/fields/room");
    expect(ask(HTTP_GET, t.agent, NULL, "/api/v1/fields"), 200);
    assert_int_equal(json_array_size(answer_at(ask(HTTP_GET, t.customer, NULL, "/api/v1/fields"), "/data")), 0);
}

static void participants_see_the_ticket_while_they_take_part(void **state)
{
    int64_t other_id = chain_user(t.ch, 3);
    const char *other = chain_token(t.ch, other_id, -1, false);
    char json[64], target[96];

    (void)state;
    expect(ask(HTTP_POST, t.customer, "{\"title\":\"a\",\"message\":{\"body\":\"b\"}}", "/api/v1/tickets"), 201);
    snprintf(json, sizeof(json), "{\"user\":%lld}", (long long)other_id);
    assert_problem(ask(HTTP_POST, t.customer, json, "/api/v1/tickets/1/participants"), 403, NULL);
    assert_problem(ask(HTTP_POST, other, json, "/api/v1/tickets/1/participants"), 404, NULL);
    expect(ask(HTTP_POST, t.agent, json, "/api/v1/tickets/1/participants"), 200);
    expect(ask(HTTP_GET, other, NULL, "/api/v1/tickets/1"), 200);
    expect(ask(HTTP_POST, other, "{\"body\":\"me too\"}", "/api/v1/tickets/1/messages"), 201);
    assert_int_equal(json_array_size(answer_at(ask(HTTP_GET, other, NULL, "/api/v1/tickets"), "/data")), 1);
    snprintf(target, sizeof(target), "/api/v1/tickets/1/participants/%lld", (long long)other_id);
    expect(ask(HTTP_DELETE, t.agent, NULL, target), 204);
    assert_problem(ask(HTTP_GET, other, NULL, "/api/v1/tickets/1"), 404, NULL);
    assert_int_equal(json_array_size(answer_at(ask(HTTP_GET, other, NULL, "/api/v1/tickets"), "/data")), 0);
}

static void customers_name_only_people_of_the_organisation(void **state)
{
    int64_t near = chain_user(t.ch, 3), far = chain_user(t.ch, 3);
    char json[64];

    (void)state;
    chain_exec(t.ch, "UPDATE groups SET customers_may_add = 1", DB_NO_ARGS);
    chain_exec(t.ch, "INSERT INTO organizations (id, name, name_fold, created_us, updated_us)"
                     " VALUES (7, 'o', 'o', 0, 0)", DB_NO_ARGS);
    chain_exec(t.ch, "UPDATE users SET organization_id = 7, version = version + 1 WHERE id IN ($1, $2)",
               DB_ARGS(DB_INT(near), DB_INT(t.customer_id)));
    chain_exec(t.ch, "UPDATE counters SET value = 78 WHERE name = 'catalog'", DB_NO_ARGS);
    expect(ask(HTTP_POST, t.customer, "{\"title\":\"a\",\"message\":{\"body\":\"b\"}}", "/api/v1/tickets"), 201);
    snprintf(json, sizeof(json), "{\"user\":%lld}", (long long)far);
    assert_problem_field(ask(HTTP_POST, t.customer, json, "/api/v1/tickets/1/participants"), "/user");
    snprintf(json, sizeof(json), "{\"user\":%lld}", (long long)near);
    expect(ask(HTTP_POST, t.customer, json, "/api/v1/tickets/1/participants"), 200);
    expect(ask(HTTP_GET, t.agent, NULL, "/api/v1/tickets/1?include=customer,owner"), 200);
}

struct due_run {
    struct arena *a;
    int64_t now_us, done;
    bool solved;
};

static enum rc run_due(struct db *db, void *arg, struct err *e)
{
    static const struct actor system = { .type = ACTOR_SYSTEM };
    struct due_run *d = arg;
    struct call c;

    TRY(call_begin(db, &system, d->a, &c, e));
    c.now_us = d->now_us;
    return d->solved ? ticket_close_solved(&c, 7, 100, &d->done, e)
                     : ticket_until_due(&c, 100, &d->done, e);
}

static void dates_that_are_reached_move_or_remind(void **state)
{
    struct due_run d = { .a = t.ch->a, .now_us = INT64_C(4102444800000000) };
    struct answer *an;
    struct err e = { 0 };

    (void)state;
    for (int i = 0; i < 3; i++)
        expect(ask(HTTP_POST, t.customer, "{\"title\":\"a\",\"message\":{\"body\":\"b\"}}", "/api/v1/tickets"), 201);
    expect(ask(HTTP_PATCH, t.agent, "{\"state\":\"pending close\",\"until\":\"2050-01-01T00:00:00Z\"}", "/api/v1/tickets/1"), 200);
    expect(ask(HTTP_PATCH, t.agent, "{\"state\":\"pending reminder\",\"until\":\"2050-01-01T00:00:00Z\"}", "/api/v1/tickets/2"), 200);
    expect(ask(HTTP_PATCH, t.agent, "{\"state\":\"solved\"}", "/api/v1/tickets/3"), 200);
    assert_ok(store_write(t.ch->app->store, run_due, &d, &e), &e);
    assert_int_equal(d.done, 2);
    an = ask(HTTP_GET, t.agent, NULL, "/api/v1/tickets/1");
    assert_str_eq(answer_text(an, "/state/name"), "closed");
    an = ask(HTTP_GET, t.agent, NULL, "/api/v1/tickets/2/events");
    assert_str_eq(answer_text(an, "/data/2/type"), "reminder");
    assert_ok(store_write(t.ch->app->store, run_due, &d, &e), &e);
    assert_int_equal(d.done, 0);
    d.solved = true;
    assert_ok(store_write(t.ch->app->store, run_due, &d, &e), &e);
    assert_int_equal(d.done, 1);
    an = ask(HTTP_GET, t.agent, NULL, "/api/v1/tickets/3");
    assert_str_eq(answer_text(an, "/state/name"), "closed");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void stale_deletes_are_refused_with_the_object(void **state)
{
    static const struct {
        const char *list, *json;
    } kinds[] = {
        { "/api/v1/tags", "{\"name\":\"stale\"}" },
        { "/api/v1/priorities", "{\"name\":\"stale\",\"rank\":9}" },
        { "/api/v1/states", "{\"name\":\"stale\",\"type\":\"open\"}" },
        { "/api/v1/views", "{\"name\":\"stale\",\"query\":\"\"}" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct answer *an = ask(HTTP_POST, t.admin, kinds[i].json, kinds[i].list);
        const char *at;

        expect(an, 201);
        at = str_z(answer_header(an, "location"), t.ch->a);
        expect(ask(HTTP_GET, t.admin, NULL, at), 200);
        an = chain_send(t.ch, (struct ask){ .method = HTTP_DELETE, .target = at, .bearer = t.admin,
                                            .if_match = "\"v9\"" });
        assert_problem(an, 412, NULL);
        assert_str_eq(answer_text(an, "/current/name"), "stale");
        expect(ask(HTTP_GET, t.admin, NULL, at), 200);
        an = chain_send(t.ch, (struct ask){ .method = HTTP_DELETE, .target = at, .bearer = t.admin,
                                            .if_match = "\"v1\"" });
        expect(an, 204);
    }
}

static void a_stale_end_of_a_token_is_refused(void **state)
{
    struct chain_session s = chain_session(t.ch, chain_user(t.ch, 3));
    struct ask q = { .method = HTTP_POST, .target = "/api/v1/tokens", .cookie = s.cookie, .csrf = s.csrf,
                     .json = "{\"name\":\"mine\"}" };
    struct answer *an = chain_send(t.ch, q);

    (void)state;
    expect(an, 201);
    q = (struct ask){ .method = HTTP_DELETE, .target = str_z(answer_header(an, "location"), t.ch->a),
                      .cookie = s.cookie, .csrf = s.csrf, .if_match = "\"v9\"" };
    an = chain_send(t.ch, q);
    assert_problem(an, 412, NULL);
    assert_str_eq(answer_text(an, "/current/name"), "mine");
    q.if_match = "\"v1\"";
    expect(chain_send(t.ch, q), 204);
}

static void time_zones_are_ones_that_exist(void **state)
{
    static const char *const bad[] = { "Nope/X", "../../etc/passwd", "/etc", "Europe", "Europe/", "a b", "." };
    struct answer *an;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        an = ask(HTTP_PATCH, t.agent, str_printf(t.ch->a, "{\"zone\":\"%s\"}", bad[i]).p, "/api/v1/auth/me");
        assert_problem(an, 422, NULL);
        assert_problem_field(an, "/zone");
    }
    expect(ask(HTTP_PATCH, t.agent, "{\"zone\":\"Europe/Berlin\"}", "/api/v1/auth/me"), 200);
    expect(ask(HTTP_PATCH, t.agent, "{\"zone\":\"UTC\"}", "/api/v1/auth/me"), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(numbers_that_are_taken_are_passed_however_many_they_are),
        CASE(customers_cannot_tell_spam_from_closed),
        CASE(a_change_of_roles_ends_the_sessions_of_that_time),
        CASE(there_is_always_one_default_of_each_kind),
        CASE(renaming_a_tag_changes_all_tickets_and_may_merge),
        CASE(a_tag_of_many_tickets_is_renamed_and_removed_by_jobs),
        CASE(frozen_tags_are_not_made_by_agents),
        CASE(a_field_is_added_online_and_checked),
        CASE(participants_see_the_ticket_while_they_take_part),
        CASE(customers_name_only_people_of_the_organisation),
        CASE(stale_deletes_are_refused_with_the_object),
        CASE(a_stale_end_of_a_token_is_refused),
        CASE(time_zones_are_ones_that_exist),
        CASE(dates_that_are_reached_move_or_remind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
