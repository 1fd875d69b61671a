/* Accounts at their edges: set-up, cookies, one-time tokens, owners who lose their rights, cursors. */
#include "desk_fixture.h"

#include "desk/lockout.h"
#include "desk/signup.h"
#include "store/sessions.h"

#include <pthread.h>

#define GOOD "kq8vH2rz-blau"

static struct answer *send(struct chain *ch, enum http_method m, const char *target, const char *bearer, const char *json)
{
    return chain_send(ch, (struct ask){ .method = m, .target = target, .bearer = bearer, .json = json });
}

static struct answer *post(struct chain *ch, const char *target, const char *json)
{
    return send(ch, HTTP_POST, target, NULL, json);
}

/* ── tokens made by the rules themselves ── */

struct made {
    struct chain *ch;
    int64_t user_id;
    int purpose; /* -1: a link that makes the first administrator */
    struct str object;
    int64_t life_us;
    struct str token; /* out */
};

static enum rc make_run(struct db *db, void *arg, struct err *e)
{
    struct made *m = arg;
    const struct actor server = { .type = ACTOR_SYSTEM };
    const struct account c = { m->ch->app->auth, db, &server, m->ch->a, clock_now_us() };
    struct str link;

    if (m->purpose >= 0)
        return account_one_time(&c, m->user_id, m->purpose, m->object, m->life_us, &m->token, e);
    TRY(setup_link(&c, &link, e));
    m->token = link.n ? str_sub(link, str_find(link, STR("#token=")) + 7, link.n) : STR("");
    return RC_OK;
}

static struct str made_token(struct made m)
{
    struct err e = { 0 };

    assert_ok(store_write(m.ch->app->store, make_run, &m, &e), &e);
    return m.token;
}

static const char *setup_json(struct chain *ch, struct str token, const char *email)
{
    return desk_path(ch, "{\"token\":\"%.*s\",\"name\":\"First\",\"email\":\"%s\",\"password\":\"" GOOD "\"}", STR_ARG(token), email);
}

static void the_first_administrator_is_made_once(void **state)
{
    struct chain *ch = chain_open();
    struct str old = made_token((struct made){ .ch = ch, .purpose = -1 }), token;
    struct answer *an;

    (void)state;
    token = made_token((struct made){ .ch = ch, .purpose = -1 });
    assert_problem(post(ch, "/api/v1/auth/setup", setup_json(ch, old, "a@example.com")), 400, "invalid_token");
    assert_problem(post(ch, "/api/v1/auth/setup", setup_json(ch, STR(""), "a@example.com")), 400, "invalid_token");
    an = post(ch, "/api/v1/auth/setup", setup_json(ch, token, "a@example.com"));
    assert_int_equal(an->status, 201);
    an = send(ch, HTTP_GET, "/api/v1/roles", str_z(answer_text(an, "/access_token"), ch->a), NULL);
    assert_int_equal(an->status, 200);
    assert_problem(post(ch, "/api/v1/auth/setup", setup_json(ch, token, "b@example.com")), 400, "invalid_token");
    assert_int_equal(made_token((struct made){ .ch = ch, .purpose = -1 }).n, 0);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM users", DB_NO_ARGS), 1);
    chain_close(&ch);
}

static const char *setup_with(struct chain *ch, struct str token, const char *more)
{
    return desk_path(ch, "{\"token\":\"%.*s\",\"name\":\"First\",\"email\":\"a@example.com\",\"password\":\"" GOOD "\",%s}", STR_ARG(token), more);
}

static void set_up_the_desk_is_called_as_its_administrator_wants(void **state)
{
    struct chain *ch = chain_open();
    struct str token = made_token((struct made){ .ch = ch, .purpose = -1 });
    struct answer *an;

    (void)state;
    chain_exec(ch, "INSERT INTO groups (id, name, name_fold, created_us, updated_us) VALUES (7, 'Sales', 'sales', 0, 0)", DB_NO_ARGS);
    assert_problem_field(post(ch, "/api/v1/auth/setup", setup_with(ch, token, "\"group\":\"SALES\"")), "/group");
    assert_problem_field(post(ch, "/api/v1/auth/setup", setup_with(ch, token, "\"product_name\":\"a\\tb\"")), "/product_name");
    assert_problem_field(post(ch, "/api/v1/auth/setup", setup_with(ch, token, "\"locale\":\"not a language\"")), "/locale");
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM users", DB_NO_ARGS), 0);
    an = post(ch, "/api/v1/auth/setup", setup_with(ch, token, "\"group\":\" Help \",\"product_name\":\"Wonder\",\"locale\":\"ar\""));
    assert_int_equal(an->status, 201);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM groups WHERE name = 'Help' AND is_default = 1", DB_NO_ARGS), 1);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM settings WHERE name = 'product_name' AND value = 'Wonder'", DB_NO_ARGS), 1);
    an = send(ch, HTTP_GET, "/api/v1/me", str_z(answer_text(an, "/access_token"), ch->a), NULL);
    assert_true(str_eq(answer_text(an, "/locale"), STR("ar")));
    chain_close(&ch);
}

