/* Links, watching and drafts through the whole chain. */
#include "desk_fixture.h"

static struct chain *ch;
static int64_t ann, agent, one, two, secret;
static const char *ann_token, *bob_token, *agent_token, *admin_token;

static int set_up(void **state)
{
    (void)state;
    ch = chain_open();
    ann = chain_user(ch, 3);
    agent = chain_user(ch, 2);
    ann_token = chain_token(ch, ann, -1, false);
    bob_token = chain_customer(ch);
    agent_token = chain_token(ch, agent, -1, false);
    admin_token = chain_admin(ch);
    one = desk_ticket(ch, ann, 0, "one");
    two = desk_ticket(ch, ann, 0, "two");
    secret = desk_ticket(ch, ann, desk_group(ch, "strangers"), "secret");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chain_close(&ch);
    return 0;
}

static struct answer *send(enum http_method method, const char *token, const char *path,
                           const char *json)
{
    return chain_send(
        ch, (struct ask){ .method = method, .target = path, .bearer = token, .json = json });
}

static struct answer *link_to(const char *token, int64_t from, const char *kind, int64_t to)
{
    return send(HTTP_POST, token, desk_path(ch, "/api/v1/tickets/%lld/links", (long long)from),
                desk_path(ch, "{\"kind\":\"%s\",\"ticket\":%lld}", kind, (long long)to));
}

static struct answer *links_of(const char *token, int64_t ticket)
{
    return send(HTTP_GET, token, desk_path(ch, "/api/v1/tickets/%lld/links", (long long)ticket),
                NULL);
}

static void a_link_is_seen_from_both_ends(void **state)
{
    static const char *const pairs[][2] = { { "related", "related" },
                                            { "parent_of", "child_of" },
                                            { "duplicated_by", "duplicate_of" },
                                            { "follow_up_of", "followed_up_by" } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct answer *an = link_to(agent_token, two, pairs[i][0], one);

        assert_int_equal(an->status, 201);
        assert_true(str_eq(answer_text(an, "/kind"), str_of(pairs[i][0])));
        assert_int_equal(answer_int(an, "/ticket/id"), one);
        assert_true(
            str_eq(answer_text(links_of(agent_token, one), desk_path(ch, "/data/%zu/kind", i)),
                   str_of(pairs[i][1])));
        assert_problem(link_to(agent_token, one, pairs[i][1], two), 409, "link_exists");
        assert_problem_field(link_to(agent_token, one, pairs[i][1], two), "/ticket");
    }
    assert_int_equal(
        chain_int(ch, "SELECT count(*) FROM events WHERE ticket_id = $1 AND type = 'update'",
                  DB_ARGS(DB_INT(two))),
        4);
}

static void both_ends_must_be_within_reach(void **state)
{
    struct str before = chain_checksum(ch);

    (void)state;
    assert_problem_field(link_to(agent_token, one, "related", secret), "/ticket");
    assert_problem_field(link_to(agent_token, one, "related", 999999), "/ticket");
    assert_true(
        str_eq(answer_text(link_to(agent_token, one, "related", secret), "/errors/0/detail"),
               answer_text(link_to(agent_token, one, "related", 999999), "/errors/0/detail")));
    assert_problem(link_to(agent_token, secret, "related", one), 404, NULL);
    assert_problem(link_to(ann_token, one, "related", two), 403, NULL);
    assert_problem_field(link_to(agent_token, one, "related", one), "/ticket");
    assert_problem(link_to(agent_token, one, "sibling", two), 422, NULL);
    assert_true(str_eq(before, chain_checksum(ch)));
}

static struct answer *shown_with(const char *token, int64_t ticket, const char *include, struct str etag)
{
    return chain_send(ch, (struct ask){ .target = desk_path(ch, "/api/v1/tickets/%lld?include=%s",
                                                            (long long)ticket, include),
                                        .bearer = token,
                                        .headers = { etag.p ? "if-none-match" : NULL, etag.p } });
}

