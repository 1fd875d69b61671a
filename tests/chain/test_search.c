/* Search and views over the API: what is found, by whom, and how many there are. */
#include "chain_test.h"

#include <stdio.h>

static const char *ticket(struct chain *ch, const char *who, const char *title, const char *body)
{
    struct answer *an = chain_send(
        ch, (struct ask){ .method = HTTP_POST,
                          .target = "/api/v1/tickets",
                          .bearer = who,
                          .json = str_printf(ch->a, "{\"title\":\"%s\",\"message\":{\"body\":\"%s\"}}",
                                             title, body)
                                      .p });

    if (an->status != 201)
        fail_msg("%.*s", STR_ARG(an->body));
    return answer_text(an, "/number").p;
}

static struct answer *get(struct chain *ch, const char *who, const char *target)
{
    return chain_send(ch, (struct ask){ .target = target, .bearer = who });
}

static size_t found(struct chain *ch, const char *who, const char *query)
{
    struct answer *an = get(ch, who, str_printf(ch->a, "/api/v1/search?q=%s", query).p);

    assert_int_equal(an->status, 200);
    return json_array_size(answer_at(an, "/tickets"));
}

static void everyone_finds_what_he_may_see_at_once(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch), *ann = chain_customer(ch), *bob = chain_customer(ch);
    struct answer *an;

    (void)state;
    ticket(ch, ann, "VPN down", "The tunnel breaks near Hedgehog street");
    ticket(ch, bob, "Printer", "Nothing about tunnels");
    assert_int_equal(found(ch, ann, "tunnel"), 1);
    assert_int_equal(found(ch, bob, "%22tunnel%22"), 0);
    assert_int_equal(found(ch, bob, "vpn"), 0);
    assert_int_equal(found(ch, agent, "tunnel"), 1);
    assert_int_equal(found(ch, agent, "tunnel*"), 2);
    assert_int_equal(found(ch, agent, "subject:printer"), 1);
    assert_int_equal(found(ch, agent, "state:new%20hedgehog"), 1);
    assert_int_equal(found(ch, agent, "state:open%20hedgehog"), 0);
    assert_int_equal(found(ch, agent, "is:unassigned"), 2);
    an = get(ch, ann, "/api/v1/search?q=hedge&typing=true&count=exact");
    assert_int_equal(json_array_size(answer_at(an, "/tickets")), 1);
    assert_int_equal(answer_int(an, "/count"), 1);
    assert_true(str_find(answer_text(an, "/tickets/0/excerpt"), STR("Hedgehog")) != SIZE_MAX);
    chain_close(&ch);
    (void)state;
}

static void internal_notes_are_found_by_agents_only(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch), *ann = chain_customer(ch);
    struct answer *an;

    (void)state;
    ticket(ch, ann, "Laptop", "It is slow");
    an = chain_send(ch, (struct ask){ .method = HTTP_POST,
                                      .target = "/api/v1/tickets/1/messages",
                                      .bearer = agent,
                                      .json = "{\"body\":\"suspect a platypus\",\"visibility\":\"internal\"}" });
    assert_int_equal(an->status, 201);
    assert_int_equal(found(ch, agent, "platypus"), 1);
    assert_int_equal(found(ch, ann, "platypus"), 0);
    assert_int_equal(found(ch, ann, "-platypus"), 1);
    assert_problem(get(ch, ann, "/api/v1/search?q=has:note"), 400, NULL);
    assert_int_equal(found(ch, agent, "has:note"), 1);
    chain_close(&ch);
}

static void a_number_jumps_to_its_ticket(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch), *ann = chain_customer(ch), *bob = chain_customer(ch);
    const char *number = ticket(ch, ann, "One", "text");
    const char *target = str_printf(ch->a, "/api/v1/search?q=%%23%s", number).p;

    (void)state;
    assert_str_eq(answer_text(get(ch, agent, target), "/jump/title"), "One");
    assert_str_eq(answer_text(get(ch, ann, target), "/jump/title"), "One");
    assert_true(json_is_null(answer_at(get(ch, bob, target), "/jump")));
    chain_close(&ch);
}

