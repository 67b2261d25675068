/* On which threads callbacks run, and what these threads are like. Laws:
 *
 *   signals_blocked     Threads of the library block all asynchronous signals, but for what is open (open_signals.c).
 *   callers_mask        A caller's own signal mask stays what it is, in its callbacks and after them.
 *   from_callbacks      Every function may be called from a callback, proc_run included, at any depth.
 */
#include "leaf.h"

enum { THREADS = 6 };

static bool is_asynchronous(int signal_number) {
    switch (signal_number) {
    case SIGKILL:
    case SIGSTOP: /* cannot be blocked */
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
    case SIGSYS:
    case SIGABRT:
    case SIGPIPE: /* what a thread does to itself */
    case SIGPROF: /* open, unless the program chooses otherwise */
        return false;
    default: /* what lies between is the C library's own */
        return signal_number < 32 || signal_number >= SIGRTMIN;
    }
}

typedef struct masked {
    gate all;
    pthread_t caller;
} masked;

static proc_error *check_mask(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    masked *m = user_data;
    GATE_MEET(&m->all, THREADS);
    if (pthread_equal(m->caller, pthread_self()))
        return NULL;
    sigset_t mask;
    CHECK_INT(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
    for (int i = 1; i <= SIGRTMAX; i++)
        if (is_asynchronous(i) && !sigismember(&mask, i))
            return proc_errorf(-1, "signal %d is not blocked", i);
    return NULL;
}

static void signals_blocked(void) {
    masked m = {.caller = pthread_self()};
    gate_init(&m.all);
    proc_impl *impls[THREADS];
    for (int i = 0; i < THREADS; i++)
        impls[i] = i % 2 ? proc_task("task", proc_new(check_mask, &m, NULL))
                         : proc_new(check_mask, &m, NULL);
    CHECK_OK(proc_run(proc_concurrent(impls, THREADS), NULL));
}

static bool own_mask(void) {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (int i = 1; i < 32; i++)
        if (sigismember(&mask, i) != (i == SIGUSR1 || i == SIGHUP))
            return false;
    return true;
}

static proc_error *check_own_mask(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    CHECK(own_mask());
    return NULL;
}

static void callers_mask(void) {
    sigset_t mask, before;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigaddset(&mask, SIGHUP);
    pthread_sigmask(SIG_SETMASK, &mask, &before);
    CHECK_OK(proc_run(proc_new(check_own_mask, NULL, NULL), NULL));
    gate all;
    gate_init(&all);
    leaf a = {.opens = &all}, b = {.waits = &all};
    CHECK_OK(proc_run(PROC_GROUP(leaf_new(&b), leaf_new(&a)), NULL));
    CHECK(own_mask());
    CHECK_OK(proc_main(proc_new(check_own_mask, NULL, NULL)));
    CHECK(own_mask());
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static proc_error *recurse(proc_cancel *cancel, void *user_data) {
    int depth = *(int *)user_data;
    if (depth == 0)
        return proc_error_new(77, "deepest");
    int below = depth - 1;
    proc_impl *again = proc_new(recurse, &below, NULL);
    proc_error *error = proc_run(PROC_CONCURRENT(proc_ref(again), again), cancel);
    CHECK_INT((long long)proc_error_count(error), 1 << depth);
    return error;
}

static void from_callbacks(void) {
    int depth = 6;
    proc_error *error = proc_run(proc_task("all", proc_new(recurse, &depth, NULL)), NULL);
    CHECK_INT((long long)proc_error_count(proc_error_cause(error)), 64);
    proc_error_unref(error);
}

CHECK_MAIN(CASE(signals_blocked), CASE(callers_mask), CASE(from_callbacks))
