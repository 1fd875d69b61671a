/* People, organisations, roles and groups: sides of their rules that no everyday request takes. */
#include "desk_world.h"
#include "row_fixture.h"

static int64_t off;             /* a customer who is not active */
static const char *path_of_ann;

static int set_up_people(void **state)
{
    (void)set_up(state);
    off = chain_user(t.ch, 3);
    path_of_ann = desk_path(t.ch, "/api/v1/users/%lld", (long long)t.ann);
    chain_exec(t.ch, "UPDATE users SET active = 0 WHERE id = $1", DB_ARGS(DB_INT(off)));
    return 0;
}

static void a_person_is_made_of_what_there_is(void **state)
{
    static const struct row rows[] = {
        { HTTP_POST, "/api/v1/organizations", "{\"name\":\"Acme\",\"domains\":[\"acme.example\",\"acme.test\"],\"domain_assignment\":true}", 201, NULL, NULL },
        { HTTP_POST, "/api/v1/organizations", "{\"name\":\"Gone\"}", 201, NULL, NULL },
        { HTTP_PATCH, "/api/v1/organizations/2", "{\"active\":false,\"vip\":true}", 200, NULL, NULL },
        { HTTP_POST, "/api/v1/users", "{\"name\":\"n\",\"role_ids\":[3,3]}", 422, "/role_ids", NULL },
        { HTTP_POST, "/api/v1/users", "{\"name\":\"n\",\"role_ids\":[3,999]}", 422, "/role_ids", NULL },
        { HTTP_POST, "/api/v1/users", "{\"name\":\"n\",\"organization_id\":999}", 422, "/organization_id", NULL },
        { HTTP_POST, "/api/v1/users", "{\"name\":\"n\",\"organization_id\":2}", 422, "/organization_id", NULL },
        { HTTP_POST, "/api/v1/users", "{\"name\":\"n\",\"organization_ids\":[999]}", 422, "/organization_ids", NULL },
        { HTTP_POST, "/api/v1/users", "{\"name\":\"n\",\"phone\":\"  \"}", 422, "/phone", NULL },
        { HTTP_POST, "/api/v1/users", "{\"name\":\"n\",\"email\":\"no address\"}", 422, "/email", NULL },
        { HTTP_POST, "/api/v1/users", "{\"name\":\"n\",\"email\":\"n@acme.example\",\"phone\":\"+49 1\",\"invite\":true}", 201, NULL, NULL },
        { HTTP_POST, "/api/v1/users", "{\"name\":\"m\",\"phone\":\"+49 1\"}", 422, "/phone", NULL },
        { HTTP_POST, "/api/v1/users", "{\"name\":\"m\",\"email\":\"N@acme.example\"}", 422, "/email", NULL },
        { HTTP_POST, "/api/v1/users", "{\"name\":\"m\",\"email\":\"m@acme.example\",\"organization_id\":null}", 201, NULL, NULL },
        { HTTP_POST, "/api/v1/users", "{\"name\":\"k\",\"invite\":true}", 201, NULL, NULL },
    };

    (void)state;
    ROWS(t.ch, t.admin, rows);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM users WHERE organization_id = 1", DB_NO_ARGS), 1);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM outbox", DB_NO_ARGS), 1); /* who has no address gets no link */
}

static void absence_has_an_end_and_somebody_who_is_there(void **state)
{
    const struct row rows[] = {
        { HTTP_PATCH, "/api/v1/me", "{\"out_of_office\":{\"from\":\"2031-02-01T00:00:00Z\",\"to\":\"2031-01-01T00:00:00Z\"}}", 422, "/out_of_office/to", NULL },
        { HTTP_PATCH, "/api/v1/me", "{\"out_of_office\":{\"from\":\"2031-02-01T00:00:00Z\",\"to\":\"2031-03-01T00:00:00Z\"}}", 200, NULL, NULL },
        { HTTP_PATCH, "/api/v1/me", desk_path(t.ch, "{\"out_of_office\":{\"from\":\"2031-02-01T00:00:00Z\",\"stand_in_id\":%lld}}", (long long)off), 422, "/out_of_office/stand_in_id", NULL },
        { HTTP_PATCH, "/api/v1/me", "{\"out_of_office\":{\"from\":\"2031-02-01T00:00:00Z\",\"stand_in_id\":999999}}", 422, "/out_of_office/stand_in_id", NULL },
        { HTTP_PATCH, "/api/v1/me", desk_path(t.ch, "{\"out_of_office\":{\"from\":\"2031-02-01T00:00:00Z\",\"stand_in_id\":%lld}}", (long long)t.ann), 200, NULL, NULL },
    };

    (void)state;
    ROWS(t.ch, t.agent, rows);
}

