/* Numbers that grow: the next ticket number, the versions of what nodes keep in memory.
 * Inside a write transaction.  SQLite counts in the row (one writer), so numbers have no gaps;
 * PostgreSQL takes ticket numbers from a sequence, so that creates do not wait for each other, and
 * a number may be left out.  All other counters are rows on both. */
#ifndef STORE_COUNTERS_H
#define STORE_COUNTERS_H

#include "base/defs.h"
#include "store/db.h"

/* name: of a row of the table counters, e.g. "ticket"; RC_NOT_FOUND without one. */
#define counter_next(db, name, out, e) counter_next_((db), STR(name), (out), (e))
enum rc counter_next_(struct db *db, struct str name, int64_t *out, struct err *e) MUST_USE;
/* n numbers of tickets at once: *first and those behind it. */
enum rc counter_take_tickets(struct db *db, int64_t n, int64_t *first, struct err *e) MUST_USE;
/* The value now, for readers. */
#define counter_read(db, name, out, e) counter_read_((db), STR(name), (out), (e))
enum rc counter_read_(struct db *db, struct str name, int64_t *out, struct err *e) MUST_USE;

#endif
