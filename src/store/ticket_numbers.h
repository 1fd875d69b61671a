/* From the public number of a ticket to its id. */
#ifndef STORE_TICKET_NUMBERS_H
#define STORE_TICKET_NUMBERS_H

#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

/* RC_NOT_FOUND: no ticket has it.  No rights are checked. */
enum rc ticket_numbers_find(struct db *db, struct str number, int64_t *id, struct err *e) MUST_USE;

#endif
