/* Merge, undo, split and bulk through the whole chain. */
#include "desk_fixture.h"

#include "job/runner.h"
#include "store/messages.h"
#include "store_test.h"

static struct chain *ch;
static int64_t ann, bob, cc, agent, far;
static const char *ann_token, *agent_token;

static int set_up(void **state)
{
    (void)state;
    ch = chain_open();
    ann = chain_user(ch, 3);
    bob = chain_user(ch, 3);
    cc = chain_user(ch, 3);
    agent = chain_user(ch, 2);
    ann_token = chain_token(ch, ann, -1, false);
    agent_token = chain_token(ch, agent, -1, false);
    far = desk_group(ch, "strangers");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chain_close(&ch);
    return 0;
}

static struct answer *send(enum http_method method, const char *token, const char *path,
                           const char *json)
{
    return chain_send(
        ch, (struct ask){ .method = method, .target = path, .bearer = token, .json = json });
}

static struct answer *merge(const char *token, int64_t from, int64_t into)
{
    return send(HTTP_POST, token, desk_path(ch, "/api/v1/tickets/%lld/merge", (long long)from),
                desk_path(ch, "{\"into\":%lld}", (long long)into));
}

static struct answer *unmerge(const char *token, int64_t id)
{
    return send(HTTP_POST, token, desk_path(ch, "/api/v1/tickets/%lld/unmerge", (long long)id),
                NULL);
}

static struct answer *show(const char *token, int64_t id)
{
    return send(HTTP_GET, token, desk_path(ch, "/api/v1/tickets/%lld", (long long)id), NULL);
}

static int64_t leads_to(int64_t id)
{
    return chain_int(ch, "SELECT coalesce(merged_into_id, 0) FROM tickets WHERE id = $1",
                     DB_ARGS(DB_INT(id)));
}

static void take_part(int64_t ticket, int64_t user)
{
    chain_exec(
        ch, "INSERT INTO participants (ticket_id, user_id, role, created_us) VALUES ($1, $2, 0, 5)",
        DB_ARGS(DB_INT(ticket), DB_INT(user)));
}

static int64_t takes_part(int64_t ticket, int64_t user)
{
    return chain_int(ch, "SELECT count(*) FROM participants WHERE ticket_id = $1 AND user_id = $2",
                     DB_ARGS(DB_INT(ticket), DB_INT(user)));
}

/* What a ticket is, but for what every change raises. */
static struct str essence(int64_t id)
{
    struct str out = STR("");
    struct err e = { 0 };
    struct db *db = NULL;
    struct db_rows r = { 0 };

    assert_ok(store_connect(ch->app->store, DB_READ, &db, &e), &e);
    assert_ok(
        db_query(
            db, &r,
            "SELECT state_id, state_type, until_us, owner_id, solved_us, closed_us, first_close_us,"
            " last_close_us, reopen_count, merged_into_id, message_count, attachment_count, title,"
            " (SELECT count(*) FROM participants p WHERE p.ticket_id = t.id) FROM tickets t WHERE "
            "id = $1",
            DB_ARGS(DB_INT(id)), &e),
        &e);
    assert_true(db_next(&r, &e));
    for (int i = 0; i < 14; i++) {
        struct str col = db_text(&r, i, ch->a);

        out = str_printf(ch->a, "%.*s|%.*s", STR_ARG(out), STR_ARG(col));
    }
    db_rows_end(&r);
    db_close(&db);
    return out;
}

