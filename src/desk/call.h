/* What every call into the ticket rules works with.  Made at the start of a request (web/call.h) or
 * job; the members are borrowed and stay the same for the call. */
#ifndef DESK_CALL_H
#define DESK_CALL_H

#include "base/arena.h"
#include "desk/actor.h"
#include "desk/catalog.h"
#include "store/db.h"

/* Tickets whose search documents are written anew at the end of many changes, once each. */
struct call_late {
    int64_t *tickets;
    size_t n, cap;
};

struct call {
    struct db *db;
    const struct actor *who;
    const struct catalog *cat;
    struct arena *a;
    int64_t now_us; /* one time for all rows of the transaction */
    struct call_late *late; /* NULL: documents are written with each change */
};

/* Takes the catalog and the time. */
enum rc call_begin(struct db *db, const struct actor *who, struct arena *a, struct call *out,
                   struct err *e) MUST_USE;

#endif
