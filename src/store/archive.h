/* What PostgreSQL tells of its archive and its replicas: for the metrics and the checklist.  Readers'
 * connections; nothing on SQLite.  The state of replicas is only told to members of pg_monitor. */
#ifndef STORE_ARCHIVE_H
#define STORE_ARCHIVE_H

#include "base/err.h"
#include "store/db.h"

struct archive_facts {
    bool archives;                    /* archive_mode is on */
    bool is_failing;                  /* the newest try failed */
    int64_t segments, failures;       /* since PostgreSQL's statistics began */
    int64_t last_us;                  /* when a segment was last archived; 0: never */
    int64_t replicas, sync_replicas;
    int64_t lag_us;                   /* of the replica that is farthest behind */
};
enum rc archive_facts_load(struct db *db, struct archive_facts *out, struct err *e) MUST_USE;

#endif
