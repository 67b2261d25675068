/* Many children of one callback and an index. */
#include "../resident.h"
#include "workloads.h"
#include <stdatomic.h>

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

enum { SAMPLES = 10 };

/* How much is resident while it runs, asked now and then. */
struct sampled {
    size_t every;
    atomic_long most;
};

static proc_error *sample_at(proc_cancel *cancel, size_t index, void *user_data) {
    (void)cancel;
    struct sampled *sampled = user_data;
    if (index % sampled->every == sampled->every - 1) {
        long now = (long)resident_bytes(), most = sampled->most;
        while (now > most && !atomic_compare_exchange_weak(&sampled->most, &most, now))
            ;
    }
    return NULL;
}

static double most_resident_while(int n) {
    struct sampled sampled = {.every = (size_t)n / SAMPLES};
    run(proc_each((size_t)n, 0, sample_at, &sampled, NULL));
    return (double)sampled.most;
}

/* By how many bytes more the process is resident while n run than while a tenth does. */
void each_memory(int n, int repetitions) {
    (void)repetitions;
    most_resident_while(n / 10); /* Threads that help, and what asking takes, are not measured. */
    double before = most_resident_while(n / 10);
    print_figure(most_resident_while(n) - before);
}
