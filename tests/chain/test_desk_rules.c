/* The rules of behaviour.md, section 2 and 5, over the API: states, dates, follow-ups, owners, and
 * who a message is from. */
#include "desk_world.h"

#include "job/runner.h"

#define DAY US_PER_DAY

static struct answer *on_ticket(enum http_method method, const char *bearer, int64_t id,
                                const char *tail, const char *json)
{
    return ask(method, bearer, desk_path(t.ch, "/api/v1/tickets/%lld%s", (long long)id, tail), json);
}

static void expect(const struct answer *an, int status)
{
    if (an->status != status)
        fail_msg("status %d, want %d: %.*s", an->status, status, STR_ARG(an->body));
}

static struct answer *set(int64_t id, const char *json)
{
    struct answer *an = on_ticket(HTTP_PATCH, t.agent, id, "", json);

    expect(an, 200);
    return an;
}

static struct answer *say(const char *bearer, int64_t id, const char *json)
{
    return on_ticket(HTTP_POST, bearer, id, "/messages", json);
}

static struct answer *show(int64_t id)
{
    return on_ticket(HTTP_GET, t.agent, id, "", NULL);
}

static void state_is(int64_t id, const char *name)
{
    struct str is = answer_text(show(id), "/state/name");

    if (!str_eq(is, str_of(name)))
        fail_msg("state %.*s, want %s", STR_ARG(is), name);
}

static void run(const char *task, int64_t want)
{
    struct err e = { 0 };
    int64_t done = -1;

    assert_ok(runner_run_task(t.ch->app->runner, task, &done, &e), &e);
    assert_int_equal(done, want);
}

static void later(int64_t us)
{
    clock_fake(clock_now_us() + us);
}

/* ---- Who a message is from, and what it does to a new ticket ---- */

static struct answer *create(const char *bearer, const char *message, const char *more)
{
    struct answer *an =
        ask(HTTP_POST, bearer, "/api/v1/tickets",
            desk_path(t.ch, "{\"title\":\"t\",\"customer\":%lld,\"message\":{%s}%s}",
                      (long long)t.ann, message, more));

    expect(an, 201);
    return an;
}

static struct answer *first_message(const struct answer *ticket)
{
    return on_ticket(HTTP_GET, t.agent, answer_int(ticket, "/id"), "/messages", NULL);
}

static void an_agents_own_public_message_opens_the_ticket_it_comes_with(void **state)
{
    static const char *const outbound[] = { "\"body\":\"hello\"",
                                            "\"body\":\"called\",\"kind\":\"phone_out\"" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(outbound); i++) {
        struct answer *an = create(t.agent, outbound[i], "");

        assert_str_eq(answer_text(an, "/state/name"), "open");
        assert_true(json_is_string(answer_at(an, "/first_response_at")));
        assert_true(json_is_null(answer_at(an, "/waiting_since")));
        assert_str_eq(answer_text(first_message(an), "/data/0/sender_type"), "agent");
    }
}

static void a_state_that_the_agent_names_stands(void **state)
{
    (void)state;
    assert_str_eq(
        answer_text(create(t.agent, "\"body\":\"x\"", ",\"state\":\"new\""), "/state/name"), "new");
    assert_str_eq(
        answer_text(create(t.agent, "\"body\":\"x\"", ",\"state\":\"solved\""), "/state/name"),
        "solved");
}

static void a_call_that_came_in_is_the_customers_message(void **state)
{
    struct answer *an = create(t.agent, "\"body\":\"she called\",\"kind\":\"phone_in\"", "");
    struct answer *m = first_message(an);

    (void)state;
    assert_str_eq(answer_text(an, "/state/name"), "new");
    assert_true(json_is_null(answer_at(an, "/first_response_at")));
    assert_true(json_is_string(answer_at(an, "/waiting_since")));
    assert_str_eq(answer_text(m, "/data/0/sender_type"), "customer");
    assert_int_equal(answer_int(m, "/data/0/author/id"), t.agent_id);
    assert_int_equal(answer_int(m, "/data/0/on_behalf_of/id"), t.ann);
}

