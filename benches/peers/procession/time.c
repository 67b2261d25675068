/* Time: deadlines and timeouts, what they cost, and how late it is noticed that a moment has come. */
#include "../futex.h"
#include "../samples.h"
#include "workloads.h"

static const int64_t an_hour = PROC_SECONDS(3600);

struct deadlines {
    int count;
    proc_cancel *above;
    proc_cancel **all;
};

static void make_and_drop(void *argument) {
    const struct deadlines *deadlines = argument;
    for (int i = 0; i < deadlines->count; i++)
        proc_cancel_unref(proc_cancel_new_timeout(deadlines->above, an_hour));
}

static void time_deadlines(int n, int repetitions, proc_cancel *above) {
    struct deadlines deadlines = {.count = n, .above = above};
    repeat(make_and_drop, &deadlines, n, repetitions);
    proc_cancel_unref(above);
}

/* Each dropped before the next is made. */
void deadline(int n, int repetitions) { time_deadlines(n, repetitions, NULL); }

void deadline_below(int n, int repetitions) {
    time_deadlines(n, repetitions, proc_cancel_new(NULL));
}

static void make_all_and_drop_all(void *argument) {
    struct deadlines *deadlines = argument;
    for (int i = 0; i < deadlines->count; i++)
        deadlines->all[i] = proc_cancel_new_timeout(deadlines->above, an_hour);
    for (int i = 0; i < deadlines->count; i++)
        proc_cancel_unref(deadlines->all[i]);
}

/* All made before the first is dropped. */
void deadlines_held(int n, int repetitions) {
    struct deadlines deadlines = {.count = n, .all = calloc((size_t)n, sizeof(proc_cancel *))};
    repeat(make_all_and_drop_all, &deadlines, n, repetitions);
    free(deadlines.all);
}

static proc_impl *steps_of(int n, bool have_time) {
    proc_impl **steps = malloc((size_t)n * sizeof *steps);
    for (int i = 0; i < n; i++) {
        proc_impl *child = proc_new(nothing, NULL, NULL);
        steps[i] = have_time ? proc_timeout(an_hour, child) : child;
    }
    proc_impl *sequence = proc_sequence(steps, (size_t)n);
    free(steps);
    return sequence;
}

struct below {
    proc_impl *impl;
    proc_cancel *cancel;
};

static void run_below(void *argument) {
    const struct below *below = argument;
    if (proc_run(proc_ref(below->impl), below->cancel))
        exit(1);
}

static double time_below(proc_impl *impl, proc_cancel *cancel, int times) {
    struct below below = {impl, cancel};
    timed(run_below, &below, times / 10);
    return timed(run_below, &below, times) / times;
}

static void time_timeouts(int n, int repetitions, proc_cancel *cancel) {
    const int times = 20;
    proc_impl *limited = steps_of(n, true), *bare = steps_of(n, false);
    for (int i = 0; i < repetitions; i++) {
        double both = time_below(limited, cancel, times);
        print_figure((both - time_below(bare, cancel, times)) / n);
    }
    proc_cancel_unref(cancel);
    proc_unref(limited);
    proc_unref(bare);
}

/* What a timeout around a trivial child takes more than the child, in a run that is given no handle. */
void timeout(int n, int repetitions) { time_timeouts(n, repetitions, NULL); }

/* The same below a handle. */
void timeout_below(int n, int repetitions) { time_timeouts(n, repetitions, proc_cancel_new(NULL)); }

/* A thread waits for a handle with a deadline. */
static double *late_waits(int n) {
    double *late = samples_make(n);
    for (int i = 0; i < n; i++) {
        double due = now_ns() + AHEAD_NS;
        proc_cancel *cancel = proc_cancel_new_timeout(NULL, AHEAD_NS);
        proc_wait(cancel, PROC_FOREVER);
        late[i] = now_ns() - due;
        proc_cancel_unref(cancel);
    }
    return late;
}

void late_median(int n, int repetitions) {
    (void)repetitions;
    print_sample(late_waits(n), n, 0.5);
}

void late_worst(int n, int repetitions) {
    (void)repetitions;
    print_sample(late_waits(n), n, 0.99);
}

struct told {
    double at;
    atomic_uint count;
};

static void note(void *user_data) {
    struct told *told = user_data;
    told->at = now_ns();
    atomic_fetch_add(&told->count, 1);
    futex_wake(&told->count, 1);
}

/* A hook runs; whoever made the handle is blocked elsewhere. */
static double *late_hooks(int n) {
    double *late = samples_make(n);
    struct told told = {0};
    for (int i = 0; i < n; i++) {
        double due = now_ns() + AHEAD_NS;
        proc_cancel *cancel = proc_cancel_new_timeout(NULL, AHEAD_NS);
        proc_hook *hook = proc_on_cancel(cancel, note, &told);
        wait_while(&told.count, (unsigned)i);
        late[i] = told.at - due;
        proc_hook_remove(hook);
        proc_cancel_unref(cancel);
    }
    return late;
}

void late_hook_median(int n, int repetitions) {
    (void)repetitions;
    print_sample(late_hooks(n), n, 0.5);
}

void late_hook_worst(int n, int repetitions) {
    (void)repetitions;
    print_sample(late_hooks(n), n, 0.99);
}
