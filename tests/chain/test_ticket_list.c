/* Lists against a naive scan: rights, filters, sorts, pages; counts against a recount. */
#include "chain_test.h"

#include "base/rand.h"

enum { TICKETS = 60, GROUPS = 4, PAGE = 7 };

static struct {
    struct chain *ch;
    const char *admin;
} t;

static int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    t.ch = chain_open();
    t.admin = chain_admin(t.ch);
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

static void bump_catalog(void)
{
    chain_exec(t.ch, "UPDATE counters SET value = value + 1 WHERE name = 'catalog'", DB_NO_ARGS);
}

static void make_groups(void)
{
    for (int64_t g = 2; g <= GROUPS; g++)
        chain_exec(t.ch,
                   "INSERT INTO groups (id, name, name_fold, created_us, updated_us)"
                   " VALUES ($1, $2, $2, 0, 0)",
                   DB_ARGS(DB_INT(g), DB_TEXT(str_printf(t.ch->a, "g%lld", (long long)g))));
    bump_catalog();
}

/* Tickets with equal times, so that ties are broken. */
static void make_tickets(const int64_t *customers, size_t n)
{
    for (int i = 0; i < TICKETS; i++) {
        int64_t state = (int64_t)rand_below(4) + 1, type = state <= 2 ? state - 1 : 2;

        chain_exec(t.ch,
                   "INSERT INTO tickets (number, title, state_id, state_type, priority_id, group_id,"
                   " customer_id, channel, created_us, updated_us, next_due_us)"
                   " VALUES ($1, 'x', $2, $3, $4, $5, $6, 0, $7, $8, $9)",
                   DB_ARGS(DB_TEXT(str_printf(t.ch->a, "N%04d", i)), DB_INT(state), DB_INT(type),
                           DB_INT((int64_t)rand_below(4) + 1), DB_INT((int64_t)rand_below(GROUPS) + 1),
                           DB_INT(customers[rand_below(n)]), DB_INT(1000 + (int64_t)rand_below(20)),
                           DB_INT(2000 + (int64_t)rand_below(20)),
                           DB_ID((int64_t)rand_below(3) * 500)));
    }
}

/* Follows page.next to the end: ids in order. */
static size_t walk(const char *bearer, const char *query, int64_t *ids)
{
    struct answer *an;
    char target[2048];
    size_t n = 0;

    snprintf(target, sizeof(target), "/api/v1/tickets?limit=%d%s", PAGE, query);
    for (;;) {
        json_t *data, *item, *next;
        size_t i;

        an = ask(HTTP_GET, bearer, NULL, target);
        if (an->status != 200)
            fail_msg("%s: %d %.*s", target, an->status, STR_ARG(an->body));
        data = answer_at(an, "/data");
        json_array_foreach(data, i, item) {
            assert_true(n < 2 * TICKETS);
            ids[n++] = json_integer_value(json_object_get(item, "id"));
        }
        next = answer_at(an, "/page/next");
        if (!json_is_string(next))
            return n;
        snprintf(target, sizeof(target), "/api/v1/tickets?limit=%d&after=%s%s", PAGE,
                 json_string_value(next), query);
    }
}

static bool has(const int64_t *ids, size_t n, int64_t id)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++)
        found += ids[i] == id;
    assert_true(found <= 1);
    return found == 1;
}

