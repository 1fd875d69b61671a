#include "web/call.h"

enum rc ctx_call(struct ctx *c, struct call *out, struct err *e)
{
    return call_begin(c->db, &c->who, c->a, out, e);
}

struct str ctx_filter_text(struct ctx *c)
{
    struct buf b = BUF_ARENA(c->a, 64 * KIB);
    struct str rest = c->x->query;

    while (rest.p && rest.n) {
        struct str pair = str_cut(&rest, '&');

        if (str_starts(pair, STR("after=")) || str_starts(pair, STR("limit="))
            || str_starts(pair, STR("sort=")))
            continue;
        buf_str(&b, pair);
        buf_char(&b, '&');
    }
    return buf_view(&b);
}
