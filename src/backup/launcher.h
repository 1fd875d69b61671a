/* Runs this program's commands for a server that may not run programs itself (base/confine.h): a
 * process of its own, forked before the server gives up its rights, that takes a command's number
 * and tells how it ended.  It knows these commands and no others, and ends with the server. */
#ifndef BACKUP_LAUNCHER_H
#define BACKUP_LAUNCHER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum launch { LAUNCH_FULL, LAUNCH_INCREMENTAL, LAUNCH_DRILL, LAUNCH_COUNT_ };

struct launcher;

/* Before any thread is made. */
enum rc launcher_start(struct launcher **out, struct err *e) MUST_USE;
/* Asks for a command; one at a time. */
enum rc launcher_run(struct launcher *l, enum launch what, struct err *e) MUST_USE;
/* Waits up to ms for its end: false when it still runs.  *told: its last words, in the arena. */
bool launcher_ended(struct launcher *l, int64_t ms, int *exit_code, struct str *told, struct arena *a);
/* Ends it and the command that runs. */
void launcher_stop(struct launcher **l);

#endif
