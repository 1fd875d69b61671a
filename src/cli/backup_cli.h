/* What the subcommands around backups share. */
#ifndef CLI_BACKUP_CLI_H
#define CLI_BACKUP_CLI_H

#include "backup/backup.h"
#include "cli/cli.h"
#include "desk/evidence.h"

/* Settings; CLI_FAILED with words on PostgreSQL, whose backups are not made here. */
int backup_cli_begin(struct cli *c, bool make, struct repo *r);
/* Records what was done, when the database can be written to; a failure is only told. */
void backup_cli_record(struct cli *c, const struct evidence *ev);
/* "12.3 MiB" */
struct str backup_cli_bytes(int64_t n, struct arena *a);

#endif
