/* Waiting on a condition for so long and no longer, by the clock that nobody sets: a change of the
 * wall clock neither cuts a wait short nor draws it out.  Any thread. */
#ifndef BASE_WAIT_H
#define BASE_WAIT_H

#include <pthread.h>
#include <stdint.h>

/* A condition whose timed waits end by that clock. */
void wait_cond_init(pthread_cond_t *cond);
/* What pthread_cond_timedwait() takes for a wait on such a condition that ends in so many ms. */
struct timespec wait_end(int64_t in_ms);

#endif
