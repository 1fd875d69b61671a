#include "http/exchange.h"

#include <arpa/inet.h>

static const unsigned char v4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

size_t addr_format(const struct addr *a, char out[ADDR_TEXT_MAX])
{
    bool is_v4 = memcmp(a->ip, v4_prefix, sizeof(v4_prefix)) == 0;

    if (a->is_unix)
        memcpy(out, "unix", 5);
    else if (is_v4)
        inet_ntop(AF_INET, a->ip + sizeof(v4_prefix), out, ADDR_TEXT_MAX);
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
