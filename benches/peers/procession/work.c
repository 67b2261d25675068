/* Children that work: what is lost of the processors' time. */
#include "../spin.h"
#include "workloads.h"

static proc_error *work(proc_cancel *cancel, void *steps) {
    (void)cancel;
    spin(*(long *)steps);
    return NULL;
}

static void work_for(int n, int repetitions, long microseconds) {
    long steps = steps_a_microsecond() * microseconds;
    proc_impl *group = group_of(n, work, &steps);
    repeat(run_again, group, n, repetitions);
    proc_unref(group);
}

void work_1us(int n, int repetitions) { work_for(n, repetitions, 1); }
void work_100us(int n, int repetitions) { work_for(n, repetitions, 100); }
void work_10ms(int n, int repetitions) { work_for(n, repetitions, 10000); }
