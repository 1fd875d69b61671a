/* Merging people and taking it back, on both databases. */
#include "desk_fixture.h"

#include "base/enc.h"
#include "job/runner.h"
#include "store/search.h"

enum { ROUNDS = 6, PEOPLE = 6, TICKETS = 14, MANY = 10000 };

static struct answer *send(struct chain *ch, enum http_method m, const char *target, const char *bearer, const char *json)
{
    return chain_send(ch, (struct ask){ .method = m, .target = target, .bearer = bearer, .json = json });
}

static int64_t person(struct chain *ch, const char *admin, int n, int role)
{
    struct answer *an = send(ch, HTTP_POST, "/api/v1/users", admin,
                             desk_path(ch, "{\"name\":\"First%d Last%d\",\"email\":\"p%d@example.com\",\"phone\":\"+49 %d\","
                                           "\"role_ids\":[%d]}", n, n, n, n, role));

    assert_int_equal(an->status, 201);
    return answer_int(an, "/id");
}

static struct answer *merge(struct chain *ch, const char *who, int64_t target, int64_t source, const char *fields)
{
    return send(ch, HTTP_POST, desk_path(ch, "/api/v1/users/%lld/merge", (long long)target), who,
                desk_path(ch, "{\"source\":%lld%s%s}", (long long)source, fields ? ",\"fields\":" : "", fields ? fields : ""));
}

static struct answer *unmerge(struct chain *ch, const char *who, int64_t source)
{
    return send(ch, HTTP_POST, desk_path(ch, "/api/v1/users/%lld/unmerge", (long long)source), who, NULL);
}

static struct answer *show(struct chain *ch, const char *who, int64_t id)
{
    return send(ch, HTTP_GET, desk_path(ch, "/api/v1/users/%lld", (long long)id), who, NULL);
}

#define COUNT_OF(ch, sql, id) chain_int((ch), sql, DB_ARGS(DB_INT(id)))

static void finish_jobs(struct chain *ch)
{
    bool idle = false;

    for (int i = 0; i < 1000 && !idle; i++)
        runner_tick(ch->app->runner, &idle);
    assert_true(idle);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM jobs WHERE state <> 2", DB_NO_ARGS), 0);
}

/* ── what the two people's data is, without versions and times of change ── */

#define T(col) "coalesce(CAST(" col " AS TEXT), '-')"
static const char *const state_sql[] = {
    "SELECT " T("id") " || '|' || name || '|' || name_fold || '|' || " T("email") " || '|' || " T("phone") " || '|' || "
        T("organization_id") " || locale || zone || " T("vip") " || note || " T("active") " || '|' || " T("merged_into_id")
        " FROM users ORDER BY id",
    "SELECT " T("id") " || '|' || " T("user_id") " || '|' || " T("kind") " || value || '|' || " T("is_primary") " FROM identities ORDER BY id",
    "SELECT " T("user_id") " || '|' || " T("organization_id") " FROM user_organizations ORDER BY user_id, organization_id",
    "SELECT " T("user_id") " || '|' || " T("role_id") " FROM user_roles ORDER BY user_id, role_id",
    "SELECT " T("id") " || '|' || " T("customer_id") " || '|' || " T("owner_id") " || '|' || " T("organization_id") " || '|' || "
        T("state_id") " FROM tickets ORDER BY id",
    "SELECT " T("group_id") " || '|' || " T("state_id") " || '|' || " T("owner_id") " || '|' || " T("n")
        " FROM ticket_counts WHERE n <> 0 ORDER BY group_id, state_id, owner_id",
    "SELECT " T("id") " || '|' || " T("author_id") " || '|' || " T("on_behalf_id") " FROM messages ORDER BY id",
    "SELECT " T("ticket_id") " || '|' || " T("user_id") " || '|' || " T("role") " || '|' || " T("created_us")
        " FROM participants ORDER BY ticket_id, user_id",
    "SELECT " T("ticket_id") " || '|' || " T("user_id") " || '|' || " T("created_us") " FROM watches ORDER BY ticket_id, user_id",
    "SELECT " T("user_id") " || word FROM user_words ORDER BY user_id, word",
};
static const char docs_sqlite[] = "SELECT " T("message_id") " || '|' || " T("ticket_id") " || head FROM search_docs ORDER BY message_id";
static const char docs_postgres[] = "SELECT " T("message_id") " || '|' || " T("ticket_id") " || " T("doc") " FROM search_docs ORDER BY message_id";