static void a_note_opens_nothing(void **state)
{
    struct answer *an =
        create(t.agent, "\"body\":\"for us\",\"visibility\":\"internal\"", "");

    (void)state;
    assert_str_eq(answer_text(an, "/state/name"), "new");
    assert_true(json_is_null(answer_at(an, "/first_response_at")));
    expect(say(t.agent, answer_int(an, "/id"), "{\"body\":\"more\",\"kind\":\"note\"}"), 201);
    state_is(answer_int(an, "/id"), "new");
    expect(say(t.agent, answer_int(an, "/id"), "{\"body\":\"dear\"}"), 201);
    state_is(answer_int(an, "/id"), "open");
}

static void a_customers_request_stays_new_until_answered(void **state)
{
    int64_t id = desk_ticket(t.ch, t.ann, 0, "help");

    (void)state;
    state_is(id, "new");
    expect(say(t.customer, id, "{\"body\":\"please\"}"), 201);
    state_is(id, "new");
    expect(say(t.agent, id, "{\"body\":\"she called again\",\"kind\":\"phone_in\"}"), 201);
    state_is(id, "new");
    expect(say(t.agent, id, "{\"body\":\"yes\"}"), 201);
    state_is(id, "open");
}

/* ---- Rights ---- */

static void notes_need_the_change_level(void **state)
{
    static const struct {
        int levels, note, read;
    } rows[] = { { 1, 403, 200 }, { 8, 404, 404 }, { 3, 403, 200 }, { 5, 201, 200 }, { 31, 201, 200 } };
    int64_t far = desk_group(t.ch, "far"), id = desk_ticket(t.ch, t.ann, far, "x");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t user = chain_user(t.ch, 2);
        const char *token;

        chain_exec(t.ch, "INSERT INTO user_groups (user_id, group_id, levels) VALUES ($1, $2, $3)",
                   DB_ARGS(DB_INT(user), DB_INT(far), DB_INT(rows[i].levels)));
        token = chain_token(t.ch, user, -1, false);
        expect(on_ticket(HTTP_GET, token, id, "", NULL), rows[i].read);
        expect(say(token, id, "{\"body\":\"n\",\"visibility\":\"internal\"}"), rows[i].note);
    }
    assert_problem(say(t.customer, id, "{\"body\":\"n\",\"visibility\":\"internal\"}"), 403, NULL);
}

static void the_reason_of_a_redaction_is_in_the_audit_log(void **state)
{
    int64_t id = desk_ticket(t.ch, t.ann, 0, "x");
    int64_t m = desk_message(t.ch, id, t.ann, false, "my password is hunter2");

    (void)state;
    expect(ask(HTTP_POST, t.admin, desk_path(t.ch, "/api/v1/messages/%lld/redact", (long long)m),
               "{\"reason\":\"a password\"}"),
           200);
    assert_int_equal(chain_int(t.ch,
                               "SELECT count(*) FROM audit WHERE object_id = $1 AND details"
                               " LIKE '%a password%' ESCAPE '!' AND details NOT LIKE"
                               " '%hunter2%' ESCAPE '!'",
                               DB_ARGS(DB_INT(id))),
                     1);
    assert_int_equal(chain_int(t.ch,
                               "SELECT count(*) FROM messages WHERE source LIKE '%hunter2%' ESCAPE"
                               " '!' OR body_text LIKE '%hunter2%' ESCAPE '!'",
                               DB_NO_ARGS),
                     0);
}

