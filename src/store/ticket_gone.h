/* A ticket and everything that hangs on it leaves the database, with the tickets merged into it.
 *
 * What stays: the entries of the audit log, whose details are erased.  The bytes of its attachments go
 * with the next round of drop_blobs when nothing else names them. */
#ifndef STORE_TICKET_GONE_H
#define STORE_TICKET_GONE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

struct ticket_gone {
    struct str number;
    int64_t tickets, messages, attachments; /* all together */
};
/* Write connection.  RC_NOT_FOUND. */
enum rc ticket_gone_delete(struct db *db, int64_t id, int64_t now_us, struct arena *a,
                           struct ticket_gone *out, struct err *e) MUST_USE;

#endif
