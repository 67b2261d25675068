/* Daemons, made by fork after the library was used. Laws (architecture, fork):
 *
 *   daemonize   A program that has used the library, and has work in it, may become a daemon: fork twice, leave the session,
 *               close all descriptors. The daemon can use everything, also the handle of its parent, whose descriptor is gone
 *               and whose hook is there. Its proc_main is stopped by SIGTERM.
 *   workers     So is that of children that a program forks in a callback of its own proc_main, on whatever thread. That one is
 *               not stopped by what stops them.
 */
#include "child.h"
#include "fds.h"
#include "forks.h"
#include "uses.h"
#include <sched.h>

/* By what the test hears of a daemon, which has closed its stdout. */
static int tell_to = STDOUT_FILENO;

static void tell(const void *what, size_t size) { CHECK_INT(write(tell_to, what, size), size); }

static proc_error *until_stopped(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    pid_t pid = getpid();
    tell(&pid, sizeof pid);
    leaf_wait_cancelled(cancel);
    CHECK_STR(proc_error_message(proc_cancel_cause(cancel)), "stopped by SIGTERM");
    return proc_cancel_error(cancel);
}

static void serve(void) {
    CHECK_OK(proc_main(proc_task("serve", proc_new(until_stopped, NULL, NULL))));
}

/* Goes on in a child, whose parent is gone. */
static void fork_away(void) {
    pid_t parent = getpid(), pid = fork();
    CHECK(pid >= 0);
    if (pid != 0)
        _exit(atomic_load(&check_failures) != 0);
    alarm((unsigned)check_deadline());
    while (getppid() == parent)
        sched_yield();
}

/* All descriptors but those by which the test hears of it. */
static void become_daemon(void) {
    fork_away();
    CHECK(setsid() >= 0);
    fork_away();
    tell_to = fcntl(STDOUT_FILENO, F_DUPFD, 100);
    int errors = fcntl(STDERR_FILENO, F_DUPFD, 100);
    for (int fd = 0; fd < 1024; fd++)
        if (fd != tell_to && fd != errors)
            close(fd);
    CHECK_INT(open("/dev/null", O_RDWR), STDIN_FILENO);
    CHECK_INT(dup(STDIN_FILENO), STDOUT_FILENO);
    CHECK_INT(dup(errors), STDERR_FILENO);
}

static void be_daemon(void) {
    atomic_int runs = 0;
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_hook *hook = proc_on_cancel(cancel, use_count, &runs);
    CHECK_QUIET(proc_cancel_fd(cancel));
    use_all();
    CHECK_OK(proc_main(succeeding()));
    proc_job *left = proc_start(proc_new(use_wait, NULL, NULL), NULL, NULL, NULL);
    CHECK(proc_job_fd(left) >= 0);

    become_daemon();
    use_all();
    CHECK_QUIET(proc_cancel_fd(cancel));
    proc_cancel_trigger(cancel, NULL);
    CHECK_READABLE(proc_cancel_fd(cancel));
    CHECK_INT(runs, 1);
    proc_hook_remove(hook);
    proc_cancel_unref(cancel);
    serve();
    use_all();
    /* Not by `exit`, because `left` is the parent's. */
    _exit(atomic_load(&check_failures) != 0);
}

/* Waits until one serves; tells who. */
static pid_t server_of(int fd) {
    pid_t pid = 0;
    CHECK_BECOMES_READABLE(fd);
    CHECK_INT(read(fd, &pid, sizeof pid), sizeof pid);
    return pid;
}

static void stop(pid_t server) {
    if (CHECK(server > 0)) /* else it would stop others */
        CHECK_INT(kill(server, SIGTERM), 0);
}

/* The daemon becomes a child of this program, so that it can be waited for. */
static void daemonize(void) {
    CHECK_INT(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    child c = child_start("be_daemon");
    pid_t daemon = server_of(c.events);
    int status = 0;
    stop(daemon);
    child_passes(&c);
    CHECK_INT(waitpid(daemon, &status, 0), daemon);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void be_worker(void *nothing) {
    (void)nothing;
    use_all();
    serve();
}

static proc_error *fork_worker(proc_cancel *cancel, void *user_data) {
    GATE_MEET((gate *)user_data, 2);
    forks_run(be_worker, NULL);
    CHECK(!proc_cancelled(cancel));
    return NULL;
}

/* One worker is forked on the main thread, one on a thread of the library. */
static void be_master(void) {
    gate both;
    gate_init(&both);
    proc_impl *worker = proc_new(fork_worker, &both, NULL);
    CHECK_OK(proc_main(PROC_GROUP(proc_ref(worker), proc_task("t", worker))));
    CHECK_OK(proc_main(succeeding()));
}

static void workers(void) {
    child c = child_start("be_master");
    pid_t first = server_of(c.events), second = server_of(c.events);
    stop(first);
    stop(second);
    child_passes(&c);
}

CHECK_MAIN(CASE(daemonize), ROLE(be_daemon), CASE(workers), ROLE(be_master))
