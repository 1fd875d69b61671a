/* Sending the folder of backups elsewhere, with restic.  Only what is new is sent.  The repository
 * is best one to which this machine can add and from which it cannot take away (append-only): then
 * nothing that happens here reaches it (docs/disaster-recovery.md). */
#ifndef BACKUP_OFFSITE_H
#define BACKUP_OFFSITE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct offsite_sent {
    struct str figures; /* JSON, what restic summed up; may be empty */
    int64_t took_us;
};
/* Makes the repository when there is none. */
enum rc offsite_send(struct str dir, struct str repository, struct str password, struct arena *a,
                     struct offsite_sent *out, struct err *e) MUST_USE;
/* The newest of what was sent, back into a folder. */
enum rc offsite_fetch(struct str repository, struct str password, const char *dir, struct arena *a,
                      struct err *e) MUST_USE;

#endif
