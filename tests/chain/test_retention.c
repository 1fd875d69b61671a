/* Rules of retention and legal holds: what goes, what stays, and that nothing is left half. */
#include "desk_fixture.h"

#include "desk/audit_verify.h"
#include "desk/evidence.h"
#include "desk/hold.h"
#include "desk/retention.h"
#include "job/runner.h"

enum { CLOSED = 7, SPAM = 9, DELETED = 10, TICKETS = 24 };

static const struct actor console = { .type = ACTOR_CLI, .perms = INT64_MAX };
static struct chain *ch;
static struct db *db;
static struct err e;
static int64_t ann, bob, agent;
static const char *admin;

static int set_up(void **state)
{
    (void)state;
    err_clear(&e);
    ch = chain_open();
    ann = chain_user(ch, 3);
    bob = chain_user(ch, 3);
    agent = chain_user(ch, 2);
    admin = chain_admin(ch);
    assert_ok(store_connect(ch->app->store, DB_READ, &db, &e), &e);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(&db);
    chain_close(&ch);
    return 0;
}

#define COUNT(sql, id) chain_int(ch, sql, DB_ARGS(DB_INT(id)))
#define ALL(sql) chain_int(ch, sql, DB_NO_ARGS)

static void set(const char *name, int64_t days)
{
    chain_exec(ch,
               "INSERT INTO settings (name, value, updated_us) VALUES ($1, $2, 1)"
               " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
               DB_ARGS(DB_TEXT(str_of(name)), DB_TEXT(str_printf(ch->a, "%lld", (long long)days))));
}

/* A ticket with two messages that came to this state so many days ago, counted where it stands. */
static int64_t old_ticket(int64_t customer, int state, int64_t days)
{
    int64_t id = desk_ticket(ch, customer, 0, "Printer");
    const char *json = desk_path(ch, "{\"state\":%d}", state);

    desk_message(ch, id, customer, false, "it smokes");
    assert_int_equal(chain_send(ch, (struct ask){ .method = HTTP_PATCH, .bearer = admin, .json = json,
                                                  .target = desk_path(ch, "/api/v1/tickets/%lld", (long long)id) })
                         ->status,
                     200);
    chain_exec(ch, "UPDATE tickets SET updated_us = $2 WHERE id = $1",
               DB_ARGS(DB_INT(id), DB_INT(clock_now_us() - days * US_PER_DAY)));
    return id;
}

static bool is_there(int64_t id)
{
    return COUNT("SELECT count(*) FROM tickets WHERE id = $1", id) == 1;
}

static struct retention_report look(void)
{
    struct retention_report r;

    assert_ok(retention_look(db, &r, &e), &e);
    return r;
}

static struct retention_report run(void)
{
    struct retention_report r;

    assert_ok(retention_run(ch->app->store, db, &console, &r, &e), &e);
    return r;
}

struct holding {
    struct hold h;
    const char *why;
};
static enum rc hold_run(struct db *w, void *arg, struct err *err)
{
    struct holding *q = arg;

    return q->why ? hold_release(w, &console, q->h.id, str_of(q->why), ch->a, err)
                  : hold_add(w, &console, &q->h, ch->a, err);
}

static int64_t hold(enum hold_object object, int64_t id, int64_t until_us)
{
    struct holding q = { .h = { .object = object, .object_id = id, .until_us = until_us,
                                .reason = STR("case 12/26"), .asked_by = STR("the court") } };

    assert_ok(store_write(ch->app->store, hold_run, &q, &e), &e);
    return q.h.id;
}

static void release(int64_t id)
{
    struct holding q = { .h = { .id = id }, .why = "case closed" };

    assert_ok(store_write(ch->app->store, hold_run, &q, &e), &e);
}

static void assert_chain_whole(void)
{
    struct audit_verdict v;

    assert_ok(audit_verify(db, STR(""), ch->a, &v, &e), &e);
    assert_int_equal(v.finding, AUDIT_WHOLE);
}

