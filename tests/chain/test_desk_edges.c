/* Sides of rules that no everyday request takes: tables of requests, and what each is answered. */
#include "desk_world.h"
#include "row_fixture.h"

#include "store/views.h"

static int64_t ticket_id;
static const char *poor; /* an agent's token that may not share views */

static int set_up_ticket(void **state)
{
    (void)set_up(state);
    poor = chain_token(t.ch, t.agent_id, PERM_TICKET_AGENT, false);
    ticket_id = desk_ticket(t.ch, t.ann, 0, "x");
    return 0;
}

/* ── states, priorities, fields ── */

static void every_default_stays_until_another_takes_its_place(void **state)
{
    static const struct row rows[] = {
        { HTTP_PATCH, "/api/v1/states/2", "{\"default_follow_up\":false}", 422, "/default_follow_up", NULL },
        { HTTP_PATCH, "/api/v1/states/7", "{\"default_close\":false}", 422, "/default_close", NULL },
        { HTTP_PATCH, "/api/v1/priorities/2", "{\"default\":false}", 422, "/default", NULL },
        { HTTP_PATCH, "/api/v1/priorities/2", "{\"active\":false}", 422, "/active", NULL },
        { HTTP_PATCH, "/api/v1/states/1", "{\"active\":false}", 422, "/active", NULL },
        { HTTP_PATCH, "/api/v1/states/8", "{\"active\":false}", 422, "/active", NULL },
        { HTTP_DELETE, "/api/v1/states/1", NULL, 409, NULL, NULL },
        { HTTP_DELETE, "/api/v1/states/7", NULL, 409, NULL, NULL },
        { HTTP_DELETE, "/api/v1/states/8", NULL, 409, NULL, NULL },
        { HTTP_DELETE, "/api/v1/states/10", NULL, 409, NULL, NULL },
        { HTTP_DELETE, "/api/v1/states/999", NULL, 404, NULL, NULL },
        { HTTP_DELETE, "/api/v1/priorities/999", NULL, 404, NULL, NULL },
        { HTTP_PATCH, "/api/v1/states/6", "{\"default_follow_up\":true}", 422, "/default_follow_up", NULL },
        { HTTP_PATCH, "/api/v1/states/2", "{\"default_close\":true}", 422, "/default_close", NULL },
        { HTTP_PATCH, "/api/v1/states/7", "{\"default_new\":true}", 422, "/default_new", NULL },
        { HTTP_PATCH, "/api/v1/states/6", "{\"default_close\":true}", 200, NULL, NULL },
        { HTTP_POST, "/api/v1/states", "{\"name\":\"o\",\"type\":\"open\",\"default_follow_up\":true}", 201, NULL, NULL },
        { HTTP_POST, "/api/v1/states", "{\"name\":\"p\",\"type\":\"open\",\"until\":\"required\"}", 422, "/until", NULL },
        { HTTP_POST, "/api/v1/states", "{\"name\":\"p\",\"type\":\"pending\",\"until\":\"required\",\"at_until_state\":8}", 422, "/at_until_state", NULL },
        { HTTP_POST, "/api/v1/states", "{\"name\":\"p\",\"type\":\"pending\",\"until\":\"required\",\"at_until_state\":3}", 422, "/at_until_state", NULL },
        { HTTP_POST, "/api/v1/states", "{\"name\":\"p\",\"type\":\"pending\",\"until\":\"required\",\"at_until_state\":999}", 422, "/at_until_state", NULL },
        { HTTP_PATCH, "/api/v1/states/4", "{\"at_until_state\":4}", 422, "/at_until_state", NULL },
    };

    (void)state;
    ROWS(t.ch, t.admin, rows);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM states WHERE default_follow_up = 1 OR default_close = 1", DB_NO_ARGS), 2);
}

