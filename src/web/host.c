/* The Host that is answered: in production only that of BASE_URL, the allowed origins and
 * ALLOWED_HOSTS, so that no cache, link or cookie is made for a name that somebody else chose.
 * Health and metrics answer to any name: balancers ask by address. */
#include "web/chain.h"
#include "web/live.h"

/* Without the port; "[::1]:8080" gives "[::1]". */
static struct str host_name(struct str host)
{
    size_t end = host.n && host.p[0] == '[' ? str_chr(host, ']') : str_chr(host, ':');

    if (end == SIZE_MAX)
        return host;
    return str_sub(host, 0, host.p[0] == '[' ? end + 1 : end);
}

enum rc host_check(struct request *r, struct err *e)
{
    struct str name = host_name(r->c.x->host);

    if (r->live->n_hosts == 0 || (r->c.route && (r->c.route->flags & R_NO_RATE)))
        return RC_OK;
    for (size_t i = 0; i < r->live->n_hosts; i++) {
        if (str_ieq(r->live->hosts[i], name))
            return RC_OK;
    }
    return err_set(e, RC_BAD, "unknown_host",
                   "This server does not answer to that name; see BASE_URL and ALLOWED_HOSTS.");
}
