/* forks.h: children of fork, bounded in time, which tell by their exit status whether all checks in them held. */
#ifndef FORKS_H
#define FORKS_H

#include "check.h"
#include <sys/wait.h>

enum { FORKS_THREADS = 6 };

static inline proc_error *forks_meet(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_MEET((gate *)user_data, FORKS_THREADS);
    return NULL;
}

/* The library works in this process: it has threads for a group whose members wait for each other. */
static inline void forks_check_works(void) {
    gate all;
    gate_init(&all);
    proc_impl *impls[FORKS_THREADS];
    for (int i = 0; i < FORKS_THREADS; i++)
        impls[i] = proc_new(forks_meet, &all, NULL);
    CHECK_OK(proc_run(proc_group(impls, FORKS_THREADS), NULL));
}

/* The child of a library's thread blocks all signals, as that does. */
static inline void forks_bound(void) {
    sigset_t bounded;
    sigemptyset(&bounded);
    sigaddset(&bounded, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &bounded, NULL);
    alarm((unsigned)check_deadline());
}

/* Runs this in a child, which ends there, and waits for that. */
static inline void forks_run(void (*play)(void *user_data), void *user_data) {
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        forks_bound();
        play(user_data);
        _exit(atomic_load(&check_failures) != 0);
    }
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#endif
