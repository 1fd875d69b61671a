#include "web/call.h"

enum rc ctx_call(struct ctx *c, struct call *out, struct err *e)
{
    return call_begin(c->db, &c->who, c->a, out, e);
}

enum rc ctx_ticket(struct ctx *c, struct ticket_seen *out, struct err *e)
{
    int64_t id;

    TRY(ctx_ticket_id(c, 0, &id, e));
    TRY(ctx_call(c, &out->call, e));
    return ticket_read(&out->call, id, &out->t, &out->internal, e);
}

/* What chooses the rows; the rest only says how they are shown. */
static bool chooses_rows(struct str pair)
{
    static const char *const others[] = { "after=", "limit=", "sort=", "count=", "fields=",
                                          "include=" };

    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (str_starts(pair, str_of(others[i])))
            return false;
    return true;
}

struct str ctx_filter_text(struct ctx *c)
{
    struct buf b = BUF_ARENA(c->a, 64 * KIB);
    struct str rest = c->x->query;

    while (rest.p && rest.n) {
        struct str pair = str_cut(&rest, '&');

        if (!chooses_rows(pair))
            continue;
        buf_str(&b, pair);
        buf_char(&b, '&');
    }
    return buf_view(&b);
}
