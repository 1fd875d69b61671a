/* People, organisations, groups and roles: who may see and change what. */
#include "chain_test.h"

#include "base/clock.h"
#include "desk/signup.h"
#include "desk/user.h"
#include "store/store.h"

struct cli_work {
    struct chain *ch;
    const struct actor *who;
    struct str token; /* out: of the link that makes the first administrator */
};

static enum rc as_the_command_line(struct db *db, void *arg, struct err *e)
{
    struct cli_work *w = arg;
    const struct account c = { w->ch->app->auth, db, w->who, w->ch->a, clock_now_us() };
    const struct user_new n = { .fields = { .has_name = true, .name = STR("Dee Smith") },
                                .email = STR("d@example.com"), .verified = true };
    struct str link;
    int64_t id;

    TRY(user_create(&c, &n, &id, e));
    TRY(setup_link(&c, &link, e));
    w->token = str_sub(link, str_find(link, STR("#token=")) + 7, link.n);
    return RC_OK;
}

static struct answer *send(struct chain *ch, enum http_method m, const char *target, const char *bearer, const char *json)
{
    return chain_send(ch, (struct ask){ .method = m, .target = target, .bearer = bearer, .json = json });
}

static void customers_see_themselves_only(void **state)
{
    struct chain *ch = chain_open();
    int64_t me = chain_user(ch, 3), other = chain_user(ch, 3);
    const char *token = chain_token(ch, me, -1, false);

    (void)state;
    assert_int_equal(send(ch, HTTP_GET, str_printf(ch->a, "/api/v1/users/%lld", (long long)me).p, token, NULL)->status, 200);
    struct answer *foreign = send(ch, HTTP_GET, str_printf(ch->a, "/api/v1/users/%lld", (long long)other).p, token, NULL);
    struct answer *absent = send(ch, HTTP_GET, "/api/v1/users/999999", token, NULL);

    assert_problem(foreign, 404, NULL);
    assert_problem(absent, 404, NULL);
    assert_true(str_eq(answer_text(foreign, "/detail"), answer_text(absent, "/detail")));
    assert_problem(send(ch, HTTP_GET, "/api/v1/users", token, NULL), 403, NULL);
    assert_problem(send(ch, HTTP_GET, "/api/v1/organizations", token, NULL), 403, NULL);
    assert_problem(send(ch, HTTP_GET, "/api/v1/roles", token, NULL), 403, NULL);
    assert_problem(send(ch, HTTP_GET, "/api/v1/groups", token, NULL), 403, NULL);
    chain_close(&ch);
}

static void agents_manage_customers_but_nobody_with_more_rights(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch);
    int64_t admin = chain_user(ch, 1);
    struct answer *an;

    (void)state;
    an = send(ch, HTTP_POST, "/api/v1/users", agent, "{\"name\":\"Zoë\",\"email\":\"zoe@example.com\"}");
    assert_int_equal(an->status, 201);
    assert_str_eq(answer_text(an, "/roles/0/name"), "Customer");
    assert_str_eq(answer_text(an, "/identities/0/value"), "zoe@example.com");
    const char *zoe = str_printf(ch->a, "/api/v1/users/%lld", (long long)answer_int(an, "/id")).p;

    an = send(ch, HTTP_POST, "/api/v1/users", agent, "{\"name\":\"Twin\",\"email\":\"ZOE@example.com\"}");
    assert_problem_field(an, "/email");
    an = send(ch, HTTP_GET, "/api/v1/users?q=zoe", agent, NULL);
    assert_int_equal(json_array_size(answer_at(an, "/data")), 1);
    an = send(ch, HTTP_PATCH, zoe, agent, "{\"note\":\"likes tea\"}");
    assert_int_equal(an->status, 200);
    assert_str_eq(answer_text(an, "/note"), "likes tea");
    assert_problem(send(ch, HTTP_PATCH, zoe, agent, "{\"role_ids\":[1]}"), 403, NULL);
    assert_problem(send(ch, HTTP_PATCH, zoe, agent, "{\"role_ids\":[2]}"), 403, NULL);
    assert_problem(send(ch, HTTP_PATCH, zoe, agent, "{\"group_levels\":[{\"group_id\":1,\"levels\":[\"full\"]}]}"), 403, NULL);
    assert_problem_field(send(ch, HTTP_PATCH, zoe, agent, "{\"password_hash\":\"x\"}"), "/password_hash");
    assert_problem(send(ch, HTTP_PATCH, str_printf(ch->a, "/api/v1/users/%lld", (long long)admin).p, agent, "{\"name\":\"x\"}"), 403, NULL);
    assert_problem(send(ch, HTTP_POST, str_printf(ch->a, "/api/v1/users/%lld/identities", (long long)admin).p, agent,
                        "{\"kind\":\"email\",\"value\":\"evil@example.com\"}"), 403, NULL);
    chain_close(&ch);
}

