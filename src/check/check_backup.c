/* Lines about what is set for backups; what came of it is in check_evidence.c. */
#include "check/check_priv.h"

void check_backup_settings(struct check_run *r, const char *of, struct finding *f)
{
    (void)r;
    (void)of;
    find_fail(f, "BACKUP_DIR is not set");
}

void check_backup_retention(struct check_run *r, const char *of, struct finding *f)
{
    (void)r;
    (void)of;
    find_fail(f, "BACKUP_DIR is not set");
}
