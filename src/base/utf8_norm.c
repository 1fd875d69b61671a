/* Unicode normalisation and folding, by utf8proc. */
#include "base/utf8.h"

#include "base/arena.h"
#include "base/buf.h"

#include <utf8proc.h>

enum { POINTS_ON_STACK = 256, FOLD_GROWTH_MAX = 12 };

enum {
    NFC_OPTIONS = UTF8PROC_STABLE | UTF8PROC_COMPOSE,
    FOLD_OPTIONS = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_STRIPMARK
                   | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE,
};

/* s after decomposing and composing by the options. */
static void map(struct str s, int options, struct arena *a, struct buf *out)
{
    utf8proc_int32_t few[POINTS_ON_STACK + 1], *points = few;
    const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)s.p;
    utf8proc_ssize_t n = utf8proc_decompose(p, (utf8proc_ssize_t)s.n, points, POINTS_ON_STACK,
                                            (utf8proc_option_t)options);

    if (n > POINTS_ON_STACK) {
        points = arena_alloc_raw(a, ((size_t)n + 1) * sizeof(*points));
        n = utf8proc_decompose(p, (utf8proc_ssize_t)s.n, points, n, (utf8proc_option_t)options);
    }
    if (n > 0)
        n = utf8proc_reencode(points, n, (utf8proc_option_t)options);
    if (n > 0)
        buf_add(out, points, (size_t)n);
}

static bool is_mark(uint32_t cp)
{
    return utf8proc_get_property((utf8proc_int32_t)cp)->combining_class != 0;
}

/* Everything below U+0300 is in form C, whatever stands beside it. */
static bool is_surely_nfc(struct str s, bool *too_many_marks)
{
    bool sure = true;
    size_t marks = 0;

    for (size_t len, i = 0; i < s.n; i += len) {
        uint32_t cp = utf8_decode(s.p + i, s.n - i, &len);

        if (cp < 0x300) {
            marks = 0;
            continue;
        }
        sure = false;
        marks = is_mark(cp) ? marks + 1 : 0;
        if (marks > UTF8_MARKS_MAX)
            *too_many_marks = true;
    }
    return sure;
}

struct str utf8_nfc(struct str s, struct arena *a)
{
    bool too_many_marks = false;
    struct buf b;

    if (is_surely_nfc(s, &too_many_marks) || too_many_marks || !utf8_is_valid(s))
        return s;
    b = BUF_ARENA(a, s.n * FOLD_GROWTH_MAX);
    map(s, NFC_OPTIONS, a, &b);
    return str_eq(buf_view(&b), s) ? s : buf_view(&b);
}

/* Letters that people type without their stroke, but that Unicode does not decompose. */
static const struct {
    uint32_t from;
    const char *to;
} strokes[] = {
    { 0xE6, "ae" }, { 0xF0, "d" },  { 0xF8, "o" },   { 0xFE, "th" }, { 0x111, "d" }, { 0x127, "h" },
    { 0x131, "i" }, { 0x142, "l" }, { 0x153, "oe" }, { 0x167, "t" }, { 0x180, "b" }, { 0x1E5, "g" },
};

static void fold_strokes(struct buf *out, struct str s)
{
    for (size_t len, i = 0; i < s.n; i += len) {
        uint32_t cp = utf8_decode(s.p + i, s.n - i, &len);
        size_t k = 0;

        while (k < ARRAY_LEN(strokes) && strokes[k].from != cp)
            k++;
        if (k < ARRAY_LEN(strokes))
            buf_str(out, str_of(strokes[k].to));
        else
            buf_add(out, s.p + i, len);
    }
}

static void fold_word(struct buf *out, struct str word, struct arena *a)
{
    struct buf b = BUF_ARENA(a, word.n * FOLD_GROWTH_MAX);

    map(word, FOLD_OPTIONS, a, &b);
    fold_strokes(out, buf_view(&b));
}

static void lower_ascii(struct buf *out, struct str s)
{
    buf_reserve(out, s.n);
    for (size_t i = 0; i < s.n; i++)
        buf_char(out, s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 0x20) : s.p[i]);
}

/* Word by word: the slow way is taken only by words that hold more than ASCII.  Nothing combines
 * across a blank. */
struct str utf8_fold(struct str s, struct arena *a)
{
    struct buf out = BUF_ARENA(a, s.n * FOLD_GROWTH_MAX + 1);

    s = utf8_repair(s, a);
    buf_reserve(&out, s.n);
    while (s.n) {
        size_t n = 0;
        bool ascii = true;

        while (n < s.n && (unsigned char)s.p[n] > ' ')
            ascii &= (unsigned char)s.p[n++] < 0x80;
        while (n < s.n && (unsigned char)s.p[n] <= ' ')
            n++;
        if (ascii)
            lower_ascii(&out, str_sub(s, 0, n));
        else
            fold_word(&out, str_sub(s, 0, n), a);
        s = str_sub(s, n, s.n);
    }
    return buf_view(&out);
}