static void a_list_is_what_a_naive_scan_may_see(void **state)
{
    static const char *const queries[] = {
        "", "&sort=updated_at", "&sort=created_at", "&sort=-number", "&sort=-priority",
        "&sort=priority", "&sort=due", "&sort=-due", "&state_type=new,open",
        "&state_type=pending&sort=due", "&group=2", "&owner=none", "&priority=high,1",
    };
    int64_t customers[3], ids[2 * TICKETS];

    (void)state;
    rand_fake(42);
    make_groups();
    for (size_t i = 0; i < ARRAY_LEN(customers); i++)
        customers[i] = chain_user(t.ch, 3);
    make_tickets(customers, ARRAY_LEN(customers));
    rand_fake(0);
    for (int64_t who = 0; who < 6; who++) {
        int64_t user = who < 3 ? customers[who] : chain_user(t.ch, who == 3 ? 1 : 3);
        const char *bearer;

        if (who >= 4) { /* an agent of some groups, who has asked for something himself */
            chain_exec(t.ch, "INSERT INTO roles (id, name, name_fold, perms, created_us, updated_us)"
                             " VALUES ($1, $2, $2, 3, 0, 0)",
                       DB_ARGS(DB_INT(10 + who), DB_TEXT(str_printf(t.ch->a, "r%lld", (long long)who))));
            chain_exec(t.ch, "INSERT INTO user_roles (user_id, role_id) VALUES ($1, $2)",
                       DB_ARGS(DB_INT(user), DB_INT(10 + who)));
            for (int64_t g = 2; g <= (who == 4 ? 2 : 3); g++)
                chain_exec(t.ch, "INSERT INTO user_groups (user_id, group_id, levels) VALUES ($1, $2, 15)",
                           DB_ARGS(DB_INT(user), DB_INT(g)));
            chain_exec(t.ch, "UPDATE tickets SET customer_id = $1 WHERE number = $2",
                       DB_ARGS(DB_INT(user), DB_TEXT(who == 4 ? STR("N0003") : STR("N0004"))));
            chain_exec(t.ch, "INSERT INTO participants (ticket_id, user_id, role, created_us)"
                             " SELECT id, $1, 0, 0 FROM tickets WHERE number = 'N0009'",
                       DB_ARGS(DB_INT(user)));
            bump_catalog();
        }
        bearer = chain_token(t.ch, user, -1, false);
        for (size_t q = 0; q < ARRAY_LEN(queries); q++) {
            size_t n = walk(bearer, queries[q], ids);

            for (int64_t id = 1; id <= TICKETS; id++) {
                char target[128];
                bool may, fits;
                struct answer *an;

                snprintf(target, sizeof(target), "/api/v1/tickets/%lld", (long long)id);
                an = ask(HTTP_GET, bearer, NULL, target);
                may = an->status == 200;
                fits = true;
                if (may && q == 8)
                    fits = !str_eq(answer_text(an, "/state_type"), STR("pending"));
                if (may && q == 9)
                    fits = str_eq(answer_text(an, "/state_type"), STR("pending"));
                if (may && q == 10)
                    fits = answer_int(an, "/group/id") == 2;
                if (may && q == 12)
                    fits = answer_int(an, "/priority/id") == 3 || answer_int(an, "/priority/id") == 1;
                if (has(ids, n, id) != (may && fits))
                    fail_msg("user %lld, query %s, ticket %lld: listed %d, may %d", (long long)who,
                             queries[q], (long long)id, has(ids, n, id), may && fits);
            }
            if (q > 0 && q < 8) /* other orders only for the rest: they all list the same */
                assert_true(n == walk(bearer, "", ids));
        }
    }
}

static void pages_backward_are_the_pages_forward(void **state)
{
    static const char *const sorts[] = { "-updated_at", "created_at", "number", "-priority", "due" };
    int64_t customer = chain_user(t.ch, 3);

    (void)state;
    make_groups();
    make_tickets(&customer, 1);
    for (size_t s = 0; s < ARRAY_LEN(sorts); s++) {
        char target[2048];
        struct answer *first, *second, *back;

        snprintf(target, sizeof(target), "/api/v1/tickets?limit=5&sort=%s", sorts[s]);
        first = ask(HTTP_GET, t.admin, NULL, target);
        snprintf(target, sizeof(target), "/api/v1/tickets?limit=5&after=%.*s",
                 STR_ARG(answer_text(first, "/page/next")));
        second = ask(HTTP_GET, t.admin, NULL, target);
        assert_int_equal(second->status, 200);
        snprintf(target, sizeof(target), "/api/v1/tickets?limit=5&after=%.*s",
                 STR_ARG(answer_text(second, "/page/prev")));
        back = ask(HTTP_GET, t.admin, NULL, target);
        assert_true(json_equal(answer_at(first, "/data"), answer_at(back, "/data")));
    }
}

static void pages_neither_skip_nor_repeat_while_rows_change(void **state)
{
    int64_t customer = chain_user(t.ch, 3), seen[2 * TICKETS];
    char target[2048] = "/api/v1/tickets?limit=7&sort=created_at";
    size_t n = 0;

    (void)state;
    make_groups();
    make_tickets(&customer, 1);
    for (;;) {
        struct answer *an = ask(HTTP_GET, t.admin, NULL, target);
        json_t *item, *next;
        size_t i;

        json_array_foreach(answer_at(an, "/data"), i, item)
            seen[n++] = json_integer_value(json_object_get(item, "id"));
        next = answer_at(an, "/page/next");
        if (!json_is_string(next))
            break;
        snprintf(target, sizeof(target), "/api/v1/tickets?limit=7&after=%s", json_string_value(next));
        chain_exec(t.ch, "UPDATE tickets SET updated_us = updated_us + 5000, title = 'y' WHERE id = $1",
                   DB_ARGS(DB_INT(seen[n - 1])));
    }
    assert_int_equal(n, TICKETS);
    for (int64_t id = 1; id <= TICKETS; id++)
        assert_true(has(seen, n, id));
}

