#include "http/syntax.h"

#include "base/arena.h"

#include <arpa/inet.h>

enum {
    C_TOKEN = 1 << 0, /* RFC 9110 tchar */
    C_PATH = 1 << 1,  /* may stand in a path as it is */
    C_QUERY = 1 << 2,
    C_NAME = 1 << 3, /* host names; '_' is seen in the wild */
    C_CTL = 1 << 4,
};

#define CLS(c) classes[(unsigned char)(c)]
#define TPQN (C_TOKEN | C_PATH | C_QUERY | C_NAME)
#define TPQ (C_TOKEN | C_PATH | C_QUERY)
#define PQ (C_PATH | C_QUERY)

static const unsigned char classes[256] = {
    [0 ... 8] = C_CTL,    [10 ... 31] = C_CTL,  [127] = C_CTL,   ['0' ... '9'] = TPQN,
    ['A' ... 'Z'] = TPQN, ['a' ... 'z'] = TPQN, ['-'] = TPQN,    ['.'] = TPQN,
    ['_'] = TPQN,         ['!'] = TPQ,          ['$'] = TPQ,     ['&'] = TPQ,
    ['\''] = TPQ,         ['*'] = TPQ,          ['+'] = TPQ,     ['~'] = TPQ,
    ['%'] = TPQ,          ['^'] = TPQ,          ['`'] = TPQ,     ['|'] = TPQ,
    ['('] = PQ,           [')'] = PQ,           [','] = PQ,      [';'] = PQ,
    ['='] = PQ,           [':'] = PQ,           ['@'] = PQ,      ['/'] = PQ,
    ['['] = PQ,           [']'] = PQ,           ['{'] = PQ,      ['}'] = PQ,
    ['?'] = C_QUERY,      ['"'] = C_QUERY,      ['<'] = C_QUERY, ['>'] = C_QUERY,
    ['\\'] = C_QUERY,
};

static bool all(struct str s, unsigned char cls)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(CLS(s.p[i]) & cls))
            return false;
    return true;
}

bool syntax_token(struct str s)
{
    return s.n > 0 && all(s, C_TOKEN);
}

bool syntax_value(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (CLS(s.p[i]) & C_CTL)
            return false;
    return true;
}

enum scan syntax_scan_head(const char *p, size_t from, size_t n, size_t *end)
{
    char before = from ? p[from - 1] : 'x';

    for (size_t i = from; i < n; before = p[i++]) {
        char c = p[i];

        if (!(CLS(c) & C_CTL)) {
            if (before == '\r' || (before == '\n' && (c == ' ' || c == '\t')))
                return SCAN_BAD; /* a bare CR, a folded line */
            continue;
        }
        if (c == '\r' && before != '\r')
            continue;
        if (c != '\n' || before != '\r')
            return SCAN_BAD;
        if (i >= 3 && p[i - 2] == '\n') { /* an empty line */
            *end = i + 1;
            return i == 3 ? SCAN_BAD : SCAN_END;
        }
    }
    return SCAN_MORE;
}

static bool is_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

bool syntax_length(struct str s, uint64_t *out)
{
    int64_t v;

    if (!is_digits(s) || !str_i64(s, 0, INT64_MAX, &v))
        return false;
    *out = (uint64_t)v;
    return true;
}

static bool port_ok(struct str s)
{
    int64_t v;

    return s.n <= 5 && is_digits(s) && str_i64(s, 1, 65535, &v);
}

static bool ip_ok(int family, struct str s)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char ip[16];

    if (s.n >= sizeof(text))
        return false;
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): a view with a length has a place */
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    return inet_pton(family, text, ip) == 1;
}

static bool name_ok(struct str s)
{
    struct str label = STR_NONE, rest = s;

    if (s.n == 0 || s.n > 253 || !all(s, C_NAME))
        return false;
    while (rest.p) {
        label = str_cut(&rest, '.');
        if (label.n == 0 || label.n > 63)
            return false;
    }
    return !is_digits(label) || ip_ok(AF_INET, s);
}

bool syntax_host(struct str s)
{
    size_t at;

    if (s.n && s.p[0] == '[') {
        at = str_chr(s, ']');
        if (at == SIZE_MAX || !ip_ok(AF_INET6, str_sub(s, 1, at - 1)))
            return false;
        s = str_sub(s, at + 1, s.n);
        return s.n == 0 || (s.p[0] == ':' && port_ok(str_sub(s, 1, s.n)));
    }
    at = str_chr(s, ':');
    if (at == SIZE_MAX)
        return name_ok(s);
    return name_ok(str_sub(s, 0, at)) && port_ok(str_sub(s, at + 1, s.n));
}

