#include "desk/proof.h"

#include "desk/lockout.h"
#include "desk/login.h"
#include "desk/password.h"

enum rc proof_prepare(const struct account *c, struct str password, struct proof *out, struct err *e)
{
    struct user_login u;

    *out = (struct proof){ 0 };
    if (!c->who->session_id)
        return err_set(e, RC_DENIED, "session_needed", "This needs a login, not an API token.");
    TRY(users_login(c->db, c->who->user_id, c->a, &u, e));
    TRY(lockout_check(c->db, str_lower(u.email, c->a), c->who->address, c->now_us, c->a, e));
    out->hash = u.password_hash;
    out->right = u.password_hash.n && password_verify(password, u.password_hash, c->a);
    return RC_OK;
}

enum rc proof_check(const struct account *c, const struct proof *p, struct user_login *u, struct err *e)
{
    TRY(users_login(c->db, c->who->user_id, c->a, u, e));
    TRY(lockout_hold(c, str_lower(u->email, c->a), e));
    if (!p->right || !str_eq(u->password_hash, p->hash))
        return login_failed(c, str_lower(u->email, c->a), u->id, "invalid_credentials", e);
    return RC_OK;
}
