/* The bytes of attachments: files named by their SHA-256 below one directory, kept once however
 * often they are attached.
 *
 *     DIR/tmp/<random>            being written
 *     DIR/ab/abcdef…              whole, synced, named by 64 hex digits
 *
 * A file is written, synced, renamed and its directory synced before any row may name it; so a
 * crash leaves at most a file that no row names, which blobs_sweep() removes.  What is put again is
 * only touched: a file younger than the grace time is never swept, hence an upload and the sweeper
 * cannot cross.  Any thread. */
#ifndef DESK_BLOB_H
#define DESK_BLOB_H

#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"

struct arena;
struct blobs;

enum { BLOB_HASH_LEN = 64 };

struct blob {
    char hash[BLOB_HASH_LEN + 1];
    int64_t size;
};

/* Makes dir and what it needs. */
enum rc blobs_open(struct str dir, struct blobs **out, struct err *e) MUST_USE;
void blobs_close(struct blobs **b);

/* Stores bytes for good.  RC_FULL when the disk is full, and then nothing is left behind. */
enum rc blob_put(struct blobs *b, struct str bytes, struct blob *out, struct err *e) MUST_USE;
/* For what is written by others: a path among the files being written, where nothing is yet.
 * blob_take() stores that file for good, as blob_put() does; blob_unscratch() removes what is left of it,
 * also behind blob_take(). */
const char *blob_scratch(struct blobs *b, struct arena *a);
enum rc blob_take(struct blobs *b, const char *path, struct blob *out, struct err *e) MUST_USE;
void blob_unscratch(const char *path);
/* From now on told of every blob_put() that was done (the file may have been there before), on the
 * thread that put it; it must not wait.  NULL: nobody; no call comes after this one returned. */
void blobs_on_put(struct blobs *b, void (*fn)(void *arg, const char *hash), void *arg);
/* The file, ready to be read, and its size; RC_NOT_FOUND when it is gone.  The caller closes *fd.
 */
enum rc blob_get(struct blobs *b, struct str hash, int *fd, int64_t *size, struct err *e) MUST_USE;
/* Removes one file unless it was put again since older_than_us; it may be absent. */
enum rc blob_drop(struct blobs *b, struct str hash, int64_t older_than_us, struct err *e) MUST_USE;

/* Visits the files older than older_than_us: those that is_used() denies are removed, as are
 * abandoned temporary files.  *removed counts them. */
struct blob_sweep {
    int64_t older_than_us;
    enum rc (*is_used)(void *arg, struct str hash, bool *used, struct err *e);
    void *arg;
};
enum rc blobs_sweep(struct blobs *b, const struct blob_sweep *how, int64_t *removed,
                    struct err *e) MUST_USE;

#endif
