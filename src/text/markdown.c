#include "text/markdown.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "text/html.h"

#include <md4c.h>

/* A table row fills up to the width of its head, and one definition serves many links: output is
 * not bounded by the input, so rendering is given up at this size. */
enum { GROWTH_MAX = 24, GROWTH_FIXED = 4096, PADDING = 256 };

struct render {
    struct str source;
    struct buf out;
    int in_image; /* between image brackets only text counts */
};

static const char *const block_names[] = {
    [MD_BLOCK_QUOTE] = "blockquote",
    [MD_BLOCK_UL] = "ul",
    [MD_BLOCK_OL] = "ol",
    [MD_BLOCK_LI] = "li",
    [MD_BLOCK_P] = "p",
    [MD_BLOCK_TABLE] = "table",
    [MD_BLOCK_THEAD] = "thead",
    [MD_BLOCK_TBODY] = "tbody",
    [MD_BLOCK_TR] = "tr",
    [MD_BLOCK_TH] = "th",
    [MD_BLOCK_TD] = "td",
};

static const char *const span_names[] = {
    [MD_SPAN_EM] = "em",     [MD_SPAN_STRONG] = "strong", [MD_SPAN_A] = "a",
    [MD_SPAN_CODE] = "code", [MD_SPAN_DEL] = "del",
};

static int full(const struct render *r)
{
    return r->out.overflow;
}

static struct str text_view(const MD_CHAR *p, MD_SIZE n)
{
    return (struct str){ p, n };
}

/* md4c 0.4.8 gives pieces that reach beyond the text ("[a](b ![c](d![c](d]").  What does not point
 * into it is a constant or a buffer of md4c's own. */
static MD_SIZE within(struct str source, const MD_CHAR *p, MD_SIZE n)
{
    uintptr_t at = (uintptr_t)p, from = (uintptr_t)source.p, to = from + source.n;

    if (at < from || at > to + PADDING)
        return n;
    if (at >= to)
        return 0;
    return n > to - at ? (MD_SIZE)(to - at) : n;
}

/* name="…"; entities stay as written, the sanitiser decodes them. */
static void add_attr(struct render *r, const char *name, const MD_ATTRIBUTE *v)
{
    MD_SIZE size = within(r->source, v->text, v->size);
    struct buf *b = &r->out;

    if (size == 0)
        return;
    buf_printf(b, " %s=\"", name);
    for (size_t i = 0; v->substr_offsets[i] < size; i++) {
        MD_OFFSET from = v->substr_offsets[i], next = v->substr_offsets[i + 1];
        MD_OFFSET to = next < size ? next : size;

        if (v->substr_types[i] == MD_TEXT_ENTITY)
            buf_add(b, v->text + from, to - from);
        else
            html_escape(b, text_view(v->text + from, to - from));
    }
    buf_char(b, '"');
}

static void open_tag(struct buf *b, const char *name)
{
    buf_char(b, '<');
    buf_str(b, str_of(name));
    buf_char(b, '>');
}

static void open_item(struct buf *b, const MD_BLOCK_LI_DETAIL *li)
{
    BUF_LIT(b, "<li>");
    if (li->is_task)
        buf_str(b, li->task_mark == ' ' ? STR("<input type=checkbox> ")
                                        : STR("<input type=checkbox checked> "));
}

static void open_cell(struct buf *b, const char *name, MD_ALIGN align)
{
    static const char *const aligns[] = {
        [MD_ALIGN_LEFT] = "left", [MD_ALIGN_CENTER] = "center", [MD_ALIGN_RIGHT] = "right"
    };

    if (align == MD_ALIGN_DEFAULT)
        open_tag(b, name);
    else
        buf_printf(b, "<%s align=\"%s\">", name, aligns[align]);
}

