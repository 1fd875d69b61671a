/* People: who may see and change whom, and the changes themselves.
 *
 * Nobody gives or takes more than he has: roles, permissions and people with permissions that the
 * caller lacks are out of his reach.  Without people's permissions a caller sees only himself. */
#ifndef DESK_USER_H
#define DESK_USER_H

#include "base/buf.h"
#include "base/json.h"
#include "desk/account.h"
#include "store/users.h"

bool user_may_see_all(const struct actor *who);
/* Not only customers: what is said of them is believed (admin.user, the command line). */
bool user_manages_all(const struct actor *who);
/* RC_NOT_FOUND unless the caller may see this person. */
enum rc user_check_see(const struct account *c, int64_t id, struct err *e) MUST_USE;
/* RC_NOT_FOUND or RC_DENIED unless this person's rights are within the caller's … */
enum rc user_check_reach(const struct account *c, int64_t id, struct err *e) MUST_USE;
/* … and RC_CONFLICT when the person was merged into another one (not himself: see me). */
enum rc user_check_change(const struct account *c, int64_t id, struct err *e) MUST_USE;

/* has_*: the field is to be changed. */
struct user_change {
    bool has_name, has_locale, has_zone, has_vip, has_note, has_active, has_organization;
    bool has_out_of_office, has_preferences, has_roles, has_organizations, has_levels;
    struct str name, locale, zone, note, preferences_json;
    bool vip, active;
    int64_t organization_id, out_from_us, out_to_us, stand_in_id;
    const int64_t *role_ids, *organization_ids;
    size_t n_roles, n_organizations;
    const struct user_level *levels;
    size_t n_levels;
};
struct user_new {
    struct user_change fields;
    struct str email, phone; /* either may be empty */
    bool invite;             /* mail a link that sets a password */
    bool verified;           /* the address is known to be his */
    struct str password_hash; /* command line; else empty */
};
enum rc user_create(const struct account *c, const struct user_new *n, int64_t *id, struct err *e) MUST_USE;
/* version 0: whatever it is now; else RC_STALE when it has changed. */
enum rc user_change(const struct account *c, int64_t id, int64_t version, const struct user_change *ch,
                    struct err *e) MUST_USE;
/* The caller's own: name, locale, zone, preferences, absence. */
enum rc user_change_self(const struct account *c, int64_t version, const struct user_change *ch,
                         struct err *e) MUST_USE;

/* Addresses decide who gets into an account.  A new one serves once it was proved (signup_verify), or
 * who manages all people says it is (verified).  Only he takes away or replaces one that serves; the
 * former address is told of each change.  Nobody changes his own here: RC_DENIED. */
enum rc user_identity_add(const struct account *c, int64_t user_id, int kind, struct str value,
                          bool verified, int64_t *id, struct err *e) MUST_USE;
enum rc user_identity_remove(const struct account *c, int64_t user_id, int64_t id, struct err *e) MUST_USE;
enum rc user_identity_primary(const struct account *c, int64_t user_id, int64_t id, struct err *e) MUST_USE;
/* The address that the token is bound to takes the place of its owner's primary one, which is told. */
struct one_time_row;
enum rc user_address_change(const struct account *c, const struct one_time_row *t, struct err *e) MUST_USE;

/* Refuses (RC_CONFLICT) what would leave nobody who can manage people and roles. */
enum rc admins_remain(const struct account *c, struct err *e) MUST_USE;

/* Before and after of a change, for the audit log: changed fields only. */
struct diff {
    struct buf before, after;
    struct jw jb, ja;
    size_t n;
};
void diff_begin(struct diff *d, struct arena *a);
void diff_text(struct diff *d, const char *key, struct str before, struct str after);
void diff_int(struct diff *d, const char *key, int64_t before, int64_t after);
/* {"before":{…},"after":{…}}; empty when nothing changed. */
struct str diff_end(struct diff *d, struct arena *a);

#endif