static void organisations_give_rights_by_who_may_give_them(void **state)
{
    static const struct row admins[] = {
        { HTTP_POST, "/api/v1/organizations", "{\"name\":\"A\",\"domains\":[\"a.example\",\"A.example\"]}", 422, "/domains", NULL },
        { HTTP_POST, "/api/v1/organizations", "{\"name\":\"A\",\"domains\":[\"gmail.com\"]}", 422, "/domains", NULL },
        { HTTP_POST, "/api/v1/organizations", "{\"name\":\"A\",\"domains\":[\"-\"]}", 422, "/domains", NULL },
        { HTTP_POST, "/api/v1/organizations", "{\"name\":\"A\",\"vip\":true}", 201, NULL, NULL },
        { HTTP_POST, "/api/v1/organizations", "{\"name\":\"a\"}", 422, "/name", NULL },
        { HTTP_PATCH, "/api/v1/organizations/999", "{\"note\":\"n\"}", 404, NULL, NULL },
        { HTTP_PATCH, "/api/v1/organizations/1", "{\"note\":\"n\"}", 412, NULL, "\"v7\"" },
        { HTTP_PATCH, "/api/v1/organizations/1", "{\"note\":\"n\"}", 200, NULL, "\"v1\"" },
    };
    static const struct row agents[] = {
        { HTTP_PATCH, "/api/v1/organizations/1", "{\"note\":\"by an agent\"}", 200, NULL, NULL },
        { HTTP_PATCH, "/api/v1/organizations/1", "{\"shared\":true}", 403, NULL, NULL },
        { HTTP_PATCH, "/api/v1/organizations/1", "{\"domain_assignment\":true}", 403, NULL, NULL },
        { HTTP_PATCH, "/api/v1/organizations/1", "{\"domains\":[]}", 403, NULL, NULL },
        { HTTP_PATCH, "/api/v1/organizations/1", "{\"active\":false}", 403, NULL, NULL },
    };

    (void)state;
    ROWS(t.ch, t.admin, admins);
    ROWS(t.ch, t.agent, agents);
}

static void the_administrators_role_keeps_its_permissions(void **state)
{
    static const struct row rows[] = {
        { HTTP_PATCH, "/api/v1/roles/999", "{\"note\":\"n\"}", 404, NULL, NULL },
        { HTTP_PATCH, "/api/v1/roles/2", "{\"note\":\"n\"}", 412, NULL, "\"v77\"" },
        { HTTP_PATCH, "/api/v1/roles/2", "{\"note\":\"n\"}", 200, NULL, NULL },
        { HTTP_PATCH, "/api/v1/roles/1", "{\"permissions\":[\"report\"]}", 409, "/permissions", NULL },
        { HTTP_PATCH, "/api/v1/roles/1", "{\"active\":false}", 409, "/active", NULL },
        { HTTP_PATCH, "/api/v1/roles/1", "{\"note\":\"n\"}", 200, NULL, NULL },
        { HTTP_PATCH, "/api/v1/roles/3", "{\"group_levels\":[{\"group_id\":1,\"levels\":[\"read\"]}]}", 200, NULL, NULL },
        { HTTP_PATCH, "/api/v1/roles/3", "{\"active\":false}", 200, NULL, NULL },
    };

    (void)state;
    ROWS(t.ch, t.admin, rows);
}

static void groups_stand_below_groups_and_one_is_the_default(void **state)
{
    static const struct row rows[] = {
        { HTTP_POST, "/api/v1/groups", "{\"name\":\"g\",\"email\":\"no address\"}", 422, "/email", NULL },
        { HTTP_POST, "/api/v1/groups", "{\"name\":\"g\",\"parent_id\":999}", 422, "/parent_id", NULL },
        { HTTP_POST, "/api/v1/groups", "{\"name\":\"g\",\"parent_id\":1,\"email\":\"g@example.com\"}", 201, NULL, NULL },
        { HTTP_PATCH, "/api/v1/groups/1", "{\"parent_id\":1}", 422, "/parent_id", NULL },
        { HTTP_PATCH, "/api/v1/groups/1", "{\"parent_id\":2}", 422, "/parent_id", NULL },
        { HTTP_PATCH, "/api/v1/groups/1", "{\"active\":false}", 422, "/active", NULL },
        { HTTP_PATCH, "/api/v1/groups/1", "{\"is_default\":false}", 422, "/is_default", NULL },
        { HTTP_PATCH, "/api/v1/groups/1", "{\"is_default\":false,\"active\":false}", 422, "/is_default", NULL },
        { HTTP_PATCH, "/api/v1/groups/2", "{\"is_default\":true}", 200, NULL, NULL },
        { HTTP_PATCH, "/api/v1/groups/1", "{\"active\":false}", 200, NULL, NULL },
    };

    (void)state;
    ROWS(t.ch, t.admin, rows);
}

/* ── addresses and numbers ── */

static const char *identity(int64_t id)
{
    return desk_path(t.ch, "%s/identities/%lld", path_of_ann, (long long)id);
}