static void words_that_were_taken_out_are_found_no_more(void **state)
{
    int64_t id = desk_ticket(t.ch, t.ann, 0, "x");
    int64_t m = desk_message(t.ch, id, t.ann, false, "zirconium"),
            note = desk_message(t.ch, id, t.agent_id, true, "beryllium");

    (void)state;
#define FOUND(word)                                                                                \
    json_array_size(answer_at(ask(HTTP_GET, t.agent, "/api/v1/search?q=" word, NULL), "/tickets"))
    assert_int_equal(FOUND("zirconium"), 1);
    assert_int_equal(FOUND("beryllium"), 1);
    expect(ask(HTTP_POST, t.admin, desk_path(t.ch, "/api/v1/messages/%lld/redact", (long long)m),
               "{\"reason\":\"r\"}"),
           200);
    expect(ask(HTTP_PATCH, t.agent, desk_path(t.ch, "/api/v1/messages/%lld", (long long)note),
               "{\"body\":\"lithium\"}"),
           200);
    assert_int_equal(FOUND("zirconium"), 0);
    assert_int_equal(FOUND("beryllium"), 0);
    assert_int_equal(FOUND("lithium"), 1);
}

/* ---- Owners ---- */

static void a_group_where_the_owner_has_not_full_rights_clears_him(void **state)
{
    int64_t far = desk_group(t.ch, "far"), near = desk_group(t.ch, "near");
    int64_t id = desk_ticket(t.ch, t.ann, 0, "x");
    struct answer *an;

    (void)state;
    chain_exec(t.ch, "INSERT INTO user_groups (user_id, group_id, levels) VALUES ($1, $2, 15)",
               DB_ARGS(DB_INT(t.agent_id), DB_INT(far)));
    chain_exec(t.ch, "INSERT INTO user_groups (user_id, group_id, levels) VALUES ($1, $2, 31)",
               DB_ARGS(DB_INT(t.agent_id), DB_INT(near)));
    chain_exec(t.ch, "UPDATE users SET version = version + 1 WHERE id = $1",
               DB_ARGS(DB_INT(t.agent_id)));
    t.agent = chain_token(t.ch, t.agent_id, -1, false);
    an = set(id, "{\"owner\":\"me\",\"state\":\"open\"}");
    assert_int_equal(answer_int(an, "/owner/id"), t.agent_id);
    an = set(id, "{\"group\":\"near\"}");
    assert_int_equal(answer_int(an, "/owner/id"), t.agent_id);
    an = set(id, "{\"group\":\"far\"}");
    assert_true(json_is_null(answer_at(an, "/owner")));
    assert_str_eq(answer_text(an, "/state/name"), "open");
    assert_problem_field(on_ticket(HTTP_PATCH, t.agent, id, "", "{\"owner\":\"me\"}"), "/owner");
}

static void a_deactivated_owner_keeps_only_closed_tickets(void **state)
{
    int64_t open = desk_ticket(t.ch, t.ann, 0, "a"), closed = desk_ticket(t.ch, t.ann, 0, "b");
    int64_t other = chain_user(t.ch, 2);

    (void)state;
    set(open, desk_path(t.ch, "{\"owner\":%lld}", (long long)other));
    set(closed, desk_path(t.ch, "{\"owner\":%lld,\"state\":\"closed\"}", (long long)other));
    expect(ask(HTTP_PATCH, t.admin, desk_path(t.ch, "/api/v1/users/%lld", (long long)other),
               "{\"active\":false}"),
           200);
    assert_true(json_is_null(answer_at(show(open), "/owner")));
    assert_int_equal(answer_int(show(closed), "/owner/id"), other);
}

/* ---- Dates ---- */

static void a_states_date_is_required_optional_or_refused(void **state)
{
    int64_t id = desk_ticket(t.ch, t.ann, 0, "x");
    struct answer *an;

    (void)state;
#define TRY_SET(json) on_ticket(HTTP_PATCH, t.agent, id, "", json)
    assert_problem_field(TRY_SET("{\"state\":\"pending reminder\"}"), "/until");
    assert_problem_field(TRY_SET("{\"state\":\"open\",\"until\":\"2090-01-01T00:00:00Z\"}"),
                         "/until");
    assert_problem_field(
        TRY_SET("{\"state\":\"pending reminder\",\"until\":\"2001-01-01T00:00:00Z\"}"), "/until");
    an = set(id, "{\"state\":\"hold\"}");
    assert_true(json_is_null(answer_at(an, "/until")));
    set(id, "{\"until\":\"2090-01-01T00:00:00Z\"}");
    an = set(id, "{\"until\":null}");
    assert_true(json_is_null(answer_at(an, "/until")));
    an = set(id, "{\"state\":\"pending close\",\"until\":\"2090-01-01T00:00:00Z\"}");
    assert_str_eq(answer_text(an, "/until"), "2090-01-01T00:00:00.000Z");
    assert_problem_field(TRY_SET("{\"until\":null}"), "/until");
    an = set(id, "{\"state\":\"open\"}");
    assert_true(json_is_null(answer_at(an, "/until")));
}

