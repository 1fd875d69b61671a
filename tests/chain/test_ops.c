/* Health, metrics, settings and the audit log over the API. */
#include "chain_test.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "store_test.h"
#include "web/health.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

static struct chain *ch;

static int set_up(void **state)
{
    (void)state;
    ch = chain_open_with((const char *const[]){ "METRICS_TOKEN=scrape-me-0123456789", NULL });
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chain_close(&ch);
    return 0;
}

#define GET(...) chain_send(ch, (struct ask){ __VA_ARGS__ })
#define PATCH(...) chain_send(ch, (struct ask){ .method = HTTP_PATCH, __VA_ARGS__ })

static void health_tells_each_part(void **state)
{
    struct answer *an = GET(.target = "/health");

    (void)state;
    assert_int_equal(an->status, 200);
    assert_str_eq(answer_text(an, "/status"), "ok");
    assert_str_eq(answer_text(an, "/checks/database/status"), "ok");
    assert_str_eq(answer_text(an, "/checks/migrations/status"), "ok");
    assert_str_eq(answer_text(an, "/checks/mail/status"), "not_configured");
    assert_str_eq(answer_text(an, "/checks/backup/status"), "not_configured");
    assert_true(answer_int(an, "/uptime_seconds") >= 0);
    assert_int_equal(GET(.target = "/health/live")->status, 200);
    assert_int_equal(GET(.target = "/health/ready")->status, 200);
    assert_int_equal(GET(.method = HTTP_HEAD, .target = "/health")->status, 200);
}

static void a_draining_server_is_alive_but_not_ready(void **state)
{
    (void)state;
    atomic_store(&ch->app->draining, 1);
    assert_int_equal(GET(.target = "/health/live")->status, 200);
    assert_int_equal(GET(.target = "/health/ready")->status, 503);
    assert_int_equal(GET(.target = "/health")->status, 503);
    atomic_store(&ch->app->draining, 0);
}

static void another_schema_is_not_ready(void **state)
{
    struct answer *an;

    (void)state;
    chain_exec(ch, "UPDATE schema_migrations SET checksum = 'x' WHERE version = 1", DB_NO_ARGS);
    health_look(ch->app->health);
    an = GET(.target = "/health");
    assert_int_equal(an->status, 503);
    assert_str_eq(answer_text(an, "/status"), "fail");
    assert_str_eq(answer_text(an, "/checks/migrations/status"), "fail");
    assert_int_equal(GET(.target = "/health/ready")->status, 503);
}

static void metrics_are_for_this_machine_or_the_token(void **state)
{
    (void)state;
    assert_int_equal(GET(.target = "/metrics")->status, 200);
    assert_problem(GET(.target = "/metrics", .peer = "203.0.113.9"), 403, "forbidden");
    assert_problem(GET(.target = "/metrics", .headers = { "x-forwarded-for", "127.0.0.1" }), 403,
                   "forbidden");
    assert_problem(
        GET(.target = "/metrics", .peer = "203.0.113.9", .bearer = "scrape-me-012345678"), 403,
        NULL);
    assert_int_equal(
        GET(.target = "/metrics", .peer = "203.0.113.9", .bearer = "scrape-me-0123456789")->status,
        200);
}

static bool has(const struct answer *an, const char *line)
{
    return str_find(an->body, str_of(line)) != SIZE_MAX;
}

/* Each line is a comment, or name{labels} number; each name has its HELP and TYPE before it. */
static void metrics_have_the_form_that_prometheus_reads(void **state)
{
    struct answer *an;
    struct str rest;

    (void)state;
    GET(.target = "/api/v1/settings", .bearer = chain_admin(ch));
    an = GET(.target = "/metrics");
    rest = an->body;
    assert_true(str_starts(answer_header(an, "content-type"), STR("text/plain; version=0.0.4")));
    while (rest.n) {
        struct str line = str_cut(&rest, '\n'), value = line;

        if (str_starts(line, STR("# HELP ")) || str_starts(line, STR("# TYPE ")))
            continue;
        while (str_chr(value, ' ') != SIZE_MAX)
            str_cut(&value, ' ');
        if (value.n == 0 || strspn(str_z(value, ch->a), "0123456789.-e+") != value.n)
            fail_msg("no number: %.*s", STR_ARG(line));
    }
    assert_true(has(an, "build_info{version="));
    assert_true(has(an, "queue_waiting{queue=\"write\"} 0\n"));
    assert_true(has(an, "db_statement_seconds_total{statement=\"select settings\"} "));
    assert_true(has(an, "process_threads "));
    assert_true(has(an, "tickets"));
    assert_true(has(an, "http_rate_limited_total{bucket=\"login\"} 0\n"));
}

