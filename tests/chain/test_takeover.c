/* How somebody would make another's account his own, on both databases. */
#include "account_fixture.h"

/* ── addresses that others add ── */

struct victim {
    struct chain *ch;
    int64_t id;
    const char *identities; /* path */
};

static struct victim victim_open(int64_t role)
{
    struct victim v = { .ch = chain_open() };

    v.id = chain_user(v.ch, role);
    v.identities = TEXT(v.ch, API "/users/%lld/identities", (long long)v.id);
    return v;
}

static const char *primary_of(struct victim *v)
{
    struct answer *an = acc_send(v->ch, HTTP_GET, chain_admin(v->ch), TEXT(v->ch, API "/users/%lld", (long long)v->id), NULL);

    return str_z(answer_text(an, "/email"), v->ch->a);
}

static void an_address_that_an_agent_added_opens_no_account(void **state)
{
    struct victim v = victim_open(3);
    const char *agent = chain_agent(v.ch), *own, *link;
    struct chain_session mine = chain_session(v.ch, v.id);
    int64_t added;

    (void)state;
    own = primary_of(&v);
    acc_expect(acc_post(v.ch, agent, v.identities, "{\"kind\":\"email\",\"value\":\"thief@evil.example\"}"), 201);
    acc_expect(acc_post(v.ch, NULL, API "/auth/password/forgot", "{\"email\":\"thief@evil.example\"}"), 202);
    assert_null(acc_link(v.ch, "mail.password_reset", "thief@evil.example"));
    assert_true(str_find(acc_mail(v.ch, "mail.address_changed", own), STR("thief@evil.example")) != SIZE_MAX);
    link = acc_link(v.ch, "mail.verify", "thief@evil.example");
    assert_non_null(link);
    assert_problem(acc_token(v.ch, NULL, API "/auth/email/verify", link, ""), 403, "login_needed");
    assert_problem(acc_token(v.ch, agent, API "/auth/email/verify", link, ""), 403, "login_needed");
    acc_register(v.ch, "thief@evil.example", GOOD);
    assert_problem(acc_login(v.ch, "thief@evil.example", GOOD), 401, "invalid_credentials");
    assert_null(acc_link(v.ch, "mail.password_reset", "thief@evil.example"));
    added = chain_int(v.ch, "SELECT id FROM identities WHERE value_fold = 'thief@evil.example'", DB_NO_ARGS);
    assert_problem(acc_post(v.ch, agent, TEXT(v.ch, "%s/%lld/primary", v.identities, (long long)added), NULL), 403,
                   "login_address");
    acc_expect(chain_send(v.ch, (struct ask){ .method = HTTP_POST, .target = API "/auth/email/verify",
                                              .json = TEXT(v.ch, "{\"token\":\"%s\"}", link), .cookie = mine.cookie,
                                              .csrf = mine.csrf }),
               204);
    acc_expect(acc_post(v.ch, NULL, API "/auth/password/forgot", "{\"email\":\"thief@evil.example\"}"), 202);
    assert_non_null(acc_link(v.ch, "mail.password_reset", "thief@evil.example")); /* now it is his own */
    chain_close(&v.ch);
}

static void only_who_manages_people_says_that_an_address_is_proved_or_takes_one_away(void **state)
{
    struct victim v = victim_open(3);
    const char *agent = chain_agent(v.ch), *admin = chain_admin(v.ch), *own;
    int64_t first = chain_int(v.ch, "SELECT id FROM identities WHERE user_id = $1", DB_ARGS(DB_INT(v.id)));
    struct answer *an;

    (void)state;
    own = primary_of(&v);
    an = acc_post(v.ch, agent, v.identities, "{\"kind\":\"email\",\"value\":\"a@evil.example\",\"verified\":true}");
    assert_problem(an, 422, NULL);
    assert_problem_field(an, "/verified");
    acc_expect(acc_post(v.ch, agent, v.identities, "{\"kind\":\"phone\",\"value\":\"+49 1\"}"), 201);
    acc_expect(acc_post(v.ch, agent, v.identities, "{\"kind\":\"email\",\"value\":\"a@evil.example\"}"), 201);
    assert_problem(acc_send(v.ch, HTTP_DELETE, agent, TEXT(v.ch, "%s/%lld", v.identities, (long long)first), NULL), 403,
                   "login_address");
    acc_expect(acc_send(v.ch, HTTP_DELETE, admin, TEXT(v.ch, "%s/%lld", v.identities, (long long)first), NULL), 204);
    assert_true(str_find(acc_mail(v.ch, "mail.address_changed", own), STR("taken away")) != SIZE_MAX);
    an = acc_send(v.ch, HTTP_GET, admin, TEXT(v.ch, API "/users/%lld", (long long)v.id), NULL);
    assert_true(json_is_null(answer_at(an, "/email"))); /* nobody proved the other one */
    acc_expect(acc_post(v.ch, NULL, API "/auth/password/forgot", "{\"email\":\"a@evil.example\"}"), 202);
    assert_null(acc_link(v.ch, "mail.password_reset", "a@evil.example"));
    chain_close(&v.ch);
}