static const char *in_an_hour(const char *state_name)
{
    char at[CLOCK_TEXT_MAX];

    clock_format(clock_now_us() + US_PER_HOUR, at);
    return desk_path(t.ch, "{\"state\":\"%s\",\"until\":\"%s\"}", state_name, at);
}

static void a_pending_reminder_tells_once_a_day_and_stays(void **state)
{
    int64_t id = desk_ticket(t.ch, t.ann, 0, "x");

    (void)state;
    set(id, in_an_hour("pending reminder"));
    run("reach_dates", 0);
    later(2 * US_PER_HOUR);
    run("reach_dates", 1);
    run("reach_dates", 0);
    state_is(id, "pending reminder");
    later(DAY);
    run("reach_dates", 1);
    assert_int_equal(
        chain_int(t.ch, "SELECT count(*) FROM events WHERE type = 'reminder'", DB_NO_ARGS), 2);
}

static void a_pending_close_closes_at_its_date(void **state)
{
    int64_t id = desk_ticket(t.ch, t.ann, 0, "x");

    (void)state;
    set(id, in_an_hour("pending close"));
    later(2 * US_PER_HOUR);
    run("reach_dates", 1);
    state_is(id, "closed");
    assert_true(json_is_null(answer_at(show(id), "/until")));
    assert_true(json_is_string(answer_at(show(id), "/closed_at")));
    run("reach_dates", 0);
}

static void a_customers_answer_ends_waiting(void **state)
{
    int64_t id = desk_ticket(t.ch, t.ann, 0, "x");

    (void)state;
    set(id, in_an_hour("pending close"));
    expect(say(t.customer, id, "{\"body\":\"one more thing\"}"), 201);
    state_is(id, "open");
    assert_true(json_is_null(answer_at(show(id), "/until")));
    later(2 * US_PER_HOUR);
    run("reach_dates", 0);
}

static void a_solved_ticket_closes_after_the_days_of_the_setting(void **state)
{
    int64_t id = desk_ticket(t.ch, t.ann, 0, "x");

    (void)state;
    set(id, "{\"state\":\"solved\"}");
    later(6 * DAY);
    run("close_solved", 0);
    later(2 * DAY);
    run("close_solved", 1);
    state_is(id, "closed");
}

/* ---- Follow-ups ---- */

static void rule_is(const char *rule)
{
    expect(ask(HTTP_PATCH, t.admin, "/api/v1/groups/1",
               desk_path(t.ch, "{\"follow_up\":\"%s\",\"reopen_days\":5}", rule)),
           200);
}

static int64_t follow_up(int64_t id)
{
    struct answer *an = say(t.customer, id, "{\"body\":\"again\"}");

    expect(an, 201);
    return answer_int(an, "/ticket_id");
}

