/* meet.h: callbacks that all run at the same time, so each on a thread of its own: at most one on the caller's, which comes
 * too late for any if it is held up, and the others on the library's.
 */
#ifndef MEET_H
#define MEET_H

#include "check.h"

enum { THREADS = 6 };

static gate all;

static inline proc_error *meet(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    GATE_MEET(&all, THREADS);
    return NULL;
}

/* The callbacks meet. They are tasks, if there is a name for them. */
static inline proc_impl *meeting(proc_fn fn, void *user_data, const char *task_type) {
    proc_impl *impls[THREADS];
    gate_init(&all);
    for (int i = 0; i < THREADS; i++) {
        impls[i] = proc_new(fn, user_data, NULL);
        if (task_type)
            impls[i] = proc_task(task_type, impls[i]);
    }
    return proc_concurrent(impls, THREADS);
}

static inline void check_works(void) { CHECK_OK(proc_run(meeting(meet, NULL, NULL), NULL)); }

/* Tests call proc_run on the main thread. */
static inline bool on_library(void) { return getpid() != gettid(); }

#endif