static void a_link_for_an_address_that_no_longer_serves_resets_nothing(void **state)
{
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch), *link, *path;
    int64_t id, second;

    (void)state;
    acc_register(ch, "old@example.com", GOOD);
    id = chain_int(ch, "SELECT user_id FROM identities WHERE value_fold = 'old@example.com'", DB_NO_ARGS);
    acc_expect(acc_post(ch, NULL, API "/auth/password/forgot", "{\"email\":\"old@example.com\"}"), 202);
    link = acc_link(ch, "mail.password_reset", "old@example.com");
    path = TEXT(ch, API "/users/%lld/identities", (long long)id);
    acc_expect(acc_post(ch, admin, path, "{\"kind\":\"email\",\"value\":\"new@example.com\",\"verified\":true}"), 201);
    second = chain_int(ch, "SELECT id FROM identities WHERE value_fold = 'new@example.com'", DB_NO_ARGS);
    acc_expect(acc_post(ch, admin, TEXT(ch, "%s/%lld/primary", path, (long long)second), NULL), 200);
    assert_problem(acc_token(ch, NULL, API "/auth/password/reset", link, ",\"password\":\"" OTHER "\""), 400, "invalid_token");
    assert_problem(acc_login(ch, "old@example.com", GOOD), 401, NULL);
    acc_expect(acc_login(ch, "new@example.com", GOOD), 200);
    chain_close(&ch);
}

/* ── people who can do more ── */

static void rights_of_a_switched_off_role_count_too(void **state)
{
    struct victim v = victim_open(3);
    const char *agent = chain_agent(v.ch), *user = TEXT(v.ch, API "/users/%lld", (long long)v.id);
    int64_t role = chain_int(v.ch,
                             "INSERT INTO roles (name, name_fold, perms, active, created_us, updated_us)"
                             " VALUES ('Boss', 'boss', $1, 0, 0, 0) RETURNING id",
                             DB_ARGS(DB_INT(PERM_ADMIN_SETTING)));

    (void)state;
    acc_expect(acc_send(v.ch, HTTP_PATCH, agent, user, "{\"note\":\"x\"}"), 200);
    chain_exec(v.ch, "INSERT INTO user_roles (user_id, role_id) VALUES ($1, $2)", DB_ARGS(DB_INT(v.id), DB_INT(role)));
    acc_expect(acc_send(v.ch, HTTP_PATCH, agent, user, "{\"note\":\"y\"}"), 403);
    acc_expect(acc_post(v.ch, agent, v.identities, "{\"kind\":\"email\",\"value\":\"a@evil.example\"}"), 403);
    chain_close(&v.ch);
}

