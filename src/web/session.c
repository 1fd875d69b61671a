/* Session: who sends this request. */
#include "web/account_json.h"
#include "web/chain.h"
#include "web/credentials.h"

enum rc session_load(struct request *r, struct err *e)
{
    struct ctx *c = &r->c;
    struct credentials cr = { .address = c->who.address, .request_id = c->request_id };
    struct str address = c->who.address;
    bool is_public = c->route->flags & R_PUBLIC;
    enum rc rc;

    credentials_read(c->x, cookies_prefixed(c), &cr);
    if (c->route->ahead && (cr.bearer.p || cr.cookie.p))
        c->route->ahead(c);
    r->has_bearer = cr.bearer.p || cr.bad_authorization;
    rc = auth_resolve(c->app->auth, c->db, c->app->store, &cr, c->a, &c->who, e);
    r->stale_cookie = c->who.stale_cookie;
    if (rc == RC_UNAUTH && is_public) {
        /* An expired token must not keep anybody from logging in again. */
        c->who = (struct actor){ .type = ACTOR_ANONYMOUS };
        err_clear(e);
        rc = RC_OK;
    }
    c->who.address = address;
    c->who.request_id = c->request_id;
    return rc;
}
