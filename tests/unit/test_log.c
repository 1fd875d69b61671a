/* Log lines: one event, one line, whatever the values hold. */
#include "test.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct fixture {
    int pipe[2];
    char text[16384];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    clock_fake(1795447302123456);
    *state = f;
    return pipe2(f->pipe, O_NONBLOCK | O_CLOEXEC);
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    log_init(LOG_INFO, LOG_JSON, STDOUT_FILENO);
    clock_fake(0);
    close(f->pipe[0]);
    close(f->pipe[1]);
    free(f);
    return 0;
}

static const char *written(struct fixture *f)
{
    ssize_t n = read(f->pipe[0], f->text, sizeof(f->text) - 1);

    f->text[n > 0 ? n : 0] = '\0';
    return f->text;
}

static void an_event_is_one_json_object_on_one_line(void **state)
{
    struct fixture *f = *state;

    log_init(LOG_INFO, LOG_JSON, f->pipe[1]);
    LOG(LOG_WARN, "request.done", KV_TEXT("path", STR("/a\nb\"")), KV_Z("empty", ""),
        KV_INT("status", 200), KV_MS("ms", 1002003), KV_MS("less", -5));
    assert_string_equal(written(f),
                        "{\"time\":\"2026-11-23T15:21:42.123Z\",\"level\":\"warn\",\"event\":\"request.done\","
                        "\"path\":\"/a\\nb\\\"\",\"status\":200,\"ms\":1002.003,\"less\":-0.005}\n");
}

static void a_terminal_gets_readable_lines_without_controls(void **state)
{
    struct fixture *f = *state;

    log_init(LOG_INFO, LOG_READABLE, f->pipe[1]);
    LOG(LOG_INFO, "login", KV_Z("user", "ann"), KV_Z("agent", "a b"), KV_Z("esc", "x\x1b[2J"),
        KV_Z("csi", "\xC2\x9B"), KV_Z("bad", "a \xFF"), KV_INT("n", 3));
    assert_string_equal(written(f), "15:21:42.123 INFO  login user=ann agent=\"a b\" esc=x?[2J "
                                    "csi=?? bad=a ? n=3\n");
}

static void levels_below_the_least_are_silent(void **state)
{
    struct fixture *f = *state;
    enum log_level level = LOG_INFO;
    int64_t errors = log_count(LOG_ERROR);

    log_init(LOG_ERROR, LOG_JSON, f->pipe[1]);
    LOG(LOG_WARN, "quiet", KV_INT("n", 1));
    assert_string_equal(written(f), "");
    LOG(LOG_ERROR, "loud", KV_INT("n", 1));
    assert_non_null(strstr(written(f), "\"loud\""));
    assert_int_equal(log_count(LOG_ERROR), errors + 1);
    assert_true(log_level_of(STR("Debug"), &level));
    assert_int_equal(level, LOG_DEBUG);
    assert_false(log_level_of(STR("chatty"), &level));
}

static void an_overlong_line_stays_a_whole_object(void **state)
{
    struct fixture *f = *state;
    char big[5000];
    struct str text = { big, sizeof(big) };
    struct err e = { 0 };

    log_init(LOG_INFO, LOG_JSON, f->pipe[1]);
    for (int c = 0; c < 2; c++) {
        json_t *v CLEAN(json_clean) = NULL;

        memset(big, c ? 1 : 'x', sizeof(big));
        LOG(LOG_INFO, "big", KV_TEXT("a", text), KV_TEXT("b", text), KV_TEXT("c", text),
            KV_TEXT("d", text), KV_TEXT("e", text), KV_INT("last", 7));
        assert_ok(json_read(str_of(written(f)), &v, &e), &e);
        assert_int_equal(json_integer_value(json_object_get(v, "last")), 7);
        assert_true(json_is_true(json_object_get(v, "shortened")));
        assert_true(strlen(f->text) <= 4096);
    }
}

#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(an_event_is_one_json_object_on_one_line),
        LOG_TEST(a_terminal_gets_readable_lines_without_controls),
        LOG_TEST(levels_below_the_least_are_silent),
        LOG_TEST(an_overlong_line_stays_a_whole_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
