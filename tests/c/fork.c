/* fork. Laws (architecture, crew):
 *
 *   child_works        After fork the child has a working library, though the parent's threads are not there.
 *   forked_inside      … also if it is forked in a callback, on the main thread or on one of the library's.
 *   parent_works       The parent's library works on.
 *   hooks              Hooks of the parent that were registered before run in the child too if it cancels, and the parent's
 *                      handle is not cancelled by that.
 *   descriptors        A child's cancellation does not make the parent's descriptor readable, nor the parent's the child's,
 *                      nor does its release of the handle;
 *                      the child has one of its own when it asks, and proc_poll works in it.
 *   dispositions       A child that is forked under proc_main has the signal dispositions from before it, so a first signal
 *                      ends it; the parent's stay proc_main's.
 */
#include "child.h"
#include "fds.h"
#include "forks.h"
#include "leaf.h"
#include <sys/eventfd.h>

static void use(void *nothing) {
    (void)nothing;
    check_works();
    CHECK_OK(proc_main(succeeding()));
    check_works();
}

static void fork_and_wait(void) { forks_run(use, NULL); }

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
    GATE_MEET((gate *)user_data,
              4); /* nobody is in malloc while the other forks (tests/README.md) */
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

static int hook_runs;

static void count_run(void *user_data) {
    (void)user_data;
    hook_runs++;
}

static void cancel_hooked(void *user_data) {
    proc_cancel *cancel = user_data;
    proc_hook *hook = proc_on_cancel(cancel, count_run, NULL);
    proc_cancel_trigger(cancel, NULL);
    CHECK_INT(hook_runs, 2);
    proc_hook_remove(hook);
}

static void hooks(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_hook *hook = proc_on_cancel(cancel, count_run, NULL);
    forks_run(cancel_hooked, cancel);
    CHECK(!proc_cancelled(cancel));
    CHECK_INT(hook_runs, 0);
    proc_cancel_trigger(cancel, NULL);
    CHECK_INT(hook_runs, 1);
    proc_hook_remove(hook);
    proc_cancel_unref(cancel);
}

static int parents_fd;

static void cancel_watched(void *user_data) {
    proc_cancel *cancel = user_data;
    struct pollfd file = {eventfd(0, 0), POLLIN, 0};
    CHECK_QUIET(proc_cancel_fd(cancel));
    CHECK_INT(proc_poll(cancel, &file, 1, 0), 0);
    proc_cancel_trigger(cancel, NULL);
    CHECK_READABLE(proc_cancel_fd(cancel));
    CHECK_INT(proc_poll(cancel, &file, 1, PROC_FOREVER), -1);
}

/* The descriptor that it inherits is the parent's: the child's cancellation must not make it readable. */
static void cancel_unasked(void *user_data) {
    proc_cancel *cancel = user_data;
    proc_cancel_trigger(cancel, NULL);
    CHECK_QUIET(parents_fd);
}

static void release(void *user_data) {
    proc_cancel_unref(user_data);
    CHECK_INT(fcntl(parents_fd, F_GETFD), -1);
}

static void find_parents(void *user_data) {
    proc_cancel *cancel = user_data;
    CHECK_READABLE(parents_fd);
    CHECK_READABLE(proc_cancel_fd(cancel));
}

static void descriptors(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    parents_fd = proc_cancel_fd(cancel);
    forks_run(cancel_watched, cancel);
    CHECK_QUIET(parents_fd);
    forks_run(cancel_unasked, cancel);
    CHECK_QUIET(parents_fd);
    forks_run(release, cancel);
    CHECK_QUIET(parents_fd);
    CHECK_INT(proc_cancel_fd(cancel), parents_fd);
    proc_cancel_trigger(cancel, NULL);
    CHECK_READABLE(parents_fd);
    forks_run(find_parents, cancel);
    proc_cancel_unref(cancel);
}

static void handle(int signal_number) { (void)signal_number; }

static bool is_handled_by(int signal_number, void (*handler)(int)) {
    struct sigaction now;
    sigaction(signal_number, NULL, &now);
    return now.sa_handler == handler;
}

static proc_error *fork_under_main(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        CHECK(is_handled_by(SIGINT, handle));
        CHECK(is_handled_by(SIGTERM, SIG_DFL));
        if (atomic_load(&check_failures) == 0)
            raise(SIGTERM);
        _exit(1);
    }
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    CHECK(!is_handled_by(SIGINT, handle) && !is_handled_by(SIGTERM, SIG_DFL));
    raise(SIGTERM);
    leaf_wait_cancelled(cancel);
    return proc_cancel_error(cancel);
}

static void dispositions(void) {
    struct sigaction former;
    sigaction(SIGINT, &(struct sigaction){.sa_handler = handle}, &former);
    CHECK_OK(proc_main(proc_new(fork_under_main, NULL, NULL)));
    CHECK(is_handled_by(SIGINT, handle) && is_handled_by(SIGTERM, SIG_DFL));
    sigaction(SIGINT, &former, NULL);
}

CHECK_MAIN(CASE(child_works), CASE(forked_inside), CASE(parent_works), CASE(hooks),
           CASE(descriptors), CASE(dispositions))
