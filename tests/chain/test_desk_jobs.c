/* What the server does by itself: each of its statements fails in turn, and nothing changed; then it
 * does its work. */
#include "desk_world.h"

#include "desk/attachment.h"
#include "desk/evidence.h"
#include "desk/owner.h"
#include "desk/settings.h"
#include "desk/signup.h"
#include "desk/tag.h"
#include "store/db_priv.h"

static const struct actor server = { .type = ACTOR_SYSTEM };

struct work {
    enum rc (*run)(struct call *c, int64_t *done, struct err *e);
    int64_t fail_in, done;
    bool met;
};

static enum rc work_run(struct db *db, void *arg, struct err *e)
{
    struct work *w = arg;
    struct call c;
    enum rc rc;

    db_fail_in(db, w->fail_in, RC_FAIL);
    rc = call_begin(db, &server, t.ch->a, &c, e);
    if (rc == RC_OK)
        rc = w->run(&c, &w->done, e);
    w->met = db->fail_in == 0;
    db_fail_in(db, 0, RC_OK);
    return rc;
}

/* Each statement fails once; what was done when none did is answered. */
static int64_t each_fails(enum rc (*run)(struct call *c, int64_t *done, struct err *e))
{
    struct str before = chain_checksum(t.ch);

    for (int64_t n = 1; n < 300; n++) {
        struct work w = { .run = run, .fail_in = n };
        struct err e = { 0 };
        enum rc rc = store_write(t.ch->app->store, work_run, &w, &e);

        if (!w.met) {
            assert_ok(rc, &e);
            return w.done;
        }
        assert_int_equal(rc, RC_FAIL);
        assert_true(str_eq(chain_checksum(t.ch), before));
    }
    fail_msg("more than 300 statements");
    return 0;
}

static void change(int64_t ticket, const char *json)
{
    good(HTTP_PATCH, t.agent, desk_path(t.ch, "/api/v1/tickets/%lld", (long long)ticket), json);
}

static int64_t one(const char *column, int64_t ticket)
{
    if (strcmp(column, "state_type") == 0)
        return chain_int(t.ch, "SELECT state_type FROM tickets WHERE id = $1", DB_ARGS(DB_INT(ticket)));
    return chain_int(t.ch, "SELECT COALESCE(owner_id, 0) FROM tickets WHERE id = $1", DB_ARGS(DB_INT(ticket)));
}

/* ── time ── */

static enum rc dates(struct call *c, int64_t *done, struct err *e)
{
    return ticket_until_due(c, 500, done, e);
}

static void dates_that_are_reached_remind_or_go_on(void **state)
{
    int64_t reminds = desk_ticket(t.ch, t.ann, 0, "a"), closes = desk_ticket(t.ch, t.ann, 0, "b");
    int64_t soon = clock_now_us() + US_PER_HOUR;
    char at[CLOCK_TEXT_MAX];

    (void)state;
    clock_format(soon, at);
    change(reminds, desk_path(t.ch, "{\"state\":3,\"until\":\"%s\"}", at));
    change(closes, desk_path(t.ch, "{\"state\":4,\"until\":\"%s\"}", at));
    clock_fake(soon + US_PER_HOUR);
    assert_int_equal(each_fails(dates), 2);
    assert_int_equal(one("state_type", reminds), STATE_PENDING);
    assert_int_equal(one("state_type", closes), STATE_CLOSED);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM events WHERE type = 'reminder' AND ticket_id = $1",
                               DB_ARGS(DB_INT(reminds))), 1);
    assert_int_equal(each_fails(dates), 0); /* the next reminder is a day later */
}

static enum rc solved(struct call *c, int64_t *done, struct err *e)
{
    return ticket_close_solved(c, 7, 500, done, e);
}

static enum rc never(struct call *c, int64_t *done, struct err *e)
{
    return ticket_close_solved(c, 0, 500, done, e);
}

static void solved_tickets_close_after_their_days_unless_none_are_set(void **state)
{
    int64_t id = desk_ticket(t.ch, t.ann, 0, "a");

    (void)state;
    change(id, "{\"state\":\"solved\"}");
    clock_fake(clock_now_us() + 8 * US_PER_DAY);
    assert_int_equal(each_fails(never), 0);
    assert_int_equal(one("state_type", id), STATE_SOLVED);
    assert_int_equal(each_fails(solved), 1);
    assert_int_equal(one("state_type", id), STATE_CLOSED);
}

/* ── tags ── */

static enum rc one_tag_more(struct call *c, int64_t *done, struct err *e)
{
    bool all;

    return tag_move_some(c, 1, 2, 1, done, &all, e);
}

static enum rc rest_of_tag(struct call *c, int64_t *done, struct err *e)
{
    bool all = false;

    TRY(tag_move_some(c, 1, 2, 100, done, &all, e));
    assert_true(all);
    return RC_OK;
}

static enum rc tag_goes(struct call *c, int64_t *done, struct err *e)
{
    bool all;

    return tag_move_some(c, 2, 0, 100, done, &all, e);
}

static void a_tag_moves_in_parts_and_ends(void **state)
{
    int64_t tickets[] = { desk_ticket(t.ch, t.ann, 0, "a"), desk_ticket(t.ch, t.ann, 0, "b") };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(tickets); i++)
        change(tickets[i], "{\"tags\":[\"vpn\"]}");
    good(HTTP_POST, t.admin, "/api/v1/tags", "{\"name\":\"network\"}");
    assert_int_equal(each_fails(one_tag_more), 1);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM ticket_tags WHERE tag_id = 1", DB_NO_ARGS), 1);
    assert_int_equal(each_fails(rest_of_tag), 1);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM tags WHERE id = 1", DB_NO_ARGS), 0);
    assert_int_equal(each_fails(rest_of_tag), 0); /* it is not there any more */
    assert_int_equal(each_fails(tag_goes), 2);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM tags", DB_NO_ARGS), 0);
}

