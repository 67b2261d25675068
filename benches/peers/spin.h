/* spin.h: work that keeps a processor busy for a known time, for children that work.
 *
 * It is a number of steps, not a look at the clock: a child that is interrupted must not have its work
 * done by the time that passes meanwhile.
 */
#ifndef SPIN_H
#define SPIN_H

#include "bench.h"

/* Each step needs the one before, so no compiler and no processor does two at once. */
static inline void spin(long steps) {
    unsigned long value = 1;
    for (long i = 0; i < steps; i++)
        value = value * 6364136223846793005UL + 1442695040888963407UL;
    __asm__ volatile("" : : "r"(value));
}

/* The fastest of some tries: the others were interrupted. */
static inline long steps_a_microsecond(void) {
    const long steps = 20000;
    double best = 1e18;
    for (int i = 0; i < 30; i++) {
        double start = now_ns();
        spin(steps);
        double took = now_ns() - start;
        best = took < best ? took : best;
    }
    return (long)((double)steps * 1000 / best);
}

#endif
