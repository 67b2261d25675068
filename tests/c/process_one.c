/* proc_main as process 1 of a container, whom the default action of a signal does not end. Laws:
 *
 *   second_signal    A second signal that forces it ends it all the same, with the exit status 128 + its number.
 *   first_signal     A first one cancels, as everywhere.
 *   grace_period     When the grace period is over, it ends with that exit status too, and the tree is on standard error.
 *   early_signal     With PROCESSION_EARLY_SIGNALS=1 one that comes before proc_main stops it,
 *   early_second     … and a second one before that ends it with that exit status.
 *   early_lost       Without it the kernel drops one.
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
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.force_after_ns = 0;
    CHECK_INT(getpid(), 1);
    proc_error_unref(proc_main_with(proc_new(tell_cancelled, "deaf", NULL), &options));
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

/* The signals that are sent before this one have come. */
static void await_signal(int signal_number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    sigprocmask(SIG_BLOCK, &set, NULL);
    child_tell('r');
    sigwait(&set, &signal_number);
}

static proc_error *tell_if_draining(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    child_tell(proc_wait(cancel, PROC_SECONDS(1)) ? 'c' : 'n');
    return proc_cancel_error(cancel);
}

static void early_one(void) {
    CHECK_INT(getpid(), 1);
    await_signal(SIGUSR1);
    CHECK_OK(proc_main(proc_new(tell_if_draining, NULL, NULL)));
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

/* Of two signals that wait at the same time either may come first. */
static void check_status_of_either(child *one) {
    child_end(one);
    int status = WEXITSTATUS(one->status);
    CHECK(WIFEXITED(one->status) && (status == 128 + SIGINT || status == 128 + SIGTERM));
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

static child early(void) { return signal_one("early_one", SIGTERM); }

static void check_early(void) {
    setenv("PROCESSION_EARLY_SIGNALS", "1", 1);
    child one = early();
    CHECK_INT(kill(one.pid, SIGUSR1), 0);
    CHECK_INT(child_event(&one), 'c');
    child_passes(&one);
}

static void check_early_second(void) {
    setenv("PROCESSION_EARLY_SIGNALS", "1", 1);
    child one = early();
    CHECK_INT(kill(one.pid, SIGINT), 0);
    check_status_of_either(&one);
}

static void check_lost(void) {
    unsetenv("PROCESSION_EARLY_SIGNALS");
    child one = early();
    CHECK_INT(kill(one.pid, SIGUSR1), 0);
    CHECK_INT(child_event(&one), 'n');
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
static void early_term(void) { in_namespace(check_early); }
static void early_two(void) { in_namespace(check_early_second); }
static void early_lose(void) { in_namespace(check_lost); }
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
static void early_signal(void) { run_role("early_term"); }
static void early_second(void) { run_role("early_two"); }
static void early_lost(void) { run_role("early_lose"); }

CHECK_MAIN(CASE(second_signal), ROLE(second_term), ROLE(second_int), ROLE(deaf_one),
           CASE(first_signal), ROLE(first_term), ROLE(stopping_one), CASE(grace_period),
           ROLE(grace_term), ROLE(graceful_one), CASE(early_signal), ROLE(early_term),
           ROLE(early_one), CASE(early_second), ROLE(early_two), CASE(early_lost), ROLE(early_lose))