static void a_ticket_shown_with_what_its_version_does_not_count_is_never_stale(void **state)
{
    int64_t a = desk_ticket(ch, ann, 0, "a"), b = desk_ticket(ch, ann, 0, "b");
    struct answer *an = shown_with(ann_token, a, "links,customer", STR_NONE);
    struct str etag = answer_header(an, "etag");

    (void)state;
    assert_int_equal(shown_with(ann_token, a, "links,customer", etag)->status, 304);
    assert_int_equal(link_to(agent_token, a, "parent_of", b)->status, 201);
    an = shown_with(ann_token, a, "links,customer", etag);
    assert_int_equal(an->status, 200);
    assert_true(str_eq(answer_text(an, "/links/0/kind"), STR("parent_of")));
    assert_true(str_eq(answer_text(shown_with(ann_token, b, "links", STR_NONE), "/links/0/kind"), STR("child_of")));
    etag = answer_header(an, "etag");
    chain_exec(ch, "UPDATE users SET name = 'Renamed' WHERE id = $1", DB_ARGS(DB_INT(ann)));
    assert_int_equal(shown_with(ann_token, a, "links,customer", etag)->status, 200);
}

/* What a ticket shows beside what it counts: the request that gives it another name. */
static void a_name_that_changed_is_never_hidden_by_an_etag(void **state)
{
    int64_t acme = answer_int(send(HTTP_POST, admin_token, "/api/v1/organizations", "{\"name\":\"Acme\"}"), "/id"), t;
    struct answer *an = send(HTTP_PATCH, admin_token, desk_path(ch, "/api/v1/users/%lld", (long long)ann),
                             desk_path(ch, "{\"organization_id\":%lld}", (long long)acme));
    const char *const renamed[][2] = {
        { "/api/v1/groups/1", "/group/name" },
        { "/api/v1/states/1", "/state/name" },
        { "/api/v1/priorities/2", "/priority/name" },
        { desk_path(ch, "/api/v1/users/%lld", (long long)ann), "/customer/name" },
        { desk_path(ch, "/api/v1/users/%lld", (long long)agent), "/owner/name" },
        { desk_path(ch, "/api/v1/organizations/%lld", (long long)acme), "/organization/name" },
    };

    (void)state;
    assert_int_equal(an->status, 200);
    t = desk_ticket(ch, ann, 0, "named");
    an = send(HTTP_PATCH, agent_token, desk_path(ch, "/api/v1/tickets/%lld", (long long)t),
              desk_path(ch, "{\"owner\":%lld,\"organization\":%lld}", (long long)agent, (long long)acme));
    assert_int_equal(an->status, 200);
    for (size_t i = 0; i < ARRAY_LEN(renamed); i++) {
        const char *name = desk_path(ch, "Name %zu", i);
        struct answer *before = shown_with(agent_token, t, "messages", STR_NONE), *now;

        assert_int_equal(shown_with(agent_token, t, "messages", answer_header(before, "etag"))->status, 304);
        an = send(HTTP_PATCH, admin_token, renamed[i][0], desk_path(ch, "{\"name\":\"%s\"}", name));
        if (an->status != 200)
            fail_msg("%s: %.*s", renamed[i][0], STR_ARG(an->body));
        now = shown_with(agent_token, t, "messages", answer_header(before, "etag"));
        if (now->status != 200)
            fail_msg("%s: still %d", renamed[i][1], now->status);
        assert_true(str_eq(answer_text(now, renamed[i][1]), str_of(name)));
        assert_int_equal(answer_int(now, "/version"), answer_int(before, "/version"));
    }
}

static void such_an_etag_serves_as_if_match_too(void **state)
{
    struct str etag = answer_header(shown_with(agent_token, one, "links", STR_NONE), "etag");
    struct ask q = { .method = HTTP_PATCH,
                     .target = desk_path(ch, "/api/v1/tickets/%lld", (long long)one),
                     .bearer = agent_token,
                     .json = "{\"title\":\"c\"}",
                     .if_match = etag.p };

    (void)state;
    assert_int_equal(chain_send(ch, q)->status, 200);
    assert_problem(chain_send(ch, q), 412, "version_mismatch");
    assert_problem_field(chain_send(ch, q), "If-Match");
}

