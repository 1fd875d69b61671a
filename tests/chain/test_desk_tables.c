/* Tables of cases against the rules of the desk: states, custom fields by screen and type, absence,
 * the second step, search by relevance. */
#include "desk_world.h"

#include "base/enc.h"
#include "desk/totp.h"

#define GOOD "kq8vH2rz-blau"
/* One request and the pointer of what does not fit; NULL: it is done. */
struct row {
    const char *json, *pointer;
};

static void each_row(enum http_method method, const char *bearer, const char *path, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct answer *an = ask(method, bearer, path, rows[i].json);

        if (rows[i].pointer ? an->status != 422 : an->status / 100 != 2)
            fail_msg("%s %s: %d %.*s", path, rows[i].json, an->status, STR_ARG(an->body));
        if (rows[i].pointer)
            assert_problem_field(an, rows[i].pointer);
    }
}

#define EACH(method, bearer, path, rows) each_row(method, bearer, path, rows, ARRAY_LEN(rows))

/* ── states ── */

static const char *state_path(enum state_type type)
{
    return desk_path(t.ch, "/api/v1/states/%lld",
                     (long long)chain_int(t.ch, "SELECT min(id) FROM states WHERE type = $1", DB_ARGS(DB_INT(type))));
}

static void a_default_state_can_do_what_it_is_for(void **state)
{
    static const struct row rows[] = {
        { "{\"name\":\"a\",\"type\":\"pending\",\"default_new\":true}", "/default_new" },
        { "{\"name\":\"a\",\"type\":\"closed\",\"default_new\":true}", "/default_new" },
        { "{\"name\":\"a\",\"type\":\"open\",\"default_new\":true,\"active\":false}", "/active" },
        { "{\"name\":\"a\",\"type\":\"new\",\"default_follow_up\":true}", "/default_follow_up" },
        { "{\"name\":\"a\",\"type\":\"solved\",\"default_follow_up\":true}", "/default_follow_up" },
        { "{\"name\":\"a\",\"type\":\"open\",\"default_follow_up\":true,\"active\":false}", "/active" },
        { "{\"name\":\"a\",\"type\":\"open\",\"default_close\":true}", "/default_close" },
        { "{\"name\":\"a\",\"type\":\"spam\",\"default_close\":true}", "/default_close" },
        { "{\"name\":\"a\",\"type\":\"closed\",\"default_close\":true,\"active\":false}", "/active" },
        { "{\"name\":\"a\",\"type\":\"open\",\"default_new\":true}", NULL },
        { "{\"name\":\"b\",\"type\":\"open\",\"default_follow_up\":true}", NULL },
        { "{\"name\":\"c\",\"type\":\"solved\",\"default_close\":true}", NULL },
        { "{\"name\":\"d\",\"type\":\"closed\",\"default_close\":true}", NULL },
    };

    (void)state;
    EACH(HTTP_POST, t.admin, "/api/v1/states", rows);
    for (size_t i = 0; i < 3; i++) {
        static const char *const columns[] = { "default_new", "default_follow_up", "default_close" };

        assert_int_equal(chain_int_(t.ch, desk_path(t.ch, "SELECT count(*) FROM states WHERE %s = 1", columns[i]),
                                    strlen(desk_path(t.ch, "SELECT count(*) FROM states WHERE %s = 1", columns[i])), DB_NO_ARGS), 1);
    }
}

