/* A trace and fork. Law:
 *
 *   forked             A child of fork has no trace on and nothing open of the parent's, whose trace stays whole; it may have
 *                      its own.
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

CHECK_MAIN(CASE(forked))
