/* samples.h: of many samples, the one below which some part of all is. */
#ifndef SAMPLES_H
#define SAMPLES_H

#include "bench.h"

static inline double *samples_make(int count) {
    double *all = calloc((size_t)count, sizeof(double));
    if (!all)
        skip("there is no memory to be had");
    return all;
}

static inline int compare_samples(const void *one, const void *other) {
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

static inline void print_sample(double *all, int count, double part) {
    qsort(all, (size_t)count, sizeof(double), compare_samples);
    print_figure(all[(int)(part * count)]);
}

#endif
