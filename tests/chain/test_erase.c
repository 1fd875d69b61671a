/* Erasing a person: nothing names him any more, and everything else is whole. */
#include "desk_fixture.h"

#include "base/file.h"
#include "desk/audit_verify.h"
#include "desk/erase.h"
#include "desk/hold.h"
#include "store_test.h"

enum { CUSTOMER_ROLE = 3 };

static const struct actor console = { .type = ACTOR_CLI, .perms = INT64_MAX };
static struct chain *ch;
static struct db *db;
static struct err e;
static int64_t agent, person, ticket;
static const char *admin;

/* What names the person; nothing else holds these words. */
static const char *const names[] = { "Zyxwvu", "Qrstuvia", "zyx@qrs.example", "555777123", "likes trains", "second@qrs.example" };

static struct answer *send(enum http_method m, const char *target, const char *json)
{
    return chain_send(ch, (struct ask){ .method = m, .target = target, .bearer = admin, .json = json });
}

static int64_t make_person(void)
{
    struct answer *an = send(HTTP_POST, "/api/v1/users",
                             "{\"name\":\"Zyxwvu Qrstuvia\",\"email\":\"zyx@qrs.example\",\"phone\":\"+49 555777123\","
                             "\"note\":\"likes trains\",\"role_ids\":[3]}");

    assert_int_equal(an->status, 201);
    return answer_int(an, "/id");
}

/* A ticket whose history, sender fields and audit entries name the person. */
static void make_traces(void)
{
    int64_t other = chain_user(ch, CUSTOMER_ROLE);
    struct answer *an;

    ticket = desk_ticket(ch, other, 0, "Printer");
    an = send(HTTP_PATCH, desk_path(ch, "/api/v1/tickets/%lld", (long long)ticket), desk_path(ch, "{\"customer\":%lld}", (long long)person));
    if (an->status != 200)
        fail_msg("%.*s", STR_ARG(an->body));
    assert_int_equal(send(HTTP_POST, desk_path(ch, "/api/v1/users/%lld/identities", (long long)person),
                          "{\"kind\":\"email\",\"value\":\"Second@qrs.example\"}")->status, 201);
    chain_exec(ch, "UPDATE identities SET verified_us = 5 WHERE user_id = $1", DB_ARGS(DB_INT(person)));
    desk_message(ch, ticket, person, false, "it smokes");
    chain_exec(ch,
               "UPDATE messages SET mail_from = 'Zyxwvu Qrstuvia <zyx@qrs.example>', mail_cc = 'second@qrs.example, x@y.example'"
               " WHERE ticket_id = $1",
               DB_ARGS(DB_INT(ticket)));
    assert_int_equal(send(HTTP_POST, desk_path(ch, "/api/v1/tickets/%lld/participants", (long long)desk_ticket(ch, other, 0, "Other")),
                          desk_path(ch, "{\"user\":%lld}", (long long)person))->status, 200);
    chain_session(ch, person);
    chain_token(ch, person, -1, false);
    chain_exec(ch, "INSERT INTO drafts (user_id, data_json, created_us, updated_us) VALUES ($1, '{}', 1, 1)", DB_ARGS(DB_INT(person)));
    chain_exec(ch, "INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, 'x')", DB_ARGS(DB_INT(person)));
    assert_int_equal(chain_send(ch, (struct ask){ .method = HTTP_POST, .target = "/api/v1/auth/login",
                                                  .json = "{\"email\":\"zyx@qrs.example\",\"password\":\"a wrong one\"}" })->status, 401);
}

static int set_up(void **state)
{
    (void)state;
    err_clear(&e);
    ch = chain_open();
    agent = chain_user(ch, 2);
    admin = chain_admin(ch);
    assert_ok(store_connect(ch->app->store, DB_READ, &db, &e), &e);
    person = make_person();
    make_traces();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(&db);
    chain_close(&ch);
    return 0;
}

