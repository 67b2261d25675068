/* pending.h: promises that are awaited in any combinator, many at once. */
#ifndef PENDING_H
#define PENDING_H

#include "asleep.h"
#include "leaf.h"
#include "tasks.h"
#include <malloc.h>

/* Children that a nursery is to have. */
typedef struct spawned {
    proc_impl *const *impls;
    size_t count;
} spawned;

static inline proc_error *spawn_all(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    const spawned *all = user_data;
    for (size_t i = 0; i < all->count; i++) {
        proc_error *refused = proc_spawn(nursery, all->impls[i]);
        CHECK(!refused || proc_cancelled(cancel));
        proc_error_unref(refused);
    }
    return NULL;
}

/* The children must be there until it has run, which is once. */
static inline proc_impl *in_nursery(proc_impl *const *impls, size_t count) {
    spawned *all = malloc(sizeof *all);
    *all = (spawned){impls, count};
    return proc_with_nursery(spawn_all, all, free, NULL);
}

/* Promises, and processes that wait for one each. */
typedef struct awaits {
    size_t count;
    proc_promise **promises;
    proc_impl **impls;
} awaits;

static inline awaits awaits_new(size_t count) {
    awaits a = {count, calloc(count, sizeof *a.promises), calloc(count, sizeof *a.impls)};
    for (size_t i = 0; i < count; i++) {
        a.promises[i] = proc_promise_new();
        a.impls[i] = proc_await(a.promises[i]);
    }
    return a;
}

static inline void awaits_complete(const awaits *a) {
    for (size_t i = 0; i < a->count; i++)
        CHECK(proc_promise_complete(a->promises[i], NULL));
}

static inline void awaits_free(awaits *a) {
    for (size_t i = 0; i < a->count; i++)
        proc_promise_unref(a->promises[i]);
    free(a->promises);
    free(a->impls);
}

/* What was cancelled with an error of the code 77 fails with that. Where it is not seen that its children have begun (asleep.h),
 * a nursery may have begun none, and succeeds. */
static inline void check_enough(proc_error *error, const proc_cancel *handle) {
    if (error || order_is_seen()) {
        CHECK_INT(proc_error_code(error), 77);
        CHECK(proc_error_is_echo(error, handle));
    }
    proc_error_unref(error);
}

static inline proc_impl *in_limited_group(proc_impl *const *impls, size_t count) {
    return proc_group_limit(count, impls, count);
}

/* What has children at the same time, which all have to succeed. */
static proc_impl *(*const kinds[])(proc_impl *const *, size_t) = {
    in_nursery, proc_group, proc_concurrent, in_limited_group};

#define EACH_KIND(kind) for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)

static inline size_t heap(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* What a program has. */
typedef struct holding {
    size_t heap;
    int threads;
} holding;

static inline holding holding_now(void) { return (holding){heap(), tasks_now()}; }

/* So many wait, and have taken no thread each since then, and 1 KiB at most. */
static inline void check_cheap(holding before, size_t many) {
    enum { THREADS_AT_MOST = 20 };
    CHECK(tasks_now() <= before.threads + THREADS_AT_MOST);
    /* A sanitizer's malloc says nothing. */
    CHECK((heap() - before.heap) / many <= 1024);
}

#endif