static void the_way_mails_write_a_number_jumps_too(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch), *number = ticket(ch, chain_customer(ch), "One", "text");
    static const char *const ways[][2] = { { "", "" }, { "%23", "" }, { "Ticket%23", "" }, { "%5BTicket%23", "%5D" } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        const char *target = str_printf(ch->a, "/api/v1/search?q=%s%s%s", ways[i][0], number, ways[i][1]).p;

        assert_str_eq(answer_text(get(ch, agent, target), "/jump/title"), "One");
    }
    assert_true(json_is_null(answer_at(get(ch, agent, str_printf(ch->a, "/api/v1/search?q=printer%%20%%23%s", number).p), "/jump")));
    chain_close(&ch);
}

/* How many different tickets the pages of a search show, of at most per each. */
static size_t walk_pages(struct chain *ch, const char *who, const char *query, size_t per)
{
    const char *first = str_printf(ch->a, "/api/v1/search?q=%s&limit=%zu", query, per).p, *target = first;
    bool seen[64] = { 0 };
    size_t n = 0;

    for (size_t pages = 0; pages < ARRAY_LEN(seen); pages++) {
        struct answer *an = get(ch, who, target);
        size_t here;

        assert_int_equal(an->status, 200);
        here = json_array_size(answer_at(an, "/tickets"));
        for (size_t i = 0; i < here; i++) {
            int64_t id = answer_int(an, str_printf(ch->a, "/tickets/%zu/ticket/id", i).p);

            assert_true(id > 0 && id < (int64_t)ARRAY_LEN(seen) && !seen[id]);
            seen[id] = true;
            n++;
        }
        if (!json_is_true(answer_at(an, "/page/has_more")))
            return n;
        assert_int_equal(here, per);
        target = str_printf(ch->a, "%s&after=%s", first, answer_text(an, "/page/next").p).p;
    }
    fail_msg("%s has no end", query);
    return 0;
}

static void pages_of_a_search_neither_skip_nor_repeat(void **state)
{
    static const char *const searches[] = { "platypus", "platypus&sort=relevance", "platipus", "platipus&sort=relevance",
                                            "state:new", "is:unassigned", "state:new%20platypus" };
    enum { TICKETS = 45, PER = 10 };
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch), *ann = chain_customer(ch);
    struct answer *an;

    (void)state;
    for (size_t i = 0; i < TICKETS; i++)
        ticket(ch, ann, i % 3 ? "Something" : "The platypus itself", "a platypus is here");
    for (size_t i = 0; i < ARRAY_LEN(searches); i++) {
        if (walk_pages(ch, agent, searches[i], PER) != TICKETS)
            fail_msg("%s does not show all", searches[i]);
        assert_int_equal(walk_pages(ch, ann, searches[i], PER), TICKETS);
    }
    an = get(ch, agent, "/api/v1/search?q=platypus&limit=10");
    assert_problem_field(get(ch, agent, str_printf(ch->a, "/api/v1/search?q=state:new&limit=10&after=%s", answer_text(an, "/page/next").p).p), "after");
    chain_close(&ch);
}

static void mistakes_in_a_search_are_named(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch);

    (void)state;
    assert_problem_field(get(ch, agent, "/api/v1/search?q=statte:open"), "q");
    assert_problem(get(ch, agent, "/api/v1/search?q=%22open"), 400, NULL);
    assert_problem(get(ch, agent, "/api/v1/search"), 400, NULL);
    assert_problem(get(ch, agent, "/api/v1/search?q=a&types=tickets,cars"), 400, NULL);
    assert_problem(get(ch, agent, "/api/v1/search?q=a&limit=101"), 400, NULL);
    assert_problem(get(ch, NULL, "/api/v1/search?q=a"), 401, NULL);
    chain_close(&ch);
}

static void allowed_has(struct chain *ch, const char *who, const char *query, const char *name)
{
    struct answer *an = get(ch, who, str_printf(ch->a, "/api/v1/search?q=%s", query).p);

    assert_problem(an, 400, NULL);
    assert_problem_field(an, "q");
    if (str_find(answer_text(an, "/errors/0/allowed"), str_of(name)) == SIZE_MAX)
        fail_msg("no \"%s\" in %.*s", name, STR_ARG(an->body));
}

static void an_unknown_name_is_answered_with_those_there_are(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch), *ann = chain_customer(ch);

    (void)state;
    allowed_has(ch, agent, "state:nosuch", "pending reminder");
    allowed_has(ch, agent, "state:nosuch", "spam");
    allowed_has(ch, agent, "-priority:nosuch", "low, normal, high, urgent");
    allowed_has(ch, agent, "vpn%20OR%20group:nosuch", "Support");
    allowed_has(ch, agent, "owner:nosuch", "me, none");
    allowed_has(ch, ann, "state:nosuch", "waiting");
    allowed_has(ch, ann, "priority:nosuch", "urgent");
    assert_int_equal(found(ch, ann, "group:nosuch"), 0); /* which groups and agents there are is not theirs to know */
    assert_int_equal(found(ch, ann, "owner:nosuch"), 0);
    assert_int_equal(found(ch, ann, "state:waiting"), 0);
    chain_close(&ch);
}