static void only_waiting_states_have_dates_and_lead_somewhere(void **state)
{
    const char *pending;
    int64_t own;

    (void)state;
    {
        const struct row rows[] = {
            { "{\"name\":\"a\",\"type\":\"open\",\"until\":\"optional\"}", "/until" },
            { "{\"name\":\"a\",\"type\":\"closed\",\"until\":\"required\"}", "/until" },
            { "{\"name\":\"a\",\"type\":\"hold\",\"until\":\"required\"}", NULL },
            { "{\"name\":\"b\",\"type\":\"pending\",\"until\":\"optional\",\"at_until_state\":999999}", "/at_until_state" },
            { desk_path(t.ch, "{\"name\":\"b\",\"type\":\"pending\",\"until\":\"optional\",\"at_until_state\":%s}", strrchr(state_path(STATE_MERGED), '/') + 1), "/at_until_state" },
            { desk_path(t.ch, "{\"name\":\"b\",\"type\":\"pending\",\"until\":\"optional\",\"at_until_state\":%s}", strrchr(state_path(STATE_PENDING), '/') + 1), "/at_until_state" },
            { desk_path(t.ch, "{\"name\":\"b\",\"type\":\"pending\",\"until\":\"optional\",\"at_until_state\":%s}", strrchr(state_path(STATE_OPEN), '/') + 1), NULL },
        };

        EACH(HTTP_POST, t.admin, "/api/v1/states", rows);
    }
    own = chain_int(t.ch, "SELECT id FROM states WHERE name = 'b'", DB_NO_ARGS);
    pending = desk_path(t.ch, "/api/v1/states/%lld", (long long)own);
    {
        const struct row rows[] = {
            { desk_path(t.ch, "{\"at_until_state\":%lld}", (long long)own), "/at_until_state" },
            { "{\"at_until_state\":null}", NULL },
        };

        EACH(HTTP_PATCH, t.admin, pending, rows);
    }
}

static void what_merging_needs_cannot_be_switched_off(void **state)
{
    int64_t a = desk_ticket(t.ch, t.ann, 0, "A"), b = desk_ticket(t.ch, t.ann, 0, "B");
    struct answer *an = ask(HTTP_PATCH, t.admin, state_path(STATE_MERGED), "{\"active\":false}");

    (void)state;
    assert_problem(an, 422, NULL);
    assert_problem_field(an, "/active");
    good(HTTP_POST, t.agent, desk_path(t.ch, "/api/v1/tickets/%lld/merge", (long long)a), desk_path(t.ch, "{\"into\":%lld}", (long long)b));
}

static void what_is_in_use_is_not_deleted(void **state)
{
    static const char *const kept[] = { "default_new", "default_follow_up", "default_close" };
    int64_t id = answer_int(good(HTTP_POST, t.admin, "/api/v1/priorities", "{\"name\":\"warm\",\"rank\":7}"), "/id");
    const char *warm = desk_path(t.ch, "/api/v1/priorities/%lld", (long long)id);
    const char *ticket = desk_path(t.ch, "/api/v1/tickets/%lld", (long long)desk_ticket(t.ch, t.ann, 0, "x"));

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        const char *sql = desk_path(t.ch, "SELECT id FROM states WHERE %s = 1", kept[i]);

        assert_problem(ask(HTTP_DELETE, t.admin, desk_path(t.ch, "/api/v1/states/%lld", (long long)chain_int_(t.ch, sql, strlen(sql), DB_NO_ARGS)), NULL), 409, "in_use");
    }
    for (enum state_type type = STATE_MERGED; type <= STATE_DELETED; type++)
        assert_problem(ask(HTTP_DELETE, t.admin, state_path(type), NULL), 409, "in_use");
    assert_problem(ask(HTTP_DELETE, t.admin, "/api/v1/states/999999", NULL), 404, NULL);
    assert_problem(ask(HTTP_DELETE, t.admin, "/api/v1/priorities/999999", NULL), 404, NULL);
    assert_problem_field(ask(HTTP_POST, t.admin, "/api/v1/priorities", "{\"name\":\"x\",\"rank\":1,\"default\":true,\"active\":false}"), "/active");
    good(HTTP_PATCH, t.agent, ticket, "{\"priority\":\"warm\"}");
    assert_problem(ask(HTTP_DELETE, t.admin, warm, NULL), 409, "in_use");
    good(HTTP_PATCH, t.admin, warm, "{\"active\":false}");
    good(HTTP_PATCH, t.agent, ticket, desk_path(t.ch, "{\"priority\":%lld,\"title\":\"y\"}", (long long)id)); /* it has it */
    good(HTTP_PATCH, t.agent, ticket, "{\"priority\":\"high\"}");
    assert_problem_field(ask(HTTP_PATCH, t.agent, ticket, desk_path(t.ch, "{\"priority\":%lld}", (long long)id)), "/priority");
    good(HTTP_DELETE, t.admin, warm, NULL);
}

static int64_t column(int64_t id, const char *name)
{
    const char *sql = desk_path(t.ch, "SELECT coalesce(%s, 0) FROM tickets WHERE id = $1", name);

    return chain_int_(t.ch, sql, strlen(sql), DB_ARGS(DB_INT(id)));
}