static void closed_tickets_follow_up_as_their_group_says(void **state)
{
    static const struct {
        const char *rule;
        int days;
        bool same;
    } rows[] = { { "reopen", 100, true },
                 { "new_ticket", 0, false },
                 { "new_ticket_after_days", 4, true },
                 { "new_ticket_after_days", 6, false } };
    int64_t id, to;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        clock_fake(0);
        rule_is(rows[i].rule);
        id = desk_ticket(t.ch, t.ann, 0, "x");
        set(id, "{\"state\":\"closed\",\"owner\":\"me\"}");
        later(rows[i].days * DAY);
        to = follow_up(id);
        assert_int_equal(to == id, rows[i].same);
        state_is(id, rows[i].same ? "open" : "closed");
        assert_int_equal(chain_int(t.ch,
                                   "SELECT count(*) FROM links WHERE ticket_id = $1 AND other_id ="
                                   " $2 AND kind = 3",
                                   DB_ARGS(DB_INT(to), DB_INT(id))),
                         rows[i].same ? 0 : 1);
    }
    rule_is("reject");
    id = desk_ticket(t.ch, t.ann, 0, "x");
    set(id, "{\"state\":\"closed\"}");
    assert_problem(say(t.customer, id, "{\"body\":\"again\"}"), 409, "ticket_closed");
    expect(say(t.agent, id, "{\"body\":\"a last word\"}"), 201);
    state_is(id, "closed");
}

static void a_solved_ticket_reopens_only_within_the_days(void **state)
{
    int64_t id = desk_ticket(t.ch, t.ann, 0, "x");

    (void)state;
    rule_is("reject");
    set(id, "{\"state\":\"solved\"}");
    later(4 * DAY);
    assert_int_equal(follow_up(id), id);
    assert_int_equal(
        chain_int(t.ch, "SELECT reopen_count FROM tickets WHERE id = $1", DB_ARGS(DB_INT(id))), 1);
    set(id, "{\"state\":\"solved\"}");
    later(6 * DAY);
    assert_true(follow_up(id) != id);
    state_is(id, "solved");
}

static void reopening_keeps_or_clears_the_owner_as_the_group_says(void **state)
{
    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        int64_t id = desk_ticket(t.ch, t.ann, 0, "x");

        expect(ask(HTTP_PATCH, t.admin, "/api/v1/groups/1",
                   keep ? "{\"follow_up_keep_owner\":true}" : "{\"follow_up_keep_owner\":false}"),
               200);
        set(id, "{\"state\":\"closed\",\"owner\":\"me\"}");
        assert_int_equal(follow_up(id), id);
        assert_int_equal(json_is_null(answer_at(show(id), "/owner")), !keep);
    }
}

static void answers_to_spam_and_deleted_tickets_open_new_ones(void **state)
{
    static const char *const gone[] = { "{\"state\":\"spam\"}", "{\"state\":\"deleted\"}" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
        int64_t id = desk_ticket(t.ch, t.ann, 0, "x"), to;

        expect(on_ticket(HTTP_PATCH, t.admin, id, "", gone[i]), 200);
        to = follow_up(id);
        assert_true(to != id);
        state_is(to, "new");
        assert_int_equal(
            chain_int(t.ch, "SELECT count(*) FROM links WHERE ticket_id = $1", DB_ARGS(DB_INT(to))),
            0);
    }
}

static void an_answer_to_a_merged_ticket_goes_to_the_end_of_the_chain(void **state)
{
    int64_t id[4];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(id); i++)
        id[i] = desk_ticket(t.ch, t.ann, 0, "x");
    for (size_t i = 0; i + 1 < ARRAY_LEN(id); i++)
        expect(on_ticket(HTTP_POST, t.agent, id[i], "/merge",
                         desk_path(t.ch, "{\"into\":%lld}", (long long)id[i + 1])),
               200);
    set(id[3], "{\"state\":\"closed\"}");
    assert_int_equal(follow_up(id[0]), id[3]);
    state_is(id[3], "open");
    assert_int_equal(answer_int(show(id[3]), "/message_count"), 5);
}

/* ---- What customers see ---- */

static struct answer *as_customer(const char *path)
{
    struct answer *an = ask(HTTP_GET, t.customer, path, NULL);

    expect(an, 200);
    return an;
}

