#include "base/json.h"

#include "base/clock.h"
#include "base/json_where.h"
#include "base/utf8.h"

#include <math.h>
#include <stdio.h>

enum { NUM_TEXT_MAX = 32 };

static void comma(struct jw *w)
{
    if (w->comma)
        buf_char(w->b, ',');
    w->comma = true;
}

/* Eight bytes at once: is none of them a control, a quote, a backslash or above ASCII?
 * (x - n) & ~x sets the high bit of a byte below n; the test for equality is one for zero. */
static bool word_is_plain(const char *p)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t x, quote, slash;

    memcpy(&x, p, sizeof(x));
    quote = x ^ ones * '"';
    slash = x ^ ones * '\\';
    return ((x | ((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash))
            & high)
           == 0;
}

static bool byte_is_plain(char c)
{
    return (unsigned char)c >= 0x20 && c != '"' && c != '\\' && (unsigned char)c < 0x80;
}

/* The first byte at or after i that must not simply be copied. */
static size_t plain_run(struct str s, size_t i)
{
    for (;;) {
        size_t len;
        uint32_t cp;

        while (s.n - i >= sizeof(uint64_t) && word_is_plain(s.p + i))
            i += sizeof(uint64_t);
        if (s.n >= sizeof(uint64_t) && s.n - i < sizeof(uint64_t)
            && word_is_plain(s.p + s.n - sizeof(uint64_t)))
            return s.n; /* the rest at once, with what stands before it */
        while (i < s.n && byte_is_plain(s.p[i]))
            i++;
        if (i == s.n || (unsigned char)s.p[i] < 0x80)
            return i;
        cp = utf8_decode(s.p + i, s.n - i, &len);
        if (cp == UTF8_BAD || cp == 0x2028 || cp == 0x2029)
            return i;
        i += len;
    }
}

