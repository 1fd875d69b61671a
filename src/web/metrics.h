/* What the server did, as numbers for Prometheus.  Counting is lock-free and allocates nothing;
 * labels come from tables (routes, statuses, buckets, queues), never from what clients send.
 *
 * Any thread. */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include "base/buf.h"
#include "base/defs.h"
#include "web/route.h"

struct app;
struct health_snapshot;
struct metrics;

struct metrics *metrics_new(const struct route_table *const *tables, size_t n);
void metrics_free(struct metrics **m);

struct metrics_request {
    const struct route *route; /* NULL: none matched */
    enum http_method method;
    int status;
    int64_t duration_us, db_us, statements;
    uint64_t bytes;
    bool complete; /* the whole answer was taken */
};
void metrics_count(struct metrics *m, const struct metrics_request *r);

/* The text exposition: counters of m, and what app's parts and the snapshot tell now. */
void metrics_write(const struct metrics *m, struct app *app, const struct health_snapshot *now,
                   struct buf *out);

#endif
