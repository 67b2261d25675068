/* OpenMP: tasks in a taskgroup, within one parallel region for all runs, so that its threads are there and look for tasks. */
#include "../spin.h"

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

/* Without this, the compiler might leave the child out. */
static void nothing(void) { __asm__ volatile(""); }

struct runs {
    void (*run)(void *);
    void *argument;
    int children, repetitions;
};

static void in_region(struct runs runs) {
#pragma omp parallel
#pragma omp single
    repeat(runs.run, runs.argument, runs.children, runs.repetitions);
}

static void run_group(void *argument) {
    int n = *(int *)argument;
#pragma omp taskgroup
    for (int i = 0; i < n; i++) {
#pragma omp task
        nothing();
    }
}

static void trivial(int n, int repetitions) {
    in_region((struct runs){run_group, &n, n, repetitions});
}

static void tree_of(int n) {
    if (n == 1) {
        nothing();
        return;
    }
#pragma omp taskgroup
    for (int i = 0; i < 10; i++) {
#pragma omp task
        tree_of(n / 10);
    }
}

static void run_tree(void *n) { tree_of(*(int *)n); }

static void tree(int n, int repetitions) { in_region((struct runs){run_tree, &n, n, repetitions}); }

struct work {
    int children;
    long steps;
};

static void run_work(void *argument) {
    struct work work = *(struct work *)argument;
#pragma omp taskgroup
    for (int i = 0; i < work.children; i++) {
#pragma omp task
        spin(work.steps);
    }
}

static void work_for(int n, int repetitions, long microseconds) {
    struct work work = {n, steps_a_microsecond() * microseconds};
    in_region((struct runs){run_work, &work, n, repetitions});
}

static void work_1us(int n, int repetitions) { work_for(n, repetitions, 1); }
static void work_100us(int n, int repetitions) { work_for(n, repetitions, 100); }
static void work_10ms(int n, int repetitions) { work_for(n, repetitions, 10000); }

static const struct workload workloads[] = {
    {"trivial", trivial},       {"tree", tree},           {"work-1us", work_1us},
    {"work-100us", work_100us}, {"work-10ms", work_10ms},
};

int main(int argc, char **argv) {
    return bench_main(argc, argv, TEXT(_OPENMP) ", libgomp of GCC " __VERSION__, workloads,
                      sizeof workloads / sizeof *workloads);
}
