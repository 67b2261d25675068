/* proc_exit_status. Laws:
 *
 *   success          NULL: 0, and nothing is printed.
 *   failure          Else it prints "PROGRAM: message" to stderr, and returns 1.
 *   whole_message    The whole message: of a task, of several errors, of a long one.
 *   takes_over       The error becomes the callee's.
 *   no_stderr        Without a stderr it returns 1 all the same.
 */
#include "child.h"
#include "leaf.h"

/* What the child prints to stderr, and its exit status. The program's name is "frobnicate". */
static void check_child(const char *role, int status, const char *text) {
    child c = child_start_named("frobnicate", role);
    child_end(&c);
    CHECK(WIFEXITED(c.status));
    CHECK_INT(WEXITSTATUS(c.status), status);
    CHECK_STR(c.text, text);
}

static void success_role(void) { exit(proc_exit_status(NULL)); }
static void success(void) { check_child("success_role", 0, ""); }

static void failure_role(void) { exit(proc_exit_status(proc_error_new(99, "disk full"))); }
static void failure(void) { check_child("failure_role", 1, "frobnicate: disk full\n"); }

static void task_role(void) {
    proc_impl *pair = PROC_CONCURRENT(failing("same"), failing("same"));
    exit(proc_exit_status(proc_main(proc_task("web", pair))));
}

static void long_role(void) { exit(proc_exit_status(proc_errorf(EIO, "%05000d %% %%s %%n", 7))); }

static void whole_message(void) {
    check_child("task_role", 1, "frobnicate: web: 2 errors:\n- same\n- same\n");
    char text[6000];
    snprintf(text, sizeof text, "frobnicate: %05000d %% %%s %%n\n", 7);
    check_child("long_role", 1, text);
}

static void taking_role(void) {
    atomic_int destroyed = 0;
    CHECK_INT(proc_exit_status(proc_error_with_payload(EIO, "x", &destroyed, check_destroyed)), 1);
    CHECK_INT(destroyed, 1);
}

static void takes_over(void) { check_child("taking_role", 0, "frobnicate: x\n"); }

static void mute_role(void) {
    close(STDERR_FILENO);
    exit(proc_exit_status(proc_error_new(EIO, "unheard")));
}

static void full_role(void) {
    int full = open("/dev/full", O_WRONLY);
    dup2(full, STDERR_FILENO);
    exit(proc_exit_status(proc_error_new(EIO, "unheard")));
}

static void no_stderr(void) {
    check_child("mute_role", 1, "");
    check_child("full_role", 1, "");
}

CHECK_MAIN(CASE(success), ROLE(success_role), CASE(failure), ROLE(failure_role),
           CASE(whole_message), ROLE(task_role), ROLE(long_role), CASE(takes_over),
           ROLE(taking_role), CASE(no_stderr), ROLE(mute_role), ROLE(full_role))
