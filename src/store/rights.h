/* What a request needs to know of its caller: the session or token row with the user's, and the
 * rights behind a user.  Reads only, each by key. */
#ifndef STORE_RIGHTS_H
#define STORE_RIGHTS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

/* A session or API token together with its user. */
struct caller_row {
    int64_t session_id, token_id; /* one of them */
    int64_t user_id;
    bool active;
    struct str name, email;
    int64_t organization_id;
    int64_t user_version, catalog; /* a change of rights raises one of them */
    int64_t seen_us, created_us, expires_us /* 0: never */, ended_us;
    int64_t perms_mask;           /* tokens */
    bool read_only;
};

/* RC_NOT_FOUND without a row. */
enum rc caller_by_session(struct db *db, int64_t session_id, struct arena *a, struct caller_row *out,
                          struct err *e) MUST_USE;
enum rc caller_by_cookie(struct db *db, struct str token_hash, struct arena *a,
                         struct caller_row *out, struct err *e) MUST_USE;
enum rc caller_by_token(struct db *db, struct str token_hash, struct arena *a,
                        struct caller_row *out, struct err *e) MUST_USE;
/* A user alone (no session): for jobs and the command line. */
enum rc caller_by_user(struct db *db, int64_t user_id, struct arena *a, struct caller_row *out,
                       struct err *e) MUST_USE;
/* When the row was last used; only forward. */
enum rc caller_seen(struct db *db, int64_t session_id, int64_t token_id, int64_t now_us,
                    struct err *e) MUST_USE;

struct rights_level {
    int64_t group_id;
    int64_t levels;
};
/* Sorted by group; a group may come several times (user, roles). */
struct rights_rows {
    int64_t perms; /* union over the active roles */
    struct rights_level *levels;
    size_t n_levels;
    int64_t *shared_orgs; /* sorted */
    size_t n_shared_orgs;
    bool has_proof; /* some address or number of his is proved */
};
enum rc rights_load(struct db *db, int64_t user_id, struct arena *a, struct rights_rows *out,
                    struct err *e) MUST_USE;

/* Open tickets of an owner, by id, behind after_id. */
struct owned_row {
    int64_t ticket_id, group_id;
};
struct owned_rows {
    struct owned_row *v;
    size_t n;
};
enum rc owned_open_tickets(struct db *db, int64_t owner_id, int64_t after_id, int64_t limit,
                           struct arena *a, struct owned_rows *out, struct err *e) MUST_USE;
/* Holders of a role who own open tickets. */
struct owner_rows {
    int64_t *v;
    size_t n;
};
enum rc owners_with_role(struct db *db, int64_t role_id, struct arena *a, struct owner_rows *out,
                         struct err *e) MUST_USE;

#endif
