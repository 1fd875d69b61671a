/* What the rules refuse, each by the name of what does not fit. */
#include "desk_world.h"

static int64_t ticket_id;

static int set_up_ticket(void **state)
{
    (void)set_up(state);
    ticket_id = desk_ticket(t.ch, t.ann, 0, "x");
    return 0;
}

static struct answer *on_ticket(enum http_method method, const char *bearer, const char *tail,
                                const char *json)
{
    return ask(method, bearer, desk_path(t.ch, "/api/v1/tickets/%lld%s", (long long)ticket_id, tail),
               json);
}

static void refused(const struct answer *an, const char *pointer)
{
    assert_problem(an, 422, NULL);
    assert_problem_field(an, pointer);
}

static int64_t switched_off(void)
{
    int64_t user = chain_user(t.ch, 3);

    chain_exec(t.ch, "UPDATE users SET active = 0 WHERE id = $1", DB_ARGS(DB_INT(user)));
    return user;
}

static struct answer *create(const char *token, const char *more)
{
    return ask(HTTP_POST, token, "/api/v1/tickets",
               desk_path(t.ch, "{\"title\":\"t\",\"message\":{\"body\":\"b\"},%s}", more));
}

static void a_new_ticket_names_only_people_who_are_there(void **state)
{
    int64_t off = switched_off();

    (void)state;
    refused(create(t.agent, "\"customer\":999999"), "/customer");
    refused(create(t.agent, desk_path(t.ch, "\"customer\":%lld", (long long)off)), "/customer");
    refused(create(t.customer, desk_path(t.ch, "\"customer\":%lld", (long long)t.agent_id)),
            "/customer");
    refused(create(t.customer, desk_path(t.ch, "\"participants\":[{\"user\":%lld}]",
                                         (long long)t.agent_id)),
            "/participants");
}

static void without_a_default_group_one_must_be_named(void **state)
{
    struct answer *an;

    (void)state;
    chain_exec(t.ch, "UPDATE groups SET is_default = 0", DB_NO_ARGS);
    chain_exec(t.ch, "UPDATE counters SET value = value + 1 WHERE name = 'catalog'", DB_NO_ARGS);
    refused(create(t.customer, "\"priority\":\"normal\""), "/group");
    an = create(t.agent, "\"group\":1");
    assert_int_equal(an->status, 201);
}