static void the_source_leads_on_and_its_messages_are_shown_in_the_target(void **state)
{
    int64_t a = desk_ticket(ch, ann, 0, "a"), b = desk_ticket(ch, bob, 0, "b");
    struct answer *an;

    (void)state;
    take_part(a, cc);
    an = merge(agent_token, a, b);
    assert_int_equal(an->status, 200);
    assert_int_equal(answer_int(an, "/id"), b);
    assert_str_eq(answer_text(show(agent_token, a), "/state_type"), "merged");
    assert_int_equal(answer_int(show(agent_token, a), "/merged_into"), b);
    an = send(HTTP_GET, agent_token, desk_path(ch, "/api/v1/tickets/%lld/messages", (long long)b),
              NULL);
    assert_int_equal(json_array_size(answer_at(an, "/data")), 2);
    assert_int_equal(takes_part(b, cc), 1);
    assert_int_equal(takes_part(b, ann), 0);
    assert_problem(show(ann_token, b), 404, NULL);
    assert_int_equal(show(ann_token, a)->status, 200);
    assert_problem(send(HTTP_PATCH, agent_token,
                        desk_path(ch, "/api/v1/tickets/%lld", (long long)a), "{\"title\":\"x\"}"),
                   409, "ticket_merged");
    assert_int_equal(
        chain_int(ch, "SELECT count(*) FROM events WHERE type IN ('merged_into', 'received_merge')",
                  DB_NO_ARGS),
        2);
}

static void undoing_gives_everything_back(void **state)
{
    static const int states[][2] = { { 2, 7 }, { 2, 2 }, { 7, 7 }, { 6, 2 } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        int64_t a = desk_ticket(ch, ann, 0, "a"), b = desk_ticket(ch, bob, 0, "b");
        struct str before_a, before_b;

        take_part(a, cc);
        for (int k = 0; k < 2; k++)
            assert_int_equal(send(HTTP_PATCH, agent_token,
                                  desk_path(ch, "/api/v1/tickets/%lld", (long long)(k ? b : a)),
                                  desk_path(ch, "{\"state\":%d,\"owner\":\"me\"}", states[i][k]))
                                 ->status,
                             200);
        before_a = essence(a);
        before_b = essence(b);
        assert_int_equal(merge(agent_token, a, b)->status, 200);
        if (states[i][0] == 2 && states[i][1] == 7)
            assert_str_eq(answer_text(show(agent_token, b), "/state_type"), "open");
        assert_int_equal(unmerge(agent_token, a)->status, 200);
        assert_true(str_eq(essence(a), before_a));
        assert_true(str_eq(essence(b), before_b));
        assert_problem(unmerge(agent_token, a), 409, "not_merged");
    }
}

static void chains_lead_to_their_end_and_cycles_are_refused(void **state)
{
    int64_t a = desk_ticket(ch, ann, 0, "a"), b = desk_ticket(ch, ann, 0, "b"),
            c = desk_ticket(ch, ann, 0, "c"), d = desk_ticket(ch, ann, 0, "d");

    (void)state;
    assert_problem_field(merge(agent_token, a, a), "/into");
    assert_int_equal(merge(agent_token, a, b)->status, 200);
    assert_problem(merge(agent_token, b, a), 409, "merge_cycle");
    assert_problem_field(merge(agent_token, b, a), "/into");
    assert_problem(merge(agent_token, a, c), 409, "ticket_merged");
    assert_int_equal(merge(agent_token, b, c)->status, 200);
    assert_int_equal(leads_to(a), c);
    assert_int_equal(answer_int(merge(agent_token, d, b), "/id"), c);
    assert_int_equal(leads_to(d), c);
    assert_int_equal(unmerge(agent_token, b)->status, 200);
    assert_int_equal(leads_to(b), 0);
    assert_int_equal(leads_to(a), b);
    assert_int_equal(leads_to(d), c);
    assert_int_equal(unmerge(agent_token, a)->status, 200);
    assert_int_equal(leads_to(a), 0);
}

static void who_may_not_change_both_merges_nothing(void **state)
{
    int64_t a = desk_ticket(ch, ann, 0, "a"), b = desk_ticket(ch, ann, 0, "b"),
            hidden = desk_ticket(ch, ann, far, "c");
    struct str before = chain_checksum(ch);

    (void)state;
    assert_problem_field(merge(agent_token, a, hidden), "/into");
    assert_problem_field(merge(agent_token, a, 999999), "/into");
    assert_problem(merge(agent_token, hidden, a), 404, NULL);
    assert_problem(merge(ann_token, a, b), 403, NULL);
    assert_problem(unmerge(agent_token, hidden), 404, NULL);
    assert_true(str_eq(before, chain_checksum(ch)));
}

