/* Hooks and fork. Law:
 *
 *   in_a_hook      A hook may fork, and its child use the library.
 *   others_in      A child of fork has the hooks, and can set others, though a thread of the parent was in one.
 */
#include "leaf.h"
#include <sys/wait.h>

static _Noreturn void end_child(void) { _exit(atomic_load(&check_failures) != 0); }

static void wait_for(pid_t pid) {
    int status = 0;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static pid_t fork_bounded(void) {
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        alarm((unsigned)check_deadline());
    return pid;
}

static void fork_in_hook(const proc_trace_task *task, const char *category, const char *message,
                         void *user_data) {
    (void)task, (void)category, (void)message, (void)user_data;
    pid_t pid = fork_bounded();
    if (pid == 0) {
        CHECK(proc_trace_enabled());
        CHECK_OK(proc_run(proc_task("child", succeeding()), NULL));
        end_child();
    }
    wait_for(pid);
}

static void set(void (*log)(const proc_trace_task *, const char *, const char *, void *)) {
    proc_trace_hooks hooks = PROC_TRACE_HOOKS_INIT;
    hooks.log = log;
    CHECK_OK(proc_trace_set_hooks(&hooks));
}

static void in_a_hook(void) {
    set(fork_in_hook);
    proc_trace_log(NULL, NULL, "fork");
    CHECK_OK(proc_trace_set_hooks(NULL));
}

static gate enters, leaves;
static atomic_int told;

static void wait_in_hook(const proc_trace_task *task, const char *category, const char *message,
                         void *user_data) {
    (void)task, (void)category, (void)user_data;
    told++;
    if (strcmp(message, "wait") == 0)
        GATE_MEET(&enters, 2), GATE_WAIT(&leaves);
}

static void *log_wait(void *unused) {
    proc_trace_log(NULL, NULL, "wait");
    return unused;
}

static void others_in(void) {
    pthread_t logs;
    gate_init(&enters);
    gate_init(&leaves);
    set(wait_in_hook);
    CHECK(pthread_create(&logs, NULL, log_wait, NULL) == 0);
    GATE_MEET(&enters, 2);
    pid_t pid = fork_bounded();
    if (pid == 0) {
        proc_trace_log(NULL, NULL, "here");
        CHECK_INT(told, 2);
        CHECK_OK(proc_trace_set_hooks(NULL));
        CHECK(!proc_trace_enabled());
        end_child();
    }
    wait_for(pid);
    gate_open(&leaves);
    pthread_join(logs, NULL);
    CHECK_OK(proc_trace_set_hooks(NULL));
}

CHECK_MAIN(CASE(in_a_hook), CASE(others_in))
