/* A judge of cleaned HTML that shares nothing with the sanitiser: the output must follow a grammar
 * so narrow that no browser can read anything else into it.
 *   text without '<' or '>' · <name attr="value" …> · </name>, balanced, from closed lists.
 * html_check() returns NULL, or what is wrong. */
#ifndef TESTS_HTML_CHECK_H
#define TESTS_HTML_CHECK_H

#include "base/str.h"
#include "base/utf8.h"

enum { CHECK_DEPTH = 200, CHECK_NAME = 24 };

static const char check_tags[] =
    " a abbr b big blockquote br caption center cite code col colgroup dd del details dfn div dl "
    "dt em"
    " figcaption figure font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small "
    "span"
    " strike strong sub summary sup table tbody td tfoot th thead tr tt u ul var wbr ";
static const char check_void[] = " br col hr img wbr ";
static const char check_attrs[] =
    " align alt bgcolor border cellpadding cellspacing class color colspan data-cid data-src dir "
    "face"
    " height href lang rel rowspan size span src start style target title type valign width ";

static inline bool check_listed(const char *list, struct str name)
{
    char padded[CHECK_NAME + 3] = " ";

    if (name.n == 0 || name.n > CHECK_NAME)
        return false;
    memcpy(padded + 1, name.p, name.n);
    padded[name.n + 1] = ' ';
    return strstr(list, padded) != NULL;
}

static inline bool check_is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static inline struct str check_name(struct str *s)
{
    size_t n = 0;

    while (n < s->n && check_is_name(s->p[n]))
        n++;
    *s = str_sub(*s, n, s->n);
    return (struct str){ s->p - n, n };
}

static inline const char *check_value(struct str name, struct str v)
{
    if (str_chr(v, '<') != SIZE_MAX || str_chr(v, '>') != SIZE_MAX)
        return "angle bracket in a value";
    if (str_eq(name, STR("href")) && !str_istarts(v, STR("http://"))
        && !str_istarts(v, STR("https://")) && !str_istarts(v, STR("mailto:"))
        && !str_istarts(v, STR("tel:")))
        return "scheme of a link";
    if (str_eq(name, STR("src")) && !str_istarts(v, STR("data:image/")))
        return "src";
    if (str_eq(name, STR("src")) && str_find(v, STR("svg")) == 11)
        return "src is a drawing";
    if (str_eq(name, STR("data-src")) && !str_istarts(v, STR("http")))
        return "data-src";
    if (str_eq(name, STR("style"))
        && (str_find(v, STR("url(")) != SIZE_MAX || str_chr(v, '\\') != SIZE_MAX
            || str_find(v, STR("/*")) != SIZE_MAX || str_find(v, STR("expression(")) != SIZE_MAX
            || str_find(v, STR("position:")) != SIZE_MAX))
        return "style";
    return NULL;
}

static inline const char *check_attrs_of(struct str *s)
{
    const char *why;

    while (s->n && s->p[0] == ' ') {
        struct str name, value;

        *s = str_sub(*s, 1, s->n);
        name = check_name(s);
        if (!check_listed(check_attrs, name) || !str_starts(*s, STR("=\"")))
            return "attribute";
        *s = str_sub(*s, 2, s->n);
        if (str_chr(*s, '"') == SIZE_MAX)
            return "open quote";
        value = str_cut(s, '"');
        if ((why = check_value(name, value)))
            return why;
    }
    return NULL;
}

static inline const char *html_check(struct str s)
{
    struct str stack[CHECK_DEPTH];
    size_t depth = 0;
    const char *why;

    if (!utf8_is_valid(s) || utf8_has_control((struct str){ s.p, s.n }, true))
        for (size_t i = 0; i < s.n; i++)
            if ((unsigned char)s.p[i] < ' ' && s.p[i] != '\n' && s.p[i] != '\t')
                return "control";
    while (s.n) {
        size_t at = str_chr(s, '<');
        struct str text = str_sub(s, 0, at), name;
        bool close;

        if (str_chr(text, '>') != SIZE_MAX)
            return "bare >";
        if (at == SIZE_MAX)
            break;
        s = str_sub(s, at + 1, s.n);
        close = s.n && s.p[0] == '/';
        s = str_sub(s, close, s.n);
        name = check_name(&s);
        if (!check_listed(check_tags, name))
            return "tag";
        if (!close && (why = check_attrs_of(&s)))
            return why;
        if (s.n == 0 || s.p[0] != '>')
            return "end of a tag";
        s = str_sub(s, 1, s.n);
        if (check_listed(check_void, name))
            continue;
        if (!close && depth == CHECK_DEPTH)
            return "depth";
        if (!close)
            stack[depth++] = name;
        else if (depth == 0 || !str_eq(stack[--depth], name))
            return "balance";
    }
    return depth ? "left open" : NULL;
}

#endif
