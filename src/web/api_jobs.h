/* How a job is shown. */
#ifndef WEB_API_JOBS_H
#define WEB_API_JOBS_H

#include "base/json.h"
#include "base/jspec.h"
#include "store/jobs.h"

extern const struct jspec job_answer;
void job_json(struct jw *w, const struct job *j);

#endif
