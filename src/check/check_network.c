/* Lines about the firewall: what nftables has loaded against what listens. */
#include "check/check_priv.h"

#include "base/file.h"
#include "check/nft.h"

#include <unistd.h>

enum { NFT_MS = 5000, PROC_MAX = 4 * 1024 * 1024, WORDS = 4096 };

static bool load_rules(struct check_run *r, struct nft_rules *out, struct finding *f)
{
    static const char *const argv[] = { "nft", "-j", "list", "ruleset", NULL };
    struct str said;
    int status;
    json_t *v CLEAN(json_clean) = NULL;

    if (run_in_container(r)) {
        find_na(f, "in a container the network belongs to its host: judge it there");
        return false;
    }
    status = run_program(r, argv, NFT_MS, &said);
    v = status == 0 ? json_loadb(said.p, said.n, 0, NULL) : NULL;
    if (status == -1)
        find_fail(f, "nft cannot be run: there is no firewall of nftables here");
    else if (!v && geteuid() != 0)
        find_warn(f, "the firewall's rules may only be read by root: run this as root");
    else if (!v)
        find_fail(f, "nft list ruleset ended with %d: nothing is known of the firewall", status);
    else
        nft_read(v, out);
    return v != NULL;
}

static void unnamed_ports(struct check_run *r, const struct nft_rules *rules, struct buf *out)
{
    static const char *const files[] = { "/proc/net/tcp", "/proc/net/tcp6" };
    bool seen[65536] = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct str text;
        struct err e = { 0 };

        if (file_read(files[i], PROC_MAX, r->a, &text, &e) != RC_OK)
            continue;
        while (text.p) {
            int port = proc_listening_port(str_cut(&text, '\n'));

            if (port && !seen[port] && !nft_names(rules, port))
                buf_printf(out, "%s%d", out->n ? ", " : "", port);
            seen[port] = true;
        }
    }
}

void check_firewall(struct check_run *r, const char *of, struct finding *f)
{
    struct nft_rules rules;
    struct buf ports = BUF_ARENA(r->a, WORDS);

    (void)of;
    if (!load_rules(r, &rules, f))
        return;
    if (!rules.drops_v4 && !rules.drops_v6)
        return find_fail(f, "no chain drops what comes in unasked (hook input, policy drop)");
    if (!rules.drops_v4 || !rules.drops_v6)
        return find_fail(f, "what comes in unasked by %s is not dropped", rules.drops_v4 ? "IPv6" : "IPv4");
    if (rules.accepts_all)
        return find_fail(f, "a rule accepts whatever comes in, before anything is dropped");
    unnamed_ports(r, &rules, &ports);
    if (ports.n)
        find_fail(f, "ports that listen and that no rule names: %.*s", STR_ARG(buf_view(&ports)));
    else
        find_pass(f, "what comes in unasked is dropped; every listening port is named by a rule");
}

void check_ddos(struct check_run *r, const char *of, struct finding *f)
{
    struct nft_rules rules;

    (void)of;
    if (!load_rules(r, &rules, f))
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
