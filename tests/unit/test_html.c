/* The sanitiser: what attacks make of it, what mails look like, what bombs cost. */
#include "test.h"

#include "base/buf.h"
#include "base/rand.h"
#include "html_check.h"
#include "text/html.h"

#include <stdlib.h>

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

static struct str clean(struct str html, struct arena *a)
{
    struct html_safe safe, again;
    const char *why;

    html_clean(html, 0, a, &safe);
    why = html_check(safe.html);
    if (why)
        fail_msg("%s: \"%.300s\" gave \"%.*s\"", why, html.p, STR_ARG(safe.html));
    html_clean(safe.html, 0, a, &again);
    if (!str_eq(safe.html, again.html))
        fail_msg("not stable: \"%.*s\" became \"%.*s\"", STR_ARG(safe.html), STR_ARG(again.html));
    return safe.html;
}

/* Each must leave only what html_check() lets pass; the second column is exact where it is given. */
static const struct {
    const char *html, *want;
} vectors[] = {
    { "<script>alert(1)</script>", "" },
    { "<SCRIPT SRC=//e.x/x.js></SCRIPT>x", "x" },
    { "<scr<script>ipt>alert(1)</scr</script>ipt>", NULL },
    { "<script>a</script ><b>x</b>", "<b>x</b>" },
    { "<script>\"</script>\"<i>y", "\"<i>y</i>" },
    { "<script/x>alert(1)</script>", "" },
    { "<<script>alert(1)//<</script>", "&lt;" },
    { "<img src=x onerror=alert(1)>", "" },
    { "<img/src=\"x\"/onerror=alert(1)>", "" },
    { "<img src=`x`onerror=alert(1)>", "" },
    { "<img src=\"x\" onerror\n=\n\"alert(1)\">", "" },
    { "<img \"\"\"><script>alert(1)</script>\">", NULL },
    { "<img src=javascript:alert(1)>", "" },
    { "<img src=data:image/svg+xml;base64,AAAA>", "" },
    { "<img src='data:image/png;base64,AA\" onerror=\"x'>", "" },
    { "<svg onload=alert(1)>", "" },
    { "<svg><script>alert(1)</script></svg>z", "z" },
    { "<svg><style><img src=x onerror=alert(1)></style></svg>", "" },
    { "<svg><foreignObject><iframe onload=alert(1)></foreignObject></svg>", "" },
    { "<math><mtext><table><mglyph><style><img src onerror=alert(1)></style></table></math>", NULL },
    { "<math><mi//xlink:href=\"data:x,<script>alert(4)</script>\">", NULL },
    { "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>", NULL },
    { "<a href=javascript:alert(1)>x</a>", "x" },
    { "<a href=\"JaVaScRiPt:alert(1)\">x</a>", "x" },
    { "<a href=\" &#14; javascript:alert(1)\">x</a>", "x" },
    { "<a href=\"java\nscript:alert(1)\">x</a>", "x" },
    { "<a href=\"java&Tab;script:alert(1)\">x</a>", "x" },
    { "<a href=\"javascript&colon;alert(1)\">x</a>", "x" },
    { "<a href=\"&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)\">x</a>", "x" },
    { "<a href=&#0000106&#0000097&#0000118&#0000097&#0000115&#0000099ript:alert(1)>x</a>", "x" },
    { "<a href=&#x6A&#x61vascript:alert(1)>x</a>", "x" },
    { "<a href=\"\x01javascript:alert(1)\">x</a>", "x" },
    { "<a href=\"vbscript:msgbox(1)\">x</a>", "x" },
    { "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>", "x" },
    { "<a href=\"//evil.example\">x</a>", "x" },
    { "<a href=\"/\\evil.example\">x</a>", "x" },
    { "<a href=\"file:///etc/passwd\">x</a>", "x" },
    { "<a href=\"https:evil\">x</a>", "x" },
    { "<a href='https://e.x/\"onmouseover=\"alert(1)'>x</a>", NULL },
    { "<a href=https://a.b target=_self rel=opener>x</a>",
      "<a href=\"https://a.b\" rel=\"noopener noreferrer nofollow\" target=\"_blank\">x</a>" },
    { "<a href=x href=https://a.b>x</a>", "x" },
    { "<a>x</a>y</a>z", "xyz" },
    { "<a name=top><a href=https://a.b>x</a>y",
      "<a href=\"https://a.b\" rel=\"noopener noreferrer nofollow\" target=\"_blank\">x</a>y" },
    { "<a href=https://a.b>x<a>y</a></a>z",
      "<a href=\"https://a.b\" rel=\"noopener noreferrer nofollow\" target=\"_blank\">x</a>yz" },
    { "<a title=' href=\"'>x</a>", "x" },
    { "<img width=1 title=' src=\"x\"'>", "" },
    { "<img alt=logo>", "<img alt=\"logo\">" },
    { "<b onclick=alert(1) ONMOUSEOVER=alert(1) x:onclick=a>x</b>", "<b>x</b>" },
    { "<b/onclick=alert(1)>x</b>", "<b>x</b>" },
    { "<div style=\"background:url(javascript:alert(1))\">x</div>", "<div>x</div>" },
    { "<div style=\"width:expression(alert(1))\">x</div>", "<div>x</div>" },
    { "<div style=\"color:red;background-image:url(//e.x/a)\">x</div>", "<div style=\"color:red\">x</div>" },
    { "<div style=\"col\\6fr:re\\64;position:fixed;top:0\">x</div>", "<div>x</div>" },
    { "<div style=\"color:red/**/;margin:-9999px;width:99999px\">x</div>", "<div>x</div>" },
    { "<div style='font-family:\"Segoe UI\",Arial;COLOR:#FF0000'>x</div>",
      "<div style=\"font-family:Segoe UI,Arial;color:#FF0000\">x</div>" },
    { "<div style=\"color:rgb(1,2,3);color:var(--x);color:rgb(1;color:url(x)\">x</div>",
      "<div style=\"color:rgb(1,2,3)\">x</div>" },
    { "<style>@import 'http://e.x/a.css';</style>x", "x" },
    { "<style><!--</style><script>alert(1)</script>-->", "--&gt;" },
    { "<!--<img src=\"--><img src=x onerror=alert(1)//\">", "" },
    { "<!--><img src=x onerror=alert(1)>-->", "--&gt;" },
    { "<!-- --!><img src=x onerror=alert(1)>", "" },
    { "<!---><b>x</b>", "<b>x</b>" },
    { "<!-- never ends <b>x</b>", "" },
    { "<![CDATA[<script>alert(1)</script>]]>x", NULL },
    { "<?xml version=\"1.0\"?><b>x</b>", "<b>x</b>" },
    { "<!DOCTYPE html><html><head><title>t</title></head><body onload=x>y</body></html>", "y" },
    { "<iframe src=javascript:alert(1)></iframe>x", "x" },
    { "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>", "" },
    { "<object data=x.swf><embed src=x></object>x", "x" },
    { "<embed src=javascript:alert(1)>", "" },
    { "<applet code=x>y</applet>", "y" },
    { "<base href=javascript:/a/><b>x</b>", "<b>x</b>" },
    { "<link rel=stylesheet href=//e.x/a.css>x", "x" },
    { "<meta http-equiv=refresh content=\"0;url=javascript:alert(1)\">x", "x" },
    { "<form action=//e.x><input name=a><button formaction=javascript:alert(1)>b</button></form>", "b" },
    { "<isindex type=image src=1 onerror=alert(1)>", "" },
    { "<video><source onerror=alert(1)></video>x", "x" },
    { "<audio src=x onerror=alert(1)>x", "x" },
    { "<details open ontoggle=alert(1)>x</details>", "<details>x</details>" },
    { "<marquee onstart=alert(1)>x</marquee>", "x" },
    { "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>", NULL },
    { "<noscript><style></noscript><img src=x onerror=alert(1)>", "" },
    { "<template><script>alert(1)</script><b>y</b></template>x", "x" },
    { "<template><template></template><b>y</b></template>x", "x" },
    { "<textarea><script>alert(1)</script></textarea>x", "x" },
    { "<xmp><script>alert(1)</script></xmp>x", "x" },
    { "<title><img src=x onerror=alert(1)></title>x", "x" },
    { "<plaintext><script>alert(1)</script>", "" },
    { "<select><option><style></select><img src=x onerror=alert(1)>x", NULL },
    { "<p title=\"&quot;><script>alert(1)</script>\">x</p>",
      "<p title=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\">x</p>" },
    { "<p title='\"onmouseover=alert(1) x=\"'>x</p>", "<p title=\"&quot;onmouseover=alert(1) x=&quot;\">x</p>" },
    { "&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;" },
    { "&amp;lt;b&amp;gt;", "&amp;lt;b&amp;gt;" },
    { "<b>x", "<b>x</b>" },
    { "x</b></p></div>", "x" },
    { "<b><i>x</b></i>y", "<b><i>x</i></b>y" },
    { "<p>a<p>b<div>c</div>", "<p>a</p><p>b</p><div>c</div>" },
    { "<ul><li>a<li>b<ul><li>c</ul><li>d</ul>",
      "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>" },
    { "<table><tr><td>a<td>b<tr><td>c</table>",
      "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>" },
    { "<td>no table</td><tr><tbody>x", "no tablex" },
    { "<table><tr><td>a</div></b>b</table>c", "<table><tr><td>ab</td></tr></table>c" },
    { "<div><table><tr><td></div>x</table>y</div>", "<div><table><tr><td>x</td></tr></table>y</div>" },
    { "<section id=a name=b class=c><article>x</article></section>", "<div><div>x</div></div>" },
    { "<input type=checkbox checked disabled> a <input type=text>", "\xE2\x98\x91 a " },
    { "<code class=\"language-c++\">x</code><b class=z>y</b>", "<code class=\"language-c++\">x</code><b>y</b>" },
    { "a < b && c > d &notanentity; &copy &euro; &#8364; &#x80; &#xD800;",
      "a &lt; b &amp;&amp; c &gt; d &amp;notanentity; \xC2\xA9 \xE2\x82\xAC \xE2\x82\xAC \xE2\x82\xAC \xEF\xBF\xBD" },
    { "a <", "a &lt;" },
    { "a </", "a &lt;/" },
    { "<b", "<b></b>" },
    { "<b title=\"x", "<b></b>" },
    { "</ x><b>y</b></>", "<b>y</b>" },
};

