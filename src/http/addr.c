#include "http/exchange.h"

#include <arpa/inet.h>

static const unsigned char v4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static char *put_byte(char *p, unsigned v)
{
    if (v >= 100)
        *p++ = (char)('0' + v / 100);
    if (v >= 10)
        *p++ = (char)('0' + v / 10 % 10);
    *p++ = (char)('0' + v % 10);
    return p;
}

/* Each request has its address written out: inet_ntop() would go through printf. */
static size_t format_v4(const unsigned char ip[4], char *out)
{
    char *p = out;

    for (int i = 0; i < 4; i++) {
        p = put_byte(p, ip[i]);
        *p++ = '.';
    }
    *--p = '\0';
    return (size_t)(p - out);
}

size_t addr_format(const struct addr *a, char out[ADDR_TEXT_MAX])
{
    bool is_v4 = memcmp(a->ip, v4_prefix, sizeof(v4_prefix)) == 0;

    if (a->is_unix)
        memcpy(out, "unix", 5);
    else if (is_v4)
        return format_v4(a->ip + sizeof(v4_prefix), out);
    else
        inet_ntop(AF_INET6, a->ip, out, ADDR_TEXT_MAX);
    return strlen(out);
}

bool addr_parse(struct str s, struct addr *out)
{
    char text[ADDR_TEXT_MAX];
    struct addr a = { 0 };

    if (s.n == 0 || s.n >= sizeof(text) || memchr(s.p, '\0', s.n))
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    memcpy(a.ip, v4_prefix, sizeof(v4_prefix));
    if (inet_pton(AF_INET, text, a.ip + sizeof(v4_prefix)) != 1
        && inet_pton(AF_INET6, text, a.ip) != 1)
        return false;
    *out = a;
    return true;
}
