/* Rows for believable test data, written without the rules of desk/: only for `server seed` and
 * `server bench-data`.  Inside a write transaction. */
#ifndef STORE_SEED_H
#define STORE_SEED_H

#include "base/arena.h"
#include "store/db.h"

struct seed_user {
    struct str name, email, locale;
    int64_t organization_id, role_id, created_us;
    int64_t id; /* out */
};

/* By name; an existing one is taken.  A new group gets full rights for the built-in admin and agent. */
enum rc seed_put_group(struct db *db, struct str name, int64_t now_us, struct arena *a, int64_t *id,
                       struct err *e) MUST_USE;
enum rc seed_put_org(struct db *db, struct str name, struct str domain, int64_t now_us,
                     struct arena *a, int64_t *id, struct err *e) MUST_USE;
/* With an identity for the address; an existing address is taken. */
enum rc seed_put_user(struct db *db, struct seed_user *u, struct arena *a, struct err *e) MUST_USE;
enum rc seed_put_tag(struct db *db, struct str name, int64_t now_us, int64_t *id, struct err *e) MUST_USE;
enum rc seed_tag_ticket(struct db *db, int64_t ticket_id, int64_t tag_id, struct err *e) MUST_USE;
enum rc seed_add_count(struct db *db, int64_t group_id, int64_t state_id, int64_t owner_id, int64_t n,
                       struct err *e) MUST_USE;
/* Takes n ticket numbers at once: *first is the first of them. */
enum rc seed_take_numbers(struct db *db, int64_t n, int64_t *first, struct err *e) MUST_USE;
/* Room in memory and time for large transactions on this new connection; outside of any. */
enum rc seed_roomy(struct db *db, struct err *e) MUST_USE;
/* Once before and after a big load: larger steps of the full-text index, and statistics. */
enum rc seed_begin(struct db *db, struct err *e) MUST_USE;
enum rc seed_end(struct db *db, struct err *e) MUST_USE;

#endif
