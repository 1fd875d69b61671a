/* The lists of erasures beside the database: DATA_DIR/erasures and BACKUP_DIR/erasures.  What they name
 * is erased again in a database that is older than they are, before anybody is served from it. */
#ifndef CLI_ERASED_H
#define CLI_ERASED_H

#include "base/err.h"
#include "cli/cli.h"

/* Applies both lists to the database of these settings, whose schema is brought up to date first, and
 * completes them from it.  Opens and closes a store of its own; c->store must not be open.  Without a
 * list that names anybody the database is not touched.  *n: people erased again. */
enum rc erased_apply(struct cli *c, const struct config *cfg, int64_t *n, struct err *e) MUST_USE;
/* After an erasure: both lists, from the open c->store. */
enum rc erased_note(struct cli *c, struct err *e) MUST_USE;

#endif
