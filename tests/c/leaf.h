/* leaf.h: a leaf whose behaviour is data, of which the tests build their trees. In this order, where set, it counts its
 * run, opens `started`, waits for `waits`, waits for its cancellation, opens `opens`, and returns `error` (a
 * reference), or an error with the text `fails`, or, if it waited for its cancellation, proc_cancel_error().
 */
#ifndef LEAF_H
#define LEAF_H

#include "check.h"

typedef struct leaf {
    gate *started;
    gate *waits;
    gate *opens;
    bool until_cancelled;
    proc_error *error;
    const char *fails;
    int code; /* of `fails`; 0: EIO */

    atomic_int runs;
    atomic_int destroyed;
    atomic_bool saw_cancelled; /* as it began */
    _Atomic pthread_t thread;
} leaf;

/* Nothing is cancelled that late in a test that works, and a test that does not work must end. */
static inline void leaf_wait_cancelled(proc_cancel *cancel) {
    CHECK(proc_wait(cancel, PROC_SECONDS(check_deadline())));
}

static inline proc_error *leaf_run(proc_cancel *cancel, void *user_data) {
    leaf *l = user_data;
    l->runs++;
    l->saw_cancelled = proc_cancelled(cancel);
    l->thread = pthread_self();
    if (l->started)
        gate_open(l->started);
    if (l->waits)
        GATE_WAIT(l->waits);
    if (l->until_cancelled)
        leaf_wait_cancelled(cancel);
    if (l->opens)
        gate_open(l->opens);
    if (l->error)
        return proc_error_ref(l->error);
    if (l->fails)
        return proc_error_new(l->code ? l->code : EIO, l->fails);
    return l->until_cancelled ? proc_cancel_error(cancel) : NULL;
}

static inline void leaf_destroy(void *user_data) { ((leaf *)user_data)->destroyed++; }

static inline proc_impl *leaf_new(leaf *l) { return proc_new(leaf_run, l, leaf_destroy); }

static inline proc_error *leaf_succeed(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    return NULL;
}

/* The simplest process there is. */
static inline proc_impl *succeeding(void) { return proc_new(leaf_succeed, NULL, NULL); }

static inline proc_error *leaf_fail(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    return proc_error_new(EIO, user_data);
}

static inline proc_impl *failing(const char *message) {
    return proc_new(leaf_fail, (void *)message, NULL);
}

enum { COMBINATORS = 6 };

/* Inside each of the combinators in turn, as its only child, or as the last one to run. */
static inline proc_impl *wrap_only(int kind, proc_impl *impl) {
    switch (kind % COMBINATORS) {
    case 0:
        return PROC_CONCURRENT(impl);
    case 1:
        return PROC_GROUP(impl);
    case 2:
        return PROC_SEQUENCE(impl);
    case 3:
        return proc_task("t", impl);
    case 4:
        return proc_trace_region("r", impl);
    default:
        return proc_finally(succeeding(), impl);
    }
}

#endif