static void a_change_names_only_what_is_there(void **state)
{
    static const struct {
        const char *json, *pointer;
    } rows[] = {
        { "{\"state\":999}", "/state" },
        { "{\"state\":\"merged\"}", "/state" },
        { "{\"priority\":999}", "/priority" },
        { "{\"group\":999}", "/group" },
        { "{\"customer\":999999}", "/customer" },
        { "{\"owner\":999999}", "/owner" },
        { "{\"organization\":999}", "/organization" },
        { "{\"tags\":[\"a,b\"]}", "/tags" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        refused(on_ticket(HTTP_PATCH, t.agent, "", rows[i].json), rows[i].pointer);
    refused(on_ticket(HTTP_PATCH, t.agent, "",
                      desk_path(t.ch, "{\"customer\":%lld}", (long long)switched_off())),
            "/customer");
    refused(on_ticket(HTTP_PATCH, t.agent, "",
                      desk_path(t.ch, "{\"owner\":%lld}", (long long)t.ann)),
            "/owner");
}

static void a_tag_is_added_and_taken_by_name(void **state)
{
    struct answer *an;

    (void)state;
    on_ticket(HTTP_PATCH, t.agent, "", "{\"tags\":[\"vpn\",\"down\"]}");
    an = on_ticket(HTTP_POST, t.agent, "/actions",
                   "{\"add_tags\":[\"Urgent\"],\"remove_tags\":[\"VPN\",\"nowhere\"]}");
    assert_int_equal(an->status, 200);
    an = on_ticket(HTTP_GET, t.agent, "", NULL);
    assert_int_equal(json_array_size(answer_at(an, "/tags")), 2);
    assert_str_eq(answer_text(an, "/tags/1"), "urgent");
}

static void a_message_is_on_behalf_of_somebody_of_the_ticket(void **state)
{
    int64_t cc = chain_user(t.ch, 3);
    const char *json = desk_path(t.ch, "{\"body\":\"b\",\"on_behalf_of\":%lld}", (long long)cc);
    struct answer *an;

    (void)state;
    refused(on_ticket(HTTP_POST, t.agent, "/messages", json), "/on_behalf_of");
    on_ticket(HTTP_POST, t.agent, "/participants",
              desk_path(t.ch, "{\"user\":%lld}", (long long)cc));
    an = on_ticket(HTTP_POST, t.agent, "/messages", json);
    assert_int_equal(an->status, 201);
    assert_str_eq(answer_text(an, "/sender_type"), "customer");
    an = on_ticket(HTTP_POST, t.agent, "/messages",
                   desk_path(t.ch, "{\"body\":\"b\",\"on_behalf_of\":%lld}", (long long)t.ann));
    assert_int_equal(an->status, 201);
}

static void who_did_not_see_the_customers_last_word_is_told(void **state)
{
    int64_t seen = desk_message(t.ch, ticket_id, t.ann, false, "one"),
            newer = desk_message(t.ch, ticket_id, t.ann, false, "two");

    (void)state;
    assert_problem(on_ticket(HTTP_POST, t.agent, "/messages",
                             desk_path(t.ch, "{\"body\":\"b\",\"last_seen_message\":%lld}",
                                       (long long)seen)),
                   409, "customer_wrote");
    assert_int_equal(on_ticket(HTTP_POST, t.agent, "/messages",
                               desk_path(t.ch, "{\"body\":\"b\",\"last_seen_message\":%lld}",
                                         (long long)newer))
                         ->status,
                     201);
}

static void a_split_names_own_messages_once_and_a_group_within_reach(void **state)
{
    int64_t m = desk_message(t.ch, ticket_id, t.agent_id, false, "answer");
    struct answer *an;

    (void)state;
    refused(on_ticket(HTTP_POST, t.agent, "/split", "{\"messages\":[999999],\"mode\":\"copy\"}"),
            "/messages/0");
    refused(on_ticket(HTTP_POST, t.agent, "/split",
                      desk_path(t.ch, "{\"messages\":[%lld,%lld],\"mode\":\"copy\"}", (long long)m,
                                (long long)m)),
            "/messages/1");
    refused(on_ticket(HTTP_POST, t.agent, "/split",
                      desk_path(t.ch, "{\"messages\":[%lld],\"mode\":\"copy\",\"group\":%lld}",
                                (long long)m, (long long)desk_group(t.ch, "far"))),
            "/group");
    an = on_ticket(HTTP_POST, t.agent, "/split",
                   desk_path(t.ch, "{\"messages\":[%lld],\"mode\":\"copy\"}", (long long)m));
    assert_int_equal(an->status, 201);
    assert_int_equal(answer_int(an, "/customer/id"), t.ann);
}

static void spam_and_deleted_tickets_are_not_merged(void **state)
{
    int64_t other = desk_ticket(t.ch, t.ann, 0, "y");
    const char *into = desk_path(t.ch, "{\"into\":%lld}", (long long)other);

    (void)state;
    on_ticket(HTTP_PATCH, t.admin, "", "{\"state\":\"spam\"}");
    assert_problem(on_ticket(HTTP_POST, t.agent, "/merge", into), 409, "ticket_removed");
}

static void a_ticket_has_so_many_links_and_participants_and_no_more(void **state)
{
    int64_t other = desk_ticket(t.ch, t.ann, 0, "y"), cc = chain_user(t.ch, 3);

    (void)state;
    refused(on_ticket(HTTP_POST, t.agent, "/participants", "{\"user\":999999}"), "/user");
    chain_exec(t.ch,
               "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
               " INSERT INTO users (name, name_fold, created_us, updated_us)"
               " SELECT 'p', 'p', 0, 0 FROM n",
               DB_NO_ARGS);
    chain_exec(t.ch,
               "INSERT INTO participants (ticket_id, user_id, role, created_us)"
               " SELECT $1, id, 0, 0 FROM users WHERE name_fold = 'p'",
               DB_ARGS(DB_INT(ticket_id)));
    assert_problem(on_ticket(HTTP_POST, t.agent, "/participants",
                             desk_path(t.ch, "{\"user\":%lld}", (long long)cc)),
                   409, "too_many");
    chain_exec(t.ch,
               "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
               " INSERT INTO tickets (number, title, state_id, state_type, priority_id, group_id,"
               " customer_id, channel, created_us, updated_us) SELECT 'L' || CAST(i AS TEXT), 'l',"
               " 1, 0, 2, 1, $1, 0, 0, 0 FROM n",
               DB_ARGS(DB_INT(t.ann)));
    chain_exec(t.ch,
               "INSERT INTO links (ticket_id, other_id, kind, created_us)"
               " SELECT $1, id, 1, 0 FROM tickets WHERE title = 'l'",
               DB_ARGS(DB_INT(ticket_id)));
    assert_problem(on_ticket(HTTP_POST, t.agent, "/links",
                             desk_path(t.ch, "{\"ticket\":%lld,\"kind\":\"parent_of\"}",
                                       (long long)other)),
                   409, "too_many_links");
}

static void words_are_taken_out_once_and_public_ones_stay(void **state)
{
    int64_t m = desk_message(t.ch, ticket_id, t.agent_id, false, "public");
    const char *path = desk_path(t.ch, "/api/v1/messages/%lld", (long long)m);

    (void)state;
    assert_problem(ask(HTTP_PATCH, t.agent, path, "{\"body\":\"other\"}"), 409,
                   "message_immutable");
    path = desk_path(t.ch, "%s/redact", path);
    assert_int_equal(ask(HTTP_POST, t.admin, path, "{\"reason\":\"r\"}")->status, 200);
    assert_problem(ask(HTTP_POST, t.admin, path, "{\"reason\":\"r\"}"), 409, "message_redacted");
}

static void tags_are_managed_by_name_and_version(void **state)
{
    struct answer *an = ask(HTTP_POST, t.admin, "/api/v1/tags", "{\"name\":\"VPN\"}");
    const char *path = desk_path(t.ch, "/api/v1/tags/%lld", (long long)answer_int(an, "/id"));

    (void)state;
    assert_int_equal(an->status, 201);
    assert_problem(ask(HTTP_POST, t.admin, "/api/v1/tags", "{\"name\":\"vpn\"}"), 409, "tag_exists");
    assert_problem_field(ask(HTTP_POST, t.admin, "/api/v1/tags", "{\"name\":\"vpn\"}"), "/name");
    refused(ask(HTTP_POST, t.admin, "/api/v1/tags", "{\"name\":\"a,b\"}"), "/name");
    an = ask(HTTP_PATCH, t.admin, path, "{\"name\":\"Vpn\"}");
    assert_int_equal(an->status, 200);
    assert_int_equal(answer_int(an, "/version"), 1);
    an = chain_send(t.ch, (struct ask){ .method = HTTP_PATCH, .target = path, .bearer = t.admin,
                                        .json = "{\"name\":\"net\"}", .if_match = "\"v9\"" });
    assert_problem(an, 412, NULL);
    assert_problem(ask(HTTP_PATCH, t.admin, "/api/v1/tags/999", "{\"name\":\"x\"}"), 404, NULL);
}

static void what_is_wrong_in_a_message_is_named_where_it_stands(void **state)
{
#define SAYING(more) "{\"message\":{\"body\":\"b\"," more "}}"
    (void)state;
    refused(ask(HTTP_POST, t.agent, "/api/v1/tickets",
                "{\"title\":\"t\",\"message\":{\"body\":\"b\",\"attachments\":[999]}}"), "/message/attachments/0");
    refused(on_ticket(HTTP_POST, t.agent, "/actions", SAYING("\"attachments\":[999]")),
            "/message/attachments/0");
    refused(on_ticket(HTTP_POST, t.agent, "/actions", SAYING("\"on_behalf_of\":999999")),
            "/message/on_behalf_of");
    refused(on_ticket(HTTP_POST, t.agent, "/actions", SAYING("\"on_behalf_of\":\"nobody@x.example\"")),
            "/message/on_behalf_of");
    refused(on_ticket(HTTP_POST, t.customer, "/actions", SAYING("\"kind\":\"chat\"")), "/message/kind");
    refused(on_ticket(HTTP_POST, t.customer, "/messages", "{\"body\":\"b\",\"attachments\":[999]}"), "/attachments/0");
}

static int64_t make_field(const char *more)
{
    struct answer *an = ask(HTTP_POST, t.admin, "/api/v1/fields", desk_path(t.ch, "{\"label\":\"L\",%s}", more));

    assert_int_equal(an->status, 201);
    return answer_int(an, "/id");
}

static void allowed_is(const struct answer *an, const char *names, const char *hint)
{
    assert_true(an->status == 422 || an->status == 400);
    if (str_find(answer_text(an, "/errors/0/allowed"), str_of(names)) == SIZE_MAX
        || str_find(answer_text(an, "/errors/0/detail"), str_of(hint)) == SIZE_MAX)
        fail_msg("%.*s", STR_ARG(an->body));
}

static void an_unknown_name_is_answered_with_the_names_there_are(void **state)
{
    struct answer *an;

    (void)state;
    allowed_is(on_ticket(HTTP_PATCH, t.agent, "", "{\"state\":\"opne\"}"), "new, open, pending reminder",
               "did you mean \"open\"?");
    allowed_is(on_ticket(HTTP_PATCH, t.agent, "", "{\"priority\":\"hihg\"}"), "low, normal, high, urgent",
               "did you mean \"high\"?");
    allowed_is(on_ticket(HTTP_PATCH, t.agent, "", "{\"priority\":99}"), "low, normal", "nothing like this");
    allowed_is(on_ticket(HTTP_PATCH, t.agent, "", "{\"priority\":1.5}"), "an integer (id), a string (name)", "another type");
    allowed_is(on_ticket(HTTP_PATCH, t.agent, "", "{\"state\":true}"), "an integer (id), a string (name)", "another type");
    allowed_is(on_ticket(HTTP_PATCH, t.agent, "", "{\"group\":[1]}"), "an integer (id), a string (name)", "another type");
    allowed_is(on_ticket(HTTP_PATCH, t.agent, "", "{\"customer\":2.5}"), "a string (address)", "another type");
    allowed_is(on_ticket(HTTP_PATCH, t.agent, "", "{\"title\":\"gpj.\u202eexe\"}"), "", "direction");
    allowed_is(ask(HTTP_GET, t.agent, "/api/v1/search?q=-", NULL), "", "no word");
    allowed_is(on_ticket(HTTP_PATCH, t.agent, "", "{\"group\":\"Suport\"}"), "Support", "did you mean \"Support\"?");
    allowed_is(on_ticket(HTTP_PATCH, t.agent, "", "{\"group\":\"completely different\"}"), "Support",
               "There is no \"completely different\".");
    allowed_is(ask(HTTP_GET, t.agent, "/api/v1/search?q=stat:open", NULL), "state", "field.stat");
    allowed_is(ask(HTTP_GET, t.agent, "/api/v1/search?q=warehouse:open", NULL), "/search/fields", "field.warehouse");
    make_field("\"object\":\"ticket\",\"name\":\"room\",\"type\":\"text\"");
    an = ask(HTTP_GET, t.agent, "/api/v1/search/fields", NULL);
    assert_true(str_find(an->body, STR("\"field.room\"")) != SIZE_MAX);
    an = ask(HTTP_GET, t.customer, "/api/v1/search/fields", NULL);
    assert_true(str_find(an->body, STR("\"field.room\"")) == SIZE_MAX);
}

static void a_second_ticket_of_an_external_id_names_it(void **state)
{
    struct answer *an;

    (void)state;
    assert_int_equal(create(t.agent, "\"external_id\":\"x-1\"")->status, 201);
    an = create(t.agent, "\"external_id\":\"x-1\"");
    assert_problem(an, 409, "external_id_taken");
    assert_problem_field(an, "/external_id");
    assert_int_equal(create(t.agent, "\"external_id\":\"x-1\",\"external_source\":\"crm\"")->status, 201);
}

static void merges_and_links_name_the_other_ticket_by_its_number_too(void **state)
{
    int64_t other = desk_ticket(t.ch, t.ann, 0, "other");
    struct str number = answer_text(ask(HTTP_GET, t.agent, desk_path(t.ch, "/api/v1/tickets/%lld", (long long)other),
                                        NULL), "/number");
    struct answer *an;

    (void)state;
    refused(on_ticket(HTTP_POST, t.agent, "/merge", "{\"into\":\"number:nope\"}"), "/into");
    refused(on_ticket(HTTP_POST, t.agent, "/merge", "{\"into\":\"number:\"}"), "/into");
    refused(on_ticket(HTTP_POST, t.agent, "/merge", "{\"into\":true}"), "/into");
    refused(on_ticket(HTTP_POST, t.agent, "/merge", "{\"into\":null}"), "/into");
    refused(on_ticket(HTTP_POST, t.agent, "/links", "{\"kind\":\"related\",\"ticket\":-1}"), "/ticket");
    an = on_ticket(HTTP_POST, t.agent, "/links",
                   desk_path(t.ch, "{\"kind\":\"related\",\"ticket\":\"number:%.*s\"}", STR_ARG(number)));
    assert_int_equal(an->status, 201);
    assert_int_equal(answer_int(an, "/ticket/id"), other);
    an = on_ticket(HTTP_POST, t.agent, "/merge", desk_path(t.ch, "{\"into\":\"number:%.*s\"}", STR_ARG(number)));
    assert_int_equal(an->status, 200);
    assert_int_equal(answer_int(an, "/id"), other);
}

static void single_tags_come_and_go_whatever_the_version(void **state)
{
    struct answer *an = on_ticket(HTTP_POST, t.agent, "/tags", "{\"name\":\" VPN  down \"}");

    (void)state;
    assert_int_equal(an->status, 200);
    assert_str_eq(answer_text(an, "/data/0/name"), "vpn down");
    an = on_ticket(HTTP_POST, t.agent, "/tags", "{\"name\":\"net\"}");
    assert_str_eq(answer_text(an, "/data/0/name"), "net");
    assert_int_equal(on_ticket(HTTP_POST, t.agent, "/tags", "{\"name\":\"net\"}")->status, 200);
    assert_int_equal(answer_int(on_ticket(HTTP_GET, t.agent, "", NULL), "/version"), 3);
    assert_int_equal(json_array_size(answer_at(on_ticket(HTTP_GET, t.agent, "/tags", NULL), "/data")), 2);
    assert_int_equal(json_array_size(answer_at(on_ticket(HTTP_GET, t.customer, "/tags", NULL), "/data")), 0);
    assert_int_equal(on_ticket(HTTP_DELETE, t.agent, "/tags/VPN%20down", NULL)->status, 204);
    assert_int_equal(on_ticket(HTTP_DELETE, t.agent, "/tags/never", NULL)->status, 404);
    assert_int_equal(json_array_size(answer_at(on_ticket(HTTP_GET, t.agent, "/tags", NULL), "/data")), 1);
    refused(on_ticket(HTTP_POST, t.agent, "/tags", "{\"name\":\"a,b\"}"), "/name");
    assert_problem(on_ticket(HTTP_POST, t.customer, "/tags", "{\"name\":\"x\"}"), 403, NULL);
    assert_problem(ask(HTTP_GET, chain_customer(t.ch), desk_path(t.ch, "/api/v1/tickets/%lld/tags", (long long)ticket_id),
                       NULL), 404, NULL);
}

static void customers_read_the_definitions_of_fields_that_they_are_shown(void **state)
{
    int64_t shown = make_field("\"object\":\"ticket\",\"name\":\"room\",\"type\":\"text\","
                               "\"screens\":{\"customer_create\":\"required\",\"close\":\"required\"}");
    int64_t hidden = make_field("\"object\":\"ticket\",\"name\":\"cost\",\"type\":\"integer\"");
    int64_t off = make_field("\"object\":\"ticket\",\"name\":\"old\",\"type\":\"text\",\"active\":false,"
                             "\"screens\":{\"customer_create\":\"shown\"}");
    int64_t of_person = make_field("\"object\":\"user\",\"name\":\"desk\",\"type\":\"text\","
                                   "\"screens\":{\"customer_create\":\"shown\"}");
    const int64_t others[] = { hidden, off, of_person };
    struct answer *an = ask(HTTP_GET, t.customer, "/api/v1/fields", NULL);

    (void)state;
    assert_int_equal(an->status, 200);
    assert_int_equal(json_array_size(answer_at(an, "/data")), 1);
    assert_str_eq(answer_text(an, "/data/0/name"), "room");
    assert_str_eq(answer_text(an, "/data/0/screens/customer_create"), "required");
    assert_null(answer_at(an, "/data/0/screens/close"));
    assert_int_equal(ask(HTTP_GET, t.customer, desk_path(t.ch, "/api/v1/fields/%lld", (long long)shown), NULL)->status,
                     200);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_problem(ask(HTTP_GET, t.customer, desk_path(t.ch, "/api/v1/fields/%lld", (long long)others[i]), NULL),
                       404, NULL);
    an = ask(HTTP_GET, t.agent, "/api/v1/fields", NULL);
    assert_int_equal(json_array_size(answer_at(an, "/data")), 4);
    assert_str_eq(answer_text(an, "/data/0/screens/close"), "required");
    an = ask(HTTP_GET, t.agent, "/api/v1/fields?limit=2", NULL);
    assert_int_equal(json_array_size(answer_at(an, "/data")), 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_ticket, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_new_ticket_names_only_people_who_are_there),
        CASE(without_a_default_group_one_must_be_named),
        CASE(a_change_names_only_what_is_there),
        CASE(a_tag_is_added_and_taken_by_name),
        CASE(a_message_is_on_behalf_of_somebody_of_the_ticket),
        CASE(who_did_not_see_the_customers_last_word_is_told),
        CASE(a_split_names_own_messages_once_and_a_group_within_reach),
        CASE(spam_and_deleted_tickets_are_not_merged),
        CASE(a_ticket_has_so_many_links_and_participants_and_no_more),
        CASE(words_are_taken_out_once_and_public_ones_stay),
        CASE(tags_are_managed_by_name_and_version),
        CASE(what_is_wrong_in_a_message_is_named_where_it_stands),
        CASE(an_unknown_name_is_answered_with_the_names_there_are),
        CASE(a_second_ticket_of_an_external_id_names_it),
        CASE(merges_and_links_name_the_other_ticket_by_its_number_too),
        CASE(single_tags_come_and_go_whatever_the_version),
        CASE(customers_read_the_definitions_of_fields_that_they_are_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
