/* What the server does by itself, again and again: the static table behind the runner. */
#ifndef JOB_TASKS_H
#define JOB_TASKS_H

#include "job/runner.h"

struct blobs;
struct config;
struct refused;

/* The env of the runner that runs these tasks begins with this. */
struct tasks_env {
    struct blobs *blobs;
    struct refused *refused; /* NULL: nobody is asked */
    const struct config *cfg;
    const char *witness_path; /* file of the audit log's witness */
    void (*wrote)(void *arg); /* after each commit */
    void *arg;
};

extern const struct task tasks_all[];
extern const size_t tasks_all_n;

#endif
