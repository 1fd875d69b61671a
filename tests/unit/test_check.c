/* The pure parts of the checklist: what it reads of the firewall, units, rules, receivers, metrics and addresses. */
#include "base/arena.h"
#include "base/buf.h"
#include "check/ask.h"
#include "check/check_priv.h"
#include "check/nft.h"
#include "check/unit_file.h"
#include "check/watching.h"
#include "test.h"

#include <math.h>

static struct arena *arena;

static void read_rules(const char *text, struct nft_rules *out)
{
    json_t *v CLEAN(json_clean) = json_loads(text, 0, NULL);

    assert_non_null(v);
    nft_read(v, out);
}

#define CHAIN(family, hook, policy)                                                                \
    "{\"chain\":{\"family\":\"" family "\",\"table\":\"t\",\"name\":\"c\",\"hook\":\"" hook         \
    "\",\"policy\":\"" policy "\"}}"
#define RULE(family, expr)                                                                         \
    "{\"rule\":{\"family\":\"" family "\",\"table\":\"t\",\"chain\":\"c\",\"expr\":[" expr "]}}"
#define PORT(right)                                                                                \
    "{\"match\":{\"left\":{\"payload\":{\"protocol\":\"tcp\",\"field\":\"dport\"}},\"right\":" right "}}"
#define ACCEPT "{\"accept\":null}"
#define ALL(a) "{\"nftables\":[" a "]}"
#define BOTH(a, b) ALL(a "," b)

static void a_drop_counts_for_its_family(void **state)
{
    struct nft_rules r;

    (void)state;
    read_rules(ALL(CHAIN("ip", "input", "drop")), &r);
    assert_true(r.drops_v4 && !r.drops_v6);
    read_rules(ALL(CHAIN("inet", "input", "drop")), &r);
    assert_true(r.drops_v4 && r.drops_v6);
    read_rules(ALL(CHAIN("inet", "output", "drop")), &r);
    assert_false(r.drops_v4 || r.drops_v6);
    read_rules(ALL(CHAIN("inet", "input", "accept")), &r);
    assert_false(r.drops_v4 || r.drops_v6);
}

static void ports_are_those_accepted_on_the_way_in(void **state)
{
    struct nft_rules r;

    (void)state;
    read_rules(BOTH(CHAIN("inet", "input", "drop"), RULE("inet", PORT("{\"set\":[80,{\"range\":[8000,8010]}]}") "," ACCEPT)), &r);
    assert_true(nft_names(&r, 80) && nft_names(&r, 8005));
    assert_false(nft_names(&r, 81) || nft_names(&r, 8011));
    read_rules(BOTH(CHAIN("inet", "output", "drop"), RULE("inet", PORT("80") "," ACCEPT)), &r);
    assert_false(nft_names(&r, 80));
    read_rules(BOTH(CHAIN("inet", "input", "drop"), RULE("inet", PORT("80") ",{\"drop\":null}")), &r);
    assert_false(nft_names(&r, 80));
    read_rules(BOTH(CHAIN("inet", "input", "drop") "," "{\"set\":{\"name\":\"s\",\"elem\":[443,\"@s\"]}}",
                   RULE("inet", PORT("\"@s\"") "," ACCEPT)),
               &r);
    assert_true(nft_names(&r, 443));
}

static void a_rule_without_condition_accepts_all(void **state)
{
    struct nft_rules r;

    (void)state;
    read_rules(BOTH(CHAIN("inet", "input", "drop"), RULE("inet", ACCEPT)), &r);
    assert_true(r.accepts_all);
    read_rules(BOTH(CHAIN("inet", "input", "drop"), RULE("inet", PORT("80") "," ACCEPT)), &r);
    assert_false(r.accepts_all);
}

static void a_limit_counts_when_it_refuses_new_connections(void **state)
{
    struct nft_rules r;

    (void)state;
    read_rules(BOTH(CHAIN("inet", "input", "drop"), RULE("inet", PORT("80") ",{\"limit\":{}},{\"drop\":null}")), &r);
    assert_true(r.limits);
    read_rules(BOTH(CHAIN("inet", "input", "drop"), RULE("inet", "{\"limit\":{}},{\"log\":null}")), &r);
    assert_false(r.limits);
}