static void each_step_of_a_states_life_leaves_its_times(void **state)
{
    static const struct {
        const char *set;
        int first_close, last_close, solved, closed, until; /* hour of each; 0: none */
    } steps[] = {
        { "{\"state\":\"solved\"}", 1, 1, 1, 0, 0 },
        { "{\"state\":\"closed\"}", 1, 1, 1, 2, 0 }, /* from done to done is no second closing */
        { "{\"state\":\"open\"}", 1, 1, 0, 0, 0 },
        { "{\"state\":\"closed\"}", 1, 4, 0, 4, 0 },
        { "{\"state\":\"open\"}", 1, 4, 0, 0, 0 },
        { "{\"state\":\"waiting\",\"until\":\"2040-01-01T00:00:00Z\"}", 1, 4, 0, 0, 1 },
        { "{\"state\":\"open\"}", 1, 4, 0, 0, 0 },
        { "{\"state\":\"waiting\",\"until\":\"2040-01-01T00:00:00Z\"}", 1, 4, 0, 0, 1 },
        { "{\"state\":\"maybe\"}", 1, 4, 0, 0, 1 }, /* a date may go along */
        { "{\"state\":\"later\"}", 1, 4, 0, 0, 1 },
        { "{\"state\":\"maybe\"}", 1, 4, 0, 0, 0 }, /* but not out of a pending state */
    };
    static const char *const names[] = { "first_close_us", "last_close_us", "solved_us", "closed_us" };
    int64_t begin = INT64_C(2000000000000000), id;

    (void)state;
    good(HTTP_POST, t.admin, "/api/v1/states", "{\"name\":\"waiting\",\"type\":\"hold\",\"until\":\"optional\"}");
    good(HTTP_POST, t.admin, "/api/v1/states", "{\"name\":\"maybe\",\"type\":\"hold\",\"until\":\"optional\"}");
    good(HTTP_POST, t.admin, "/api/v1/states", "{\"name\":\"later\",\"type\":\"pending\",\"until\":\"optional\"}");
    clock_fake(begin);
    id = desk_ticket(t.ch, t.ann, 0, "x");
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        const int want[] = { steps[i].first_close, steps[i].last_close, steps[i].solved, steps[i].closed };

        clock_fake(begin + (int64_t)(i + 1) * US_PER_HOUR);
        good(HTTP_PATCH, t.agent, desk_path(t.ch, "/api/v1/tickets/%lld", (long long)id), steps[i].set);
        for (size_t k = 0; k < ARRAY_LEN(names); k++) {
            int64_t at = column(id, names[k]), hour = at ? (at - begin) / US_PER_HOUR : 0;

            if (hour != want[k])
                fail_msg("step %zu: %s is of hour %lld, want %d", i, names[k], (long long)hour, want[k]);
        }
        assert_int_equal(column(id, "until_us") != 0, steps[i].until);
    }
    assert_int_equal(column(id, "reopen_count"), 2);
}

/* ── custom fields ── */

static void field(const char *name, const char *type, const char *more)
{
    good(HTTP_POST, t.admin, "/api/v1/fields",
         desk_path(t.ch, "{\"object\":\"ticket\",\"name\":\"%s\",\"type\":\"%s\",\"label\":\"L\"%s}", name, type, more));
}

static bool finds(const char *q)
{
    struct answer *an = good(HTTP_GET, t.agent, desk_path(t.ch, "/api/v1/tickets?q=%s", q), NULL);

    return json_array_size(answer_at(an, "/data")) == 1;
}

