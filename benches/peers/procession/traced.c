/* What an event of the trace costs. N is the number of pairs that are timed together: of beginning and end, or of two logs. */
#include "workloads.h"
#include <unistd.h>

static void regions(void *pairs) {
    for (int i = 0; i < *(int *)pairs; i++)
        proc_region_end(proc_region_begin(NULL, "region"));
}

static void logs(void *pairs) {
    for (int i = 0; i < 2 * *(int *)pairs; i++)
        proc_trace_log(NULL, "category", "a message of some length");
}

static void tasks_by_hand(void *pairs) {
    for (int i = 0; i < *(int *)pairs; i++)
        proc_task_end(proc_task_begin(NULL, "task"), NULL);
}

static void succeed(proc_error *error) {
    if (error)
        exit(proc_exit_status(error));
}

static void bare_calls(void *pairs) {
    const char *(*volatile fn)(void) = proc_version;
    for (int i = 0; i < 2 * *(int *)pairs; i++)
        fn();
}

/* What an event costs more than calling a function of the library that does nothing. */
void region_off(int n, int repetitions) {
    const int times = 200;
    timed(regions, &n, times);
    for (int i = 0; i < repetitions; i++) {
        double all = timed(regions, &n, times);
        double bare = timed(bare_calls, &n, times);
        print_figure((all - bare) / times / (2 * n));
    }
}

/* For so long first: then memory has been written to the file, and is used again. */
static const double warm_up_ns = 1e9;

/* The trace is on while the code runs, and its file is gone afterwards. */
static void traced(void (*run)(void *), void *argument, int events, int repetitions) {
    char path[] = "/tmp/procession-bench-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0)
        skip("no file can be made in /tmp");
    close(fd);
    succeed(proc_trace_start(path));
    for (double end = now_ns() + warm_up_ns; now_ns() < end; rest_ms(2))
        run(argument);
    repeat_rested(run, argument, events, repetitions);
    succeed(proc_trace_stop());
    unlink(path);
}

void region_on(int n, int repetitions) { traced(regions, &n, 2 * n, repetitions); }
void log_on(int n, int repetitions) { traced(logs, &n, 2 * n, repetitions); }
void task_off(int n, int repetitions) { repeat(tasks_by_hand, &n, 2 * n, repetitions); }
void task_on(int n, int repetitions) { traced(tasks_by_hand, &n, 2 * n, repetitions); }
