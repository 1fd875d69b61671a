/* Other programs, run without a shell, with a time limit: their standard output.  One thread. */
#ifndef CHECK_RUN_H
#define CHECK_RUN_H

#include "base/defs.h"
#include "base/str.h"

struct arena;

struct program_out {
    int status; /* exit code; -1: it could not be started, did not end in time, or died */
    struct str out;
};
/* argv ends with NULL; folder: NULL for the present one. */
void program_run(const char *const *argv, const char *folder, int64_t timeout_ms, struct arena *a,
                 struct program_out *out);

#endif
