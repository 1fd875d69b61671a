/* Ships SQLite's write-ahead log into the folder of backups, so that losing the disk costs seconds.
 *
 * While it runs it alone decides about checkpoints.  Once a second (at the full second) it takes a
 * place in the log, copies what is new, and the attachments that came with it, and syncs; only then
 * is the place before given up, so that at any moment one is held and the log cannot begin anew
 * over what was not copied.  When the log has grown, its pages are copied back beside the writers;
 * for the moment in which it may begin anew, the writer pauses between two commits.
 *
 * Whenever it cannot be proved that nothing is missing, a new row begins (shipped.h) and
 * it needs a full copy to stand on (schedule.h).  A target that fails is tried again;
 * when the log grows too long meanwhile, the log is let go and the row ends. */
#ifndef BACKUP_SHIP_H
#define BACKUP_SHIP_H

#include "backup/repo.h"
#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"

struct blobs;
struct store;
struct ship;

struct ship_opts {
    struct store *store;
    struct blobs *blobs;
    struct str backup_dir, data_dir;
    struct repo_keys keys;
    int64_t every_s, seal_s; /* a round; a finished segment */
};
/* Only for SQLite.  Any failure later than this is logged and tried again. */
enum rc ship_start(const struct ship_opts *o, struct ship **out, struct err *e) MUST_USE;
/* Before the store closes: the writer is asked for nothing any more. */
void ship_detach(struct ship *s);
/* After the store was closed: ships what is left and ends. */
void ship_stop(struct ship **s);
/* The first half of ship_stop(): then *out tells how it went. */
struct ship_stats;
void ship_finish(struct ship *s, struct ship_stats *out);

struct ship_stats {
    bool runs;                /* all is well */
    int64_t at_us;            /* everything up to then is shipped */
    int64_t bytes, rounds, failures, rows; /* since the start */
    int64_t log_frames;       /* length of the log */
};
/* Any thread. */
void ship_stats(struct ship *s, struct ship_stats *out);
#endif
