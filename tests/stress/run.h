/* run.h: runs random plans, one after the other, in all the ways in which a process can be run, and accounts for each run. */
#ifndef RUN_H
#define RUN_H

#include "account.h"
#include "rest.h"

/* What is done wrong on purpose, once, to see whether it is noticed (stress.c). */
typedef enum fault {
    NO_FAULT,
    LEAK_HANDLE,
    LEAK_PROCESS,
    LEAK_ERROR,
    START_TWICE,
    LOSE_ERROR,
    LEAVE_RUNNING
} fault;

static _Atomic fault fault_to_make;

static inline bool is_time_for(fault made) {
    return atomic_compare_exchange_strong(&fault_to_make, &made, NO_FAULT);
}

static inline void make_faults(const plan *p, proc_impl *impl, proc_error **error) {
    if (is_time_for(LEAK_HANDLE))
        leak_handles();
    /* Of a tree without a leaf nobody is told that it was destroyed. */
    if (any_started(p->root) && is_time_for(LEAK_PROCESS))
        proc_ref(impl);
    if (!p->waits && any_started(p->root) && is_time_for(START_TWICE))
        proc_error_unref(proc_run(proc_ref(impl), NULL));
    if (!proc_error_payload(*error))
        return;
    if (is_time_for(LEAK_ERROR))
        proc_error_ref(*error);
    if (is_time_for(LOSE_ERROR)) {
        proc_error_unref(*error);
        *error = NULL;
    }
}

/* Each leaf's data was released once since the process was built. */
static inline void check_destroyed_all(plan *p) {
    for (node *n = p->nodes; n < p->nodes + p->count; n++)
        if (n->kind == LEAF)
            CHECK_INT(atomic_exchange(&n->destroyed, 0), 1);
}

/* Runs a plan so many times, with the same process, and returns the last error. The last run has the only reference. */
static inline proc_error *run_times(plan *p, proc_cancel *cancel, size_t times) {
    proc_impl *impl = build(p->root);
    proc_error *error = NULL;
    for (; times > 0; times--) {
        proc_error_unref(error);
        plan_reset(p);
        error = proc_run(times > 1 ? proc_ref(impl) : impl, cancel);
        if (times > 1)
            make_faults(p, impl, &error);
        account_run(p, cancel, error);
        round_tally.trees++;
    }
    check_destroyed_all(p);
    return error;
}

/* Under the leaf's handle, under one below it, or, if nothing waits, under none that is known. */
static inline proc_error *nest(plan *nested, size_t number, proc_cancel *cancel) {
    if (number % 3 == 0 && !nested->waits)
        return run_times(nested, NULL, 1);
    proc_cancel *below = number % 3 == 1 ? proc_cancel_new(cancel) : proc_cancel_ref(cancel);
    proc_error *error = run_times(nested, below, 1);
    proc_cancel_unref(below);
    return error;
}

/* Another one may be running, and there may be no thread to listen for signals: then nothing was started. */
static inline void run_main(plan *p) {
    proc_error *error = proc_main(build(p->root));
    bool refused = proc_error_code(error) == EBUSY || is_denial(error);
    check_destroyed_all(p);
    if (!refused || any_started(p->root))
        account_run(p, NULL, error);
    round_tally.trees++;
    proc_error_unref(error);
}

static inline void run_bad(plan *p) {
    proc_error *error = proc_run(PROC_GROUP(build(p->root), NULL), NULL);
    CHECK_INT(proc_error_code(error), EINVAL);
    CHECK(!any_started(p->root));
    check_destroyed_all(p);
    proc_error_unref(error);
}

static inline void run_never(plan *p) {
    proc_unref(build(p->root));
    CHECK(!any_started(p->root));
    check_destroyed_all(p);
}

/* Under the last of a chain of handles, of which one in the middle is for the cancellers. */
static inline void run_below(plan *p, rng *r, size_t entry) {
    proc_cancel *middle = handle_chain(handle_above(r), rng_between(r, 1, 10));
    proc_cancel *cancel = handle_chain(proc_cancel_ref(middle), rng_below(r, 10));
    handle_put(entry, middle);
    proc_error_unref(run_times(p, cancel, rng_between(r, 1, 4)));
    handle_put(entry, NULL);
    proc_cancel_unref(cancel);
}

/* The runner's entry of the handles is its own. */
static inline void run_one(rng *r, size_t entry) {
    plan *p = plan_new(r, 0);
    size_t way = rng_below(r, 100);
    if (way < 2)
        run_never(p);
    else if (way < 4)
        run_bad(p);
    else if (way < 10 && !p->waits)
        run_main(p);
    else if (way < 30 && !p->waits)
        proc_error_unref(run_times(p, NULL, rng_between(r, 1, 4)));
    else
        run_below(p, r, entry);
    plan_free(p);
}

#endif
