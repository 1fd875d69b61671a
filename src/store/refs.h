/* What tickets need to know of the people and organisations that they name. */
#ifndef STORE_REFS_H
#define STORE_REFS_H

#include "base/arena.h"
#include "store/db.h"

struct user_ref {
    int64_t id, organization_id;
    struct str name, email;
    bool active;
};
/* RC_NOT_FOUND without words when there is none. */
enum rc refs_user(struct db *db, int64_t id, struct arena *a, struct user_ref *out, struct err *e) MUST_USE;
/* By a verified or unverified e-mail identity; email is folded already. */
enum rc refs_user_by_email(struct db *db, struct str email_fold, struct arena *a,
                           struct user_ref *out, struct err *e) MUST_USE;
enum rc refs_organization_name(struct db *db, int64_t id, struct arena *a, struct str *name,
                               struct err *e) MUST_USE;
/* Whether it is the person's primary or one of the further organisations. */
enum rc refs_is_member(struct db *db, int64_t user_id, int64_t organization_id, bool *out,
                       struct err *e) MUST_USE;
/* A customer with one unverified address, in the organisation that the address's domain assigns. */
struct user_new {
    struct str name, name_fold, email, email_fold, domain;
    int64_t now_us;
};
enum rc refs_user_insert(struct db *db, const struct user_new *u, int64_t *id, struct err *e) MUST_USE;

#endif