static void people_are_found_by_those_who_may_look_them_up(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch), *customer = chain_customer(ch);
    struct answer *an;

    (void)state;
    chain_exec(ch, "INSERT INTO users (name, name_fold, email, created_us, updated_us)"
                   " VALUES ('Zora Quill', 'zora quill', 'zq@example.org', 0, 0)", DB_NO_ARGS);
    an = get(ch, agent, "/api/v1/search?q=zor&types=users,organizations");
    assert_str_eq(answer_text(an, "/users/0/name"), "Zora Quill");
    an = get(ch, customer, "/api/v1/search?q=zor&types=users,organizations");
    assert_int_equal(json_array_size(answer_at(an, "/users")), 0);
    chain_close(&ch);
}

static struct answer *post_view(struct chain *ch, const char *who, const char *json)
{
    return chain_send(ch, (struct ask){ .method = HTTP_POST, .target = "/api/v1/views", .bearer = who, .json = json });
}

static void views_are_saved_shared_counted_and_deleted(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch), *other = chain_agent(ch), *ann = chain_customer(ch);
    const char *admin = chain_admin(ch);
    struct answer *an;

    (void)state;
    ticket(ch, ann, "A", "x");
    ticket(ch, ann, "B", "x");
    an = post_view(ch, agent, "{\"name\":\"Mine\",\"query\":\"is:unassigned state:new\",\"columns\":[\"number\",\"title\"]}");
    assert_int_equal(an->status, 201);
    assert_str_eq(answer_text(an, "/columns/1"), "title");
    assert_int_equal(json_array_size(answer_at(get(ch, other, "/api/v1/views"), "/data")), 0);
    assert_problem(get(ch, other, "/api/v1/views/1"), 404, NULL);
    an = get(ch, agent, "/api/v1/views/counts");
    assert_int_equal(answer_int(an, "/data/0/count"), 2);
    an = post_view(ch, admin, "{\"name\":\"All\",\"query\":\"x\",\"shared\":true}");
    assert_int_equal(an->status, 201);
    an = get(ch, other, "/api/v1/views/counts");
    assert_int_equal(answer_int(an, "/data/0/count"), 2);
    an = post_view(ch, admin, "{\"name\":\"Admins\",\"query\":\"\",\"shared\":true,\"role_ids\":[1]}");
    assert_int_equal(an->status, 201);
    assert_int_equal(json_array_size(answer_at(get(ch, other, "/api/v1/views"), "/data")), 1);
    an = post_view(ch, agent, "{\"name\":\"Bad\",\"query\":\"statte:x\"}");
    assert_problem(an, 422, NULL);
    assert_problem_field(an, "/query");
    assert_problem(post_view(ch, agent, "{\"name\":\"Bad\",\"query\":\"state:nope\"}"), 422, NULL);
    assert_problem(post_view(ch, ann, "{\"name\":\"No\",\"query\":\"\"}"), 403, NULL);
    an = chain_send(ch, (struct ask){ .method = HTTP_PATCH, .target = "/api/v1/views/1", .bearer = agent,
                                      .json = "{\"name\":\"Renamed\"}", .if_match = "\"v1\"" });
    assert_int_equal(an->status, 200);
    assert_int_equal(answer_int(an, "/version"), 2);
    an = chain_send(ch, (struct ask){ .method = HTTP_PATCH, .target = "/api/v1/views/1", .bearer = agent,
                                      .json = "{\"name\":\"Stale\"}", .if_match = "\"v1\"" });
    assert_problem(an, 412, NULL);
    assert_problem(chain_send(ch, (struct ask){ .method = HTTP_DELETE, .target = "/api/v1/views/1", .bearer = other }), 404, NULL);
    assert_int_equal(chain_send(ch, (struct ask){ .method = HTTP_DELETE, .target = "/api/v1/views/1", .bearer = agent })->status, 204);
    assert_problem(get(ch, agent, "/api/v1/views/1"), 404, NULL);
    chain_close(&ch);
}

