/* fork. Laws (architecture, crew):
 *
 *   child_works        After fork the child has a working library, though the parent's threads are not there.
 *   forked_inside      … also if it is forked in a callback, on the main thread or on one of the library's.
 *   parent_works       The parent's library works on.
 */
#include "child.h"
#include "leaf.h"

enum { THREADS = 6 };

static proc_error *meet(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_MEET((gate *)user_data, THREADS);
    return NULL;
}

static void check_works(void) {
    gate all;
    gate_init(&all);
    proc_impl *impls[THREADS];
    for (int i = 0; i < THREADS; i++)
        impls[i] = proc_new(meet, &all, NULL);
    CHECK_OK(proc_run(proc_group(impls, THREADS), NULL));
}

/* The child ends here, and tells by its exit status whether all was well. */
static _Noreturn void be_child(void) {
    sigset_t bounded;
    sigemptyset(&bounded);
    sigaddset(&bounded, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &bounded, NULL);
    alarm((unsigned)check_deadline());
    check_works();
    CHECK_OK(proc_main(succeeding()));
    check_works();
    _exit(atomic_load(&check_failures) != 0);
}

static void fork_and_wait(void) {
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        be_child();
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void child_works(void) {
    fork_and_wait();
    check_works();
    fork_and_wait();
    CHECK_OK(proc_main(succeeding()));
    fork_and_wait();
    check_works();
}

static proc_error *fork_inside(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_MEET((gate *)user_data, 2);
    fork_and_wait();
    return NULL;
}

static void forked_inside(void) {
    gate both;
    gate_init(&both);
    CHECK_OK(proc_run(PROC_CONCURRENT(proc_new(fork_inside, &both, NULL),
                                      proc_task("t", proc_new(fork_inside, &both, NULL))),
                      NULL));
    check_works();
}

static void parent_works(void) {
    for (int i = 0; i < 10; i++) {
        check_works();
        fork_and_wait();
    }
    check_works();
}

CHECK_MAIN(CASE(child_works), CASE(forked_inside), CASE(parent_works))
