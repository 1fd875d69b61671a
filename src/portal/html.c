#include "portal/html.h"

#include "base/clock.h"
#include "text/html.h"

static void put(struct html *h, const struct html_arg *a)
{
    switch (a->kind) {
    case HTML_TEXT:
        html_escape(h->b, a->s);
        break;
    case HTML_NUMBER:
        buf_i64(h->b, a->n);
        break;
    case HTML_WORD:
        html_escape(h->b, words_of(h->lang, (enum word)a->n));
        break;
    case HTML_SAFE:
        buf_str(h->b, a->s);
        break;
    }
}

void html_(struct html *h, const char *markup, const struct html_arg *args, size_t n)
{
    struct str rest = str_of(markup);
    size_t used = 0, at;

    while ((at = str_find(rest, STR("{}"))) != SIZE_MAX) {
        buf_str(h->b, str_sub(rest, 0, at));
        INVARIANT(used < n);
        put(h, &args[used++]);
        rest = str_sub(rest, at + 2, rest.n);
    }
    buf_str(h->b, rest);
    INVARIANT(used == n);
}

/* The catalogues are ours, and a test holds the number of {} of all languages against each other;
 * still a sentence is never markup. */
void html_words_(struct html *h, enum word w, const struct html_arg *args, size_t n)
{
    struct str rest = words_of(h->lang, w);
    size_t used = 0, at;

    while ((at = str_find(rest, STR("{}"))) != SIZE_MAX) {
        html_escape(h->b, str_sub(rest, 0, at));
        if (used < n)
            put(h, &args[used++]);
        rest = str_sub(rest, at + 2, rest.n);
    }
    html_escape(h->b, rest);
}

void html_time(struct html *h, int64_t t_us)
{
    char text[CLOCK_TEXT_MAX];
    struct str t = { text, clock_format(t_us, text) };
    int64_t month = 1;

    (void)str_i64(str_sub(t, 5, 2), 1, 12, &month);
    html(h, "<time datetime=\"{}\">{} {} {}, {} UTC</time>", T(t), T(str_sub(t, 8, 2)), W((enum word)(W_JANUARY + month - 1)),
         T(str_sub(t, 0, 4)), T(str_sub(t, 11, 5)));
}

void html_bytes(struct html *h, int64_t n)
{
    static const enum word units[] = { W_UNIT_KB, W_UNIT_MB, W_UNIT_GB };
    int64_t tenths = n * 10 / 1000;
    size_t u = 0;

    if (n < 1000) {
        html(h, "<bdi>{} {}</bdi>", N(n), W(W_UNIT_B));
        return;
    }
    while (tenths >= 10000 && u + 1 < ARRAY_LEN(units)) {
        tenths /= 1000;
        u++;
    }
    if (tenths >= 100)
        html(h, "<bdi>{} {}</bdi>", N(tenths / 10), W(units[u]));
    else
        html(h, "<bdi>{}.{} {}</bdi>", N(tenths / 10), N(tenths % 10), W(units[u]));
}