static void open_code(struct render *r, const MD_BLOCK_CODE_DETAIL *code)
{
    struct str lang = { code->lang.text, within(r->source, code->lang.text, code->lang.size) };
    struct buf *b = &r->out;

    BUF_LIT(b, "<pre><code");
    if (lang.n) {
        BUF_LIT(b, " class=\"language-");
        html_escape(b, lang);
        buf_char(b, '"');
    }
    buf_char(b, '>');
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
    struct render *r = arg;
    struct buf *b = &r->out;

    switch (type) {
    case MD_BLOCK_DOC:
    case MD_BLOCK_HTML: /* raw HTML is switched off */
        break;
    case MD_BLOCK_HR:
        BUF_LIT(b, "<hr>\n");
        break;
    case MD_BLOCK_H:
        buf_printf(b, "<h%u>", ((const MD_BLOCK_H_DETAIL *)detail)->level);
        break;
    case MD_BLOCK_CODE:
        open_code(r, detail);
        break;
    case MD_BLOCK_LI:
        open_item(b, detail);
        break;
    case MD_BLOCK_OL:
        buf_printf(b, "<ol start=\"%u\">", ((const MD_BLOCK_OL_DETAIL *)detail)->start);
        break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
        open_cell(b, block_names[type], ((const MD_BLOCK_TD_DETAIL *)detail)->align);
        break;
    default:
        open_tag(b, block_names[type]);
    }
    return full(r);
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
    struct render *r = arg;

    switch (type) {
    case MD_BLOCK_DOC:
    case MD_BLOCK_HTML:
    case MD_BLOCK_HR:
        break;
    case MD_BLOCK_H:
        buf_printf(&r->out, "</h%u>\n", ((const MD_BLOCK_H_DETAIL *)detail)->level);
        break;
    case MD_BLOCK_CODE:
        BUF_LIT(&r->out, "</code></pre>\n");
        break;
    default:
        buf_printf(&r->out, "</%s>\n", block_names[type]);
    }
    return full(r);
}

static int enter_span(MD_SPANTYPE type, void *detail, void *arg)
{
    struct render *r = arg;

    if (type == MD_SPAN_IMG && r->in_image++ == 0) {
        BUF_LIT(&r->out, "<img");
        add_attr(r, "src", &((const MD_SPAN_IMG_DETAIL *)detail)->src);
        add_attr(r, "title", &((const MD_SPAN_IMG_DETAIL *)detail)->title);
        BUF_LIT(&r->out, " alt=\"");
    } else if (r->in_image) {
        return full(r);
    } else if (type == MD_SPAN_A) {
        BUF_LIT(&r->out, "<a");
        add_attr(r, "href", &((const MD_SPAN_A_DETAIL *)detail)->href);
        add_attr(r, "title", &((const MD_SPAN_A_DETAIL *)detail)->title);
        buf_char(&r->out, '>');
    } else {
        open_tag(&r->out, span_names[type]);
    }
    return full(r);
}

static int leave_span(MD_SPANTYPE type, void *detail, void *arg)
{
    struct render *r = arg;

    (void)detail;
    if (type == MD_SPAN_IMG && --r->in_image == 0)
        BUF_LIT(&r->out, "\">");
    else if (!r->in_image)
        buf_printf(&r->out, "</%s>", span_names[type]);
    return full(r);
}

static int add_text(MD_TEXTTYPE type, const MD_CHAR *p, MD_SIZE n, void *arg)
{
    struct render *r = arg;

    n = within(r->source, p, n);

    switch (type) {
    case MD_TEXT_NULLCHAR:
        break;
    case MD_TEXT_BR:
    case MD_TEXT_SOFTBR:
        buf_str(&r->out, r->in_image ? STR(" ") : STR("<br>\n"));
        break;
    case MD_TEXT_ENTITY:
        buf_add(&r->out, p, n);
        break;
    default:
        html_escape(&r->out, text_view(p, n));
    }
    return full(r);
}

/* A copy with zeroes behind it, for a parser that may look a little too far. */
static struct str padded(struct str text, struct arena *a)
{
    char *p = arena_alloc(a, text.n + PADDING);

    if (text.n)
        memcpy(p, text.p, text.n);
    return (struct str){ p, text.n };
}

struct str markdown_to_html(struct str text, unsigned flags, struct arena *a)
{
    const MD_PARSER parser = {
        .flags = MD_DIALECT_GITHUB | MD_FLAG_NOHTML,
        .enter_block = enter_block,
        .leave_block = leave_block,
        .enter_span = enter_span,
        .leave_span = leave_span,
        .text = add_text,
    };
    struct render r = { .out = BUF_ARENA(a, text.n * GROWTH_MAX + GROWTH_FIXED) };
    struct html_safe safe;

    text = utf8_repair(text, a);
    if (text.n > MARKDOWN_MAX)
        return html_from_text(text, a);
    r.source = padded(text, a);
    if (md_parse(r.source.p, (MD_SIZE)r.source.n, &parser, &r) != 0)
        return html_from_text(text, a);
    html_clean(buf_view(&r.out), flags, a, &safe);
    return safe.html;
}
