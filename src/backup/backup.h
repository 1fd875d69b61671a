/* Copies of an installation: taking, checking, pruning.
 *
 * Of SQLite a copy is one place in the write-ahead log: pages are read beside running writers, which are
 * never stopped.  Of PostgreSQL the database is pgBackRest's, and what lies beside it ours.  Nothing is counted before all of it is on disk under its final name, and nothing old is
 * removed before that.  Callers hold the repo's lock.  One thread each. */
#ifndef BACKUP_BACKUP_H
#define BACKUP_BACKUP_H

#include "backup/repo.h"

struct db;
struct pgbackrest;

struct backup_from {
    const char *database;      /* the SQLite file; NULL: PostgreSQL */
    const struct pgbackrest *pg;
    struct db *db; /* PostgreSQL: a reading connection */
    bool is_step;  /* PostgreSQL: differential */
    const char *data_dir;      /* attachments and audit-head lie in it */
    struct str configuration;  /* without clear secrets */
    int64_t schema;
};
/* *out: of the finished set. */
enum rc backup_take(const struct repo *r, const struct backup_from *from, struct arena *a,
                    struct manifest *out, struct err *e) MUST_USE;

/* Reads all of a set and every attachment it names; PostgreSQL: and asks pgBackRest whether it has the
 * backup (pgbackrest_verify() reads it). */
struct backup_verdict {
    int64_t files, attachments, bytes;
};
enum rc backup_verify(const struct repo *r, const struct pgbackrest *pg, const struct set *s,
                      struct arena *a, struct backup_verdict *out, struct err *e) MUST_USE;
/* Calls each() with every attachment that a set lists. */
enum rc backup_attachments(const struct repo *r, const struct set *s,
                           enum rc (*each)(void *arg, struct str hash, int64_t size, struct err *e),
                           void *arg, struct err *e) MUST_USE;

struct backup_keep {
    int64_t daily, weekly, monthly;
    const struct pgbackrest *pg; /* NULL: SQLite */
};
struct backup_pruned {
    int64_t sets, kept, segments, files, unfinished;
};
/* The newest set of each of so many days, weeks and months that have one is kept, and all of the day
 * before the newest, and what these stand on; what cannot be read is never removed nor counted.
 * dry: only counts. */
enum rc backup_prune(const struct repo *r, const struct backup_keep *keep, bool dry, struct arena *a,
                     struct backup_pruned *out, struct err *e) MUST_USE;

#endif