static void counts_equal_a_recount_after_any_operations(void **state)
{
    static const char *const patches[] = {
        "{\"state\":\"closed\"}", "{\"state\":\"open\"}", "{\"owner\":\"me\"}", "{\"owner\":null}",
        "{\"group\":2}", "{\"group\":1}", "{\"state\":\"spam\"}", "{\"priority\":4}",
    };
    (void)state;
    make_groups();
    for (int i = 0; i < 8; i++)
        assert_int_equal(ask(HTTP_POST, t.admin, "{\"title\":\"a\",\"message\":{\"body\":\"b\"}}",
                             "/api/v1/tickets")->status, 201);
    for (int i = 0; i < 60; i++) {
        char target[64];

        snprintf(target, sizeof(target), "/api/v1/tickets/%d", i % 8 + 1);
        ask(HTTP_PATCH, t.admin, patches[(i * 7 + i / 8) % ARRAY_LEN(patches)], target);
    }
    assert_int_equal(chain_int(t.ch,
                               "SELECT count(*) FROM (SELECT group_id, state_id, COALESCE(owner_id, 0)"
                               " AS o, count(*) AS n FROM tickets GROUP BY group_id, state_id,"
                               " COALESCE(owner_id, 0) EXCEPT SELECT group_id, state_id, owner_id, n"
                               " FROM ticket_counts) x",
                               DB_NO_ARGS), 0);
    assert_int_equal(chain_int(t.ch, "SELECT CAST(SUM(n) AS BIGINT) FROM ticket_counts", DB_NO_ARGS), 8);
    assert_int_equal(ask(HTTP_GET, t.admin, NULL, "/api/v1/counters")->status, 200);
    assert_int_equal(ask(HTTP_GET, chain_customer(t.ch), NULL, "/api/v1/counters")->status, 403);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM ticket_counts WHERE n < 0", DB_NO_ARGS), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void short_lists_are_one_whole_page(void **state)
{
    static const char *const lists[] = { "/api/v1/views", "/api/v1/views/counts", "/api/v1/group-choices",
                                         "/api/v1/search/fields", "/api/v1/tickets/1/participants" };

    (void)state;
    assert_int_equal(ask(HTTP_POST, t.admin, "{\"title\":\"a\",\"message\":{\"body\":\"b\"}}", "/api/v1/tickets")->status, 201);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct answer *an = ask(HTTP_GET, t.admin, NULL, lists[i]);

        assert_int_equal(an->status, 200);
        assert_true(json_is_array(answer_at(an, "/data")));
        assert_true(json_is_false(answer_at(an, "/page/has_more")));
    }
}

static void the_statements_of_a_request_are_its_own(void **state)
{
    const char *body = "{\"title\":\"a\",\"message\":{\"body\":\"b\"}}";
    int64_t before;

    (void)state;
    ask(HTTP_POST, t.admin, body, "/api/v1/tickets");
    before = ask(HTTP_POST, t.admin, body, "/api/v1/tickets")->statements;
    for (int i = 0; i < 100; i++)
        bump_catalog();
    ask(HTTP_GET, t.admin, NULL, "/api/v1/tickets"); /* reads the catalogue anew */
    assert_in_range(ask(HTTP_POST, t.admin, body, "/api/v1/tickets")->statements, 1, before + 30);
}

static void what_fails_in_a_bulk_names_its_place_and_what_is_allowed(void **state)
{
    struct answer *an;

    (void)state;
    ask(HTTP_POST, t.admin, "{\"title\":\"a\",\"message\":{\"body\":\"b\"}}", "/api/v1/tickets");
    an = ask(HTTP_POST, t.admin, "{\"changes\":[{\"ticket\":1,\"priority\":\"nosuch\"},{\"ticket\":1,\"version\":9,\"title\":\"x\"}]}",
             "/api/v1/bulk");
    assert_int_equal(an->status, 200);
    assert_true(str_eq(answer_text(an, "/results/0/errors/0/pointer"), STR("/priority")));
    assert_true(str_eq(answer_text(an, "/results/0/errors/0/allowed"), STR("low, normal, high, urgent")));
    assert_true(str_eq(answer_text(an, "/results/1/errors/0/pointer"), STR("/version")));
}

/* Written anew: with fields= nothing comes from the cache. */
#define ALL_MEMBERS                                                                                 \
    "id,number,title,state,state_type,priority,group,owner,customer,organization,channel,tags,"    \
    "fields,until,created_at,updated_at,first_response_at,solved_at,closed_at,waiting_since,due,"  \
    "message_count,attachment_count,merged_into,version"

static void assert_shown_as_it_is(const char *bearer)
{
    for (int i = 0; i < 2; i++) { /* as it is read, and as it was kept */
        struct answer *list = ask(HTTP_GET, bearer, NULL, "/api/v1/tickets");
        struct answer *anew = ask(HTTP_GET, bearer, NULL, "/api/v1/tickets?fields=" ALL_MEMBERS);

        assert_int_equal(list->status, 200);
        assert_int_equal(anew->status, 200);
        if (!json_equal(answer_at(list, "/data"), answer_at(anew, "/data")))
            fail_msg("kept %.*s, is %.*s", STR_ARG(list->body), STR_ARG(anew->body));
        assert_int_equal(json_array_size(answer_at(list, "/data")), 1);
    }
}

