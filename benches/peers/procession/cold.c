/* What the first run costs, and a run after a rest. Both print nanoseconds a run. */
#include "workloads.h"

/* The library has gone to sleep before each run. */
void cold(int n, int repetitions) {
    proc_impl *group = group_of(n, nothing, NULL);
    run_again(group);
    for (int i = 0; i < repetitions; i++) {
        rest_ms(10);
        print_figure(timed(run_again, group, 1));
    }
    proc_unref(group);
}

/* Only the first run of a process is a start, whatever the number of repetitions. */
void start(int n, int repetitions) {
    (void)repetitions;
    proc_impl *group = group_of(n, nothing, NULL);
    print_figure(timed(run_again, group, 1));
    proc_unref(group);
}
