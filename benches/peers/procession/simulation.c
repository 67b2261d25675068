/* Runs of a simulation: callbacks with ten points each at which another one may go on. */
#include "workloads.h"

enum { YIELDS = 8 }; /* The other two are before a callback and after it. */

static proc_error *yield(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    for (int i = 0; i < YIELDS; i++)
        proc_yield();
    return NULL;
}

static proc_impl *callbacks(void *user_data) { return group_of(*(int *)user_data, yield, NULL); }

static void simulate(int n, int repetitions, int schedule) {
    proc_simulation options = PROC_SIMULATION_INIT;
    options.seed = 1;
    options.runs = 4000;
    options.schedule = schedule;
    for (int i = 0; i < repetitions; i++) {
        double start = now_ns();
        proc_error *error = proc_simulate(callbacks, &n, &options);
        print_figure((now_ns() - start) / (double)options.runs);
        if (error)
            exit(proc_exit_status(error));
    }
}

void simulated_random(int n, int repetitions) { simulate(n, repetitions, PROC_SCHEDULE_RANDOM); }
void simulated_pct(int n, int repetitions) { simulate(n, repetitions, PROC_SCHEDULE_PCT); }