/* Counts by group, state and owner are those of the tickets that are there. */
static void assert_counts_right(void)
{
    assert_int_equal(
        ALL("SELECT count(*) FROM ticket_counts c WHERE c.n <> (SELECT count(*) FROM tickets t WHERE"
            " t.group_id = c.group_id AND t.state_id = c.state_id AND COALESCE(t.owner_id, 0) = c.owner_id)"),
        0);
    assert_int_equal(ALL("SELECT CAST(COALESCE(sum(n), 0) AS BIGINT) FROM ticket_counts"),
                     ALL("SELECT count(*) FROM tickets"));
}

static void assert_nothing_left_of(int64_t id)
{
    assert_false(is_there(id));
    assert_int_equal(COUNT("SELECT count(*) FROM messages WHERE ticket_id = $1", id), 0);
    assert_int_equal(COUNT("SELECT count(*) FROM events WHERE ticket_id = $1", id), 0);
    assert_int_equal(COUNT("SELECT count(*) FROM search_docs WHERE ticket_id = $1", id), 0);
    assert_int_equal(COUNT("SELECT count(*) FROM participants WHERE ticket_id = $1", id), 0);
    assert_int_equal(COUNT("SELECT count(*) FROM drafts WHERE ticket_id = $1", id), 0);
    assert_int_equal(COUNT("SELECT count(*) FROM ticket_tags WHERE ticket_id = $1", id), 0);
    assert_int_equal(COUNT("SELECT count(*) FROM attachments WHERE ticket_id = $1", id), 0);
    assert_int_equal(COUNT("SELECT count(*) FROM audit WHERE object = 'ticket' AND object_id = $1"
                           " AND details IS NOT NULL AND action <> 'ticket.retired'",
                           id),
                     0);
}

/* ── what goes ── */

static void old_closed_tickets_go_with_everything_that_hangs_on_them(void **state)
{
    int64_t old = old_ticket(ann, CLOSED, 40), young = old_ticket(ann, CLOSED, 20), open = old_ticket(ann, 2, 900);
    struct retention_report r;

    (void)state;
    chain_exec(ch, "INSERT INTO participants (ticket_id, user_id, role, created_us) VALUES ($1, $2, 0, 1)",
               DB_ARGS(DB_INT(old), DB_INT(bob)));
    chain_exec(ch, "INSERT INTO blobs (hash, size, refs, created_us) VALUES ('aa', 3, 1, 1)", DB_NO_ARGS);
    chain_exec(ch,
               "INSERT INTO attachments (hash, message_id, ticket_id, name, content_type, size, created_us)"
               " SELECT 'aa', min(id), ticket_id, 'a.txt', 'text/plain', 3, 1 FROM messages WHERE ticket_id = $1"
               " GROUP BY ticket_id",
               DB_ARGS(DB_INT(old)));
    set("retention.closed_tickets_days", 30);
    r = look();
    assert_int_equal(r.v[0].due, 1);
    assert_true(is_there(old));
    r = run();
    assert_int_equal(r.v[0].gone, 1);
    assert_int_equal(r.v[0].due, 0);
    assert_nothing_left_of(old);
    assert_true(is_there(young) && is_there(open));
    assert_int_equal(ALL("SELECT refs FROM blobs WHERE hash = 'aa'"), 0);
    assert_int_equal(COUNT("SELECT count(*) FROM audit WHERE action = 'ticket.retired' AND object_id = $1", old), 1);
    assert_counts_right();
    assert_chain_whole();
}

static void each_kind_of_ticket_has_its_own_rule(void **state)
{
    int64_t closed = old_ticket(ann, CLOSED, 40), spam = old_ticket(ann, SPAM, 40), gone = old_ticket(ann, DELETED, 40);

    (void)state;
    set("retention.spam_tickets_days", 7);
    run();
    assert_nothing_left_of(spam);
    assert_true(is_there(closed) && is_there(gone));
    set("retention.deleted_tickets_days", 39);
    run();
    assert_nothing_left_of(gone);
    assert_true(is_there(closed));
}

