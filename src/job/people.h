/* Jobs that go on with changes of people. */
#ifndef JOB_PEOPLE_H
#define JOB_PEOPLE_H

#include "job/runner.h"

/* Search documents of the many tickets of people who were merged or parted. */
extern const struct job_kind user_merge_job;
/* … and of people who got another name or address. */
extern const struct job_kind user_names_job;

#endif
