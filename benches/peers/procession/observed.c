/* Children that wait for cancellation, and what one more sibling observes of them. */
/* For RUSAGE_THREAD. */
#define _GNU_SOURCE

#include "../futex.h"
#include "../resident.h"
#include "workloads.h"
#include <errno.h>
#include <sys/resource.h>

struct observed {
    unsigned size;
    atomic_uint waiting;
    int seconds;
    double figure;
};

static proc_error *wait_for_cancellation(proc_cancel *cancel, void *user_data) {
    struct observed *observed = user_data;
    if (atomic_fetch_add(&observed->waiting, 1) + 1 == observed->size)
        futex_wake(&observed->waiting, INT_MAX);
    proc_wait(cancel, PROC_FOREVER);
    return NULL;
}

/* The last one to start says so a moment before it waits, hence the rest. */
static void until_all_wait(struct observed *observed) {
    unsigned waiting;
    while ((waiting = atomic_load(&observed->waiting)) < observed->size)
        futex_wait(&observed->waiting, waiting);
    rest_ms(100);
}

/* Runs the waiting children and the observer, which ends them by failing. */
static void observe(struct observed *observed, proc_fn observer) {
    size_t count = observed->size + 1;
    proc_impl **children = malloc(count * sizeof *children);
    for (size_t i = 0; i < observed->size; i++)
        children[i] = proc_new(wait_for_cancellation, observed, NULL);
    children[observed->size] = proc_new(observer, observed, NULL);
    proc_impl *group = proc_group(children, count);
    free(children);
    proc_error *error = proc_run(group, NULL);
    if (proc_error_is(error, EAGAIN))
        skip("there are not as many threads to be had");
    proc_error_unref(error);
}

static proc_error *fail(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct observed *observed = user_data;
    until_all_wait(observed);
    proc_error *error = proc_error_new(ECANCELED, "failed on purpose");
    observed->figure = now_ns();
    return error;
}

/* From the moment when a child fails until the group has returned. */
void failure(int n, int repetitions) {
    for (int i = 0; i < repetitions; i++) {
        struct observed observed = {.size = (unsigned)n};
        observe(&observed, fail);
        print_figure((now_ns() - observed.figure) / n);
    }
}

static proc_error *weigh(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct observed *observed = user_data;
    until_all_wait(observed);
    observed->figure = resident_bytes();
    return proc_error_new(ECANCELED, "weighed");
}

/* Bytes a waiting child, in a fresh process: a second run would find the threads of the first. */
void memory(int n, int repetitions) {
    (void)repetitions;
    double before = resident_bytes();
    struct observed observed = {.size = (unsigned)n};
    observe(&observed, weigh);
    print_figure((observed.figure - before) / n);
}

/* Of all threads but this one, which sleeps here. */
static long context_switches_of_others(void) {
    struct rusage all, own;
    getrusage(RUSAGE_SELF, &all);
    getrusage(RUSAGE_THREAD, &own);
    return all.ru_nvcsw - own.ru_nvcsw;
}

static proc_error *count_switches(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct observed *observed = user_data;
    until_all_wait(observed);
    long before = context_switches_of_others();
    rest_ms(observed->seconds * 1000L);
    observed->figure = (double)(context_switches_of_others() - before);
    return proc_error_new(ECANCELED, "counted");
}

/* Voluntary context switches of the whole process while its children, all started, wait. */
void idle(int n, int seconds) {
    struct observed observed = {.size = (unsigned)n, .seconds = seconds};
    observe(&observed, count_switches);
    print_figure(observed.figure);
}

static void never(void *user_data) {
    (void)user_data;
    exit(1);
}

/* The same with n deadlines an hour away, each of which a hook is to be told of, and four waiting children. */
void idle_deadlines(int n, int seconds) {
    proc_cancel **all = calloc((size_t)n, sizeof *all);
    proc_hook **hooks = calloc((size_t)n, sizeof *hooks);
    for (int i = 0; i < n; i++) {
        all[i] = proc_cancel_new_timeout(NULL, PROC_SECONDS(3600));
        hooks[i] = proc_on_cancel(all[i], never, NULL);
    }
    idle(4, seconds);
    for (int i = 0; i < n; i++) {
        proc_hook_remove(hooks[i]);
        proc_cancel_unref(all[i]);
    }
    free(hooks);
    free(all);
}
