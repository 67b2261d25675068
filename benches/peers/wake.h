/* wake.h: how long it is until what somebody has started begins on another thread, while he goes on to poll. */
#ifndef WAKE_H
#define WAKE_H

#include "samples.h"
#include <unistd.h>

struct wakes {
    int count;
    int over[2];
    double begun;
    double started;
    double *all;
};

static inline struct wakes wakes_make(int count) {
    struct wakes wakes = {.count = count, .all = samples_make(count)};
    if (pipe(wakes.over))
        skip("there is no pipe to be had");
    return wakes;
}

/* Who starts it; threads are parked, and the processors idle. */
static inline void wake_begin(struct wakes *wakes) {
    rest_ms(1);
    wakes->begun = now_ns();
}

/* What is started, first of all. */
static inline void wake_started(struct wakes *wakes) {
    wakes->started = now_ns();
    if (write(wakes->over[1], "", 1) != 1)
        exit(1);
}

/* Who has started it, when there is something in the pipe. */
static inline void wake_end(struct wakes *wakes, int i) {
    char byte;
    if (read(wakes->over[0], &byte, 1) != 1)
        exit(1);
    wakes->all[i] = wakes->started - wakes->begun;
}

/* The one below which that part of all is. */
static inline void print_wake(struct wakes wakes, double part) {
    print_sample(wakes.all, wakes.count, part);
}

#endif
