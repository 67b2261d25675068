/* A daemon that forks twice, and tells the service manager, which has started another process, where it is now. The manager is this
 * program. Laws:
 *
 *   forked_twice   The first message has MAINPID with the number of the process that sends it; the later ones do not.
 *   watched        … and the watchdog of the process that was started is its own.
 *   helper         A child of that process, which is still there, does not say that it is the program, and is not watched.
 */
#include "manager.h"
#include <sys/wait.h>

static proc_error *be_ready(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_ready(cancel);
    leaf_wait_cancelled(cancel);
    return proc_cancel_error(cancel);
}

static _Noreturn void be_daemon(void) {
    proc_error *error = manager_main(proc_new(be_ready, NULL, NULL), 0);
    _exit(proc_exit_status(error));
}

/* Returns when the child in the middle has ended. */
static void fork_twice(void) {
    pid_t middle = fork();
    if (middle == 0) {
        if (fork() == 0)
            be_daemon();
        _exit(0);
    }
    CHECK_INT(waitpid(middle, NULL, 0), middle);
}

static int hears_main_pid(manager *m) {
    int pid = 0;
    const char *told = strstr(m->message, "MAINPID=");
    CHECK(told && sscanf(told, "MAINPID=%d\n", &pid) == 1 && pid != getpid());
    return pid;
}

static void stop(manager *m, int pid) {
    CHECK_INT(kill(pid, SIGTERM), 0);
    do
        CHECK(!strstr(manager_hears(m), "MAINPID"));
    while (strncmp(m->message, "STOPPING=1\n", 11) != 0);
    manager_close(m);
}

static void forked_twice(void) {
    manager m;
    manager_listen(&m, true);
    fork_twice();
    CHECK_HAS(manager_hears(&m), "READY=1\nSTATUS=");
    stop(&m, hears_main_pid(&m));
}

static void watch(pid_t process) {
    char number[16];
    snprintf(number, sizeof number, "%d", process);
    setenv("WATCHDOG_USEC", "20000", 1);
    setenv("WATCHDOG_PID", number, 1);
}

static void watched(void) {
    manager m;
    manager_listen(&m, true);
    watch(getpid());
    fork_twice();
    manager_hears(&m);
    int pid = hears_main_pid(&m);
    for (int beats = 0; beats < 3; beats += strncmp(m.message, "WATCHDOG=1\n", 11) == 0)
        CHECK(!strstr(manager_hears(&m), "MAINPID"));
    stop(&m, pid);
}

static void helper(void) {
    manager m;
    manager_listen(&m, true);
    watch(getpid());
    pid_t child = fork();
    if (child == 0)
        be_daemon();
    CHECK_STR(manager_hears(&m), "READY=1\nSTATUS=0 tasks running\n");
    kill(child, SIGTERM);
    CHECK_HAS(manager_hears(&m), "STOPPING=1\n");
    int status;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
    manager_close(&m);
}

CHECK_MAIN(CASE(forked_twice), CASE(watched), CASE(helper))