static void parents_make_no_cycle(void **state)
{
    int64_t three = desk_ticket(ch, ann, 0, "three");

    (void)state;
    assert_int_equal(link_to(agent_token, one, "parent_of", two)->status, 201);
    assert_int_equal(link_to(agent_token, two, "parent_of", three)->status, 201);
    assert_problem(link_to(agent_token, three, "parent_of", one), 409, "link_cycle");
    assert_problem(link_to(agent_token, one, "child_of", three), 409, "link_cycle");
    assert_problem_field(link_to(agent_token, one, "child_of", three), "/ticket");
}

static void a_far_end_out_of_reach_is_not_shown_nor_removed(void **state)
{
    int64_t id = answer_int(link_to(admin_token, one, "related", secret), "/id");
    const char *path =
        desk_path(ch, "/api/v1/tickets/%lld/links/%lld", (long long)one, (long long)id);

    (void)state;
    assert_int_equal(json_array_size(answer_at(links_of(admin_token, one), "/data")), 1);
    assert_int_equal(json_array_size(answer_at(links_of(agent_token, one), "/data")), 0);
    assert_int_equal(json_array_size(answer_at(links_of(ann_token, one), "/data")), 1);
    assert_problem(links_of(bob_token, one), 404, NULL);
    assert_problem(send(HTTP_DELETE, agent_token, path, NULL), 404, NULL);
    assert_problem(
        send(HTTP_DELETE, admin_token,
             desk_path(ch, "/api/v1/tickets/%lld/links/%lld", (long long)two, (long long)id), NULL),
        404, NULL);
    assert_int_equal(send(HTTP_DELETE, admin_token, path, NULL)->status, 204);
    assert_problem(send(HTTP_DELETE, admin_token, path, NULL), 404, NULL);
}

static void each_failing_statement_of_a_link_changes_nothing(void **state)
{
    struct answer *an = chain_fail_each(
        ch, (struct ask){
                .method = HTTP_POST,
                .bearer = agent_token,
                .target = desk_path(ch, "/api/v1/tickets/%lld/links", (long long)one),
                .json = desk_path(ch, "{\"kind\":\"related\",\"ticket\":%lld}", (long long)two) });

    (void)state;
    assert_int_equal(an->status, 201);
}

static void watching_begins_and_ends(void **state)
{
    const char *path = desk_path(ch, "/api/v1/tickets/%lld/watch", (long long)one);
    struct answer *an;

    (void)state;
    assert_true(json_is_false(answer_at(send(HTTP_GET, agent_token, path, NULL), "/watching")));
    an = send(HTTP_POST, agent_token, path, NULL);
    assert_int_equal(an->status, 200);
    assert_true(json_is_true(answer_at(an, "/watching")));
    assert_int_equal(answer_int(an, "/watchers/0/id"), agent);
    assert_int_equal(send(HTTP_POST, agent_token, path, NULL)->status, 200);
    an = send(HTTP_POST, ann_token, path, NULL);
    assert_true(json_is_true(answer_at(an, "/watching")));
    assert_null(answer_at(an, "/watchers"));
    assert_problem(send(HTTP_POST, bob_token, path, NULL), 404, NULL);
    assert_true(json_is_false(answer_at(send(HTTP_DELETE, agent_token, path, NULL), "/watching")));
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM watches", DB_NO_ARGS), 1);
}

static struct answer *put_draft(const char *token, const char *path, const char *json)
{
    return send(HTTP_PUT, token, path, json);
}

