/* Tickets that time has caught up with, oldest first; ids has room for limit. */
#ifndef STORE_TICKET_DUE_H
#define STORE_TICKET_DUE_H

#include "store/db.h"

enum rc tickets_until_reached(struct db *db, int64_t now_us, int64_t limit, int64_t *ids, size_t *n,
                              struct err *e) MUST_USE;
enum rc tickets_solved_before(struct db *db, int64_t before_us, int64_t limit, int64_t *ids,
                              size_t *n, struct err *e) MUST_USE;

#endif
