/* Tickets through the whole chain: open, see, answer, change; rights; what each failure leaves. */
#include "chain_test.h"

static struct {
    struct chain *ch;
    const char *admin, *agent, *customer, *other;
    int64_t customer_id, agent_id;
} t;

static int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    t.ch = chain_open();
    t.customer_id = chain_user(t.ch, 3);
    t.agent_id = chain_user(t.ch, 2);
    t.admin = chain_admin(t.ch);
    t.agent = chain_token(t.ch, t.agent_id, -1, false);
    t.customer = chain_token(t.ch, t.customer_id, -1, false);
    t.other = chain_customer(t.ch);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chain_close(&t.ch);
    return 0;
}

static struct answer *send(enum http_method method, const char *bearer, const char *json,
                           const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static struct answer *send(enum http_method method, const char *bearer, const char *json,
                           const char *fmt, ...)
{
    char target[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(target, sizeof(target), fmt, args);
    va_end(args);
    return chain_send(t.ch, (struct ask){ .method = method, .target = target, .json = json,
                                          .bearer = bearer });
}

static void expect(const struct answer *an, int status)
{
    if (an->status != status)
        fail_msg("status %d, want %d: %.*s", an->status, status, STR_ARG(an->body));
}

static struct answer *open_ticket(const char *bearer)
{
    struct answer *an = send(HTTP_POST, bearer,
                             "{\"title\":\"Printer on fire\",\"message\":{\"body\":\"It <b>burns</b>\\nhelp\"}}",
                             "/api/v1/tickets");

    expect(an, 201);
    return an;
}

static void a_customer_opens_sees_and_answers_his_ticket(void **state)
{
    struct answer *an = open_ticket(t.customer);
    long long id = answer_int(an, "/id");

    (void)state;
    assert_str_eq(answer_text(an, "/state/name"), "new");
    assert_str_eq(answer_text(an, "/state_type"), "new");
    assert_str_eq(answer_text(an, "/group/name"), "Support");
    assert_str_eq(answer_text(an, "/priority/name"), "normal");
    assert_int_equal(answer_int(an, "/customer/id"), t.customer_id);
    assert_int_equal(answer_int(an, "/message_count"), 1);
    assert_true(json_is_null(answer_at(an, "/owner")));
    assert_true(str_starts(answer_header(an, "etag"), STR("\"v1.")));

    an = send(HTTP_POST, t.agent, "{\"body\":\"We come\"}", "/api/v1/tickets/%lld/messages", id);
    expect(an, 201);
    assert_str_eq(answer_text(an, "/sender_type"), "agent");
    an = send(HTTP_POST, t.agent, "{\"body\":\"secret note\",\"visibility\":\"internal\"}",
              "/api/v1/tickets/%lld/messages", id);
    expect(an, 201);
    an = send(HTTP_GET, t.customer, NULL, "/api/v1/tickets/%lld?include=messages,participants,links", id);
    expect(an, 200);
    assert_str_eq(answer_text(an, "/state/name"), "open");
    assert_int_equal(json_array_size(answer_at(an, "/messages")), 2);
    assert_true(str_find(answer_text(an, "/messages/0/html"), STR("It &lt;b&gt;burns&lt;/b&gt;")) != SIZE_MAX);
    assert_int_equal(answer_int(an, "/message_count"), 2);
    assert_non_null(answer_at(an, "/first_response_at"));
    assert_true(str_find(an->body, STR("secret")) == SIZE_MAX);
    an = send(HTTP_GET, t.agent, NULL, "/api/v1/tickets/%lld?include=messages", id);
    assert_int_equal(json_array_size(answer_at(an, "/messages")), 3);
    an = send(HTTP_GET, t.customer, NULL, "/api/v1/tickets/%lld/messages?limit=1", id);
    expect(an, 200);
    assert_str_eq(answer_text(an, "/data/0/body"), "It <b>burns</b>\nhelp");
    an = send(HTTP_GET, t.customer, NULL, "/api/v1/tickets");
    expect(an, 200);
    assert_int_equal(json_array_size(answer_at(an, "/data")), 1);
}

static void what_is_not_yours_is_not_there(void **state)
{
    struct answer *an = open_ticket(t.customer), *never;
    long long id = answer_int(an, "/id");
    struct str number = answer_text(an, "/number");
    static const char *const paths[] = { "", "/messages", "/events" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        an = send(HTTP_GET, t.other, NULL, "/api/v1/tickets/%lld%s", id, paths[i]);
        never = send(HTTP_GET, t.other, NULL, "/api/v1/tickets/%lld%s", id + 100000, paths[i]);
        assert_problem(an, 404, NULL);
        assert_true(str_eq(answer_text(an, "/detail"), answer_text(never, "/detail")));
    }
    assert_problem(send(HTTP_GET, t.other, NULL, "/api/v1/tickets/number:%.*s", STR_ARG(number)), 404, NULL);
    expect(send(HTTP_GET, t.customer, NULL, "/api/v1/tickets/number:%.*s", STR_ARG(number)), 200);
    assert_problem(send(HTTP_PATCH, t.other, "{\"title\":\"x\"}", "/api/v1/tickets/%lld", id), 404, NULL);
    assert_problem(send(HTTP_POST, t.other, "{\"body\":\"x\"}", "/api/v1/tickets/%lld/messages", id), 404, NULL);
    assert_problem(send(HTTP_POST, t.other, "{\"title\":\"x\"}", "/api/v1/tickets/%lld/actions", id), 404, NULL);
    assert_problem(send(HTTP_GET, t.other, NULL, "/api/v1/messages/1"), 404, NULL);
    assert_int_equal(json_array_size(answer_at(send(HTTP_GET, t.other, NULL, "/api/v1/tickets"), "/data")), 0);
    assert_problem(send(HTTP_GET, NULL, NULL, "/api/v1/tickets/%lld", id), 401, NULL);
}

static void customers_cannot_set_what_is_the_agents(void **state)
{
    static const char *const bodies[] = {
        "{\"title\":\"x\",\"message\":{\"body\":\"x\"},\"owner\":\"me\"}",
        "{\"title\":\"x\",\"message\":{\"body\":\"x\"},\"customer\":2}",
        "{\"title\":\"x\",\"message\":{\"body\":\"x\"},\"state\":\"closed\"}",
        "{\"title\":\"x\",\"message\":{\"body\":\"x\"},\"tags\":[\"a\"]}",
        "{\"title\":\"x\",\"message\":{\"body\":\"x\",\"visibility\":\"internal\"}}",
        "{\"title\":\"x\",\"message\":{\"body\":\"x\"},\"channel\":\"phone\"}",
        "{\"title\":\"x\",\"message\":{\"body\":\"x\"},\"number\":\"7\"}",
        "{\"title\":\"x\",\"message\":{\"body\":\"x\"},\"version\":7}",
        "{\"title\":\"x\",\"message\":{\"body\":\"x\"},\"Title\":\"y\"}",
        "{\"title\":\"x\",\"message\":{\"body\":\"x\",\"sender_type\":\"agent\"}}",
        "{\"title\":\"x\",\"message\":{\"body\":\"x\",\"attachments\":[999]}}",
    };
    static const char *const patches[] = { "{\"title\":\"x\"}", "{\"owner\":null}", "{\"group\":1}",
                                           "{\"priority\":4}", "{\"state\":\"spam\"}",
                                           "{\"state\":\"open\"}", "{\"tags\":[]}" };
    long long id = answer_int(open_ticket(t.customer), "/id");
    struct str before = chain_checksum(t.ch);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct answer *an = send(HTTP_POST, t.customer, bodies[i], "/api/v1/tickets");

        if (an->status != 403 && an->status != 422)
            fail_msg("%s: %d", bodies[i], an->status);
    }
    for (size_t i = 0; i < ARRAY_LEN(patches); i++)
        assert_problem(send(HTTP_PATCH, t.customer, patches[i], "/api/v1/tickets/%lld", id), 403, NULL);
    assert_true(str_eq(before, chain_checksum(t.ch)));
    expect(send(HTTP_PATCH, t.customer, "{\"state\":\"closed\"}", "/api/v1/tickets/%lld", id), 200);
}

static void changes_are_one_event_with_first_before_and_last_after(void **state)
{
    long long id = answer_int(open_ticket(t.customer), "/id");
    struct answer *an;

    (void)state;
    an = send(HTTP_POST, t.agent,
              "{\"owner\":\"me\",\"priority\":\"high\",\"state\":\"pending reminder\","
              "\"until\":\"2099-01-01T00:00:00Z\",\"add_tags\":[\"VIP \",\"a  b\"],"
              "\"message\":{\"body\":\"Soon\"}}",
              "/api/v1/tickets/%lld/actions", id);
    expect(an, 200);
    assert_str_eq(answer_text(an, "/state/name"), "pending reminder");
    assert_int_equal(answer_int(an, "/owner/id"), t.agent_id);
    assert_str_eq(answer_text(an, "/tags/1"), "vip");
    assert_int_equal(answer_int(an, "/version"), 2);
    an = send(HTTP_GET, t.agent, NULL, "/api/v1/tickets/%lld/events", id);
    expect(an, 200);
    assert_int_equal(json_array_size(answer_at(an, "/data")), 2);
    assert_str_eq(answer_text(an, "/data/0/type"), "create");
    assert_str_eq(answer_text(an, "/data/1/changes/state/0/name"), "new");
    assert_str_eq(answer_text(an, "/data/1/changes/state/1/name"), "pending reminder");
    assert_true(json_is_null(answer_at(an, "/data/1/changes/owner/0")));
    an = send(HTTP_GET, t.customer, NULL, "/api/v1/tickets/%lld/events", id);
    assert_str_eq(answer_text(an, "/data/1/changes/state/1/name"), "waiting");
    assert_null(answer_at(an, "/data/1/changes/owner"));
    assert_null(answer_at(an, "/data/1/changes/tags"));
    /* the customer's answer ends the waiting */
    expect(send(HTTP_POST, t.customer, "{\"body\":\"ok\"}", "/api/v1/tickets/%lld/messages", id), 201);
    an = send(HTTP_GET, t.agent, NULL, "/api/v1/tickets/%lld", id);
    assert_str_eq(answer_text(an, "/state/name"), "open");
    assert_true(json_is_null(answer_at(an, "/until")));
}

static void stale_changes_get_the_current_ticket(void **state)
{
    struct answer *an = open_ticket(t.customer);
    long long id = answer_int(an, "/id");
    char target[64];

    (void)state;
    snprintf(target, sizeof(target), "/api/v1/tickets/%lld", id);
    an = chain_send(t.ch, (struct ask){ .method = HTTP_PATCH, .target = target, .json = "{\"priority\":3}",
                                        .bearer = t.agent, .if_match = "\"v1\"" });
    expect(an, 200);
    an = chain_send(t.ch, (struct ask){ .method = HTTP_PATCH, .target = target, .json = "{\"priority\":4}",
                                        .bearer = t.agent, .if_match = "\"v1\"" });
    assert_problem(an, 412, NULL);
    assert_int_equal(answer_int(an, "/current/version"), 2);
    an = send(HTTP_POST, t.agent, "{\"last_seen_message\":0,\"message\":{\"body\":\"x\"}}",
              "/api/v1/tickets/%lld/actions", id);
    assert_problem(an, 409, "customer_wrote");
    assert_problem_field(an, "/last_seen_message");
}

static void values_that_do_not_fit_are_refused_by_name(void **state)
{
    static const struct {
        const char *json, *pointer;
    } cases[] = {
        { "{\"state\":\"nowhere\"}", "/state" },
        { "{\"state\":\"merged\"}", "/state" },
        { "{\"state\":\"pending reminder\"}", "/until" },
        { "{\"state\":\"pending reminder\",\"until\":\"2001-01-01T00:00:00Z\"}", "/until" },
        { "{\"until\":\"2099-01-01T00:00:00Z\"}", "/until" },
        { "{\"group\":77}", "/group" },
        { "{\"owner\":999999}", "/owner" },
        { "{\"customer\":999999}", "/customer" },
        { "{\"organization\":5}", "/organization" },
        { "{\"priority\":\"x\"}", "/priority" },
        { "{\"tags\":[\"a,b\"]}", "/tags" },
        { "{\"fields\":{\"room\":1}}", "/fields/room" },
        { "{\"titel\":\"x\"}", "/titel" },
    };
    long long id = answer_int(open_ticket(t.customer), "/id");
    struct str before = chain_checksum(t.ch);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct answer *an = send(HTTP_PATCH, t.agent, cases[i].json, "/api/v1/tickets/%lld", id);

        if (an->status != 422)
            fail_msg("%s: %d %.*s", cases[i].json, an->status, STR_ARG(an->body));
        assert_problem_field(an, cases[i].pointer);
    }
    assert_true(str_eq(before, chain_checksum(t.ch)));
}

