/* What this process may use: the least of what the machine has and what its control groups allow
 * (cgroups(7), version 1 and 2).  Any thread; reads files each time. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include "base/defs.h"

int64_t limits_memory_bytes(void);
int64_t limits_cpu_milli(void); /* thousandths of a core: 2000 is two cores */

#endif
