/* Jobs of data protection: the data of a person as a ZIP file, a run of the rules of retention, the report of a
 * period, and the list of erasures beside the database.  Each does its work before its only step, outside of
 * the write transaction (runner.h, prepare). */
#ifndef JOB_DATA_H
#define JOB_DATA_H

#include "job/runner.h"

extern const struct job_kind person_export_job, retention_job, compliance_job, erasures_job;

#endif
