/* What the checklist reads of other programs: nft, Prometheus, Alertmanager, metrics, units, /proc. */
#include "fuzz.h"

#include "check/nft.h"
#include "check/unit_file.h"
#include "check/watching.h"

static void read_json(struct str text, struct arena *a)
{
    json_t *v = json_loadb(text.p, text.n, 0, NULL);
    struct nft_rules rules;

    if (!v)
        return;
    nft_read(v, &rules);
    MUST(rules.n_ports <= NFT_PORTS_MAX);
    for (size_t i = 0; rule_name(i); i++)
        rule_wrong(rule_name(i), v, a);
    json_decref(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a CLEAN(arena_clean) = arena_new(16 * MIB);
    struct str text = { (const char *)data, size };
    int port = proc_listening_port(text);

    MUST(port >= 0 && port <= 65535);
    read_json(text, a);
    unit_weakness(text, a);
    channels_wrong(text, a);
    metrics_sum(text, "a", "b");
    return 0;
}
