/* daemon.h: a daemon under load: workers that do a bit of everything, and are replaced by others at each SIGHUP.
 *
 *     group
 *     ├─ service load     a generation of workers after the other, each below a handle of its own
 *     ├─ task reload      at each SIGHUP, cancels that handle
 *     └─ service health   sees the drain before the cancellation
 */
#ifndef DAEMON_H
#define DAEMON_H

#include "fds.h"
#include "rng.h"
#include "tally.h"

enum { RELOADED = 4711, BROKEN = 4712, MOST_WORKERS = 6 };

typedef struct load {
    atomic_size_t jobs, generations, reloads; /* how many there were of each */
    pthread_mutex_t mutex;
    proc_cancel *generation; /* that of the workers which there are now */
    uint64_t seed;
    int nowhere; /* a file that takes all that is written to it */
} load;

static inline proc_error *pause_a_little(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    return proc_wait(cancel, PROC_MS(1) / 10) ? proc_cancel_error(cancel) : NULL;
}

static inline proc_error *break_down(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    (void)user_data;
    return own_error(BROKEN);
}

static inline proc_impl *pausing(void) { return proc_new(pause_a_little, NULL, NULL); }

/* The others are cancelled because of it. */
static inline void fail_in_group(proc_cancel *cancel) {
    proc_impl *breaks = proc_new(break_down, NULL, NULL);
    proc_error *error =
        proc_run(PROC_GROUP(proc_task("pauses", pausing()), proc_task("breaks", breaks)), cancel);
    CHECK(proc_error_is(error, BROKEN));
    proc_error_unref(error);
}

static inline void wait_for_several(proc_cancel *cancel) {
    proc_impl *step = PROC_SEQUENCE(proc_trace_region("first", pausing()), pausing());
    proc_error_unref(proc_run(PROC_CONCURRENT(step, pausing(), pausing()), cancel));
}

static inline void start_job(proc_cancel *cancel) {
    proc_job *job = proc_start(proc_task("job", pausing()), cancel, NULL, NULL);
    struct pollfd done = {.fd = proc_job_fd(job), .events = POLLIN};
    CHECK(done.fd >= 0);
    if (proc_poll(cancel, &done, 1, PROC_FOREVER) == 1)
        CHECK(proc_job_wait(job, 0));
    proc_error_unref(proc_job_join(job));
}

static inline void count_call(void *user_data) { atomic_fetch_add((atomic_int *)user_data, 1); }

static inline void hook_in(proc_cancel *cancel) {
    atomic_int calls = 0;
    proc_hook *hook = proc_on_cancel(cancel, count_call, &calls);
    CHECK(hook != NULL);
    proc_wait(cancel, PROC_MS(1) / 10);
    proc_hook_remove(hook);
    int called = calls;
    CHECK(called <= 1 && (called == 0 || proc_cancelled(cancel)));
}

/* As a callback, or from outside. */
static inline void look(int nowhere, rng *r) {
    proc_stats stats = PROC_STATS_INIT;
    CHECK_OK(proc_dump(nowhere, rng_percent(r, 50) ? PROC_DUMP_TEXT : PROC_DUMP_JSON));
    proc_get_stats(&stats);
    CHECK(stats.threads_live >= stats.threads_idle);
    CHECK(stats.processes_started_total >= stats.processes_failed_total);
}

static inline proc_error *work(proc_cancel *cancel, void *user_data) {
    load *l = user_data;
    rng r = rng_new(l->seed, l->jobs++);
    while (!proc_cancelled(cancel)) {
        switch (rng_below(&r, 6)) {
        case 0:
            fail_in_group(cancel);
            break;
        case 1:
            wait_for_several(cancel);
            break;
        case 2:
            start_job(cancel);
            break;
        case 3:
            hook_in(cancel);
            break;
        case 4:
            look(l->nowhere, &r);
            break;
        default:
            proc_error_unref(pause_a_little(cancel, NULL));
        }
        l->jobs++;
    }
    return proc_cancel_error(cancel);
}

/* Puts one generation's handle in place of the former's. */
static inline void begin_generation(load *l, proc_cancel *generation) {
    pthread_mutex_lock(&l->mutex);
    proc_cancel *former = l->generation;
    l->generation = generation;
    pthread_mutex_unlock(&l->mutex);
    proc_cancel_unref(former);
}

/* All workers of a generation end with its cancellation, and with nothing else. */
static inline void run_generation(load *l, proc_cancel *cancel, rng *r) {
    size_t count = rng_between(r, 1, MOST_WORKERS);
    proc_cancel *generation = proc_cancel_new(cancel);
    proc_impl *worker = proc_new(work, l, NULL), *workers[MOST_WORKERS];
    for (size_t i = 0; i < count; i++)
        workers[i] = proc_task("worker", proc_ref(worker));
    proc_unref(worker);
    begin_generation(l, proc_cancel_ref(generation));
    l->generations++;
    proc_error *error = proc_run(proc_group(workers, count), generation);
    CHECK(proc_cancelled(generation) && proc_error_find_task(error, "worker"));
    int code = proc_error_code(error);
    CHECK(code == RELOADED || (code == EINTR && proc_cancelled(cancel)));
    proc_error_unref(error);
    proc_cancel_unref(generation);
}

static inline proc_error *carry_load(proc_cancel *cancel, void *user_data) {
    load *l = user_data;
    rng r = rng_new(l->seed, UINT64_MAX);
    proc_ready(cancel);
    while (!proc_cancelled(cancel))
        run_generation(l, cancel, &r);
    begin_generation(l, NULL);
    return NULL;
}

static inline proc_error *reload(proc_cancel *cancel, void *user_data) {
    load *l = user_data;
    (void)cancel;
    pthread_mutex_lock(&l->mutex);
    proc_cancel *generation = proc_cancel_ref(l->generation);
    pthread_mutex_unlock(&l->mutex);
    proc_cancel_trigger(generation, own_error(RELOADED));
    proc_cancel_unref(generation);
    l->reloads++;
    return NULL;
}

static inline proc_error *watch_health(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_ready(cancel);
    proc_wait(cancel, PROC_FOREVER);
    CHECK(proc_draining(cancel));
    return proc_cancel_error(cancel);
}

static inline proc_impl *daemon_new(load *l) {
    proc_impl *reloading = proc_on_signal(SIGHUP, proc_new(reload, l, NULL));
    return PROC_GROUP(proc_service("load", proc_new(carry_load, l, NULL)),
                      proc_task("reload", reloading),
                      proc_service("health", proc_new(watch_health, NULL, NULL)));
}

#endif