static int64_t add(const char *json)
{
    assert_int_equal(ask(HTTP_POST, t.admin, desk_path(t.ch, "%s/identities", path_of_ann), json)->status, 201);
    return chain_int(t.ch, "SELECT MAX(id) FROM identities", DB_NO_ARGS);
}

static void an_address_is_sound_new_and_one_of_fifty(void **state)
{
    const char *path = desk_path(t.ch, "%s/identities", path_of_ann);
    const struct row rows[] = {
        { HTTP_POST, path, "{\"kind\":\"email\",\"value\":\"no address\"}", 422, "/value", NULL },
        { HTTP_POST, path, "{\"kind\":\"email\",\"value\":\"person2@example.com\"}", 422, "/value", NULL },
        { HTTP_POST, path, "{\"kind\":\"phone\",\"value\":\"1\"}", 201, NULL, NULL },
    };

    (void)state;
    ROWS(t.ch, t.admin, rows);
    assert_problem_field(ask(HTTP_POST, t.agent, path, "{\"kind\":\"phone\",\"value\":\"2\",\"verified\":true}"), "/verified");
    for (int64_t n = chain_int(t.ch, "SELECT count(*) FROM identities WHERE user_id = $1", DB_ARGS(DB_INT(t.ann))); n < 50; n++)
        chain_exec(t.ch, "INSERT INTO identities (user_id, kind, value, value_fold, is_primary, created_us)"
                         " VALUES ($1, 1, $2, $2, 0, 0)",
                   DB_ARGS(DB_INT(t.ann), DB_TEXT(str_printf(t.ch->a, "+%lld", (long long)n))));
    assert_problem(ask(HTTP_POST, t.admin, path, "{\"kind\":\"phone\",\"value\":\"3\"}"), 409, "too_many");
}

static int64_t primary(int kind)
{
    return chain_int(t.ch, "SELECT COALESCE(MAX(id), 0) FROM identities WHERE user_id = $1 AND kind = $2 AND is_primary = 1",
                     DB_ARGS(DB_INT(t.ann), DB_INT(kind)));
}

/* An address that nobody proved never follows one that was; among numbers the first there is does. */
static void who_follows_a_primary_address_was_proved_if_it_was(void **state)
{
    int64_t email, unproved, proved, again, phone, other;

    (void)state;
    email = primary(0);
    chain_exec(t.ch, "UPDATE identities SET verified_us = 1 WHERE id = $1", DB_ARGS(DB_INT(email)));
    unproved = add("{\"kind\":\"email\",\"value\":\"un@example.com\"}");
    proved = add("{\"kind\":\"email\",\"value\":\"p1@example.com\",\"verified\":true}");
    again = add("{\"kind\":\"email\",\"value\":\"p2@example.com\",\"verified\":true}");
    phone = add("{\"kind\":\"phone\",\"value\":\"10\"}");
    other = add("{\"kind\":\"phone\",\"value\":\"11\"}");
    add("{\"kind\":\"phone\",\"value\":\"12\"}");
    assert_int_equal(ask(HTTP_DELETE, t.agent, identity(proved), NULL)->status, 403);
    assert_int_equal(ask(HTTP_POST, t.agent, desk_path(t.ch, "%s/primary", identity(unproved)), NULL)->status, 403);
    assert_int_equal(ask(HTTP_DELETE, t.admin, identity(email), NULL)->status, 204);
    assert_int_equal(primary(0), proved);
    assert_int_equal(ask(HTTP_DELETE, t.admin, identity(phone), NULL)->status, 204);
    assert_int_equal(primary(1), other);
    assert_int_equal(ask(HTTP_POST, t.admin, desk_path(t.ch, "%s/primary", identity(again)), NULL)->status, 200);
    assert_int_equal(ask(HTTP_POST, t.admin, desk_path(t.ch, "%s/primary", identity(again)), NULL)->status, 200);
    assert_int_equal(ask(HTTP_DELETE, t.agent, identity(unproved), NULL)->status, 204);
    assert_int_equal(ask(HTTP_POST, t.agent, desk_path(t.ch, "%s/primary", identity(other)), NULL)->status, 200);
    assert_int_equal(ask(HTTP_DELETE, t.admin, identity(proved), NULL)->status, 204);
    assert_int_equal(primary(0), again);
    assert_int_equal(ask(HTTP_DELETE, t.admin, identity(again), NULL)->status, 204); /* the last address, numbers stay */
    assert_int_equal(primary(0), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_people, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_person_is_made_of_what_there_is),
        CASE(absence_has_an_end_and_somebody_who_is_there),
        CASE(organisations_give_rights_by_who_may_give_them),
        CASE(the_administrators_role_keeps_its_permissions),
        CASE(groups_stand_below_groups_and_one_is_the_default),
        CASE(an_address_is_sound_new_and_one_of_fifty),
        CASE(who_follows_a_primary_address_was_proved_if_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