static void a_field_is_refused_by_the_part_that_does_not_fit(void **state)
{
    static const struct row rows[] = {
        { HTTP_POST, "/api/v1/fields", "{\"object\":\"ticket\",\"name\":\"one\",\"label\":\"One\",\"type\":\"text\"}", 201, NULL, NULL },
        { HTTP_POST, "/api/v1/fields", "{\"object\":\"ticket\",\"name\":\"two\",\"label\":\"Two\",\"type\":\"text\"}", 201, NULL, NULL },
        { HTTP_POST, "/api/v1/fields", "{\"object\":\"ticket\",\"name\":\"TWO\",\"label\":\"Two\",\"type\":\"text\"}", 422, "/name", NULL },
        { HTTP_POST, "/api/v1/fields", "{\"object\":\"ticket\",\"name\":\"c\",\"label\":\"C\",\"type\":\"choice\"}", 422, NULL, NULL },
        { HTTP_PATCH, "/api/v1/fields/2", "{\"label\":\"Second\"}", 200, NULL, NULL },
        { HTTP_PATCH, "/api/v1/fields/2", "{\"options\":{\"nonsense\":1}}", 422, NULL, NULL },
        { HTTP_PATCH, "/api/v1/fields/2", "{\"screens\":{\"edit\":\"sometimes\"}}", 422, NULL, NULL },
    };

    (void)state;
    ROWS(t.ch, t.admin, rows);
}

/* ── views ── */

static void views_are_shared_and_changed_by_who_may(void **state)
{
    static const struct row rows_of_poor[] = {
        { HTTP_POST, "/api/v1/views", "{\"name\":\"a\",\"query\":\"\",\"shared\":true}", 403, NULL, NULL },
        { HTTP_PATCH, "/api/v1/views/1", "{\"name\":\"b\"}", 403, NULL, NULL },
        { HTTP_DELETE, "/api/v1/views/1", NULL, 403, NULL, NULL },
        { HTTP_POST, "/api/v1/views", "{\"name\":\"mine\",\"query\":\"\"}", 201, NULL, NULL },
        { HTTP_PATCH, "/api/v1/views/2", "{\"shared\":true}", 403, NULL, NULL },
        { HTTP_PATCH, "/api/v1/views/2", "{\"query\":\"is:nonsense\"}", 422, "/query", NULL },
        { HTTP_PATCH, "/api/v1/views/2", "{\"sort\":\"nonsense\"}", 422, "/sort", NULL },
        { HTTP_GET, "/api/v1/views/1", NULL, 200, NULL, NULL },
    };

    (void)state;
    good(HTTP_POST, t.admin, "/api/v1/views", "{\"name\":\"Agents\",\"query\":\"\",\"shared\":true,\"role_ids\":[3,2]}");
    ROWS(t.ch, poor, rows_of_poor);
    assert_problem(ask(HTTP_GET, t.admin, "/api/v1/views/2", NULL), 404, NULL); /* his own is his alone */
    good(HTTP_PATCH, t.admin, "/api/v1/views/1", "{\"active\":false}");
    assert_problem(ask(HTTP_GET, poor, "/api/v1/views/1", NULL), 404, NULL);
    good(HTTP_GET, t.agent, "/api/v1/views/1", NULL); /* he may share, and so sees what rests */
}

static void a_person_has_so_many_views_and_no_more(void **state)
{
    (void)state;
    chain_exec(t.ch, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)"
                     " INSERT INTO views (name, query, columns_json, sort, group_by, owner_id, role_ids_json, position, active,"
                     " created_us, updated_us) SELECT 'v' || CAST(i AS TEXT), '', '[]', 'number', '', $1, '[]', 0, 1, 0, 0 FROM n",
               DB_ARGS(DB_INT(t.agent_id), DB_INT(VIEWS_MAX)));
    assert_problem(ask(HTTP_POST, t.agent, "/api/v1/views", "{\"name\":\"one more\",\"query\":\"\"}"), 422, "too_many");
}

/* ── tickets ── */

static const char *many_tags(const char *member, int from, int n)
{
    struct buf b = BUF_ARENA(t.ch->a, 4096);

    buf_printf(&b, "{\"%s\":[", member);
    for (int i = 0; i < n; i++)
        buf_printf(&b, "%s\"t%d\"", i ? "," : "", from + i);
    BUF_LIT(&b, "]}");
    return str_z(buf_view(&b), t.ch->a);
}

