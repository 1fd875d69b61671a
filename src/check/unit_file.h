/* A unit file of systemd, read as far as the checklist judges it.  Pure. */
#ifndef CHECK_UNIT_FILE_H
#define CHECK_UNIT_FILE_H

#include "base/str.h"

struct arena;

/* text: the unit and its drop-ins, in the order systemd reads them; what stands last holds.
 * What makes it weaker than ours, as words; n == 0: nothing. */
struct str unit_weakness(struct str text, struct arena *a);

#endif