static int64_t cpu_used_us(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * US_PER_S + used.ru_utime.tv_usec
           + used.ru_stime.tv_usec;
}

static void processor_time_is_fresh_at_each_look(void **state)
{
    struct health_snapshot now;

    (void)state;
    for (int i = 0; i < 3; i++) { /* other things are counted at every tenth look only */
        int64_t used;

        health_look(ch->app->health);
        health_get(ch->app->health, &now);
        used = now.cpu_us;
        while (cpu_used_us() - used < 2 * US_PER_MS)
            ;
        health_look(ch->app->health);
        health_get(ch->app->health, &now);
        assert_true(now.cpu_us - used >= 2 * US_PER_MS);
        assert_true(now.memory > 0);
    }
}

static void settings_are_listed_and_changed_by_administrators_alone(void **state)
{
    const char *admin = chain_admin(ch), *agent = chain_agent(ch);
    struct answer *an = GET(.target = "/api/v1/settings", .bearer = admin);

    (void)state;
    assert_int_equal(an->status, 200);
    assert_true(json_array_size(answer_at(an, "/data")) > 5);
    assert_problem(GET(.target = "/api/v1/settings"), 401, NULL);
    assert_problem(GET(.target = "/api/v1/settings", .bearer = agent), 403, NULL);
    assert_problem(
        PATCH(.target = "/api/v1/settings", .bearer = agent, .json = "{\"tags.frozen\":true}"), 403,
        NULL);
    an = PATCH(.target = "/api/v1/settings", .bearer = admin,
               .json = "{\"ticket.solved_close_days\":14,\"ticket.number_format\":\"date\"}");
    assert_int_equal(an->status, 200);
    assert_int_equal(
        chain_int(ch, "SELECT count(*) FROM audit WHERE action = 'setting.update'", DB_NO_ARGS), 2);
    an = PATCH(.target = "/api/v1/settings", .bearer = admin,
               .json = "{\"ticket.solved_close_days\":null}");
    assert_int_equal(an->status, 200);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM settings", DB_NO_ARGS), 1);
}

static void a_wrong_setting_changes_nothing(void **state)
{
    static const char *const bad[] = {
        "{\"ticket.solved_close_days\":3651}",
        "{\"ticket.solved_close_days\":\"7\"}",
        "{\"ticket.number_format\":\"other\"}",
        "{\"no.such\":1}",
        "{\"tags.frozen\":true,\"ticket.hook\":\"much too long for a hook\"}",
    };
    const char *admin = chain_admin(ch);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_problem(PATCH(.target = "/api/v1/settings", .bearer = admin, .json = bad[i]), 422,
                       NULL);
    assert_int_equal(chain_int(ch, "SELECT count(*) FROM settings", DB_NO_ARGS), 0);
}

static void each_failing_statement_leaves_settings_alone(void **state)
{
    struct answer *an;

    (void)state;
    an = chain_fail_each(ch, (struct ask){ .method = HTTP_PATCH,
                                           .target = "/api/v1/settings",
                                           .bearer = chain_admin(ch),
                                           .json = "{\"ticket.hook\":\"Fall#\"}" });
    assert_int_equal(an->status, 200);
}

static void fill_audit(const char *admin, int n)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(
            PATCH(.target = "/api/v1/settings", .bearer = admin,
                  .json = str_printf(ch->a, "{\"ticket.solved_close_days\":%d}", i + 10).p)
                ->status,
            200);
}

static void the_audit_log_is_paged_both_ways_without_gaps(void **state)
{
    const char *admin = chain_admin(ch);
    struct answer *an;
    int64_t last, seen = 0;

    (void)state;
    fill_audit(admin, 7);
    an = GET(.target = "/api/v1/audit-log?limit=3&action=setting.update", .bearer = admin);
    last = answer_int(an, "/data/0/n") + 1;
    for (;;) {
        for (size_t i = 0; i < json_array_size(answer_at(an, "/data")); i++, seen++) {
            assert_int_equal(answer_int(an, str_printf(ch->a, "/data/%zu/n", i).p), last - 1);
            last--;
        }
        if (!json_is_string(answer_at(an, "/page/next")))
            break;
        an = GET(.target =
                     str_printf(ch->a, "/api/v1/audit-log?limit=3&action=setting.update&after=%.*s",
                                STR_ARG(answer_text(an, "/page/next")))
                         .p,
                 .bearer = admin);
    }
    assert_int_equal(seen, 7);
    an = GET(.target =
                 str_printf(ch->a, "/api/v1/audit-log?limit=3&action=setting.update&after=%.*s",
                            STR_ARG(answer_text(an, "/page/prev")))
                     .p,
             .bearer = admin);
    assert_int_equal(json_array_size(answer_at(an, "/data")), 3);
    assert_int_equal(answer_int(an, "/data/2/n"), last + 1);
}