static void add_lines(struct db *db, const char *sql, struct buf *out)
{
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct err e = { 0 };

    assert_ok(db_query_(db, &r, sql, strlen(sql), DB_NO_ARGS, &e), &e);
    while (db_next(&r, &e)) {
        buf_str(out, db_view(&r, 0));
        buf_char(out, '\n');
    }
    assert_ok(e.rc, &e);
}

static struct str state_of(struct chain *ch)
{
    struct buf text = BUF_ARENA(ch->a, 16 * MIB);
    struct db *db = NULL;
    struct err e = { 0 };

    assert_ok(store_connect(ch->app->store, DB_READ, &db, &e), &e);
    for (size_t i = 0; i < ARRAY_LEN(state_sql); i++)
        add_lines(db, state_sql[i], &text);
    add_lines(db, db_kind(db) == DB_SQLITE ? docs_sqlite : docs_postgres, &text);
    db_close(&db);
    return buf_view(&text);
}

static unsigned dice_state;
static unsigned dice(unsigned sides)
{
    dice_state = dice_state * 1664525u + 1013904223u;
    return (dice_state >> 16) % sides;
}

static void random_ticket(struct chain *ch, const char *admin, const int64_t *people, int n)
{
    int64_t customer = people[dice(PEOPLE)], owner = people[dice(PEOPLE)];
    int64_t id = desk_ticket(ch, customer, 1, desk_path(ch, "Trouble %d", n));
    struct answer *an;

    desk_message(ch, id, customer, false, "more of it");
    for (int i = 0; i < PEOPLE; i++) {
        if (dice(3) == 0 && people[i] != customer)
            chain_exec(ch, "INSERT INTO participants (ticket_id, user_id, role, created_us) VALUES ($1, $2, $3, $4)",
                       DB_ARGS(DB_INT(id), DB_INT(people[i]), DB_INT(dice(2)), DB_INT(1000 + i)));
        if (dice(3) == 0)
            chain_exec(ch, "INSERT INTO watches (ticket_id, user_id, created_us) VALUES ($1, $2, $3)",
                       DB_ARGS(DB_INT(id), DB_INT(people[i]), DB_INT(2000 + i)));
    }
    an = send(ch, HTTP_PATCH, desk_path(ch, "/api/v1/tickets/%lld", (long long)id), admin,
              desk_path(ch, "{\"owner\":%lld%s}", (long long)owner, dice(3) ? "" : ",\"state\":7"));
    assert_true(an->status == 200 || an->status == 422); /* customers own nothing */
    if (dice(2))
        chain_exec(ch, "UPDATE messages SET on_behalf_id = $2 WHERE ticket_id = $1",
                   DB_ARGS(DB_INT(id), DB_INT(people[dice(PEOPLE)])));
}

static const char *random_fields(struct chain *ch)
{
    static const char *const names[] = { "name", "email", "phone", "organization", "locale", "zone", "vip", "note" };
    const char *text = "";

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (dice(2))
            text = desk_path(ch, "%s%s\"%s\":\"%s\"", text, *text ? "," : "", names[i], dice(3) ? "source" : "target");
    return desk_path(ch, "{%s}", text);
}

static enum rc reindex_all(struct db *db, void *arg, struct err *e)
{
    struct chain *ch = arg;

    for (int64_t id = 1; id <= TICKETS; id++)
        TRY(search_reindex_ticket(db, id, ch->a, e));
    return RC_OK;
}