static void a_reply_to_the_source_goes_to_the_target(void **state)
{
    int64_t a = desk_ticket(ch, ann, 0, "a"), b = desk_ticket(ch, ann, 0, "b"), message;

    (void)state;
    assert_int_equal(merge(agent_token, a, b)->status, 200);
    message = desk_message(ch, a, ann, false, "and another thing");
    assert_int_equal(
        chain_int(ch, "SELECT ticket_id FROM messages WHERE id = $1", DB_ARGS(DB_INT(message))), b);
    assert_int_equal(unmerge(agent_token, a)->status, 200);
    assert_int_equal(
        chain_int(ch, "SELECT ticket_id FROM messages WHERE id = $1", DB_ARGS(DB_INT(message))), b);
}

static void each_failing_statement_of_a_merge_changes_nothing(void **state)
{
    int64_t a = desk_ticket(ch, ann, 0, "a"), b = desk_ticket(ch, bob, 0, "b");
    struct ask q = { .method = HTTP_POST,
                     .bearer = agent_token,
                     .target = desk_path(ch, "/api/v1/tickets/%lld/merge", (long long)a),
                     .json = desk_path(ch, "{\"into\":%lld}", (long long)b) };

    (void)state;
    take_part(a, cc);
    assert_int_equal(chain_fail_each(ch, q)->status, 200);
    q.target = desk_path(ch, "/api/v1/tickets/%lld/unmerge", (long long)a);
    q.json = NULL;
    assert_int_equal(chain_fail_each(ch, q)->status, 200);
}

static struct answer *split(const char *token, int64_t id, const char *json)
{
    return send(HTTP_POST, token, desk_path(ch, "/api/v1/tickets/%lld/split", (long long)id), json);
}

static void a_split_moves_messages_and_links_back(void **state)
{
    int64_t a = desk_ticket(ch, ann, 0, "two things"), moved, fresh;
    struct answer *an;

    (void)state;
    take_part(a, bob);
    moved = desk_message(ch, a, bob, false, "the second thing");
    an = split(agent_token, a,
               desk_path(ch, "{\"messages\":[%lld],\"mode\":\"move\",\"title\":\"second\"}",
                         (long long)moved));
    assert_int_equal(an->status, 201);
    fresh = answer_int(an, "/id");
    assert_int_equal(answer_int(an, "/customer/id"), bob);
    assert_int_equal(answer_int(an, "/message_count"), 1);
    assert_int_equal(answer_int(show(agent_token, a), "/message_count"), 1);
    assert_int_equal(
        chain_int(ch, "SELECT ticket_id FROM messages WHERE id = $1", DB_ARGS(DB_INT(moved))),
        fresh);
    assert_int_equal(chain_int(ch, "SELECT other_id FROM links WHERE ticket_id = $1 AND kind = 3",
                               DB_ARGS(DB_INT(fresh))),
                     a);
    assert_problem_field(
        split(agent_token, a,
              desk_path(ch, "{\"messages\":[%lld],\"mode\":\"copy\"}", (long long)moved)),
        "/messages/0");
    assert_problem(
        split(ann_token, a,
              desk_path(ch, "{\"messages\":[%lld],\"mode\":\"copy\"}", (long long)moved)),
        403, NULL);
}

static void a_split_copies_messages_with_their_files(void **state)
{
    int64_t upload = answer_int(chain_send(ch, (struct ask){ .method = HTTP_POST,
                                                             .target = "/api/v1/uploads?name=a.txt",
                                                             .bearer = ann_token,
                                                             .body = "x",
                                                             .type = "text/plain" }),
                                "/id");
    int64_t a = desk_ticket(ch, ann, 0, "one");
    struct desk_ask q = {
        .ch = ch, .ticket = a, .customer = ann, .text = "file", .uploads = &upload, .n_uploads = 1
    };
    struct answer *an;

    (void)state;
    desk_do(&q);
    an = chain_fail_each(
        ch, (struct ask){ .method = HTTP_POST,
                          .bearer = agent_token,
                          .target = desk_path(ch, "/api/v1/tickets/%lld/split", (long long)a),
                          .json = desk_path(ch, "{\"messages\":[%lld],\"mode\":\"copy\"}",
                                            (long long)q.message_id) });
    assert_int_equal(an->status, 201);
    assert_int_equal(answer_int(show(agent_token, a), "/message_count"), 2);
    assert_int_equal(answer_int(an, "/attachment_count"), 1);
    assert_int_equal(chain_int(ch, "SELECT refs FROM blobs", DB_NO_ARGS), 2);
}

