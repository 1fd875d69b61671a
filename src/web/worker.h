/* What a thread of a lane owns: its reading connection, made when first needed and again after a
 * failure, so that a database that is away at the start or later only costs answers of 503. */
#ifndef WEB_WORKER_H
#define WEB_WORKER_H

#include "base/err.h"
#include "base/lane.h"
#include "store/db.h"

void *worker_init(void *app, size_t index); /* lane_opts.thread_init; arg: struct app */
void worker_free(void *thread);
enum rc worker_db(void *thread, struct db **out, struct err *e) MUST_USE;

/* The run() of a request's first job on the read lane (chain.c). */
void chain_run(struct lane_job *job, void *thread);

#endif
