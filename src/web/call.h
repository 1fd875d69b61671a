/* From a request to a call into the rules. */
#ifndef WEB_CALL_H
#define WEB_CALL_H

#include "desk/call.h"
#include "desk/ticket.h"
#include "web/ctx.h"

/* Uses the lane's connection: make it anew in handle(), never take it over from prepare(). */
enum rc ctx_call(struct ctx *c, struct call *out, struct err *e) MUST_USE;
/* The ticket that the path names first, as who asks sees it. */
struct ticket_seen {
    struct call call;
    struct ticket t;
    bool internal; /* as an agent */
};
enum rc ctx_ticket(struct ctx *c, struct ticket_seen *out, struct err *e) MUST_USE;
/* The query without cursor, limit and sort: what a list's cursor is bound to. */
struct str ctx_filter_text(struct ctx *c);

#endif
