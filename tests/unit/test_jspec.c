/* Closed field tables: what a body and a query may hold, and the words of a refusal. */
#include "test.h"

#include "base/jspec.h"
#include "base/near.h"

#include <stdio.h>

struct part {
    struct j_text body;
    struct j_int at;
};

struct thing {
    struct j_text title, note;
    struct j_int count, owner, loud, due, state;
    struct j_texts tags;
    struct j_ints ids;
    struct j_obj part;
    struct j_objs parts;
    struct j_json fields;
};

static const char *const states[] = { "new", "open", "closed", NULL };

static const struct jfield part_fields[] = {
    { "body", J_TEXT, JF_REQUIRED | JF_LINES | JF_FILLED, 1, 10, .off = offsetof(struct part, body) },
    { "at", J_TIME, .off = offsetof(struct part, at) },
};
static const struct jspec part_spec = JSPEC("Part", part_fields, struct part);

static const struct jfield thing_fields[] = {
    { "title", J_TEXT, JF_REQUIRED, 1, 5, .off = offsetof(struct thing, title) },
    { "note", J_TEXT, JF_NULLABLE | JF_SECRET, .off = offsetof(struct thing, note) },
    { "count", J_INT, 0, 1, 200, .off = offsetof(struct thing, count) },
    { "owner", J_ID, JF_NULLABLE, .off = offsetof(struct thing, owner) },
    { "loud", J_BOOL, .off = offsetof(struct thing, loud) },
    { "due", J_TIME, .off = offsetof(struct thing, due) },
    { "state", J_ENUM, .values = states, .off = offsetof(struct thing, state) },
    { "tags", J_TEXTS, 0, 1, 8, .max_items = 3, .off = offsetof(struct thing, tags) },
    { "ids", J_IDS, .max_items = 3, .off = offsetof(struct thing, ids) },
    { "part", J_OBJ, .sub = &part_spec, .off = offsetof(struct thing, part) },
    { "parts", J_OBJS, .sub = &part_spec, .max_items = 2, .off = offsetof(struct thing, parts) },
    { "fields", J_JSON, .off = offsetof(struct thing, fields) },
};
static const struct jspec thing_spec = JSPEC("Thing", thing_fields, struct thing);

struct fixture {
    struct arena *a;
    json_t *body;
    struct err e;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->a = arena_new(16 * MIB);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    json_clean(&f->body);
    arena_free(&f->a);
    free(f);
    return 0;
}

static enum rc read_body(struct fixture *f, const char *text, struct thing **out)
{
    void *v = NULL;
    enum rc rc;

    json_clean(&f->body);
    err_clear(&f->e);
    assert_ok(json_read(str_of(text), &f->body, &f->e), &f->e);
    rc = jspec_read(&thing_spec, f->body, f->a, &v, &f->e);
    *out = v;
    return rc;
}

static enum rc read_query(struct fixture *f, struct str text, struct thing **out)
{
    void *v = NULL;
    enum rc rc;

    err_clear(&f->e);
    rc = jspec_read_query(&thing_spec, text, f->a, &v, &f->e);
    *out = v;
    return rc;
}

static void a_right_body_fills_the_struct(void **state)
{
    struct fixture *f = *state;
    struct thing *t;
    struct part *p;

    assert_ok(read_body(f,
                        "{\"title\":\"T\xC3\xBCr!\",\"note\":null,\"count\":200,\"owner\":7,\"loud\":true,"
                        "\"due\":\"2026-11-23T15:21:42.123Z\",\"state\":\"closed\",\"tags\":[\"a\",\"b\"],"
                        "\"ids\":[1,9],\"part\":{\"body\":\"x\\ny\"},\"parts\":[{\"body\":\"1\"},{\"body\":\"2\"}],"
                        "\"fields\":{\"any\":[1]}}",
                        &t),
              &f->e);
    assert_str_eq(t->title.v, "T\xC3\xBCr!");
    assert_true(t->title.set && !t->title.null);
    assert_true(t->note.set && t->note.null);
    assert_int_equal(t->count.v, 200);
    assert_int_equal(t->owner.v, 7);
    assert_int_equal(t->loud.v, 1);
    assert_int_equal(t->due.v, 1795447302123000);
    assert_int_equal(t->state.v, 2);
    assert_int_equal(t->tags.n, 2);
    assert_str_eq(t->tags.v[1], "b");
    assert_int_equal(t->ids.v[1], 9);
    p = t->part.v;
    assert_str_eq(p->body.v, "x\ny");
    assert_false(p->at.set);
    p = t->parts.v;
    assert_int_equal(t->parts.n, 2);
    assert_str_eq(p[1].body.v, "2");
    assert_true(json_is_object(t->fields.v));
    assert_ok(read_body(f, "{\"title\":\"x\"}", &t), &f->e);
    assert_false(t->note.set || t->count.set || t->part.set || t->fields.set || t->tags.set);
}

struct wrong {
    const char *body, *pointer, *code, *detail;
};

