/* What administrators are told of the installation follows the evidence. */
#include "chain_test.h"

#include "base/clock.h"

static struct chain *ch;
static const char *admin;
static int64_t now_us;

static int set_up(void **state)
{
    (void)state;
    ch = chain_open();
    assert_true(clock_parse(STR("2026-11-05T09:30:00Z"), &now_us));
    clock_fake(now_us);
    admin = chain_admin(ch);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    clock_fake(0);
    chain_close(&ch);
    return 0;
}

static void record(const char *kind, bool ok, int64_t ago_us, const char *figures)
{
    chain_exec(ch, "INSERT INTO evidence (kind, ok, at_us, version, summary, figures) VALUES ($1, $2, $3, '1', '/secret/path', $4)",
               DB_ARGS(DB_TEXT(str_of(kind)), DB_INT(ok), DB_INT(now_us - ago_us), DB_TEXT(str_of(figures))));
}

/* The part of this name as {status, reason}; the answer holds nothing of what records say in words. */
static void assert_part(const char *name, const char *status, const char *reason)
{
    const struct answer *an = chain_send(ch, (struct ask){ .target = "/api/v1/system", .bearer = admin });
    const json_t *one;
    size_t i;

    assert_int_equal(an->status, 200);
    assert_int_equal(str_find(an->body, STR("secret")), SIZE_MAX);
    json_array_foreach(answer_at(an, "/parts"), i, one) {
        if (strcmp(json_string_value(json_object_get(one, "name")), name) != 0)
            continue;
        assert_string_equal(json_string_value(json_object_get(one, "status")), status);
        assert_string_equal(json_string_value(json_object_get(one, "reason")), reason);
        return;
    }
    fail_msg("there is no part %s", name);
}

static void a_backup_is_judged_by_its_last_record_and_age(void **state)
{
    (void)state;
    assert_part("backup", "warning", "off");
    record("backup.full", true, 30 * US_PER_HOUR, "{}");
    assert_part("backup", "warning", "old");
    record("backup.full", true, US_PER_HOUR, "{}");
    assert_part("backup", "ok", "");
    record("backup.full", false, 0, "{}");
    assert_part("backup", "fail", "failed");
}

static void a_restore_must_have_been_proved(void **state)
{
    (void)state;
    assert_part("restore", "warning", "never");
    record("drill", true, 40 * US_PER_DAY, "{\"rto_s\":12.5,\"rpo_s\":1}");
    assert_part("restore", "warning", "old");
    record("drill", true, US_PER_DAY, "{\"rto_s\":12.5,\"rpo_s\":1}");
    assert_part("restore", "ok", "");
    record("drill", false, 0, "{}");
    assert_part("restore", "fail", "failed");
}

static void the_checklist_is_judged_by_its_report(void **state)
{
    (void)state;
    assert_part("checklist", "warning", "never");
    record("checklist.report", false, US_PER_DAY, "{}");
    assert_part("checklist", "fail", "failed");
    record("checklist.report", true, 0, "{}");
    assert_part("checklist", "ok", "");
}

static void what_runs_is_well_and_what_is_not_there_is_off(void **state)
{
    (void)state;
    assert_part("database", "ok", "");
    assert_part("queues", "ok", "");
    assert_part("certificate", "off", "off");
    assert_part("mail", "off", "off");
}

static void it_is_for_those_who_watch_the_system(void **state)
{
    (void)state;
    assert_problem(chain_send(ch, (struct ask){ .target = "/api/v1/system", .bearer = chain_agent(ch) }), 403, NULL);
}

static void the_audit_log_is_asked_by_request(void **state)
{
    struct ask q = { .method = HTTP_PATCH, .target = "/api/v1/settings", .bearer = admin,
                     .json = "{\"product_name\":\"Desk\"}", .headers = { "x-request-id", "of-this-test" } };
    const struct answer *an;

    (void)state;
    assert_int_equal(chain_send(ch, q)->status, 200);
    an = chain_send(ch, (struct ask){ .target = "/api/v1/audit-log?request_id=of-this-test", .bearer = admin });
    assert_int_equal(json_array_size(answer_at(an, "/data")), 1);
    assert_str_eq(answer_text(an, "/data/0/request_id"), "of-this-test");
    an = chain_send(ch, (struct ask){ .target = "/api/v1/audit-log?request_id=of-another", .bearer = admin });
    assert_int_equal(json_array_size(answer_at(an, "/data")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backup_is_judged_by_its_last_record_and_age),
        cmocka_unit_test(a_restore_must_have_been_proved),
        cmocka_unit_test(the_checklist_is_judged_by_its_report),
        cmocka_unit_test(what_runs_is_well_and_what_is_not_there_is_off),
        cmocka_unit_test(it_is_for_those_who_watch_the_system),
        cmocka_unit_test(the_audit_log_is_asked_by_request),
    };

    return cmocka_run_group_tests_name("system", tests, set_up, tear_down);
}
