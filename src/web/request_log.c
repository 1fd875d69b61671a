/* The request log: one line a request.  It names the route's template and the id in it, never the
 * address with its query, and no header but the request id: nothing secret can stand in it.  So it
 * tells who read which ticket, which no table does (docs/compliance.md). */
#include "web/chain.h"

#include "base/clock.h"
#include "base/log.h"

static enum log_level level_of(const struct exchange *x, const struct request *r)
{
    bool quiet = r && r->match.route && (r->match.route->flags & R_QUIET);

    if (x->status >= 500 && !(quiet && x->status == 503)) /* a health check that says no has worked */
        return LOG_ERROR;
    return quiet ? LOG_DEBUG : LOG_INFO;
}

/* The id that the path names first; 0: none. */
static int64_t object_of(const struct request *r)
{
    int64_t id;

    if (r && r->c.object_id)
        return r->c.object_id;
    return r && r->match.route && str_i64(r->c.params[0], 1, INT64_MAX, &id) ? id : 0;
}

void request_log(const struct exchange *x, const struct request *r, uint64_t bytes, bool complete)
{
    const struct route *route = r ? r->match.route : NULL;
    const struct err *err = r ? &r->c.err : NULL;
    char address[ADDR_TEXT_MAX];
    size_t n;

    if (!log_on(level_of(x, r)))
        return;
    n = addr_format(r ? &r->client : &x->peer, address);
    LOG(level_of(x, r), "request", KV_TEXT("request_id", r ? r->c.request_id : STR_NONE),
        KV_TEXT("method", dispatch_method_text(x->method)), KV_Z("route", route ? route->path : "-"),
        KV_INT("object_id", object_of(r)),
        KV_INT("status", x->status), KV_INT("bytes", (int64_t)bytes),
        KV_MS("duration_ms", clock_mono_us() - x->start_us), KV_MS("db_ms", r ? r->c.db_us : 0),
        KV_INT("statements", r ? r->c.db_statements : 0), KV_INT("user_id", r ? r->c.who.user_id : 0),
        KV_TEXT("address", ((struct str){ address, n })), KV_Z("code", err && x->status >= 400 ? err->code : ""),
        KV_Z("error", err && x->status >= 500 ? err->internal : ""), KV_Z("cut", complete ? "" : "client gone"));
}
