/* shared.h: processes that all threads run, at the same time and inside of different trees.
 *
 * Their leaves cannot know for which run they run, so it is their sums that must be right, over all runs of a round. Each is
 * a fan-out of leaves which are tasks of one type: a denial in such a task is one leaf's, any other is that of all leaves.
 */
#ifndef SHARED_H
#define SHARED_H

#include "failures.h"
#include "handles.h"
#include "pace.h"

enum { SHARED = 12, SHARED_LEAVES = 8, SHARED_CODE = 5000, COPIES = 3 };

#define SHARED_TASK "shared"

typedef enum habit { EASY, BUSY, FAILING, WAITING, HABITS } habit;

typedef struct shared shared;

typedef struct shared_leaf {
    shared *owner;
    habit habit;
} shared_leaf;

struct shared {
    proc_impl *impl;
    size_t leaves;
    shared_leaf leaf[SHARED_LEAVES];
    atomic_size_t asked;  /* how many leaves those who ran it asked for */
    atomic_size_t denied; /* and how many of them were not started */
    atomic_size_t starts;
    atomic_size_t ends;
    atomic_size_t failed;   /* how many failures its leaves returned */
    atomic_size_t reported; /* and how many were reported */
    atomic_size_t destroyed;
};

static shared shared_processes[SHARED];

static inline void work_for(int64_t microseconds) {
    int64_t end = now_ns() + microseconds * 1000;
    while (now_ns() < end)
        ;
}

static inline proc_error *shared_run(proc_cancel *cancel, void *user_data) {
    shared_leaf *leaf = user_data;
    proc_error *error = NULL;
    leaf->owner->starts++;
    if (leaf->habit == BUSY)
        work_for(10);
    if (leaf->habit == WAITING)
        handle_await(cancel);
    if (leaf->habit == FAILING) {
        error = own_error(SHARED_CODE);
        leaf->owner->failed++;
    }
    leaf->owner->ends++;
    return error;
}

static inline void shared_destroy(void *user_data) {
    ((shared_leaf *)user_data)->owner->destroyed++;
}

/* Somebody waits only in a group in which somebody fails, so that the wait ends. */
static inline void shared_make(shared *s, rng *r) {
    bool is_group = rng_percent(r, 60);
    proc_impl *impls[SHARED_LEAVES];
    *s = (shared){.leaves = rng_between(r, 1, SHARED_LEAVES)};
    for (size_t i = 0; i < s->leaves; i++) {
        s->leaf[i].owner = s;
        s->leaf[i].habit = is_group && i == 0 ? FAILING : rng_below(r, is_group ? HABITS : WAITING);
        impls[i] = proc_task(SHARED_TASK, proc_new(shared_run, &s->leaf[i], shared_destroy));
    }
    s->impl = (is_group ? proc_group : proc_concurrent)(impls, s->leaves);
}

/* Counts what an error says of one that is in it, and tells how many of its leaves were denied. */
static inline size_t shared_denied(shared *s, const proc_error *error, bool in_leaf) {
    const proc_error *cause = proc_error_cause(error);
    size_t denied = 0, count = proc_error_count(error);
    if (cause)
        return shared_denied(s, cause, strcmp(proc_error_task_type(error), SHARED_TASK) == 0);
    if (count == 1) {
        s->reported += proc_error_code(error) == SHARED_CODE;
        return !is_denial(error) ? 0 : in_leaf ? 1 : s->leaves;
    }
    for (size_t i = 0; i < count; i++)
        denied += shared_denied(s, proc_error_at(error, i), in_leaf);
    return denied;
}

/* Runs one, or several times one, at the same time. */
static inline proc_error *share(size_t number, proc_cancel *cancel) {
    shared *s = &shared_processes[number % SHARED];
    size_t copies = 1 + number % COPIES;
    proc_impl *impls[COPIES];
    for (size_t i = 0; i < copies; i++)
        impls[i] = proc_ref(s->impl);
    s->asked += copies * s->leaves;
    proc_impl *(*combine)(proc_impl *const *, size_t) = number % 2 ? proc_group : proc_concurrent;
    proc_error *error = proc_run(combine(impls, copies), cancel);
    s->denied += shared_denied(s, error, false);
    return error;
}

static inline void shared_begin(rng *r) {
    for (size_t i = 0; i < SHARED; i++)
        shared_make(&shared_processes[i], r);
}

/* When nothing of the round runs any more. */
static inline void shared_settle(void) {
    for (shared *s = shared_processes; s < shared_processes + SHARED; s++) {
        CHECK_INT((long long)s->destroyed, 0);
        proc_unref(s->impl);
        CHECK_INT((long long)s->destroyed, (long long)s->leaves);
        CHECK_INT((long long)s->starts, (long long)(s->asked - s->denied));
        CHECK_INT((long long)s->ends, (long long)s->starts);
        CHECK_INT((long long)s->reported, (long long)s->failed);
        round_tally.denied += s->denied;
    }
}

#endif
