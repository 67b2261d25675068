/* forks.h: children of fork, bounded in time, which tell by their exit status whether all checks in them held. */
#ifndef FORKS_H
#define FORKS_H

#include "meet.h"
#include <sys/wait.h>

/* Runs this in a child, which ends there, and waits for that. */
static inline void forks_run(void (*play)(void *user_data), void *user_data) {
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        alarm((unsigned)check_deadline());
        play(user_data);
        _exit(atomic_load(&check_failures) != 0);
    }
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#endif
