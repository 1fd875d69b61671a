/* Rows of evidence: what was proved, when, with which figures.  What is recorded and the entry of
 * the audit log that goes with it: desk/evidence.h. */
#ifndef STORE_EVIDENCE_H
#define STORE_EVIDENCE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct evidence_row {
    int64_t id, at_us;
    bool ok;
    struct str kind, version, summary, figures;
};

/* Writer's connection; row->id is made here. */
enum rc evidence_insert(struct db *db, struct evidence_row *row, struct err *e) MUST_USE;
struct evidence_filter {
    struct str kind;  /* empty: any */
    bool only_ok;
    int64_t before_id; /* 0: from the newest on */
    int64_t limit;
};
/* Newest first; *out lives in a. */
enum rc evidence_rows_list(struct db *db, const struct evidence_filter *f, struct arena *a,
                           struct evidence_row **out, size_t *n, struct err *e) MUST_USE;

#endif
