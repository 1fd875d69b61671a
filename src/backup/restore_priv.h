/* What restoring SQLite (restore.c) and PostgreSQL (restore_pg.c) share. */
#ifndef BACKUP_RESTORE_PRIV_H
#define BACKUP_RESTORE_PRIV_H

#include "backup/restore.h"

struct restore_work {
    const struct repo *r;
    const struct restore_to *to;
    struct arena *a;
    struct restored *out;
    struct set set;
    const char *temp; /* the folder while it is made */
    int fd;           /* of the database; -1 */
    uint32_t pages;
    bool began;
};

/* One attachment into the folder; arg is the work. */
enum rc restore_attachment(void *arg, struct str hash, int64_t size, int64_t refs, struct err *e) MUST_USE;
/* The folder for them, the witness and the settings. */
enum rc restore_beside(struct restore_work *w, struct err *e) MUST_USE;
/* All of a copy of PostgreSQL, into w->temp. */
enum rc restore_postgres(struct restore_work *w, struct err *e) MUST_USE;

#endif
