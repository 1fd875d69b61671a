/* Plain text from HTML, and HTML from plain text. */
#include "text/html_priv.h"

#include "base/arena.h"
#include "base/utf8.h"

enum { PARAGRAPH_GROWTH = 12, LINK_MAX = 2000 };

struct reader {
    struct html_tok tok;
    struct arena *a;
    struct buf out;
    size_t max;
    int newlines; /* to be written before the next word: 0, 1, 2 */
    bool space, item;
    size_t pre;
    enum tag skip;
};

static void flush_gap(struct reader *r)
{
    if (r->out.n)
        for (int i = 0; i < r->newlines; i++)
            buf_char(&r->out, '\n');
    if (r->space && r->out.n && !r->newlines)
        buf_char(&r->out, ' ');
    if (r->item)
        BUF_LIT(&r->out, "- ");
    r->newlines = 0;
    r->space = r->item = false;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void add_text(struct reader *r, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool inside = (s.p[i] & 0xC0) == 0x80; /* a character is written whole, and cut off later */
        bool nbsp = s.p[i] == '\xC2' && i + 1 < s.n && s.p[i + 1] == '\xA0';

        if (r->out.n >= r->max && !inside)
            return;
        if (r->pre && s.p[i] == '\n') {
            r->newlines++;
            continue;
        }
        if (nbsp || (is_space(s.p[i]) && !r->pre)) {
            r->space = true;
            i += nbsp;
            continue;
        }
        if (r->newlines || r->space || r->item)
            flush_gap(r);
        if ((unsigned char)s.p[i] >= ' ' || s.p[i] == '\t')
            buf_char(&r->out, s.p[i]);
    }
}

static void add_break(struct reader *r, int lines)
{
    r->space = false;
    if (r->newlines < lines)
        r->newlines = lines;
}

static bool is_paragraph(enum tag tag)
{
    return tag == TAG_P || tag == TAG_TABLE || tag == TAG_BLOCKQUOTE || tag == TAG_PRE
           || tag == TAG_UL || tag == TAG_OL || (tag >= TAG_H1 && tag <= TAG_H6);
}

static void take_block(struct reader *r, enum tag tag)
{
    if (tag == TAG_TD || tag == TAG_TH)
        r->space = true;
    else if (tag != TAG_NONE && tag < TAG_ALLOWED_END_ && (html_tag_info[tag].flags & TF_BLOCK))
        add_break(r, is_paragraph(tag) ? 2 : 1);
}

static void take_open(struct reader *r)
{
    enum tag tag = r->tok.tag;
    struct str name, value;

    if (tag == TAG_FOREIGN || tag == TAG_TEMPLATE || tag == TAG_SELECT) {
        r->skip = tag;
        return;
    }
    take_block(r, tag);
    r->pre += tag == TAG_PRE;
    if (tag == TAG_BR)
        r->newlines += r->newlines < 2;
    if (tag == TAG_LI)
        r->item = true;
    while (tag == TAG_IMG && html_attr_next(&r->tok, &name, &value)) {
        if (str_ieq(name, STR("alt")))
            add_text(r, html_decode(value, true, r->a));
    }
}

static void take_close(struct reader *r)
{
    enum tag tag = r->tok.tag;

    take_block(r, tag);
    if (tag == TAG_PRE && r->pre)
        r->pre--;
}

struct str html_to_text(struct str html, size_t max_bytes, struct arena *a)
{
    struct str input = utf8_repair(str_sub(html, 0, utf8_cut_bytes(html, HTML_INPUT_MAX)), a);
    struct reader r = { .tok = { .in = input }, .a = a, .max = max_bytes };
    enum html_kind kind;

    r.out = BUF_ARENA(a, input.n * 4 + 64);
    while (r.out.n < max_bytes && (kind = html_next(&r.tok)) != HTML_END) {
        if (r.skip) { /* a drawing: passed over up to its end, nested ones end it early */
            if (kind == HTML_CLOSE && r.tok.tag == r.skip)
                r.skip = TAG_NONE;
        } else if (kind == HTML_OPEN) {
            take_open(&r);
        } else if (kind == HTML_CLOSE) {
            take_close(&r);
        } else {
            add_text(&r, html_decode(r.tok.text, false, a));
        }
    }
    return str_sub(buf_view(&r.out), 0, utf8_cut_bytes(buf_view(&r.out), max_bytes));
}

/* ---- from text ---- */

/* Length of the web address at the start of s, 0 if there is none. */
static size_t address_length(struct str s)
{
    size_t scheme = str_istarts(s, STR("https://")) ? 8 : str_istarts(s, STR("http://")) ? 7 : 0;
    size_t n = scheme;

    if (!scheme)
        return 0;
    s = str_sub(s, 0, utf8_cut_bytes(s, LINK_MAX));
    while (n < s.n && (unsigned char)s.p[n] > ' ' && !strchr("<>\"`{}|\\^", s.p[n]))
        n++;
    while (n > scheme && strchr(".,;:!?'*_)]", s.p[n - 1])) /* those belong to the sentence */
        n--;
    return n > scheme ? n : 0;
}

static void add_line(struct buf *b, struct str line)
{
    size_t from = 0;

    for (size_t i = 0; i < line.n;) {
        struct str rest = str_sub(line, i, line.n);
        size_t n = (rest.p[0] | 0x20) == 'h' ? address_length(rest) : 0;
        struct str url = str_sub(rest, 0, n);

        if (n == 0) {
            i++;
            continue;
        }
        html_escape_text(b, str_sub(line, from, i - from));
        BUF_LIT(b, "<a href=\"");
        html_escape(b, url);
        BUF_LIT(b, "\">");
        html_escape_text(b, url);
        BUF_LIT(b, "</a>");
        i += n;
        from = i;
    }
    html_escape_text(b, str_sub(line, from, line.n));
}

struct str html_from_text(struct str text, struct arena *a)
{
    struct buf b = BUF_ARENA(a, text.n * PARAGRAPH_GROWTH + 64);
    struct html_safe safe;
    bool open = false;

    text = utf8_repair(text, a);
    while (text.n) {
        struct str line = str_cut(&text, '\n');

        if (str_trim(line).n == 0) {
            if (open)
                BUF_LIT(&b, "</p>\n");
            open = false;
            continue;
        }
        buf_str(&b, open ? STR("<br>\n") : STR("<p>"));
        open = true;
        add_line(&b, line);
    }
    if (open)
        BUF_LIT(&b, "</p>");
    html_clean(buf_view(&b), 0, a, &safe);
    return safe.html;
}
