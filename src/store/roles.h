/* Roles and groups: the rows that administrators edit.  Requests read them through the catalog. */
#ifndef STORE_ROLES_H
#define STORE_ROLES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

enum role_builtin { ROLE_OWN, ROLE_ADMIN, ROLE_AGENT, ROLE_CUSTOMER }; /* stored */

struct role_row {
    int64_t id, version;
    struct str name, note;
    int64_t perms;
    int builtin;
    bool active;
    int64_t created_us, updated_us;
};
struct role_rows {
    struct role_row *v;
    size_t n;
};
struct role_level {
    int64_t group_id, levels;
};
struct role_levels {
    struct role_level *v;
    size_t n;
};
enum rc roles_load(struct db *db, int64_t id, struct arena *a, struct role_row *out, struct err *e)
    MUST_USE; /* RC_NOT_FOUND */
enum rc roles_insert(struct db *db, const struct role_row *o, struct arena *a, int64_t *id,
                     struct err *e) MUST_USE;
enum rc roles_save(struct db *db, const struct role_row *o, struct arena *a, struct err *e) MUST_USE;
enum rc roles_list(struct db *db, int64_t after_id, int64_t limit, struct arena *a,
                   struct role_rows *out, struct err *e) MUST_USE;
enum rc roles_of_builtin(struct db *db, int builtin, int64_t *id, struct err *e) MUST_USE;
/* Union of the permissions of these roles (active or not); *found: how many of the ids exist. */
enum rc roles_perms(struct db *db, const int64_t *ids, size_t n, struct arena *a, int64_t *perms,
                    size_t *found, struct err *e) MUST_USE;
enum rc roles_set_builtin_perms(struct db *db, int builtin, int64_t perms, bool only_empty,
                                int64_t *changed, struct err *e) MUST_USE;
enum rc role_levels_of(struct db *db, int64_t role_id, struct arena *a, struct role_levels *out,
                       struct err *e) MUST_USE;
enum rc role_levels_set(struct db *db, int64_t role_id, const struct role_level *v, size_t n,
                        struct err *e) MUST_USE;

struct group_row {
    int64_t id, version, parent_id;
    struct str name, email, signature, note; /* email.p == NULL: none */
    int64_t follow_up, reopen_days, assignment_timeout_min;
    bool follow_up_keep_owner, customers_may_add, customers_may_choose, is_default, active;
    int64_t created_us, updated_us;
};
struct group_rows {
    struct group_row *v;
    size_t n;
};
enum rc groups_load(struct db *db, int64_t id, struct arena *a, struct group_row *out,
                    struct err *e) MUST_USE; /* RC_NOT_FOUND */
enum rc groups_insert(struct db *db, const struct group_row *g, struct arena *a, int64_t *id,
                      struct err *e) MUST_USE;
enum rc groups_save(struct db *db, const struct group_row *g, struct arena *a, struct err *e) MUST_USE;
enum rc groups_list(struct db *db, int64_t after_id, int64_t limit, struct arena *a,
                    struct group_rows *out, struct err *e) MUST_USE;
/* Takes is_default from all but this one. */
enum rc groups_only_default(struct db *db, int64_t id, struct err *e) MUST_USE;
enum rc groups_count(struct db *db, const int64_t *ids, size_t n, struct arena *a, int64_t *found,
                     struct err *e) MUST_USE;

#endif
