// oneTBB: tbb::task_group, made for each run, as it is used.
#include "../spin.h"
#include <oneapi/tbb/task_group.h>
#include <oneapi/tbb/version.h>

namespace {

// Without this, the compiler might leave the child out.
void nothing() { __asm__ volatile(""); }

void run_group(void *n) {
    tbb::task_group group;
    for (int i = 0; i < *static_cast<int *>(n); i++)
        group.run(nothing);
    group.wait();
}

void trivial(int n, int repetitions) { repeat(run_group, &n, n, repetitions); }

void tree_of(int n) {
    if (n == 1)
        return nothing();
    tbb::task_group group;
    for (int i = 0; i < 10; i++)
        group.run([n] { tree_of(n / 10); });
    group.wait();
}

void run_tree(void *n) { tree_of(*static_cast<int *>(n)); }

void tree(int n, int repetitions) { repeat(run_tree, &n, n, repetitions); }

struct work {
    int children;
    long steps;
};

void run_work(void *argument) {
    auto *work = static_cast<struct work *>(argument);
    tbb::task_group group;
    for (int i = 0; i < work->children; i++)
        group.run([work] { spin(work->steps); });
    group.wait();
}

void work_for(int n, int repetitions, long microseconds) {
    work work = {n, steps_a_microsecond() * microseconds};
    repeat(run_work, &work, n, repetitions);
}

void work_1us(int n, int repetitions) { work_for(n, repetitions, 1); }
void work_100us(int n, int repetitions) { work_for(n, repetitions, 100); }
void work_10ms(int n, int repetitions) { work_for(n, repetitions, 10000); }

const workload workloads[] = {
    {"trivial", trivial},       {"tree", tree},           {"work-1us", work_1us},
    {"work-100us", work_100us}, {"work-10ms", work_10ms},
};

} // namespace

int main(int argc, char **argv) {
    return bench_main(argc, argv, TBB_VERSION_STRING, workloads,
                      sizeof workloads / sizeof *workloads);
}
