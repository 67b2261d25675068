/* proc_early_signals: stop signals that come before proc_main. Each case plays in a child program. Laws:
 *
 *   kept        One that has come before proc_main stops its process as if it came as that begins, and signal_out tells which.
 *   second      A second one before that ends the program, whichever of the two.
 *   none        Without one nothing is stopped; one that comes while it runs stops it.
 *   restored    After proc_main the dispositions are what they were before; what the program has set since is so, too,
 *   set_since   … and proc_main hears of the signals all the same.
 *   others      If proc_main is not to be stopped by one of them, that is as before when it begins, and the one that has come is sent
 *               again.
 *   twice       It may be called again, while proc_main runs, and for a further proc_main.
 *   forked      A child of fork does not keep them,
 *   executed    … nor does what is executed.
 *
 * What holds for process 1 is in process_one.c.
 */
#include "child.h"
#include "leaf.h"

static proc_error *be_stopped(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    leaf_wait_cancelled(cancel);
    return proc_cancel_error(cancel);
}

static void check_stopped_by(int signal_number) {
    int signal_out = 0;
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.signal_out = &signal_out;
    CHECK_OK(proc_main_with(proc_new(be_stopped, NULL, NULL), &options));
    CHECK_INT(signal_out, signal_number);
}

static void check_not_stopped(void) {
    int signal_out = 7;
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.signal_out = &signal_out;
    CHECK_OK(proc_main_with(succeeding(), &options));
    CHECK_INT(signal_out, 0);
}

static void term_role(void) {
    proc_early_signals();
    raise(SIGTERM);
    check_stopped_by(SIGTERM);
    check_not_stopped();
}

static void int_role(void) {
    proc_early_signals();
    raise(SIGINT);
    check_stopped_by(SIGINT);
}

static void kept(void) {
    child_run("term_role");
    child_run("int_role");
}

static void twice_asked_role(void) {
    proc_early_signals();
    raise(SIGTERM);
    child_tell('r');
    while (pause() == -1)
        ;
}

static void second(void) {
    const int signals[] = {SIGTERM, SIGINT};
    for (int i = 0; i < 2; i++) {
        child c = child_start("twice_asked_role");
        CHECK_INT(child_event(&c), 'r');
        kill(c.pid, signals[i]);
        child_end(&c);
        CHECK(WIFSIGNALED(c.status) && WTERMSIG(c.status) == signals[i]);
    }
}

static proc_error *stop_itself(proc_cancel *cancel, void *user_data) {
    CHECK(!proc_draining(cancel));
    proc_early_signals();
    kill(getpid(), SIGINT);
    return be_stopped(cancel, user_data);
}

static void none_role(void) {
    proc_early_signals();
    check_not_stopped();
    proc_early_signals();
    CHECK_OK(proc_main(proc_new(stop_itself, NULL, NULL)));
}

static void none(void) { child_run("none_role"); }

static atomic_int handled;
static void handle(int signal_number) { handled = signal_number; }
static void handle_too(int signal_number) { handled = -signal_number; }

static void raise_and_check(int signal_number, int expected) {
    handled = 0;
    raise(signal_number);
    CHECK_INT(handled, expected);
}

static void restored_role(void) {
    signal(SIGTERM, handle);
    signal(SIGINT, handle);
    proc_early_signals();
    raise_and_check(SIGTERM, 0);
    check_stopped_by(SIGTERM);
    raise_and_check(SIGTERM, SIGTERM);
    raise_and_check(SIGINT, SIGINT);
}

static void restored(void) { child_run("restored_role"); }

static void set_since_role(void) {
    proc_early_signals();
    signal(SIGTERM, handle_too);
    CHECK_OK(proc_main(proc_new(stop_itself, NULL, NULL)));
    raise_and_check(SIGTERM, -SIGTERM);
    proc_early_signals();
    raise(SIGINT);
    signal(SIGINT, handle_too);
    check_stopped_by(SIGINT);
    raise_and_check(SIGINT, -SIGINT);
}

static void set_since(void) { child_run("set_since_role"); }

static proc_error *see_handled(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    CHECK_INT(handled, SIGINT);
    CHECK(!proc_draining(cancel));
    raise_and_check(SIGINT, SIGINT);
    return NULL;
}

static void others_role(void) {
    int signal_out = 7;
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.signals = (const int[]){SIGTERM};
    options.signal_count = 1;
    options.signal_out = &signal_out;
    signal(SIGINT, handle);
    proc_early_signals();
    raise(SIGINT);
    CHECK_INT(handled, 0);
    CHECK_OK(proc_main_with(proc_new(see_handled, NULL, NULL), &options));
    CHECK_INT(signal_out, 0);
}

static void others(void) { child_run("others_role"); }

static void twice_role(void) {
    for (int i = 0; i < 3; i++) {
        proc_early_signals();
        proc_early_signals();
        raise(SIGTERM);
        proc_early_signals();
        check_stopped_by(SIGTERM);
    }
}

static void twice(void) { child_run("twice_role"); }

static int status_of(pid_t pid) {
    int status = 0;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    return status;
}

static void check_ends_by_term(pid_t pid) {
    int status = status_of(pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void fork_role(void) {
    proc_early_signals();
    pid_t pid = fork();
    if (pid == 0) {
        raise(SIGTERM);
        _exit(0);
    }
    check_ends_by_term(pid);
    check_not_stopped();
}

static void forked(void) { child_run("fork_role"); }

static void term_itself_role(void) { raise(SIGTERM); }

static void exec_role(void) {
    proc_early_signals();
    child c = child_start("term_itself_role");
    child_end(&c);
    CHECK(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGTERM);
}

static void executed(void) { child_run("exec_role"); }

CHECK_MAIN(CASE(kept), ROLE(term_role), ROLE(int_role), CASE(second), ROLE(twice_asked_role),
           CASE(none), ROLE(none_role), CASE(restored), ROLE(restored_role), CASE(set_since),
           ROLE(set_since_role), CASE(others), ROLE(others_role), CASE(twice), ROLE(twice_role),
           CASE(forked), ROLE(fork_role), CASE(executed), ROLE(exec_role), ROLE(term_itself_role))
