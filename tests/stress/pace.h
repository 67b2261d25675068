/* pace.h: time, and pauses that spread over it what happens at random moments. */
#ifndef PACE_H
#define PACE_H

#include "rng.h"
#include <time.h>

static inline int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static inline void pause_for(rng *r, size_t most_microseconds) {
    struct timespec time = {.tv_nsec = (long)rng_below(r, most_microseconds) * 1000};
    nanosleep(&time, NULL);
}

#endif
