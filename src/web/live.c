#include "web/live.h"

#include "base/config.h"

enum { LIVE_ARENA_MAX = 1 << 20, ADDRESSES_MAX = 64, UPLOAD_FRAME = 65536 /* of multipart */ };

bool cidr_parse(struct str s, struct cidr *out)
{
    struct str ip = str_cut(&s, '/');
    struct addr a;
    bool v4 = str_chr(ip, ':') == SIZE_MAX;
    int64_t bits = v4 ? 32 : 128;

    if (!addr_parse(ip, &a) || a.is_unix || (s.p && !str_i64(s, 0, bits, &bits)))
        return false;
    memcpy(out->ip, a.ip, sizeof(out->ip));
    out->bits = (unsigned)(v4 ? bits + 96 : bits); /* IPv4 is kept as ::ffff:a.b.c.d */
    return true;
}

bool cidr_has(const struct cidr *c, const struct addr *a)
{
    unsigned whole = c->bits / 8, rest = c->bits % 8;

    if (a->is_unix || memcmp(c->ip, a->ip, whole) != 0)
        return false;
    return rest == 0 || ((c->ip[whole] ^ a->ip[whole]) >> (8 - rest)) == 0;
}

/* scheme://host[:port], nothing behind. */
static bool origin_is_sound(struct str o)
{
    size_t at = str_find(o, STR("://"));
    struct str host;

    if (at == SIZE_MAX || at == 0)
        return false;
    host = str_sub(o, at + 3, o.n);
    for (size_t i = 0; i < host.n; i++) {
        if (host.p[i] == '/' || host.p[i] == '*' || host.p[i] == '@' || (unsigned char)host.p[i] <= ' ')
            return false;
    }
    return host.n > 0;
}

static enum rc add_origins(struct web_live *l, struct str list, struct err *e)
{
    l->origins = ARENA_ARRAY(l->arena, struct str, list.n / 2 + 1);
    while (list.p) {
        struct str o = str_trim(str_cut(&list, ','));

        if (o.n == 0)
            continue;
        if (str_eq(o, STR("*"))) {
            l->any_origin = true;
            continue;
        }
        if (!origin_is_sound(o))
            return err_set(e, RC_INVALID, "setting", "ALLOWED_ORIGINS: \"%.*s\" is not an origin like https://help.example.com",
                           STR_ARG(o));
        l->origins[l->n_origins++] = str_lower(o, l->arena);
    }
    return RC_OK;
}

static enum rc add_proxies(struct web_live *l, struct str list, struct err *e)
{
    l->proxies = ARENA_ARRAY(l->arena, struct cidr, list.n / 2 + 1);
    while (list.p) {
        struct str p = str_trim(str_cut(&list, ','));

        if (p.n == 0)
            continue;
        if (str_eq(p, STR("unix")))
            l->unix_is_proxy = true;
        else if (cidr_parse(p, &l->proxies[l->n_proxies]))
            l->n_proxies++;
        else
            return err_set(e, RC_INVALID, "setting", "TRUSTED_PROXIES: \"%.*s\" is not an address or network like 10.0.0.0/8",
                           STR_ARG(p));
    }
    return RC_OK;
}

/* The host of "https://help.example.com:8443/x". */
static struct str host_of(struct str url)
{
    size_t at = str_find(url, STR("://"));
    struct str host = at == SIZE_MAX ? url : str_sub(url, at + 3, url.n);

    host = str_cut(&host, '/');
    if (host.n && host.p[0] == '[')
        return str_sub(host, 0, str_chr(host, ']') + 1);
    return str_cut(&host, ':');
}

static void add_hosts(struct web_live *l, const struct config *cfg)
{
    struct str list = cfg->allowed_hosts;

    l->hosts = ARENA_ARRAY(l->arena, struct str, l->n_origins + list.n / 2 + 2);
    l->hosts[l->n_hosts++] = str_dup(host_of(cfg->base_url), l->arena);
    for (size_t i = 0; i < l->n_origins; i++)
        l->hosts[l->n_hosts++] = host_of(l->origins[i]);
    while (list.p) {
        struct str host = str_trim(str_cut(&list, ','));

        if (host.n)
            l->hosts[l->n_hosts++] = str_dup(host_of(host), l->arena);
    }
}

static enum rc fill(struct web_live *l, const struct config *cfg, struct err *e)
{
    bool production = config_is_production(cfg);