static const struct wrong wrongs[] = {
    { "{}", "/title", "required", "\"title\" is required" },
    { "{\"title\":\"\"}", "/title", "length", "has 0 characters; allowed are 1 to 5" },
    { "{\"title\":\"\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\"}", "/title", "length", "has 6" },
    { "{\"title\":5}", "/title", "type", "must be text of 1 to 5 characters" },
    { "{\"title\":null}", "/title", "null", "must not be null" },
    { "{\"title\":\"a\\nb\"}", "/title", "control", "control" },
    { "{\"title\":\"a\\u007f\"}", "/title", "control", "control" },
    { "{\"title\":\"a\\u0085\"}", "/title", "control", "control" },
    { "{\"title\":\"x\",\"count\":0}", "/count", "range", "an integer from 1 to 200" },
    { "{\"title\":\"x\",\"count\":5.0}", "/count", "type", "an integer from 1 to 200" },
    { "{\"title\":\"x\",\"count\":\"5\"}", "/count", "type", "an integer" },
    { "{\"title\":\"x\",\"owner\":0}", "/owner", "range", "id" },
    { "{\"title\":\"x\",\"loud\":1}", "/loud", "type", "true or false" },
    { "{\"title\":\"x\",\"due\":\"tomorrow\"}", "/due", "type", "RFC 3339" },
    { "{\"title\":\"x\",\"state\":\"Open\"}", "/state", "choice", "one of: new, open, closed" },
    { "{\"title\":\"x\",\"state\":null}", "/state", "null", "null" },
    { "{\"title\":\"x\",\"tags\":\"a\"}", "/tags", "type", "a list of at most 3 texts" },
    { "{\"title\":\"x\",\"tags\":[\"a\",\"\"]}", "/tags/1", "length", "\"tags\" has 0" },
    { "{\"title\":\"x\",\"tags\":[\"a\",[]]}", "/tags/1", "type", "must be" },
    { "{\"title\":\"x\",\"tags\":[\"a\",\"b\",\"c\",\"d\"]}", "/tags", "items", "4 entries" },
    { "{\"title\":\"x\",\"ids\":[1,-1]}", "/ids/1", "range", "list" },
    { "{\"title\":\"x\",\"ids\":[1,true]}", "/ids/1", "type", "list" },
    { "{\"title\":\"x\",\"part\":[]}", "/part", "type", "an object" },
    { "{\"title\":\"x\",\"part\":{}}", "/part/body", "required", "\"body\" is required" },
    { "{\"title\":\"x\",\"part\":{\"body\":\" \\n\\t\"}}", "/part/body", "blank", "blank" },
    { "{\"title\":\"x\",\"part\":{\"body\":\"b\",\"bdoy\":1}}", "/part/bdoy", "unknown", "mean \"body\"" },
    { "{\"title\":\"x\",\"parts\":[{\"body\":\"b\"},{\"body\":1}]}", "/parts/1/body", "type", "text" },
    { "{\"title\":\"x\",\"parts\":[{\"body\":\"b\"},3]}", "/parts/1", "type", "objects" },
    { "{\"title\":\"x\",\"titel\":1}", "/titel", "unknown", "unknown field \"titel\"; did you mean \"title\"?" },
    { "{\"title\":\"x\",\"Title\":1}", "/Title", "unknown", "did you mean \"title\"?" },
    { "{\"title\":\"x\",\"is_admin\":true}", "/is_admin", "unknown", "unknown field \"is_admin\"" },
    { "{\"title\":\"x\",\"a/b~c\":true}", "/a~1b~0c", "unknown", "unknown field" },
    { "{\"title\":\"x\",\"\":true}", "/", "unknown", "unknown field \"\"" },
};

static void every_wrong_body_is_refused_by_name(void **state)
{
    struct fixture *f = *state;
    struct thing *t;

    for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
        const struct wrong *w = &wrongs[i];
        const struct err_field *got = &f->e.fields[0];

        assert_int_equal(read_body(f, w->body, &t), RC_INVALID);
        assert_int_equal(f->e.n_fields, 1);
        if (strcmp(got->pointer, w->pointer) != 0 || strcmp(got->code, w->code) != 0
            || !strstr(got->detail, w->detail))
            fail_msg("%s: got %s, %s, %s", w->body, got->pointer, got->code, got->detail);
    }
}

static void all_errors_are_gathered_up_to_the_limit(void **state)
{
    struct fixture *f = *state;
    struct thing *t;
    struct buf b = BUF_ARENA(f->a, 256 * KIB);

    assert_int_equal(read_body(f, "{\"count\":0,\"loud\":3,\"x\":1,\"parts\":[1,2]}", &t), RC_INVALID);
    assert_int_equal(f->e.n_fields, 6);
    BUF_LIT(&b, "{\"title\":\"x\"");
    for (int i = 0; i < 500; i++)
        buf_printf(&b, ",\"unknown-field-with-a-long-name-%0100d\":1", i);
    BUF_LIT(&b, "}");
    buf_char(&b, '\0');
    assert_int_equal(read_body(f, b.p, &t), RC_INVALID);
    assert_int_equal(f->e.n_fields, ERR_FIELDS_MAX);
}

