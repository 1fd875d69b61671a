/* Running another program: its output is kept, its arguments and environment are given whole. */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

struct command_run {
    const char *const *argv; /* argv[0] is looked for in PATH */
    const char *const *more_env; /* NAME=value, over the environment of this process; may be NULL */
    int64_t timeout_ms;
    struct str input;        /* to its standard input */
    bool no_errors;          /* its standard error is thrown away, not put between the output */
    size_t keep;             /* bytes of output, the last ones; 0: 64 KiB */
    struct str output;       /* out: standard output and error; in the arena */
    int exit_code;           /* out: 128 + n for a signal */
};
/* RC_OK when it ran to its end, whatever its exit code; RC_NOT_FOUND: there is no such program;
 * RC_TIMEOUT: it was ended. */
enum rc command_run(struct command_run *c, struct arena *a, struct err *e) MUST_USE;
/* Starts it with its output appended to a file; the caller ends it by command_end(). */
enum rc command_start(const struct command_run *c, const char *log_path, pid_t *pid, struct err *e) MUST_USE;
/* Whether it still runs. */
bool command_alive(pid_t pid);
/* SIGTERM, after ms SIGKILL; waits for it.  *pid becomes 0.  Its exit code: 128 + n for a signal. */
int command_end(pid_t *pid, int64_t ms);
/* The last words in such a file. */
struct str command_told(const char *log_path, struct arena *a);

#endif
