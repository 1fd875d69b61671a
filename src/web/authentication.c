/* Authentication: whether it is enough to be who sends this request. */
#include "web/chain.h"

enum rc authentication_check(struct request *r, struct err *e)
{
    if ((r->c.route->flags & R_PUBLIC) || r->c.who.type == ACTOR_USER)
        return RC_OK;
    return err_set(e, RC_UNAUTH, "", "%s", "");
}
