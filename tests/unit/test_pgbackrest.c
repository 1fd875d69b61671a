/* What pgBackRest says, told apart. */
#include "test.h"

#include "backup/pgbackrest.h"

static const struct {
    int code;
    const char *output, *name, *words;
    enum rc rc;
} cases[] = {
    { 50, "P00  ERROR: [050]: unable to acquire lock on file '/tmp/x': Resource temporarily unavailable", "backup_running",
      "another run of pgBackRest", RC_CONFLICT },
    { 62, "P00  ERROR: [062]: stop file exists for all stanzas", "backup_running", "pgbackrest start", RC_CONFLICT },
    { 95, "P00  ERROR: [095]: unable to flush", "backup_key", "encrypted with another key", RC_FAIL },
    { 41, "P00  ERROR: [041]: unable to write '/x': [28] No space left on device", "backup_target", "no space left", RC_FULL },
    { 64, "P00  ERROR: [064]: raised from local-1 protocol: unable to write '/x.lz4'\n[FileWriteError] on retry after 0ms",
      "backup_target", "it is full", RC_FULL },
    { 82, "P00  ERROR: [082]: WAL segment 000000010000000000000002 was not archived before the 60000ms timeout", "backup_archive",
      "does not arrive", RC_FAIL },
    { 87, "P00  ERROR: [087]: archive_mode must be enabled", "backup_archive", "archive_mode and archive_command", RC_FAIL },
    { 29, "P00  ERROR: [029]: expected format 5 but found 6", "backup_newer", "another version of pgBackRest", RC_FAIL },
    { 29, "P00  ERROR: [029]: invalid checksum, actual 'a' but expected 'b'", "backup_damaged", "invalid checksum", RC_FAIL },
    { 26, "P00  ERROR: [026]: error restoring 'base/1/2': checksum", "backup_damaged", "error restoring", RC_FAIL },
    { 49, "P00  ERROR: [049]: unable to connect to 'db1:8432' (111) Connection refused", "backup_reach", "unable to connect", RC_FAIL },
    { 55, "P00  ERROR: [055]: unable to load info file\nHINT: has a stanza-create been performed?", "backup_none", "no such stanza",
      RC_NOT_FOUND },
    { 99, "P00  ERROR: [099]: something new\nmore", "pgbackrest", "exit code 99): [099]: something new", RC_FAIL },
    { 137, "", "pgbackrest", "exit code 137", RC_FAIL },
};

static void test_each_failure_has_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = { 0 };

        assert_int_equal(pgbackrest_judge(cases[i].code, str_of(cases[i].output), &e), cases[i].rc);
        assert_string_equal(e.code, cases[i].name);
        assert_non_null(strstr(e.detail, cases[i].words));
    }
}

static const char info[] =
    "[{\"archive\":[{\"database\":{\"id\":1,\"repo-key\":1},\"id\":\"15-1\",\"max\":\"000000010000000000000007\","
    "\"min\":\"000000010000000000000002\"}],\"backup\":["
    "{\"error\":false,\"info\":{\"delta\":9,\"repository\":{\"delta\":4,\"size\":4},\"size\":9},\"label\":\"20261123-183000F\","
    "\"timestamp\":{\"start\":1795458600,\"stop\":1795458603},\"type\":\"full\"},"
    "{\"error\":true,\"info\":{\"delta\":2,\"repository\":{\"delta\":1,\"size\":4},\"size\":9},"
    "\"label\":\"20261123-183000F_20261123-193000D\",\"timestamp\":{\"start\":1795462200,\"stop\":1795462201},\"type\":\"diff\"}],"
    "\"cipher\":\"aes-256-cbc\",\"name\":\"x\",\"repo\":[{\"cipher\":\"aes-256-cbc\",\"key\":1,\"status\":{\"code\":0,\"message\":\"ok\"}}],"
    "\"status\":{\"code\":0,\"message\":\"ok\"}}]";

static void test_copies_are_read(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(MIB);
    struct pg_info out;
    struct err e = { 0 };

    (void)state;
    assert_ok(pgbackrest_read_info(str_of(info), STR("x"), a, &out, &e), &e);
    assert_int_equal(out.n, 2);
    assert_true(out.is_encrypted && out.v[0].is_full && !out.v[1].is_full && out.v[1].is_bad);
    assert_int_equal(out.v[0].stop_us, 1795458603 * US_PER_S);
    assert_int_equal(out.v[0].bytes, 9);
    assert_int_equal(out.v[1].new_bytes, 1);
    assert_true(str_eq(out.wal_to, STR("000000010000000000000007")));
    assert_ptr_equal(pg_info_find(&out, STR("20261123-183000F")), &out.v[0]);
    assert_null(pg_info_find(&out, STR("20261123")));
}

static enum rc read_bad(const char *json, struct err *e)
{
    struct arena *a CLEAN(arena_clean) = arena_new(MIB);
    struct pg_info out;

    return pgbackrest_read_info(str_of(json), STR("x"), a, &out, e);
}

static void test_what_is_not_understood_is_told(void **state)
{
    static const struct {
        const char *json, *name;
    } bad[] = {
        { "", "backup_newer" },
        { "{}", "backup_newer" },
        { "[{\"status\":{\"code\":0},\"backup\":[{\"type\":\"full\"}]}]", "backup_newer" },
        { "[{\"status\":{\"code\":99,\"message\":\"other\"},\"repo\":[{\"status\":{\"code\":99,\"message\":\"[CryptoError] cipher\"}}]}]",
          "backup_key" },
        { "[{\"status\":{\"code\":99,\"message\":\"\x82\"}}]", "backup_key" },
        { "[{\"status\":{\"code\":1,\"message\":\"missing stanza path\"}}]", "backup_none" },
        { "[]", "backup_none" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err e = { 0 };

        assert_true(read_bad(bad[i].json, &e) != RC_OK);
        assert_string_equal(e.code, bad[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_failure_has_its_words),
        cmocka_unit_test(test_copies_are_read),
        cmocka_unit_test(test_what_is_not_understood_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