static void a_body_that_is_no_object_is_refused(void **state)
{
    struct fixture *f = *state;
    struct thing *t;
    void *out;

    assert_int_equal(read_body(f, "[]", &t), RC_INVALID);
    assert_int_equal(read_body(f, "\"title\"", &t), RC_INVALID);
    assert_int_equal(jspec_read(&thing_spec, NULL, f->a, &out, &f->e), RC_INVALID);
}

static void secrets_are_not_repeated_in_refusals(void **state)
{
    struct fixture *f = *state;
    struct thing *t;

    assert_int_equal(read_body(f, "{\"title\":\"x\",\"note\":\"hunter2\\u0001\"}", &t), RC_INVALID);
    assert_null(strstr(f->e.fields[0].detail, "hunter"));
}

static void a_right_query_fills_the_struct(void **state)
{
    struct fixture *f = *state;
    struct thing *t;

    assert_ok(read_query(f,
                         STR("title=a+b%21&&count=7&loud=true&state=open&tags=x%2Cy,z&ids=4,5"
                             "&due=2026-11-23T15%3A21%3A42Z&note="),
                         &t),
              &f->e);
    assert_str_eq(t->title.v, "a b!");
    assert_int_equal(t->count.v, 7);
    assert_int_equal(t->loud.v, 1);
    assert_int_equal(t->state.v, 1);
    assert_int_equal(t->tags.n, 3);
    assert_str_eq(t->tags.v[2], "z");
    assert_int_equal(t->ids.v[1], 5);
    assert_true(t->due.set && t->note.set);
    assert_int_equal(t->note.v.n, 0);
}

static void every_wrong_query_is_refused_by_name(void **state)
{
    static const struct {
        const char *query, *name, *code;
    } cases[] = {
        { "", "title", "required" },
        { "title=x&title=y", "title", "duplicate" },
        { "title=x&cuont=1", "cuont", "unknown" },
        { "title=x&count=", "count", "type" },
        { "title=x&count=1x", "count", "type" },
        { "title=x&count=201", "count", "range" },
        { "title=x&count=99999999999999999999", "count", "type" },
        { "title=x&loud=yes", "loud", "type" },
        { "title=x&state=gone", "state", "choice" },
        { "title=x&ids=1,,2", "ids", "type" },
        { "title=x&ids=1,2,3,4", "ids", "items" },
        { "title=x&tags=a,", "tags", "length" },
        { "title=%ff", "title", "encoding" },
        { "title=%00", "title", "encoding" },
        { "title=%zz", "title", "encoding" },
        { "title=x&%ff=1", "", "encoding" },
        { "title=%0A", "title", "control" },
        { "title=x&part=1", "part", "unknown" },
        { "title=x&fields=1", "fields", "unknown" },
        { "title=x&=1", "", "unknown" },
    };
    struct fixture *f = *state;
    struct thing *t;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct err_field *got = &f->e.fields[0];

        assert_int_equal(read_query(f, str_of(cases[i].query), &t), RC_BAD);
        assert_int_equal(f->e.rc, RC_BAD);
        if (strcmp(got->pointer, cases[i].name) != 0 || strcmp(got->code, cases[i].code) != 0)
            fail_msg("%s: got %s, %s", cases[i].query, got->pointer, got->code);
    }
}

static const char *nearest(const char *wrong)
{
    struct near near = near_start(str_of(wrong));

    for (size_t i = 0; i < ARRAY_LEN(thing_fields); i++)
        near_try(&near, thing_fields[i].name);
    return near.name;
}

static void the_nearest_name_is_found_only_if_near(void **state)
{
    (void)state;
    assert_int_equal(near_distance(STR("ab"), STR("ba")), 1);
    assert_int_equal(near_distance(STR("kitten"), STR("sitting")), 3);
    assert_int_equal(near_distance(STR(""), STR("abc")), 3);
    assert_string_equal(nearest("ttile"), "title");
    assert_string_equal(nearest("STATE"), "state");
    assert_string_equal(nearest("owners"), "owner");
    assert_null(nearest("password"));
    assert_null(nearest("x"));
    assert_null(nearest(""));
    assert_null(nearest("a-name-that-is-longer-than-anything-we-would-ever-know"));
}

#define JSPEC_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        JSPEC_TEST(a_right_body_fills_the_struct),
        JSPEC_TEST(every_wrong_body_is_refused_by_name),
        JSPEC_TEST(all_errors_are_gathered_up_to_the_limit),
        JSPEC_TEST(a_body_that_is_no_object_is_refused),
        JSPEC_TEST(secrets_are_not_repeated_in_refusals),
        JSPEC_TEST(a_right_query_fills_the_struct),
        JSPEC_TEST(every_wrong_query_is_refused_by_name),
        cmocka_unit_test(the_nearest_name_is_found_only_if_near),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