static void hostile_rulesets_are_read_without_harm(void **state)
{
    static const char *const texts[] = {
        "{}", "[]", "{\"nftables\":7}", "{\"nftables\":[7,null,[],{\"rule\":7},{\"chain\":[]},{\"set\":\"x\"}]}",
        "{\"nftables\":[" CHAIN("inet", "input", "drop") "," RULE("inet", PORT("{\"range\":[1]}") "," ACCEPT) "]}",
        "{\"nftables\":[" CHAIN("inet", "input", "drop") "," RULE("inet", PORT("-99999999999") "," ACCEPT) "]}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct nft_rules r;

        read_rules(texts[i], &r);
        assert_false(r.accepts_all);
    }
}

static void listening_ports_are_those_beyond_this_machine(void **state)
{
    (void)state;
    assert_int_equal(proc_listening_port(STR("   0: 00000000:01BB 00000000:0000 0A 0:0")), 443);
    assert_int_equal(proc_listening_port(STR("   0: 0100007F:01BB 00000000:0000 0A 0:0")), 0);
    assert_int_equal(proc_listening_port(STR("   0: 00000000:01BB 00000000:0000 01 0:0")), 0);
    assert_int_equal(
        proc_listening_port(STR("0: 00000000000000000000000000000000:0050 0:0 0A")), 80);
    assert_int_equal(
        proc_listening_port(STR("0: 00000000000000000000000001000000:0050 0:0 0A")), 0);
    assert_int_equal(proc_listening_port(STR("nonsense")), 0);
    assert_int_equal(proc_listening_port(STR("")), 0);
}

#define SOUND                                                                                      \
    "[Service]\nUser=t\nNoNewPrivileges=yes\nProtectSystem=strict\nProtectHome=true\nPrivateTmp=1\n" \
    "PrivateDevices=on\nProtectKernelTunables=yes\nProtectKernelModules=yes\nProtectKernelLogs=yes\n" \
    "ProtectControlGroups=yes\nProtectClock=yes\nProtectHostname=yes\nRestrictSUIDSGID=yes\n"       \
    "RestrictNamespaces=yes\nRestrictRealtime=yes\nLockPersonality=yes\nMemoryDenyWriteExecute=yes\n" \
    "CapabilityBoundingSet=\nSystemCallFilter=@system-service\nRestrictAddressFamilies=AF_INET\n"

static void what_stands_last_in_a_unit_holds(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        { SOUND, "" },
        { SOUND "User=root\n", "names no User" },
        { SOUND "User=\n", "names no User" },
        { SOUND "ProtectSystem=full\n", "ProtectSystem=full" },
        { SOUND "SystemCallFilter=\n", "SystemCallFilter=" },
        { SOUND "CapabilityBoundingSet=~CAP_SYS_ADMIN\n", "CapabilityBoundingSet=~" },
        { SOUND "[Install]\nProtectSystem=full\n", "" },
        { SOUND "  NoNewPrivileges = no \n", "NoNewPrivileges=no" },
        { "", "names no User" },
        { "[Service]\nUser=t\n", "NoNewPrivileges is missing" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str words = unit_weakness(str_of(cases[i].text), arena);

        if (*cases[i].says ? str_find(words, str_of(cases[i].says)) == SIZE_MAX : words.n != 0)
            fail_msg("case %zu: \"%.*s\"", i, STR_ARG(words));
    }
}

