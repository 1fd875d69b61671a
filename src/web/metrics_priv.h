/* Writing the exposition, shared by the files of metrics. */
#ifndef WEB_METRICS_PRIV_H
#define WEB_METRICS_PRIV_H

#include "web/metrics.h"

enum { METRICS_BUCKETS = 14, METRICS_STATUSES = 32, METRICS_METHODS = 8 };

struct route_stat {
    _Atomic int64_t status[METRICS_STATUSES]; /* as metrics_statuses[], the last: any other */
    _Atomic int64_t bucket[METRICS_BUCKETS];  /* as metrics_bounds_us[], the last: longer */
    _Atomic int64_t sum_us, db_us, statements, bytes;
};

struct metrics {
    const struct route_table *const *tables;
    size_t n_tables, n_routes;
    struct route_stat *routes; /* n_routes, then one for each method without a route */
    _Atomic int64_t limited[BUCKET_COUNT_];
    _Atomic int64_t cut;
};

extern const int metrics_statuses[METRICS_STATUSES - 1];
extern const int64_t metrics_bounds_us[METRICS_BUCKETS - 1];

void metric_head(struct buf *b, const char *name, const char *type, const char *help);
/* labels: `a="b",c="d"` or "" */
void metric_int(struct buf *b, const char *name, const char *labels, int64_t v);
void metric_seconds(struct buf *b, const char *name, const char *labels, int64_t us);
void metric_one(struct buf *b, const char *name, const char *type, const char *help, int64_t v);

void metrics_write_http(const struct metrics *m, struct buf *b);
void metrics_write_app(struct app *app, const struct health_snapshot *now, struct buf *b);
void metrics_write_backup(struct app *app, struct buf *b);
void metrics_write_process(const struct health_snapshot *now, struct buf *b);

#endif