struct racer {
    struct chain *ch;
    const char *json;
    int status;
};

static void *race(void *arg)
{
    struct racer *r = arg;

    r->status = post(r->ch, "/api/v1/auth/setup", r->json)->status;
    return NULL;
}

static void two_who_use_the_link_at_once_make_one_administrator(void **state)
{
    struct chain *ch = chain_open();
    struct str token = made_token((struct made){ .ch = ch, .purpose = -1 });
    struct racer r[2] = { { ch, setup_json(ch, token, "a@example.com"), 0 }, { ch, setup_json(ch, token, "b@example.com"), 0 } };
    pthread_t t;

    (void)state;
    ch->sweeps = false; /* fail_in is one for both */
    assert_int_equal(pthread_create(&t, NULL, race, &r[1]), 0);
    race(&r[0]);
    pthread_join(t, NULL);
    assert_int_equal(r[0].status + r[1].status, 201 + 400);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM users", DB_NO_ARGS), 1);
    chain_close(&ch);
}

static bool has(struct str cookie, const char *part)
{
    return str_find(cookie, str_of(part)) != SIZE_MAX;
}

static void cookies_are_bound_to_https_and_to_the_host(void **state)
{
    struct chain *ch = chain_open();
    struct str cookie;
    struct answer *an;

    (void)state;
    assert_int_equal(post(ch, "/api/v1/auth/register", "{\"name\":\"A\",\"email\":\"a@example.com\",\"password\":\"" GOOD "\"}")->status, 202);
    an = chain_send(ch, (struct ask){ .method = HTTP_POST, .target = "/api/v1/auth/login", .tls = true,
                                      .json = "{\"email\":\"a@example.com\",\"password\":\"" GOOD "\"}" });
    assert_int_equal(an->status, 200);
    cookie = answer_header(an, "set-cookie");
    assert_true(str_starts(cookie, STR("__Host-session_id=")));
    assert_true(has(cookie, "; Secure"));
    assert_true(has(cookie, "; HttpOnly"));
    assert_true(has(cookie, "; SameSite=Lax"));
    assert_true(has(cookie, "; Path=/"));
    assert_false(has(cookie, "Domain"));
    an = post(ch, "/api/v1/auth/login", "{\"email\":\"a@example.com\",\"password\":\"" GOOD "\"}");
    cookie = answer_header(an, "set-cookie");
    assert_true(str_starts(cookie, STR("session_id=")));
    assert_true(has(cookie, "; HttpOnly"));
    assert_true(has(cookie, "; SameSite=Lax"));
    assert_false(has(cookie, "Secure"));
    chain_close(&ch);
}