static void random_world(struct chain *ch, const char *admin, int64_t *people)
{
    struct err e = { 0 };

    chain_exec(ch, "INSERT INTO organizations (id, name, name_fold, shared, created_us, updated_us) VALUES"
                   " (71, 'A', 'a', 1, 0, 0), (72, 'B', 'b', 0, 0, 0), (73, 'C', 'c', 1, 0, 0)", DB_NO_ARGS);
    for (int i = 0; i < PEOPLE; i++) {
        people[i] = person(ch, admin, i, i % 2 ? 3 : 2);
        assert_int_equal(send(ch, HTTP_PATCH, desk_path(ch, "/api/v1/users/%lld", (long long)people[i]), admin,
                              desk_path(ch, "{\"note\":\"n%d\",\"organization_id\":%u,\"organization_ids\":[%u]}", i,
                                        71 + dice(3), 71 + dice(3)))->status, 200);
        if (dice(2))
            assert_int_equal(send(ch, HTTP_POST, desk_path(ch, "/api/v1/users/%lld/identities", (long long)people[i]), admin,
                                  desk_path(ch, "{\"kind\":\"email\",\"value\":\"second%d@example.com\"}", i))->status, 201);
    }
    for (int i = 0; i < TICKETS; i++)
        random_ticket(ch, admin, people, i);
    assert_ok(store_write(ch->app->store, reindex_all, ch, &e), &e); /* rows that the API did not make */
}

static void nothing_is_left_at(struct chain *ch, int64_t source)
{
    assert_int_equal(COUNT_OF(ch, "SELECT count(*) FROM tickets WHERE customer_id = $1", source), 0);
    assert_int_equal(COUNT_OF(ch, "SELECT count(*) FROM tickets WHERE owner_id = $1 AND state_type < 4", source), 0);
    assert_int_equal(COUNT_OF(ch, "SELECT count(*) FROM messages WHERE author_id = $1 OR on_behalf_id = $1", source), 0);
    assert_int_equal(COUNT_OF(ch, "SELECT count(*) FROM participants WHERE user_id = $1", source), 0);
    assert_int_equal(COUNT_OF(ch, "SELECT count(*) FROM watches WHERE user_id = $1", source), 0);
    assert_int_equal(COUNT_OF(ch, "SELECT count(*) FROM identities WHERE user_id = $1", source), 0);
    assert_int_equal(COUNT_OF(ch, "SELECT active FROM users WHERE id = $1", source), 0);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM participants p JOIN participants x ON x.ticket_id = p.ticket_id"
                                   " AND x.user_id = p.user_id AND x.id <> p.id", DB_NO_ARGS), 0);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM (SELECT user_id FROM identities WHERE is_primary = 1"
                                   " GROUP BY user_id, kind HAVING count(*) > 1) twice", DB_NO_ARGS), 0);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM tickets", DB_NO_ARGS),
                     chain_int(ch, "SELECT sum(n) FROM ticket_counts", DB_NO_ARGS));
}

/* A merge is undone without a trace, whatever the two had, and in the opposite order also two of them. */
static void undoing_restores_the_state_of_before(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct chain *ch = chain_open();
        const char *admin = chain_admin(ch);
        int64_t people[PEOPLE], one, two, three;
        struct str first, second;

        dice_state = round + 1;
        random_world(ch, admin, people);
        one = people[round % PEOPLE];
        two = people[(round + 1) % PEOPLE];
        three = people[(round + 3) % PEOPLE];
        first = state_of(ch);
        assert_int_equal(merge(ch, admin, two, one, random_fields(ch))->status, 200);
        nothing_is_left_at(ch, one);
        second = state_of(ch);
        assert_false(str_eq(first, second));
        assert_int_equal(merge(ch, admin, three, two, random_fields(ch))->status, 200);
        nothing_is_left_at(ch, two);
        assert_problem(unmerge(ch, admin, one), 409, "target_merged");
        assert_int_equal(unmerge(ch, admin, two)->status, 200);
        finish_jobs(ch);
        assert_true(str_eq(second, state_of(ch)));
        assert_int_equal(unmerge(ch, admin, one)->status, 200);
        finish_jobs(ch);
        assert_true(str_eq(first, state_of(ch)));
        assert_problem(unmerge(ch, admin, one), 409, "not_merged");
        chain_close(&ch);
    }
}