static void the_counters_agree_with_a_recount(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch), *ann = chain_customer(ch);
    static const char *const queries[] = { "state:new", "state:open", "is:open", "is:unassigned", "group:support",
                                           "-state:new", "state:new%20OR%20state:open", "is:mine" };

    (void)state;
    for (int i = 0; i < 6; i++)
        ticket(ch, ann, "T", "x");
    for (int i = 1; i <= 3; i++) {
        struct answer *an = chain_send(
            ch, (struct ask){ .method = HTTP_POST, .bearer = agent, .json = "{\"body\":\"hello\"}",
                              .target = str_printf(ch->a, "/api/v1/tickets/%d/messages", i).p });

        assert_int_equal(an->status, 201);
    }
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        struct answer *an = get(ch, agent, str_printf(ch->a, "/api/v1/search?limit=100&count=exact&q=%s", queries[i]).p);

        assert_int_equal(answer_int(an, "/count"), json_array_size(answer_at(an, "/tickets")));
    }
    chain_close(&ch);
}

static void a_failing_statement_leaves_views_whole(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch);
    struct answer *an;

    (void)state;
    an = chain_fail_each(ch, (struct ask){ .method = HTTP_POST, .target = "/api/v1/views", .bearer = agent,
                                           .json = "{\"name\":\"V\",\"query\":\"vpn\"}" });
    assert_int_equal(an->status, 201);
    chain_close(&ch);
}

static struct answer *send(struct chain *ch, enum http_method m, const char *who, const char *target,
                           const char *json)
{
    return chain_send(ch, (struct ask){ .method = m, .target = target, .bearer = who, .json = json });
}

static void lists_take_the_search_language_and_count(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch), *ann = chain_customer(ch), *bob = chain_customer(ch);
    struct answer *an;

    (void)state;
    ticket(ch, ann, "VPN down", "The tunnel breaks");
    ticket(ch, ann, "VPN slow", "The tunnel crawls");
    ticket(ch, bob, "Printer", "No paper");
    an = get(ch, agent, "/api/v1/tickets?q=tunnel%20state:new&count=exact&limit=1");
    assert_int_equal(an->status, 200);
    assert_str_eq(answer_text(an, "/data/0/title"), "VPN slow");
    assert_int_equal(answer_int(an, "/page/count"), 2);
    an = get(ch, agent, str_printf(ch->a, "/api/v1/tickets?q=tunnel%%20state:new&limit=1&after=%.*s",
                                   STR_ARG(answer_text(an, "/page/next"))).p);
    assert_str_eq(answer_text(an, "/data/0/title"), "VPN down");
    assert_null(answer_at(an, "/page/count"));
    an = get(ch, bob, "/api/v1/tickets?q=tunnel&count=exact");
    assert_int_equal(answer_int(an, "/page/count"), 0);
    an = get(ch, bob, "/api/v1/tickets?count=exact");
    assert_int_equal(answer_int(an, "/page/count"), 1);
    an = get(ch, agent, "/api/v1/tickets?q=stat:new");
    assert_problem(an, 400, NULL);
    assert_problem_field(an, "q");
    assert_problem_field(get(ch, agent, "/api/v1/tickets?q=priority:none"), "q");
    chain_close(&ch);
}

static void typing_errors_are_forgiven_when_nothing_else_is_found(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch), *ann = chain_customer(ch);
    struct answer *an;

    (void)state;
    ticket(ch, ann, "Quokka", "printer");
    ticket(ch, ann, "Other", "Quakka");
    an = get(ch, agent, "/api/v1/search?q=quokka");
    assert_int_equal(json_array_size(answer_at(an, "/tickets")), 1);
    assert_false(json_is_true(answer_at(an, "/corrected")));
    an = get(ch, agent, "/api/v1/search?q=qoukka&count=exact");
    assert_int_equal(json_array_size(answer_at(an, "/tickets")), 1);
    assert_int_equal(answer_int(an, "/count"), 1);
    assert_true(json_is_true(answer_at(an, "/corrected")));
    assert_int_equal(found(ch, agent, "%22qoukka%22"), 0);
    assert_int_equal(found(ch, agent, "qoukka%20state:closed"), 0);
    assert_int_equal(found(ch, agent, "aaaa~%20bbbb~%20cccc~%20dddd~"), 0);
    an = get(ch, agent, "/api/v1/search?q=aaaa~%20bbbb~%20cccc~%20dddd~%20(eeee~%20OR%20f)");
    assert_int_equal(an->status / 100, 4);
    assert_problem_field(an, "q");
    chain_close(&ch);
}