static void a_token_serves_its_purpose_and_person_in_its_time_only(void **state)
{
    static const struct {
        int purpose;
        bool expired;
    } bad[] = { { ONE_TIME_VERIFY, false }, { ONE_TIME_SETUP, false }, { ONE_TIME_MFA, false }, { ONE_TIME_RESET, true }, { ONE_TIME_INVITE, true } };
    struct chain *ch = chain_open();
    int64_t ann = chain_user(ch, 3), bob = chain_user(ch, 3);
    struct str anns = STR("person1@example.com"), token;
    const char *json;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        token = made_token((struct made){ .ch = ch, .user_id = ann, .purpose = bad[i].purpose, .object = anns,
                                          .life_us = bad[i].expired ? 0 : US_PER_HOUR });
        json = desk_path(ch, "{\"token\":\"%.*s\",\"password\":\"" GOOD "\"}", STR_ARG(token));
        assert_problem(post(ch, "/api/v1/auth/password/reset", json), 400, "invalid_token");
    }
    /* bound to an address that is somebody else's by now */
    token = made_token((struct made){ .ch = ch, .user_id = bob, .purpose = ONE_TIME_VERIFY, .object = anns, .life_us = US_PER_HOUR });
    assert_problem(post(ch, "/api/v1/auth/email/verify", desk_path(ch, "{\"token\":\"%.*s\"}", STR_ARG(token))), 400, "invalid_token");
    token = made_token((struct made){ .ch = ch, .user_id = bob, .purpose = ONE_TIME_RESET, .object = anns, .life_us = US_PER_HOUR });
    json = desk_path(ch, "{\"token\":\"%.*s\",\"password\":\"" GOOD "\"}", STR_ARG(token));
    assert_problem(post(ch, "/api/v1/auth/password/reset", json), 400, "invalid_token");
    token = made_token((struct made){ .ch = ch, .user_id = ann, .purpose = ONE_TIME_INVITE, .object = anns, .life_us = US_PER_HOUR });
    json = desk_path(ch, "{\"token\":\"%.*s\",\"password\":\"" GOOD "\"}", STR_ARG(token));
    assert_int_equal(post(ch, "/api/v1/auth/password/reset", json)->status, 204);
    assert_problem(post(ch, "/api/v1/auth/password/reset", json), 400, "invalid_token");
    chain_close(&ch);
}

static void locks_grow_to_a_quarter_of_an_hour_and_no_further(void **state)
{
    int64_t before = 0;

    (void)state;
    for (int64_t n = 0; n < 200; n++) {
        int64_t now = lockout_delay_s(n, 5);

        assert_true(now >= before && now <= 900);
        assert_int_equal(now == 0, n < 5);
        before = now;
    }
    assert_int_equal(before, 900);
    assert_int_equal(lockout_delay_s(INT64_MAX, 5), 900);
}

static void guesses_at_the_current_password_are_locked_whatever_the_case_of_the_address(void **state)
{
    struct chain *ch = chain_open();
    const char *wrong = "{\"current_password\":\"wrong one here\",\"new_password\":\"another-Kettle-9\"}", *bearer;
    struct answer *an;

    (void)state;
    assert_int_equal(post(ch, "/api/v1/auth/register", "{\"name\":\"A\",\"email\":\"Ann@Example.com\",\"password\":\"" GOOD "\"}")->status, 202);
    an = post(ch, "/api/v1/auth/login", "{\"email\":\"ann@example.com\",\"password\":\"" GOOD "\"}");
    bearer = str_z(answer_text(an, "/access_token"), ch->a);
    for (int i = 0; i < 5; i++)
        assert_problem(send(ch, HTTP_POST, "/api/v1/auth/password", bearer, wrong), 422, NULL);
    assert_problem(send(ch, HTTP_POST, "/api/v1/auth/password", bearer, wrong), 429, "login_locked");
    chain_close(&ch);
}

/* ── owners ── */

static int64_t owned(struct chain *ch, int64_t customer, int64_t owner, const char *admin, bool closed)
{
    int64_t id = desk_ticket(ch, customer, 1, "Owned");

    assert_int_equal(send(ch, HTTP_PATCH, desk_path(ch, "/api/v1/tickets/%lld", (long long)id), admin,
                          desk_path(ch, "{\"owner\":%lld,\"state\":%d}", (long long)owner, closed ? 7 : 2))->status, 200);
    return id;
}

static int64_t owner_of(struct chain *ch, int64_t ticket)
{
    return chain_int(ch, "SELECT coalesce(owner_id, 0) FROM tickets WHERE id = $1", DB_ARGS(DB_INT(ticket)));
}

static void who_loses_his_rights_owns_what_is_closed_only(void **state)
{
    static const char *const ways[] = { "{\"active\":false}", "{\"role_ids\":[3]}" };
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch);
    int64_t customer = chain_user(ch, 3), sum;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        int64_t agent = chain_user(ch, 2), open = owned(ch, customer, agent, admin, false), closed = owned(ch, customer, agent, admin, true);

        assert_int_equal(owner_of(ch, open), agent);
        assert_int_equal(send(ch, HTTP_PATCH, desk_path(ch, "/api/v1/users/%lld", (long long)agent), admin, ways[i])->status, 200);
        assert_int_equal(owner_of(ch, open), 0);
        assert_int_equal(owner_of(ch, closed), agent);
    }
    sum = chain_int(ch, "SELECT sum(n) FROM ticket_counts WHERE owner_id = 0", DB_NO_ARGS);
    assert_int_equal(sum, 2);
    chain_close(&ch);
}