static void attacks_leave_nothing_that_acts(void **state)
{
    struct arena *a = *state;

    assert_true(ARRAY_LEN(vectors) >= 60);
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        struct str got = clean(str_of(vectors[i].html), a);

        if (vectors[i].want && !str_eq(got, str_of(vectors[i].want)))
            fail_msg("\"%s\" gave \"%.*s\"", vectors[i].html, STR_ARG(got));
    }
}

static void raw_bytes_are_made_harmless(void **state)
{
    struct arena *a = *state;

    assert_str_eq(clean(STR("<scr\0ipt>x</scr\0ipt>"), a), "");
    assert_str_eq(clean(STR("<b\xFF>x</b>\x1B\x80"), a), "x\xEF\xBF\xBD");
    assert_str_eq(clean(STR("<a href=\"java\0script:x\">y</a>"), a), "y");
}

static void remote_images_wait_for_a_click(void **state)
{
    struct arena *a = *state;
    struct html_safe safe;

    html_clean(STR("<img src=\"https://t.example/p.gif?a=1&b=2\" width=1 height=\"1px\" alt='\"x\"'>"
                   "<img src=\"cid:part1@host\"><img src='HTTP://x/y z'>"
                   "<img src=\"data:image/png;base64,iVBORw0=\"><img srcset='//x 2x'>"),
               0, a, &safe);
    assert_str_eq(safe.html, "<img data-src=\"https://t.example/p.gif?a=1&amp;b=2\" alt=\"&quot;x&quot;\" "
                             "height=\"1\" width=\"1\"><img data-cid=\"part1@host\">"
                             "<img data-src=\"HTTP://x/y%20z\"><img src=\"data:image/png;base64,iVBORw0=\">");
    assert_int_equal(safe.remote_images, 2);
    assert_int_equal(safe.cid_images, 1);
    assert_true(str_eq(clean(safe.html, a), safe.html));
}

