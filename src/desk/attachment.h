/* Files at messages: uploaded first (upload_add), then taken by a message (attachments_claim).
 * The limits are settings; the bytes are desk/blob.h's. */
#ifndef DESK_ATTACHMENT_H
#define DESK_ATTACHMENT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "desk/actor.h"
#include "desk/blob.h"
#include "desk/call.h"
#include "store/attachments.h"
#include "store/db.h"

struct attachment_limits {
    int64_t max_bytes;         /* of one file */
    int64_t max_waiting_bytes; /* of one user's uploads that no message took yet */
    int64_t max_waiting;       /* their number */
    int64_t keep_us;           /* how long an upload waits */
};

/* What the client says of a file; name and type are cleaned and checked against the bytes here. */
struct upload {
    struct str name, content_type, bytes;
};

/* RC_LIMITED when the user's waiting uploads would be too many or too large together, RC_TOO_BIG.
 */
enum rc upload_check(struct db *db, const struct attachment_limits *lim, const struct actor *who,
                     int64_t size, int64_t now_us, struct err *e) MUST_USE;
/* Stores the bytes of an upload, not yet its row: any thread, no transaction.  RC_FULL.  Fills *out
 * but for its id. */
enum rc upload_store(struct blobs *blobs, const struct attachment_limits *lim,
                     const struct actor *who, const struct upload *up, struct arena *a,
                     struct attachment *out, struct err *e) MUST_USE;
/* The row of a stored upload; in a write transaction.  Refuses as upload_check(). */
enum rc upload_add(struct db *db, const struct attachment_limits *lim, const struct actor *who,
                   struct attachment *at, struct err *e) MUST_USE;

/* attachments_claim() of desk/ticket_hooks.h is here too: each id must be a waiting upload of the
 * caller's, none twice, at most ATTACHMENTS_PER_MESSAGE_MAX; else RC_INVALID at "…/attachments/<i>".
 * The caller counts them on ticket and message. */
enum { ATTACHMENTS_PER_MESSAGE_MAX = 50 };

/* One attachment that the actor may see: of a ticket that he may read (or that one was merged into
 * it), internal ones only as an agent there; or his own upload that still waits.  All else is
 * RC_NOT_FOUND alike. */
enum rc attachment_read(struct call *c, int64_t id, struct attachment *out, struct err *e) MUST_USE;

/* Removes uploads that nobody took; in a write transaction, at most limit.  *n counts them. */
enum rc uploads_expire(struct db *db, int64_t now_us, int64_t limit, struct arena *a, int64_t *n,
                       struct err *e) MUST_USE;

#endif
