/* Programs that are started one after the other. */
#include "../programs.h"
#include "workloads.h"

void programs(int n, int repetitions) {
    proc_child_options options = PROC_CHILD_OPTIONS_INIT;
    options.argv = (const char *const[]){PROGRAM, NULL};
    proc_impl *program = proc_child(&options);
    for (int i = 0; i < repetitions; i++)
        print_figure(timed(run_again, program, n) / n);
    proc_unref(program);
}