static void a_list_shows_what_is_there_now_however_it_came_about(void **state)
{
    static const char *const changes[] = {
        "UPDATE users SET name = 'Newname' WHERE id = $1",
        "UPDATE organizations SET name = 'Neworg' WHERE id >= $1 * 0",
        "UPDATE tickets SET title = 'newtitle' WHERE customer_id = $1",
        "UPDATE tickets SET title = 'next', version = version + 1 WHERE customer_id = $1",
        "UPDATE tickets SET organization_id = NULL WHERE customer_id = $1",
    };
    int64_t customer = chain_user(t.ch, 3);
    const char *bearers[] = { t.admin, chain_agent(t.ch), chain_token(t.ch, customer, -1, false) };

    (void)state;
    chain_exec(t.ch, "INSERT INTO organizations (id, name, name_fold, created_us, updated_us) VALUES (1, 'o', 'o', 0, 0)", DB_NO_ARGS);
    assert_int_equal(ask(HTTP_POST, bearers[2], "{\"title\":\"a\",\"message\":{\"body\":\"b\"}}", "/api/v1/tickets")->status, 201);
    chain_exec(t.ch, "UPDATE tickets SET organization_id = 1", DB_NO_ARGS);
    for (size_t i = 0; i <= ARRAY_LEN(changes); i++) {
        for (size_t b = 0; b < ARRAY_LEN(bearers); b++)
            assert_shown_as_it_is(bearers[b]);
        if (i < ARRAY_LEN(changes))
            chain_exec_(t.ch, changes[i], strlen(changes[i]), DB_ARGS(DB_INT(customer)));
    }
    chain_exec(t.ch, "UPDATE states SET name = 'newstate', customer_name = 'for you'", DB_NO_ARGS);
    bump_catalog();
    for (size_t b = 0; b < ARRAY_LEN(bearers); b++)
        assert_shown_as_it_is(bearers[b]);
}

static bool shows(const char *bearer, const char *words)
{
    struct answer *an = ask(HTTP_GET, bearer, NULL, "/api/v1/tickets/1?include=messages");

    assert_int_equal(an->status, 200);
    return str_find(an->body, str_of(words)) != SIZE_MAX;
}

static void a_ticket_shows_the_messages_that_are_there_now(void **state)
{
    int64_t customer = chain_user(t.ch, 3);
    const char *agent = chain_agent(t.ch), *asker = chain_token(t.ch, customer, -1, false);

    (void)state;
    assert_int_equal(ask(HTTP_POST, asker, "{\"title\":\"a\",\"message\":{\"body\":\"first\"}}", "/api/v1/tickets")->status, 201);
    assert_int_equal(ask(HTTP_POST, agent, "{\"body\":\"secret\",\"visibility\":\"internal\"}", "/api/v1/tickets/1/messages")->status, 201);
    for (int i = 0; i < 2; i++) {
        assert_true(shows(agent, "secret"));
        assert_false(shows(asker, "secret"));
        assert_true(shows(asker, "first"));
    }
    chain_exec(t.ch, "UPDATE messages SET source = 'rewritten' WHERE id = 1", DB_NO_ARGS);
    assert_true(shows(agent, "rewritten"));
    assert_true(shows(asker, "rewritten"));
    chain_exec(t.ch, "UPDATE users SET name = 'Renamed' WHERE id = $1", DB_ARGS(DB_INT(customer)));
    assert_true(shows(agent, "Renamed"));
    assert_int_equal(ask(HTTP_POST, asker, "{\"body\":\"again\"}", "/api/v1/tickets/1/messages")->status, 201);
    assert_true(shows(agent, "again"));
    assert_true(shows(asker, "again"));
    chain_exec(t.ch, "DELETE FROM search_docs", DB_NO_ARGS);
    chain_exec(t.ch, "DELETE FROM events", DB_NO_ARGS);
    chain_exec(t.ch, "DELETE FROM messages WHERE source = 'again'", DB_NO_ARGS);
    assert_false(shows(agent, "again"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_list_is_what_a_naive_scan_may_see),
        CASE(short_lists_are_one_whole_page),
        CASE(the_statements_of_a_request_are_its_own),
        CASE(what_fails_in_a_bulk_names_its_place_and_what_is_allowed),
        CASE(pages_backward_are_the_pages_forward),
        CASE(pages_neither_skip_nor_repeat_while_rows_change),
        CASE(counts_equal_a_recount_after_any_operations),
        CASE(a_list_shows_what_is_there_now_however_it_came_about),
        CASE(a_ticket_shows_the_messages_that_are_there_now),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
