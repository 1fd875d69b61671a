/* Rows of the access log: who read what, when, from where (ACCESS_LOG), and who was refused (desk/refused.h).  Neither
 * changes anything, so they are no entries of the audit chain. */
#ifndef STORE_ACCESS_H
#define STORE_ACCESS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct access {
    int64_t id, at_us, user_id;
    struct str address, request_id;
    struct str op;     /* of the API document: "ticket_show"; empty: no such address */
    struct str object; /* as the path names it: "17", "number:10017"; empty: a list or a search */
    int64_t status, times; /* 200, 1: a read; a refusal that came again is one row */
};
struct access_rows {
    struct access *v;
    size_t n;
};

enum rc access_insert(struct db *db, const struct access *x, struct err *e) MUST_USE;
/* Of a period (to exclusive), by time and id behind *after (at_us, id; zeros: from the begin), at most limit. */
struct access_page {
    int64_t to_us, limit;
    int64_t after_us, after_id;
};
enum rc access_list(struct db *db, const struct access_page *p, struct arena *a, struct access_rows *out,
                    struct err *e) MUST_USE;

#endif
