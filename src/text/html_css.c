/* Declarations of style attributes: a list of properties, values that load and hide nothing. */
#include "text/html_priv.h"

#include <stdlib.h>

enum { STYLE_MAX = 4096, VALUE_MAX = 120, DIGITS_MAX = 4 };

/* Sorted. */
static const char *const properties[] = {
    "background-color", "border",          "border-bottom",   "border-collapse", "border-color",
    "border-left",      "border-radius",   "border-right",    "border-spacing",  "border-style",
    "border-top",       "border-width",    "color",           "direction",       "font-family",
    "font-size",        "font-style",      "font-variant",    "font-weight",     "height",
    "letter-spacing",   "line-height",     "list-style-type", "margin",          "margin-bottom",
    "margin-left",      "margin-right",    "margin-top",      "max-width",       "min-width",
    "padding",          "padding-bottom",  "padding-left",    "padding-right",   "padding-top",
    "text-align",       "text-decoration", "text-indent",     "text-transform",  "vertical-align",
    "white-space",      "width",           "word-break",      "word-wrap",
};

static const char *const functions[] = { "rgb", "rgba", "hsl", "hsla" };

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int by_name(const void *key, const void *entry)
{
    return strcmp(key, *(const char *const *)entry);
}

static const char *property_of(struct str name)
{
    char low[24];
    const char *const *hit;

    if (name.n >= sizeof(low))
        return NULL;
    for (size_t i = 0; i < name.n; i++)
        low[i] = is_letter(name.p[i]) ? (char)(name.p[i] | 0x20) : name.p[i];
    low[name.n] = '\0';
    hit = bsearch(low, properties, ARRAY_LEN(properties), sizeof(properties[0]), by_name);
    return hit ? *hit : NULL;
}

/* Is the word that ends at the '(' at i one of the harmless functions? */
static bool is_function(struct str v, size_t i)
{
    size_t from = i;

    while (from > 0 && is_letter(v.p[from - 1]))
        from--;
    for (size_t k = 0; k < ARRAY_LEN(functions); k++) {
        if (str_ieq(str_sub(v, from, i - from), str_of(functions[k])))
            return true;
    }
    return false;
}

static bool is_plain(char c)
{
    return is_letter(c) || is_digit(c) || (c && strchr(" #%.,!", c));
}

/* A number of more than four digits in a row pushes things off the page; colors and fractions have
 * long ones. */
static bool has_huge_number(struct str v)
{
    size_t digits = 0;
    bool free = false; /* behind '#' or '.' */

    for (size_t i = 0; i < v.n; i++) {
        digits = is_digit(v.p[i]) ? digits + 1 : 0;
        if (digits > DIGITS_MAX && !free)
            return true;
        if (!is_digit(v.p[i]) && !is_letter(v.p[i]))
            free = v.p[i] == '#' || v.p[i] == '.';
    }
    return false;
}

/* A closed alphabet: no url(), no escape, no comment, no negative number. */
static bool value_is_harmless(struct str v)
{
    size_t open = 0;

    if (v.n == 0 || v.n > VALUE_MAX || has_huge_number(v))
        return false;
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[i];
        bool ok = is_plain(c);

        if (c == '(')
            ok = open++ == 0 && is_function(v, i);
        else if (c == ')')
            ok = open-- == 1;
        else if (c == '-') /* inside a word only */
            ok = i > 0 && is_letter(v.p[i - 1]);
        if (!ok)
            return false;
    }
    return open == 0;
}

bool html_write_css_value(struct buf *out, struct str value)
{
    char plain[VALUE_MAX];
    struct str v = { plain, 0 };

    value = str_trim(value);
    for (size_t i = 0; i < value.n; i++) { /* font names need no quotes */
        if (value.p[i] == '"' || value.p[i] == '\'')
            continue;
        if (v.n == sizeof(plain))
            return false;
        plain[v.n++] = value.p[i] == '\n' || value.p[i] == '\t' ? ' ' : value.p[i];
    }
    v = str_trim(v);
    if (!value_is_harmless(v))
        return false;
    buf_str(out, v);
    return true;
}

void html_write_style(struct buf *out, struct str css)
{
    size_t start = out->n, first;

    BUF_LIT(out, " style=\"");
    first = out->n;
    css = str_sub(css, 0, STYLE_MAX);
    while (css.p) {
        struct str value = str_cut(&css, ';'), name = str_cut(&value, ':');
        const char *property = property_of(str_trim(name));
        size_t before = out->n;

        if (!property || !value.p)
            continue;
        if (out->n > first)
            buf_char(out, ';');
        buf_str(out, str_of(property));
        buf_char(out, ':');
        if (!html_write_css_value(out, value))
            out->n = before;
    }
    if (out->n == first)
        out->n = start;
    else
        buf_char(out, '"');
}
