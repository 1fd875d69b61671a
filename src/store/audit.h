/* Rows of the audit log and its head.  What they mean and how they are chained: desk/audit.h. */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct arena;

struct audit_row {
    int64_t n, at_us;
    int64_t actor_id; /* 0: none */
    int64_t actor_type;
    struct str address, request_id, action, object;
    int64_t object_id;  /* 0: none */
    struct str details; /* p == NULL: erased */
    struct str salt, details_hash, hash;
};

struct audit_head {
    int64_t n;
    struct str hash; /* "" before the first entry */
};

/* lock: nobody else appends until this transaction ends. */
enum rc audit_head_load(struct db *db, bool lock, struct arena *a, struct audit_head *out,
                        struct err *e) MUST_USE;
/* Inserts the row and moves the head to it; the head is locked. */
enum rc audit_append(struct db *db, const struct audit_row *row, struct err *e) MUST_USE;

/* When the first entry behind number n was written; RC_NOT_FOUND when there is none. */
enum rc audit_time_behind(struct db *db, int64_t n, int64_t *at_us, struct err *e) MUST_USE;

/* What to list; 0 and "" mean any. */
struct audit_filter {
    int64_t actor_id;
    struct str action, object, request_id;
    int64_t object_id;
    int64_t from_us, to_us; /* from inclusive, to exclusive */
    bool has_key;
    int64_t key;    /* behind this n, in the order asked for */
    bool ascending; /* else newest first */
    int64_t limit;
};
enum rc audit_rows_list(struct db *db, const struct audit_filter *f, struct arena *a,
                        struct audit_row **out, size_t *n, struct err *e) MUST_USE;

#endif
