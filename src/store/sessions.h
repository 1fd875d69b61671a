/* Sessions, one-time tokens, recovery codes and failed logins. */
#ifndef STORE_SESSIONS_H
#define STORE_SESSIONS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct session_row {
    int64_t id, user_id;
    struct str token_hash, refresh_hash; /* never shown */
    struct str address, user_agent;
    int64_t mfa_us, created_us, seen_us, expires_us, ended_us;
    bool user_active; /* read only */
};
struct session_rows {
    struct session_row *v;
    size_t n;
};
enum rc sessions_insert(struct db *db, const struct session_row *s, int64_t *id, struct err *e) MUST_USE;
enum rc sessions_load(struct db *db, int64_t id, struct arena *a, struct session_row *out,
                      struct err *e) MUST_USE; /* RC_NOT_FOUND */
enum rc sessions_rotate(struct db *db, int64_t id, struct str old_hash, struct str new_hash,
                        int64_t now_us, int64_t *changed, struct err *e) MUST_USE;
enum rc sessions_set_refresh(struct db *db, int64_t id, struct str hash, struct err *e) MUST_USE;
/* Running ones, newest first. */
enum rc sessions_of(struct db *db, int64_t user_id, int64_t now_us, int64_t idle_since_us,
                    struct arena *a, struct session_rows *out, struct err *e) MUST_USE;
enum rc sessions_end(struct db *db, int64_t id, int64_t user_id, int64_t now_us, struct str why,
                     int64_t *changed, struct err *e) MUST_USE;
/* All of a user but one (0: really all). */
enum rc sessions_end_all(struct db *db, int64_t user_id, int64_t but_id, int64_t now_us,
                         struct str why, int64_t *changed, struct err *e) MUST_USE;
enum rc sessions_count(struct db *db, int64_t now_us, int64_t *n, struct err *e) MUST_USE;

/* Stored: never renumber. */
enum one_time_purpose {
    ONE_TIME_RESET,
    ONE_TIME_VERIFY,
    ONE_TIME_INVITE,
    ONE_TIME_SETUP,
    ONE_TIME_MFA,
    ONE_TIME_ADDRESS
};
struct one_time_row {
    int64_t id, user_id;
    struct str object;
    int64_t tries;
};
struct one_time_new {
    int64_t user_id;
    int purpose;
    struct str hash, object;
    int64_t now_us, expires_us;
};
enum rc one_time_insert(struct db *db, const struct one_time_new *t, struct err *e) MUST_USE;
/* A token that is unused and has not expired; RC_NOT_FOUND. */
enum rc one_time_find(struct db *db, int purpose, struct str hash, int64_t now_us, struct arena *a,
                      struct one_time_row *out, struct err *e) MUST_USE;
/* RC_NOT_FOUND when it was used meanwhile. */
enum rc one_time_use(struct db *db, int64_t id, int64_t now_us, struct err *e) MUST_USE;
enum rc one_time_tried(struct db *db, int64_t id, struct err *e) MUST_USE;
/* Makes those of a user (0: of nobody) and purpose worthless. */
enum rc one_time_drop(struct db *db, int64_t user_id, int purpose, struct err *e) MUST_USE;
enum rc one_time_count(struct db *db, int64_t user_id, int purpose, int64_t since_us, int64_t *n,
                       struct err *e) MUST_USE;

enum rc recovery_replace(struct db *db, int64_t user_id, const struct str *hashes, size_t n,
                         struct err *e) MUST_USE;
/* RC_NOT_FOUND when there is no such unused code. */
enum rc recovery_use(struct db *db, int64_t user_id, struct str hash, int64_t now_us,
                     struct err *e) MUST_USE;
enum rc recovery_left(struct db *db, int64_t user_id, int64_t *n, struct err *e) MUST_USE;

struct login_failures {
    int64_t failures, last_us, locked_until_us;
};
/* All zero when there were none. */
enum rc login_failures_get(struct db *db, struct str what, struct login_failures *out,
                           struct err *e) MUST_USE;
/* The same, and until the transaction ends others who ask so wait. */
enum rc login_failures_hold(struct db *db, struct str what, int64_t now_us, struct login_failures *out,
                            struct err *e) MUST_USE;
enum rc login_failures_set(struct db *db, struct str what, const struct login_failures *f,
                           struct err *e) MUST_USE;
enum rc login_failures_clear(struct db *db, struct str what, struct err *e) MUST_USE;

#endif
