/* Whether a database is sound: its pages and indexes, and what rows refer to. */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include "base/err.h"
#include "store/db.h"

/* SQLite only (PostgreSQL: nothing to do here).  RC_FAIL with code "database_damaged" and what was
 * found first.  Reads everything. */
enum rc store_check(struct db *db, struct err *e) MUST_USE;

#endif
