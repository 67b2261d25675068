/* Children that wait for each other. */
#include "../futex.h"
#include "workloads.h"

static proc_error *meet_siblings(proc_cancel *cancel, void *meeting) {
    (void)cancel;
    meet(meeting);
    return NULL;
}

void rendezvous(int n, int repetitions) {
    struct meeting meeting = {.size = (unsigned)n};
    proc_impl *group = group_of(n, meet_siblings, &meeting);
    repeat_rested(run_again, group, n, repetitions);
    proc_unref(group);
}

struct started {
    struct meeting meeting;
    atomic_uint children;
    double all_at;
};

static proc_error *start_and_meet(proc_cancel *cancel, void *user_data) {
    struct started *started = user_data;
    if (atomic_fetch_add(&started->children, 1) + 1 == started->meeting.size)
        started->all_at = now_ns();
    return meet_siblings(cancel, &started->meeting);
}

/* Only the first run of a process is a first time, whatever the number of repetitions. */
void first(int n, int repetitions) {
    (void)repetitions;
    struct started started = {.meeting = {.size = (unsigned)n}};
    proc_impl *group = group_of(n, start_and_meet, &started);
    double start = now_ns();
    run(group);
    print_figure((started.all_at - start) / n);
}
