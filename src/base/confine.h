/* Takes from the process what a server never needs, so that whoever breaks into it finds little:
 * capabilities and new privileges, system calls (seccomp), and all files but the ones named
 * (Landlock).  What this kernel does not have is left out and told.
 *
 * To be called once, before any thread is made: threads inherit it, others are not reached. */
#ifndef BASE_CONFINE_H
#define BASE_CONFINE_H

#include "base/defs.h"

#include <stddef.h>

enum confined {
    CONFINED_PRIVILEGES = 1, /* no capabilities, none to be gained */
    CONFINED_CALLS = 2,      /* no programs, no other processes, no kernel administration */
    CONFINED_FILES = 4,
    CONFINED_ALL = 7,
};

struct confine_path {
    const char *path; /* what is not there is passed over */
    bool writes;      /* files below it may be made, changed and removed; else only read */
};

struct confine_opts {
    const struct confine_path *paths;
    size_t n;
    bool low_ports; /* keeps the right to listen below port 1024 */
    bool programs;  /* may run programs, which need files of their own: files stay open then */
};

unsigned confine(const struct confine_opts *o); /* bits of enum confined that hold */
const char *confined_words(unsigned held);       /* "privileges, calls, files" */

#endif
