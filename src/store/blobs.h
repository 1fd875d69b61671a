/* Rows of stored bytes: how many attachments name a hash.  The bytes are desk/blob.h's. */
#ifndef STORE_BLOBS_H
#define STORE_BLOBS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/db.h"

/* One attachment more names hash; its row is made when it is the first. */
enum rc blobs_ref(struct db *db, struct str hash, int64_t size, int64_t now_us,
                  struct err *e) MUST_USE;
/* n attachments fewer; the row stays with refs 0 until it is forgotten. */
enum rc blobs_unref(struct db *db, struct str hash, int64_t n, int64_t now_us,
                    struct err *e) MUST_USE;
enum rc blobs_is_known(struct db *db, struct str hash, bool *known, struct err *e) MUST_USE;

/* Deletes rows that nothing names since before_us, at most limit; their hashes are in a. */
struct blob_hashes {
    struct str *v;
    size_t n;
};
enum rc blobs_forget(struct db *db, int64_t before_us, int64_t limit, struct arena *a,
                     struct blob_hashes *out, struct err *e) MUST_USE;

/* Calls each() with every row, in the order of the hashes. */
enum rc blobs_each(struct db *db,
                   enum rc (*each)(void *arg, struct str hash, int64_t size, int64_t refs, struct err *e),
                   void *arg, struct err *e) MUST_USE;

#endif