static void values_of_each_type_are_kept_and_found(void **state)
{
    static const struct {
        const char *name, *type, *more, *value;
        const char *found[8], *missed[8];
    } rows[] = {
        { "text", "text", "", "\"Raum B12\"", { "%22raum%20b12%22" }, { "raum" } },
        { "int", "integer", "", "41", { "41", ">40", "<42", ">=41", "<=41", "40..42", "41..41" }, { "40", ">41", "<41", "42..50" } },
        { "dec", "decimal", "", "1.5", { "1.5", "1.50", ">1", "<1.6", "1..1.5", ">=1.5", "<2" }, { "1", ">1.5", "<1.5", "1.6..3" } },
        { "cents", "decimal", "", "2.01", { "2.01", "2.010000", "<=2.01" }, { "<2.01", ">2.01" } },
        { "less", "decimal", "", "-0.5", { "-0.5", "<0", "-1..0" }, { "0.5", ">0" } },
        { "whole", "decimal", "", "3", { "3", ">2", "3.0" }, { ">3" } },
        { "yes", "boolean", "", "true", { "true", "yes", "1" }, { "false", "no", "0" } },
        { "not", "boolean", "", "false", { "false" }, { "true" } },
        { "date", "date", "", "\"2026-02-28\"", { "2026-02-28", ">2026-02-27", "<2026-03-01", "2026-02-01..2026-02-28" }, { "2026-03-01", ">2026-02-28", "2026-03-01..2026-04-01" } },
        { "time", "datetime", "", "\"2026-02-28T10:00:00Z\"", { "2026-02-28", ">2026-02-27", "<=2026-02-28", ">=2026-02-28T10:00:00Z", "2026-02-28..2026-02-28" }, { "2026-02-27", ">2026-02-28", "<2026-02-28" } },
        { "one", "choice", ",\"options\":{\"choices\":[\"red\",\"blue\"]}", "\"red\"", { "red" }, { "blue" } },
        { "many", "choices", ",\"options\":{\"choices\":[\"red\",\"blue\",\"green\"]}", "[\"red\",\"blue\"]", { "blue", "red" }, { "green" } },
        { "boss", "user", "", "1", { "1" }, { "2" } },
    };
    const char *path = desk_path(t.ch, "/api/v1/tickets/%lld", (long long)desk_ticket(t.ch, t.ann, 0, "x"));

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        field(rows[i].name, rows[i].type, rows[i].more);
        good(HTTP_PATCH, t.agent, path, desk_path(t.ch, "{\"fields\":{\"%s\":%s}}", rows[i].name, rows[i].value));
        for (size_t k = 0; k < ARRAY_LEN(rows[i].found); k++) {
            if (rows[i].found[k] && !finds(desk_path(t.ch, "field.%s:%s", rows[i].name, rows[i].found[k])))
                fail_msg("%s is not found by %s", rows[i].value, rows[i].found[k]);
            if (rows[i].missed[k] && finds(desk_path(t.ch, "field.%s:%s", rows[i].name, rows[i].missed[k])))
                fail_msg("%s is found by %s", rows[i].value, rows[i].missed[k]);
        }
        good(HTTP_PATCH, t.agent, path, desk_path(t.ch, "{\"fields\":{\"%s\":null}}", rows[i].name));
        assert_false(finds(desk_path(t.ch, "field.%s:%s", rows[i].name, rows[i].found[0])));
    }
}

static void what_is_no_value_of_a_field_is_named(void **state)
{
    static const char *const wrong[] = { "int:forty", "int:1.5", "int:>x", "dec:1.", "dec:1.x", "dec:x", "dec:1..x", "yes:maybe",
                                         "yes:>false", "date:2026", "date:2026-02-30", "date:>7d", "time:7d", "time:x-y",
                                         "text:>a", "text:a..b", "absent:1" };

    (void)state;
    field("text", "text", "");
    field("int", "integer", "");
    field("dec", "decimal", "");
    field("yes", "boolean", "");
    field("date", "date", "");
    field("time", "datetime", "");
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct answer *an = ask(HTTP_GET, t.agent, desk_path(t.ch, "/api/v1/tickets?q=field.%s", wrong[i]), NULL);

        if (an->status != 422 && an->status != 400)
            fail_msg("%s: %d", wrong[i], an->status);
        assert_problem_field(an, "q");
    }
}

static void references_lead_to_who_is_there(void **state)
{
    const char *path = desk_path(t.ch, "/api/v1/tickets/%lld", (long long)desk_ticket(t.ch, t.ann, 0, "x"));
    int64_t org = answer_int(good(HTTP_POST, t.admin, "/api/v1/organizations", "{\"name\":\"Acme\"}"), "/id");

    (void)state;
    field("boss", "user", "");
    field("firm", "organization", "");
    {
        const struct row rows[] = {
            { desk_path(t.ch, "{\"fields\":{\"boss\":%lld,\"firm\":%lld}}", (long long)t.ann, (long long)org), NULL },
            { "{\"fields\":{\"boss\":999999}}", "/fields/boss" },
            { "{\"fields\":{\"firm\":999999}}", "/fields/firm" },
            { "{\"fields\":{\"nothing\":1}}", "/fields/nothing" },
        };

        EACH(HTTP_PATCH, t.agent, path, rows);
    }
}