static void a_stale_version_is_refused_with_the_current_object(void **state)
{
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch);
    int64_t id = chain_user(ch, 3);
    const char *path = str_printf(ch->a, "/api/v1/users/%lld", (long long)id).p;
    struct answer *an = send(ch, HTTP_GET, path, admin, NULL);
    const char *etag = str_z(answer_header(an, "etag"), ch->a);

    (void)state;
    an = chain_send(ch, (struct ask){ .method = HTTP_PATCH, .target = path, .bearer = admin, .if_match = etag, .json = "{\"vip\":true}" });
    assert_int_equal(an->status, 200);
    an = chain_send(ch, (struct ask){ .method = HTTP_PATCH, .target = path, .bearer = admin, .if_match = etag, .json = "{\"vip\":false}" });
    assert_problem(an, 412, NULL);
    assert_true(json_is_true(answer_at(an, "/current/vip")));
    chain_close(&ch);
}

static void rights_count_from_the_next_request_on(void **state)
{
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch);
    int64_t id = chain_user(ch, 3);
    const char *path = str_printf(ch->a, "/api/v1/users/%lld", (long long)id).p;
    const char *token = chain_token(ch, id, -1, false);

    (void)state;
    assert_int_equal(send(ch, HTTP_GET, "/api/v1/users", token, NULL)->status, 403);
    assert_int_equal(send(ch, HTTP_PATCH, path, admin, "{\"role_ids\":[2]}")->status, 200);
    assert_int_equal(send(ch, HTTP_GET, "/api/v1/users", token, NULL)->status, 200);
    assert_int_equal(send(ch, HTTP_PATCH, "/api/v1/roles/2", admin, "{\"permissions\":[\"ticket.agent\"]}")->status, 200);
    assert_int_equal(send(ch, HTTP_GET, "/api/v1/users", token, NULL)->status, 403);
    assert_int_equal(send(ch, HTTP_PATCH, path, admin, "{\"active\":false}")->status, 200);
    assert_int_equal(send(ch, HTTP_GET, "/api/v1/auth/me", token, NULL)->status, 401);
    chain_close(&ch);
}

static void the_last_administrator_stays(void **state)
{
    struct chain *ch = chain_open();
    int64_t id = chain_user(ch, 1);
    const char *admin = chain_token(ch, id, -1, false);
    const char *path = str_printf(ch->a, "/api/v1/users/%lld", (long long)id).p;

    (void)state;
    assert_problem(send(ch, HTTP_PATCH, path, admin, "{\"active\":false}"), 409, "last_admin");
    assert_problem(send(ch, HTTP_PATCH, path, admin, "{\"role_ids\":[3]}"), 409, "last_admin");
    assert_problem(send(ch, HTTP_PATCH, "/api/v1/roles/1", admin, "{\"permissions\":[\"report\"]}"), 409, NULL);
    assert_int_equal(send(ch, HTTP_GET, "/api/v1/users", admin, NULL)->status, 200);
    chain_close(&ch);
}

static void nobody_gives_permissions_that_he_lacks(void **state)
{
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch);
    struct answer *an = send(ch, HTTP_POST, "/api/v1/roles", admin,
                             "{\"name\":\"Role keeper\",\"permissions\":[\"admin.role\",\"admin.user\",\"user.read\"]}");
    int64_t role = answer_int(an, "/id"), keeper = chain_user(ch, role);
    const char *token = chain_token(ch, keeper, -1, false);

    (void)state;
    assert_int_equal(an->status, 201);
    assert_problem(send(ch, HTTP_POST, "/api/v1/roles", token, "{\"name\":\"X\",\"permissions\":[\"admin.setting\"]}"), 403, "more_rights");
    assert_problem(send(ch, HTTP_PATCH, str_printf(ch->a, "/api/v1/users/%lld", (long long)keeper).p, token, "{\"role_ids\":[1]}"), 403, "more_rights");
    assert_int_equal(send(ch, HTTP_POST, "/api/v1/roles", token, "{\"name\":\"Y\",\"permissions\":[\"user.read\"]}")->status, 201);
    assert_problem_field(send(ch, HTTP_POST, "/api/v1/roles", token, "{\"name\":\"role  KEEPER\",\"permissions\":[\"user.read\"]}"), "/name");
    chain_close(&ch);
}