static void the_target_gets_it_all_and_the_source_points_to_it(void **state)
{
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch), *agent = chain_agent(ch);
    int64_t source = person(ch, admin, 1, 3), target = person(ch, admin, 2, 3);
    int64_t ticket = desk_ticket(ch, source, 1, "Quokka on the roof");
    const char *mine = chain_token(ch, target, -1, false), *his = chain_token(ch, source, -1, false);
    struct chain_session session = chain_session(ch, source);
    struct answer *an;

    (void)state;
    chain_exec(ch, "UPDATE identities SET verified_us = 1 WHERE user_id = $1", DB_ARGS(DB_INT(target)));
    assert_problem(send(ch, HTTP_GET, desk_path(ch, "/api/v1/tickets/%lld", (long long)ticket), mine, NULL), 404, NULL);
    an = merge(ch, agent, target, source, "{\"name\":\"source\",\"email\":\"source\"}");
    assert_int_equal(an->status, 200);
    assert_int_equal(answer_int(an, "/id"), target);
    assert_str_eq(answer_text(an, "/name"), "First1 Last1");
    assert_str_eq(answer_text(an, "/email"), "p1@example.com");
    assert_str_eq(answer_text(an, "/phone"), "+49 2");
    assert_int_equal(json_array_size(answer_at(an, "/identities")), 4);
    an = show(ch, agent, source);
    assert_true(json_is_false(answer_at(an, "/active")));
    assert_int_equal(answer_int(an, "/merged_into_id"), target);
    assert_int_equal(json_array_size(answer_at(an, "/identities")), 0);
    an = send(ch, HTTP_GET, desk_path(ch, "/api/v1/tickets/%lld", (long long)ticket), mine, NULL);
    assert_int_equal(an->status, 200);
    assert_int_equal(answer_int(an, "/customer/id"), target);
    an = send(ch, HTTP_GET, desk_path(ch, "/api/v1/tickets/%lld/messages", (long long)ticket), agent, NULL);
    assert_int_equal(answer_int(an, "/data/0/author/id"), target);
    an = send(ch, HTTP_GET, "/api/v1/search?q=quokka", mine, NULL);
    assert_int_equal(json_array_size(answer_at(an, "/tickets")), 1);
    an = send(ch, HTTP_GET, "/api/v1/search?q=from:p1@example.com", agent, NULL);
    assert_int_equal(json_array_size(answer_at(an, "/tickets")), 1);
    assert_problem(send(ch, HTTP_GET, "/api/v1/auth/me", his, NULL), 401, NULL);
    assert_int_equal(chain_send(ch, (struct ask){ .target = "/api/v1/auth/me", .cookie = session.cookie })->status, 401);
    assert_problem(send(ch, HTTP_PATCH, desk_path(ch, "/api/v1/users/%lld", (long long)source), admin, "{\"active\":true}"), 409, "user_merged");
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM audit WHERE action = 'user.merge'", DB_NO_ARGS), 2);
    an = send(ch, HTTP_GET, desk_path(ch, "/api/v1/tickets/%lld/events?sort=-id", (long long)ticket), agent, NULL);
    assert_int_equal(answer_int(an, "/data/0/changes/customer/0/id"), source);
    assert_int_equal(answer_int(an, "/data/0/changes/customer/1/id"), target);
    assert_int_equal(unmerge(ch, agent, source)->status, 200);
    assert_int_equal(send(ch, HTTP_GET, "/api/v1/auth/me", his, NULL)->status, 200);
    assert_problem(send(ch, HTTP_GET, desk_path(ch, "/api/v1/tickets/%lld", (long long)ticket), mine, NULL), 404, NULL);
    an = send(ch, HTTP_GET, "/api/v1/search?q=quokka", mine, NULL);
    assert_int_equal(json_array_size(answer_at(an, "/tickets")), 0);
    chain_close(&ch);
}

