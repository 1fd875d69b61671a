/* What the rules of retention find and take away, one kind of data each.  Which rules there are and how
 * long each keeps: desk/retention.h.
 *
 * A count tells how many rows are old enough and how many of those a legal hold keeps; a step takes at
 * most limit of the others and counts them (0: nothing is left).  Steps run in a write transaction. */
#ifndef STORE_RETENTION_H
#define STORE_RETENTION_H

#include "base/arena.h"
#include "base/err.h"
#include "store/db.h"

/* Older than before_us at now_us. */
struct retention_ask {
    int64_t now_us, before_us, limit;
};
struct retention_count {
    int64_t due, held; /* due: without those that are held */
};

/* Tickets of a state type (5 closed, 7 spam, 8 deleted) that were last changed before then. */
enum rc retention_tickets_count(struct db *db, int state_type, const struct retention_ask *q,
                                struct retention_count *out, struct err *e) MUST_USE;
struct retention_ids {
    int64_t *v;
    size_t n;
};
/* … oldest first, none that is held. */
enum rc retention_tickets(struct db *db, int state_type, const struct retention_ask *q,
                          struct arena *a, struct retention_ids *out, struct err *e) MUST_USE;

typedef enum rc retention_count_fn(struct db *db, const struct retention_ask *q,
                                   struct retention_count *out, struct err *e);
typedef enum rc retention_step_fn(struct db *db, const struct retention_ask *q, int64_t *n,
                                  struct err *e);
/* Ended sessions, finished jobs, sent mail of the outbox, drafts, evidence (the newest of each kind
 * and signatures stay), and details of audit entries (never of signatures and evidence; the entries
 * and the chain stay). */
retention_count_fn retention_sessions_count, retention_jobs_count, retention_outbox_count, retention_access_count,
    retention_drafts_count, retention_evidence_count, retention_audit_count;
retention_step_fn retention_sessions, retention_jobs, retention_outbox, retention_access, retention_drafts,
    retention_evidence, retention_audit;

#endif
