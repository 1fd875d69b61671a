#include "check/nft.h"

#include <stdlib.h>
#include <string.h>

enum { SETS_DEEP = 4, PORT_MAX = 65535 };

struct reading {
    struct nft_rules *out;
    json_t *all; /* the array of the ruleset, borrowed */
};

static const char *text(const json_t *v, const char *key)
{
    const char *s = json_string_value(json_object_get(v, key));

    return s ? s : "";
}

static bool same(const json_t *a, const json_t *b, const char *key)
{
    return strcmp(text(a, key), text(b, key)) == 0;
}

/* ── ports ── */

static void add_ports(struct nft_rules *out, json_int_t from, json_int_t to)
{
    if (out->n_ports < NFT_PORTS_MAX && from >= 0 && to <= PORT_MAX) {
        out->ports[out->n_ports].from = (int)from;
        out->ports[out->n_ports++].to = (int)to;
    }
}

static void read_ports(const struct reading *r, const json_t *v, int deep);

/* "@name" stands for the elements of a set of the ruleset, which might name itself. */
static void read_named_set(const struct reading *r, const char *name, int deep)
{
    size_t i;
    json_t *one;

    json_array_foreach(r->all, i, one) {
        const json_t *set = json_object_get(one, "set");

        if (set && strcmp(text(set, "name"), name) == 0)
            read_ports(r, json_object_get(set, "elem"), deep + 1);
    }
}

static void read_ports(const struct reading *r, const json_t *v, int deep)
{
    const json_t *set = json_object_get(v, "set"), *range = json_object_get(v, "range");
    size_t i;
    json_t *one;

    if (deep > SETS_DEEP)
        return;
    if (json_is_integer(v)) {
        add_ports(r->out, json_integer_value(v), json_integer_value(v));
    } else if (json_is_string(v) && json_string_value(v)[0] == '@') {
        read_named_set(r, json_string_value(v) + 1, deep);
    } else if (range) {
        add_ports(r->out, json_integer_value(json_array_get(range, 0)),
                  json_integer_value(json_array_get(range, 1)));
    } else {
        json_array_foreach(set ? set : v, i, one)
            read_ports(r, one, deep + 1);
    }
}

/* ── rules ── */

/* A rule at the output or forward hook says nothing of what comes in; one of a chain without a hook
 * may be jumped to. */
static bool is_inward(const struct reading *r, const json_t *rule)
{
    size_t i;
    json_t *one;

    json_array_foreach(r->all, i, one) {
        const json_t *chain = json_object_get(one, "chain");

        if (chain && same(chain, rule, "family") && same(chain, rule, "table")
            && strcmp(text(chain, "name"), text(rule, "chain")) == 0)
            return !*text(chain, "hook") || strcmp(text(chain, "hook"), "input") == 0;
    }
    return false;
}

struct rule_facts {
    const json_t *ports;                        /* of TCP */
    bool accepts, refuses, limits, asks, is_new; /* asks: has a condition */
    bool each, is_icmp;                          /* each: the limit is kept for each address */
};

static void read_match(const json_t *match, struct rule_facts *out)
{
    const json_t *left = json_object_get(match, "left"), *payload = json_object_get(left, "payload"),
                 *ct = json_object_get(left, "ct");
    const char *protocol = text(payload, "protocol");

    out->asks = true;
    out->is_icmp = out->is_icmp || strncmp(protocol, "icmp", 4) == 0;
    if (strcmp(text(payload, "field"), "dport") == 0
        && (strcmp(protocol, "tcp") == 0 || strcmp(protocol, "th") == 0))
        out->ports = json_object_get(match, "right");
    out->is_new = out->is_new || strcmp(text(ct, "key"), "state") == 0
                  || (strcmp(protocol, "tcp") == 0 && strcmp(text(payload, "field"), "flags") == 0);
}