struct asking {
    struct erase_ask ask;
    struct erased out;
    int64_t fail_in;
};
static enum rc erase_run(struct db *w, void *arg, struct err *err)
{
    struct asking *q = arg;
    const struct account c = { ch->app->auth, w, &console, ch->a, clock_now_us() };
    enum rc rc;

    if (q->fail_in)
        db_fail_in(w, q->fail_in, RC_FAIL);
    rc = person_erase(&c, &q->ask, &q->out, err);
    db_fail_in(w, 0, RC_OK);
    return rc;
}

static enum rc erase(struct asking *q)
{
    q->ask.user_id = q->ask.user_id ? q->ask.user_id : person;
    q->ask.confirm = q->ask.confirm.p ? q->ask.confirm : STR("Zyxwvu Qrstuvia");
    err_clear(&e);
    return store_write(ch->app->store, erase_run, q, &e);
}

/* Rows of all tables that hold one of the names; the words of messages do not count. */
static int64_t rows_that_name_him(bool is_told)
{
    int64_t n = 0;

    chain_checksum(ch); /* lists the tables */
    for (size_t i = 0; i < ch->n_tables; i++) {
        struct db_rows r CLEAN(db_rows_end) = { 0 };

        assert_ok(db_query_(db, &r, ch->rows_sql[i].p, ch->rows_sql[i].n, DB_NO_ARGS, &e), &e);
        while (db_next(&r, &e)) {
            struct str row = str_lower(db_view(&r, 0), ch->a);

            for (size_t k = 0; k < ARRAY_LEN(names); k++) {
                if (str_find(row, str_lower(str_of(names[k]), ch->a)) == SIZE_MAX)
                    continue;
                if (is_told)
                    print_message("%.*s: %.*s\n", STR_ARG(ch->tables[i]), STR_ARG(row));
                n++;
            }
        }
    }
    return n;
}

static void assert_whole(void)
{
    struct audit_verdict v;

    assert_ok(audit_verify(db, STR(""), ch->a, &v, &e), &e);
    assert_int_equal(v.finding, AUDIT_WHOLE);
    assert_int_equal(
        chain_int(ch, "SELECT count(*) FROM ticket_counts c WHERE c.n <> (SELECT count(*) FROM tickets t WHERE"
                      " t.group_id = c.group_id AND t.state_id = c.state_id AND COALESCE(t.owner_id, 0) = c.owner_id)",
                  DB_NO_ARGS),
        0);
}

static int str_count(struct str s)
{
    int n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == 0x0a;
    return n;
}

static void nothing_in_any_table_names_an_erased_person(void **state)
{
    struct asking q = { 0 };
    int64_t tickets = chain_int(ch, "SELECT count(*) FROM tickets", DB_NO_ARGS);
    int64_t messages = chain_int(ch, "SELECT count(*) FROM messages", DB_NO_ARGS);
    int64_t events = chain_int(ch, "SELECT count(*) FROM events", DB_NO_ARGS);

    (void)state;
    assert_true(rows_that_name_him(false) > 8);
    assert_ok(erase(&q), &e);
    assert_true(q.out.people == 1 && q.out.senders > 0 && q.out.events > 0 && q.out.audit_details > 0);
    assert_int_equal(rows_that_name_him(true), 0);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM tickets", DB_NO_ARGS), tickets);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM messages", DB_NO_ARGS), messages);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM events", DB_NO_ARGS), events);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM sessions WHERE user_id = $1 AND ended_us IS NULL", DB_ARGS(DB_INT(person))), 0);
    assert_int_equal(chain_int(ch, "SELECT customer_id FROM tickets WHERE id = $1", DB_ARGS(DB_INT(ticket))), person);
    assert_whole();
}

