/* Words from one node to all: a channel and a short payload, told after the commit.
 * PostgreSQL carries them with LISTEN and NOTIFY; on SQLite there is one process, and the write
 * lane tells its own listener.  Words may be lost when a connection breaks: then the listener
 * hears an empty channel, and must look at the database itself. */
#ifndef STORE_NOTIFY_H
#define STORE_NOTIFY_H

#include "base/defs.h"
#include "base/str.h"
#include "store/db.h"

struct store;

enum { NOTIFY_PAYLOAD_MAX = 2000, NOTIFY_CHANNEL_MAX = 31 };

/* Inside a transaction: nothing is told when it rolls back.  channel: letters and '_'; no newlines
 * in the payload.  For rare changes only: PostgreSQL lets transactions that tell something commit
 * one after the other. */
enum rc store_notify(struct db *db, const char *channel, struct str payload, struct err *e) MUST_USE;

/* Inside a transaction: what this user may do (0: everybody) may be less after it.  Told on
 * NOTIFY_ACCESS with the id. */
#define NOTIFY_ACCESS "access"
enum rc store_access_changed(struct db *db, int64_t user_id, struct err *e) MUST_USE;

/* A hint to the other nodes, at once and outside of any transaction: costs the caller no round trip,
 * and may be lost (no connection, too many waiting).  This node does not hear it, and nothing is
 * told on SQLite.  The same word again waits once.  After store_listen(); any thread. */
void store_tell(struct store *s, const char *channel, struct str payload);

/* Before the first write.  One listener a store, for these channels (NULL-terminated, must live as long as the store).
 * fn is called on a thread of the store's, one call at a time, until store_close().  channel NULL:
 * words may have been lost. */
typedef void store_heard_fn(void *arg, const char *channel, struct str payload);
enum rc store_listen(struct store *s, const char *const *channels, store_heard_fn *fn, void *arg,
                     struct err *e) MUST_USE;
/* After it fn is neither running nor called again. */
void store_listen_end(struct store *s);

#endif
