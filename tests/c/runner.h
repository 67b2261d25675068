/* runner.h: a thread with one callback, which runs other processes all the time. */
#ifndef RUNNER_H
#define RUNNER_H

#include "check.h"

typedef struct runner {
    pthread_t thread;
    gate began;
    atomic_bool enough;
} runner;

/* What it runs has no callback. */
static inline proc_error *runner_callback(proc_cancel *cancel, void *user_data) {
    runner *r = user_data;
    proc_impl *nothing = proc_sequence(NULL, 0);
    gate_open(&r->began);
    while (!r->enough)
        CHECK_OK(proc_run(proc_ref(nothing), cancel));
    proc_unref(nothing);
    return NULL;
}

static inline void *runner_thread(void *r) {
    CHECK_OK(proc_run(proc_new(runner_callback, r, NULL), NULL));
    return NULL;
}

/* Returns when the callback has begun. */
static inline void runner_start(runner *r) {
    *r = (runner){0};
    gate_init(&r->began);
    CHECK_INT(pthread_create(&r->thread, NULL, runner_thread, r), 0);
    GATE_WAIT(&r->began);
}

static inline void runner_stop(runner *r) {
    r->enough = true;
    pthread_join(r->thread, NULL);
}

#endif
