/* HTML that escapes by construction: markup is literals, everything else goes through a typed value.
 *
 *     html(h, "<a href=\"/requests/{}\">{}</a>", T(t->number), T(t->title));
 *
 * Each {} takes the next value, escaped so that it is harmless as text and inside double quotes; the
 * value's type is part of it, so a wrong one does not compile or is just shown.  Markup that has been
 * through html_clean() is the one exception: SAFE().  Values in href and src begin with a literal.
 * A number of values that differs from the number of {} is a broken invariant: each template runs in
 * the tests.  One thread at a time. */
#ifndef PORTAL_HTML_H
#define PORTAL_HTML_H

#include "base/buf.h"
#include "portal/words.h"

struct html {
    struct buf *b;
    const struct lang *lang;
};

enum html_arg_kind { HTML_TEXT, HTML_NUMBER, HTML_WORD, HTML_SAFE };

struct html_arg {
    enum html_arg_kind kind;
    struct str s;
    int64_t n;
};

static inline struct html_arg T(struct str s)
{
    return (struct html_arg){ .kind = HTML_TEXT, .s = s };
}
static inline struct html_arg Z(const char *s)
{
    return (struct html_arg){ .kind = HTML_TEXT, .s = str_of(s) };
}
static inline struct html_arg N(int64_t n)
{
    return (struct html_arg){ .kind = HTML_NUMBER, .n = n };
}
static inline struct html_arg W(enum word w)
{
    return (struct html_arg){ .kind = HTML_WORD, .n = (int64_t)w };
}
static inline struct html_arg SAFE(struct str cleaned)
{
    return (struct html_arg){ .kind = HTML_SAFE, .s = cleaned };
}

#define html(h, markup, ...)                                                                       \
    html_((h), "" markup, (const struct html_arg[]){ __VA_ARGS__ },                                \
          sizeof((const struct html_arg[]){ __VA_ARGS__ }) / sizeof(struct html_arg))
/* Markup without values. */
#define html_lit(h, markup) buf_add((h)->b, "" markup, sizeof(markup) - 1)
void html_(struct html *h, const char *markup, const struct html_arg *args, size_t n);

/* A sentence of the catalogue whose {} are values: words are escaped like all else. */
#define html_words(h, w, ...)                                                                      \
    html_words_((h), (w), (const struct html_arg[]){ __VA_ARGS__ },                                \
                sizeof((const struct html_arg[]){ __VA_ARGS__ }) / sizeof(struct html_arg))
void html_words_(struct html *h, enum word w, const struct html_arg *args, size_t n);

/* <time>: readable at once, in UTC; the script turns it into the reader's zone. */
void html_time(struct html *h, int64_t t_us);
void html_bytes(struct html *h, int64_t n); /* "1.4 MB" */

#endif