/* One who manages people, but not settings, reaches nobody who manages settings: by no road. */
static void nobody_changes_people_who_can_do_more(void **state)
{
    struct victim v = victim_open(1);
    struct chain *ch = v.ch;
    const int64_t perms = PERM_ADMIN_USER | PERM_ADMIN_SESSION | PERM_USER_READ | PERM_USER_EDIT | PERM_TICKET_CUSTOMER |
                          PERM_TICKET_AGENT | PERM_ADMIN_ROLE | PERM_ADMIN_TOKEN;
    int64_t role = chain_int(ch, "INSERT INTO roles (name, name_fold, perms, created_us, updated_us)"
                                 " VALUES ('HR', 'hr', $1, 0, 0) RETURNING id", DB_ARGS(DB_INT(perms)));
    int64_t first = chain_int(ch, "SELECT id FROM identities WHERE user_id = $1", DB_ARGS(DB_INT(v.id)));
    int64_t other = chain_user(ch, 3);
    const char *hr = chain_token(ch, chain_user(ch, role), -1, false), *user = TEXT(ch, API "/users/%lld", (long long)v.id);
    const struct {
        enum http_method method;
        const char *target, *json;
    } roads[] = {
        { HTTP_PATCH, user, "{\"name\":\"x\"}" },
        { HTTP_PATCH, user, "{\"role_ids\":[3]}" },
        { HTTP_PATCH, user, "{\"active\":false}" },
        { HTTP_POST, v.identities, "{\"kind\":\"email\",\"value\":\"a@evil.example\",\"verified\":true}" },
        { HTTP_POST, v.identities, "{\"kind\":\"phone\",\"value\":\"+49 1\"}" },
        { HTTP_DELETE, TEXT(ch, "%s/%lld", v.identities, (long long)first), NULL },
        { HTTP_POST, TEXT(ch, "%s/%lld/primary", v.identities, (long long)first), NULL },
        { HTTP_DELETE, TEXT(ch, "%s/mfa", user), NULL },
        { HTTP_DELETE, TEXT(ch, "%s/sessions", user), NULL },
        { HTTP_POST, TEXT(ch, "%s/merge", user), TEXT(ch, "{\"source\":%lld}", (long long)other) },
        { HTTP_POST, TEXT(ch, API "/users/%lld/merge", (long long)other), TEXT(ch, "{\"source\":%lld}", (long long)v.id) },
        { HTTP_PATCH, TEXT(ch, API "/users/%lld", (long long)other), "{\"role_ids\":[1]}" },
        { HTTP_PATCH, API "/roles/1", "{\"note\":\"x\"}" },
    };
    struct str before = chain_checksum(ch);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(roads); i++)
        acc_expect(acc_send(ch, roads[i].method, hr, roads[i].target, roads[i].json), 403);
    assert_true(str_eq(chain_checksum(ch), before));
    chain_close(&v.ch);
}

static void nobody_changes_his_own_addresses_without_his_password(void **state)
{
    struct chain *ch = chain_open();
    int64_t id = chain_user(ch, 1);
    const char *path = TEXT(ch, API "/users/%lld/identities", (long long)id), *admin = chain_token(ch, id, -1, false);

    (void)state;
    assert_problem(acc_post(ch, admin, path, "{\"kind\":\"email\",\"value\":\"a@evil.example\",\"verified\":true}"), 403, "oneself");
    chain_close(&ch);
}

static void an_agent_unites_nobody_who_has_a_login_with_another(void **state)
{
    struct chain *ch = chain_open();
    const char *agent = chain_agent(ch);
    int64_t thief, victim = chain_user(ch, 3), guest;

    (void)state;
    acc_register(ch, "thief@evil.example", GOOD);
    thief = chain_int(ch, "SELECT user_id FROM identities WHERE value_fold = 'thief@evil.example'", DB_NO_ARGS);
    assert_problem(acc_post(ch, agent, TEXT(ch, API "/users/%lld/merge", (long long)victim), TEXT(ch, "{\"source\":%lld}", (long long)thief)),
                   403, "has_login");
    assert_problem(acc_post(ch, agent, TEXT(ch, API "/users/%lld/merge", (long long)thief), TEXT(ch, "{\"source\":%lld}", (long long)victim)),
                   403, "has_login");
    guest = answer_int(acc_expect(acc_post(ch, agent, API "/users", "{\"name\":\"G\",\"email\":\"g@example.com\"}"), 201), "/id");
    acc_expect(acc_post(ch, agent, TEXT(ch, API "/users/%lld/merge", (long long)victim), TEXT(ch, "{\"source\":%lld}", (long long)guest)), 200);
    acc_expect(acc_post(ch, NULL, API "/auth/password/forgot", "{\"email\":\"g@example.com\"}"), 202);
    assert_null(acc_link(ch, "mail.password_reset", "g@example.com"));
    chain_close(&ch);
}

/* ── one's own address ── */

static void ones_own_address_changes_by_password_and_mail_and_the_former_one_is_told(void **state)
{
    struct chain *ch = chain_open();
    const char *bearer, *link;
    struct answer *known, *unknown;

    (void)state;
    acc_register(ch, "ann@example.com", GOOD);
    acc_register(ch, "bob@example.com", GOOD);
    bearer = acc_bearer(ch, "ann@example.com", GOOD);
    assert_problem_field(acc_post(ch, bearer, API "/auth/email", "{\"email\":\"new@example.com\",\"current_password\":\"wrong\"}"), "/current_password");
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM audit WHERE action = 'login.failed'", DB_NO_ARGS), 1);
    unknown = acc_expect(acc_post(ch, bearer, API "/auth/email", "{\"email\":\"New@example.com\",\"current_password\":\"" GOOD "\"}"), 202);
    known = acc_expect(acc_post(ch, bearer, API "/auth/email", "{\"email\":\"bob@example.com\",\"current_password\":\"" GOOD "\"}"), 202);
    assert_true(str_eq(known->body, unknown->body));
    assert_null(acc_link(ch, "mail.new_address", "bob@example.com"));
    link = acc_link(ch, "mail.new_address", "new@example.com");
    acc_expect(acc_login(ch, "new@example.com", GOOD), 401);
    acc_expect(acc_token(ch, NULL, API "/auth/email/verify", link, ""), 204);
    acc_expect(acc_token(ch, NULL, API "/auth/email/verify", link, ""), 400);
    acc_expect(acc_login(ch, "ann@example.com", GOOD), 401);
    acc_expect(acc_login(ch, "new@example.com", GOOD), 200);
    assert_true(str_find(acc_mail(ch, "mail.address_changed", "ann@example.com"), STR("new@example.com")) != SIZE_MAX);
    chain_close(&ch);
}

