#include "store/expiry.h"

enum rc expire_idempotency(struct db *db, int64_t created_before_us, int64_t limit, int64_t *n,
                           struct err *e)
{
    return db_exec(db,
                   "DELETE FROM idempotency WHERE key_hash IN (SELECT key_hash FROM idempotency"
                   " WHERE created_us < $1 ORDER BY created_us, key_hash LIMIT $2)",
                   DB_ARGS(DB_INT(created_before_us), DB_INT(limit)), n, e);
}

enum rc expire_one_time_tokens(struct db *db, int64_t expired_before_us, int64_t limit, int64_t *n,
                               struct err *e)
{
    return db_exec(db,
                   "DELETE FROM one_time_tokens WHERE id IN (SELECT id FROM one_time_tokens"
                   " WHERE expires_us < $1 ORDER BY expires_us, id LIMIT $2)",
                   DB_ARGS(DB_INT(expired_before_us), DB_INT(limit)), n, e);
}

enum rc expire_sessions(struct db *db, int64_t now_us, int64_t limit, int64_t *n, struct err *e)
{
    return db_exec(db,
                   "UPDATE sessions SET ended_us = expires_us, ended_why = 'expired' WHERE id IN"
                   " (SELECT id FROM sessions WHERE ended_us IS NULL AND expires_us < $1"
                   " ORDER BY expires_us, id LIMIT $2)",
                   DB_ARGS(DB_INT(now_us), DB_INT(limit)), n, e);
}

enum rc expire_ended_sessions(struct db *db, int64_t ended_before_us, int64_t limit, int64_t *n,
                              struct err *e)
{
    return db_exec(db,
                   "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions"
                   " WHERE ended_us IS NOT NULL AND ended_us < $1 ORDER BY ended_us, id LIMIT $2)",
                   DB_ARGS(DB_INT(ended_before_us), DB_INT(limit)), n, e);
}

enum rc expire_login_failures(struct db *db, int64_t last_before_us, int64_t limit, int64_t *n,
                              struct err *e)
{
    return db_exec(db,
                   "DELETE FROM login_failures WHERE what IN (SELECT what FROM login_failures"
                   " WHERE last_us < $1 AND locked_until_us < $1 ORDER BY last_us, what LIMIT $2)",
                   DB_ARGS(DB_INT(last_before_us), DB_INT(limit)), n, e);
}

enum rc expire_jobs(struct db *db, int64_t finished_before_us, int64_t limit, int64_t *n,
                    struct err *e)
{
    return db_exec(db,
                   "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE finished_us IS NOT NULL"
                   " AND finished_us < $1 ORDER BY finished_us, id LIMIT $2)",
                   DB_ARGS(DB_INT(finished_before_us), DB_INT(limit)), n, e);
}