/* ── what is left over ── */

static enum rc uploads(struct call *c, int64_t *done, struct err *e)
{
    return uploads_expire(c->db, c->now_us, 100, c->a, done, e);
}

static void uploads_that_no_message_took_go(void **state)
{
    (void)state;
    chain_send(t.ch, (struct ask){ .method = HTTP_POST, .target = "/api/v1/uploads", .bearer = t.agent,
                                   .type = "multipart/form-data; boundary=x",
                                   .body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhi\r\n--x--\r\n" });
    assert_int_equal(each_fails(uploads), 0);
    clock_fake(clock_now_us() + 30 * US_PER_DAY);
    assert_int_equal(each_fails(uploads), 1);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM attachments", DB_NO_ARGS), 0);
}

static enum rc owners(struct call *c, int64_t *done, struct err *e)
{
    *done = 1;
    return owner_check_rights(c->db, c->who, t.agent_id, c->a, e);
}

static void who_may_own_nothing_any_more_owns_what_is_done_only(void **state)
{
    int64_t open = desk_ticket(t.ch, t.ann, 0, "a"), done = desk_ticket(t.ch, t.ann, 0, "b");

    (void)state;
    change(open, desk_path(t.ch, "{\"owner\":%lld}", (long long)t.agent_id));
    change(done, desk_path(t.ch, "{\"owner\":%lld,\"state\":\"closed\"}", (long long)t.agent_id));
    each_fails(owners);
    assert_int_equal(one("owner_id", open), t.agent_id); /* he still may */
    chain_exec(t.ch, "UPDATE users SET active = 0 WHERE id = $1", DB_ARGS(DB_INT(t.agent_id)));
    each_fails(owners);
    assert_int_equal(one("owner_id", open), 0);
    assert_int_equal(one("owner_id", done), t.agent_id);
}

/* ── settings, evidence, the beginning ── */

static enum rc reset(struct call *c, int64_t *done, struct err *e)
{
    const struct setting_change ch = { .id = SETTING_SOLVED_CLOSE_DAYS, .is_reset = true };

    *done = 1;
    return setting_save(c->db, c->who, &ch, c->a, e);
}

static void a_setting_goes_back_to_its_default(void **state)
{
    int64_t before = chain_int(t.ch, "SELECT count(*) FROM audit", DB_NO_ARGS);

    (void)state;
    each_fails(reset); /* it is the default: nothing to do, nothing to log */
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM audit", DB_NO_ARGS), before);
    chain_exec(t.ch, "INSERT INTO settings (name, value, updated_us) VALUES ('ticket.solved_close_days', '3', 0)", DB_NO_ARGS);
    each_fails(reset);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM settings", DB_NO_ARGS), 0);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM audit", DB_NO_ARGS), before + 1);
}

static enum rc record(struct call *c, int64_t *done, struct err *e)
{
    const struct evidence ev = { .kind = "drill", .ok = true };
    struct evidence_row row;

    *done = 1;
    TRY(evidence_add(c->db, c->who, &ev, c->a, e));
    TRY(evidence_latest(c->db, "drill", true, c->a, &row, e));
    return evidence_is_logged(c->db, &row, c->a, e);
}

static void evidence_is_recorded_with_its_entry_or_not_at_all(void **state)
{
    (void)state;
    each_fails(record);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM evidence WHERE summary = ''", DB_NO_ARGS), 1);
}

static enum rc link_of_setup(struct call *c, int64_t *done, struct err *e)
{
    const struct account ac = { t.ch->app->auth, c->db, c->who, c->a, c->now_us };
    struct str link;

    TRY(setup_link(&ac, &link, e));
    *done = (int64_t)link.n;
    return RC_OK;
}

static void the_link_for_the_first_administrator_is_made_while_there_is_none(void **state)
{
    (void)state;
    assert_int_equal(each_fails(link_of_setup), 0);
    chain_exec(t.ch, "DELETE FROM user_roles WHERE role_id = 1", DB_NO_ARGS);
    assert_true(each_fails(link_of_setup) > 0);
    assert_true(each_fails(link_of_setup) > 0);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM one_time_tokens WHERE used_us IS NULL", DB_NO_ARGS), 1);
}

static enum rc builtin_roles(struct call *c, int64_t *done, struct err *e)
{
    *done = 1;
    return roles_ready(c->db, e);
}

static void builtin_roles_get_their_permissions(void **state)
{
    (void)state;
    chain_exec(t.ch, "UPDATE roles SET perms = 0 WHERE builtin > 0", DB_NO_ARGS);
    each_fails(builtin_roles);
    assert_int_equal(chain_int(t.ch, "SELECT count(*) FROM roles WHERE perms = 0", DB_NO_ARGS), 0);
    each_fails(builtin_roles);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(dates_that_are_reached_remind_or_go_on),
        CASE(solved_tickets_close_after_their_days_unless_none_are_set),
        CASE(a_tag_moves_in_parts_and_ends),
        CASE(uploads_that_no_message_took_go),
        CASE(who_may_own_nothing_any_more_owns_what_is_done_only),
        CASE(a_setting_goes_back_to_its_default),
        CASE(evidence_is_recorded_with_its_entry_or_not_at_all),
        CASE(the_link_for_the_first_administrator_is_made_while_there_is_none),
        CASE(builtin_roles_get_their_permissions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