static void the_audit_log_is_for_auditors(void **state)
{
    int64_t boss = chain_user(ch, 1);

    (void)state;
    assert_problem(GET(.target = "/api/v1/audit-log"), 401, NULL);
    assert_problem(GET(.target = "/api/v1/audit-log", .bearer = chain_agent(ch)), 403, NULL);
    assert_problem(GET(.target = "/api/v1/audit-log/verify", .bearer = chain_customer(ch)), 403,
                   NULL);
    assert_int_equal(
        GET(.target = "/api/v1/audit-log", .bearer = chain_token(ch, boss, PERM_ADMIN_AUDIT, true))
            ->status,
        200);
    assert_problem(GET(.target = "/api/v1/audit-log?since=1", .bearer = chain_admin(ch)), 400,
                   NULL);
}

static void verify_finds_what_was_done_behind_the_back(void **state)
{
    const char *admin = chain_admin(ch);
    struct answer *an;

    (void)state;
    fill_audit(admin, 3);
    an = GET(.target = "/api/v1/audit-log/verify", .bearer = admin);
    assert_int_equal(an->status, 200);
    assert_true(json_is_true(answer_at(an, "/whole")));
    chain_exec(ch, "UPDATE audit SET details = '{}' WHERE n = $1", DB_ARGS(DB_INT(2)));
    an = GET(.target = "/api/v1/audit-log/verify", .bearer = admin);
    assert_true(json_is_false(answer_at(an, "/whole")));
    assert_int_equal(answer_int(an, "/first_wrong"), 2);
    assert_str_eq(answer_text(an, "/finding"), "altered");
}

/* What people send must not stand in the log: "canary" is in all of it. */
static void nothing_that_clients_send_stands_in_the_log(void **state)
{
    const char *path = str_printf(ch->a, "%s/log", test_folder()).p;
    int fd CLEAN(fd_close) = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct err e = { 0 };
    struct str log;

    (void)state;
    log_init(LOG_DEBUG, LOG_JSON, fd);
    chain_send(ch,
               (struct ask){
                   .method = HTTP_POST,
                   .target = "/api/v1/auth/login",
                   .json = "{\"email\":\"canary@example.com\",\"password\":\"canary-password\"}" });
    chain_send(ch, (struct ask){
                       .method = HTTP_POST,
                       .target = "/api/v1/auth/password/reset",
                       .json = "{\"token\":\"canary-token\",\"password\":\"canary-password\"}" });
    chain_send(ch,
               (struct ask){
                   .method = HTTP_POST,
                   .target = "/api/v1/tickets",
                   .bearer = chain_customer(ch),
                   .json = "{\"title\":\"canary title\",\"message\":{\"body\":\"canary body\"}}" });
    chain_send(ch, (struct ask){ .method = HTTP_POST,
                                 .target = "/api/v1/uploads?name=canary.txt",
                                 .bearer = chain_customer(ch),
                                 .body = "canary file",
                                 .type = "text/plain" });
    GET(.target = "/api/v1/search?q=canary", .bearer = "tkt_canary");
    GET(.target = "/api/v1/canary", .cookie = "session_id=canary",
        .headers = { "user-agent", "canary", "x-canary", "canary" });
    PATCH(.target = "/api/v1/settings", .bearer = chain_admin(ch),
          .json = "{\"canary\":\"canary\",");
    log_init(LOG_ERROR, LOG_JSON, STDOUT_FILENO);
    assert_ok(file_read(path, 16 * MIB, ch->a, &log, &e), &e);
    assert_true(str_find(log, STR("\"event\":\"request\"")) != SIZE_MAX);
    if (str_find(log, STR("canary")) != SIZE_MAX)
        fail_msg(
            "%.*s",
            STR_ARG(str_sub(
                log, str_find(log, STR("canary")) > 300 ? str_find(log, STR("canary")) - 300 : 0,
                400)));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(health_tells_each_part),
        T(a_draining_server_is_alive_but_not_ready),
        T(another_schema_is_not_ready),
        T(metrics_are_for_this_machine_or_the_token),
        T(metrics_have_the_form_that_prometheus_reads),
        T(processor_time_is_fresh_at_each_look),
        T(settings_are_listed_and_changed_by_administrators_alone),
        T(a_wrong_setting_changes_nothing),
        T(each_failing_statement_leaves_settings_alone),
        T(the_audit_log_is_paged_both_ways_without_gaps),
        T(the_audit_log_is_for_auditors),
        T(verify_finds_what_was_done_behind_the_back),
        T(nothing_that_clients_send_stands_in_the_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