static void merged_tickets_go_with_the_one_that_took_them(void **state)
{
    int64_t target = old_ticket(ann, CLOSED, 40), one = old_ticket(ann, CLOSED, 900), deep = old_ticket(ann, CLOSED, 900);
    int64_t id;

    (void)state;
    chain_exec(ch, "UPDATE tickets SET merged_into_id = $2 WHERE id = $1", DB_ARGS(DB_INT(one), DB_INT(target)));
    chain_exec(ch, "UPDATE tickets SET merged_into_id = $2 WHERE id = $1", DB_ARGS(DB_INT(deep), DB_INT(one)));
    set("retention.closed_tickets_days", 30);
    id = hold(HOLD_TICKET, deep, 0);
    assert_int_equal(run().v[0].held, 1);
    assert_true(is_there(target) && is_there(one) && is_there(deep));
    release(id);
    assert_int_equal(run().v[0].gone, 1);
    assert_nothing_left_of(target);
    assert_nothing_left_of(one);
    assert_nothing_left_of(deep);
    assert_counts_right();
}

static void details_of_the_audit_log_are_erased_and_the_chain_stays_whole(void **state)
{
    int64_t young;

    (void)state;
    old_ticket(ann, CLOSED, 1);
    chain_exec(ch, "UPDATE settings SET value = '1' WHERE name = 'none'", DB_NO_ARGS);
    set("retention.audit_details_days", 10);
    assert_int_equal(run().v[8].gone, 0);
    young = ALL("SELECT count(*) FROM audit WHERE details <> '' AND object <> 'evidence'");
    assert_true(young > 0);
    clock_fake(clock_now_us() + 11 * US_PER_DAY);
    assert_int_equal(look().v[8].due, young);
    assert_int_equal(run().v[8].gone, young);
    clock_fake(0);
    assert_int_equal(ALL("SELECT count(*) FROM audit WHERE details <> '' AND object <> 'evidence'"), 0);
    assert_true(ALL("SELECT count(*) FROM audit WHERE object = 'evidence' AND details <> ''") > 0);
    assert_chain_whole();
}

static void rows_that_only_have_to_be_remembered_go_by_their_rules(void **state)
{
    (void)state;
    chain_exec(ch, "INSERT INTO drafts (user_id, data_json, created_us, updated_us) VALUES ($1, '{}', 1, 1)",
               DB_ARGS(DB_INT(agent)));
    chain_exec(ch, "INSERT INTO drafts (user_id, data_json, created_us, updated_us) VALUES ($1, '{}', 1, 1)",
               DB_ARGS(DB_INT(ann)));
    chain_exec(ch,
               "INSERT INTO outbox (kind, recipient, subject, body, state, not_before_us, created_us, sent_us)"
               " VALUES ('mail.x', 'a@x.example', 's', 'b', 1, 1, 1, 1), ('mail.x', 'b@x.example', 's', 'b', 0, 1, 1, NULL)",
               DB_NO_ARGS);
    for (int i = 0; i < 3; i++)
        chain_exec(ch, "INSERT INTO evidence (kind, at_us, ok, version, summary, figures)"
                       " VALUES ('drill', 1, 1, 'x', '', '{}'), ('sign.data.gdpr', 1, 1, 'x', '', '{}')", DB_NO_ARGS);
    chain_exec(ch, "INSERT INTO access_log (at_us, user_id, address, request_id, op, object) VALUES (1, 1, '', '', 'x', '1'), ($1, 1, '', '', 'x', '2')",
               DB_ARGS(DB_INT(clock_now_us())));
    hold(HOLD_USER, ann, 0);
    set("retention.drafts_days", 5);
    set("retention.sent_mail_days", 5);
    set("retention.evidence_days", 5);
    {
        const struct retention_report r = run();

        assert_int_equal(r.v[3].gone, 1);
        assert_int_equal(r.v[3].held, 1);
        assert_int_equal(r.v[4].gone, 1);
        assert_int_equal(r.v[7].gone, 2);
        assert_int_equal(r.v[9].gone, 1);
    }
    assert_int_equal(ALL("SELECT count(*) FROM access_log"), 1);
    assert_int_equal(ALL("SELECT count(*) FROM outbox WHERE kind = 'mail.x'"), 1);
    assert_int_equal(ALL("SELECT count(*) FROM evidence WHERE kind = 'drill'"), 1);
    assert_int_equal(ALL("SELECT count(*) FROM evidence WHERE kind = 'sign.data.gdpr'"), 3);
}