static void customers_learn_nothing_of_internal_notes(void **state)
{
    int64_t id = desk_ticket(t.ch, t.ann, 0, "first"), upload;
    const char *path = desk_path(t.ch, "/api/v1/tickets/%lld", (long long)id);
    struct str updated;

    (void)state;
    later(US_PER_HOUR);
    desk_ticket(t.ch, t.ann, 0, "second");
    updated = answer_text(as_customer(path), "/updated_at");
    later(US_PER_HOUR);
    upload = answer_int(chain_send(t.ch, (struct ask){ .method = HTTP_POST,
                                                       .target = "/api/v1/uploads?name=a.txt",
                                                       .bearer = t.agent,
                                                       .body = "x",
                                                       .type = "text/plain" }),
                        "/id");
    expect(say(t.agent, id,
               desk_path(t.ch, "{\"body\":\"n\",\"visibility\":\"internal\",\"attachments\":[%lld]}",
                         (long long)upload)),
           201);
    assert_int_equal(answer_int(show(id), "/attachment_count"), 1);
    assert_int_equal(answer_int(as_customer(path), "/attachment_count"), 0);
    assert_int_equal(answer_int(as_customer(path), "/message_count"), 1);
    assert_true(str_eq(answer_text(as_customer(path), "/updated_at"), updated));
#define LISTED(token, params)                                                                      \
    ask(HTTP_GET, token, "/api/v1/tickets?sort=-updated_at" params, NULL)
    assert_str_eq(answer_text(LISTED(t.agent, ""), "/data/0/title"), "first");
    assert_str_eq(answer_text(LISTED(t.customer, ""), "/data/0/title"), "second");
    assert_int_equal(json_array_size(answer_at(LISTED(t.agent, "&q=has:attachment"), "/data")), 1);
    assert_int_equal(json_array_size(answer_at(LISTED(t.customer, "&q=has:attachment"), "/data")),
                     0);
    later(US_PER_HOUR);
    expect(say(t.agent, id, "{\"body\":\"an answer\"}"), 201);
    assert_false(str_eq(answer_text(as_customer(path), "/updated_at"), updated));
    assert_str_eq(answer_text(LISTED(t.customer, ""), "/data/0/title"), "first");
    assert_str_eq(answer_text(LISTED(t.customer, "&limit=1"), "/data/0/title"), "first");
}

static long long version_for(const char *path, const char *token)
{
    return answer_int(ask(HTTP_GET, token, path, NULL), "/version");
}

static void internal_changes_leave_the_customers_version_alone(void **state)
{
    int64_t id = desk_ticket(t.ch, t.ann, 0, "first"), other = chain_user(t.ch, 2);
    const char *path = desk_path(t.ch, "/api/v1/tickets/%lld", (long long)id);
    const char *events = desk_path(t.ch, "%s/events", path);
    struct str etag = answer_header(as_customer(path), "etag");
    struct answer *an;

    (void)state;
    assert_true(str_starts(etag, STR("\"v1.")));
    expect(say(t.agent, id, "{\"body\":\"n\",\"visibility\":\"internal\"}"), 201);
    set(id, "{\"tags\":[\"secret\"]}");
    set(id, "{\"state\":\"hold\"}");
    set(id, "{\"until\":\"2099-01-01T00:00:00Z\"}");
    expect(on_ticket(HTTP_POST, t.agent, id, "/participants",
                     desk_path(t.ch, "{\"user\":%lld,\"role\":\"follower\"}", (long long)other)), 200);
    assert_int_equal(version_for(path, t.agent), 6);
    assert_int_equal(version_for(path, t.customer), 2);
    assert_true(str_starts(answer_header(as_customer(path), "etag"), STR("\"v2.")));
    assert_int_equal(answer_int(as_customer("/api/v1/tickets"), "/data/0/version"), 2);
    assert_int_equal(answer_int(as_customer(events), "/data/1/ticket_version"), 2);

    an = chain_send(t.ch, (struct ask){ .method = HTTP_POST, .bearer = t.customer, .if_match = "\"v1\"",
                                        .target = desk_path(t.ch, "%s/actions", path),
                                        .json = "{\"message\":{\"body\":\"hurry\"}}" });
    assert_problem(an, 412, NULL);
    assert_int_equal(answer_int(an, "/current/version"), 2);
    an = chain_send(t.ch, (struct ask){ .method = HTTP_POST, .bearer = t.customer, .if_match = "\"v2\"",
                                        .target = desk_path(t.ch, "%s/actions", path),
                                        .json = "{\"message\":{\"body\":\"hurry\"}}" });
    expect(an, 200);
    assert_int_equal(answer_int(an, "/version"), 3);
    set(id, desk_path(t.ch, "{\"owner\":%lld}", (long long)t.agent_id));
    assert_int_equal(version_for(path, t.customer), 4); /* he is shown to the customer */
    assert_int_equal(version_for(path, t.agent), 8);
    expect(on_ticket(HTTP_POST, t.agent, id, "/participants",
                     desk_path(t.ch, "{\"user\":%lld}", (long long)chain_user(t.ch, 3))), 200);
    assert_int_equal(version_for(path, t.customer), 5);
}