bool syntax_list_has(struct str list, struct str word)
{
    while (list.p)
        if (str_ieq(str_trim(str_cut(&list, ',')), word))
            return true;
    return false;
}

/* ── targets ── */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Strict UTF-8: no overlong forms, surrogates or values past U+10FFFF. */
static bool utf8_ok(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;

    for (size_t i = 0; i < s.n;) {
        unsigned c = p[i], more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        unsigned v = c < 0x80 ? c : c & (0x3fu >> more);
        static const unsigned least[] = { 0, 0x80, 0x800, 0x10000 };

        if ((c >= 0x80 && c < 0xc2) || c > 0xf4 || i + more >= s.n)
            return false;
        for (unsigned k = 1; k <= more; k++) {
            if ((p[i + k] & 0xc0) != 0x80)
                return false;
            v = v << 6 | (p[i + k] & 0x3f);
        }
        if (v < least[more] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
            return false;
        i += more + 1;
    }
    return true;
}

static const char *path_decode(struct str raw, struct arena *a, struct str *out)
{
    char *p = arena_alloc_raw(a, raw.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];

        if (c == '%') {
            int hi = i + 2 < raw.n ? hex(raw.p[i + 1]) : -1;
            int lo = i + 2 < raw.n ? hex(raw.p[i + 2]) : -1;

            if (hi < 0 || lo < 0)
                return "broken percent-encoding in the path";
            c = (char)(hi << 4 | lo);
            i += 2;
            if (c == '/' || c == '\\')
                return "an encoded slash in the path";
            if (CLS(c) & C_CTL || c == '\t')
                return "a control character in the path";
        }
        p[n++] = c;
    }
    p[n] = '\0';
    *out = (struct str){ p, n };
    return utf8_ok(*out) ? NULL : "the path is not valid UTF-8";
}

static const char *path_check(struct str path)
{
    struct str rest = str_sub(path, 1, path.n);

    while (rest.p) {
        struct str seg = str_cut(&rest, '/');

        if (seg.n == 0 && rest.p)
            return "an empty segment in the path";
        if (str_eq(seg, STR(".")) || str_eq(seg, STR("..")))
            return "a dot segment in the path";
    }
    return NULL;
}

static const char *origin_form(struct str raw, struct arena *a, struct target *out)
{
    size_t q = str_chr(raw, '?');
    struct str path = str_sub(raw, 0, q);
    const char *wrong;

    if (path.n == 0 || path.p[0] != '/' || !all(path, C_PATH))
        return "a character that may not stand in a path";
    out->query = q == SIZE_MAX ? STR("") : str_sub(raw, q + 1, raw.n);
    if (!all(out->query, C_QUERY))
        return "a character that may not stand in a query";
    out->path = path;
    if (str_chr(path, '%') != SIZE_MAX) {
        wrong = path_decode(path, a, &out->path);
        if (wrong)
            return wrong;
    }
    return path_check(out->path);
}

const char *target_parse(struct str raw, bool is_options, struct arena *a, struct target *out)
{
    size_t skip, at;

    *out = (struct target){ 0 };
    if (raw.n && raw.p[0] == '/')
        return origin_form(raw, a, out);
    if (str_eq(raw, STR("*")) && is_options) {
        out->path = raw;
        out->query = STR("");
        return NULL;
    }
    skip = str_istarts(raw, STR("http://")) ? 7 : str_istarts(raw, STR("https://")) ? 8 : 0;
    if (skip == 0)
        return "the target is neither a path nor an http(s) URL";
    raw = str_sub(raw, skip, raw.n);
    for (at = 0; at < raw.n && raw.p[at] != '/' && raw.p[at] != '?'; at++)
        ;
    out->authority = str_sub(raw, 0, at);
    if (!syntax_host(out->authority))
        return "the host in the target is malformed";
    raw = str_sub(raw, at, raw.n);
    if (raw.n == 0 || raw.p[0] == '?')
        raw = str_printf(a, "/%.*s", STR_ARG(raw));
    return origin_form(raw, a, out);
}
