/* What only has to be remembered for a while: each call deletes at most limit rows that are old
 * enough and counts them in *n (0: nothing is left).  Inside a write transaction. */
#ifndef STORE_EXPIRY_H
#define STORE_EXPIRY_H

#include "base/err.h"
#include "store/db.h"

enum rc expire_idempotency(struct db *db, int64_t created_before_us, int64_t limit, int64_t *n,
                           struct err *e) MUST_USE;
enum rc expire_one_time_tokens(struct db *db, int64_t expired_before_us, int64_t limit, int64_t *n,
                               struct err *e) MUST_USE;
/* Marks sessions that ran out as ended. */
enum rc expire_sessions(struct db *db, int64_t now_us, int64_t limit, int64_t *n,
                        struct err *e) MUST_USE;
enum rc expire_ended_sessions(struct db *db, int64_t ended_before_us, int64_t limit, int64_t *n,
                              struct err *e) MUST_USE;
/* Failed logins that are no longer counted against anybody. */
enum rc expire_login_failures(struct db *db, int64_t last_before_us, int64_t limit, int64_t *n,
                              struct err *e) MUST_USE;
enum rc expire_access(struct db *db, int64_t before_us, int64_t limit, int64_t *n, struct err *e) MUST_USE;
enum rc expire_jobs(struct db *db, int64_t finished_before_us, int64_t limit, int64_t *n,
                    struct err *e) MUST_USE;

#endif