static void organisations_take_domains_of_their_own_only(void **state)
{
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch);
    struct answer *an;

    (void)state;
    an = send(ch, HTTP_POST, "/api/v1/organizations", admin,
              "{\"name\":\"Acme\",\"shared\":true,\"domain_assignment\":true,\"domains\":[\"ACME.example\"]}");
    assert_int_equal(an->status, 201);
    assert_str_eq(answer_text(an, "/domains/0"), "acme.example");
    assert_problem_field(send(ch, HTTP_POST, "/api/v1/organizations", admin, "{\"name\":\"B\",\"domains\":[\"gmail.com\"]}"), "/domains");
    assert_problem_field(send(ch, HTTP_POST, "/api/v1/organizations", admin, "{\"name\":\"ACME\"}"), "/name");
    assert_problem(send(ch, HTTP_POST, "/api/v1/organizations", chain_agent(ch), "{\"name\":\"C\",\"shared\":true}"), 403, NULL);
    assert_int_equal(send(ch, HTTP_POST, "/api/v1/organizations", chain_agent(ch), "{\"name\":\"C\"}")->status, 201);
    an = send(ch, HTTP_POST, "/api/v1/users", admin, "{\"name\":\"New\",\"email\":\"new@acme.example\"}");
    assert_str_eq(answer_text(an, "/organization/name"), "Acme");
    chain_close(&ch);
}

static void groups_have_one_default_and_no_cycles(void **state)
{
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch);
    struct answer *an;

    (void)state;
    an = send(ch, HTTP_POST, "/api/v1/groups", admin, "{\"name\":\"Second level\",\"parent_id\":1,\"is_default\":true}");
    assert_int_equal(an->status, 201);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM groups WHERE is_default = 1", DB_NO_ARGS), 1);
    assert_problem_field(send(ch, HTTP_PATCH, "/api/v1/groups/1", admin,
                              str_printf(ch->a, "{\"parent_id\":%lld}", (long long)answer_int(an, "/id")).p), "/parent_id");
    assert_problem_field(send(ch, HTTP_PATCH, "/api/v1/groups/1", admin, "{\"parent_id\":99}"), "/parent_id");
    assert_problem_field(send(ch, HTTP_POST, "/api/v1/groups", admin, "{\"name\":\"SUPPORT\"}"), "/name");
    assert_int_equal(send(ch, HTTP_GET, "/api/v1/groups", chain_agent(ch), NULL)->status, 200);
    chain_close(&ch);
}

static bool finds(struct chain *ch, const char *agent, const char *word, const char *name)
{
    struct answer *an = send(ch, HTTP_GET, str_printf(ch->a, "/api/v1/search?q=%s&types=users", word).p, agent, NULL);
    const json_t *people = answer_at(an, "/users"), *person;
    size_t i;

    assert_int_equal(an->status, 200);
    json_array_foreach(people, i, person)
        if (strcmp(json_string_value(json_object_get(person, "name")), name) == 0)
            return true;
    return false;
}

static void people_are_found_by_any_word_of_their_name(void **state)
{
    static const struct {
        const char *target, *json, *name, *word;
    } roads[] = {
        { "/api/v1/users", "{\"name\":\"Ann Smith\",\"email\":\"a@example.com\"}", "Ann Smith", "smith" },
        { "/api/v1/auth/register", "{\"name\":\"Bo Jones\",\"email\":\"b@example.com\",\"password\":\"kq8vH2rz-blau\"}", "Bo Jones", "jones" },
        { "/api/v1/tickets", "{\"title\":\"T\",\"message\":{\"body\":\"x\"},\"customer\":{\"email\":\"c@example.com\",\"name\":\"Cy Young\"}}", "Cy Young", "young" },
    };
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch);
    int64_t id;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(roads); i++) {
        assert_in_range(send(ch, HTTP_POST, roads[i].target, agent, roads[i].json)->status, 200, 202);
        assert_true(finds(ch, agent, roads[i].word, roads[i].name));
        assert_false(finds(ch, agent, "nobody", roads[i].name));
    }
    id = chain_int(ch, "SELECT id FROM users WHERE name = 'Ann Smith'", DB_NO_ARGS);
    assert_int_equal(send(ch, HTTP_PATCH, str_printf(ch->a, "/api/v1/users/%lld", (long long)id).p, agent,
                          "{\"name\":\"Ann Miller\"}")->status, 200);
    assert_false(finds(ch, agent, "smith", "Ann Miller"));
    assert_true(finds(ch, agent, "miller", "Ann Miller"));
    chain_close(&ch);
}