static void thresholds_are_compared_whole(void **state)
{
    static const struct {
        const char *query, *severity;
        bool good;
    } cases[] = {
        { "process_resident_memory_bytes{job=\"t\"} / x > 0.9", "critical", true },
        { "process_resident_memory_bytes{job=\"t\"} / x > 0.99", "critical", false },
        { "process_resident_memory_bytes{job=\"t\"} / x >= 0.9", "critical", false },
        { "vector(0) > 0.9", "critical", false },
        { "process_resident_memory_bytes{job=\"t\"} / x > 0.9", "warning", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        json_t *v CLEAN(json_clean) = json_pack("{s:s,s:{s:s},s:i}", "query", cases[i].query, "labels",
                                                "severity", cases[i].severity, "duration", 60);

        assert_int_equal(rule_wrong("TicketingMemoryCritical", v, arena).n == 0, cases[i].good);
    }
    assert_true(rule_wrong("TicketingDown", NULL, arena).n > 0);
}

static void alerts_must_lead_to_people(void **state)
{
    static const struct str good = STR("route:\n  receiver: oncall\n  routes:\n  - receiver: checklist\n"
                                       "receivers:\n- name: checklist\n  webhook_configs:\n"
                                       "- name: oncall\n  email_configs:\n  - to: a@b.test\n");
    static const struct str mute = STR("route:\n  receiver: oncall\nreceivers:\n- name: oncall\n");
    static const struct str machine = STR("route:\n  receiver: checklist\nreceivers:\n"
                                          "- name: checklist\n  webhook_configs:\n");

    (void)state;
    assert_int_equal(channels_wrong(good, arena).n, 0);
    assert_true(str_find(channels_wrong(mute, arena), STR("oncall")) != SIZE_MAX);
    assert_true(str_find(channels_wrong(machine, arena), STR("people")) != SIZE_MAX);
    assert_true(channels_wrong(STR(""), arena).n > 0);
}

static void metrics_are_summed_by_name_and_label(void **state)
{
    static const struct str text = STR("# HELP a b\na{x=\"1\"} 2\na{x=\"2\"} 3.5\nab 7\na_total 9\nbare 4\n");

    (void)state;
    assert_true(metrics_sum(text, "a", "") == 5.5);
    assert_true(metrics_sum(text, "a", "x=\"1\"") == 2);
    assert_true(metrics_sum(text, "bare", "") == 4);
    assert_true(isnan(metrics_sum(text, "none", "")));
    assert_true(isnan(metrics_sum(STR(""), "a", "")));
}

static void addresses_have_their_parts(void **state)
{
    static const struct {
        const char *url, *scheme, *host, *port;
    } cases[] = {
        { "https://a.test", "https", "a.test", "443" },
        { "http://a.test:81/x:y", "http", "a.test", "81" },
        { "https://[::1]:8443/", "https", "[::1]", "8443" },
        { "http://[::1]", "http", "[::1]", "80" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str scheme, host, port;

        url_parts(str_of(cases[i].url), &scheme, &host, &port);
        assert_true(str_eq(scheme, str_of(cases[i].scheme)));
        assert_true(str_eq(host, str_of(cases[i].host)));
        assert_true(str_eq(port, str_of(cases[i].port)));
    }
}

static void ages_are_told_in_the_largest_unit(void **state)
{
    (void)state;
    assert_true(str_eq(words_age(40 * US_PER_S, arena), STR("40 seconds")));
    assert_true(str_eq(words_age(26 * US_PER_HOUR, arena), STR("26 hours")));
    assert_true(str_eq(words_age(3 * US_PER_DAY, arena), STR("3 days")));
}

static void hostile_words_are_escaped(void **state)
{
    struct check_result v = { .line = { .section = "S", .part = "P", .id = "i", .text = "t", .why = "w", .mend = "m" },
                              .state = CHECK_FAIL,
                              .words = STR("<script>\"&'</script>") };
    const struct checklist c = { .v = &v, .n = 1, .url = STR("http://x/<b>"), .host = STR("h"), .version = STR("1") };
    struct buf junit = BUF_ARENA(arena, MIB), html = BUF_ARENA(arena, MIB);

    (void)state;
    checklist_junit(&c, &junit);
    checklist_html(&c, STR("<seal>"), &html);
    assert_true(str_find(buf_view(&junit), STR("<script>")) == SIZE_MAX);
    assert_true(str_find(buf_view(&html), STR("<script>")) == SIZE_MAX);
    assert_true(str_find(buf_view(&html), STR("<seal>")) == SIZE_MAX);
    assert_true(str_find(buf_view(&html), STR("<b>")) == SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drop_counts_for_its_family),
        cmocka_unit_test(ports_are_those_accepted_on_the_way_in),
        cmocka_unit_test(a_rule_without_condition_accepts_all),
        cmocka_unit_test(a_limit_counts_when_it_refuses_new_connections),
        cmocka_unit_test(hostile_rulesets_are_read_without_harm),
        cmocka_unit_test(listening_ports_are_those_beyond_this_machine),
        cmocka_unit_test(what_stands_last_in_a_unit_holds),
        cmocka_unit_test(thresholds_are_compared_whole),
        cmocka_unit_test(alerts_must_lead_to_people),
        cmocka_unit_test(metrics_are_summed_by_name_and_label),
        cmocka_unit_test(addresses_have_their_parts),
        cmocka_unit_test(ages_are_told_in_the_largest_unit),
        cmocka_unit_test(hostile_words_are_escaped),
    };

    arena = arena_new(64 * MIB);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    arena_free(&arena);
    return failed;
}
