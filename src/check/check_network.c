/* Lines about the firewall: what nftables has loaded against what listens. */
#include "check/check_priv.h"

#include "base/file.h"
#include "check/run.h"

#include <stdlib.h>

enum { NFT_MS = 5000, PROC_MAX = 4 * 1024 * 1024, PORTS_MAX = 256, STATE_LISTEN = 0x0A };

struct rules {
    bool drops_input; /* a chain at the input hook whose policy is drop */
    bool limits;      /* a rule that limits rate or connections */
    struct {
        int from, to;
    } ports[PORTS_MAX];
    size_t n_ports;
    json_t *all; /* borrowed */
};

static void add_ports(struct rules *out, int from, int to)
{
    if (out->n_ports < PORTS_MAX) {
        out->ports[out->n_ports].from = from;
        out->ports[out->n_ports++].to = to;
    }
}

static void read_ports(struct rules *out, const json_t *v);

/* "@name" stands for the elements of a set of the ruleset. */
static void read_named_set(struct rules *out, const char *name)
{
    size_t i;
    json_t *one;

    json_array_foreach(out->all, i, one) {
        const json_t *set = json_object_get(one, "set");
        const char *own = json_string_value(json_object_get(set, "name"));

        if (own && strcmp(own, name) == 0)
            read_ports(out, json_object_get(set, "elem"));
    }
}

static void read_ports(struct rules *out, const json_t *v)
{
    const json_t *set = json_object_get(v, "set"), *range = json_object_get(v, "range");
    size_t i;
    json_t *one;

    if (json_is_integer(v)) {
        add_ports(out, (int)json_integer_value(v), (int)json_integer_value(v));
    } else if (json_is_string(v) && json_string_value(v)[0] == '@') {
        read_named_set(out, json_string_value(v) + 1);
    } else if (range) {
        add_ports(out, (int)json_integer_value(json_array_get(range, 0)),
                  (int)json_integer_value(json_array_get(range, 1)));
    } else {
        json_array_foreach(set ? set : v, i, one)
            read_ports(out, one);
    }
}

static bool is_dport(const json_t *match)
{
    const json_t *payload = json_object_get(json_object_get(match, "left"), "payload");
    const char *field = json_string_value(json_object_get(payload, "field"));

    return field && strcmp(field, "dport") == 0;
}

static void read_rule(struct rules *out, const json_t *rule)
{
    const json_t *ports = NULL;
    bool accepts = false;
    size_t i;
    json_t *one;

    json_array_foreach(json_object_get(rule, "expr"), i, one) {
        const json_t *match = json_object_get(one, "match");

        if (match && is_dport(match))
            ports = json_object_get(match, "right");
        accepts = accepts || json_object_get(one, "accept");
        out->limits = out->limits || json_object_get(one, "limit")
                      || json_object_get(one, "ct count") || json_object_get(one, "meter");
        /* A limit kept for each address is a dynamic set. */
        out->limits = out->limits || json_object_get(json_object_get(one, "set"), "stmt");
    }
    if (accepts && ports)
        read_ports(out, ports);
}

static void read_rules(struct rules *out, json_t *all)
{
    size_t i;
    json_t *one;

    out->all = all;
    json_array_foreach(all, i, one) {
        const json_t *chain = json_object_get(one, "chain"), *rule = json_object_get(one, "rule");
        const char *hook = json_string_value(json_object_get(chain, "hook"));
        const char *policy = json_string_value(json_object_get(chain, "policy"));

        if (hook && policy && strcmp(hook, "input") == 0 && strcmp(policy, "drop") == 0)
            out->drops_input = true;
        if (rule)
            read_rule(out, rule);
    }
}