static void each_failing_statement_leaves_the_ticket_whole_or_absent(void **state)
{
    char target[64];
    struct answer *an = chain_fail_each(
        t.ch, (struct ask){ .method = HTTP_POST, .target = "/api/v1/tickets", .bearer = t.agent,
                            .json = "{\"title\":\"a\",\"message\":{\"body\":\"b\"},\"tags\":[\"x\"],"
                                    "\"customer\":{\"email\":\"new@example.org\",\"name\":\"New\"},"
                                    "\"owner\":\"me\",\"external_id\":\"E-1\"}" });
    (void)state;
    expect(an, 201);
    snprintf(target, sizeof(target), "/api/v1/tickets/%lld/actions", (long long)answer_int(an, "/id"));
    expect(chain_fail_each(t.ch, (struct ask){ .method = HTTP_POST, .target = target, .bearer = t.agent,
                                               .json = "{\"title\":\"c\",\"state\":\"closed\",\"owner\":null,"
                                                       "\"tags\":[],\"message\":{\"body\":\"d\"}}" }),
           200);
    snprintf(target, sizeof(target), "/api/v1/tickets/%lld/messages", (long long)answer_int(an, "/id"));
    expect(chain_fail_each(t.ch, (struct ask){ .method = HTTP_POST, .target = target, .bearer = t.agent,
                                               .json = "{\"body\":\"d\",\"visibility\":\"internal\"}" }),
           201);
    an = send(HTTP_POST, t.agent,
              "{\"title\":\"a\",\"message\":{\"body\":\"b\"},\"external_id\":\"E-1\"}", "/api/v1/tickets");
    assert_problem(an, 409, "external_id_taken");
}

