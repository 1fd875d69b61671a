/* The job that moves the tickets of a tag that many have: see desk/tag.h. */
#ifndef JOB_RETAG_H
#define JOB_RETAG_H

#include "job/runner.h"

extern const struct job_kind retag_job;

#endif