/* "ip saddr", whole or under a mask. */
static bool is_source(const json_t *elem)
{
    const json_t *masked = json_array_get(json_object_get(elem, "&"), 0);

    return strcmp(text(json_object_get(masked ? masked : elem, "payload"), "field"), "saddr") == 0;
}

static void read_statement(const json_t *one, struct rule_facts *out)
{
    const json_t *match = json_object_get(one, "match"), *set = json_object_get(one, "set");
    /* A limit kept for each address is a dynamic set. */
    bool limits = json_object_get(one, "limit") || json_object_get(one, "ct count")
                  || json_object_get(one, "meter") || json_object_get(set, "stmt");

    if (match)
        read_match(match, out);
    out->limits = out->limits || limits;
    out->each = out->each || (json_object_get(set, "stmt") && is_source(json_object_get(set, "elem")));
    out->asks = out->asks || limits || json_object_get(one, "xt");
    out->accepts = out->accepts || json_object_get(one, "accept");
    out->refuses = out->refuses || json_object_get(one, "drop") || json_object_get(one, "reject");
}

static void read_rule(const struct reading *r, const json_t *rule)
{
    struct rule_facts facts = { 0 };
    size_t i;
    json_t *one;

    if (!is_inward(r, rule))
        return;
    json_array_foreach(json_object_get(rule, "expr"), i, one)
        read_statement(one, &facts);
    if (facts.accepts && facts.ports)
        read_ports(r, facts.ports, 0);
    r->out->accepts_all = r->out->accepts_all || (facts.accepts && !facts.asks);
    r->out->limits = r->out->limits
                     || (facts.limits && (facts.ports || facts.is_new || (facts.each && !facts.is_icmp))
                         && (facts.refuses || facts.accepts));
}

static void read_chain(struct nft_rules *out, const json_t *chain)
{
    const char *family = text(chain, "family");
    bool both = strcmp(family, "inet") == 0;

    if (strcmp(text(chain, "hook"), "input") != 0 || strcmp(text(chain, "policy"), "drop") != 0)
        return;
    out->drops_v4 = out->drops_v4 || both || strcmp(family, "ip") == 0;
    out->drops_v6 = out->drops_v6 || both || strcmp(family, "ip6") == 0;
}

void nft_read(json_t *ruleset, struct nft_rules *out)
{
    struct reading r = { out, json_object_get(ruleset, "nftables") };
    size_t i;
    json_t *one;

    *out = (struct nft_rules){ 0 };
    json_array_foreach(r.all, i, one) {
        const json_t *rule = json_object_get(one, "rule");

        read_chain(out, json_object_get(one, "chain"));
        if (rule)
            read_rule(&r, rule);
    }
}

bool nft_names(const struct nft_rules *rules, int port)
{
    for (size_t i = 0; i < rules->n_ports; i++) {
        if (port >= rules->ports[i].from && port <= rules->ports[i].to)
            return true;
    }
    return false;
}

/* ── /proc/net/tcp ── */

/* Loopback there is ….7F, in tcp6 ::1 or ::ffff:127.…. */
static bool is_loopback(struct str address)
{
    return str_eq(address, STR("00000000000000000000000001000000"))
           || (address.n == 8 && str_ends(address, STR("7F")))
           || (str_starts(address, STR("0000000000000000FFFF0000")) && str_ends(address, STR("7F")));
}

int proc_listening_port(struct str line)
{
    struct str words[4] = { 0 };
    char hex[8];

    for (size_t n = 0; n < ARRAY_LEN(words) && line.p;) {
        struct str word = str_cut(&line, ' ');

        if (word.n)
            words[n++] = word;
    }
    if (!str_eq(words[3], STR("0A")))
        return 0;
    struct str port = words[1], address = str_cut(&port, ':');

    if (!port.p || is_loopback(address))
        return 0;
    snprintf(hex, sizeof(hex), "%.*s", STR_ARG(port));
    return (int)(strtol(hex, NULL, 16) & PORT_MAX);
}
