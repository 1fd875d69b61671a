/* The sanitiser: tokens in, allowed tags out, with a stack that keeps them balanced. */
#include "text/html_priv.h"

#include "base/arena.h"
#include "base/utf8.h"

/* No byte of input becomes more than this many of output (a quote in a title: &quot;), see also the
 * fixed words behind a link. */
enum { GROWTH_MAX = 8, GROWTH_FIXED = 4096 };

struct cleaner {
    struct html_tok tok;
    struct arena *a;
    unsigned flags;
    struct buf out;
    struct html_safe *result;
    enum tag stack[HTML_DEPTH_MAX];
    size_t depth;
    size_t open[TAG_ALLOWED_END_];    /* how often each stands on the stack */
    size_t dropped[TAG_ALLOWED_END_]; /* start tags left out, for depth or as empty: their end tags go too */
    enum tag skip;                    /* inside this element all is left out */
    size_t skip_depth;
};

static void close_top(struct cleaner *c)
{
    enum tag tag = c->stack[--c->depth];

    c->open[tag]--;
    BUF_LIT(&c->out, "</");
    buf_str(&c->out, str_of(html_tag_info[tag].name));
    buf_char(&c->out, '>');
}

static void close_down_to(struct cleaner *c, size_t depth)
{
    while (c->depth > depth)
        close_top(c);
}

static bool any_open(const struct cleaner *c, uint64_t tags)
{
    for (; tags; tags &= tags - 1) {
        if (c->open[__builtin_ctzll(tags)])
            return true;
    }
    return false;
}

/* Index of the lowest element of tags above the nearest of within; the depth if there is none. */
static size_t lowest_open(struct cleaner *c, uint64_t tags, uint64_t within)
{
    size_t found = c->depth;

    for (size_t i = c->depth; i > 0; i--) {
        uint64_t bit = tag_bit(c->stack[i - 1]);

        c->result->steps++;
        if (bit & tags)
            found = i - 1;
        if (bit & within)
            break;
    }
    return found;
}

/* Check boxes (task lists) become characters: no form control is let through. */
static void write_check_box(struct cleaner *c)
{
    struct str name, value;
    bool box = false, checked = false;

    while (html_attr_next(&c->tok, &name, &value)) {
        box |= str_ieq(name, STR("type")) && str_ieq(value, STR("checkbox"));
        checked |= str_ieq(name, STR("checked"));
    }
    if (box)
        buf_str(&c->out, checked ? STR("\xE2\x98\x91") : STR("\xE2\x98\x90"));
}

/* A link that leads nowhere and a picture that shows nothing are none.  Values hold no quotes, so what
 * is looked for is an attribute. */
static bool is_empty(const struct cleaner *c, enum tag tag, size_t from)
{
    struct str tag_text = { c->out.p + from, c->out.n - from };

    if (tag == TAG_A)
        return str_find(tag_text, STR(" href=\"")) == SIZE_MAX;
    return tag == TAG_IMG && str_find(tag_text, STR("src=\"")) == SIZE_MAX && str_find(tag_text, STR("cid=\"")) == SIZE_MAX
           && str_find(tag_text, STR(" alt=\"")) == SIZE_MAX;
}

/* False when nothing was written. */
static bool write_open(struct cleaner *c, enum tag tag)
{
    size_t from = c->out.n;

    buf_char(&c->out, '<');
    buf_str(&c->out, str_of(html_tag_info[tag].name));
    html_write_attrs(&c->tok, tag, c->flags, c->a, &c->out, c->result);
    buf_char(&c->out, '>');
    if (!is_empty(c, tag, from))
        return true;
    c->out.n = from;
    return false;
}

static void open_allowed(struct cleaner *c, enum tag tag)
{
    const struct tag_info *info = &html_tag_info[tag];

    if ((info->flags & TF_TABLE) && !c->open[TAG_TABLE])
        return;
    if (any_open(c, info->closes))
        close_down_to(c, lowest_open(c, info->closes, info->within));
    if (info->flags & TF_VOID) {
        (void)write_open(c, tag);
        return;
    }
    if (tag == TAG_A)
        c->dropped[tag] = 0; /* it ends an earlier one, also one that was left out */
    if (c->depth == HTML_DEPTH_MAX || !write_open(c, tag)) {
        c->dropped[tag]++;
        return;
    }
    c->stack[c->depth++] = tag;
    c->open[tag]++;
}

/* Inside an element that is left out whole.  Ordinary HTML ends a drawing or a formula that was
 * never closed, as it does in browsers. */
