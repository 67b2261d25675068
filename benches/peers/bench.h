/* bench.h: what every C and C++ program of the benchmark stands on.
 *
 * PROGRAM WORKLOAD N REPETITIONS prints one number a line, a line a repetition: nanoseconds a child,
 * unless the workload says otherwise. PROGRAM version prints what was measured. Exit status 77 means
 * that this machine does not give what the workload needs, and standard error says what.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What a channel of the benchmark holds. */
enum { CHANNEL_CAPACITY = 128 };

/* How far ahead a moment is of which it is measured how late it is noticed. */
enum { AHEAD_NS = 500000 };

struct workload {
    const char *name;
    void (*run)(int n, int repetitions);
};

static inline double now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static inline void rest_ms(long milliseconds) {
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

static inline void skip(const char *why) {
    fprintf(stderr, "%s\n", why);
    exit(77);
}

static inline void print_figure(double figure) { printf("%.3f\n", figure); }

static inline double timed(void (*run)(void *), void *argument, long times) {
    double start = now_ns();
    for (long i = 0; i < times; i++)
        run(argument);
    return now_ns() - start;
}

/* A repetition is a batch that takes a millisecond, so that reading the clock costs nothing. Finding its
 * size is the warm-up. Two batches in a row must take that long: one may have been interrupted. */
static inline void repeat(void (*run)(void *), void *argument, int children, int repetitions) {
    const double long_enough = 1e6;
    long batch = 1;
    while (timed(run, argument, batch) < long_enough || timed(run, argument, batch) < long_enough)
        batch *= 2;
    for (int i = 0; i < repetitions; i++)
        print_figure(timed(run, argument, batch) / (double)batch / children);
}

/* For what wakes threads: they are to be parked, and the processors idle, before each repetition. */
static inline void repeat_rested(void (*run)(void *), void *argument, int children,
                                 int repetitions) {
    run(argument);
    for (int i = 0; i < repetitions; i++) {
        rest_ms(2);
        print_figure(timed(run, argument, 1) / children);
    }
}

static inline int bench_main(int argc, char **argv, const char *version,
                             const struct workload *workloads, size_t count) {
    if (argc == 2 && strcmp(argv[1], "version") == 0) {
        puts(version);
        return 0;
    }
    for (size_t i = 0; argc == 4 && i < count; i++) {
        if (strcmp(argv[1], workloads[i].name) == 0) {
            workloads[i].run(atoi(argv[2]), atoi(argv[3]));
            return 0;
        }
    }
    fprintf(stderr, "%s: unknown workload, or not WORKLOAD N REPETITIONS\n", argv[0]);
    return 2;
}

#endif
