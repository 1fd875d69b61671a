/* What `nft -j list ruleset` says, as far as the checklist judges it.  Pure; hostile text is no harm. */
#ifndef CHECK_NFT_H
#define CHECK_NFT_H

#include "base/json.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum { NFT_PORTS_MAX = 512 };

struct nft_rules {
    bool drops_v4, drops_v6; /* a chain at the input hook whose policy is drop, for each family */
    bool accepts_all;        /* a rule on the way in that accepts without any condition */
    bool limits;             /* a rule that limits new connections, or the clients of a port */
    struct {
        int from, to;
    } ports[NFT_PORTS_MAX]; /* of TCP, accepted on the way in */
    size_t n_ports;
};

void nft_read(json_t *ruleset, struct nft_rules *out);
bool nft_names(const struct nft_rules *rules, int port);
/* One line of /proc/net/tcp or tcp6: the port when it listens beyond this machine, else 0. */
int proc_listening_port(struct str line);

#endif
