/* People: rows of users, identities and what hangs on them.  No rules here. */
#ifndef STORE_USERS_H
#define STORE_USERS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct user_row {
    int64_t id, version;
    struct str name, email, phone;   /* email, phone: of the primary identities; p == NULL: none */
    int64_t organization_id;
    struct str organization_name;    /* read only */
    struct str locale, zone, note;
    struct str preferences_json;
    bool vip, active;
    int64_t out_from_us, out_to_us, stand_in_id;
    int64_t mfa_us, last_login_us;   /* read only */
    bool has_password;               /* read only */
    int64_t merged_into_id;          /* read only: who took this person over, or 0 */
    int64_t created_us, updated_us;
};

enum rc users_load(struct db *db, int64_t id, struct arena *a, struct user_row *out, struct err *e)
    MUST_USE; /* RC_NOT_FOUND */
/* name_fold and the words that find the person are made of name, here and in users_save().
 * Answers the id. */
enum rc users_insert(struct db *db, const struct user_row *u, struct arena *a, int64_t *id,
                     struct err *e) MUST_USE;
/* Writes what people may edit where the version still is u->version, and raises it; else RC_STALE. */
enum rc users_save(struct db *db, const struct user_row *u, struct arena *a, struct err *e) MUST_USE;
/* Something that hangs on the user changed (roles, levels, identities). */
enum rc users_bump(struct db *db, int64_t id, int64_t now_us, struct err *e) MUST_USE;
enum rc users_set_contact(struct db *db, int64_t id, int kind, struct str value, struct err *e) MUST_USE;

/* What logins need. */
struct user_login {
    int64_t id, identity_id, verified_us, organization_id;
    bool active;
    bool is_primary;  /* the address that was asked for */
    bool has_proof;   /* some address of his is proved */
    struct str name, email, password_hash, totp_sealed;
    int64_t mfa_us, totp_last_step;
};
enum rc users_login(struct db *db, int64_t id, struct arena *a, struct user_login *out,
                    struct err *e) MUST_USE;
enum rc users_login_by_email(struct db *db, struct str email_fold, struct arena *a,
                             struct user_login *out, struct err *e) MUST_USE;
enum rc users_set_password(struct db *db, int64_t id, struct str hash, int64_t now_us,
                           struct err *e) MUST_USE;
/* A hash with new parameters for the same password: only while the old one stands. */
enum rc users_rehash(struct db *db, int64_t id, struct str old_hash, struct str hash,
                     struct err *e) MUST_USE;
enum rc users_logged_in(struct db *db, int64_t id, int64_t now_us, struct err *e) MUST_USE;
/* sealed.p == NULL: off.  enabled_us 0: set up, but not confirmed. */
enum rc users_set_totp(struct db *db, int64_t id, struct str sealed, int64_t enabled_us,
                       struct err *e) MUST_USE;
/* RC_CONFLICT when the step was used meanwhile. */
enum rc users_use_totp(struct db *db, int64_t id, int64_t step, struct err *e) MUST_USE;
/* Active users who hold a role with all these permissions. */
enum rc users_count_with(struct db *db, int64_t perms, int64_t *n, struct err *e) MUST_USE;

/* Identities. */
enum identity_kind { IDENTITY_EMAIL, IDENTITY_PHONE, IDENTITY_CHAT };
struct identity_row {
    int64_t id, user_id;
    int kind;
    struct str value;
    int64_t verified_us;
    bool is_primary;
};
struct identity_rows {
    struct identity_row *v;
    size_t n;
};
enum rc identities_of(struct db *db, int64_t user_id, struct arena *a, struct identity_rows *out,
                      struct err *e) MUST_USE;
enum rc identities_find(struct db *db, int kind, struct str value_fold, struct arena *a,
                        struct identity_row *out, struct err *e) MUST_USE; /* RC_NOT_FOUND */
/* RC_CONFLICT when somebody has it. */
enum rc identities_insert(struct db *db, const struct identity_row *row, struct str value_fold,
                          int64_t now_us, int64_t *id, struct err *e) MUST_USE;
enum rc identities_delete(struct db *db, int64_t id, struct err *e) MUST_USE;
enum rc identities_verify(struct db *db, int64_t id, int64_t now_us, struct err *e) MUST_USE;
enum rc identities_set_primary(struct db *db, int64_t user_id, int kind, int64_t id,
                               struct err *e) MUST_USE;

/* Further organisations, roles, levels: read and replaced as a whole. */
struct user_level {
    int64_t group_id, levels;
};
struct user_extras {
    int64_t *organization_ids, *role_ids;
    struct str *role_names;
    size_t n_organizations, n_roles;
    struct user_level *levels; /* his own, without the roles' */
    size_t n_levels;
};
enum rc users_extras(struct db *db, int64_t id, struct arena *a, struct user_extras *out,
                     struct err *e) MUST_USE;
enum rc users_set_organizations(struct db *db, int64_t id, const int64_t *ids, size_t n,
                                struct err *e) MUST_USE;
enum rc users_set_roles(struct db *db, int64_t id, const int64_t *ids, size_t n, struct err *e) MUST_USE;
enum rc users_set_levels(struct db *db, int64_t id, const struct user_level *v, size_t n,
                         struct err *e) MUST_USE;

/* Lists: by name, from a key on. */
struct user_filter {
    struct str prefix_fold;       /* of the name or an address */
    int64_t organization_id, role_id;
    int active;                   /* -1: both */
    struct str after_name;        /* with has_after */
    int64_t after_id, limit;
    bool has_after, descending;   /* descending: walks backwards from the key */
};
struct user_rows {
    struct user_row *v;
    size_t n;
};
enum rc users_list(struct db *db, const struct user_filter *f, struct arena *a,
                   struct user_rows *out, struct err *e) MUST_USE;

#endif
