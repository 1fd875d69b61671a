/* The table of attributes and what their values may be. */
#include "text/html_priv.h"

#include "base/utf8.h"

#include <stdlib.h>

enum { URL_MAX = 4096, DATA_URL_MAX = 128 * 1024, TITLE_MAX = 1000, NUMBER_DIGITS_MAX = 4 };

enum attr {
    ATTR_ALIGN,
    ATTR_ALT,
    ATTR_BGCOLOR,
    ATTR_BORDER,
    ATTR_CELLPADDING,
    ATTR_CELLSPACING,
    ATTR_CLASS,
    ATTR_COLOR,
    ATTR_COLSPAN,
    ATTR_DATA_CID,
    ATTR_DATA_SRC,
    ATTR_DIR,
    ATTR_FACE,
    ATTR_HEIGHT,
    ATTR_HREF,
    ATTR_LANG,
    ATTR_ROWSPAN,
    ATTR_SIZE,
    ATTR_SPAN,
    ATTR_SRC,
    ATTR_START,
    ATTR_STYLE,
    ATTR_TITLE,
    ATTR_TYPE,
    ATTR_VALIGN,
    ATTR_WIDTH,
    ATTR_COUNT_
};

/* Writes the value if it is allowed; what stands in out is taken back on false. */
typedef bool value_fn(struct buf *out, struct str value, const char *const *choices);

static bool write_text(struct buf *out, struct str value, const char *const *choices)
{
    (void)choices;
    html_escape(out, str_sub(value, 0, utf8_cut_bytes(value, TITLE_MAX)));
    return true;
}

/* Digits, and "%" or "px". */
static bool write_number(struct buf *out, struct str value, const char *const *choices)
{
    size_t n = 0;

    (void)choices;
    value = str_trim(value);
    while (n < value.n && value.p[n] >= '0' && value.p[n] <= '9')
        n++;
    if (n == 0 || n > NUMBER_DIGITS_MAX)
        return false;
    buf_str(out, str_sub(value, 0, n));
    if (n < value.n && value.p[n] == '%')
        buf_char(out, '%');
    return true;
}

static bool write_choice(struct buf *out, struct str value, const char *const *choices)
{
    value = str_trim(value);
    for (; *choices; choices++) {
        if (str_ieq(value, str_of(*choices))) {
            buf_str(out, str_of(*choices));
            return true;
        }
    }
    return false;
}

static bool write_word(struct buf *out, struct str value, const char *const *choices)
{
    (void)choices;
    value = str_trim(value);
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

        if (!alnum && c != '-' && c != '#' && c != '+')
            return false;
    }
    if (value.n == 0 || value.n > 40)
        return false;
    buf_str(out, value);
    return true;
}

static bool write_css(struct buf *out, struct str value, const char *const *choices)
{
    (void)choices;
    return html_write_css_value(out, value);
}

/* The language of a code block; no other class has a meaning here. */
static bool write_code_class(struct buf *out, struct str value, const char *const *choices)
{
    return str_starts(value, STR("language-")) && write_word(out, value, choices);
}

static const char *const dirs[] = { "ltr", "rtl", "auto", NULL };
static const char *const aligns[] = { "left", "right", "center", "justify", NULL };
static const char *const valigns[] = { "top", "middle", "bottom", "baseline", NULL };

#define ALL UINT64_MAX
#define CELLS (TAGS(TD) | TAGS(TH))
#define COLUMNS (TAGS(COL) | TAGS(COLGROUP))
#define TABLE_PARTS                                                                                \
    (CELLS | COLUMNS | TAGS(TABLE) | TAGS(TR) | TAGS(TBODY) | TAGS(THEAD) | TAGS(TFOOT))
#define ALIGNED (TABLE_PARTS | TAGS(DIV) | TAGS(P) | TAGS(HR) | TAGS(CAPTION) | HEADINGS)
#define HEADINGS (TAGS(H1) | TAGS(H2) | TAGS(H3) | TAGS(H4) | TAGS(H5) | TAGS(H6))

