/* Markdown: what people write, what attacks write, what bombs cost. */
#include "test.h"

#include "base/buf.h"
#include "base/rand.h"
#include "html_check.h"
#include "text/html.h"
#include "text/markdown.h"

#include <stdlib.h>

#define REL " rel=\"noopener noreferrer nofollow\" target=\"_blank\""

static int setup(void **state)
{
    *state = arena_new(2 * GIB);
    return 0;
}

static int teardown(void **state)
{
    struct arena *a = *state;

    arena_free(&a);
    return 0;
}

static struct str render(struct str text, struct arena *a)
{
    struct str html = markdown_to_html(text, 0, a);
    const char *why = html_check(html);

    if (why)
        fail_msg("%s: \"%.200s\" gave \"%.*s\"", why, text.p, STR_ARG(html));
    return html;
}

static void usual_markdown_is_rendered(void **state)
{
    static const struct {
        const char *text, *html;
    } cases[] = {
        { "", "" },
        { "# T\n\na *b* **c** `d<e`", "<h1>T</h1>\n<p>a <em>b</em> <strong>c</strong> <code>d&lt;e</code></p>\n" },
        { "one\ntwo", "<p>one<br>\ntwo</p>\n" },
        { "- [x] a\n- [ ] b", "<ul><li>\xE2\x98\x91 a</li>\n<li>\xE2\x98\x90 b</li>\n</ul>\n" },
        { "3. x", "<ol start=\"3\"><li>x</li>\n</ol>\n" },
        { "~~x~~ https://e.x/?a&b",
          "<p><del>x</del> <a href=\"https://e.x/?a&amp;b\"" REL ">https://e.x/?a&amp;b</a></p>\n" },
        { "[a](https://e.x \"t\\\"\")", "<p><a href=\"https://e.x\"" REL " title=\"t&quot;\">a</a></p>\n" },
        { "![pic *x*](https://e.x/i.png)", "<p><img data-src=\"https://e.x/i.png\" alt=\"pic x\"></p>\n" },
        { "```c++\nif (a < b)\n  x;\n```",
          "<pre><code class=\"language-c++\">if (a &lt; b)\n  x;\n</code></pre>\n" },
        { "|a|b|\n|---|:-:|\n|1|2|", "<table><thead><tr><th>a</th>\n<th align=\"center\">b</th>\n</tr>\n</thead>\n"
                                     "<tbody><tr><td>1</td>\n<td align=\"center\">2</td>\n</tr>\n</tbody>\n</table>\n" },
        { "> q\n\n---", "<blockquote><p>q</p>\n</blockquote>\n<hr>\n" },
        { "&copy; &lt;b&gt; &#60;", "<p>\xC2\xA9 &lt;b&gt; &lt;</p>\n" },
    };
    struct arena *a = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str got = render(str_of(cases[i].text), a);

        if (!str_eq(got, str_of(cases[i].html)))
            fail_msg("\"%s\" gave \"%.*s\"", cases[i].text, STR_ARG(got));
    }
}

static void raw_html_and_bad_links_do_nothing(void **state)
{
    static const char *const attacks[] = {
        "<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))", "[x](java&#115;cript:alert(1))", "[x](data:text/html,a)",
        "![x](javascript:alert(1))", "<javascript:alert(1)>", "[x]: javascript:alert(1)\n\n[x]",
        "[x](https://a \"\\\" onclick=alert(1) \\\"\")", "![\" onerror=alert(1) x=\"](https://a)",
        "```\" onclick=alert(1)\nx\n```", "[x](https://a\"onclick=alert(1))", "<a href=\"javascript:x\">y</a>",
        "<!-- --> <svg onload=alert(1)>", "[![x](https://a)](vbscript:x)",
    };
    struct arena *a = *state;

    for (size_t i = 0; i < ARRAY_LEN(attacks); i++) {
        struct str got = render(str_of(attacks[i]), a);

        assert_int_equal(str_find(got, STR("<script")), SIZE_MAX);
        assert_int_equal(str_find(got, STR("<a href=\"j")), SIZE_MAX);
    }
}

struct bomb {
    const char *head, *unit, *tail;
    size_t times;
};

static const struct bomb bombs[] = {
    { "", "*a", "", 50000 },          { "", "**a ", "", 40000 },      { "", "[", "", 100000 },
    { "", "[a](", "", 30000 },        { "", "![", "", 50000 },        { "", "> ", "", 50000 },
    { "", "- ", "a", 5000 },         { "", "`", "", 100000 },        { "", "_a*", "", 40000 },
    { "", "<a", "", 50000 },          { "", "&", "", 100000 },        { "", "[a]", "", 40000 },
    { "", "a@b.c ", "", 20000 },      { "", "http://", "", 20000 },   { "", "\\", "", 100000 },
    { "", "~a", "", 50000 },          { "", "[]()", "", 30000 },      { "a\n", "\n|", "", 40000 },
};

static struct str make_bomb(const struct bomb *bomb, struct arena *a)
{
    struct buf b = BUF_ARENA(a, 8 * MIB);

    buf_str(&b, str_of(bomb->head));
    for (size_t i = 0; i < bomb->times; i++)
        buf_str(&b, str_of(bomb->unit));
    buf_str(&b, str_of(bomb->tail));
    return buf_view(&b);
}

static void bombs_are_rendered_or_shown_as_text(void **state)
{
    struct arena *a = *state;

    for (size_t i = 0; i < ARRAY_LEN(bombs); i++) {
        render(make_bomb(&bombs[i], a), a);
        arena_reset(a);
    }
}

/* Rows as wide as the head, and one long definition used often: quadratic output is given up. */
static void output_that_blows_up_becomes_plain_text(void **state)
{
    struct arena *a = *state;
    struct buf table = BUF_ARENA(a, 8 * MIB), links = BUF_ARENA(a, 8 * MIB);

    for (int i = 0; i < 10000; i++)
        BUF_LIT(&table, "|a");
    BUF_LIT(&table, "|\n");
    for (int i = 0; i < 10000; i++)
        BUF_LIT(&table, "|---");
    BUF_LIT(&table, "|\n");
    for (int i = 0; i < 10000; i++)
        BUF_LIT(&table, "|\n");
    assert_int_equal(str_find(render(buf_view(&table), a), STR("<td>")), SIZE_MAX);
    BUF_LIT(&links, "[a]: https://");
    for (int i = 0; i < 40000; i++)
        buf_char(&links, 'x');
    BUF_LIT(&links, "\n\n");
    for (int i = 0; i < 10000; i++)
        BUF_LIT(&links, "[a] ");
    assert_true(render(buf_view(&links), a).n < 8 * links.n);
}

#define MARKDOWN_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MARKDOWN_TEST(usual_markdown_is_rendered),
        MARKDOWN_TEST(raw_html_and_bad_links_do_nothing),
        MARKDOWN_TEST(bombs_are_rendered_or_shown_as_text),
        MARKDOWN_TEST(output_that_blows_up_becomes_plain_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