static void a_split_leaves_at_least_one_message(void **state)
{
    int64_t a = desk_ticket(ch, ann, 0, "one");
    int64_t only =
        chain_int(ch, "SELECT id FROM messages WHERE ticket_id = $1", DB_ARGS(DB_INT(a)));

    (void)state;
    assert_problem_field(
        split(agent_token, a,
              desk_path(ch, "{\"messages\":[%lld],\"mode\":\"move\"}", (long long)only)),
        "/messages");
    assert_problem_field(split(agent_token, a, "{\"messages\":[],\"mode\":\"move\"}"), "/messages");
}

static void bulk_gives_each_change_a_result_of_its_own(void **state)
{
    int64_t a = desk_ticket(ch, ann, 0, "a"), b = desk_ticket(ch, ann, 0, "b"),
            hidden = desk_ticket(ch, ann, far, "c");
    struct answer *an = send(
        HTTP_POST, agent_token, "/api/v1/bulk",
        desk_path(
            ch,
            "{\"changes\":[{\"ticket\":%lld,\"title\":\"new\"},{\"ticket\":%lld,\"title\":\"no\"},"
            "{\"ticket\":%lld,\"version\":99,\"title\":\"stale\"},{\"ticket\":%lld,\"message\":{"
            "\"body\":\"hi\"}}]}",
            (long long)a, (long long)hidden, (long long)b, (long long)b));

    (void)state;
    assert_int_equal(an->status, 200);
    assert_int_equal(answer_int(an, "/results/0/status"), 200);
    assert_int_equal(answer_int(an, "/results/1/status"), 404);
    assert_int_equal(answer_int(an, "/results/2/status"), 412);
    assert_int_equal(answer_int(an, "/results/3/status"), 200);
    assert_str_eq(answer_text(show(agent_token, a), "/title"), "new");
    assert_str_eq(answer_text(show(agent_token, b), "/title"), "b");
    assert_int_equal(answer_int(show(agent_token, b), "/message_count"), 2);
}

static size_t found(const char *query)
{
    struct answer *an = send(HTTP_GET, agent_token, str_printf(ch->a, "/api/v1/search?q=%s", query).p, NULL);

    assert_int_equal(an->status, 200);
    return json_array_size(answer_at(an, "/tickets"));
}

static void many_changes_of_one_ticket_leave_its_last_words_to_be_found(void **state)
{
    int64_t a = desk_ticket(ch, ann, 0, "a");
    struct answer *an = send(
        HTTP_POST, agent_token, "/api/v1/bulk",
        desk_path(ch,
                  "{\"changes\":[{\"ticket\":%lld,\"title\":\"quagga\"},{\"ticket\":%lld,\"title\":\"okapi\","
                  "\"message\":{\"body\":\"gerenuk\"}},{\"ticket\":%lld,\"version\":99,\"title\":\"quokka\"},"
                  "{\"ticket\":%lld,\"title\":\"bongo antelope\"}]}",
                  (long long)a, (long long)a, (long long)a, (long long)a));

    (void)state;
    assert_int_equal(an->status, 200);
    assert_int_equal(answer_int(an, "/results/3/status"), 200);
    assert_int_equal(found("quagga"), 0);
    assert_int_equal(found("okapi"), 0);
    assert_int_equal(found("quokka"), 0);
    assert_int_equal(found("bongo"), 1);
    assert_int_equal(found("bongo%20gerenuk"), 1);
}