static bool load_rules(struct check_run *r, struct rules *out, json_t **keep, struct finding *f)
{
    static const char *const argv[] = { "nft", "-j", "list", "ruleset", NULL };
    struct program_out p;

    *out = (struct rules){ 0 };
    if (run_in_container(r)) {
        find_na(f, "in a container the network belongs to its host: judge it there");
        return false;
    }
    program_run(argv, NULL, NFT_MS, r->a, &p);
    *keep = p.status == 0 ? json_loadb(p.out.p, p.out.n, 0, NULL) : NULL;
    if (p.status == -1)
        find_fail(f, "nft cannot be run: there is no firewall of nftables here");
    else if (!*keep)
        find_warn(f, "the firewall's rules may only be read by root: run this as root");
    else
        read_rules(out, json_object_get(*keep, "nftables"));
    return *keep != NULL;
}

static bool is_named(const struct rules *rules, int port)
{
    for (size_t i = 0; i < rules->n_ports; i++) {
        if (port >= rules->ports[i].from && port <= rules->ports[i].to)
            return true;
    }
    return false;
}

/* Loopback in /proc/net/tcp is ….7F, in tcp6 it is ::1. */
static bool is_loopback(struct str address)
{
    return str_ends(address, STR("7F")) || str_ends(address, STR("00000000000000000000000001000000"));
}

/* One line of /proc/net/tcp: the port when it listens beyond this machine, else 0. */
static int listening_port(struct str line)
{
    struct str words[4] = { 0 };
    char hex[8];

    for (size_t n = 0; n < ARRAY_LEN(words) && line.p;) {
        struct str word = str_cut(&line, ' ');

        if (word.n)
            words[n++] = word;
    }
    if (!words[3].n || strtol(str_eq(words[3], STR("0A")) ? "0A" : "0", NULL, 16) != STATE_LISTEN)
        return 0;
    struct str port = words[1], address = str_cut(&port, ':');

    if (is_loopback(address))
        return 0;
    snprintf(hex, sizeof(hex), "%.*s", STR_ARG(port));
    return (int)strtol(hex, NULL, 16);
}

static void unnamed_ports(struct check_run *r, const struct rules *rules, struct buf *out)
{
    static const char *const files[] = { "/proc/net/tcp", "/proc/net/tcp6" };

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct str text;
        struct err e = { 0 };

        if (file_read(files[i], PROC_MAX, r->a, &text, &e) != RC_OK)
            continue;
        while (text.p) {
            int port = listening_port(str_cut(&text, '\n'));
            char words[16];

            snprintf(words, sizeof(words), "%s%d", out->n ? ", " : "", port);
            if (port && !is_named(rules, port) && str_find(buf_view(out), str_of(words)) == SIZE_MAX)
                buf_str(out, str_of(words));
        }
    }
}

void check_firewall(struct check_run *r, const char *of, struct finding *f)
{
    struct rules rules;
    json_t *keep CLEAN(json_clean) = NULL;
    struct buf ports = BUF_ARENA(r->a, 4096);

    (void)of;
    if (!load_rules(r, &rules, &keep, f))
        return;
    if (!rules.drops_input)
        return find_fail(f, "no chain drops what comes in unasked (hook input, policy drop)");
    unnamed_ports(r, &rules, &ports);
    if (ports.n)
        find_fail(f, "ports that listen and that no rule names: %.*s", STR_ARG(buf_view(&ports)));
    else
        find_pass(f, "what comes in unasked is dropped; every listening port is named by a rule");
}

void check_ddos(struct check_run *r, const char *of, struct finding *f)
{
    struct rules rules;
    json_t *keep CLEAN(json_clean) = NULL;

    (void)of;
    if (!load_rules(r, &rules, &keep, f))
        return;
    if (!rules.limits)
        find_fail(f, "no rule limits new connections of an address");
    else if (r->cfg->http_max_per_address * 4 > r->cfg->http_max_connections)
        find_fail(f, "HTTP_MAX_PER_ADDRESS=%lld: four addresses can take all %lld connections",
                  (long long)r->cfg->http_max_per_address, (long long)r->cfg->http_max_connections);
    else
        find_pass(f, "the firewall limits new connections; an address gets %lld of %lld here",
                  (long long)r->cfg->http_max_per_address, (long long)r->cfg->http_max_connections);
}
