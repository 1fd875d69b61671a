/* What the subcommands around backups share. */
#ifndef CLI_BACKUP_CLI_H
#define CLI_BACKUP_CLI_H

#include "backup/backup.h"
#include "backup/pgbackrest.h"
#include "cli/cli.h"
#include "desk/evidence.h"

/* The settings and the folder of backups. */
int backup_cli_begin(struct cli *c, bool make, struct repo *r);
/* How pgBackRest is to be run; NULL: the database is SQLite. */
const struct pgbackrest *backup_cli_pg(struct cli *c);
/* Records what was done, when the database can be written to; a failure is only told. */
void backup_cli_record(struct cli *c, const struct evidence *ev);
/* server backup keys (backup_keys.c) */
int backup_cli_keys(struct cli *c, struct repo *r);
/* "12.3 MiB" */
struct str backup_cli_bytes(int64_t n, struct arena *a);

#endif