/* Sorted by name.  Those without a function are written by code of their own. */
static const struct attr_info {
    const char *name;
    uint64_t tags;
    value_fn *write;
    const char *const *choices;
} attrs[ATTR_COUNT_] = {
    [ATTR_ALIGN] = { "align", ALIGNED | TAGS(IMG), write_choice, aligns },
    [ATTR_ALT] = { "alt", TAGS(IMG), write_text, NULL },
    [ATTR_BGCOLOR] = { "bgcolor", TABLE_PARTS, write_word, NULL },
    [ATTR_BORDER] = { "border", TAGS(TABLE) | TAGS(IMG), write_number, NULL },
    [ATTR_CELLPADDING] = { "cellpadding", TAGS(TABLE), write_number, NULL },
    [ATTR_CELLSPACING] = { "cellspacing", TAGS(TABLE), write_number, NULL },
    [ATTR_CLASS] = { "class", TAGS(CODE), write_code_class, NULL },
    [ATTR_COLOR] = { "color", TAGS(FONT) | TAGS(HR), write_word, NULL },
    [ATTR_COLSPAN] = { "colspan", CELLS, write_number, NULL },
    [ATTR_DATA_CID] = { "data-cid", TAGS(IMG), NULL, NULL },
    [ATTR_DATA_SRC] = { "data-src", TAGS(IMG), NULL, NULL },
    [ATTR_DIR] = { "dir", ALL, write_choice, dirs },
    [ATTR_FACE] = { "face", TAGS(FONT), write_css, NULL },
    [ATTR_HEIGHT] = { "height", TAGS(IMG) | TAGS(TABLE) | CELLS | TAGS(TR), write_number, NULL },
    [ATTR_HREF] = { "href", TAGS(A), NULL, NULL },
    [ATTR_LANG] = { "lang", ALL, write_word, NULL },
    [ATTR_ROWSPAN] = { "rowspan", CELLS, write_number, NULL },
    [ATTR_SIZE] = { "size", TAGS(FONT) | TAGS(HR), write_word, NULL },
    [ATTR_SPAN] = { "span", COLUMNS, write_number, NULL },
    [ATTR_SRC] = { "src", TAGS(IMG), NULL, NULL },
    [ATTR_START] = { "start", TAGS(OL), write_number, NULL },
    [ATTR_STYLE] = { "style", ALL, NULL, NULL },
    [ATTR_TITLE] = { "title", ALL, write_text, NULL },
    [ATTR_TYPE] = { "type", TAGS(OL), write_word, NULL },
    [ATTR_VALIGN] = { "valign", TABLE_PARTS, write_choice, valigns },
    [ATTR_WIDTH] = { "width", TAGS(IMG) | TAGS(HR) | TABLE_PARTS, write_number, NULL },
};

static int by_name(const void *key, const void *entry)
{
    return strcmp(key, ((const struct attr_info *)entry)->name);
}

static enum attr attr_of(struct str name)
{
    char low[HTML_NAME_MAX];
    const struct attr_info *hit;

    if (name.n >= sizeof(low))
        return ATTR_COUNT_;
    for (size_t i = 0; i < name.n; i++)
        low[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] | 0x20) : name.p[i];
    low[name.n] = '\0';
    hit = bsearch(low, attrs, ATTR_COUNT_, sizeof(attrs[0]), by_name);
    return hit ? (enum attr)(hit - attrs) : ATTR_COUNT_;
}

/* Schemes are compared after what browsers do first: blanks and controls at the ends go, tabs and
 * newlines go everywhere. */
static struct str url_trim(struct str url, struct buf *plain)
{
    while (url.n && (unsigned char)url.p[0] <= ' ')
        url = str_sub(url, 1, url.n);
    while (url.n && (unsigned char)url.p[url.n - 1] <= ' ')
        url.n--;
    for (size_t i = 0; i < url.n; i++) {
        if (url.p[i] != '\t' && url.p[i] != '\n' && url.p[i] != '\r')
            buf_char(plain, url.p[i]);
    }
    return buf_view(plain);
}

static void write_url(struct buf *out, struct str url)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < url.n; i++) {
        unsigned char c = (unsigned char)url.p[i];

        if (c <= ' ' || c == 0x7F || strchr("\"<>`\\{}|^", c)) {
            buf_char(out, '%');
            buf_char(out, hex[c >> 4]);
            buf_char(out, hex[c & 15]);
        } else if (c == '&') {
            BUF_LIT(out, "&amp;");
        } else if (c == '\'') {
            BUF_LIT(out, "&#39;");
        } else {
            buf_char(out, (char)c);
        }
    }
}

static bool is_web_url(struct str url)
{
    return (str_istarts(url, STR("https://")) && url.n > 8)
           || (str_istarts(url, STR("http://")) && url.n > 7);
}

static bool is_own_url(struct str url)
{
    bool path = str_starts(url, STR("/")) && (url.n < 2 || (url.p[1] != '/' && url.p[1] != '\\'));

    return path || str_starts(url, STR("#"));
}