static void rights_never_grow(void **state)
{
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch), *agent = chain_agent(ch);
    int64_t boss = person(ch, admin, 1, 1), colleague = person(ch, admin, 2, 2), customer = person(ch, admin, 3, 3);
    int64_t me = person(ch, admin, 4, 1);
    const char *my_token = chain_token(ch, me, -1, false);
    struct answer *an;

    (void)state;
    assert_problem(merge(ch, agent, customer, boss, NULL), 403, NULL);
    assert_problem(merge(ch, agent, boss, customer, NULL), 403, NULL);
    assert_problem(merge(ch, agent, colleague, customer, NULL), 403, NULL);
    assert_problem(merge(ch, chain_customer(ch), customer, customer + 1, NULL), 403, NULL);
    assert_problem(merge(ch, my_token, me, customer, NULL), 403, "oneself");
    assert_problem(merge(ch, my_token, customer, me, NULL), 403, "oneself");
    an = merge(ch, admin, customer, boss, NULL);
    assert_int_equal(an->status, 200);
    assert_int_equal(json_array_size(answer_at(an, "/roles")), 1);
    assert_str_eq(answer_text(an, "/roles/0/name"), "Customer");
    assert_problem(unmerge(ch, agent, boss), 403, NULL);
    chain_close(&ch);
}

static void impossible_merges_are_refused_and_change_nothing(void **state)
{
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch);
    int64_t one = person(ch, admin, 1, 3), two = person(ch, admin, 2, 3), three = person(ch, admin, 3, 3);
    struct answer *an;

    (void)state;
    assert_problem_field(merge(ch, admin, one, one, NULL), "/source");
    assert_problem_field(merge(ch, admin, one, 999999, NULL), "/source");
    assert_problem(merge(ch, admin, 999999, one, NULL), 404, NULL);
    assert_problem_field(merge(ch, admin, one, two, "{\"password\":\"source\"}"), "/fields/password");
    assert_problem_field(merge(ch, admin, one, two, "{\"name\":\"both\"}"), "/fields/name");
    an = chain_send(ch, (struct ask){ .method = HTTP_POST, .target = desk_path(ch, "/api/v1/users/%lld/merge", (long long)one),
                                      .bearer = admin, .if_match = "\"v99\"",
                                      .json = desk_path(ch, "{\"source\":%lld}", (long long)two) });
    assert_problem(an, 412, "version_mismatch");
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM user_merges", DB_NO_ARGS), 0);
    assert_problem(unmerge(ch, admin, one), 409, "not_merged");
    assert_int_equal(merge(ch, admin, one, two, NULL)->status, 200);
    assert_problem(merge(ch, admin, three, two, NULL), 409, "user_merged");
    assert_problem(merge(ch, admin, two, three, NULL), 409, "user_merged");
    assert_int_equal(send(ch, HTTP_PATCH, desk_path(ch, "/api/v1/users/%lld", (long long)three), admin, "{\"active\":false}")->status, 200);
    assert_problem(merge(ch, admin, three, one, NULL), 409, "not_active");
    assert_int_equal(merge(ch, admin, one, three, NULL)->status, 200);
    assert_int_equal(unmerge(ch, admin, three)->status, 200);
    assert_true(json_is_false(answer_at(show(ch, admin, three), "/active")));
    chain_close(&ch);
}

static void what_was_changed_since_stays_when_it_is_undone(void **state)
{
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch);
    int64_t source = person(ch, admin, 1, 3), target = person(ch, admin, 2, 3), other = person(ch, admin, 3, 3);
    int64_t given_away = desk_ticket(ch, source, 1, "One"), kept = desk_ticket(ch, source, 1, "Two"), later;

    (void)state;
    assert_int_equal(merge(ch, admin, target, source, "{\"name\":\"source\",\"note\":\"source\"}")->status, 200);
    later = desk_ticket(ch, target, 1, "Three");
    assert_int_equal(send(ch, HTTP_PATCH, desk_path(ch, "/api/v1/tickets/%lld", (long long)given_away), admin,
                          desk_path(ch, "{\"customer\":%lld}", (long long)other))->status, 200);
    assert_int_equal(send(ch, HTTP_PATCH, desk_path(ch, "/api/v1/users/%lld", (long long)target), admin,
                          "{\"name\":\"Newly Named\"}")->status, 200);
    assert_int_equal(unmerge(ch, admin, source)->status, 200);
    assert_int_equal(COUNT_OF(ch, "SELECT customer_id FROM tickets WHERE id = $1", given_away), other);
    assert_int_equal(COUNT_OF(ch, "SELECT customer_id FROM tickets WHERE id = $1", kept), source);
    assert_int_equal(COUNT_OF(ch, "SELECT customer_id FROM tickets WHERE id = $1", later), target);
    assert_str_eq(answer_text(show(ch, admin, target), "/name"), "Newly Named");
    assert_str_eq(answer_text(show(ch, admin, source), "/name"), "First1 Last1");
    chain_close(&ch);
}

