/* proc_main as process 1 of a container, whom the default action of a signal does not end. Laws:
 *
 *   second_signal    A second signal ends it all the same, with the exit status 128 + its number.
 *   first_signal     A first one cancels, as everywhere.
 *   grace_period     When the grace period is over, it ends with that exit status too, and the tree is on standard error.
 *
 * Where the system allows no pid namespace, that is said, and nothing is checked.
 */
#include "child.h"
#include "leaf.h"
#include <sched.h>

static bool to_be_one(void) {
    return unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0 || unshare(CLONE_NEWPID) == 0;
}

static proc_error *tell_cancelled(proc_cancel *cancel, void *user_data) {
    child_tell('r');
    leaf_wait_cancelled(cancel);
    child_tell('c');
    while (user_data && pause() == -1)
        ;
    return proc_cancel_error(cancel);
}

static void deaf_one(void) {
    CHECK_INT(getpid(), 1);
    proc_error_unref(proc_main(proc_new(tell_cancelled, "deaf", NULL)));
}

static void graceful_one(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.grace_ns = PROC_MS(1);
    CHECK_INT(getpid(), 1);
    proc_error_unref(proc_main_with(proc_new(tell_cancelled, "deaf", NULL), &options));
}

static void stopping_one(void) {
    CHECK_INT(getpid(), 1);
    CHECK_OK(proc_main(proc_new(tell_cancelled, NULL, NULL)));
}

/* The first child of this program is process 1 of the new namespace. */
static child signal_one(const char *role, int signal_number) {
    child one = child_start(role);
    CHECK_INT(child_event(&one), 'r');
    CHECK_INT(kill(one.pid, signal_number), 0);
    return one;
}

static void check_status(child *one, int status) {
    child_end(one);
    CHECK(WIFEXITED(one->status));
    CHECK_INT(WEXITSTATUS(one->status), status);
}

static void check_second(int signal_number) {
    child one = signal_one("deaf_one", SIGTERM);
    CHECK_INT(child_event(&one), 'c');
    CHECK_INT(kill(one.pid, signal_number), 0);
    check_status(&one, 128 + signal_number);
}

static void check_grace(void) {
    child one = signal_one("graceful_one", SIGTERM);
    check_status(&one, 128 + SIGTERM);
    CHECK_HAS(one.text, "callback 0x");
}

static void check_second_term(void) { check_second(SIGTERM); }
static void check_second_int(void) { check_second(SIGINT); }

static void check_first(void) {
    child one = signal_one("stopping_one", SIGTERM);
    CHECK_INT(child_event(&one), 'c');
    child_passes(&one);
}

/* LeakSanitizer starts a process at exit, which is not possible once process 1 has ended. So it is not asked. */
static _Noreturn void in_namespace(void (*check)(void)) {
    if (to_be_one())
        check();
    else
        child_tell('n');
    _exit(atomic_load(&check_failures) != 0);
}

static void second_term(void) { in_namespace(check_second_term); }
static void second_int(void) { in_namespace(check_second_int); }
static void first_term(void) { in_namespace(check_first); }
static void grace_term(void) { in_namespace(check_grace); }

static void run_role(const char *role) {
    child c = child_start(role);
    if (child_event(&c) == 'n')
        printf("%s: not checked: this system allows no pid namespace\n", check_case_name);
    child_passes(&c);
}

static void second_signal(void) {
    run_role("second_term");
    run_role("second_int");
}

static void first_signal(void) { run_role("first_term"); }

static void grace_period(void) { run_role("grace_term"); }

CHECK_MAIN(CASE(second_signal), ROLE(second_term), ROLE(second_int), ROLE(deaf_one),
           CASE(first_signal), ROLE(first_term), ROLE(stopping_one), CASE(grace_period),
           ROLE(grace_term), ROLE(graceful_one))
