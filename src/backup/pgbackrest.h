/* pgBackRest, driven by us: PostgreSQL's copies and its archived write-ahead log are its work, in a
 * repository that its own configuration names (deploy/postgresql/pgbackrest.conf).
 *
 * What it says is told apart here.  Codes: "no_program" (not installed), "backup_running" (another one
 * is at work), "backup_key" (its repository is encrypted with another key), "backup_newer" (of a later
 * version), "backup_damaged", "backup_target" (no space, or it cannot be written), "backup_archive" (the
 * write-ahead log does not arrive), "backup_none" (no such stanza or copy), "backup_reach" (the database
 * or the repository's machine does not answer), "pgbackrest" (else).  One thread. */
#ifndef BACKUP_PGBACKREST_H
#define BACKUP_PGBACKREST_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct pgbackrest {
    struct str stanza, config; /* BACKUP_PG_STANZA, BACKUP_PG_CONFIG */
};

struct pg_backup {
    struct str label; /* "20261123-183000F", "20261123-183000F_20261123-193000D" */
    bool is_full, is_bad; /* is_bad: it holds pages whose checksum is wrong */
    int64_t stop_us, bytes, new_bytes; /* of the database; what it added to the repository */
};
struct pg_info {
    struct pg_backup *v; /* oldest first */
    size_t n;
    bool is_encrypted;
    struct str wal_from, wal_to; /* names of segments; empty: none */
};
enum rc pgbackrest_info(const struct pgbackrest *p, struct arena *a, struct pg_info *out,
                        struct err *e) MUST_USE;
/* NULL: there is none of that label. */
const struct pg_backup *pg_info_find(const struct pg_info *info, struct str label);

/* Takes one, full or differential (what changed since the newest full one; full when there is none). */
enum rc pgbackrest_backup(const struct pgbackrest *p, bool full, struct arena *a,
                          struct pg_backup *out, struct err *e) MUST_USE;
/* Reads every file of the repository and of the archive. */
enum rc pgbackrest_verify(const struct pgbackrest *p, struct arena *a, struct err *e) MUST_USE;
/* Removes one and those that stand on it. */
enum rc pgbackrest_remove(const struct pgbackrest *p, struct str label, struct arena *a,
                          struct err *e) MUST_USE;
/* Removes the log that only copies before the newest n full ones need. */
enum rc pgbackrest_trim(const struct pgbackrest *p, int64_t n, struct arena *a, struct err *e) MUST_USE;
/* Into an empty folder, ready to be recovered up to until_us (0: to the archive's end). */
enum rc pgbackrest_restore(const struct pgbackrest *p, struct str label, int64_t until_us, const char *dir,
                           struct arena *a, struct err *e) MUST_USE;

/* What its words mean. Pure; for tests. */
enum rc pgbackrest_judge(int exit_code, struct str output, struct err *e) MUST_USE;
enum rc pgbackrest_read_info(struct str json, struct str stanza, struct arena *a, struct pg_info *out,
                             struct err *e) MUST_USE;

#endif
