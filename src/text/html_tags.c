/* The table of tags. */
#include "text/html_priv.h"

#include <stdlib.h>

/* What begins a block ends an open paragraph; a cell or a list item holds its own blocks. */
#define CELL (TAGS(TD) | TAGS(TH) | TAGS(CAPTION) | TAGS(TABLE))
#define BLOCK TF_BLOCK, TAGS(P), CELL
#define ROWS (TAGS(TR) | TAGS(TD) | TAGS(TH))
#define GROUPS (TAGS(THEAD) | TAGS(TBODY) | TAGS(TFOOT) | TAGS(CAPTION) | TAGS(COLGROUP))

const struct tag_info html_tag_info[TAG_ALLOWED_END_] = {
    [TAG_NONE] = { "", 0, 0, 0 },
    [TAG_A] = { "a", 0, TAGS(A), CELL },
    [TAG_ABBR] = { "abbr", 0, 0, 0 },
    [TAG_B] = { "b", 0, 0, 0 },
    [TAG_BIG] = { "big", 0, 0, 0 },
    [TAG_BLOCKQUOTE] = { "blockquote", BLOCK },
    [TAG_BR] = { "br", TF_VOID, 0, 0 },
    [TAG_CAPTION] = { "caption", TF_BLOCK | TF_TABLE, 0, 0 },
    [TAG_CENTER] = { "center", BLOCK },
    [TAG_CITE] = { "cite", 0, 0, 0 },
    [TAG_CODE] = { "code", 0, 0, 0 },
    [TAG_COL] = { "col", TF_VOID | TF_TABLE, 0, 0 },
    [TAG_COLGROUP] = { "colgroup", TF_TABLE, TAGS(COLGROUP) | TAGS(CAPTION), TAGS(TABLE) },
    [TAG_DD] = { "dd", TF_BLOCK, TAGS(DD) | TAGS(DT) | TAGS(P), TAGS(DL) | CELL },
    [TAG_DEL] = { "del", 0, 0, 0 },
    [TAG_DETAILS] = { "details", BLOCK },
    [TAG_DFN] = { "dfn", 0, 0, 0 },
    [TAG_DIV] = { "div", BLOCK },
    [TAG_DL] = { "dl", BLOCK },
    [TAG_DT] = { "dt", TF_BLOCK, TAGS(DD) | TAGS(DT) | TAGS(P), TAGS(DL) | CELL },
    [TAG_EM] = { "em", 0, 0, 0 },
    [TAG_FIGCAPTION] = { "figcaption", BLOCK },
    [TAG_FIGURE] = { "figure", BLOCK },
    [TAG_FONT] = { "font", 0, 0, 0 },
    [TAG_H1] = { "h1", BLOCK },
    [TAG_H2] = { "h2", BLOCK },
    [TAG_H3] = { "h3", BLOCK },
    [TAG_H4] = { "h4", BLOCK },
    [TAG_H5] = { "h5", BLOCK },
    [TAG_H6] = { "h6", BLOCK },
    [TAG_HR] = { "hr", TF_VOID | TF_BLOCK, TAGS(P), CELL },
    [TAG_I] = { "i", 0, 0, 0 },
    [TAG_IMG] = { "img", TF_VOID, 0, 0 },
    [TAG_INS] = { "ins", 0, 0, 0 },
    [TAG_KBD] = { "kbd", 0, 0, 0 },
    [TAG_LI] = { "li", TF_BLOCK, TAGS(LI) | TAGS(P), TAGS(UL) | TAGS(OL) | CELL },
    [TAG_MARK] = { "mark", 0, 0, 0 },
    [TAG_OL] = { "ol", BLOCK },
    [TAG_P] = { "p", BLOCK },
    [TAG_PRE] = { "pre", BLOCK },
    [TAG_Q] = { "q", 0, 0, 0 },
    [TAG_S] = { "s", 0, 0, 0 },
    [TAG_SAMP] = { "samp", 0, 0, 0 },
    [TAG_SMALL] = { "small", 0, 0, 0 },
    [TAG_SPAN] = { "span", 0, 0, 0 },
    [TAG_STRIKE] = { "strike", 0, 0, 0 },
    [TAG_STRONG] = { "strong", 0, 0, 0 },
    [TAG_SUB] = { "sub", 0, 0, 0 },
    [TAG_SUMMARY] = { "summary", BLOCK },
    [TAG_SUP] = { "sup", 0, 0, 0 },
    [TAG_TABLE] = { "table", BLOCK },
    [TAG_TBODY] = { "tbody", TF_TABLE, GROUPS | ROWS, TAGS(TABLE) },
    [TAG_TD] = { "td", TF_BLOCK | TF_TABLE, TAGS(TD) | TAGS(TH), TAGS(TABLE) | TAGS(TR) },
    [TAG_TFOOT] = { "tfoot", TF_TABLE, GROUPS | ROWS, TAGS(TABLE) },
    [TAG_TH] = { "th", TF_BLOCK | TF_TABLE, TAGS(TD) | TAGS(TH), TAGS(TABLE) | TAGS(TR) },
    [TAG_THEAD] = { "thead", TF_TABLE, GROUPS | ROWS, TAGS(TABLE) },
    [TAG_TR] = { "tr", TF_BLOCK | TF_TABLE, ROWS | TAGS(CAPTION) | TAGS(COLGROUP), TAGS(TABLE) },
    [TAG_TT] = { "tt", 0, 0, 0 },
    [TAG_U] = { "u", 0, 0, 0 },
    [TAG_UL] = { "ul", BLOCK },
    [TAG_VAR] = { "var", 0, 0, 0 },
    [TAG_WBR] = { "wbr", TF_VOID, 0, 0 },
};

