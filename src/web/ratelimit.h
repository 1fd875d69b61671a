/* Rate limits in fixed memory: GCRA cells in a set-associative table, whatever number of addresses
 * comes.  When a set is full, the cell nearest to rest gives way: one that is being limited
 * stays.  Any thread; a lock for each part of the table.
 *
 * Several nodes: each counts by itself and tells the others what it let through, an eighth of the
 * limit at a time; what they let through is counted here as if it had been asked for here. */
#ifndef WEB_RATELIMIT_H
#define WEB_RATELIMIT_H

#include "base/defs.h"
#include "base/str.h"

struct ratelimit;

struct rate_result {
    bool allowed;
    int64_t limit, remaining;
    int64_t reset_s;       /* until the bucket is full again */
    int64_t retry_after_s; /* when not allowed */
};

struct ratelimit *ratelimit_new(size_t cells);
void ratelimit_free(struct ratelimit **rl);
/* Takes one from the bucket (kind, who), which refills per_min a minute and holds as many. */
struct rate_result ratelimit_take(struct ratelimit *rl, unsigned kind, struct str who, int64_t per_min,
                                  int64_t now_us);

/* Before the first request.  tell() is called, without a lock, with what was used of a bucket (the
 * key means the same on every node that has the same secret of 32 bytes). */
typedef void ratelimit_tell_fn(void *arg, uint64_t key, int64_t used_us);
void ratelimit_share(struct ratelimit *rl, const unsigned char *secret, ratelimit_tell_fn *tell, void *arg);
void ratelimit_hear(struct ratelimit *rl, uint64_t key, int64_t used_us, int64_t now_us);

int64_t ratelimit_refused(struct ratelimit *rl); /* for the metrics */

#endif