/* ── addresses that nobody proved ── */

static int64_t seen(struct chain *ch, const char *who, const char *target, const char *list)
{
    return (int64_t)json_array_size(answer_at(acc_expect(acc_send(ch, HTTP_GET, who, target, NULL), 200), list));
}

/* In all the places where a ticket may show: how many of them tell of the tickets. */
static void expect_seen(struct chain *ch, const char *who, const int64_t tickets[3], bool all)
{
    assert_int_equal(seen(ch, who, API "/tickets", "/data"), all ? 4 : 1);
    assert_int_equal(seen(ch, who, API "/search?q=platypus", "/tickets"), all ? 3 : 0);
    assert_int_equal(seen(ch, who, API "/tickets?q=platypus", "/data"), all ? 3 : 0);
    assert_int_equal(answer_int(acc_expect(acc_send(ch, HTTP_GET, who, API "/search?count=exact&q=is:open", NULL), 200), "/count"), all ? 4 : 1);
    for (int i = 0; i < 3; i++) {
        acc_expect(acc_send(ch, HTTP_GET, who, TEXT(ch, API "/tickets/%lld", (long long)tickets[i]), NULL), all ? 200 : 404);
        acc_expect(acc_send(ch, HTTP_GET, who, TEXT(ch, API "/tickets/%lld/messages", (long long)tickets[i]), NULL), all ? 200 : 404);
        if (!all)
            acc_expect(acc_post(ch, who, TEXT(ch, API "/tickets/%lld/messages", (long long)tickets[i]), "{\"body\":\"x\"}"), 404);
    }
}

/* Registered openly with an address of somebody else: what an agent opens for that address, what it is
 * added to and what its organisation shares waits until it is proved. */
static void what_reaches_an_address_waits_until_it_is_proved(void **state)
{
    struct chain *ch = chain_open();
    const char *squatter, *agent = chain_agent(ch), *admin = chain_admin(ch), *mine;
    int64_t id, org, colleague = chain_user(ch, 3), tickets[3];
    struct answer *feed;

    (void)state;
    acc_register(ch, "victim@example.com", GOOD);
    squatter = acc_bearer(ch, "victim@example.com", GOOD);
    id = chain_int(ch, "SELECT user_id FROM identities WHERE value_fold = 'victim@example.com'", DB_NO_ARGS);
    org = answer_int(acc_expect(acc_post(ch, admin, API "/organizations", "{\"name\":\"Acme\",\"shared\":true}"), 201), "/id");
    for (int i = 0; i < 2; i++)
        acc_expect(acc_send(ch, HTTP_PATCH, admin, TEXT(ch, API "/users/%lld", (long long)(i ? colleague : id)),
                            TEXT(ch, "{\"organization_id\":%lld}", (long long)org)), 200);
    acc_expect(acc_post(ch, squatter, API "/tickets", "{\"title\":\"my own\",\"message\":{\"body\":\"x\"}}"), 201);
    tickets[0] = answer_int(acc_expect(acc_post(ch, agent, API "/tickets",
        "{\"title\":\"platypus one\",\"message\":{\"body\":\"secret\"},\"customer\":\"victim@example.com\"}"), 201), "/id");
    tickets[1] = answer_int(acc_expect(acc_post(ch, chain_token(ch, colleague, -1, false), API "/tickets",
        "{\"title\":\"platypus two\",\"message\":{\"body\":\"secret\"}}"), 201), "/id");
    tickets[2] = answer_int(acc_expect(acc_post(ch, agent, API "/tickets",
        TEXT(ch, "{\"title\":\"platypus three\",\"message\":{\"body\":\"secret\"},\"customer\":%lld}", (long long)chain_user(ch, 3))), 201), "/id");
    acc_expect(acc_post(ch, agent, TEXT(ch, API "/tickets/%lld/participants", (long long)tickets[2]), "{\"user\":\"victim@example.com\"}"), 200);
    expect_seen(ch, squatter, tickets, false);
    feed = acc_expect(chain_send(ch, (struct ask){ .target = API "/events?after=0", .bearer = squatter, .headers = { "accept", "application/json" } }), 200);
    assert_true(str_find(feed->body, STR("platypus")) == SIZE_MAX);
    acc_expect(acc_token(ch, NULL, API "/auth/email/verify", acc_link(ch, "mail.verify", "victim@example.com"), ""), 204);
    mine = acc_bearer(ch, "victim@example.com", GOOD);
    expect_seen(ch, mine, tickets, true);
    chain_close(&ch);
}

