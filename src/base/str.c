#include "base/str.h"

#include "base/arena.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

bool str_eq(struct str a, struct str b)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): a view with a length has a place */
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); /* ANALYZER-OK: the same */
}

bool str_ieq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq((struct str){ s.p, prefix.n }, prefix);
}

bool str_istarts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_ieq((struct str){ s.p, prefix.n }, prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq(str_sub(s, s.n - suffix.n, suffix.n), suffix);
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;

    return c ? c : (a.n > b.n) - (a.n < b.n);
}

size_t str_find(struct str s, struct str needle)
{
    const char *hit;

    if (needle.n == 0)
        return 0;
    if (s.n < needle.n)
        return SIZE_MAX;
    hit = memmem(s.p, s.n, needle.p, needle.n);
    return hit ? (size_t)(hit - s.p) : SIZE_MAX;
}

size_t str_chr(struct str s, char c)
{
    const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;

    return hit ? (size_t)(hit - s.p) : SIZE_MAX;
}

struct str str_sub(struct str s, size_t from, size_t n)
{
    if (from > s.n)
        from = s.n;
    if (n > s.n - from)
        n = s.n - from;
    return (struct str){ s.p ? s.p + from : NULL, n };
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_dir(struct str path)
{
    while (path.n > 0 && path.p[path.n - 1] != '/')
        path.n--;
    return path;
}

struct str str_trim(struct str s)
{
    while (s.n && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str str_cut(struct str *s, char sep)
{
    size_t at = str_chr(*s, sep);
    struct str head = *s;

    if (at == SIZE_MAX) {
        *s = STR_NONE;
        return head;
    }
    head.n = at;
    *s = str_sub(*s, at + 1, s->n);
    return head;
}

bool str_i64(struct str s, int64_t min, int64_t max, int64_t *out)
{
    int64_t v = 0;
    size_t i = 0;
    bool neg = s.n && s.p[0] == '-';

    if (neg)
        i = 1;
    if (i == s.n)
        return false;
    for (; i < s.n; i++) {
        int digit = s.p[i] - '0';

        if (digit < 0 || digit > 9 || __builtin_mul_overflow(v, 10, &v)
            || __builtin_sub_overflow(v, digit, &v))
            return false; /* kept negative, so that INT64_MIN fits */
    }
    if (!neg && __builtin_sub_overflow((int64_t)0, v, &v))
        return false;
    if (v < min || v > max)
        return false;
    *out = v;
    return true;
}

bool str_eq_secret(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || sodium_memcmp(a.p, b.p, a.n) == 0);
}

struct str str_dup(struct str s, struct arena *a)
{
    char *p = arena_alloc_raw(a, s.n + 1);

    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return (struct str){ p, s.n };
}

const char *str_z(struct str s, struct arena *a)
{
    return str_dup(s, a).p;
}

struct str str_lower(struct str s, struct arena *a)
{
    char *p = arena_alloc_raw(a, s.n + 1);

    for (size_t i = 0; i < s.n; i++)
        p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 0x20) : s.p[i];
    p[s.n] = '\0';
    return (struct str){ p, s.n };
}

struct str str_printf(struct arena *a, const char *fmt, ...)
{
    va_list args, again;
    char first[256], *p; /* most fit, and are formatted once */
    int n;

    va_start(args, fmt);
    va_copy(again, args);
    n = vsnprintf(first, sizeof(first), fmt, args);
    va_end(args);
    INVARIANT(n >= 0);
    p = arena_alloc_raw(a, (size_t)n + 1);
    if ((size_t)n < sizeof(first))
        memcpy(p, first, (size_t)n + 1);
    else
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return (struct str){ p, (size_t)n };
}
