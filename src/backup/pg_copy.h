/* A restored PostgreSQL, run by us for as long as it is looked at: nobody but this user reaches it (a
 * Unix socket in a private folder), it replicates nothing and waits for no standby.
 * Its log is marked to be archived, but nothing leaves it before the real configuration runs it.
 *
 *     DIR/postgresql/       the data, as pgBackRest put it back
 *     DIR/postgresql.conf, DIR/pg_hba.conf     ours, to run it by; Debian keeps the real ones in /etc
 */
#ifndef BACKUP_PG_COPY_H
#define BACKUP_PG_COPY_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

struct pg_copy {
    /* The caller's. */
    const char *dir;
    struct str bin; /* BACKUP_PG_BIN; empty: Debian's folder of the version that the data have */
    struct str url; /* whose user and database to take */
    /* Ours. */
    const char *program, *log, *socket_dir;
    struct str local_url;
    pid_t pid;
    bool ended_early; /* the log ended before the time asked for: recovered to its end */
};
/* Writes both files of settings. */
enum rc pg_copy_prepare(struct pg_copy *c, struct arena *a, struct err *e) MUST_USE;
/* Starts it and waits until it is recovered and takes connections at local_url.  After a failure it is
 * stopped. */
enum rc pg_copy_start(struct pg_copy *c, struct arena *a, struct err *e) MUST_USE;
/* What only served to recover is taken out of the settings of a started copy. */
enum rc pg_copy_settle(struct pg_copy *c, struct arena *a, struct err *e) MUST_USE;
/* Stops it in order.  Nothing for one that does not run. */
void pg_copy_stop(struct pg_copy *c);

#endif