static void a_draft_is_kept_with_its_version(void **state)
{
    const char *path = desk_path(ch, "/api/v1/tickets/%lld/drafts/reply", (long long)one);
    struct answer *an = put_draft(agent_token, path, "{\"data\":{\"body\":\"Dear\"}}");

    (void)state;
    assert_int_equal(an->status, 200);
    assert_int_equal(answer_int(an, "/version"), 1);
    assert_str_eq(answer_text(an, "/data/body"), "Dear");
    an = put_draft(agent_token, path, "{\"data\":{\"body\":\"Hi\"},\"version\":1}");
    assert_int_equal(answer_int(an, "/version"), 2);
    an = put_draft(agent_token, path, "{\"data\":{\"body\":\"stale\"},\"version\":1}");
    assert_problem(an, 412, NULL);
    assert_str_eq(answer_text(an, "/current/data/body"), "Hi");
    assert_problem(put_draft(agent_token, path, "{\"data\":{}}"), 412, NULL);
    assert_int_equal(send(HTTP_DELETE, agent_token, path, NULL)->status, 204);
    assert_problem(send(HTTP_DELETE, agent_token, path, NULL), 404, NULL);
}

static void drafts_are_private_unless_shared_among_agents(void **state)
{
    const char *path = desk_path(ch, "/api/v1/tickets/%lld/drafts", (long long)one);
    const char *slot = desk_path(ch, "%s/a", path);

    (void)state;
    assert_int_equal(put_draft(agent_token, slot, "{\"data\":{}}")->status, 200);
    assert_int_equal(json_array_size(answer_at(send(HTTP_GET, agent_token, path, NULL), "/data")),
                     1);
    assert_int_equal(json_array_size(answer_at(send(HTTP_GET, admin_token, path, NULL), "/data")),
                     0);
    assert_int_equal(
        put_draft(agent_token, slot, "{\"data\":{},\"version\":1,\"shared\":true}")->status, 200);
    assert_int_equal(json_array_size(answer_at(send(HTTP_GET, admin_token, path, NULL), "/data")),
                     1);
    assert_int_equal(json_array_size(answer_at(send(HTTP_GET, ann_token, path, NULL), "/data")), 0);
    assert_problem(send(HTTP_GET, bob_token, path, NULL), 404, NULL);
    assert_int_equal(put_draft(ann_token, slot, "{\"data\":{}}")->status, 200);
    assert_problem_field(put_draft(ann_token, slot, "{\"data\":{},\"version\":1,\"shared\":true}"),
                         "/shared");
    assert_problem(put_draft(bob_token, slot, "{\"data\":{}}"), 404, NULL);
}

static void drafts_of_new_tickets_are_the_callers_own(void **state)
{
    (void)state;
    assert_int_equal(
        put_draft(ann_token, "/api/v1/drafts/new", "{\"data\":{\"title\":\"x\"}}")->status, 200);
    assert_int_equal(
        json_array_size(answer_at(send(HTTP_GET, ann_token, "/api/v1/drafts", NULL), "/data")), 1);
    assert_int_equal(
        json_array_size(answer_at(send(HTTP_GET, agent_token, "/api/v1/drafts", NULL), "/data")),
        0);
    assert_problem_field(put_draft(ann_token, "/api/v1/drafts/b", "{\"data\":{},\"shared\":true}"),
                         "/shared");
    assert_problem_field(put_draft(ann_token, "/api/v1/drafts/b", "{\"data\":[]}"), "/data");
    assert_problem(put_draft(ann_token, "/api/v1/drafts/B%2F", "{\"data\":{}}"), 404, NULL);
    assert_int_equal(send(HTTP_DELETE, ann_token, "/api/v1/drafts/new", NULL)->status, 204);
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(a_link_is_seen_from_both_ends),
        EACH(both_ends_must_be_within_reach),
        EACH(a_ticket_shown_with_what_its_version_does_not_count_is_never_stale),
        EACH(a_name_that_changed_is_never_hidden_by_an_etag),
        EACH(such_an_etag_serves_as_if_match_too),
        EACH(parents_make_no_cycle),
        EACH(a_far_end_out_of_reach_is_not_shown_nor_removed),
        EACH(each_failing_statement_of_a_link_changes_nothing),
        EACH(watching_begins_and_ends),
        EACH(a_draft_is_kept_with_its_version),
        EACH(drafts_are_private_unless_shared_among_agents),
        EACH(drafts_of_new_tickets_are_the_callers_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
