/* Children that come while it runs. */
#include "../resident.h"
#include "../wake.h"
#include "workloads.h"
#include <poll.h>

static proc_impl *nursery_of(proc_nursery_fn body, void *user_data) {
    return proc_with_nursery(body, user_data, NULL, NULL);
}

static void spawn(proc_nursery *nursery, proc_fn fn, void *user_data) {
    proc_error *error = proc_spawn(nursery, proc_new(fn, user_data, NULL));
    if (error)
        exit(proc_exit_status(error));
}

static proc_error *spawn_all(proc_nursery *nursery, proc_cancel *cancel, void *n) {
    (void)cancel;
    for (int i = 0; i < *(int *)n; i++)
        spawn(nursery, nothing, NULL);
    return NULL;
}

/* From the body, each made as it is spawned. */
void spawn_from_body(int n, int repetitions) {
    proc_impl *nursery = nursery_of(spawn_all, &n);
    repeat(run_again, nursery, n, repetitions);
    proc_unref(nursery);
}

enum { SPAWNERS = 4 };

struct spawner {
    proc_nursery *nursery;
    int children;
};

static proc_error *spawn_share(proc_cancel *cancel, void *user_data) {
    struct spawner *spawner = user_data;
    return spawn_all(spawner->nursery, cancel, &spawner->children);
}

static proc_error *spawn_spawners(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct spawner *spawners = user_data;
    for (int i = 0; i < SPAWNERS; i++) {
        spawners[i].nursery = nursery;
        spawn(nursery, spawn_share, &spawners[i]);
    }
    return NULL;
}

/* From four children at once, n in all. */
void spawn_from_children(int n, int repetitions) {
    struct spawner spawners[SPAWNERS];
    for (int i = 0; i < SPAWNERS; i++)
        spawners[i].children = n / SPAWNERS;
    proc_impl *nursery = nursery_of(spawn_spawners, spawners);
    repeat(run_again, nursery, n, repetitions);
    proc_unref(nursery);
}

static proc_error *say_started(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    wake_started(user_data);
    return NULL;
}

static proc_error *spawn_and_poll(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    struct wakes *wakes = user_data;
    struct pollfd over = {.fd = wakes->over[0], .events = POLLIN};
    for (int i = 0; i < wakes->count; i++) {
        wake_begin(wakes);
        spawn(nursery, say_started, wakes);
        if (proc_poll(cancel, &over, 1, PROC_FOREVER) != 1)
            exit(1);
        wake_end(wakes, i);
    }
    return NULL;
}

static struct wakes wakes_of(int n) {
    struct wakes wakes = wakes_make(n);
    run(nursery_of(spawn_and_poll, &wakes));
    return wakes;
}

void wake_median(int n, int repetitions) {
    (void)repetitions;
    print_wake(wakes_of(n), 0.5);
}

void wake_worst(int n, int repetitions) {
    (void)repetitions;
    print_wake(wakes_of(n), 0.99);
}

struct chain {
    proc_nursery *nursery;
    int left;
    int warm_at;
    double before;
};

/* Each spawns the next and ends. */
static proc_error *spawn_next(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct chain *chain = user_data;
    if (chain->left == chain->warm_at)
        chain->before = resident_bytes();
    if (--chain->left > 0)
        spawn(chain->nursery, spawn_next, chain);
    else
        print_figure(resident_bytes() - chain->before);
    return NULL;
}

static proc_error *spawn_first(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct chain *chain = user_data;
    chain->nursery = nursery;
    spawn(nursery, spawn_next, chain);
    return NULL;
}

/* By how many bytes more a nursery is resident after n children, one after the other, than after the first tenth. */
void one_by_one(int n, int repetitions) {
    (void)repetitions;
    struct chain chain = {.left = n, .warm_at = n - n / 10};
    resident_bytes(); /* What asking for it takes is not the nursery's. */
    run(nursery_of(spawn_first, &chain));
}

struct awaited {
    int count;
    proc_promise **promises;
};

/* What waits takes no thread. The body weighs before the children are ended, and when all wait. */
static proc_error *spawn_waiting(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    struct awaited *awaited = user_data;
    double before = resident_bytes();
    for (int i = 0; i < awaited->count; i++) {
        awaited->promises[i] = proc_promise_new();
        proc_error *error = proc_spawn(nursery, proc_await(proc_promise_ref(awaited->promises[i])));
        if (error)
            return error;
    }
    proc_wait(cancel, 100000000);
    print_figure((resident_bytes() - before) / awaited->count);
    for (int i = 0; i < awaited->count; i++) {
        proc_promise_complete(awaited->promises[i], NULL);
        proc_promise_unref(awaited->promises[i]);
    }
    return NULL;
}

/* Bytes a promise that is awaited in a nursery, itself included. */
void pending(int n, int repetitions) {
    (void)repetitions;
    struct awaited awaited = {n, calloc((size_t)n, sizeof(proc_promise *))};
    run(nursery_of(spawn_waiting, &awaited));
    free(awaited.promises);
}