/* ── holds ── */

static void a_hold_on_person_organisation_or_ticket_wins_until_it_ends(void **state)
{
    int64_t org = ALL("INSERT INTO organizations (name, name_fold, created_us, updated_us)"
                      " VALUES ('Acme', 'acme', 1, 1) RETURNING id");
    int64_t of_ann, of_org, of_bob, wrote, id;

    (void)state;
    of_ann = old_ticket(ann, CLOSED, 40);
    of_bob = old_ticket(bob, CLOSED, 40);
    wrote = old_ticket(bob, CLOSED, 40);
    of_org = old_ticket(bob, CLOSED, 40);
    chain_exec(ch, "UPDATE messages SET author_id = $2 WHERE id = (SELECT max(id) FROM messages WHERE ticket_id = $1)",
               DB_ARGS(DB_INT(wrote), DB_INT(ann)));
    chain_exec(ch, "UPDATE tickets SET organization_id = $2 WHERE id = $1", DB_ARGS(DB_INT(of_org), DB_INT(org)));
    set("retention.closed_tickets_days", 30);
    id = hold(HOLD_USER, ann, 0);
    hold(HOLD_ORGANIZATION, org, clock_now_us() + US_PER_DAY);
    assert_int_equal(look().v[0].held, 3);
    assert_int_equal(run().v[0].gone, 1);
    assert_nothing_left_of(of_bob);
    assert_true(is_there(of_ann) && is_there(wrote) && is_there(of_org));
    release(id);
    assert_int_equal(run().v[0].gone, 2);
    assert_true(is_there(of_org));
    clock_fake(clock_now_us() + 2 * US_PER_DAY);
    assert_int_equal(run().v[0].gone, 1);
    clock_fake(0);
    assert_nothing_left_of(of_org);
    assert_int_equal(ALL("SELECT count(*) FROM audit WHERE action = 'hold.add'"), 2);
    assert_int_equal(ALL("SELECT count(*) FROM audit WHERE action = 'hold.release'"), 1);
}

static struct answer *post(const char *target, const char *json)
{
    return chain_send(ch, (struct ask){ .method = HTTP_POST, .target = target, .bearer = admin, .json = json });
}

static void what_is_held_is_neither_redacted_nor_merged_nor_loses_addresses(void **state)
{
    int64_t ticket = desk_ticket(ch, ann, 0, "Printer"), message = desk_message(ch, ticket, ann, false, "it smokes");
    int64_t id = hold(HOLD_USER, ann, 0);
    struct answer *an;

    (void)state;
    an = post(desk_path(ch, "/api/v1/messages/%lld/redact", (long long)message), "{\"reason\":\"a password\"}");
    assert_problem(an, 409, "legal_hold");
    assert_true(str_find(answer_text(an, "/detail"), str_printf(ch->a, "hold %lld ", (long long)id)) != SIZE_MAX);
    assert_problem(post(desk_path(ch, "/api/v1/users/%lld/merge", (long long)bob),
                        desk_path(ch, "{\"source\":%lld}", (long long)ann)),
                   409, "legal_hold");
    assert_problem(post(desk_path(ch, "/api/v1/users/%lld/merge", (long long)ann),
                        desk_path(ch, "{\"source\":%lld}", (long long)bob)),
                   409, "legal_hold");
    release(id);
    assert_int_equal(post(desk_path(ch, "/api/v1/users/%lld/merge", (long long)bob),
                          desk_path(ch, "{\"source\":%lld}", (long long)ann))
                         ->status,
                     200);
    id = hold(HOLD_USER, ann, 0);
    assert_problem(post(desk_path(ch, "/api/v1/users/%lld/unmerge", (long long)ann), NULL), 409, "legal_hold");
    release(id);
}

