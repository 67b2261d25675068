/* Many children of one callback and an index. */
#include "workloads.h"
#include <sys/resource.h>

static proc_error *nothing_at(proc_cancel *cancel, size_t index, void *user_data) {
    (void)cancel, (void)index, (void)user_data;
    return NULL;
}

static proc_impl *each_of(int n) { return proc_each((size_t)n, 0, nothing_at, NULL, NULL); }

void each(int n, int repetitions) {
    proc_impl *all = each_of(n);
    repeat(run_again, all, n, repetitions);
    proc_unref(all);
}

static double most_resident_bytes(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1024;
}

/* By how many bytes more the process was ever resident when n have run than when a thousandth has. */
void each_memory(int n, int repetitions) {
    (void)repetitions;
    run(each_of(n / 1000));
    double before = most_resident_bytes();
    run(each_of(n));
    print_figure(most_resident_bytes() - before);
}