    TRY(add_origins(l, cfg->allowed_origins, e));
    TRY(add_proxies(l, cfg->trusted_proxies, e));
    if (production)
        add_hosts(l, cfg);
    l->per_min[BUCKET_API] = cfg->rate_limit_per_min;
    l->per_min[BUCKET_LOGIN] = cfg->rate_limit_login_per_min;
    l->per_min[BUCKET_REGISTER] = cfg->rate_limit_register_per_min;
    l->per_min[BUCKET_RESET] = cfg->rate_limit_reset_per_min;
    l->per_min[BUCKET_FORM] = cfg->rate_limit_form_per_min;
    l->per_min[BUCKET_TOKEN] = cfg->rate_limit_token_per_min;
    l->max_body = (size_t)cfg->max_body_kib * KIB;
    l->max_upload = (size_t)cfg->attachment_max_kib * KIB + UPLOAD_FRAME;
    l->csrf = production || cfg->csrf_protection;
    l->access_log = cfg->access_log;
    l->secure = production;
    return RC_OK;
}

enum rc live_new(const struct config *cfg, struct web_live **out, struct err *e)
{
    struct arena *a = arena_new(LIVE_ARENA_MAX);
    struct web_live *l = ARENA_NEW(a, struct web_live);

    l->arena = a;
    if (fill(l, cfg, e) != RC_OK) {
        arena_free(&a);
        return e->rc;
    }
    *out = l;
    return RC_OK;
}

void live_free(struct web_live **l)
{
    while (*l) {
        struct web_live *older = (*l)->older;
        struct arena *a = (*l)->arena;

        arena_free(&a);
        *l = older;
    }
}

bool live_origin_allowed(const struct web_live *l, struct str origin)
{
    for (size_t i = 0; i < l->n_origins; i++) {
        if (str_ieq(l->origins[i], origin))
            return true;
    }
    return false;
}

static bool is_proxy(const struct web_live *l, const struct addr *a)
{
    if (a->is_unix)
        return l->unix_is_proxy;
    for (size_t i = 0; i < l->n_proxies; i++) {
        if (cidr_has(&l->proxies[i], a))
            return true;
    }
    return false;
}

/* "203.0.113.9", "203.0.113.9:4711", "[2001:db8::1]:4711", "\"[2001:db8::1]\"" */
static bool hop_parse(struct str s, struct addr *out)
{
    s = str_trim(s);
    if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
        s = str_sub(s, 1, s.n - 2);
    if (s.n > 0 && s.p[0] == '[') {
        size_t end = str_chr(s, ']');

        return end != SIZE_MAX && addr_parse(str_sub(s, 1, end - 1), out) && !out->is_unix;
    }
    if (str_chr(s, '.') != SIZE_MAX && str_chr(s, ':') != SIZE_MAX && str_find(s, STR("::")) == SIZE_MAX)
        s = str_sub(s, 0, str_chr(s, ':'));
    return addr_parse(s, out) && !out->is_unix;
}

/* The value of for= in one element of Forwarded (RFC 7239). */
static struct str forwarded_for(struct str element)
{
    while (element.p) {
        struct str pair = str_trim(str_cut(&element, ';'));
        struct str key = str_trim(str_cut(&pair, '='));

        if (str_ieq(key, STR("for")))
            return pair;
    }
    return STR_NONE;
}

/* The elements of all fields of this name, in order; the rightmost ones when there are too many. */
static size_t hops_of(const struct exchange *x, struct str name, struct str hops[ADDRESSES_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < x->n_headers; i++) {
        struct str value = x->headers[i].value;

        if (!str_eq(x->headers[i].name, name))
            continue;
        while (value.p) {
            if (n == ADDRESSES_MAX) {
                memmove(hops, hops + 1, (ADDRESSES_MAX - 1) * sizeof(hops[0]));
                n--;
            }
            hops[n++] = str_cut(&value, ',');
        }
    }
    return n;
}

struct addr client_address(const struct web_live *l, const struct exchange *x)
{
    struct str hops[ADDRESSES_MAX];
    struct addr at = x->peer, next;
    bool rfc7239 = false;
    size_t n;

    if (!is_proxy(l, &at))
        return at;
    n = hops_of(x, STR("x-forwarded-for"), hops);
    if (n == 0) {
        n = hops_of(x, STR("forwarded"), hops);
        rfc7239 = true;
    }
    while (n > 0 && is_proxy(l, &at)) {
        struct str hop = hops[--n];

        if (!hop_parse(rfc7239 ? forwarded_for(hop) : hop, &next))
            break; /* what stands left of nonsense was not written by a proxy of ours */
        at = next;
    }
    return at;
}
