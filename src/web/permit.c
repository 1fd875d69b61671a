/* Permission: what the table of routes asks for, against the rights of the caller. */
#include "web/chain.h"

static const struct {
    int64_t bit;
    const char *name;
} perms[] = {
#define X(bit, id, name, help) { PERM_##id, name },
    PERM_TABLE(X)
#undef X
};

/* The names of these bits, for who lacks all of them. */
static const char *names_of(int64_t bits, struct arena *a)
{
    struct buf b = BUF_ARENA(a, ERR_ALLOWED_BYTES);

    for (size_t i = 0; i < ARRAY_LEN(perms); i++)
        if (bits & perms[i].bit)
            buf_printf(&b, "%s%s", b.n ? ", " : "one of the permissions ", perms[i].name);
    return str_z(buf_view(&b), a);
}

enum rc permit_check(struct request *r, struct err *e)
{
    const struct route *route = r->c.route;
    const struct actor *who = &r->c.who;

    if (who->read_only && http_is_unsafe(r->c.x->method) && !(route->flags & R_FOR_WRITE_TOKENS_TOO))
        return err_set(e, RC_DENIED, "read_only_token", "This token may only read.");
    if (route->perm == 0 || (who->perms & route->perm) != 0)
        return RC_OK;
    err_field(e, "Authorization", "permission", names_of(route->perm, r->c.a), "your role lacks the permission");
    return err_set(e, RC_DENIED, "permission", "Your role does not allow this.");
}
