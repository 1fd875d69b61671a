/* Who got another name or address is found under it in his tickets and words. */
#include "desk_fixture.h"

#include "job/runner.h"

enum { MANY = 70 }; /* more than fit into a request and a step */

static struct {
    struct chain *ch;
    const char *admin;
    int64_t ann, agent_id;
} t;

static int set_up(void **state)
{
    (void)state;
    t.ch = chain_open();
    t.admin = chain_admin(t.ch);
    t.ann = chain_user(t.ch, 3);
    t.agent_id = chain_user(t.ch, 2);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chain_close(&t.ch);
    return 0;
}

static struct answer *ask(enum http_method method, const char *path, const char *json)
{
    struct answer *an = chain_send(
        t.ch, (struct ask){ .method = method, .target = path, .bearer = t.admin, .json = json });

    if (an->status >= 300)
        fail_msg("status %d: %.*s", an->status, STR_ARG(an->body));
    return an;
}

static int64_t found(const char *words)
{
    return answer_int(ask(HTTP_GET, desk_path(t.ch, "/api/v1/search?limit=1&count=exact&q=%s", words), NULL),
                      "/count");
}

static void rename_to(int64_t user, const char *name)
{
    ask(HTTP_PATCH, desk_path(t.ch, "/api/v1/users/%lld", (long long)user),
        desk_path(t.ch, "{\"name\":\"%s\"}", name));
}

static int finish_jobs(void)
{
    bool idle = false;
    int n = 0;

    for (; n < 100 && !idle; n++)
        runner_tick(t.ch->app->runner, &idle);
    assert_true(idle);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM jobs WHERE state <> 2", DB_NO_ARGS), 0);
    return n;
}

static void a_customer_with_few_tickets_is_found_by_his_new_name_at_once(void **state)
{
    (void)state;
    rename_to(t.ann, "Ann Oldname");
    desk_ticket(t.ch, t.ann, 0, "printer");
    assert_int_equal(found("oldname"), 1);
    rename_to(t.ann, "Ann Newname");
    assert_int_equal(found("newname"), 1);
    assert_int_equal(found("oldname"), 0);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM jobs", DB_NO_ARGS), 0);
}

static void the_many_tickets_of_a_customer_follow_in_a_job(void **state)
{
    int64_t first = 0;

    (void)state;
    rename_to(t.ann, "Ann Oldname");
    for (int i = 0; i < MANY; i++) {
        int64_t id = desk_ticket(t.ch, t.ann, 0, "printer");

        first = first ? first : id;
    }
    rename_to(t.ann, "Ann Newname");
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM jobs", DB_NO_ARGS), 1);
    assert_in_range(found("newname"), 1, MANY - 1);
    desk_message(t.ch, first, t.ann, false, "a change while the job waits");
    finish_jobs();
    assert_int_equal(found("newname"), MANY);
    assert_int_equal(found("oldname"), 0);
}

static void what_an_agent_wrote_is_found_by_his_new_name(void **state)
{
    int64_t id = desk_ticket(t.ch, t.ann, 0, "printer");

    (void)state;
    rename_to(t.agent_id, "Bob Oldname");
    for (int i = 0; i < MANY; i++)
        desk_message(t.ch, id, t.agent_id, false, i % 2 ? "odd" : "even");
    rename_to(t.agent_id, "Bob Newname");
    finish_jobs();
    assert_int_equal(found("from:newname"), 1);
    assert_int_equal(found("from:oldname"), 0);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM search_docs", DB_NO_ARGS), MANY + 1);
}

static void another_primary_address_is_found(void **state)
{
    int64_t identity;

    (void)state;
    desk_ticket(t.ch, t.ann, 0, "printer");
    ask(HTTP_POST, desk_path(t.ch, "/api/v1/users/%lld/identities", (long long)t.ann),
        "{\"kind\":\"email\",\"value\":\"fresh@new.example\"}");
    identity = chain_int(t.ch, "SELECT id FROM identities WHERE value = 'fresh@new.example'", DB_NO_ARGS);
    assert_int_equal(found("fresh"), 0);
    ask(HTTP_POST, desk_path(t.ch, "/api/v1/users/%lld/identities/%lld/primary", (long long)t.ann,
                             (long long)identity), NULL);
    assert_int_equal(found("fresh"), 1);
}

static void each_failing_statement_leaves_name_and_documents_as_they_were(void **state)
{
    struct answer *an;

    (void)state;
    rename_to(t.ann, "Ann Oldname");
    for (int i = 0; i < 3; i++)
        desk_ticket(t.ch, t.ann, 0, "printer");
    an = chain_fail_each(t.ch, (struct ask){ .method = HTTP_PATCH, .bearer = t.admin,
                                             .target = desk_path(t.ch, "/api/v1/users/%lld", (long long)t.ann),
                                             .json = "{\"name\":\"Ann Newname\"}" });
    assert_int_equal(an->status, 200);
    assert_int_equal(found("newname"), 3);
}

static void a_renamed_organisation_is_found_by_its_new_name(void **state)
{
    int64_t org = answer_int(ask(HTTP_POST, "/api/v1/organizations", "{\"name\":\"Oldname\"}"), "/id");

    (void)state;
    ask(HTTP_PATCH, desk_path(t.ch, "/api/v1/users/%lld", (long long)t.ann),
        desk_path(t.ch, "{\"organization_id\":%lld}", (long long)org));
    ask(HTTP_POST, "/api/v1/tickets",
        desk_path(t.ch, "{\"title\":\"t\",\"customer\":%lld,\"message\":{\"body\":\"b\"}}", (long long)t.ann));
    assert_int_equal(found("org:oldname"), 1);
    ask(HTTP_PATCH, desk_path(t.ch, "/api/v1/organizations/%lld", (long long)org), "{\"name\":\"Newname\"}");
    assert_int_equal(found("org:newname"), 1);
    assert_int_equal(json_array_size(answer_at(
                         ask(HTTP_GET, "/api/v1/search?types=organizations&q=newn", NULL), "/organizations")), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_customer_with_few_tickets_is_found_by_his_new_name_at_once),
        CASE(the_many_tickets_of_a_customer_follow_in_a_job),
        CASE(what_an_agent_wrote_is_found_by_his_new_name),
        CASE(another_primary_address_is_found),
        CASE(each_failing_statement_leaves_name_and_documents_as_they_were),
        CASE(a_renamed_organisation_is_found_by_its_new_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
