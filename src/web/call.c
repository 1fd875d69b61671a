#include "web/call.h"

enum rc ctx_call(struct ctx *c, struct call *out, struct err *e)
{
    return call_begin(c->db, &c->who, c->a, out, e);
}