#define MODES(customer, create, edit, close) \
    ",\"screens\":{\"customer_create\":\"" customer "\",\"agent_create\":\"" create "\",\"edit\":\"" edit "\",\"close\":\"" close "\"}"
#define NEW(fields) "{\"title\":\"t\",\"message\":{\"body\":\"b\"},\"fields\":{" fields "}}"

static void each_screen_hides_shows_and_requires_by_itself(void **state)
{
    static const struct row of_customers[] = {
        { NEW(""), "/fields/need" },
        { NEW("\"need\":\"x\""), NULL },
        { NEW("\"need\":\"x\",\"hid\":\"x\""), "/fields/hid" },
        { NEW("\"need\":\"x\",\"ro\":\"x\""), "/fields/ro" },
        { NEW("\"need\":\"x\",\"plain\":\"x\""), "/fields/plain" }, /* hidden from customers unless said */
    };
    static const struct row of_agents[] = {
        { NEW(""), "/fields/made" },
        { NEW("\"made\":\"x\",\"hid\":\"x\""), "/fields/hid" },
        { NEW("\"made\":null"), "/fields/made" },
        { NEW("\"made\":\"x\",\"plain\":\"x\",\"need\":\"x\""), NULL },
    };
    static const struct row of_changes[] = {
        { "{\"fields\":{\"hid\":\"x\"}}", "/fields/hid" },
        { "{\"fields\":{\"ro\":\"x\"}}", "/fields/ro" },
        { "{\"fields\":{\"need\":null}}", NULL },
        { "{\"title\":\"others may change before it is filled\"}", NULL },
        { "{\"fields\":{\"kept\":\"x\"}}", NULL },
        { "{\"fields\":{\"kept\":null}}", "/fields/kept" },
        { "{\"state\":\"closed\"}", "/fields/shut" },
        { "{\"state\":\"closed\",\"fields\":{\"shut\":\"x\"}}", NULL },
    };
    struct answer *an;

    (void)state;
    field("plain", "text", "");
    field("need", "text", MODES("required", "shown", "shown", "shown"));
    field("hid", "text", MODES("hidden", "hidden", "hidden", "shown"));
    field("ro", "text", MODES("read_only", "read_only", "read_only", "shown"));
    field("made", "text", MODES("hidden", "required", "shown", "shown"));
    field("kept", "text", MODES("hidden", "shown", "required", "shown"));
    field("shut", "text", MODES("hidden", "shown", "shown", "required"));
    EACH(HTTP_POST, t.customer, "/api/v1/tickets", of_customers);
    EACH(HTTP_POST, t.agent, "/api/v1/tickets", of_agents);
    an = good(HTTP_POST, t.agent, "/api/v1/tickets", NEW("\"made\":\"x\""));
    EACH(HTTP_PATCH, t.agent, desk_path(t.ch, "/api/v1/tickets/%lld", (long long)answer_int(an, "/id")), of_changes);
}

static void defaults_fill_new_tickets_and_what_is_off_is_not_there(void **state)
{
    struct answer *an;

    (void)state;
    field("site", "text", ",\"options\":{\"default\":\"HQ\"}");
    field("none", "text", ",\"options\":{\"default\":null}");
    field("past", "text", ",\"options\":{\"default\":\"old\"},\"active\":false");
    good(HTTP_POST, t.admin, "/api/v1/fields",
         "{\"object\":\"user\",\"name\":\"desk\",\"type\":\"text\",\"label\":\"L\",\"options\":{\"default\":\"D\"},"
         "\"screens\":{\"agent_create\":\"required\",\"customer_create\":\"required\"}}");
    an = good(HTTP_POST, t.agent, "/api/v1/tickets", NEW(""));
    assert_int_equal(json_object_size(answer_at(an, "/fields")), 1);
    assert_str_eq(answer_text(an, "/fields/site"), "HQ");
    an = good(HTTP_POST, t.agent, "/api/v1/tickets", NEW("\"site\":\"Harbour\""));
    assert_str_eq(answer_text(an, "/fields/site"), "Harbour");
    assert_problem_field(ask(HTTP_POST, t.agent, "/api/v1/tickets", NEW("\"past\":\"x\"")), "/fields/past");
    /* what customers cannot fill they do not see */
    an = good(HTTP_POST, t.customer, "/api/v1/tickets", NEW(""));
    assert_int_equal(json_object_size(answer_at(an, "/fields")), 0);
    an = good(HTTP_GET, t.agent, desk_path(t.ch, "/api/v1/tickets/%lld", (long long)answer_int(an, "/id")), NULL);
    assert_str_eq(answer_text(an, "/fields/site"), "HQ");
}