static void a_role_that_loses_full_takes_the_tickets_from_all_its_owners(void **state)
{
    enum { OWNERS = 8, EACH = 4 };
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch);
    int64_t customer = chain_user(ch, 3), safe = chain_user(ch, 1);
    int64_t kept = owned(ch, customer, safe, admin, false);

    (void)state;
    for (int i = 0; i < OWNERS; i++) {
        int64_t agent = chain_user(ch, 2);

        for (int k = 0; k < EACH; k++)
            owned(ch, customer, agent, admin, false);
    }
    assert_int_equal(send(ch, HTTP_PATCH, "/api/v1/roles/2", admin, "{\"group_levels\":[{\"group_id\":1,\"levels\":[\"read\",\"change\"]}]}")->status, 200);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM tickets WHERE owner_id IS NULL", DB_NO_ARGS), OWNERS * EACH);
    assert_int_equal(owner_of(ch, kept), safe);
    chain_close(&ch);
}

/* ── addresses, second step, lists, choices ── */

static void the_last_address_stays_and_another_takes_the_primarys_place(void **state)
{
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch), *path;
    int64_t id = chain_user(ch, 3), first, second;
    struct answer *an;

    (void)state;
    path = desk_path(ch, "/api/v1/users/%lld/identities", (long long)id);
    first = chain_int(ch, "SELECT id FROM identities WHERE user_id = $1", DB_ARGS(DB_INT(id)));
    assert_problem(send(ch, HTTP_DELETE, desk_path(ch, "%s/%lld", path, (long long)first), admin, NULL), 409, "last_identity");
    assert_int_equal(send(ch, HTTP_POST, path, admin, "{\"kind\":\"email\",\"value\":\"Second@example.com\",\"verified\":true}")->status, 201);
    second = chain_int(ch, "SELECT id FROM identities WHERE value_fold = 'second@example.com'", DB_NO_ARGS);
    an = send(ch, HTTP_POST, desk_path(ch, "%s/%lld/primary", path, (long long)second), admin, NULL);
    assert_str_eq(answer_text(an, "/email"), "Second@example.com");
    an = send(ch, HTTP_POST, desk_path(ch, "%s/%lld/primary", path, (long long)first), admin, NULL);
    assert_int_equal(an->status, 200);
    assert_int_equal(send(ch, HTTP_DELETE, desk_path(ch, "%s/%lld", path, (long long)first), admin, NULL)->status, 204);
    an = send(ch, HTTP_GET, desk_path(ch, "/api/v1/users/%lld", (long long)id), admin, NULL);
    assert_str_eq(answer_text(an, "/email"), "Second@example.com");
    assert_true(json_is_true(answer_at(an, "/identities/0/primary")));
    assert_problem(send(ch, HTTP_DELETE, desk_path(ch, "%s/%lld", path, (long long)first), admin, NULL), 404, NULL);
    chain_close(&ch);
}

static void an_administrator_switches_the_second_step_off_and_ends_the_sessions(void **state)
{
    struct chain *ch = chain_open();
    int64_t id = chain_user(ch, 2);
    struct chain_session s = chain_session(ch, id);
    const char *path = desk_path(ch, "/api/v1/users/%lld/mfa", (long long)id);

    (void)state;
    chain_exec(ch, "UPDATE users SET totp_sealed = 'x', totp_enabled_us = 5 WHERE id = $1", DB_ARGS(DB_INT(id)));
    chain_exec(ch, "INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, 'x')", DB_ARGS(DB_INT(id)));
    assert_problem(send(ch, HTTP_DELETE, path, chain_agent(ch), NULL), 403, NULL);
    assert_int_equal(send(ch, HTTP_DELETE, path, chain_admin(ch), NULL)->status, 204);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM users WHERE totp_sealed IS NOT NULL OR totp_enabled_us IS NOT NULL", DB_NO_ARGS), 0);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM recovery_codes", DB_NO_ARGS), 0);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM audit WHERE action = 'mfa.reset'", DB_NO_ARGS), 1);
    assert_int_equal(chain_send(ch, (struct ask){ .target = "/api/v1/auth/me", .cookie = s.cookie })->status, 401);
    chain_close(&ch);
}

