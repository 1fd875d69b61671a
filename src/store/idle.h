/* Tickets whose owner does nothing for longer than their group's assignment time-out. */
#ifndef STORE_IDLE_H
#define STORE_IDLE_H

#include "base/arena.h"
#include "base/err.h"
#include "store/db.h"

struct idle_tickets {
    int64_t *v;
    size_t n;
};
/* New and open ones that somebody owns, where nobody but the customer did anything since. */
enum rc idle_tickets_list(struct db *db, int64_t now_us, int64_t limit, struct arena *a,
                          struct idle_tickets *out, struct err *e) MUST_USE;

#endif
