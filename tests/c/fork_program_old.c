/* proc_child on older systems: what is promised holds there, too.
 * Laws, each with an older C library, with a kernel that has no descriptors of processes, and with both; and then with no thread to be had:
 *
 *   results        A program begins as it should, and its result is known. It is the older C library only where it takes a fork.
 *   stopped        It is stopped, with its group.
 *   many           Many at once.
 *   lost           If somebody else has taken the status, that is said.
 *   nothing_left   No process and no descriptor is left over.
 */
#include "fds.h"
#include "interpose.h"
#include "old_system.h"
#include "programs.h"

static atomic_int forks;
static void count_fork(void) { forks++; }

static void everywhere(void (*law)(void)) {
    static const struct {
        bool library, pidfd, close_range;
        int threads;
    } systems[] = {{true, false, false, -1},
                   {true, false, true, -1},
                   {false, true, false, -1},
                   {true, true, true, -1},
                   {false, true, false, 0}};
    /* What is asked for once is asked for in another process. */
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
        int status = -1;
        pid_t pid = fork();
        if (pid == 0) {
            old_library = systems[i].library;
            no_pidfd = systems[i].pidfd;
            no_close_range = systems[i].close_range;
            threads_left = systems[i].threads;
            forks = 0;
            law();
            CHECK_INT(forks > 0, old_library);
            CHECK(!no_pidfd || pidfds_denied > 0);
            _exit(check_failures != 0);
        }
        CHECK_INT(waitpid(pid, &status, 0), pid);
        if (!CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0))
            fprintf(stderr, "  on system %zu\n", i);
    }
}

static void begun_role(void) {
    sigset_t blocked;
    struct sigaction action;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    for (int i = 1; i < NSIG; i++) {
        CHECK(sigismember(&blocked, i) != 1);
        if (i != SIGALRM && sigaction(i, NULL, &action) == 0) /* that is the framework's */
            CHECK(action.sa_handler == SIG_DFL);
    }
    CHECK_INT(getpgrp(), getpid());
    CHECK_INT(fds_open(), 3);
    CHECK_INT(chdir("../bin"), 0);
}

static void start_some(void) {
    written w = {.count = {0}};
    proc_child_options options = PROC_CHILD_OPTIONS_INIT;
    dup2(0, 200);
    signal(SIGPIPE, SIG_IGN);
    options.directory = "/dev";
    CHECK_OK(run_role_with("begun_role", options));
    signal(SIGPIPE, SIG_DFL);
    CHECK_FAILS(run_shell("exit 3"), ECHILD, "sh: exit status 3");
    CHECK_FAILS(run_shell("kill -SEGV $$"), ECHILD, "sh: killed by SIGSEGV");
    CHECK_FAILS(run_program(ARGUMENTS("no such program")), ENOENT,
                "no such program: No such file or directory");
    CHECK_FAILS(run_program(ARGUMENTS("/nowhere/true")), ENOENT,
                "/nowhere/true: No such file or directory");
    CHECK_FAILS(run_program(ARGUMENTS("/dev/null")), EACCES, "/dev/null: Permission denied");
    options = program_of(ARGUMENTS("sh", "-c", "read line || echo out; echo err >&2"));
    options.on_output = keep_written;
    options.user_data = &w;
    CHECK_OK(proc_run(proc_child(&options), NULL));
    CHECK_STR(w.text[1], "out\n");
    CHECK_STR(w.text[2], "err\n");
    options.directory = "/nowhere";
    CHECK_FAILS(proc_run(proc_child(&options), NULL), ENOENT, "sh: No such file or directory");
    options.in = 900;
    CHECK_FAILS(proc_run(proc_child(&options), NULL), EBADF, "sh: Bad file descriptor");
}
static void results(void) { everywhere(start_some); }

static void cancel_it(int stream, const char *bytes, size_t count, void *user_data) {
    keep_written(stream, bytes, count, user_data);
    proc_cancel_trigger(proc_current(), proc_error_new(EINTR, "enough"));
}

static void stop_some(void) {
    static const char *const scripts[] = {
        "echo $$; exec sleep 1000", "trap '' TERM; sleep 1000 & echo $!; wait; sleep 1000",
        "(trap '' TERM; sleep 0.01; echo $$; sleep 1000) & exec sleep 1000"};
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        written w = {.count = {0}};
        proc_cancel *cancel = proc_cancel_new(NULL);
        proc_child_options options = program_of(ARGUMENTS("sh", "-c", scripts[i]));
        options.on_output = cancel_it;
        options.user_data = &w;
        options.stop_after_ns = PROC_MS(30);
        CHECK_FAILS(proc_run(proc_child(&options), cancel), EINTR, "enough");
        proc_cancel_unref(cancel);
        CHECK(w.count[1] > 0);
    }
    CHECK_FAILS(proc_run(proc_timeout(PROC_MS(20), shell("sleep 1000")), NULL), ETIMEDOUT,
                "timed out after 20 ms");
}
static void stopped(void) { everywhere(stop_some); }

static proc_error *run_one(proc_cancel *cancel, size_t index, void *user_data) {
    (void)index, (void)user_data;
    return proc_run(shell("true"), cancel);
}

static void run_many(void) {
    CHECK_OK(proc_run(proc_each(check_scaled(40), threads_left == 0 ? 1 : 8, run_one, NULL, NULL),
                      NULL));
}
static void many(void) { everywhere(run_many); }

static void lose_one(void) {
    signal(SIGCHLD, SIG_IGN);
    CHECK_FAILS(run_shell("exit 3"), ECHILD, "sh: status lost");
    signal(SIGCHLD, SIG_DFL);
}
static void lost(void) { everywhere(lose_one); }

static void leave_nothing(void) {
    int before = fds_open();
    for (int i = 0; i < 5; i++) {
        proc_error_unref(run_shell("exit 3"));
        proc_error_unref(run_program(ARGUMENTS("no such program")));
    }
    CHECK_INT(fds_open(), before);
    check_no_child();
}
static void nothing_left(void) { everywhere(leave_nothing); }

int main(int argc, char **argv) {
    static const check_case cases[] = {CASE(results), CASE(stopped),      CASE(many),
                                       CASE(lost),    CASE(nothing_left), ROLE(begun_role)};
    pthread_atfork(count_fork, NULL, NULL);
    return check_main(cases, sizeof cases / sizeof *cases, argc > 1 ? argv[1] : NULL);
}