/* ── people ── */

static void absence_has_an_end_behind_its_beginning_and_a_stand_in_who_is_there(void **state)
{
    int64_t gone = chain_user(t.ch, 2);

    (void)state;
    chain_exec(t.ch, "UPDATE users SET active = 0 WHERE id = $1", DB_ARGS(DB_INT(gone)));
    {
        const struct row rows[] = {
            { "{\"out_of_office\":{\"from\":\"2026-05-02T00:00:00Z\",\"to\":\"2026-05-01T00:00:00Z\"}}", "/out_of_office/to" },
            { "{\"out_of_office\":{\"from\":\"2026-05-02T00:00:00Z\",\"to\":\"2026-05-02T00:00:00Z\"}}", "/out_of_office/to" },
            { desk_path(t.ch, "{\"out_of_office\":{\"stand_in_id\":%lld}}", (long long)t.agent_id), "/out_of_office/stand_in_id" },
            { desk_path(t.ch, "{\"out_of_office\":{\"stand_in_id\":%lld}}", (long long)gone), "/out_of_office/stand_in_id" },
            { "{\"out_of_office\":{\"stand_in_id\":999999}}", "/out_of_office/stand_in_id" },
            { "{\"out_of_office\":{\"from\":\"2026-05-02T00:00:00Z\"}}", NULL },
            { "{\"out_of_office\":{\"to\":\"2026-05-02T00:00:00Z\"}}", NULL },
            { desk_path(t.ch, "{\"out_of_office\":{\"from\":\"2026-05-01T00:00:00Z\",\"to\":\"2026-05-02T00:00:00Z\",\"stand_in_id\":%lld}}", (long long)t.admin_id), NULL },
        };
        struct answer *an;

        EACH(HTTP_PATCH, t.agent, "/api/v1/me", rows);
        an = good(HTTP_GET, t.agent, "/api/v1/me", NULL);
        assert_str_eq(answer_text(an, "/out_of_office/from"), "2026-05-01T00:00:00.000Z");
        assert_str_eq(answer_text(an, "/out_of_office/to"), "2026-05-02T00:00:00.000Z");
        assert_int_equal(answer_int(an, "/out_of_office/stand_in_id"), t.admin_id);
        good(HTTP_PATCH, t.agent, "/api/v1/me", "{\"out_of_office\":null}");
        assert_true(json_is_null(answer_at(good(HTTP_GET, t.agent, "/api/v1/me", NULL), "/out_of_office")));
    }
}

static const char *session_of(const char *email)
{
    return str_z(answer_text(good(HTTP_POST, NULL, "/api/v1/auth/login",
                                  desk_path(t.ch, "{\"email\":\"%s\",\"password\":\"" GOOD "\"}", email)), "/access_token"), t.ch->a);
}

#define PASSWORD_MEMBER "\"current_password\":\"" GOOD "\""
#define PASSWORD "{" PASSWORD_MEMBER "}"
#define PASSWORD_AND_CODE "{" PASSWORD_MEMBER ",\"code\":\"123456\"}"

static const char *code(struct str secret32, const char *before)
{
    struct str secret;

    assert_true(dec_base32(secret32, t.ch->a, &secret));
    return desk_path(t.ch, "{%s\"code\":\"%.*s\"}", before,
                     STR_ARG(totp_code(secret, clock_now_us() / US_PER_S / TOTP_STEP_S, TOTP_DIGITS, t.ch->a)));
}

static struct answer *mfa(const char *bearer, const char *what, const char *json)
{
    return ask(HTTP_POST, bearer, desk_path(t.ch, "/api/v1/auth/mfa/%s", what), json);
}