static void write_href(struct buf *out, struct str value, unsigned flags)
{
    char space[URL_MAX];
    struct buf plain = { .p = space, .cap = sizeof(space), .max = sizeof(space) };
    struct str url = url_trim(value, &plain);
    bool own = (flags & HTML_OWN_LINKS) && is_own_url(url);

    if (plain.overflow)
        return;
    if (!own && !is_web_url(url) && !str_istarts(url, STR("mailto:"))
        && !str_istarts(url, STR("tel:")))
        return;
    BUF_LIT(out, " href=\"");
    write_url(out, url);
    buf_char(out, '"');
    if (!own)
        BUF_LIT(out, " rel=\"noopener noreferrer nofollow\" target=\"_blank\"");
}

/* "data:image/png;base64,…" and nothing but base64 behind it. */
static bool is_small_picture(struct str url)
{
    static const char *const heads[] = { "data:image/png;base64,", "data:image/gif;base64,",
                                         "data:image/jpeg;base64,", "data:image/webp;base64," };
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(heads) && n == 0; i++)
        n = str_istarts(url, str_of(heads[i])) ? strlen(heads[i]) : 0;
    if (n == 0 || url.n > DATA_URL_MAX)
        return false;
    for (; n < url.n; n++) {
        char c = url.p[n];
        bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

        if (!alnum && c != '+' && c != '/' && c != '=')
            return false;
    }
    return true;
}

static void write_source(struct buf *out, struct str value, struct html_safe *count)
{
    char space[URL_MAX];
    struct buf plain = { .p = space, .cap = sizeof(space), .max = sizeof(space) };
    struct str url;

    if (is_small_picture(value)) {
        BUF_LIT(out, " src=\"");
        buf_str(out, value);
        buf_char(out, '"');
        return;
    }
    url = url_trim(value, &plain);
    if (plain.overflow)
        return;
    if (is_web_url(url)) {
        BUF_LIT(out, " data-src=\"");
        count->remote_images++;
    } else if (str_istarts(url, STR("cid:")) && url.n > 4) {
        BUF_LIT(out, " data-cid=\"");
        url = str_sub(url, 4, url.n);
        count->cid_images++;
    } else {
        return;
    }
    write_url(out, url);
    buf_char(out, '"');
}

/* One source, whichever attribute it came by: our own output names it data-src or data-cid. */
static void write_picture(struct buf *out, const struct str *values, struct html_safe *count)
{
    if (values[ATTR_DATA_CID].p && values[ATTR_DATA_CID].n) {
        BUF_LIT(out, " data-cid=\"");
        write_url(
            out, str_sub(values[ATTR_DATA_CID], 0, utf8_cut_bytes(values[ATTR_DATA_CID], URL_MAX)));
        buf_char(out, '"');
        count->cid_images++;
    } else if (values[ATTR_DATA_SRC].p) {
        write_source(out, values[ATTR_DATA_SRC], count);
    } else if (values[ATTR_SRC].p) {
        write_source(out, values[ATTR_SRC], count);
    }
}

static void write_attr(struct buf *out, enum attr attr, struct str value)
{
    const struct attr_info *info = &attrs[attr];
    size_t before = out->n;

    if (!info->write)
        return;
    buf_char(out, ' ');
    buf_str(out, str_of(info->name));
    BUF_LIT(out, "=\"");
    if (info->write(out, value, info->choices))
        buf_char(out, '"');
    else
        out->n = before;
}

void html_write_attrs(struct html_tok *t, enum tag tag, unsigned flags, struct arena *a,
                      struct buf *out, struct html_safe *count)
{
    struct str values[ATTR_COUNT_] = { 0 }, name, value;

    while (html_attr_next(t, &name, &value)) {
        enum attr attr = attr_of(name);

        if (attr != ATTR_COUNT_ && (attrs[attr].tags & tag_bit(tag)) && !values[attr].p)
            values[attr] = html_decode(value, true, a);
    }
    if (tag == TAG_A && values[ATTR_HREF].p)
        write_href(out, values[ATTR_HREF], flags);
    if (tag == TAG_IMG)
        write_picture(out, values, count);
    for (int attr = 0; attr < ATTR_COUNT_; attr++) {
        if (values[attr].p)
            write_attr(out, (enum attr)attr, values[attr]);
    }
    if (values[ATTR_STYLE].p && !(flags & HTML_NO_STYLE))
        html_write_style(out, values[ATTR_STYLE]);
}
