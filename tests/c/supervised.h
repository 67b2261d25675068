/* supervised.h: proc_supervise without delays, and time as it measures it. */
#ifndef SUPERVISED_H
#define SUPERVISED_H

#include "leaf.h"

static inline int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * PROC_SECONDS(1) + time.tv_nsec;
}

/* Without delays, so often. */
static inline proc_supervise_options at_most(size_t most) {
    proc_supervise_options options = PROC_SUPERVISE_OPTIONS_INIT;
    options.first_delay_ns = 0;
    options.most = most;
    return options;
}

static inline proc_error *supervise(const proc_supervise_options *options, proc_impl *impl,
                                    proc_cancel *cancel) {
    return proc_run(proc_supervise(options, impl), cancel);
}

#endif