static void own_links_stay_only_when_asked_for(void **state)
{
    struct arena *a = *state;
    struct str html = STR("<a href=/kb/1>a</a><a href=#x>b</a><a href=//e.x>c</a><a href='/\t/e.x'>d</a>");
    struct html_safe safe;

    html_clean(html, HTML_OWN_LINKS, a, &safe);
    assert_str_eq(safe.html, "<a href=\"/kb/1\">a</a><a href=\"#x\">b</a>cd");
    html_clean(html, 0, a, &safe);
    assert_str_eq(safe.html, "abcd");
}

struct bomb {
    const char *head, *unit, *tail;
    size_t times;
};

static const struct bomb bombs[] = {
    { "", "<div>", "", 100000 },
    { "", "<div></div>", "", 50000 },
    { "", "</div>", "", 80000 },
    { "<p", " a=b", ">x", 50000 },
    { "<a", " href=https://x", ">x", 50000 },
    { "", "<", "", 500000 },
    { "", "</", "", 250000 },
    { "", "<!--", "", 125000 },
    { "", "<!--->-->", "", 60000 },
    { "<!--", "--x", "", 150000 },
    { "", "<script>", "", 60000 },
    { "<script>", "</scrip", "", 70000 },
    { "<textarea>", "</textarea", "", 50000 },
    { "", "&", "", 500000 },
    { "", "&#x", "", 150000 },
    { "&#", "1", ";", 500000 },
    { "", "<b title=\"", "", 50000 },
    { "<b title='", "\"", "'>", 300000 },
    { "<table><tr><td>", "<p><table><tr><td>", "", 20000 },
    { "<table>", "<tr><td><table>", "", 30000 },
    { "<p><table><tr><td><b><b><b><b><b><b><b><b><b><b><b><b><b><b>", "<div></div>", "", 40000 },
    { "", "<a href=https://e.x/>", "", 20000 },
    { "", "<b><p></b>", "", 50000 },
    { "", "<svg>", "", 100000 },
    { "", "<template>", "</template>", 50000 },
    { "<div style=\"", "color:red;", "\">", 50000 },
    { "", "<li>", "", 100000 },
    { "<dl>", "<dd><dt>", "", 60000 },
};

