/* Permission: what the table of routes asks for, against the rights of the caller. */
#include "web/chain.h"

enum rc permit_check(struct request *r, struct err *e)
{
    const struct route *route = r->c.route;
    const struct actor *who = &r->c.who;

    if (who->read_only && http_is_unsafe(r->c.x->method) && !(route->flags & R_FOR_WRITE_TOKENS_TOO))
        return err_set(e, RC_DENIED, "read_only_token", "This token may only read.");
    if (route->perm == 0 || (who->perms & route->perm) != 0)
        return RC_OK;
    return err_set(e, RC_DENIED, "permission", "Your role does not allow this.");
}
