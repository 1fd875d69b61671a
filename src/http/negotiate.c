#include "http/negotiate.h"

const struct str coding_names[CODING_COUNT_] = {
    [CODING_IDENTITY] = { "identity", 8 },
    [CODING_ZSTD] = { "zstd", 4 },
    [CODING_BR] = { "br", 2 },
    [CODING_GZIP] = { "gzip", 4 },
};

/* "0.5" to 500; -1 when malformed. */
static int q_value(struct str s)
{
    int q = 0, scale = 100;

    if (s.n == 0 || s.n > 5 || (s.p[0] != '0' && s.p[0] != '1'))
        return -1;
    q = (s.p[0] - '0') * 1000;
    if (s.n > 1 && s.p[1] != '.')
        return -1;
    for (size_t i = 2; i < s.n; i++, scale /= 10) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return -1;
        q += (s.p[i] - '0') * scale;
    }
    return q <= 1000 ? q : -1;
}

/* One element, "gzip;q=0.8": its name and q; a malformed q counts as 0. */
static int element(struct str item, struct str *name)
{
    int q;

    *name = str_trim(str_cut(&item, ';'));
    while (item.p) {
        struct str param = str_trim(str_cut(&item, ';'));

        if (str_istarts(param, STR("q="))) {
            q = q_value(str_sub(param, 2, param.n));
            return q < 0 ? 0 : q;
        }
    }
    return 1000;
}

static void weigh(struct str list, int q[CODING_COUNT_])
{
    int any = -1;

    while (list.p) {
        struct str name;
        int v = element(str_cut(&list, ','), &name);

        if (str_eq(name, STR("*")))
            any = v;
        for (int c = 0; c < CODING_COUNT_; c++)
            if (str_ieq(name, coding_names[c])
                || (c == CODING_GZIP && str_ieq(name, STR("x-gzip"))))
                q[c] = v;
    }
    for (int c = 0; c < CODING_COUNT_; c++)
        if (q[c] < 0)
            q[c] = any >= 0 ? any : c == CODING_IDENTITY ? 1 : 0;
}

enum coding negotiate_coding(struct str accept, unsigned offered)
{
    int q[CODING_COUNT_] = { -1, -1, -1, -1 };
    enum coding best = CODING_IDENTITY;

    if (!accept.p || offered == 0)
        return best;
    weigh(accept, q);
    for (int c = CODING_ZSTD; c < CODING_COUNT_; c++)
        if (offered & 1u << c && q[c] > 0
            && (q[c] > q[best] || (best == CODING_IDENTITY && q[c] == q[best])))
            best = (enum coding)c;
    return best;
}

bool negotiate_compressible(struct str type)
{
    static const struct str whole[] = {
        { "application/json", 16 },     { "application/javascript", 22 }, { "application/xml", 15 },
        { "application/x-ndjson", 20 }, { "application/wasm", 16 },       { "image/svg+xml", 13 },
    };
    struct str t = str_trim(str_cut(&type, ';'));

    if (str_istarts(t, STR("text/")))
        return !str_ieq(t, STR("text/event-stream"));
    if (str_ends(t, STR("+json")) || str_ends(t, STR("+xml")))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(whole); i++)
        if (str_ieq(t, whole[i]))
            return true;
    return false;
}

static struct str opaque(struct str tag)
{
    return str_starts(tag, STR("W/")) ? str_sub(tag, 2, tag.n) : tag;
}

bool negotiate_none_match(struct str list, struct str etag)
{
    if (!list.p || !etag.p)
        return false;
    if (str_eq(str_trim(list), STR("*")))
        return true;
    while (
        list.p) /* an opaque tag with a comma inside never matches: only costs the whole answer */
        if (str_eq(opaque(str_trim(str_cut(&list, ','))), opaque(etag)))
            return true;
    return false;
}

bool negotiate_if_range(struct str if_range, struct str etag)
{
    if (!if_range.p)
        return true;
    return etag.p && !str_starts(etag, STR("W/")) && str_eq(str_trim(if_range), etag);
}

/* A number too large to be one is past every end. */
static bool range_number(struct str s, int64_t *out)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    if (!str_i64(s, 0, INT64_MAX, out))
        *out = INT64_MAX;
    return true;
}

enum range negotiate_range(struct str range, uint64_t len, uint64_t *off, uint64_t *n)
{
    struct str first, rest;
    int64_t a = 0, b = INT64_MAX;

    if (!range.p || !str_istarts(range, STR("bytes=")))
        return RANGE_NONE;
    rest = str_trim(str_sub(range, 6, range.n));
    if (str_chr(rest, ',') != SIZE_MAX || str_chr(rest, '-') == SIZE_MAX)
        return RANGE_NONE;
    first = str_cut(&rest, '-');
    if (first.n && !range_number(first, &a))
        return RANGE_NONE;
    if (rest.n && !range_number(rest, &b))
        return RANGE_NONE;
    if (first.n == 0) { /* the last b bytes */
        if (rest.n == 0)
            return RANGE_NONE;
        if (b == 0 || len == 0)
            return RANGE_BAD;
        *n = (uint64_t)b < len ? (uint64_t)b : len;
        *off = len - *n;
        return RANGE_ONE;
    }
    if (b < a)
        return RANGE_NONE;
    if ((uint64_t)a >= len)
        return RANGE_BAD;
    *off = (uint64_t)a;
    *n = (uint64_t)b < len - 1 ? (uint64_t)b - *off + 1 : len - *off;
    return RANGE_ONE;
}
