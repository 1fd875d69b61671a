/* The folder of backups (BACKUP_DIR):
 *
 *     lock                     held while something is made, pruned or read
 *     sets/NNNNNNNN-TIME/      a copy: manifest.json, manifest.sum, database.box,
 *                              attachments.box (a list), configuration.box, audit-head.box;
 *                              of PostgreSQL without database.box: its manifest names a backup of
 *                              pgBackRest (pgbackrest.h)
 *     sets/….tmp/              unfinished; never counted
 *     files/ab/NAME            attachments, each once however many sets name it
 *     wal/NNNNNNNN-TIME/       the shipped log, a folder per unbroken row (shipped.h)
 *
 * Sets are numbered, so that their order does not depend on a clock.  What is finished is never
 * written again.  One thread. */
#ifndef BACKUP_REPO_H
#define BACKUP_REPO_H

#include "backup/box.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/wal.h"

enum { REPO_FILES_MAX = 8, REPO_FORMAT_SQLITE = 1, REPO_FORMAT = 2 /* PostgreSQL's */ };

struct repo_keys {
    struct str key;    /* BACKUP_KEY: what is new is sealed with it; empty: not encrypted */
    struct str former; /* BACKUP_KEY_FORMER, words: what they sealed is still read */
};
struct repo {
    const char *dir;
    struct box_key key; /* and the former ones, in the arena */
    int lock; /* -1: none */
};
/* make: makes the folders that are missing; else RC_NOT_FOUND when it is none. */
enum rc repo_open(struct str dir, struct repo_keys keys, bool make, struct arena *a, struct repo *out,
                  struct err *e) MUST_USE;
void repo_close(struct repo *r);
/* RC_CONFLICT while somebody else is at it, after 3 s of waiting.  A folder that cannot be written to is
 * not locked when only reading is meant. */
enum rc repo_lock(struct repo *r, bool to_write, struct err *e) MUST_USE;

struct manifest_file {
    struct str name, sha256;
    int64_t size;
};
struct manifest {
    struct str id, parent, product, key_id; /* key_id empty: not encrypted */
    struct str label; /* of pgBackRest; empty: SQLite */
    bool is_step;     /* stands on a full copy before it (differential) */
    int64_t number, format, schema, at_us, took_us;
    int64_t database_bytes, attachments, attachment_bytes, missing, new_bytes;
    struct wal_place place;
    int64_t page_size;
    struct manifest_file files[REPO_FILES_MAX];
    size_t n_files;
};

enum set_state { SET_GOOD, SET_UNFINISHED, SET_DAMAGED, SET_FOREIGN };
struct set {
    const char *path;
    struct str id;
    enum set_state state;
    char why[256]; /* when it is not good */
    char code[40];
    struct manifest m; /* when its manifest could be read */
};
/* All of them, newest first.  Manifests are read and checked, files are not. */
enum rc repo_sets(const struct repo *r, struct arena *a, struct set **out, size_t *n,
                  struct err *e) MUST_USE;
/* The newest good one of which at_us is at or before before_us (0: of any time), or the one named
 * id; the refusal names what is wrong with it. */
enum rc repo_choose(const struct repo *r, struct str id, int64_t before_us, struct arena *a,
                    struct set *out, struct err *e) MUST_USE;
int64_t repo_next_number(const struct set *sets, size_t n);

/* Writes manifest.json and its sum into the folder of a set. */
enum rc manifest_write(const struct repo *r, const char *path, const struct manifest *m,
                       struct arena *a, struct err *e) MUST_USE;
enum rc manifest_read(const struct repo *r, const char *path, struct arena *a, struct manifest *out,
                      struct err *e) MUST_USE;

/* Files of attachments; under another name with each key. */
const char *repo_file_path(const struct repo *r, const struct box_key *key, struct str hash, struct arena *a);
/* Copies one in unless it is there under the key that is in use; *bytes: what that cost.  The bytes must have that hash. */
enum rc repo_file_add(const struct repo *r, struct str hash, int from, struct arena *a,
                      int64_t *bytes, struct err *e) MUST_USE;
/* Copies one out and checks it (to < 0: only checks it). */
enum rc repo_file_get(const struct repo *r, struct str hash, int64_t size, int to, struct arena *a,
                      struct err *e) MUST_USE;

/* Everything below dir is on disk. */
enum rc repo_sync(const struct repo *r, struct err *e) MUST_USE;
/* Removes a folder and what is in it. */
enum rc tree_remove(const char *path, struct err *e) MUST_USE;
/* The names in a folder but . and .., sorted; none when there is no folder. */
enum rc dir_names(const char *path, struct arena *a, const char ***out, size_t *n,
                  struct err *e) MUST_USE;
/* SHA-256 (hex) and size of a file. */
enum rc file_sum(const char *path, char sha256[65], int64_t *size, struct err *e) MUST_USE;
/* "20261123T183000Z" */
struct str time_name(int64_t t_us, struct arena *a);

#endif