static void what_is_shown_afterwards_is_the_erased_name_and_search_finds_nothing(void **state)
{
    struct asking q = { 0 };
    struct answer *an;

    (void)state;
    assert_true(json_array_size(answer_at(send(HTTP_GET, "/api/v1/tickets?q=Zyxwvu", NULL), "/data")) > 0);
    assert_ok(erase(&q), &e);
    assert_int_equal(json_array_size(answer_at(send(HTTP_GET, "/api/v1/tickets?q=Zyxwvu", NULL), "/data")), 0);
    an = send(HTTP_GET, desk_path(ch, "/api/v1/tickets/%lld", (long long)ticket), NULL);
    assert_int_equal(an->status, 200);
    assert_true(str_eq(answer_text(an, "/customer/name"), str_printf(ch->a, "Erased person %lld", (long long)person)));
    an = send(HTTP_GET, desk_path(ch, "/api/v1/users/%lld", (long long)person), NULL);
    assert_false(json_is_true(answer_at(an, "/active")));
    assert_int_equal(make_person() == person, 0); /* the address is free again */
}

static void the_wrong_name_oneself_and_a_hold_refuse_it(void **state)
{
    struct asking q = { .ask = { .confirm = STR("Zyxwvu") } };
    struct str before = chain_checksum(ch);
    struct actor somebody = { .type = ACTOR_USER };
    const struct account c = { ch->app->auth, db, &somebody, ch->a, clock_now_us() };

    (void)state;
    assert_int_equal(erase(&q), RC_INVALID);
    assert_int_equal(person_erase(&c, &q.ask, &q.out, &e), RC_DENIED);
    somebody.perms = PERM_ALL;
    somebody.user_id = person;
    assert_int_equal(person_erase(&c, &q.ask, &q.out, &e), RC_DENIED);
    assert_true(str_eq(chain_checksum(ch), before));
    chain_exec(ch, "INSERT INTO legal_holds (object, object_id, reason, asked_by, created_us) VALUES (0, $1, 'x', 'y', 1)",
               DB_ARGS(DB_INT(person)));
    q.ask.confirm = STR_NONE;
    assert_int_equal(erase(&q), RC_CONFLICT);
    assert_str_eq(str_of(e.code), "legal_hold");
    chain_exec(ch, "UPDATE legal_holds SET released_us = 1", DB_NO_ARGS);
    assert_ok(erase(&q), &e);
    q.ask.confirm = str_printf(ch->a, "Erased person %lld", (long long)person);
    assert_int_equal(erase(&q), RC_CONFLICT);
    assert_str_eq(str_of(e.code), "user_erased");
}

static void who_was_merged_into_him_is_erased_with_him(void **state)
{
    struct asking q = { 0 };
    int64_t target = chain_user(ch, CUSTOMER_ROLE);

    (void)state;
    assert_int_equal(send(HTTP_POST, desk_path(ch, "/api/v1/users/%lld/merge", (long long)target),
                          desk_path(ch, "{\"source\":%lld}", (long long)person))->status, 200);
    q.ask.user_id = target;
    q.ask.confirm = str_printf(ch->a, "Person %lld", (long long)0);
    assert_int_equal(erase(&q), RC_INVALID);
    q.ask.user_id = person;
    q.ask.confirm = STR_NONE;
    assert_int_equal(erase(&q), RC_CONFLICT); /* part of another one */
    chain_exec(ch, "UPDATE users SET name = 'Tar Get' WHERE id = $1", DB_ARGS(DB_INT(target)));
    q.ask.user_id = target;
    q.ask.confirm = STR("Tar Get");
    assert_ok(erase(&q), &e);
    assert_int_equal(q.out.people, 2);
    assert_int_equal(rows_that_name_him(true), 0);
    assert_int_equal(send(HTTP_POST, desk_path(ch, "/api/v1/users/%lld/unmerge", (long long)person), NULL)->status, 409);
    assert_whole();
}