static void html_and_markdown_are_made_safe(void **state)
{
    struct answer *an = open_ticket(t.customer);
    long long id = answer_int(an, "/id");

    (void)state;
    an = send(HTTP_POST, t.customer,
              "{\"format\":\"html\",\"body\":\"<p onclick=x>hi<script>alert(1)</script><b>you\"}",
              "/api/v1/tickets/%lld/messages", id);
    expect(an, 201);
    assert_str_eq(answer_text(an, "/html"), "<p>hi<b>you</b></p>");
    assert_true(str_find(an->body, STR("alert")) == SIZE_MAX);
    an = send(HTTP_POST, t.customer, "{\"format\":\"markdown\",\"body\":\"**hi** [x](javascript:y)\"}",
              "/api/v1/tickets/%lld/messages", id);
    expect(an, 201);
    assert_true(str_find(answer_text(an, "/html"), STR("<strong>hi</strong>")) != SIZE_MAX);
    assert_true(str_find(answer_text(an, "/html"), STR("javascript")) == SIZE_MAX);
    assert_problem(send(HTTP_POST, t.customer, "{\"format\":\"html\",\"body\":\"<script>x</script>\"}",
                        "/api/v1/tickets/%lld/messages", id), 422, NULL);
}

static void closed_tickets_follow_the_rule_of_their_group(void **state)
{
    static const int rules[] = { 0, 1, 3 }; /* reopen, new ticket, reject */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        long long id = answer_int(open_ticket(t.customer), "/id");
        struct answer *an;

        chain_exec(t.ch, "UPDATE groups SET follow_up = $1 WHERE id = 1", DB_ARGS(DB_INT(rules[i])));
        chain_exec(t.ch, "UPDATE counters SET value = $1 WHERE name = 'catalog'",
                   DB_ARGS(DB_INT(1000 + (int64_t)i)));
        expect(send(HTTP_PATCH, t.agent, "{\"state\":\"closed\"}", "/api/v1/tickets/%lld", id), 200);
        an = send(HTTP_POST, t.customer, "{\"body\":\"again\"}", "/api/v1/tickets/%lld/messages", id);
        if (rules[i] == 3) {
            assert_problem(an, 409, "ticket_closed");
            continue;
        }
        expect(an, 201);
        if (rules[i] == 0) {
            assert_int_equal(answer_int(an, "/ticket_id"), id);
            an = send(HTTP_GET, t.agent, NULL, "/api/v1/tickets/%lld", id);
            assert_str_eq(answer_text(an, "/state/name"), "open");
        } else {
            long long made = answer_int(an, "/ticket_id");

            assert_true(made != id);
            assert_int_equal(chain_int(t.ch, "SELECT other_id FROM links WHERE ticket_id = $1 AND kind = 3",
                                       DB_ARGS(DB_INT(made))),
                             id);
        }
    }
}

