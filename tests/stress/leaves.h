/* leaves.h: what the leaves of a plan do, and the process that a plan describes. */
#ifndef LEAVES_H
#define LEAVES_H

#include "plan.h"
#include "shared.h"

/* Runs the plan of a leaf that nests one (run.h). */
static inline proc_error *nest(plan *nested, size_t number, proc_cancel *cancel);

static inline void strike(size_t entry, proc_error *cause) {
    proc_cancel *struck = handle_get(entry);
    handle_cancel(struck, cause);
    proc_cancel_unref(struck);
}

/* For some microseconds, sees that what is born below the handle is cancelled if the handle is, or will be at once. */
static inline void watch(proc_cancel *cancel, int64_t microseconds) {
    int64_t end = now_ns() + microseconds * 1000;
    for (bool cancelled = false; !cancelled && now_ns() < end;) {
        proc_cancel *below = proc_cancel_new(cancel);
        cancelled = proc_cancelled(cancel);
        handle_check(cancel);
        if (cancelled)
            handle_await(below);
        proc_cancel_unref(below);
    }
}

/* Returns the error of what it ran, if that is what it does. */
static inline proc_error *leaf_act(node *leaf, proc_cancel *cancel) {
    switch (leaf->deed) {
    case WORK:
        work_for((int64_t)leaf->number);
        break;
    case LOOK:
        watch(cancel, (int64_t)leaf->number);
        break;
    case PAUSE:
        if (proc_wait(cancel, (int64_t)leaf->number * 1000))
            CHECK(proc_cancelled(cancel));
        break;
    case WAIT:
        handle_await(cancel);
        handle_check(cancel);
        break;
    case MEET:
        meet(leaf->meets, cancel);
        break;
    case TRIGGER:
        handle_cancel(cancel, leaf->number % 4 ? own_error(ECANCELED) : NULL);
        break;
    case STRIKE:
        strike(leaf->number % HANDLES == HOG ? FREE : leaf->number % HANDLES, own_error(ETIME));
        break;
    case KEEP:
        handle_put(FREE + leaf->number % (HANDLES - FREE), proc_cancel_ref(cancel));
        break;
    case NEST:
        return nest(leaf->nested, leaf->number, cancel);
    case SHARE:
        return share(leaf->number, cancel);
    default:
        break;
    }
    return NULL;
}

/* Takes over the error of what it ran. */
static inline proc_error *leaf_end(node *leaf, proc_cancel *cancel, proc_error *told) {
    bool ran_something = leaf->deed == NEST || leaf->deed == SHARE;
    if (leaf->ending == PASS_ON)
        return ran_something ? told : proc_cancel_error(cancel);
    proc_error_unref(told);
    return leaf->ending == FAILURE ? own_error(1000 + (int)leaf->number) : NULL;
}

static inline proc_error *leaf_run(proc_cancel *cancel, void *user_data) {
    node *leaf = user_data;
    leaf->started++;
    round_tally.starts++;
    CHECK(proc_current() == cancel);
    leaf->returned = leaf_end(leaf, cancel, leaf_act(leaf, cancel));
    CHECK(proc_current() == cancel);
    round_tally.ends++;
    leaf->ended++;
    return proc_error_ref(leaf->returned);
}

static inline void leaf_destroy(void *user_data) {
    node *leaf = user_data;
    CHECK_INT(leaf->started, leaf->ended);
    leaf->destroyed++;
}

static inline proc_impl *build(node *n);

static inline proc_impl *build_several(node *parent) {
    proc_impl *impls[PLAN_NODES];
    size_t count = 0;
    for (node *child = parent->first; child; child = child->next)
        impls[count++] = build(child);
    switch (parent->kind) {
    case SEQUENCE:
        return proc_sequence(impls, count);
    case CONCURRENT:
        return proc_concurrent(impls, count);
    default:
        return proc_group(impls, count);
    }
}

static inline proc_impl *build(node *n) {
    switch (n->kind) {
    case LEAF:
        return proc_new(leaf_run, n, leaf_destroy);
    case TASK:
        return proc_task("a task of the stress test", build(n->first));
    case REGION:
        return proc_trace_region("region", build(n->first));
    default:
        return build_several(n);
    }
}

#endif