static void files_go_when_asked_for_and_are_counted_out(void **state)
{
    struct asking q = { .ask = { .attachments = true } };

    (void)state;
    chain_exec(ch, "INSERT INTO blobs (hash, size, refs, created_us) VALUES ('aa', 3, 1, 1)", DB_NO_ARGS);
    chain_exec(ch,
               "INSERT INTO attachments (hash, message_id, ticket_id, name, content_type, size, created_us)"
               " SELECT 'aa', max(id), ticket_id, 'a.txt', 'text/plain', 3, 1 FROM messages WHERE author_id = $1"
               " GROUP BY ticket_id",
               DB_ARGS(DB_INT(person)));
    chain_exec(ch, "UPDATE messages SET attachment_count = 1 WHERE author_id = $1", DB_ARGS(DB_INT(person)));
    chain_exec(ch, "UPDATE tickets SET attachment_count = 1, public_attachment_count = 1 WHERE id = $1", DB_ARGS(DB_INT(ticket)));
    assert_ok(erase(&q), &e);
    assert_int_equal(q.out.attachments, 1);
    assert_int_equal(chain_int(ch, "SELECT refs FROM blobs WHERE hash = 'aa'", DB_NO_ARGS), 0);
    assert_int_equal(chain_int(ch, "SELECT attachment_count + public_attachment_count FROM tickets WHERE id = $1", DB_ARGS(DB_INT(ticket))), 0);
}

static void each_failing_statement_leaves_the_person_as_he_was(void **state)
{
    struct str before = chain_checksum(ch);
    int64_t n = 1;

    (void)state;
    for (;; n++) {
        struct asking q = { .fail_in = n };

        if (erase(&q) == RC_OK)
            break;
        assert_true(str_eq(chain_checksum(ch), before));
    }
    assert_true(n > 40);
    assert_int_equal(rows_that_name_him(true), 0);
}

static void an_older_database_is_erased_again_from_the_list(void **state)
{
    const char *path = str_printf(ch->a, "%s/erasures", test_folder()).p;
    int64_t created = chain_int(ch, "SELECT created_us FROM users WHERE id = $1", DB_ARGS(DB_INT(person))), n;
    struct str text;

    (void)state;
    /* The list of a database that went on; this one is the older copy. */
    text = str_printf(ch->a, "%lld %lld 77\n%lld 5 77\n999999 5 77\n", (long long)person, (long long)created, (long long)agent);
    assert_ok(file_replace(path, text, 0600, &e), &e);
    assert_ok(erase_replay(ch->app->store, ch->app->auth, path, ch->a, &n, &e), &e);
    assert_int_equal(n, 1); /* the second line is another person with the same id, the third nobody */
    assert_int_equal(rows_that_name_him(true), 0);
    assert_int_equal(chain_int(ch, "SELECT at_us FROM erasures WHERE user_id = $1", DB_ARGS(DB_INT(person))), 77);
    assert_ok(erase_replay(ch->app->store, ch->app->auth, path, ch->a, &n, &e), &e);
    assert_int_equal(n, 0);
    assert_ok(erase_list_sync(db, path, ch->a, &e), &e);
    assert_ok(file_read(path, 4096, ch->a, &text, &e), &e);
    assert_int_equal(str_count(text), 3);
    assert_ok(file_replace(path, STR("not a line\n"), 0600, &e), &e);
    assert_int_equal(erase_replay(ch->app->store, ch->app->auth, path, ch->a, &n, &e), RC_FAIL);
    err_clear(&e);
    assert_whole();
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(nothing_in_any_table_names_an_erased_person),
        T(what_is_shown_afterwards_is_the_erased_name_and_search_finds_nothing),
        T(the_wrong_name_oneself_and_a_hold_refuse_it),
        T(who_was_merged_into_him_is_erased_with_him),
        T(files_go_when_asked_for_and_are_counted_out),
        T(each_failing_statement_leaves_the_person_as_he_was),
        T(an_older_database_is_erased_again_from_the_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
