/* Numbers for the metrics, cheap enough to be asked for every few seconds. */
#ifndef STORE_GAUGES_H
#define STORE_GAUGES_H

#include "base/err.h"
#include "store/db.h"

enum { GAUGE_TYPES_MAX = 16 };

struct gauges {
    int64_t sessions, jobs_waiting, jobs_running, outbox_waiting, audit_n;
    struct {
        int type;
        int64_t n;
    } tickets[GAUGE_TYPES_MAX];
    size_t n_tickets;
};
enum rc gauges_load(struct db *db, int64_t now_us, struct gauges *out, struct err *e) MUST_USE;

#endif