static void a_customer_with_ten_thousand_tickets_is_merged(void **state)
{
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch);
    int64_t source = person(ch, admin, 1, 3), target = person(ch, admin, 2, 3);
    const char *mine = chain_token(ch, target, -1, false);

    (void)state;
    for (int i = 0; i < 60; i++)
        desk_ticket(ch, source, 1, "Wombat");
    chain_exec(ch, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)"
                   " INSERT INTO tickets (number, title, state_id, state_type, priority_id, group_id, customer_id, channel,"
                   " created_us, updated_us) SELECT 'X' || CAST(i AS TEXT), 'Many', 2, 1, 2, 1, $1, 0, i, i FROM n",
               DB_ARGS(DB_INT(source), DB_INT(MANY)));
    chain_exec(ch, "ANALYZE tickets", DB_NO_ARGS); /* as autovacuum does in time */
    assert_int_equal(merge(ch, admin, target, source, NULL)->status, 200);
    assert_int_equal(COUNT_OF(ch, "SELECT count(*) FROM tickets WHERE customer_id = $1", target), MANY + 60);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM jobs WHERE kind = 'user_merge'", DB_NO_ARGS), 1);
    finish_jobs(ch);
    assert_int_equal(json_array_size(answer_at(send(ch, HTTP_GET, "/api/v1/search?q=from:p2@example.com%20wombat&limit=100", admin, NULL), "/tickets")), 60);
    assert_int_equal(unmerge(ch, admin, source)->status, 200);
    assert_int_equal(json_array_size(answer_at(send(ch, HTTP_GET, "/api/v1/search?q=wombat", mine, NULL), "/tickets")), 0);
    finish_jobs(ch);
    assert_int_equal(COUNT_OF(ch, "SELECT count(*) FROM tickets WHERE customer_id = $1", source), MANY + 60);
    assert_int_equal(json_array_size(answer_at(send(ch, HTTP_GET, "/api/v1/search?q=from:p1@example.com%20wombat&limit=100", admin, NULL), "/tickets")), 60);
    chain_close(&ch);
}

static void every_statement_of_it_may_fail(void **state)
{
    struct chain *ch = chain_open();
    const char *admin = chain_admin(ch);
    int64_t source = person(ch, admin, 1, 2), target = person(ch, admin, 2, 2);
    int64_t ticket = desk_ticket(ch, source, 1, "One");
    struct answer *an;

    (void)state;
    assert_int_equal(send(ch, HTTP_PATCH, desk_path(ch, "/api/v1/tickets/%lld", (long long)ticket), admin,
                          desk_path(ch, "{\"owner\":%lld}", (long long)source))->status, 200);
    an = chain_fail_each(ch, (struct ask){ .method = HTTP_POST, .target = desk_path(ch, "/api/v1/users/%lld/merge", (long long)target),
                                           .bearer = admin, .json = desk_path(ch, "{\"source\":%lld}", (long long)source) });
    assert_int_equal(an->status, 200);
    assert_int_equal(COUNT_OF(ch, "SELECT owner_id FROM tickets WHERE id = $1", ticket), target);
    an = chain_fail_each(ch, (struct ask){ .method = HTTP_POST, .bearer = admin,
                                           .target = desk_path(ch, "/api/v1/users/%lld/unmerge", (long long)source) });
    assert_int_equal(an->status, 200);
    assert_int_equal(COUNT_OF(ch, "SELECT owner_id FROM tickets WHERE id = $1", ticket), source);
    chain_close(&ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_target_gets_it_all_and_the_source_points_to_it),
        cmocka_unit_test(rights_never_grow),
        cmocka_unit_test(impossible_merges_are_refused_and_change_nothing),
        cmocka_unit_test(what_was_changed_since_stays_when_it_is_undone),
        cmocka_unit_test(undoing_restores_the_state_of_before),
        cmocka_unit_test(a_customer_with_ten_thousand_tickets_is_merged),
        cmocka_unit_test(every_statement_of_it_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
