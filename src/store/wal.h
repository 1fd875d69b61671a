/* SQLite's write-ahead log seen from outside: where a reader stands in it, its frames, the pages of
 * the database as that reader sees them, and the one kind of checkpoint that lets the log begin
 * anew.  For backups and for shipping the log; everything else uses store/db.h.
 *
 * A reader that holds a place keeps the log from being begun anew (unless all of it is in the file
 * already), so frames up to its place can be read at leisure.  All bytes are read through SQLite's
 * own file handles: opening and closing the database file beside them would drop its locks.
 * A reader belongs to one thread at a time.  https://www.sqlite.org/walformat.html */
#ifndef STORE_WAL_H
#define STORE_WAL_H

#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"

enum { WAL_SALT_LEN = 8, WAL_FRAME_HEAD = 24, WAL_PAGE_MAX = 65536 };

/* A commit in the log: the first `frame` frames of the log that has this salt. */
struct wal_place {
    unsigned char salt[WAL_SALT_LEN];
    uint32_t frame;
};

struct wal_view {
    struct wal_place place;
    uint32_t backfilled; /* frames that are in the file */
    uint32_t page_size, n_pages;
};

struct wal_reader;

/* path: an SQLite file in WAL mode; RC_NOT_FOUND when there is none. */
enum rc wal_reader_open(const char *path, struct wal_reader **out, struct err *e) MUST_USE;
void wal_reader_close(struct wal_reader **r);

/* Begins a read transaction and tells where it stands; ended by wal_release(). */
enum rc wal_hold(struct wal_reader *r, struct wal_view *out, struct err *e) MUST_USE;
void wal_release(struct wal_reader *r);

/* Of a held place.  n whole frames from number first (1 is the first) on, heads and pages. */
enum rc wal_frames(struct wal_reader *r, uint32_t first, uint32_t n, void *out,
                   struct err *e) MUST_USE;
/* The log's number in the row of logs of this file: one more each time it begins anew. */
enum rc wal_sequence(struct wal_reader *r, uint32_t *out, struct err *e) MUST_USE;
/* Page number (1 is the first) as the held place sees it. */
enum rc wal_page(struct wal_reader *r, uint32_t number, void *out, struct err *e) MUST_USE;
/* Calls each() with hash, size and uses of every stored attachment that the held place sees. */
enum rc wal_blobs(struct wal_reader *r,
                  enum rc (*each)(void *arg, struct str hash, int64_t size, int64_t refs,
                                  struct err *e),
                  void *arg, struct err *e) MUST_USE;

/* Nothing may be held by this reader.  Copies the log into the file as far as other readers allow. */
void wal_checkpoint(struct wal_reader *r);
/* Copies all of it and waits up to ms for readers, so that the next write begins the log anew.
 * *frames: how long the log is, when it was done; else RC_BUSY. */
enum rc wal_checkpoint_whole(struct wal_reader *r, int64_t ms, uint32_t *frames,
                             struct err *e) MUST_USE;

/* ---- frames elsewhere ---- */

/* Writes frames (as wal_frames() gives them) into a copy of the database; *pages gets its length
 * when a commit was among them. */
enum rc wal_apply(int fd, const void *frames, uint32_t n, uint32_t page_size, uint32_t *pages,
                  struct err *e) MUST_USE;

#endif