/* ── what outlives a new password ── */

static void a_reset_ends_sessions_refresh_tokens_and_api_tokens(void **state)
{
    struct chain *ch = chain_open();
    struct answer *session;
    const char *bearer, *token;

    (void)state;
    acc_register(ch, "ann@example.com", GOOD);
    session = acc_expect(acc_login(ch, "ann@example.com", GOOD), 200);
    bearer = str_z(answer_text(session, "/access_token"), ch->a);
    token = str_z(answer_text(acc_expect(acc_post(ch, bearer, API "/tokens", "{\"name\":\"script\"}"), 201), "/token"), ch->a);
    acc_expect(acc_send(ch, HTTP_GET, token, API "/me", NULL), 200);
    acc_expect(acc_post(ch, NULL, API "/auth/password/forgot", "{\"email\":\"ann@example.com\"}"), 202);
    acc_expect(acc_token(ch, NULL, API "/auth/password/reset", acc_link(ch, "mail.password_reset", "ann@example.com"),
                         ",\"password\":\"" OTHER "\""), 204);
    acc_expect(acc_send(ch, HTTP_GET, token, API "/me", NULL), 401);
    acc_expect(acc_send(ch, HTTP_GET, bearer, API "/me", NULL), 401);
    acc_expect(acc_post(ch, NULL, API "/auth/refresh",
                        TEXT(ch, "{\"refresh_token\":\"%.*s\"}", STR_ARG(answer_text(session, "/refresh_token")))), 400);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM audit WHERE action = 'token.revoke_all'", DB_NO_ARGS), 1);
    chain_close(&ch);
}

static void a_change_of_the_password_ends_api_tokens_when_asked_to(void **state)
{
    struct chain *ch = chain_open();
    const char *bearer, *token;

    (void)state;
    acc_register(ch, "ann@example.com", GOOD);
    bearer = acc_bearer(ch, "ann@example.com", GOOD);
    token = str_z(answer_text(acc_expect(acc_post(ch, bearer, API "/tokens", "{\"name\":\"script\"}"), 201), "/token"), ch->a);
    acc_expect(acc_post(ch, bearer, API "/auth/password", "{\"current_password\":\"" GOOD "\",\"new_password\":\"" OTHER "\"}"), 204);
    acc_expect(acc_send(ch, HTTP_GET, token, API "/me", NULL), 200);
    acc_expect(acc_post(ch, bearer, API "/auth/password",
                        "{\"current_password\":\"" OTHER "\",\"new_password\":\"" GOOD "\",\"revoke_tokens\":true}"), 204);
    acc_expect(acc_send(ch, HTTP_GET, token, API "/me", NULL), 401);
    acc_expect(acc_send(ch, HTTP_GET, bearer, API "/me", NULL), 200);
    chain_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_that_an_agent_added_opens_no_account),
        cmocka_unit_test(only_who_manages_people_says_that_an_address_is_proved_or_takes_one_away),
        cmocka_unit_test(a_link_for_an_address_that_no_longer_serves_resets_nothing),
        cmocka_unit_test(rights_of_a_switched_off_role_count_too),
        cmocka_unit_test(nobody_changes_people_who_can_do_more),
        cmocka_unit_test(nobody_changes_his_own_addresses_without_his_password),
        cmocka_unit_test(an_agent_unites_nobody_who_has_a_login_with_another),
        cmocka_unit_test(ones_own_address_changes_by_password_and_mail_and_the_former_one_is_told),
        cmocka_unit_test(what_reaches_an_address_waits_until_it_is_proved),
        cmocka_unit_test(a_reset_ends_sessions_refresh_tokens_and_api_tokens),
        cmocka_unit_test(a_change_of_the_password_ends_api_tokens_when_asked_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