static void lists_include_people_whole_once(void **state)
{
    struct chain *ch = chain_open();
    int64_t ann_id = chain_user(ch, 3);
    const char *agent = chain_agent(ch), *ann = chain_token(ch, ann_id, -1, false);
    const char *bob = chain_customer(ch);
    struct answer *an;

    (void)state;
    ticket(ch, ann, "A", "x");
    ticket(ch, ann, "B", "x");
    ticket(ch, bob, "C", "x");
    an = get(ch, agent, "/api/v1/tickets?include=customer,owner");
    assert_int_equal(an->status, 200);
    assert_int_equal(json_array_size(answer_at(an, "/included/users")), 2);
    assert_true(answer_text(an, "/included/users/0/email").n > 0);
    an = get(ch, ann, "/api/v1/tickets?include=customer&limit=1");
    assert_int_equal(answer_int(an, "/included/users/0/id"), ann_id);
    assert_null(answer_at(get(ch, agent, "/api/v1/tickets"), "/included"));
    an = get(ch, agent, "/api/v1/tickets?include=messages");
    assert_problem(an, 400, NULL);
    assert_problem_field(an, "include");
    assert_str_eq(answer_text(an, "/errors/0/allowed"), "customer, owner");
    chain_close(&ch);
}

static void a_view_lists_its_tickets_in_its_order(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch), *other = chain_agent(ch), *ann = chain_customer(ch);
    struct answer *an;

    (void)state;
    ticket(ch, ann, "VPN down", "The tunnel breaks");
    ticket(ch, ann, "VPN slow", "The tunnel crawls");
    ticket(ch, ann, "Printer", "No paper");
    an = send(ch, HTTP_POST, agent, "/api/v1/views",
              "{\"name\":\"v\",\"query\":\"subject:vpn\",\"sort\":\"created_at\"}");
    assert_int_equal(an->status, 201);
    an = get(ch, agent, "/api/v1/views/1/tickets?limit=1&count=exact");
    assert_int_equal(an->status, 200);
    assert_str_eq(answer_text(an, "/data/0/title"), "VPN down");
    assert_int_equal(answer_int(an, "/page/count"), 2);
    an = get(ch, agent, str_printf(ch->a, "/api/v1/views/1/tickets?limit=1&count=exact&after=%.*s",
                                   STR_ARG(answer_text(an, "/page/next"))).p);
    assert_str_eq(answer_text(an, "/data/0/title"), "VPN slow");
    assert_false(json_is_true(answer_at(an, "/page/has_more")));
    an = get(ch, agent, "/api/v1/views/1/tickets?sort=-created_at&q=tunnel%20-slow");
    assert_int_equal(json_array_size(answer_at(an, "/data")), 1);
    assert_problem(get(ch, other, "/api/v1/views/1/tickets"), 404, NULL);
    assert_problem(get(ch, ann, "/api/v1/views/1/tickets"), 403, NULL);
    an = send(ch, HTTP_POST, agent, "/api/v1/views",
              "{\"name\":\"w\",\"query\":\"\",\"sort\":\"colour\"}");
    assert_problem(an, 422, NULL);
    assert_problem_field(an, "/sort");
    chain_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_take_the_search_language_and_count),
        cmocka_unit_test(lists_include_people_whole_once),
        cmocka_unit_test(a_view_lists_its_tickets_in_its_order),
        cmocka_unit_test(typing_errors_are_forgiven_when_nothing_else_is_found),
        cmocka_unit_test(everyone_finds_what_he_may_see_at_once),
        cmocka_unit_test(internal_notes_are_found_by_agents_only),
        cmocka_unit_test(a_number_jumps_to_its_ticket),
        cmocka_unit_test(the_way_mails_write_a_number_jumps_too),
        cmocka_unit_test(pages_of_a_search_neither_skip_nor_repeat),
        cmocka_unit_test(mistakes_in_a_search_are_named),
        cmocka_unit_test(an_unknown_name_is_answered_with_those_there_are),
        cmocka_unit_test(people_are_found_by_those_who_may_look_them_up),
        cmocka_unit_test(views_are_saved_shared_counted_and_deleted),
        cmocka_unit_test(the_counters_agree_with_a_recount),
        cmocka_unit_test(a_failing_statement_leaves_views_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
