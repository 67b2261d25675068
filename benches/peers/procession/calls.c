/* Single calls. N is the number of calls that are timed together. */
#include "workloads.h"

struct calls {
    int count;
    proc_cancel *cancel;
};

static void ask(void *argument) {
    const struct calls *calls = argument;
    for (int i = 0; i < calls->count; i++) {
        if (proc_cancelled(calls->cancel))
            exit(1);
    }
}

void cancelled(int n, int repetitions) {
    struct calls calls = {n, proc_cancel_new(NULL)};
    repeat(ask, &calls, n, repetitions);
    proc_cancel_unref(calls.cancel);
}

static void make_and_drop(void *argument) {
    const struct calls *calls = argument;
    for (int i = 0; i < calls->count; i++)
        proc_cancel_unref(proc_cancel_new(calls->cancel));
}

/* Below a parent, like every handle that a group makes. */
void handle(int n, int repetitions) {
    struct calls calls = {n, proc_cancel_new(NULL)};
    repeat(make_and_drop, &calls, n, repetitions);
    proc_cancel_unref(calls.cancel);
}

static void call_bare(void *argument) {
    proc_fn volatile fn = nothing;
    for (int i = 0; i < *(int *)argument; i++) {
        if (fn(NULL, NULL))
            exit(1);
    }
}

static proc_impl *sequence_of(int n) {
    proc_impl **steps = malloc((size_t)n * sizeof *steps);
    for (int i = 0; i < n; i++)
        steps[i] = proc_new(nothing, NULL, NULL);
    proc_impl *sequence = proc_sequence(steps, (size_t)n);
    free(steps);
    return sequence;
}

/* What a step costs more than calling its callback through a pointer. */
void step(int n, int repetitions) {
    const int times = 200;
    proc_impl *sequence = sequence_of(n);
    timed(run_again, sequence, times);
    for (int i = 0; i < repetitions; i++) {
        double steps = timed(run_again, sequence, times);
        double bare = timed(call_bare, &n, times);
        print_figure((steps - bare) / times / n);
    }
    proc_unref(sequence);
}
