/* The benchmark of procession: its table of contents, and how the workloads build and run. */
#include "workloads.h"
#include <errno.h>

proc_error *nothing(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    return NULL;
}

proc_impl *group_of(int n, proc_fn fn, void *user_data) {
    proc_impl **children = malloc((size_t)n * sizeof *children);
    for (int i = 0; i < n; i++)
        children[i] = proc_new(fn, user_data, NULL);
    proc_impl *group = proc_group(children, (size_t)n);
    free(children);
    return group;
}

/* A workload that fails has measured nothing. */
void run(proc_impl *impl) {
    proc_error *error = proc_run(impl, NULL);
    if (!error)
        return;
    if (proc_error_is(error, EAGAIN))
        skip("there are not as many threads to be had");
    exit(proc_exit_status(error));
}

void run_again(void *impl) { run(proc_ref(impl)); }

static const struct workload workloads[] = {
    {"trivial", trivial},
    {"once", once},
    {"tree", tree},
    {"construct", construct},
    {"work-1us", work_1us},
    {"work-100us", work_100us},
    {"work-10ms", work_10ms},
    {"first", first},
    {"failure", failure},
    {"rendezvous", rendezvous},
    {"memory", memory},
    {"step", step},
    {"handle", handle},
    {"cancelled", cancelled},
    {"idle", idle},
    {"cold", cold},
    {"start", start},
    {"region-off", region_off},
    {"region-on", region_on},
    {"log-on", log_on},
    {"task-off", task_off},
    {"task-on", task_on},
    {"each", each},
    {"each-memory", each_memory},
    {"spawn", spawn_from_body},
    {"spawn-4", spawn_from_children},
    {"wake", wake_median},
    {"wake-p99", wake_worst},
    {"one-by-one", one_by_one},
    {"channel", channel},
    {"echo", echo_requests},
    {"pending", pending},
    {"deadline", deadline},
    {"deadline-below", deadline_below},
    {"deadlines-held", deadlines_held},
    {"timeout", timeout},
    {"timeout-below", timeout_below},
    {"late", late_median},
    {"late-p99", late_worst},
    {"late-hook", late_hook_median},
    {"late-hook-p99", late_hook_worst},
    {"due", due},
    {"due-by-hand", due_by_hand},
    {"idle-deadlines", idle_deadlines},
    {"programs", programs},
    {"simulated", simulated_random},
    {"simulated-pct", simulated_pct},
};

int main(int argc, char **argv) {
    return bench_main(argc, argv, proc_version(), workloads, sizeof workloads / sizeof *workloads);
}