static struct str make_bomb(const struct bomb *bomb, size_t times, struct arena *a)
{
    struct buf b = BUF_ARENA(a, 8 * MIB);

    buf_str(&b, str_of(bomb->head));
    for (size_t i = 0; i < times; i++)
        buf_str(&b, str_of(bomb->unit));
    buf_str(&b, str_of(bomb->tail));
    return buf_view(&b);
}

static void bombs_cost_no_more_than_their_length(void **state)
{
    struct arena *a = *state;

    for (size_t i = 0; i < ARRAY_LEN(bombs); i++) {
        struct str html = make_bomb(&bombs[i], bombs[i].times, a);
        struct html_safe safe;
        const char *why;

        html_clean(html, 0, a, &safe);
        if (safe.steps > html.n * 16)
            fail_msg("bomb %zu: %zu steps for %zu bytes", i, safe.steps, html.n);
        if ((why = html_check(safe.html)))
            fail_msg("bomb %zu: %s", i, why);
        assert_true(html_to_text(html, SIZE_MAX, a).n <= html.n * 2);
        arena_reset(a);
    }
}

static void depth_is_capped_and_later_content_stays(void **state)
{
    struct arena *a = *state;
    struct buf b = BUF_ARENA(a, 1 * MIB);
    struct str got;

    for (int i = 0; i < 300; i++)
        BUF_LIT(&b, "<div>");
    BUF_LIT(&b, "deep");
    for (int i = 0; i < 300; i++)
        BUF_LIT(&b, "</div>");
    BUF_LIT(&b, "<b>after</b>");
    got = clean(buf_view(&b), a);
    assert_int_equal(got.n, HTML_DEPTH_MAX * 11 + 4 + 12);
    assert_true(str_ends(got, STR("</div><b>after</b>")));
}

static void an_overlong_input_is_cut_and_says_so(void **state)
{
    struct arena *a = *state;
    struct str html = { arena_alloc_raw(a, HTML_INPUT_MAX + 10), HTML_INPUT_MAX + 10 };
    struct html_safe safe;

    memset((char *)(uintptr_t)html.p, 'x', html.n);
    html_clean(html, 0, a, &safe);
    assert_true(safe.cut);
    assert_int_equal(safe.html.n, HTML_INPUT_MAX);
}