static const char *long_bulk(int64_t ticket, int n)
{
    struct buf b = BUF_ARENA(ch->a, MIB);

    buf_str(&b, STR("{\"changes\":["));
    for (int i = 0; i < n; i++)
        buf_printf(&b, "%s{\"ticket\":%lld,\"title\":\"t%d\"}", i ? "," : "", (long long)ticket, i);
    buf_str(&b, STR("]}"));
    return str_z(buf_view(&b), ch->a);
}

static void longer_bulk_becomes_a_job_of_the_caller(void **state)
{
    int64_t a = desk_ticket(ch, ann, 0, "a"), job;
    struct answer *an = send(HTTP_POST, agent_token, "/api/v1/bulk", long_bulk(a, 1001));
    const char *path;
    bool idle;

    (void)state;
    assert_int_equal(an->status, 202);
    job = answer_int(an, "/job/id");
    path = desk_path(ch, "/api/v1/jobs/%lld", (long long)job);
    assert_problem(send(HTTP_GET, ann_token, path, NULL), 404, NULL);
    assert_str_eq(answer_text(send(HTTP_GET, agent_token, path, NULL), "/state"), "waiting");
    runner_tick(ch->app->runner, &idle);
    an = send(HTTP_GET, agent_token, path, NULL);
    assert_str_eq(answer_text(an, "/state"), "done");
    assert_int_equal(answer_int(an, "/progress"), 1001);
    assert_int_equal(json_array_size(answer_at(an, "/result/results")), 1001);
    assert_str_eq(answer_text(show(agent_token, a), "/title"), "t1000");
    assert_int_equal(
        json_array_size(answer_at(send(HTTP_GET, agent_token, "/api/v1/jobs", NULL), "/data")), 1);
    assert_problem(send(HTTP_POST, agent_token, desk_path(ch, "%s/cancel", path), NULL), 409,
                   "job_ended");
}

static void a_cancelled_bulk_does_nothing(void **state)
{
    int64_t a = desk_ticket(ch, ann, 0, "a");
    int64_t job =
        answer_int(send(HTTP_POST, agent_token, "/api/v1/bulk", long_bulk(a, 1001)), "/job/id");
    const char *path = desk_path(ch, "/api/v1/jobs/%lld/cancel", (long long)job);
    bool idle;

    (void)state;
    assert_problem(send(HTTP_POST, ann_token, path, NULL), 404, NULL);
    assert_str_eq(answer_text(send(HTTP_POST, agent_token, path, NULL), "/state"), "cancelled");
    runner_tick(ch->app->runner, &idle);
    assert_str_eq(answer_text(show(agent_token, a), "/title"), "a");
}

static void idle_owners_lose_their_tickets(void **state)
{
    int64_t a = desk_ticket(ch, ann, 0, "a"), done;
    struct err e = { 0 };

    (void)state;
    assert_int_equal(send(HTTP_PATCH, agent_token,
                          desk_path(ch, "/api/v1/tickets/%lld", (long long)a), "{\"owner\":\"me\"}")
                         ->status,
                     200);
    chain_exec(ch, "UPDATE groups SET assignment_timeout_min = 10", DB_NO_ARGS);
    assert_ok(runner_run_task(ch->app->runner, "unassign_idle", &done, &e), &e);
    assert_int_equal(done, 0);
    clock_fake(clock_now_us() + 11 * US_PER_MIN);
    assert_ok(runner_run_task(ch->app->runner, "unassign_idle", &done, &e), &e);
    clock_fake(0);
    assert_int_equal(done, 1);
    assert_int_equal(
        chain_int(ch, "SELECT count(*) FROM tickets WHERE owner_id IS NOT NULL", DB_NO_ARGS), 0);
}

static void every_task_runs(void **state)
{
    struct runner_stats st;
    struct err e = { 0 };
    int64_t done;

    (void)state;
    runner_stats(ch->app->runner, &st);
    for (size_t i = 0; i < st.n_tasks; i++) {
        struct task_stats task;

        runner_task_stats(ch->app->runner, i, &task);
        assert_ok(runner_run_task(ch->app->runner, task.name, &done, &e), &e);
    }
}

