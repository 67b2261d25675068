/* Runs of a program with one seed after the other, each in a process of its own. */
#ifndef PROCESSION_SIM_RUNS_H
#define PROCESSION_SIM_RUNS_H

#include <stddef.h>
#include <stdint.h>

enum { EXHAUSTIVE = 2 };

struct plan {
    uint64_t runs, seed;
    int schedule; /* EXHAUSTIVE: all orders, at most so many as there are to be runs */
    size_t depth;
    size_t preemptions;    /* in an order, at most; 0: any number */
    int early_wakes, slow; /* of a thousand */
    int64_t slow_ms;       /* at most */
    unsigned seconds;      /* of computing, after which a run hangs */
    int answer;            /* a descriptor */
};

/* Returns the exit status: 0, or 1 if a run has failed. */
int sim_run_all(const struct plan *plan);

/* One run, in the calling process, which it ends; by that journal, unless it is NULL. */
struct journal;
_Noreturn void sim_run(uint64_t seed, const struct journal *journal);

/* Ends the process of a run that does not go on, and leaves the text for who reports it. */
_Noreturn void sim_end_stuck(const char *text, size_t length);

#endif
