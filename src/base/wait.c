#include "base/wait.h"

#include "base/clock.h"

#include <time.h>

void wait_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    INVARIANT(pthread_condattr_init(&attr) == 0);
    INVARIANT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    INVARIANT(pthread_cond_init(cond, &attr) == 0);
    pthread_condattr_destroy(&attr);
}

struct timespec wait_end(int64_t in_ms)
{
    int64_t at = clock_mono_us() + in_ms * US_PER_MS;

    return (struct timespec){ at / US_PER_S, at % US_PER_S * 1000 };
}