static void the_second_step_goes_on_and_off_in_order(void **state)
{
    static const struct {
        const char *what, *json, *while_off; /* the code of the refusal; NULL: it is done */
    } calls[] = { { "confirm", "{\"code\":\"123456\"}", "" },
                  { "recovery-codes", PASSWORD_AND_CODE, "mfa_not_enabled" },
                  { "disable", PASSWORD_AND_CODE, "mfa_not_enabled" },
                  { "setup", PASSWORD, NULL } };
    const char *session;
    struct answer *an;
    struct str secret;

    (void)state;
    clock_fake(clock_now_us());
    good(HTTP_POST, NULL, "/api/v1/auth/register", "{\"name\":\"Bea\",\"email\":\"bea@example.com\",\"password\":\"" GOOD "\"}");
    session = session_of("bea@example.com");
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        /* an API token never changes how one logs in */
        assert_problem(mfa(t.agent, calls[i].what, calls[i].json), 403, "session_needed");
        if (calls[i].while_off)
            assert_problem(mfa(session, calls[i].what, calls[i].json), 409, *calls[i].while_off ? calls[i].while_off : NULL);
    }
    an = mfa(session, "setup", PASSWORD);
    assert_int_equal(an->status, 200);
    secret = answer_text(an, "/secret");
    assert_int_equal(mfa(session, "confirm", code(secret, ""))->status, 200);
    assert_problem(mfa(session, "setup", PASSWORD), 409, "mfa_enabled");
    clock_fake(clock_now_us() + US_PER_MIN);
    assert_problem(mfa(session, "confirm", code(secret, "")), 409, "mfa_enabled");
    assert_int_equal(mfa(session, "disable", code(secret, PASSWORD_MEMBER ","))->status, 204);
    assert_true(json_is_false(answer_at(good(HTTP_GET, session, "/api/v1/auth/mfa", NULL), "/enabled")));
}

/* ── search ── */

static void by_relevance_titles_come_before_people_before_texts(void **state)
{
    static const char *const want[] = { "A printer", "A question", "Another one" };
    int64_t named = chain_user(t.ch, 3), id;
    struct answer *an;

    (void)state;
    chain_exec(t.ch, "UPDATE users SET name = 'Paul Printer', name_fold = 'paul printer' WHERE id = $1", DB_ARGS(DB_INT(named)));
    id = desk_ticket(t.ch, t.ann, 0, "A printer");
    desk_message(t.ch, id, t.ann, false, "the printer is out of paper");
    id = desk_ticket(t.ch, named, 0, "A question");
    desk_message(t.ch, id, named, false, "my printer, again");
    id = desk_ticket(t.ch, t.ann, 0, "Another one");
    desk_message(t.ch, id, t.ann, false, "not the printer this time");
    an = good(HTTP_GET, t.agent, "/api/v1/search?q=printer&sort=newest", NULL);
    assert_str_eq(answer_text(an, "/tickets/0/ticket/title"), "Another one");
    an = good(HTTP_GET, t.agent, "/api/v1/search?q=printer&sort=relevance", NULL);
    for (size_t i = 0; i < ARRAY_LEN(want); i++)
        assert_true(str_eq(answer_text(an, desk_path(t.ch, "/tickets/%zu/ticket/title", i)), str_of(want[i])));
    an = good(HTTP_GET, t.agent, "/api/v1/search?q=printer&sort=relevance&limit=2", NULL);
    assert_int_equal(json_array_size(answer_at(an, "/tickets")), 2);
    assert_str_eq(answer_text(an, "/tickets/0/ticket/title"), "A printer");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_default_state_can_do_what_it_is_for),
        CASE(only_waiting_states_have_dates_and_lead_somewhere),
        CASE(what_merging_needs_cannot_be_switched_off),
        CASE(what_is_in_use_is_not_deleted),
        CASE(each_step_of_a_states_life_leaves_its_times),
        CASE(values_of_each_type_are_kept_and_found),
        CASE(what_is_no_value_of_a_field_is_named),
        CASE(references_lead_to_who_is_there),
        CASE(each_screen_hides_shows_and_requires_by_itself),
        CASE(defaults_fill_new_tickets_and_what_is_off_is_not_there),
        CASE(absence_has_an_end_behind_its_beginning_and_a_stand_in_who_is_there),
        CASE(the_second_step_goes_on_and_off_in_order),
        CASE(by_relevance_titles_come_before_people_before_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