static void the_command_line_and_the_first_administrator_are_found_too(void **state)
{
    struct chain *ch = chain_open();
    const struct actor console = { .type = ACTOR_CLI, .perms = PERM_ALL };
    struct cli_work w = { ch, &console, STR_NONE };
    struct err e = { 0 };

    (void)state;
    assert_ok(store_write(ch->app->store, as_the_command_line, &w, &e), &e);
    assert_true(finds(ch, chain_agent(ch), "smith", "Dee Smith"));
    assert_int_equal(send(ch, HTTP_POST, "/api/v1/auth/setup", NULL,
                          str_printf(ch->a, "{\"token\":\"%.*s\",\"name\":\"Eve Smith\",\"email\":\"e@example.com\","
                                            "\"password\":\"kq8vH2rz-blau\"}", STR_ARG(w.token)).p)->status, 201);
    assert_true(finds(ch, chain_agent(ch), "smith", "Eve Smith"));
    chain_close(&ch);
}

static void sessions_are_shown_to_who_may_end_them(void **state)
{
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch);
    int64_t id = chain_user(ch, 3);
    const char *path = str_printf(ch->a, "/api/v1/users/%lld/sessions", (long long)id).p;
    struct chain_session s = chain_session(ch, id);
    struct answer *an;

    (void)state;
    chain_session(ch, chain_user(ch, 3));
    an = send(ch, HTTP_GET, path, admin, NULL);
    assert_int_equal(an->status, 200);
    assert_int_equal(json_array_size(answer_at(an, "/data")), 1);
    assert_int_equal(answer_int(an, "/data/0/id"), s.id);
    assert_str_eq(answer_text(an, "/data/0/user_agent"), "test");
    assert_true(json_is_false(answer_at(an, "/data/0/current")));
    assert_true(str_find(an->body, STR("hash")) == SIZE_MAX);
    assert_problem(send(ch, HTTP_GET, path, chain_agent(ch), NULL), 403, NULL);
    assert_problem(send(ch, HTTP_GET, path, chain_token(ch, id, -1, false), NULL), 403, NULL);
    assert_problem(send(ch, HTTP_GET, "/api/v1/users/999999/sessions", admin, NULL), 404, NULL);
    assert_int_equal(send(ch, HTTP_DELETE, path, admin, NULL)->status, 204);
    an = send(ch, HTTP_GET, path, admin, NULL);
    assert_int_equal(json_array_size(answer_at(an, "/data")), 0);
    assert_int_equal(chain_send(ch, (struct ask){ .target = "/api/v1/auth/me", .cookie = s.cookie })->status, 401);
    chain_close(&ch);
}

static void every_statement_of_a_change_may_fail(void **state)
{
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch);
    struct answer *an;

    (void)state;
    an = chain_fail_each(ch, (struct ask){ .method = HTTP_POST, .target = "/api/v1/users", .bearer = admin,
                                           .json = "{\"name\":\"Ann\",\"email\":\"ann@example.com\",\"invite\":true}" });
    assert_int_equal(an->status, 201);
    chain_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(customers_see_themselves_only),
        cmocka_unit_test(agents_manage_customers_but_nobody_with_more_rights),
        cmocka_unit_test(a_stale_version_is_refused_with_the_current_object),
        cmocka_unit_test(rights_count_from_the_next_request_on),
        cmocka_unit_test(the_last_administrator_stays),
        cmocka_unit_test(nobody_gives_permissions_that_he_lacks),
        cmocka_unit_test(organisations_take_domains_of_their_own_only),
        cmocka_unit_test(groups_have_one_default_and_no_cycles),
        cmocka_unit_test(people_are_found_by_any_word_of_their_name),
        cmocka_unit_test(the_command_line_and_the_first_administrator_are_found_too),
        cmocka_unit_test(sessions_are_shown_to_who_may_end_them),
        cmocka_unit_test(every_statement_of_a_change_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
