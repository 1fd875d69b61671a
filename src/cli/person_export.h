/* server person export: what is known about a person, in a folder. */
#ifndef CLI_PERSON_EXPORT_H
#define CLI_PERSON_EXPORT_H

#include "cli/cli.h"
#include "desk/actor.h"

/* Makes the folder --out with data.json and attachments/ID; c->store is open.  An exit code. */
int person_export(struct cli *c, int64_t user_id, const struct actor *who);

#endif
