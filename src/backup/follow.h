/* PostgreSQL's archived log does not hold attachments: they are copied into the folder of backups soon after
 * they came, so that a lost disk costs seconds of them, too.  (SQLite's shipper does so itself.)  One thread. */
#ifndef BACKUP_FOLLOW_H
#define BACKUP_FOLLOW_H

#include "backup/repo.h"
#include "store/db.h"

/* Copies what came behind *after_id (0: all) and is not there yet; then *after_id is where to go on. */
enum rc follow_attachments(const struct repo *r, struct db *db, const char *data_dir, int64_t *after_id,
                           struct err *e) MUST_USE;

#endif
