/* handles.h: cancel handles that all threads of the test share: they cancel each other's, hang theirs below each other's, and let
 * go of them at any moment.
 *
 * What may wait for ever runs below the handle in its runner's own entry. Nobody else changes that entry, and the cancellers
 * cancel what is in each entry again and again, so each wait ends.
 */
#ifndef HANDLES_H
#define HANDLES_H

#include "rng.h"
#include "tally.h"

/* The entries of the runners come first, then the hog's, whose handle only the weather cancels, then those that anybody changes. */
enum { RUNNERS = 6, HOG = RUNNERS, FREE, HANDLES = 16 };

static pthread_mutex_t handles_mutex = PTHREAD_MUTEX_INITIALIZER;
static proc_cancel *handles[HANDLES];

/* Is there from before the first round on, and never cancelled. What was below it must not be left there. */
static proc_cancel *lasting_handle;

/* A reference to what is there, which may be nothing. */
static inline proc_cancel *handle_get(size_t entry) {
    pthread_mutex_lock(&handles_mutex);
    proc_cancel *found = proc_cancel_ref(handles[entry]);
    pthread_mutex_unlock(&handles_mutex);
    return found;
}

/* Takes the handle over in place of what was there. */
static inline void handle_put(size_t entry, proc_cancel *cancel) {
    pthread_mutex_lock(&handles_mutex);
    proc_cancel *former = handles[entry];
    handles[entry] = cancel;
    pthread_mutex_unlock(&handles_mutex);
    proc_cancel_unref(former);
}

static inline void handles_drop(void) {
    for (size_t i = 0; i < HANDLES; i++)
        handle_put(i, NULL);
}

static inline size_t free_entry(rng *r) { return rng_between(r, FREE, HANDLES - 1); }

/* What is in it may be cancelled already, or never be. */
static inline size_t any_entry(rng *r) {
    size_t entry = rng_below(r, HANDLES);
    return entry == HOG ? free_entry(r) : entry;
}

/* Once cancelled, always, with one cause, and what is made below is born so. */
static inline void handle_check(proc_cancel *cancel) {
    if (!proc_cancelled(cancel))
        return;
    const proc_error *cause = proc_cancel_cause(cancel);
    proc_cancel *below = proc_cancel_new(cancel);
    CHECK(cause != NULL);
    CHECK(proc_error_message(cause)[0] != '\0');
    CHECK(proc_cancelled(below));
    CHECK(proc_cancel_cause(below) == cause);
    CHECK(proc_wait(below, PROC_FOREVER));
    proc_cancel_unref(below);
    CHECK(proc_cancelled(cancel));
    CHECK(proc_cancel_cause(cancel) == cause);
}

static inline void handle_cancel(proc_cancel *cancel, proc_error *cause) {
    round_tally.cancellations += cancel && !proc_cancelled(cancel);
    proc_cancel_trigger(cancel, cause);
    CHECK(!cancel || proc_cancelled(cancel));
    handle_check(cancel);
}

/* A reference to one to hang others below, which may be nothing. */
static inline proc_cancel *handle_above(rng *r) {
    size_t what = rng_below(r, 100);
    return what < 50   ? handle_get(any_entry(r))
           : what < 75 ? proc_cancel_ref(lasting_handle)
                       : NULL;
}

/* The last of a chain of new handles, each below the one before; it takes over the first one's reference. */
static inline proc_cancel *handle_chain(proc_cancel *above, size_t length) {
    for (size_t i = 0; i < length; i++) {
        proc_cancel *below = proc_cancel_new(above);
        proc_cancel_unref(above);
        above = below;
    }
    return above;
}

/* Waits until the handle is cancelled; in a test that works, it is. */
static inline void handle_await(proc_cancel *cancel) {
    if (proc_wait(cancel, PROC_SECONDS(check_deadline())))
        return;
    fprintf(stderr, "%s: a handle is not cancelled, and time is up\n", check_case_name);
    abort();
}

#endif