static void redaction_takes_the_words_out_everywhere(void **state)
{
    struct answer *an = open_ticket(t.customer);
    long long id = answer_int(an, "/id"), m;

    (void)state;
    an = send(HTTP_GET, t.agent, NULL, "/api/v1/tickets/%lld/messages", id);
    m = answer_int(an, "/data/0/id");
    assert_problem(send(HTTP_PATCH, t.agent, "{\"body\":\"changed\"}", "/api/v1/messages/%lld", m), 403, NULL);
    assert_problem(send(HTTP_POST, t.customer, "{\"reason\":\"r\"}", "/api/v1/messages/%lld/redact", m), 403,
                   NULL);
    an = send(HTTP_POST, t.admin, "{\"reason\":\"a password\"}", "/api/v1/messages/%lld/redact", m);
    expect(an, 200);
    assert_str_eq(answer_text(an, "/redaction_reason"), "a password");
    an = send(HTTP_GET, t.customer, NULL, "/api/v1/tickets/%lld?include=messages", id);
    assert_true(str_find(an->body, STR("burns")) == SIZE_MAX);
}

static void the_author_of_a_note_may_change_it(void **state)
{
    long long id = answer_int(open_ticket(t.customer), "/id"), m;
    struct answer *an = send(HTTP_POST, t.agent, "{\"body\":\"note\",\"visibility\":\"internal\"}",
                             "/api/v1/tickets/%lld/messages", id);

    (void)state;
    m = answer_int(an, "/id");
    assert_problem(send(HTTP_GET, t.customer, NULL, "/api/v1/messages/%lld", m), 404, NULL);
    assert_problem(send(HTTP_PATCH, t.admin, "{\"body\":\"mine now\"}", "/api/v1/messages/%lld", m), 403, NULL);
    an = send(HTTP_PATCH, t.agent, "{\"body\":\"better\"}", "/api/v1/messages/%lld", m);
    expect(an, 200);
    assert_str_eq(answer_text(an, "/text"), "better");
    assert_int_equal(answer_int(an, "/version"), 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void null_clears_the_tags(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch);
    struct answer *an;

    (void)state;
    an = chain_send(ch, (struct ask){ .method = HTTP_POST, .target = "/api/v1/tickets", .bearer = agent,
                                      .json = "{\"title\":\"x\",\"message\":{\"body\":\"x\"},\"tags\":[\"a\",\"b\"]}" });
    assert_int_equal(an->status, 201);
    an = chain_send(ch, (struct ask){ .method = HTTP_PATCH, .bearer = agent, .json = "{\"tags\":null}",
                                      .target = str_printf(ch->a, "/api/v1/tickets/%lld",
                                                           (long long)answer_int(an, "/id"))
                                                    .p });
    assert_int_equal(an->status, 200);
    assert_int_equal(json_array_size(answer_at(an, "/tags")), 0);
    chain_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_clears_the_tags),
        CASE(a_customer_opens_sees_and_answers_his_ticket),
        CASE(what_is_not_yours_is_not_there),
        CASE(customers_cannot_set_what_is_the_agents),
        CASE(changes_are_one_event_with_first_before_and_last_after),
        CASE(stale_changes_get_the_current_ticket),
        CASE(values_that_do_not_fit_are_refused_by_name),
        CASE(each_failing_statement_leaves_the_ticket_whole_or_absent),
        CASE(html_and_markdown_are_made_safe),
        CASE(closed_tickets_follow_the_rule_of_their_group),
        CASE(redaction_takes_the_words_out_everywhere),
        CASE(the_author_of_a_note_may_change_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
