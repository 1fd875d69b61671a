/* Restoring: a full copy, and the shipped log behind it up to a time, into a folder of its own:
 *
 *     DIR/NAME.db, DIR/attachments/, DIR/audit-head, DIR/configuration.env, DIR/restored.json
 *     (PostgreSQL: DIR/postgresql/ and what pg_copy.h tells, in place of NAME.db)
 *
 * It is made beside DIR under another name and checked there (pages, references, the audit log,
 * every attachment); only a sound one is renamed to DIR.  An existing DIR is refused, or with force
 * moved aside to DIR.before-TIME; it is never removed. */
#ifndef BACKUP_RESTORE_H
#define BACKUP_RESTORE_H

#include "backup/backup.h"

struct pgbackrest;

struct restore_to {
    struct str set;      /* empty: the newest that serves */
    int64_t until_us;    /* 0: as far as possible */
    const char *dir;
    const char *database; /* name of the file in it */
    bool force;
    bool trust_attachments; /* do not read again what was just checked while copying */
    /* PostgreSQL */
    const struct pgbackrest *pg; /* NULL: such copies are refused */
    struct str pg_bin, pg_url;   /* pg_copy.h */
    /* The last word on a sound copy that can be reached at this address (PostgreSQL's runs only until
     * the folder gets its name); may be NULL. */
    enum rc (*settle)(void *arg, struct str url, struct err *e);
    void *settle_arg;
};

struct restored {
    struct str set;
    int64_t set_at_us, at_us; /* of the copy; up to when the log brought it */
    int64_t database_bytes, changes, attachments, attachment_bytes, missing, audit_entries;
    int64_t took_us, checks_us;
    int64_t audit_n; /* PostgreSQL: the newest entry of the audit log */
    bool is_postgres, has_log, clock_went_back;
    struct str moved_to; /* what was in the way; empty: nothing */
    char note[256];      /* where the log ended too early; "" else */
};
/* Holds a shared lock of the repo and one on DIR.  RC_CONFLICT: somebody restores there already, or
 * DIR exists. */
enum rc restore_run(const struct repo *r, const struct restore_to *to, struct arena *a,
                    struct restored *out, struct err *e) MUST_USE;
/* The checks alone: of the database at url and the attachments in dir. */
enum rc restore_check(const char *dir, struct str url, bool attachments, struct restored *out,
                      struct err *e) MUST_USE;

#endif