/* Names, sorted, with those that stand for another tag. */
static const struct name {
    const char *name;
    enum tag tag;
} names[] = {
    { "a", TAG_A },
    { "abbr", TAG_ABBR },
    { "acronym", TAG_ABBR },
    { "address", TAG_DIV },
    { "article", TAG_DIV },
    { "aside", TAG_DIV },
    { "b", TAG_B },
    { "big", TAG_BIG },
    { "blockquote", TAG_BLOCKQUOTE },
    { "br", TAG_BR },
    { "caption", TAG_CAPTION },
    { "center", TAG_CENTER },
    { "cite", TAG_CITE },
    { "code", TAG_CODE },
    { "col", TAG_COL },
    { "colgroup", TAG_COLGROUP },
    { "dd", TAG_DD },
    { "del", TAG_DEL },
    { "details", TAG_DETAILS },
    { "dfn", TAG_DFN },
    { "dir", TAG_UL },
    { "div", TAG_DIV },
    { "dl", TAG_DL },
    { "dt", TAG_DT },
    { "em", TAG_EM },
    { "figcaption", TAG_FIGCAPTION },
    { "figure", TAG_FIGURE },
    { "font", TAG_FONT },
    { "footer", TAG_DIV },
    { "h1", TAG_H1 },
    { "h2", TAG_H2 },
    { "h3", TAG_H3 },
    { "h4", TAG_H4 },
    { "h5", TAG_H5 },
    { "h6", TAG_H6 },
    { "header", TAG_DIV },
    { "hr", TAG_HR },
    { "i", TAG_I },
    { "iframe", TAG_RAW },
    { "image", TAG_IMG },
    { "img", TAG_IMG },
    { "input", TAG_INPUT },
    { "ins", TAG_INS },
    { "kbd", TAG_KBD },
    { "li", TAG_LI },
    { "listing", TAG_PRE },
    { "main", TAG_DIV },
    { "mark", TAG_MARK },
    { "math", TAG_FOREIGN },
    { "menu", TAG_UL },
    { "nav", TAG_DIV },
    { "noembed", TAG_RAW },
    { "noframes", TAG_RAW },
    { "noscript", TAG_RAW },
    { "ol", TAG_OL },
    { "p", TAG_P },
    { "plaintext", TAG_RAW },
    { "pre", TAG_PRE },
    { "q", TAG_Q },
    { "s", TAG_S },
    { "samp", TAG_SAMP },
    { "script", TAG_RAW },
    { "section", TAG_DIV },
    { "select", TAG_SELECT },
    { "small", TAG_SMALL },
    { "span", TAG_SPAN },
    { "strike", TAG_STRIKE },
    { "strong", TAG_STRONG },
    { "style", TAG_RAW },
    { "sub", TAG_SUB },
    { "summary", TAG_SUMMARY },
    { "sup", TAG_SUP },
    { "svg", TAG_FOREIGN },
    { "table", TAG_TABLE },
    { "tbody", TAG_TBODY },
    { "td", TAG_TD },
    { "template", TAG_TEMPLATE },
    { "textarea", TAG_RAW },
    { "tfoot", TAG_TFOOT },
    { "th", TAG_TH },
    { "thead", TAG_THEAD },
    { "title", TAG_RAW },
    { "tr", TAG_TR },
    { "tt", TAG_TT },
    { "u", TAG_U },
    { "ul", TAG_UL },
    { "var", TAG_VAR },
    { "wbr", TAG_WBR },
    { "xmp", TAG_RAW },
};

static int by_name(const void *key, const void *entry)
{
    return strcmp(key, ((const struct name *)entry)->name);
}

enum tag html_tag_of(struct str name)
{
    char low[HTML_NAME_MAX];
    const struct name *hit;

    if (name.n >= sizeof(low))
        return TAG_NONE;
    for (size_t i = 0; i < name.n; i++)
        low[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] | 0x20) : name.p[i];
    low[name.n] = '\0';
    hit = bsearch(low, names, ARRAY_LEN(names), sizeof(names[0]), by_name);
    return hit ? hit->tag : TAG_NONE;
}
