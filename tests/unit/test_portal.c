/* The pure parts of the portal: catalogues, the HTML writer, forms, own paths, masked tokens. */
#include "test.h"

#include "base/arena.h"
#include "base/clock.h"
#include "portal/page.h"
#include "web/csrf.h"
#include "web/form.h"

#define HOSTILE "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;"

static size_t placeholders(struct str s)
{
    size_t n = 0, at;

    while ((at = str_find(s, STR("{}"))) != SIZE_MAX) {
        n++;
        s = str_sub(s, at + 2, s.n);
    }
    return n;
}

static void every_text_is_there_in_every_language_with_the_same_values(void **state)
{
    (void)state;
    for (int w = W_NONE + 1; w < W_COUNT_; w++) {
        struct str first = words_of(&langs[0], (enum word)w);

        for (size_t i = 0; i < LANGS; i++) {
            struct str s = words_of(&langs[i], (enum word)w);

            if (s.n == 0 || placeholders(s) != placeholders(first))
                fail_msg("%s: text %d is \"%.*s\"", langs[i].code, w, STR_ARG(s));
            assert_true(str_find(s, STR("<")) == SIZE_MAX);
        }
    }
}

static void the_language_is_the_best_that_is_wanted(void **state)
{
    static const struct {
        const char *accept, *code;
    } table[] = {
        { "", "en" },       { "ar", "ar" },          { "ar-EG,en;q=0.5", "ar" }, { "en;q=0.4, ar;q=0.9", "ar" }, { "fr, de", "en" },
        { "ar;q=0", "en" }, { "fr,ar;q=0.1", "ar" }, { ";;;,,q", "en" },         { "AR", "ar" },                 { "ar;q=x", "en" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        assert_string_equal(lang_negotiate(str_of(table[i].accept))->code, table[i].code);
    assert_null(lang_of(STR("")));
    assert_null(lang_of(STR("arab")));
}

static void values_are_never_markup(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(MIB);
    struct buf b = BUF_ARENA(a, MIB);
    struct html h = { &b, &langs[0] };

    (void)state;
    html(&h, "<a title=\"{}\">{}</a>{}", T(STR(HOSTILE)), T(STR(HOSTILE)), N(-5));
    html_words(&h, W_FAIL_WAIT, T(STR(HOSTILE)));
    assert_true(str_find(buf_view(&b), STR("<script")) == SIZE_MAX);
    assert_true(str_find(buf_view(&b), STR("<img")) == SIZE_MAX);
    assert_true(str_find(buf_view(&b), STR("title=\"&quot;&#39;&gt;")) != SIZE_MAX);
    assert_true(str_find(buf_view(&b), STR("</a>-5")) != SIZE_MAX);
}

static void times_and_sizes_are_readable(void **state)
{
    static const struct {
        int64_t n;
        const char *text;
    } sizes[] = { { 0, "0 B" }, { 999, "999 B" }, { 1000, "1.0 KB" }, { 1449, "1.4 KB" }, { 70000, "70 KB" }, { 25600000, "25 MB" },
                  { INT64_C(3200000000), "3.2 GB" } };
    struct arena *a CLEAN(arena_clean) = arena_new(MIB);
    struct buf b = BUF_ARENA(a, MIB);
    struct html h = { &b, &langs[0] };
    int64_t t;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        b.n = 0;
        html_bytes(&h, sizes[i].n);
        assert_true(str_eq(buf_view(&b), str_printf(a, "<bdi>%s</bdi>", sizes[i].text)));
    }
    b.n = 0;
    assert_true(clock_parse(STR("2026-11-23T21:05:42.123Z"), &t));
    html_time(&h, t);
    assert_str_eq(buf_view(&b), "<time datetime=\"2026-11-23T21:05:42.123Z\">23 Nov 2026, 21:05 UTC</time>");
}

static void only_own_paths_are_gone_to(void **state)
{
    static const char *const bad[] = { "",  "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "a/b",
                                       "/a b", "/a\r\nset-cookie: x=1", "/\xC3\xA4", "\\/evil" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_str_eq(page_own_path(str_of(bad[i])), "/");
    assert_str_eq(page_own_path(STR("/requests?state=open&q=a%20b")), "/requests?state=open&q=a%20b");
}

static void a_masked_token_differs_each_time_and_comes_back(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(MIB);
    struct str token = STR("0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"), one = csrf_mask(token, a), two = csrf_mask(token, a);

    (void)state;
    assert_false(str_eq(one, two));
    assert_true(str_eq(csrf_unmask(one, a), token) && str_eq(csrf_unmask(two, a), token));
    assert_false(str_eq(csrf_unmask(str_sub(one, 0, one.n - 4), a), token));
    assert_null(csrf_unmask(STR(""), a).p);
    assert_null(csrf_unmask(STR_NONE, a).p);
    assert_null(csrf_unmask(STR("%%%"), a).p);
    assert_false(str_eq(csrf_unmask(token, a), token));
}

/* ---- Forms ---- */

static enum rc read_form(const char *type, const char *body, struct arena *a, struct form *f, struct err *e)
{
    struct http_header header = { STR("content-type"), str_of(type) };
    struct exchange x = { .headers = &header, .n_headers = 1, .body = str_of(body), .body_len = strlen(body), .body_fd = -1 };

    return form_read(&x, a, f, e);
}

#define URLENCODED "application/x-www-form-urlencoded"
#define MULTIPART "multipart/form-data; boundary=B"

static void forms_are_read_as_browsers_send_them(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(16 * MIB);
    struct err e = { 0 };
    struct form f;

    (void)state;
    assert_ok(read_form(URLENCODED, "a=1+2&b=%26%0D%0Ax&a=3&empty=&=x", a, &f, &e), &e);
    assert_int_equal(f.n, 4);
    assert_str_eq(form_get(&f, STR("a")), "1 2");
    assert_str_eq(form_get(&f, STR("b")), "&\nx");
    assert_str_eq(form_get(&f, STR("empty")), "");
    assert_null(form_get(&f, STR("none")).p);
    assert_ok(read_form(MULTIPART, "--B\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\nx\r\ny\r\n"
                                   "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhi\r\n"
                                   "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n\r\n--B--\r\n",
                        a, &f, &e), &e);
    assert_str_eq(form_get(&f, STR("t")), "x\ny");
    assert_int_equal(f.n_files, 1);
    assert_str_eq(f.files[0].file_name, "a.txt");
    assert_str_eq(f.files[0].bytes, "hi");
}

static void what_is_no_form_is_refused(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(16 * MIB);
    struct buf many = BUF_ARENA(a, MIB);
    struct err e = { 0 };
    struct form f;

    (void)state;
    assert_int_equal(read_form(URLENCODED, "a=%zz", a, &f, &e), RC_BAD);
    assert_int_equal(read_form(URLENCODED, "a=%00", a, &f, &e), RC_BAD);
    assert_int_equal(read_form(URLENCODED, "a=%C3%28", a, &f, &e), RC_BAD);
    assert_int_equal(read_form("application/json", "{}", a, &f, &e), RC_MEDIA_TYPE);
    assert_int_equal(read_form(MULTIPART, "nothing", a, &f, &e), RC_BAD);
    for (int i = 0; i <= FORM_VALUES_MAX; i++)
        buf_printf(&many, "a%d=1&", i);
    buf_char(&many, '\0');
    assert_int_equal(read_form(URLENCODED, many.p, a, &f, &e), RC_BAD);
    form_query(STR("q=a%zz&x=1&y=%C3%28&=5&z"), a, &f);
    assert_int_equal(f.n, 2);
    assert_str_eq(form_get(&f, STR("x")), "1");
}

struct body {
    struct j_text title, token;
    struct j_int n, yes;
    struct j_ints ids;
};
static const struct jfield body_fields[] = {
    { .name = "title", .type = J_TEXT, .flags = JF_REQUIRED, .min = 1, .max = 9, .off = offsetof(struct body, title), .help = "." },
    { .name = "token", .type = J_TEXT, .flags = JF_TOKEN | JF_SECRET, .max = 50, .off = offsetof(struct body, token), .help = "." },
    { .name = "n", .type = J_INT, .max = 9, .off = offsetof(struct body, n), .help = "." },
    { .name = "yes", .type = J_BOOL, .off = offsetof(struct body, yes), .help = "." },
    { .name = "ids", .type = J_IDS, .off = offsetof(struct body, ids), .help = "." },
};
static const struct jspec body_spec = JSPEC("Body", body_fields, struct body);

static json_t *held; /* what the body's texts are views of */

static enum rc as_body(const char *text, struct arena *a, const struct body **out, struct err *e)
{
    struct form f;
    void *v = NULL;
    enum rc rc;

    *e = (struct err){ 0 };
    if (read_form(URLENCODED, text, a, &f, e) != RC_OK)
        return e->rc;
    json_decref(held);
    held = form_json(&f, &body_spec);
    rc = jspec_read(&body_spec, held, a, &v, e);
    *out = v;
    return rc;
}

static void a_form_is_held_against_the_same_lists_as_a_body(void **state)
{
    struct arena *a CLEAN(arena_clean) = arena_new(16 * MIB);
    const struct body *b;
    struct err e;

    (void)state;
    assert_ok(as_body("title=T&n=3&yes=1&ids=4&ids=5&csrf=x&once=y&token=+https%3A%2F%2Fh%2Fv%23token%3Dabc+", a, &b, &e), &e);
    assert_int_equal(b->n.v, 3);
    assert_int_equal(b->yes.v, 1);
    assert_int_equal(b->ids.n, 2);
    assert_int_equal(b->ids.v[1], 5);
    assert_str_eq(b->token.v, "abc");
    assert_int_equal(as_body("title=", a, &b, &e), RC_INVALID);
    assert_string_equal(e.fields[0].pointer, "/title");
    assert_string_equal(e.fields[0].code, "required");
    assert_int_equal(as_body("title=T&other=1", a, &b, &e), RC_INVALID);
    assert_string_equal(e.fields[0].pointer, "/other");
    assert_int_equal(as_body("title=T&n=many", a, &b, &e), RC_INVALID);
    assert_string_equal(e.fields[0].pointer, "/n");
    assert_int_equal(as_body("title=T&title=U", a, &b, &e), RC_OK);
    assert_str_eq(b->title.v, "T");
    json_decref(held);
    held = NULL;
}

static void what_was_typed_has_a_fingerprint_of_its_own(void **state)
{
    static const char *const all[] = { "a=1&b=2", "a=12&b=", "a=1&b=3", "a=1", "a=1&b=2&c=3", "b=2&a=1" };
    struct arena *a CLEAN(arena_clean) = arena_new(16 * MIB);
    struct str seen[ARRAY_LEN(all)];
    struct err e = { 0 };
    struct form f;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        assert_ok(read_form(URLENCODED, all[i], a, &f, &e), &e);
        seen[i] = form_fingerprint(&f, a);
        for (size_t k = 0; k < i; k++)
            assert_false(str_eq(seen[i], seen[k]));
    }
    assert_ok(read_form(URLENCODED, "a=1&csrf=another&b=2", a, &f, &e), &e);
    assert_true(str_eq(form_fingerprint(&f, a), seen[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_is_there_in_every_language_with_the_same_values),
        cmocka_unit_test(the_language_is_the_best_that_is_wanted),
        cmocka_unit_test(values_are_never_markup),
        cmocka_unit_test(times_and_sizes_are_readable),
        cmocka_unit_test(only_own_paths_are_gone_to),
        cmocka_unit_test(a_masked_token_differs_each_time_and_comes_back),
        cmocka_unit_test(forms_are_read_as_browsers_send_them),
        cmocka_unit_test(what_is_no_form_is_refused),
        cmocka_unit_test(a_form_is_held_against_the_same_lists_as_a_body),
        cmocka_unit_test(what_was_typed_has_a_fingerprint_of_its_own),
    };

    return cmocka_run_group_tests_name("portal", tests, NULL, NULL);
}