static void cursors_of_others_lists_and_forged_ones_are_refused(void **state)
{
    static const char *const lists[] = { "users?limit=1", "organizations?limit=1", "users?limit=1&active=true", "users?limit=1&sort=-name" };
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch);
    struct str cursor;

    (void)state;
    chain_user(ch, 3);
    cursor = answer_text(send(ch, HTTP_GET, "/api/v1/users?limit=1", admin, NULL), "/page/next");
    assert_int_equal(send(ch, HTTP_GET, desk_path(ch, "/api/v1/users?limit=1&after=%.*s", STR_ARG(cursor)), admin, NULL)->status, 200);
    for (size_t i = 1; i < ARRAY_LEN(lists); i++)
        assert_problem(send(ch, HTTP_GET, desk_path(ch, "/api/v1/%s&after=%.*s", lists[i], STR_ARG(cursor)), admin, NULL), 400, NULL);
    for (size_t i = 0; i < cursor.n; i += 7) {
        char *forged = arena_memdup(ch->a, cursor.p, cursor.n);

        forged[i] = forged[i] == 'A' ? 'B' : 'A';
        assert_problem(send(ch, HTTP_GET, desk_path(ch, "/api/v1/users?limit=1&after=%.*s", (int)cursor.n, forged), admin, NULL), 400, NULL);
    }
    chain_close(&ch);
}

static void languages_and_time_zones_exist(void **state)
{
    static const struct {
        const char *field, *value;
        bool good;
    } tries[] = {
        { "locale", "de", true },           { "locale", "pt-BR", true },         { "locale", "zh-Hant-TW", true },
        { "locale", "e", false },           { "locale", "en_US", false },        { "locale", "en-", false },
        { "locale", "123", false },         { "locale", "toolonglang", false },  { "locale", "en--US", false },
        { "zone", "UTC", true },            { "zone", "Europe/Berlin", true },   { "zone", "America/Argentina/Buenos_Aires", true },
        { "zone", "Europe", false },        { "zone", "Mars/Phobos", false },    { "zone", "../../../etc/passwd", false },
        { "zone", "/etc/localtime", false }, { "zone", "Europe//Berlin", false }, { "zone", "Europe/Berlin/", false },
        { "zone", "zone.tab", false },      { "zone", "tzdata.zi", false },
    };
    struct chain *ch = chain_open();
    const char *me = chain_customer(ch);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(tries); i++) {
        struct answer *an = send(ch, HTTP_PATCH, "/api/v1/auth/me", me, desk_path(ch, "{\"%s\":\"%s\"}", tries[i].field, tries[i].value));

        if (tries[i].good)
            assert_int_equal(an->status, 200);
        else
            assert_problem_field(an, desk_path(ch, "/%s", tries[i].field));
    }
    assert_problem_field(post(ch, "/api/v1/auth/register", "{\"name\":\"A\",\"email\":\"a@example.com\",\"password\":\"" GOOD "\",\"locale\":\"e!\"}"), "/locale");
    chain_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_administrator_is_made_once),
        cmocka_unit_test(set_up_the_desk_is_called_as_its_administrator_wants),
        cmocka_unit_test(two_who_use_the_link_at_once_make_one_administrator),
        cmocka_unit_test(cookies_are_bound_to_https_and_to_the_host),
        cmocka_unit_test(a_token_serves_its_purpose_and_person_in_its_time_only),
        cmocka_unit_test(locks_grow_to_a_quarter_of_an_hour_and_no_further),
        cmocka_unit_test(guesses_at_the_current_password_are_locked_whatever_the_case_of_the_address),
        cmocka_unit_test(who_loses_his_rights_owns_what_is_closed_only),
        cmocka_unit_test(a_role_that_loses_full_takes_the_tickets_from_all_its_owners),
        cmocka_unit_test(the_last_address_stays_and_another_takes_the_primarys_place),
        cmocka_unit_test(an_administrator_switches_the_second_step_off_and_ends_the_sessions),
        cmocka_unit_test(cursors_of_others_lists_and_forged_ones_are_refused),
        cmocka_unit_test(languages_and_time_zones_exist),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