/* Writes what stands at p in another form; returns how many bytes that were. */
static size_t escape(struct buf *b, const char *p, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    static const char names[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                  ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\' };
    unsigned char c = (unsigned char)*p;
    size_t len = 1;

    if (c < sizeof(names) && names[c]) {
        const char two[2] = { '\\', names[c] };

        buf_add(b, two, 2);
    } else if (c < 0x20) {
        const char six[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

        buf_add(b, six, 6);
    } else {
        switch (utf8_decode(p, n, &len)) {
        case 0x2028:
            BUF_LIT(b, "\\u2028");
            break;
        case 0x2029:
            BUF_LIT(b, "\\u2029");
            break;
        default:
            BUF_LIT(b, "\xEF\xBF\xBD");
        }
    }
    return len;
}

static void quoted(struct buf *b, struct str s)
{
    size_t from = 0;

    buf_reserve(b, s.n + 2); /* the text never gets shorter */
    buf_char(b, '"');
    while (from < s.n && !b->overflow) {
        size_t to = plain_run(s, from);

        buf_add(b, s.p + from, to - from);
        from = to;
        if (from < s.n)
            from += escape(b, s.p + from, s.n - from);
    }
    buf_char(b, '"');
}

void jw_key_str(struct jw *w, struct str key)
{
    comma(w);
    quoted(w->b, key);
    buf_char(w->b, ':');
    w->comma = false;
}

void jw_text(struct jw *w, struct str s)
{
    comma(w);
    quoted(w->b, s);
}

void jw_int(struct jw *w, int64_t v)
{
    comma(w);
    buf_i64(w->b, v);
}

/* The shortest decimal that reads back as v; JSON knows no infinity and no NaN. */
void jw_num(struct jw *w, double v)
{
    char text[NUM_TEXT_MAX];
    int n = 0;

    if (!isfinite(v)) {
        jw_null(w);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(text, sizeof(text), "%.*g", digits, v + 0.0); /* -0 becomes 0 */
        if (strtod(text, NULL) == v)
            break;
    }
    comma(w);
    buf_add(w->b, text, (size_t)n);
}

void jw_milli(struct jw *w, int64_t thousandths)
{
    int64_t whole = thousandths / 1000, rest = thousandths % 1000;

    if (rest < 0) { /* cannot be: times are not negative */
        jw_num(w, (double)thousandths / 1000);
        return;
    }
    comma(w);
    buf_i64(w->b, whole);
    if (rest == 0)
        return;
    buf_char(w->b, '.');
    for (int64_t unit = 100; rest; rest %= unit, unit /= 10)
        buf_char(w->b, (char)('0' + rest / unit));
}

void jw_time(struct jw *w, int64_t t_us)
{
    struct buf *b = w->b;

    if (t_us == 0) {
        jw_null(w);
        return;
    }
    comma(w);
    buf_reserve(b, CLOCK_TEXT_MAX + 2); /* formatted where it goes to */
    if (b->overflow)
        return;
    b->p[b->n] = '"';
    b->n += 1 + clock_format(t_us, b->p + b->n + 1);
    buf_char(b, '"');
}

void jw_id(struct jw *w, int64_t id)
{
    if (id == 0)
        jw_null(w);
    else
        jw_int(w, id);
}

void jw_raw(struct jw *w, struct str json)
{
    comma(w);
    buf_str(w->b, json);
}

static void members(struct jw *w, const json_t *v)
{
    json_t *object = (json_t *)(uintptr_t)v; /* jansson iterates over non-const objects only */
    const char *key;
    json_t *member;

    jw_obj(w);
    json_object_foreach(object, key, member)
    {
        jw_key_str(w, str_of(key));
        jw_json(w, member);
    }
    jw_obj_end(w);
}

static void elements(struct jw *w, const json_t *v)
{
    jw_arr(w);
    for (size_t i = 0; i < json_array_size(v); i++)
        jw_json(w, json_array_get(v, i));
    jw_arr_end(w);
}

/* Recurses as deep as json_read() lets values be. */
void jw_json(struct jw *w, const json_t *v)
{
    switch (v ? json_typeof(v) : JSON_NULL) {
    case JSON_OBJECT:
        members(w, v);
        break;
    case JSON_ARRAY:
        elements(w, v);
        break;
    case JSON_STRING:
        jw_text(w, (struct str){ json_string_value(v), json_string_length(v) });
        break;
    case JSON_INTEGER:
        jw_int(w, json_integer_value(v));
        break;
    case JSON_REAL:
        jw_num(w, json_real_value(v));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        jw_bool(w, json_is_true(v));
        break;
    case JSON_NULL:
        jw_null(w);
    }
}

struct position {
    int line, column;
};

/* Line and column (in characters, from 1) of the byte at offset at. */
static struct position position_of(struct str text, size_t at)
{
    struct position pos = { 1, 1 };

    for (size_t i = 0; i < at; i++) {
        if (text.p[i] == '\n') {
            pos.line++;
            pos.column = 1;
        } else if ((text.p[i] & 0xC0) != 0x80) {
            pos.column++;
        }
    }
    return pos;
}

/* By its name, where the text tells it. */
static void name_field(struct err *e, struct str text, size_t at, const char *why)
{
    struct buf pointer = BUF_HEAP(sizeof(e->fields[0].pointer));

    json_where(text, at, &pointer);
    buf_char(&pointer, '\0');
    if (pointer.n > 1 && !pointer.overflow)
        err_field(e, pointer.p, "malformed", "JSON in UTF-8, each name once in its object", "%s", why);
    buf_release(&pointer);
}

static enum rc refuse(struct err *e, struct str text, size_t at, const char *why)
{
    struct position pos = position_of(text, at);

    name_field(e, text, at, why);
    return err_set(e, RC_BAD, "malformed_json", "malformed JSON at line %d, column %d: %s",
                   pos.line, pos.column, why);
}

/* Position behind the string that starts at the quote at i. */
static size_t skip_string(struct str text, size_t i)
{
    for (i++; i < text.n && text.p[i] != '"'; i++) {
        if (text.p[i] == '\\')
            i++;
    }
    return i < text.n ? i : text.n;
}

/* What jansson does not check, or only after it has built all values. */
static enum rc check_limits(struct str text, struct err *e)
{
    size_t depth = 0, values = 1, nul = str_chr(text, '\0');

    if (nul != SIZE_MAX)
        return refuse(e, text, nul, "NUL is not allowed");
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c == '"') {
            i = skip_string(text, i);
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX)
                return refuse(e, text, i, "nested too deeply, at most 16 levels are allowed");
            values++;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        } else if (c == ',' && ++values > JSON_VALUES_MAX) {
            return refuse(e, text, i, "too many values, at most 100,000 are allowed");
        }
    }
    return RC_OK;
}

enum rc json_read(struct str text, json_t **out, struct err *e)
{
    json_error_t why;
    json_t *v;

    *out = NULL;
    TRY(check_limits(text, e));
    v = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (!v) {
        size_t at = why.position < 0 ? 0 : (size_t)why.position;
        char *near = strstr(why.text, " near '"); /* the text may hold a secret */

        if (near)
            *near = '\0';
        if (strstr(why.text, "JSON_ALLOW_NUL"))
            return refuse(e, text, at, "NUL is not allowed");
        return refuse(e, text, at < text.n ? at : text.n, why.text);
    }
    *out = v;
    return RC_OK;
}

void json_clean(json_t **v)
{
    json_decref(*v);
    *v = NULL;
}
