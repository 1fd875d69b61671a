/* Organisations and their mail domains. */
#ifndef STORE_ORGANIZATIONS_H
#define STORE_ORGANIZATIONS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct organization_row {
    int64_t id, version;
    struct str name, note;
    bool shared, domain_assignment, vip, active;
    int64_t created_us, updated_us;
};
struct organization_rows {
    struct organization_row *v;
    size_t n;
};
struct organization_domains {
    struct str *v;
    size_t n;
};
struct organization_filter {
    struct str prefix_fold;
    int active; /* -1: both */
    struct str after_name;
    int64_t after_id, limit;
    bool has_after, descending;
};
enum rc organizations_load(struct db *db, int64_t id, struct arena *a, struct organization_row *out,
                           struct err *e) MUST_USE; /* RC_NOT_FOUND */
enum rc organizations_insert(struct db *db, const struct organization_row *o, struct arena *a,
                             int64_t *id, struct err *e) MUST_USE;
enum rc organizations_save(struct db *db, const struct organization_row *o, struct arena *a,
                           struct err *e) MUST_USE; /* RC_STALE */
enum rc organizations_list(struct db *db, const struct organization_filter *f, struct arena *a,
                           struct organization_rows *out, struct err *e) MUST_USE;
enum rc organization_domains_of(struct db *db, int64_t id, struct arena *a,
                                struct organization_domains *out, struct err *e) MUST_USE;
/* RC_CONFLICT when another organisation has one of them. */
enum rc organization_domains_set(struct db *db, int64_t id, const struct str *v, size_t n,
                                 struct err *e) MUST_USE;
/* The active organisation that new people of this domain join; 0: none. */
enum rc organization_by_domain(struct db *db, struct str domain, int64_t *id, struct err *e) MUST_USE;

#endif
