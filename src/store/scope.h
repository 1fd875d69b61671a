/* The rights of a caller as a condition of a query: which tickets he may see.  desk/can.c makes it
 * from an actor; the property test holds it against can() over all tickets. */
#ifndef STORE_SCOPE_H
#define STORE_SCOPE_H

#include "base/defs.h"
#include "store/db.h"

struct scope {
    bool all;                 /* every ticket */
    const int64_t *groups;    /* tickets of these groups */
    size_t n_groups;
    int64_t user_id;          /* tickets he asked for or takes part in; 0: none */
    bool only_own;            /* of those only the ones that he opened himself */
    const int64_t *orgs;      /* tickets of these organisations */
    size_t n_orgs;
    bool internal;            /* internal messages too (only agents; never through user_id or orgs alone) */
};

/* Adds " AND (…)" over the table alias t (tickets).  A scope of nothing adds a false condition. */
void scope_where(struct sql *q, const struct scope *s);

#endif
