/* API tokens.  The token itself is never stored, only its hash. */
#ifndef STORE_API_TOKENS_H
#define STORE_API_TOKENS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct api_token_row {
    int64_t id, version, user_id;
    struct str name, hint;
    int64_t perms;
    bool read_only;
    int64_t expires_us, last_used_us, created_us, revoked_us;
};
struct api_token_rows {
    struct api_token_row *v;
    size_t n;
};
enum rc api_tokens_insert(struct db *db, const struct api_token_row *t, struct str hash, int64_t *id,
                          struct err *e) MUST_USE;
enum rc api_tokens_load(struct db *db, int64_t id, struct arena *a, struct api_token_row *out,
                        struct err *e) MUST_USE; /* RC_NOT_FOUND */
struct api_token_filter {
    int64_t user_id;   /* 0: everybody's */
    int64_t beyond_id; /* 0: from the start */
    int64_t limit;
    bool descending;
};
/* Not revoked, by id. */
enum rc api_tokens_list(struct db *db, const struct api_token_filter *f, struct arena *a,
                        struct api_token_rows *out, struct err *e) MUST_USE;
enum rc api_tokens_revoke(struct db *db, int64_t id, int64_t now_us, struct err *e) MUST_USE;
/* All of a user; *changed: how many there were. */
enum rc api_tokens_revoke_all(struct db *db, int64_t user_id, int64_t now_us, int64_t *changed,
                              struct err *e) MUST_USE;

#endif