static void a_ticket_takes_what_is_in_use_only(void **state)
{
    const char *path = desk_path(t.ch, "/api/v1/tickets/%lld", (long long)ticket_id);
    const char *actions = desk_path(t.ch, "%s/actions", path);
    int64_t off = desk_group(t.ch, "off");
    const struct row rows[] = {
        { HTTP_PATCH, path, "{\"state\":\"hold\"}", 422, "/state", NULL },
        { HTTP_PATCH, path, "{\"priority\":\"high\"}", 422, "/priority", NULL },
        { HTTP_PATCH, path, desk_path(t.ch, "{\"group\":%lld}", (long long)off), 422, "/group", NULL },
        { HTTP_PATCH, path, "{\"until\":\"2099-01-01T00:00:00Z\"}", 422, "/until", NULL },
        { HTTP_PATCH, path, "{\"state\":3}", 422, "/until", NULL },
        { HTTP_PATCH, path, "{\"state\":3,\"until\":\"2001-01-01T00:00:00Z\"}", 422, "/until", NULL },
        { HTTP_PATCH, path, "{\"organization\":null}", 200, NULL, NULL },
        { HTTP_POST, actions, "{\"add_tags\":[\"a,b\"]}", 422, NULL, NULL },
        { HTTP_POST, actions, "{\"remove_tags\":[\"a,b\"]}", 422, NULL, NULL },
        { HTTP_PATCH, path, many_tags("tags", 0, 51), 422, "/tags", NULL },
        { HTTP_PATCH, path, many_tags("tags", 0, 50), 200, NULL, NULL },
        { HTTP_POST, actions, many_tags("add_tags", 0, 50), 200, NULL, NULL },
        { HTTP_POST, actions, many_tags("add_tags", 49, 2), 422, "/tags", NULL },
    };

    (void)state;
    good(HTTP_PATCH, t.admin, "/api/v1/states/5", "{\"active\":false}");
    good(HTTP_PATCH, t.admin, "/api/v1/priorities/3", "{\"active\":false}");
    chain_exec(t.ch, "UPDATE groups SET active = 0 WHERE id = $1", DB_ARGS(DB_INT(off)));
    chain_exec(t.ch, "UPDATE counters SET value = value + 1 WHERE name = 'catalog'", DB_NO_ARGS);
    ROWS(t.ch, t.agent, rows);
}

static void a_priority_that_was_switched_off_stays_where_it_is(void **state)
{
    const char *path = desk_path(t.ch, "/api/v1/tickets/%lld", (long long)ticket_id);

    (void)state;
    good(HTTP_PATCH, t.agent, path, "{\"priority\":4}");
    good(HTTP_PATCH, t.admin, "/api/v1/priorities/4", "{\"active\":false}");
    good(HTTP_PATCH, t.agent, path, "{\"priority\":4,\"title\":\"as before\"}");
    assert_problem_field(ask(HTTP_POST, t.agent, "/api/v1/tickets", "{\"title\":\"n\",\"priority\":4,\"message\":{\"body\":\"b\"}}"), "/priority");
}

/* To spam and to what is deleted, and back from there. */
static void what_is_removed_comes_back_by_who_may_remove(void **state)
{
    const char *path = desk_path(t.ch, "/api/v1/tickets/%lld", (long long)ticket_id);

    (void)state;
    assert_problem(ask(HTTP_PATCH, t.agent, path, "{\"state\":\"spam\"}"), 403, NULL);
    assert_problem(ask(HTTP_PATCH, t.agent, path, "{\"state\":\"deleted\"}"), 403, NULL);
    good(HTTP_PATCH, t.admin, path, "{\"state\":\"spam\"}");
    assert_problem(ask(HTTP_PATCH, t.agent, path, "{\"state\":\"open\"}"), 403, NULL);
    good(HTTP_PATCH, t.admin, path, "{\"state\":\"deleted\"}");
    good(HTTP_PATCH, t.admin, path, "{\"state\":\"open\"}");
    good(HTTP_PATCH, t.agent, path, "{\"title\":\"again\"}");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_ticket, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_default_stays_until_another_takes_its_place),
        CASE(a_field_is_refused_by_the_part_that_does_not_fit),
        CASE(views_are_shared_and_changed_by_who_may),
        CASE(a_person_has_so_many_views_and_no_more),
        CASE(a_ticket_takes_what_is_in_use_only),
        CASE(a_priority_that_was_switched_off_stays_where_it_is),
        CASE(what_is_removed_comes_back_by_who_may_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