static size_t rows_of(int64_t ticket, bool descending, int64_t max_bytes)
{
    struct message_page p = { true, descending, false, 0, 100, max_bytes };
    struct db *db CLEAN(db_close) = NULL;
    struct db_rows r CLEAN(db_rows_end) = { 0 };
    struct err e = { 0 };
    size_t n = 0;

    assert_ok(store_connect(ch->app->store, DB_READ, &db, &e), &e);
    assert_ok(messages_of_ticket(db, ticket, &p, ch->a, &r, &e), &e);
    while (db_next(&r, &e))
        n++;
    return n;
}

/* Five messages of 3 MiB, some of a ticket that was merged into the other. */
static int64_t large_ticket(void)
{
    enum { LARGE = 3 << 20 };
    int64_t source = desk_ticket(ch, ann, 0, "source"), into = desk_ticket(ch, ann, 0, "into");
    char *text = arena_alloc(ch->a, LARGE);

    for (int i = 0; i < 2; i++)
        desk_message(ch, source, ann, false, "more");
    desk_message(ch, into, ann, false, "more");
    assert_int_equal(merge(agent_token, source, into)->status, 200);
    memset(text, 'x', LARGE);
    chain_exec(ch, "UPDATE messages SET body_text = $1, source = '', body_html = ''",
               DB_ARGS(DB_TEXT(((struct str){ text, LARGE }))));
    return into;
}

static void a_page_of_large_messages_leaves_the_rest_in_the_database(void **state)
{
    int64_t into = large_ticket();
    size_t all = rows_of(into, false, 0);

    (void)state;
    assert_int_equal(all, 5);
    if (test_is_sqlite())
        skip(); /* reads row by row */
    for (int descending = 0; descending < 2; descending++) {
        assert_int_equal(rows_of(into, descending, 1), 1);
        assert_int_equal(rows_of(into, descending, 7 << 20), 3);
        assert_int_equal(rows_of(into, descending, INT64_C(1) << 40), 5);
    }
}

static void pages_of_large_messages_show_each_once(void **state)
{
    const char *path = desk_path(ch, "/api/v1/tickets/%lld/messages", (long long)large_ticket());
    const char *next = "";
    int64_t last = 0;
    size_t n = 0, pages = 0;
    bool more = true;

    (void)state;
    while (more) {
        struct answer *an = send(HTTP_GET, agent_token, desk_path(ch, "%s%s", path, next), NULL);

        assert_int_equal(an->status, 200);
        for (size_t i = 0; i < json_array_size(answer_at(an, "/data")); i++, n++) {
            int64_t id = answer_int(an, desk_path(ch, "/data/%zu/id", i));

            assert_true(id > last);
            last = id;
        }
        pages++;
        more = json_is_true(answer_at(an, "/page/has_more"));
        if (more)
            next = desk_path(ch, "?after=%.*s", STR_ARG(answer_text(an, "/page/next")));
    }
    assert_int_equal(n, 5);
    assert_int_equal(pages, 3);
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(the_source_leads_on_and_its_messages_are_shown_in_the_target),
        EACH(undoing_gives_everything_back),
        EACH(chains_lead_to_their_end_and_cycles_are_refused),
        EACH(who_may_not_change_both_merges_nothing),
        EACH(a_reply_to_the_source_goes_to_the_target),
        EACH(each_failing_statement_of_a_merge_changes_nothing),
        EACH(a_split_moves_messages_and_links_back),
        EACH(a_split_copies_messages_with_their_files),
        EACH(a_split_leaves_at_least_one_message),
        EACH(a_page_of_large_messages_leaves_the_rest_in_the_database),
        EACH(pages_of_large_messages_show_each_once),
        EACH(bulk_gives_each_change_a_result_of_its_own),
        EACH(many_changes_of_one_ticket_leave_its_last_words_to_be_found),
        EACH(longer_bulk_becomes_a_job_of_the_caller),
        EACH(a_cancelled_bulk_does_nothing),
        EACH(idle_owners_lose_their_tickets),
        EACH(every_task_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