static void random_markup_is_always_stable_and_safe(void **state)
{
    static const char *const bits[] = {
        "<", ">", "\"", "'", "=", "/", " ", "!", "--", "<!--", "-->", "a", "b", "script", "style", "svg",
        "math", "table", "tr", "td", "p", "li", "img", "src", "href", "onerror", "javascript:", "&", ";",
        "&#", "x3c", "title", "template", "textarea", "select", "noscript", "\n", "\xFF", "https://x", "div",
        "style=\"color:red\"", "<a href=", "<b>", "</b>", "cid:", "input type=checkbox", "]]>", "<![CDATA[",
    };
    struct arena *a = *state;

    rand_fake(77);
    for (int i = 0; i < 20000; i++) {
        struct buf b = BUF_ARENA(a, 4 * KIB);

        for (uint64_t n = rand_below(25); n; n--)
            buf_str(&b, str_of(bits[rand_below(ARRAY_LEN(bits))]));
        clean(buf_view(&b), a);
        html_to_text(buf_view(&b), SIZE_MAX, a);
        arena_reset(a);
    }
    rand_fake(0);
}

static void text_reads_as_the_page_looks(void **state)
{
    static const struct {
        const char *html, *text;
    } cases[] = {
        { "", "" },
        { "<p>One</p><p>Two  \n three</p>", "One\n\nTwo three" },
        { "a<br>b<br><br>c<br><br><br>d", "a\nb\n\nc\n\nd" },
        { "<ul><li>x</li><li>y <b>z</b></li></ul>after", "- x\n- y z\n\nafter" },
        { "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc" },
        { "<pre>a\n  b</pre>c", "a\n  b\n\nc" },
        { "<style>p{}</style><script>x</script><!-- c --><svg><text>no</text></svg>T&uuml;r &lt;b&gt;",
          "T\xC3\xBCr <b>" },
        { "<b>bo</b>ld <img alt=\"pic &amp; ture\">", "bold pic & ture" },
        { "a&nbsp;&nbsp;b", "a b" },
        { "<div>a</div><div>b</div>", "a\nb" },
    };
    struct arena *a = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str got = html_to_text(str_of(cases[i].html), SIZE_MAX, a);

        if (!str_eq(got, str_of(cases[i].text)))
            fail_msg("\"%s\" gave \"%.*s\"", cases[i].html, STR_ARG(got));
    }
    assert_str_eq(html_to_text(STR("<p>\xC3\xA4\xC3\xA4\xC3\xA4"), 3, a), "\xC3\xA4");
}

static void plain_text_becomes_paragraphs_and_links(void **state)
{
    struct arena *a = *state;

    assert_str_eq(html_from_text(STR("a <b>\r\nc & d\n\n\ne"), a),
                  "<p>a &lt;b&gt;<br>\nc &amp; d</p>\n<p>e</p>");
    assert_str_eq(html_from_text(STR("see https://x.y/a?b=1&c='2'. Or (http://z)."), a),
                  "<p>see <a href=\"https://x.y/a?b=1&amp;c=&#39;2\" rel=\"noopener noreferrer nofollow\" "
                  "target=\"_blank\">https://x.y/a?b=1&amp;c='2</a>'. Or (<a href=\"http://z\" "
                  "rel=\"noopener noreferrer nofollow\" target=\"_blank\">http://z</a>).</p>");
    assert_str_eq(html_from_text(STR(""), a), "");
    assert_str_eq(html_from_text(STR("http:// javascript:x <script>"), a),
                  "<p>http:// javascript:x &lt;script&gt;</p>");
}

#define HTML_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTML_TEST(attacks_leave_nothing_that_acts),
        HTML_TEST(raw_bytes_are_made_harmless),
        HTML_TEST(remote_images_wait_for_a_click),
        HTML_TEST(own_links_stay_only_when_asked_for),
        HTML_TEST(bombs_cost_no_more_than_their_length),
        HTML_TEST(depth_is_capped_and_later_content_stays),
        HTML_TEST(an_overlong_input_is_cut_and_says_so),
        HTML_TEST(random_markup_is_always_stable_and_safe),
        HTML_TEST(text_reads_as_the_page_looks),
        HTML_TEST(plain_text_becomes_paragraphs_and_links),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
