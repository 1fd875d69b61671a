#include "base/utf8.h"

#include "base/arena.h"
#include "base/buf.h"

static const uint64_t HIGH_BITS = UINT64_C(0x8080808080808080);

/* What may follow a lead byte (Unicode table 3-7): the range of the second byte, the length. */
struct lead {
    unsigned char from, to, second_min, second_max, len;
};

static const struct lead leads[] = {
    { 0xC2, 0xDF, 0x80, 0xBF, 2 }, { 0xE0, 0xE0, 0xA0, 0xBF, 3 }, { 0xE1, 0xEC, 0x80, 0xBF, 3 },
    { 0xED, 0xED, 0x80, 0x9F, 3 }, { 0xEE, 0xEF, 0x80, 0xBF, 3 }, { 0xF0, 0xF0, 0x90, 0xBF, 4 },
    { 0xF1, 0xF3, 0x80, 0xBF, 4 }, { 0xF4, 0xF4, 0x80, 0x8F, 4 },
};

static const struct lead *lead_of(unsigned char c)
{
    for (size_t i = 0; i < ARRAY_LEN(leads); i++) {
        if (c >= leads[i].from && c <= leads[i].to)
            return &leads[i];
    }
    return NULL;
}

uint32_t utf8_decode(const char *text, size_t n, size_t *len)
{
    const unsigned char *p = (const unsigned char *)text;
    const struct lead *lead;
    uint32_t cp;

    *len = 1;
    if (p[0] < 0x80)
        return p[0];
    lead = lead_of(p[0]);
    if (!lead || n < 2 || p[1] < lead->second_min || p[1] > lead->second_max)
        return UTF8_BAD;
    cp = (p[0] & (0x7Fu >> lead->len)) << 6 | (p[1] & 0x3Fu);
    for (*len = 2; *len < lead->len; ++*len) {
        if (*len >= n || (p[*len] & 0xC0) != 0x80)
            return UTF8_BAD;
        cp = cp << 6 | (p[*len] & 0x3Fu);
    }
    return cp;
}

size_t utf8_encode(uint32_t cp, char out[4])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

/* Length of the ASCII run at the start of s. */
static size_t ascii_run(struct str s)
{
    size_t i = 0;

    for (uint64_t word; s.n - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, s.p + i, sizeof(word));
        if (word & HIGH_BITS)
            break;
    }
    while (i < s.n && (unsigned char)s.p[i] < 0x80)
        i++;
    return i;
}

bool utf8_is_valid(struct str s)
{
    for (size_t len, i = ascii_run(s); i < s.n; i += len) {
        if ((unsigned char)s.p[i] < 0x80)
            len = ascii_run(str_sub(s, i, s.n));
        else if (utf8_decode(s.p + i, s.n - i, &len) == UTF8_BAD)
            return false;
    }
    return true;
}

size_t utf8_count(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += (s.p[i] & 0xC0) != 0x80;
    return n;
}

size_t utf8_cut_bytes(struct str s, size_t max_bytes)
{
    if (s.n <= max_bytes)
        return s.n;
    while (max_bytes && (s.p[max_bytes] & 0xC0) == 0x80)
        max_bytes--;
    return max_bytes;
}

struct str utf8_cut(struct str s, size_t max_points)
{
    size_t i = 0;

    for (; i < s.n; i++) {
        if ((s.p[i] & 0xC0) != 0x80 && max_points-- == 0)
            break;
    }
    return str_sub(s, 0, i);
}

bool utf8_has_control(struct str s, bool lines)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c < 0x20 && !(lines && (c == '\n' || c == '\r' || c == '\t')))
            return true;
        if (c == 0x7F)
            return true;
        if (c == 0xC2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xA0)
            return true;
    }
    return false;
}

bool utf8_is_line(struct str s)
{
    for (size_t i = 0; i + 2 < s.n; i++) {
        unsigned char last = (unsigned char)s.p[i + 2];

        if ((unsigned char)s.p[i] != 0xE2)
            continue;
        if ((s.p[i + 1] == '\x80' && last >= 0xAA && last <= 0xAE) || (s.p[i + 1] == '\x81' && last >= 0xA6 && last <= 0xA9))
            return false;
    }
    return !utf8_has_control(s, false);
}

static bool point_is_blank(uint32_t cp)
{
    return cp <= 0x20 || cp == 0x85 || cp == 0xA0 || cp == 0xAD || cp == 0x1680
           || (cp >= 0x2000 && cp <= 0x200F) || (cp >= 0x2028 && cp <= 0x202F) || cp == 0x205F
           || (cp >= 0x2060 && cp <= 0x2064) || cp == 0x3000 || cp == 0x3164 || cp == 0xFEFF;
}

bool utf8_is_blank(struct str s)
{
    for (size_t len, i = 0; i < s.n; i += len) {
        if (!point_is_blank(utf8_decode(s.p + i, s.n - i, &len)))
            return false;
    }
    return true;
}

struct str utf8_repair(struct str s, struct arena *a)
{
    struct buf b;

    if (utf8_is_valid(s) && str_chr(s, '\0') == SIZE_MAX)
        return s;
    b = BUF_ARENA(a, s.n * 3 + 1);
    for (size_t len, i = 0; i < s.n; i += len) {
        uint32_t cp = utf8_decode(s.p + i, s.n - i, &len);

        if (cp == UTF8_BAD)
            BUF_LIT(&b, "\xEF\xBF\xBD");
        else if (cp != 0)
            buf_add(&b, s.p + i, len);
    }
    return buf_view(&b);
}
