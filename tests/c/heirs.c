/* Threads that the sentinel makes have what they are to have from it. Each case plays in a fresh program. Laws:
 *
 *   few_calls   For a meeting of many neither the sentinel nor the threads that it makes ask the kernel for a mask, a name or a timer slack each.
 *   alike       They have the library's name, mask and the process's timer slack all the same;
 *   of_parked   also if the sentinel is a thread that was parked, on which a callback changed its name and its mask.
 */
#include "child.h"
#include "interpose.h"
#include "leaf.h"
#include "stats.h"
#include <sched.h>
#include <stdarg.h>
#include <sys/prctl.h>

enum { MEET = 100 };

static atomic_int calls;

/* As the library calls them. */
int prctl(int option, ...) {
    typedef int call(int, ...);
    call *real;
    *(void **)&real = dlsym(RTLD_NEXT, "prctl");
    va_list list;
    va_start(list, option);
    unsigned long value = va_arg(list, unsigned long);
    va_end(list);
    calls++;
    return real(option, value, 0UL, 0UL, 0UL);
}

int pthread_sigmask(int how, const sigset_t *set, sigset_t *before) {
    typedef int call(int, const sigset_t *, sigset_t *);
    call *real;
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_sigmask");
    calls++;
    return real(how, set, before);
}

static int own_slack;

static void check_alike(void) {
    char name[16];
    prctl(PR_GET_NAME, name);
    CHECK_STR(name, "procession");
    CHECK_INT(prctl(PR_GET_TIMERSLACK, 0), own_slack);
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (int i = 1; i < 32; i++) {
        bool is_fault = i == SIGSEGV || i == SIGBUS || i == SIGFPE || i == SIGILL || i == SIGTRAP ||
                        i == SIGSYS || i == SIGABRT;
        bool is_open = is_fault || i == SIGPROF || i == SIGKILL || i == SIGSTOP;
        if (i != SIGPIPE)
            CHECK_INT(sigismember(&mask, i), !is_open);
    }
}

static gate all;

static proc_error *meet(proc_cancel *cancel, void *unused) {
    (void)cancel, (void)unused;
    GATE_MEET(&all, MEET);
    return NULL;
}

static proc_error *meet_alike(proc_cancel *cancel, void *unused) {
    meet(cancel, unused);
    if (getpid() != gettid())
        check_alike();
    return NULL;
}

static void run_meeting(proc_fn child) {
    gate_init(&all);
    proc_impl *impls[MEET];
    for (int i = 0; i < MEET; i++)
        impls[i] = proc_new(child, NULL, NULL);
    CHECK_OK(proc_run(proc_concurrent(impls, MEET), NULL));
}

static void few_calls_role(void) {
    run_meeting(meet);
    CHECK(threads_created >= MEET);
    CHECK(calls < MEET / 2);
}

static void alike_role(void) {
    own_slack = prctl(PR_GET_TIMERSLACK, 0);
    run_meeting(meet_alike);
}

static proc_error *change(proc_cancel *cancel, void *unused) {
    (void)cancel, (void)unused;
    prctl(PR_SET_NAME, "changed");
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    return NULL;
}

static void of_parked_role(void) {
    own_slack = prctl(PR_GET_TIMERSLACK, 0);
    CHECK_OK(proc_job_join(proc_start(proc_new(change, NULL, NULL), NULL, NULL, NULL)));
    do
        sched_yield();
    while (look().threads_idle == 0);
    denials_left = 1;
    run_meeting(meet_alike);
    CHECK_INT(threads_denied, 1);
}

IN_CHILD(few_calls)
IN_CHILD(alike)
IN_CHILD(of_parked)

CHECK_MAIN(BOTH(few_calls), BOTH(alike), BOTH(of_parked))
