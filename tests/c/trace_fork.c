/* A trace and fork. Laws:
 *
 *   forked             A child of fork has no trace on and nothing open of the parent's, whose trace stays whole; it may have
 *                      its own.
 *   forked_main        proc_main in a child of fork writes no file that its parent's writes, or has written, as PROCESSION_TRACE
 *                      has it: its own is NAME.PROCESS.
 */
#include "asleep.h"
#include "trace_file.h"
#include <sys/wait.h>

static _Noreturn void be_child(void) {
    alarm((unsigned)check_deadline());
    CHECK(!proc_trace_enabled());
    CHECK_INT(descriptors_of(in_directory("parent")), 0);
    check_refused(proc_trace_stop(), EINVAL, "no trace is on");
    CHECK_OK(proc_trace_start(in_directory("child")));
    CHECK(proc_trace_enabled());
    CHECK_OK(proc_trace_stop());
    _exit(atomic_load(&check_failures) != 0);
}

static void forked(void) {
    int status = 0;
    make_directory();
    CHECK_OK(proc_trace_start(in_directory("parent")));
    fflush(NULL);
    /* A sanitizer's allocator does not care for fork: the thread of the trace must not be in malloc. */
    wait_until_others_sleep();
    pid_t pid = fork();
    if (pid == 0)
        be_child();
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(proc_trace_enabled());
    CHECK_OK(proc_trace_stop());
    CHECK(size_of(in_directory("parent")) > 0);
    CHECK(size_of(in_directory("child")) > 0);
    remove_directory();
}

static proc_error *say(proc_cancel *cancel, void *message) {
    proc_trace_log(cancel, "test", message);
    return NULL;
}

static void check_child_main(void) {
    char name[100];
    int status = 0;
    wait_until_others_sleep();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        alarm((unsigned)check_deadline());
        CHECK_OK(proc_main(proc_new(say, "of the child", NULL)));
        _exit(atomic_load(&check_failures) != 0);
    }
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    snprintf(name, sizeof name, "main.%d", (int)pid);
    CHECK(size_of(in_directory(name)) > 0);
}

static proc_error *fork_in_callback(proc_cancel *cancel, void *user_data) {
    long long before = size_of(in_directory("main"));
    (void)cancel, (void)user_data;
    check_child_main();
    CHECK(size_of(in_directory("main")) >= before);
    return NULL;
}

static void forked_main(void) {
    make_directory();
    setenv("PROCESSION_TRACE", in_directory("main"), 1);
    CHECK_OK(proc_main(proc_new(fork_in_callback, NULL, NULL)));
    long long whole = size_of(in_directory("main"));
    check_child_main();
    CHECK_INT(size_of(in_directory("main")), whole);
    unsetenv("PROCESSION_TRACE");
    remove_directory();
}

CHECK_MAIN(CASE(forked), CASE(forked_main))