static void customers_choose_among_the_groups_that_are_open_to_them(void **state)
{
    const char *request = "{\"title\":\"t\",\"message\":{\"body\":\"b\"},\"group\":\"sales\"}";
    struct answer *an =
        ask(HTTP_POST, t.admin, "/api/v1/groups", "{\"name\":\"sales\"}");
    const char *group = desk_path(t.ch, "/api/v1/groups/%lld", (long long)answer_int(an, "/id"));

    (void)state;
    assert_problem_field(ask(HTTP_POST, t.customer, "/api/v1/tickets", request), "/group");
    assert_int_equal(json_array_size(answer_at(as_customer("/api/v1/group-choices"), "/data")), 1);
    an = ask(HTTP_PATCH, t.admin, group, "{\"customers_may_choose\":true}");
    expect(an, 200);
    assert_true(json_is_true(answer_at(an, "/customers_may_choose")));
    assert_str_eq(answer_text(as_customer("/api/v1/group-choices"), "/data/1/name"), "sales");
    an = ask(HTTP_POST, t.customer, "/api/v1/tickets", request);
    expect(an, 201);
    assert_str_eq(answer_text(an, "/group/name"), "sales");
    expect(ask(HTTP_PATCH, t.admin, group, "{\"active\":false}"), 200);
    assert_problem_field(ask(HTTP_POST, t.customer, "/api/v1/tickets", request), "/group");
    assert_int_equal(json_array_size(answer_at(as_customer("/api/v1/group-choices"), "/data")), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_agents_own_public_message_opens_the_ticket_it_comes_with),
        CASE(a_state_that_the_agent_names_stands),
        CASE(a_call_that_came_in_is_the_customers_message),
        CASE(a_note_opens_nothing),
        CASE(a_customers_request_stays_new_until_answered),
        CASE(notes_need_the_change_level),
        CASE(the_reason_of_a_redaction_is_in_the_audit_log),
        CASE(words_that_were_taken_out_are_found_no_more),
        CASE(a_group_where_the_owner_has_not_full_rights_clears_him),
        CASE(a_deactivated_owner_keeps_only_closed_tickets),
        CASE(a_states_date_is_required_optional_or_refused),
        CASE(a_pending_reminder_tells_once_a_day_and_stays),
        CASE(a_pending_close_closes_at_its_date),
        CASE(a_customers_answer_ends_waiting),
        CASE(a_solved_ticket_closes_after_the_days_of_the_setting),
        CASE(closed_tickets_follow_up_as_their_group_says),
        CASE(a_solved_ticket_reopens_only_within_the_days),
        CASE(reopening_keeps_or_clears_the_owner_as_the_group_says),
        CASE(answers_to_spam_and_deleted_tickets_open_new_ones),
        CASE(customers_learn_nothing_of_internal_notes),
        CASE(internal_changes_leave_the_customers_version_alone),
        CASE(customers_choose_among_the_groups_that_are_open_to_them),
        CASE(an_answer_to_a_merged_ticket_goes_to_the_end_of_the_chain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
