/* What becomes of the programs that proc_child runs when their daemon is ended by force: their groups are killed.
 * Laws:
 *
 *   grace        It is so when the grace period is over;
 *   second       at a second signal;
 *   failure      and when the time after a failure is over.
 *   abandoned    on_abandon comes before that.
 *   leaderless   A group whose leader has gone while it is stopped is killed, too.
 *   many         All are, also those that are being started.
 *
 * The daemon is a child of the test. All of its programs have its stdout, on which it tells events: that comes to an end when the last one
 * is gone.
 */
#include "programs.h"

/* It says that it is ready, and what signals it has heard. No signal but SIGKILL ends it, or the other one in its group. */
#define DEAF                                                                                       \
    "(trap '' TERM; while :; do sleep 0.01; done) & trap 'printf t' TERM;"                         \
    "printf r; while :; do sleep 0.01; done"

static proc_impl *deaf(void) {
    proc_child_options options = program_of(ARGUMENTS("sh", "-c", DEAF));
    options.stop_after_ns = PROC_FOREVER;
    return proc_child(&options);
}

static child start_daemon(const char *role, size_t programs) {
    child c = child_start(role);
    for (size_t i = 0; i < programs; i++)
        CHECK_INT(child_event(&c), 'r');
    return c;
}

static void check_killed_by_term(child *c) {
    child_end(c);
    CHECK(WIFSIGNALED(c->status) && WTERMSIG(c->status) == SIGTERM);
}

static void grace_role(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.grace_ns = PROC_MS(50);
    CHECK_OK(proc_main_with(deaf(), &options));
}

static void grace(void) {
    child c = start_daemon("grace_role", 1);
    kill(c.pid, SIGTERM);
    check_killed_by_term(&c);
}

static void second_role(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.force_after_ns = 0;
    CHECK_OK(proc_main_with(deaf(), &options));
}

static void second(void) {
    child c = start_daemon("second_role", 1);
    kill(c.pid, SIGTERM);
    CHECK_INT(child_event(&c), 't');
    kill(c.pid, SIGTERM);
    check_killed_by_term(&c);
}

static proc_error *fail_when_told(proc_cancel *cancel, void *user_data) {
    int signal_number;
    sigset_t told;
    (void)cancel, (void)user_data;
    sigemptyset(&told);
    sigaddset(&told, SIGUSR1);
    sigwait(&told, &signal_number);
    return proc_error_new(EIO, "broken");
}

static void failure_role(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    sigset_t told;
    sigemptyset(&told);
    sigaddset(&told, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &told, NULL);
    options.failure_grace_ns = PROC_MS(50);
    CHECK_OK(proc_main_with(PROC_GROUP(proc_new(fail_when_told, NULL, NULL), deaf()), &options));
}

static void failure(void) {
    child c = start_daemon("failure_role", 1);
    kill(c.pid, SIGUSR1);
    child_end(&c);
    CHECK(WIFEXITED(c.status) && WEXITSTATUS(c.status) == 1);
}

static int deaf_one; /* its number */

static void note_number(int stream, const char *bytes, size_t count, void *user_data) {
    (void)stream, (void)user_data;
    if (count && *bytes >= '0' && *bytes <= '9') {
        deaf_one = atoi(bytes);
        child_tell('r');
    }
}

static void abandon(void *user_data) {
    (void)user_data;
    child_tell(kill(deaf_one, 0) == 0 ? 'a' : 'x');
}

static void abandoned_role(void) {
    proc_child_options program =
        program_of(ARGUMENTS("sh", "-c", "trap '' TERM; echo $$; while :; do sleep 0.01; done"));
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    program.on_output = note_number;
    program.in = STDOUT_FILENO;
    options.grace_ns = PROC_MS(50);
    options.on_abandon = abandon;
    CHECK_OK(proc_main_with(proc_child(&program), &options));
}

static void abandoned(void) {
    child c = start_daemon("abandoned_role", 1);
    kill(c.pid, SIGTERM);
    CHECK_INT(child_event(&c), 'a');
    check_killed_by_term(&c);
}

static void leaderless_role(void) {
    proc_child_options program = program_of(ARGUMENTS(
        "sh", "-c", "(trap '' TERM; printf r; while :; do sleep 0.01; done) & wait; sleep 1000"));
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    program.stop_after_ns = PROC_SECONDS(1000);
    options.grace_ns = PROC_MS(100);
    CHECK_OK(proc_main_with(proc_child(&program), &options));
}

static void leaderless(void) {
    child c = start_daemon("leaderless_role", 1);
    kill(c.pid, SIGTERM);
    check_killed_by_term(&c);
}

enum { MANY = 8 };

static proc_error *start_again_and_again(proc_cancel *cancel, void *user_data) {
    proc_error *error = NULL;
    (void)user_data;
    while (!error)
        error = proc_run(shell("true"), NULL); /* whatever becomes of the rest */
    proc_wait(cancel, PROC_FOREVER);
    return error;
}

static void many_role(void) {
    proc_impl *all[2 * MANY];
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.grace_ns = PROC_MS(50);
    for (int i = 0; i < MANY; i++) {
        all[2 * i] = deaf();
        all[2 * i + 1] = proc_new(start_again_and_again, NULL, NULL);
    }
    CHECK_OK(proc_main_with(proc_group(all, 2 * MANY), &options));
}

static void many(void) {
    child c = start_daemon("many_role", MANY);
    kill(c.pid, SIGTERM);
    check_killed_by_term(&c);
}

CHECK_MAIN(CASE(grace), CASE(second), CASE(failure), CASE(abandoned), CASE(leaderless), CASE(many),
           ROLE(grace_role), ROLE(second_role), ROLE(failure_role), ROLE(abandoned_role),
           ROLE(leaderless_role), ROLE(many_role))
