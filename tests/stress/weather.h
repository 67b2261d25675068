/* weather.h: what happens to the runs from outside, at random moments: threads are denied for a while, a hog takes many of those
 * that there are, and cancellers cancel, chain and drop handles, and dump what runs.
 */
#ifndef WEATHER_H
#define WEATHER_H

#include "failures.h"
#include "handles.h"
#include "pace.h"
#include "rest.h"

enum { CANCELLERS = 2, ACTORS = RUNNERS + 1 + CANCELLERS, MOST_THREADS = 32 };

/* One of the test's threads, with numbers of its own, so that they do not depend on which is faster. The first are runners,
 * each with the handle's entry of its number, then comes the hog, then the cancellers. */
typedef struct actor {
    pthread_t thread;
    size_t number;
    rng rng;
} actor;

static int nowhere;             /* a file that takes all that is written to it */
static atomic_int runners_left; /* those that have runs left to do */
static atomic_int hogs_left;
static atomic_bool is_drought; /* no thread can be had, and the cancellers rest */

static inline void cancel_something(rng *r) {
    proc_cancel *found = handle_get(any_entry(r));
    handle_cancel(found, rng_percent(r, 70) ? own_error(ETIMEDOUT) : NULL);
    proc_cancel_unref(found);
}

static inline void chain_something(rng *r) {
    handle_put(free_entry(r), handle_chain(handle_above(r), rng_between(r, 1, 20)));
}

static inline void look_at_something(rng *r) {
    proc_cancel *found = handle_get(any_entry(r));
    handle_check(found);
    proc_cancel_unref(found);
}

static inline void dump_something(rng *r) {
    CHECK_OK(proc_dump(nowhere, rng_percent(r, 50) ? PROC_DUMP_TEXT : PROC_DUMP_JSON));
}

/* Until nobody runs who may wait to be cancelled. */
static inline void cancel_at_random(rng *r) {
    while (runners_left > 0) {
        size_t what = is_drought ? 100 : rng_below(r, 100);
        if (what < 50)
            cancel_something(r);
        else if (what < 80)
            chain_something(r);
        else if (what < 90)
            handle_put(free_entry(r), NULL);
        else if (what < 95)
            look_at_something(r);
        else
            dump_something(r);
        pause_for(r, 200);
    }
}

static proc_error *hold_thread(proc_cancel *cancel, void *user_data) {
    handle_await(cancel);
    atomic_fetch_add((atomic_size_t *)user_data, 1);
    return NULL;
}

typedef proc_impl *combinator(proc_impl *const *impls, size_t count);

/* Children that hold a thread each until they are cancelled. Returns how many of them were denied one; none gets lost. */
static inline size_t hold_threads(combinator *combine, size_t count, proc_cancel *cancel) {
    atomic_size_t held = 0;
    proc_impl **impls = calloc(count, sizeof *impls);
    for (size_t i = 0; i < count; i++)
        impls[i] = proc_new(hold_thread, &held, NULL);
    proc_error *error = proc_run(combine(impls, count), cancel);
    size_t denied = proc_error_count(error);
    CHECK_INT((long long)(held + denied), (long long)count);
    for (size_t i = 0; i < denied; i++)
        CHECK(is_denial(proc_error_at(error, i)));
    round_tally.denied += denied;
    proc_error_unref(error);
    free(impls);
    return denied;
}

/* Takes threads away from all others, as the children of a daemon do. */
static inline void hog_threads(rng *r) {
    while (runners_left > 0) {
        proc_cancel *cancel = proc_cancel_new(NULL);
        handle_put(HOG, proc_cancel_ref(cancel));
        hold_threads(proc_concurrent, rng_between(r, 1, MOST_THREADS), cancel);
        proc_cancel_unref(cancel);
        pause_for(r, 20000);
    }
    hogs_left--;
}

static inline void release_hog(void) {
    proc_cancel *cancel = handle_get(HOG);
    proc_cancel_trigger(cancel, NULL);
    proc_cancel_unref(cancel);
}

/* So many threads the library may have altogether, as under a limit of the system's. */
static inline void allow_threads(int most) {
    int now = tasks_now() - (1 + ACTORS);
    threads_left = most > now ? most - now : 0;
}

/* The library asks for a thread again and again, but not for ever: then it cancels this group, which nobody else does. It has
 * more children than the library has threads, with those that are being made at this moment. */
static inline void drought(void) {
    is_drought = true;
    threads_left = 0;
    CHECK(hold_threads(proc_group, (size_t)tasks_now() + 16, NULL) > 0);
    is_drought = false;
}

static inline void change_weather(rng *r) {
    if (rng_percent(r, 4))
        drought();
    denials_left = rng_percent(r, 30) ? (int)rng_between(r, 1, 20) : 0;
    allow_threads(rng_percent(r, 50) ? MOST_THREADS : (int)rng_below(r, MOST_THREADS));
    pause_for(r, 20000);
    if (rng_percent(r, 30))
        release_hog();
}

static inline void clear_weather(void) {
    threads_left = -1;
    denials_left = 0;
}

#endif