static void holds_need_words_a_target_and_the_right(void **state)
{
    struct holding q = { .h = { .object = HOLD_USER, .object_id = 999999, .reason = STR("case"), .asked_by = STR("court") } };
    struct actor nobody = { .type = ACTOR_USER };

    (void)state;
    assert_int_equal(store_write(ch->app->store, hold_run, &q, &e), RC_INVALID);
    err_clear(&e);
    q.h.object_id = ann;
    q.h.reason = STR(" ");
    assert_int_equal(store_write(ch->app->store, hold_run, &q, &e), RC_INVALID);
    err_clear(&e);
    q.h.reason = STR("case");
    q.h.until_us = 5;
    assert_int_equal(store_write(ch->app->store, hold_run, &q, &e), RC_INVALID);
    err_clear(&e);
    assert_int_equal(hold_add(db, &nobody, &q.h, ch->a, &e), RC_DENIED);
    err_clear(&e);
    release(hold(HOLD_USER, ann, 0));
    q.h.id = ALL("SELECT max(id) FROM legal_holds");
    q.why = "once more";
    assert_int_equal(store_write(ch->app->store, hold_run, &q, &e), RC_CONFLICT);
    err_clear(&e);
}

/* ── runs ── */

static void a_run_is_recorded_and_the_task_runs_once_a_day_when_a_rule_is_set(void **state)
{
    struct evidence_row row;
    int64_t done;

    (void)state;
    old_ticket(ann, CLOSED, 40);
    assert_ok(runner_run_task(ch->app->runner, "retention", &done, &e), &e);
    assert_int_equal(evidence_latest(db, "retention", false, ch->a, &row, &e), RC_NOT_FOUND);
    err_clear(&e);
    set("retention.closed_tickets_days", 30);
    assert_ok(runner_run_task(ch->app->runner, "retention", &done, &e), &e);
    assert_int_equal(done, 1);
    assert_ok(evidence_latest(db, "retention", true, ch->a, &row, &e), &e);
    assert_true(str_find(row.figures, STR("\"closed_tickets\":{\"days\":30,\"due\":0,\"held\":0,\"gone\":1}")) != SIZE_MAX);
    old_ticket(ann, CLOSED, 40);
    assert_ok(runner_run_task(ch->app->runner, "retention", &done, &e), &e);
    assert_int_equal(done, 0);
    clock_fake(clock_now_us() + US_PER_DAY);
    assert_ok(runner_run_task(ch->app->runner, "retention", &done, &e), &e);
    clock_fake(0);
    assert_int_equal(done, 1);
}

static unsigned dice_state = 7;
static unsigned dice(unsigned sides)
{
    dice_state = dice_state * 1664525u + 1013904223u;
    return (dice_state >> 16) % sides;
}

static void what_would_go_is_what_goes_and_counters_fit(void **state)
{
    static const int states[] = { 2, CLOSED, SPAM, DELETED };
    struct retention_report before, after;

    (void)state;
    set("retention.closed_tickets_days", 30);
    set("retention.spam_tickets_days", 10);
    set("retention.deleted_tickets_days", 20);
    for (int i = 0; i < TICKETS; i++) {
        int64_t id = old_ticket(dice(2) ? ann : bob, states[dice(4)], 1 + dice(60));

        if (dice(5) == 0)
            hold(HOLD_TICKET, id, 0);
    }
    before = look();
    after = run();
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(after.v[i].gone, before.v[i].due);
        assert_int_equal(after.v[i].held, before.v[i].held);
        assert_int_equal(after.v[i].due, 0);
    }
    assert_counts_right();
    assert_chain_whole();
    assert_int_equal(ALL("SELECT count(*) FROM tickets t JOIN legal_holds h ON h.object = 2 AND h.object_id = t.id"),
                     ALL("SELECT count(*) FROM legal_holds"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(old_closed_tickets_go_with_everything_that_hangs_on_them),
        T(each_kind_of_ticket_has_its_own_rule),
        T(merged_tickets_go_with_the_one_that_took_them),
        T(details_of_the_audit_log_are_erased_and_the_chain_stays_whole),
        T(rows_that_only_have_to_be_remembered_go_by_their_rules),
        T(a_hold_on_person_organisation_or_ticket_wins_until_it_ends),
        T(what_is_held_is_neither_redacted_nor_merged_nor_loses_addresses),
        T(holds_need_words_a_target_and_the_right),
        T(a_run_is_recorded_and_the_task_runs_once_a_day_when_a_rule_is_set),
        T(what_would_go_is_what_goes_and_counters_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
