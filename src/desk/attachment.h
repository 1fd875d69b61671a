/* Files at messages: uploaded first (upload_add), then taken by a message (attachments_claim).
 * The limits are settings; the bytes are desk/blob.h's. */
#ifndef DESK_ATTACHMENT_H
#define DESK_ATTACHMENT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "desk/actor.h"
#include "desk/blob.h"
#include "store/attachments.h"
#include "store/db.h"

struct attachment_limits {
    int64_t max_bytes;         /* of one file */
    int64_t max_waiting_bytes; /* of one user's uploads that no message took yet */
    int64_t max_waiting;       /* their number */
    int64_t keep_us;           /* how long an upload waits */
};

/* The row of a stored upload; in a write transaction.  RC_LIMITED when the user's waiting uploads
 * are too many or too large together. */
enum rc upload_add(struct db *db, const struct attachment_limits *lim, const struct actor *who,
                   struct attachment *at, struct err *e) MUST_USE;

/* attachments_claim() of desk/ticket_hooks.h is here too: each id must be a waiting upload of the
 * caller's, none twice, at most ATTACHMENTS_PER_MESSAGE_MAX; else RC_INVALID at "/attachments/<i>".
 * The caller counts them on ticket and message. */
enum { ATTACHMENTS_PER_MESSAGE_MAX = 50 };

/* Removes uploads that nobody took; in a write transaction, at most limit.  *n counts them. */
enum rc uploads_expire(struct db *db, int64_t now_us, int64_t limit, struct arena *a, int64_t *n,
                       struct err *e) MUST_USE;

#endif
