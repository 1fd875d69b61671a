#include "store/expiry.h"

/* sql: $1 the time, $2 how many rows at most. */
#define EXPIRE(name, sql)                                                                          \
    enum rc name(struct db *db, int64_t before_us, int64_t limit, int64_t *n, struct err *e)       \
    {                                                                                              \
        return db_exec(db, sql, DB_ARGS(DB_INT(before_us), DB_INT(limit)), n, e);                  \
    }

EXPIRE(expire_idempotency,
       "DELETE FROM idempotency WHERE key_hash IN (SELECT key_hash FROM idempotency"
       " WHERE created_us < $1 ORDER BY created_us, key_hash LIMIT $2)")
EXPIRE(expire_one_time_tokens,
       "DELETE FROM one_time_tokens WHERE id IN (SELECT id FROM one_time_tokens"
       " WHERE expires_us < $1 ORDER BY expires_us, id LIMIT $2)")
EXPIRE(expire_sessions,
       "UPDATE sessions SET ended_us = expires_us, ended_why = 'expired' WHERE id IN"
       " (SELECT id FROM sessions WHERE ended_us IS NULL AND expires_us < $1"
       " ORDER BY expires_us, id LIMIT $2)")
EXPIRE(expire_ended_sessions,
       "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions"
       " WHERE ended_us IS NOT NULL AND ended_us < $1 ORDER BY ended_us, id LIMIT $2)")
EXPIRE(expire_login_failures,
       "DELETE FROM login_failures WHERE what IN (SELECT what FROM login_failures"
       " WHERE last_us < $1 AND locked_until_us < $1 ORDER BY last_us, what LIMIT $2)")
EXPIRE(expire_jobs,
       "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE finished_us IS NOT NULL"
       " AND finished_us < $1 ORDER BY finished_us, id LIMIT $2)")
EXPIRE(expire_access,
       "DELETE FROM access_log WHERE id IN (SELECT id FROM access_log WHERE at_us < $1"
       " ORDER BY at_us, id LIMIT $2)")
