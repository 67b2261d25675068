/* Runs of a program with one seed after the other, each in a process of its own. */
#ifndef PROCESSION_SIM_RUNS_H
#define PROCESSION_SIM_RUNS_H

#include <stddef.h>
#include <stdint.h>

struct plan {
    uint64_t runs, seed;
    int schedule;
    size_t depth;
    unsigned seconds; /* of computing, after which a run hangs */
    int answer;       /* a descriptor */
};

/* Returns the exit status: 0, or 1 if a run has failed. */
int sim_run_all(const struct plan *plan);

/* One run, in the calling process, which it ends. */
_Noreturn void sim_run(uint64_t seed);

/* Ends the process of a run that does not go on, and leaves the text for who reports it. */
_Noreturn void sim_end_stuck(const char *text, size_t length);

#endif