static bool still_skipping(struct cleaner *c, enum tag tag)
{
    const uint64_t breaks_out = TAGS(DIV) | TAGS(P) | TAGS(TABLE) | TAGS(BR) | TAGS(SPAN) | TAGS(UL)
                                | TAGS(OL) | TAGS(IMG) | TAGS(BLOCKQUOTE) | TAGS(PRE) | TAGS(HR);

    if (c->skip == TAG_FOREIGN && (tag_bit(tag) & breaks_out)) {
        c->skip = TAG_NONE;
        return false;
    }
    if (tag == c->skip) {
        struct str name, value;

        while (html_attr_next(&c->tok, &name, &value))
            continue;
        c->skip_depth += !c->tok.self_closing;
    }
    return true;
}

static void start_skipping(struct cleaner *c, enum tag tag)
{
    struct str name, value;

    while (html_attr_next(&c->tok, &name, &value))
        continue;
    if (tag == TAG_FOREIGN && c->tok.self_closing)
        return;
    c->skip = tag;
    c->skip_depth = 1;
}

static void take_open(struct cleaner *c)
{
    enum tag tag = c->tok.tag;

    if (c->skip && still_skipping(c, tag))
        return;
    if (tag == TAG_FOREIGN || tag == TAG_TEMPLATE || tag == TAG_SELECT)
        start_skipping(c, tag);
    else if (tag == TAG_INPUT)
        write_check_box(c);
    else if (tag != TAG_NONE && tag < TAG_ALLOWED_END_)
        open_allowed(c, tag);
}

static void take_close(struct cleaner *c)
{
    const uint64_t cells = TAGS(TD) | TAGS(TH) | TAGS(TABLE);
    enum tag tag = c->tok.tag;
    size_t at;

    if (c->skip) {
        if (tag == c->skip && --c->skip_depth == 0)
            c->skip = TAG_NONE;
        return;
    }
    if (tag == TAG_NONE || tag >= TAG_ALLOWED_END_)
        return;
    if (c->dropped[tag]) {
        c->dropped[tag]--;
        return;
    }
    if (!c->open[tag])
        return;
    /* The nearest one, but from inside a cell only what belongs to the cell or to its table. */
    for (at = c->depth; at > 0 && c->stack[at - 1] != tag; at--) {
        c->result->steps++;
        if ((tag_bit(c->stack[at - 1]) & cells) && !(html_tag_info[tag].flags & TF_TABLE)
            && tag != TAG_TABLE)
            return;
    }
    close_down_to(c, at - 1);
}

void html_clean(struct str html, unsigned flags, struct arena *a, struct html_safe *out)
{
    struct str input = utf8_repair(str_sub(html, 0, utf8_cut_bytes(html, HTML_INPUT_MAX)), a);
    struct cleaner c = { .tok = { .in = input }, .a = a, .flags = flags, .result = out };
    enum html_kind kind;

    *out = (struct html_safe){ .cut = html.n > HTML_INPUT_MAX };
    c.out = BUF_ARENA(a, input.n * GROWTH_MAX + GROWTH_FIXED);
    buf_reserve(&c.out, input.n + 1);
    while ((kind = html_next(&c.tok)) != HTML_END) {
        if (kind == HTML_OPEN)
            take_open(&c);
        else if (kind == HTML_CLOSE)
            take_close(&c);
        else if (!c.skip)
            html_escape_text(&c.out, html_decode(c.tok.text, false, a));
        out->steps++;
    }
    out->steps += input.n;
    close_down_to(&c, 0);
    out->html = buf_view(&c.out);
}

/* Writes s with the characters of set replaced and controls left out. */
static void escape(struct buf *b, struct str s, const char *const words[256])
{
    size_t from = 0;

    for (size_t i = 0; i < s.n; i++) {
        const char *word = words[(unsigned char)s.p[i]];

        if (!word)
            continue;
        buf_add(b, s.p + from, i - from);
        buf_str(b, str_of(word));
        from = i + 1;
    }
    buf_add(b, s.p + from, s.n - from);
}

#define CONTROLS [0 ... 8] = "", [11] = "", [12] = " ", [13] = "", [14 ... 31] = "", [127] = ""

void html_escape(struct buf *b, struct str s)
{
    static const char *const words[256] = {
        CONTROLS,       ['&'] = "&amp;",  ['<'] = "&lt;",
        ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;",
    };

    escape(b, s, words);
}

void html_escape_text(struct buf *b, struct str s)
{
    static const char *const words[256] = {
        CONTROLS,
        ['&'] = "&amp;",
        ['<'] = "&lt;",
        ['>'] = "&gt;",
    };

    escape(b, s, words);
}
