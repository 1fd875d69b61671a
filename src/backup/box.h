/* A box: the one file format of backups.  Records, compressed, and encrypted when there is a key;
 * what was altered, cut, or locked with another key is told apart and never handed out.
 *
 *     head, 48 bytes:  "TSBACKUP", version (2 bytes), mode, 5 zeros, id of the key (8), nonce (24)
 *     records:         length (4), then that many bytes: type (1), codec (1), length (4), payload
 *
 * With a key a record is a message of libsodium's secretstream, the last one with its final tag;
 * without, 16 bytes of a chained BLAKE2b stand behind each (against accidents, not against people).
 * The head is bound to the first record.  Numbers are big endian.  A box belongs to one thread. */
#ifndef BACKUP_BOX_H
#define BACKUP_BOX_H

#include "base/defs.h"
#include "base/err.h"
#include "base/str.h"

enum { BOX_RECORD_MAX = 4 * 1024 * 1024, BOX_KEY_LEN = 32, BOX_KEY_ID_LEN = 8, BOX_VERSION = 1 };
enum { BOX_END = 0, BOX_DATA = 'D' }; /* other types are the caller's */

struct box_key {
    bool set;
    unsigned char key[BOX_KEY_LEN], id[BOX_KEY_ID_LEN];
    const struct box_key *former; /* reads what it wrote; borrowed, NULL: the last one */
};
/* From BACKUP_KEY; empty: no key. */
void box_key_make(struct str secret, struct box_key *out);
/* The key or the former one of it that has this id; NULL. */
const struct box_key *box_key_find(const struct box_key *k, const unsigned char id[BOX_KEY_ID_LEN]);
/* For names and sums that nobody without the key can make: 32 bytes. */
void box_key_sum(const struct box_key *k, struct str data, unsigned char out[32]);

/* ---- writing ---- */

struct box_writer;
struct box_sum {
    int64_t size;      /* of the file */
    char sha256[65];   /* of the file */
    int64_t raw_bytes; /* of the payloads */
};
/* Makes the file; it must not exist. */
enum rc box_create(const char *path, const struct box_key *key, struct box_writer **out,
                   struct err *e) MUST_USE;
/* One record now. */
enum rc box_put(struct box_writer *w, char type, struct str payload, struct err *e) MUST_USE;
/* A stream of bytes, in records of type BOX_DATA. */
enum rc box_add(struct box_writer *w, const void *p, size_t n, struct err *e) MUST_USE;
/* What was put so far survives a power cut. */
enum rc box_sync(struct box_writer *w, struct err *e) MUST_USE;
int64_t box_size(const struct box_writer *w);
/* Ends and closes it; is_synced: on disk too. */
enum rc box_finish(struct box_writer **w, bool sync, struct box_sum *sum, struct err *e) MUST_USE;
/* Closes what is unfinished, as it is. */
void box_drop(struct box_writer **w);

/* ---- reading ---- */

/* Failures: RC_FAIL with code "backup_key" (another key, or none), "backup_newer" (a later format),
 * "backup_truncated" (the end is missing), "backup_damaged". */
struct box_reader;
/* The id of the key that a box needs; zeros: none.  Failures as of box_open(). */
enum rc box_key_of(const char *path, unsigned char id[BOX_KEY_ID_LEN], struct err *e) MUST_USE;
enum rc box_open(const char *path, const struct box_key *key, struct box_reader **out,
                 struct err *e) MUST_USE;
void box_close(struct box_reader **r);
/* The next record; its payload lives until the next call.  Type BOX_END: that was all. */
enum rc box_next(struct box_reader *r, char *type, struct str *payload, struct err *e) MUST_USE;
/* Up to where all records are sound: what a torn end may be cut to. */
int64_t box_sound(const struct box_reader *r);

#endif
