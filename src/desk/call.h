/* What every call into the ticket rules works with.  Made at the start of a request (web/call.h) or
 * job; the members are borrowed and stay the same for the call. */
#ifndef DESK_CALL_H
#define DESK_CALL_H

#include "base/arena.h"
#include "desk/actor.h"
#include "desk/catalog.h"
#include "store/db.h"

struct call {
    struct db *db;
    const struct actor *who;
    const struct catalog *cat;
    struct arena *a;
    int64_t now_us; /* one time for all rows of the transaction */
};

/* Takes the catalog and the time. */
enum rc call_begin(struct db *db, const struct actor *who, struct arena *a, struct call *out,
                   struct err *e) MUST_USE;

#endif
