/* The search language: what is understood, what is refused and how. */
#include "test.h"

#include "base/buf.h"
#include "base/clock.h"
#include "store/query.h"

#include <stdio.h>

/* The tree as text: (and a (not b)) */
static void show(struct buf *b, const struct query_node *n)
{
    static const char *const kinds[] = { "and", "or", "not" };
    static const char *const cmps[] = { "", "<", "<=", ">", ">=", ".." };
    static const char *const marks[] = { "", "*", "\"", "~" };

    if (!n)
        return;
    if (n->kind == QUERY_TEXT) {
        buf_printf(b, "%s%s%.*s%s", n->field ? n->field->name : "", n->field ? ":" : "",
                   STR_ARG(n->value), marks[n->text_kind]);
    } else if (n->kind == QUERY_FIELD) {
        buf_printf(b, "[%s%s%.*s %s%.*s", n->field->name, n->custom.n ? "." : "",
                   STR_ARG(n->custom), cmps[n->cmp], STR_ARG(n->value));
        if (n->value2.n)
            buf_printf(b, " %.*s", STR_ARG(n->value2));
        buf_printf(b, "]");
    } else {
        buf_printf(b, "(%s", kinds[n->kind]);
        for (const struct query_node *c = n->child; c; c = c->next) {
            buf_char(b, ' ');
            show(b, c);
        }
        buf_char(b, ')');
    }
}

static void queries_become_trees(void **state)
{
    static const struct {
        const char *text, *tree;
    } cases[] = {
        { "", "" },
        { "   ", "" },
        { "vpn", "vpn" },
        { "vpn down", "(and vpn down)" },
        { "vpn AND down", "(and vpn down)" },
        { "vpn and down", "(and vpn and down)" },
        { "a OR b c", "(or a (and b c))" },
        { "(a OR b) c", "(and (or a b) c)" },
        { "-spam", "(not spam)" },
        { "NOT spam", "(not spam)" },
        { "a -(b c)", "(and a (not (and b c)))" },
        { "- a", "a" },
        { "a - b", "(and a b)" },
        { "a OR -- b", "(or a b)" },
        { "(a OR ?!) b", "(and a b)" },
        { "a -(- !)", "a" },
        { "\"exact words\"", "exact words\"" },
        { "vpn*", "vpn*" },
        { "colour~", "colour~" },
        { "state:open -tag:spam", "(and [state open] (not [tag spam]))" },
        { "GROUP:\"2nd level\"", "[group 2nd level]" },
        { "subject:\"vpn down\"", "subject:vpn down\"" },
        { "from:ann@", "from:ann@" },
        { "created:>2026-01-01", "[created >2026-01-01]" },
        { "created:2026-01-01..2026-02-01", "[created ..2026-01-01 2026-02-01]" },
        { "updated:<=7d", "[updated <=7d]" },
        { "field.room:B12", "[field.room B12]" },
        { "http://example.org/x", "http://example.org/x" },
        { "12:30", "12:30" },
        { "HD-1234", "HD-1234" },
        { "ORacle NOTe", "(and ORacle NOTe)" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *a CLEAN(arena_clean) = arena_new(1 * MIB);
        struct buf b = BUF_ARENA(a, 64 * KIB);
        struct query_node *n;
        struct err e = { 0 };

        assert_ok(query_parse(str_of(cases[i].text), false, a, &n, &e), &e);
        show(&b, n);
        if (!str_eq(buf_view(&b), str_of(cases[i].tree)))
            fail_msg("%s: got %.*s, want %s", cases[i].text, STR_ARG(buf_view(&b)), cases[i].tree);
    }
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *text, *code, *words;
    } cases[] = {
        { "\"open", "query", "quote" },
        { "(a", "query", "not closed" },
        { "a)", "query", "never opened" },
        { "()", "query", "nothing between" },
        { "a OR", "query", "behind OR" },
        { "OR a", "query", "before OR" },
        { "a AND", "query", "behind AND" },
        { "NOT", "query", "behind NOT" },
        { "state:", "query", "no value" },
        { "statte:open", "unknown_field", "state" },
        { "fiel.room:B1", "unknown_field", "" },
        { "owner:>5", "query", "compared" },
        { "-", "query", "no word" },
        { "- -- ?!", "query", "no word" },
        { "-(- ?)", "query", "no word" },
        { "*", "query", "no word" },
        { "\"...\"", "query", "no word" },
        { "subject:-", "query", "no word" },
        { "a subject:\"?\"", "query", "no word" },
        { "((((((((((a))))))))))", "query", "too deep" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *a CLEAN(arena_clean) = arena_new(1 * MIB);
        struct query_node *n;
        struct err e = { 0 };

        assert_int_equal(query_parse(str_of(cases[i].text), false, a, &n, &e), RC_INVALID);
        assert_string_equal(e.fields[0].code, cases[i].code);
        if (!strstr(e.fields[0].detail, cases[i].words))
            fail_msg("%s: \"%s\"", cases[i].text, e.fields[0].detail);
    }
}

static void limits_hold(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(1 * MIB);
    char text[QUERY_BYTES_MAX + 2];
    struct query_node *n;
    struct err e = { 0 };

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_int_equal(query_parse((struct str){ text, QUERY_BYTES_MAX }, false, a, &n, &e), RC_OK);
    assert_int_equal(query_parse((struct str){ text, QUERY_BYTES_MAX + 1 }, false, a, &n, &e),
                     RC_INVALID);
    for (size_t i = 0; i < QUERY_BYTES_MAX; i++)
        text[i] = i % 2 ? ' ' : 'x';
    err_clear(&e);
    assert_int_equal(query_parse((struct str){ text, QUERY_BYTES_MAX }, false, a, &n, &e),
                     RC_INVALID);
}

static void the_word_being_typed_is_a_prefix(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(1 * MIB);
    struct query_node *n;
    struct err e = { 0 };

    (void)state;
    assert_ok(query_parse(STR("vpn do"), true, a, &n, &e), &e);
    assert_int_equal(n->child->text_kind, QUERY_WORD);
    assert_int_equal(n->child->next->text_kind, QUERY_PREFIX);
    assert_ok(query_parse(STR("vpn do "), true, a, &n, &e), &e);
    assert_int_equal(n->child->next->text_kind, QUERY_WORD);
}

static void times_are_absolute_or_spans(void **state)
{
    int64_t now = 1000 * US_PER_DAY, t;

    (void)state;
    assert_true(query_time(STR("7d"), now, false, false, &t));
    assert_int_equal(t, 993 * US_PER_DAY);
    assert_true(query_time(STR("2h"), now, true, false, &t));
    assert_int_equal(t, now + 2 * US_PER_HOUR);
    assert_true(query_time(STR("1970-01-03"), now, false, false, &t));
    assert_int_equal(t, 2 * US_PER_DAY);
    assert_true(query_time(STR("1970-01-03"), now, false, true, &t));
    assert_int_equal(t, 3 * US_PER_DAY - 1);
    assert_false(query_time(STR("7x"), now, false, false, &t));
    assert_false(query_time(STR("1970-02-31"), now, false, false, &t));
    assert_false(query_time(STR(""), now, false, false, &t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_become_trees),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(the_word_being_typed_is_a_prefix),
        cmocka_unit_test(times_are_absolute_or_spans),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
