/* proc_child: programs, with what they begin, and what becomes of them.
 * Laws:
 *
 *   results        Exit status 0 is success; any other, and a signal, is an error with code ECHILD that names program and end; a signal
 *                  that has no name everywhere is told by its number.
 *   status         The status is as waitpid gives it; it is left alone if nothing was started.
 *   not_startable  What cannot be started fails with the system's error and its name.
 *   path           argv[0] is looked up in the PATH of this program, whatever the environment of the other, unless it has a slash.
 *   environment    It has that of this program, less what is said to this alone; or what is given, and nothing else.
 *   directory      It is started there, and relative names are looked up there.
 *   group          It leads a process group of its own, in the same session.
 *   signals        No signal is blocked, and each has its default action, also on threads of the library, and whatever this program ignores.
 *   descriptors    It has no descriptors but its streams, close-on-exec or not.
 *   streams        Its streams are the descriptors that are named, in any order, also if these are this program's streams, and
 *                  close-on-exec.
 *   nothing_named  Standard input is /dev/null; the others are this program's.
 *   no_streams     If this program has closed its streams, /dev/null is in their place; what is named is named as ever.
 *   not_open       A descriptor that is not open is EBADF.
 *   bad_input      Bad input is named.
 *   copied         All is copied, and the process may run again, and twice at once.
 *   cancelled      Cancelled before, nothing is started, and the cause is the result.
 *   lost           If somebody else has taken the status, that is said, and nothing is stored.
 *   nothing_left   No descriptor and no process is left over, whatever the result.
 *   in_tasks       An error has the names of the tasks around.
 *   dumped         The dump names the program.
 */
#include "dumped.h"
#include "fds.h"
#include "programs.h"

static void results(void) {
    CHECK_OK(run_program(ARGUMENTS("true")));
    CHECK_OK(run_program(ARGUMENTS("/bin/true")));
    CHECK_FAILS(run_program(ARGUMENTS("false")), ECHILD, "false: exit status 1");
    CHECK_FAILS(run_program(ARGUMENTS("/bin/sh", "-c", "exit 3")), ECHILD,
                "/bin/sh: exit status 3");
    CHECK_FAILS(run_shell("exit 255"), ECHILD, "sh: exit status 255");
    CHECK_FAILS(run_shell("kill -SEGV $$"), ECHILD, "sh: killed by SIGSEGV");
    CHECK_FAILS(run_shell("kill -KILL $$"), ECHILD, "sh: killed by SIGKILL");
    CHECK_FAILS(run_shell("kill -40 $$"), ECHILD, "sh: killed by signal 40");
}

static int status_of(const char *script) {
    int status = -1;
    proc_child_options options = program_of(ARGUMENTS("sh", "-c", script));
    options.status_out = &status;
    proc_error_unref(proc_run(proc_child(&options), NULL));
    return status;
}

static void status(void) {
    int killed = status_of("kill -TERM $$"), untouched = 17;
    CHECK_INT(status_of("exit 0"), 0);
    CHECK_INT(WEXITSTATUS(status_of("exit 3")), 3);
    CHECK(WIFSIGNALED(killed) && WTERMSIG(killed) == SIGTERM);
    proc_child_options options = program_of(ARGUMENTS("/nowhere/at all"));
    options.status_out = &untouched;
    proc_error_unref(proc_run(proc_child(&options), NULL));
    CHECK_INT(untouched, starts_are_seen() ? 17 : untouched);
}

static void not_startable(void) {
    proc_child_options options = program_of(ARGUMENTS("true"));
    check_not_started(run_program(ARGUMENTS("no such program")), ENOENT,
                      "no such program: No such file or directory");
    check_not_started(run_program(ARGUMENTS("/dev/null")), EACCES, "/dev/null: Permission denied");
    options.directory = "/nowhere";
    check_not_started(proc_run(proc_child(&options), NULL), ENOENT,
                      "true: No such file or directory");
}

static void path(void) {
    char *former = strdup(getenv("PATH"));
    proc_child_options options = program_of(ARGUMENTS("true"));
    options.envp = ARGUMENTS("PATH=/nowhere");
    CHECK_OK(proc_run(proc_child(&options), NULL));
    setenv("PATH", "/nowhere", 1);
    options.envp = ARGUMENTS("PATH=/bin");
    check_not_started(proc_run(proc_child(&options), NULL), ENOENT,
                      "true: No such file or directory");
    options.argv = ARGUMENTS("/bin/true");
    CHECK_OK(proc_run(proc_child(&options), NULL));
    setenv("PATH", former, 1);
    free(former);
}

static const char *const own[] = {"NOTIFY_SOCKET",    "WATCHDOG_USEC",  "WATCHDOG_PID",
                                  "LISTEN_FDS",       "LISTEN_PID",     "LISTEN_FDNAMES",
                                  "PROCESSION_TRACE", "PROCESSION_SEED"};
static const char *const others[] = {"NOTIFY_SOCKETS", "WATCHDOG", "PROCESSION_SEEDS",
                                     "MY_LISTEN_FDS"};

#define EACH(name, names)                                                                          \
    for (size_t i_ = 0; i_ < sizeof(names) / sizeof *(names) && (name = (names)[i_]); i_++)

static void environment_role(void) {
    const char *name;
    EACH(name, own) CHECK(getenv(name) == NULL);
    EACH(name, others) CHECK_STR(getenv(name), "for all");
}

static void given_role(void) {
    CHECK_STR(getenv("NOTIFY_SOCKET"), "given");
    CHECK(getenv("PATH") == NULL);
}

static void environment(void) {
    proc_child_options options = PROC_CHILD_OPTIONS_INIT;
    const char *name;
    EACH(name, own) setenv(name, "for this one", 1);
    EACH(name, others) setenv(name, "for all", 1);
    run_role("environment_role");
    EACH(name, own) CHECK_STR(getenv(name), "for this one");
    EACH(name, own) unsetenv(name);
    options.envp = ARGUMENTS("NOTIFY_SOCKET=given");
    CHECK_OK(run_role_with("given_role", options));
}

static void directory(void) {
    proc_child_options options = program_of(ARGUMENTS("sh", "-c", "test \"$(pwd -P)\" = /dev"));
    options.directory = "/dev";
    CHECK_OK(proc_run(proc_child(&options), NULL));
    options.directory = "/bin";
    options.argv = ARGUMENTS("./true");
    CHECK_OK(proc_run(proc_child(&options), NULL));
    check_not_started(run_program(ARGUMENTS("./true")), ENOENT,
                      "./true: No such file or directory");
}

static void group_role(void) {
    CHECK_INT(getpgrp(), getpid());
    CHECK_INT(getsid(0), getsid(getppid()));
}
static void group(void) { run_role("group_role"); }

/* The framework's, or a sanitizer's. */
static bool is_used_by_others(int number) {
#ifdef __SANITIZE_ADDRESS__
    if (number == SIGSEGV || number == SIGBUS || number == SIGFPE)
        return true;
#endif
    return number == SIGALRM;
}

static void signals_role(void) {
    sigset_t blocked;
    struct sigaction action;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    for (int i = 1; i < NSIG; i++) {
        CHECK(sigismember(&blocked, i) != 1);
        if (!is_used_by_others(i) && sigaction(i, NULL, &action) == 0)
            CHECK(action.sa_handler == SIG_DFL);
    }
    char status[4096] = "";
    int file = open("/proc/self/status", O_RDONLY);
    CHECK(read(file, status, sizeof status - 1) > 0);
    CHECK_HAS(status, "\nSigIgn:\t0000000000000000\n");
    close(file);
}

static proc_error *see_signals(proc_cancel *cancel, void *both) {
    (void)cancel;
    GATE_MEET((gate *)both, 2);
    run_role("signals_role");
    return NULL;
}

static void ignored(int signal_number) { (void)signal_number; }

static void signals(void) {
    gate both;
    gate_init(&both);
    sigset_t some;
    sigemptyset(&some);
    sigaddset(&some, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &some, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, ignored);
    proc_impl *see = proc_new(see_signals, &both, NULL);
    CHECK_OK(proc_run(PROC_GROUP(proc_ref(see), see), NULL));
    signal(SIGPIPE, SIG_DFL);
    signal(SIGUSR1, SIG_DFL);
    signal(SIGUSR2, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &some, NULL);
}

static void descriptors_role(void) { CHECK_INT(fds_open(), 3); }

static void descriptors(void) {
    int some[] = {dup(0), dup(0), dup2(0, 200), dup2(0, 1000)};
    fcntl(some[0], F_SETFD, FD_CLOEXEC);
    run_role("descriptors_role");
    proc_child_options options = PROC_CHILD_OPTIONS_INIT;
    options.in = some[3];
    CHECK_OK(run_role_with("descriptors_role", options));
    CHECK(fcntl(some[0], F_GETFD) == FD_CLOEXEC && fcntl(some[3], F_GETFD) == 0);
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        close(some[i]);
}

/* Runs the script with these streams, each of which may be one of the three pipes by its number from 10 on, while the streams of this
 * program are these pipes, too: 0, 1 and 2. Tells what was written to each pipe, together. */
static void run_among(const char *script, int in, int out, int err, char told[2][20]) {
    int former[3], pipes[3][2];
    proc_child_options options = program_of(ARGUMENTS("sh", "-c", script));
    for (int i = 0; i < 3; i++) {
        former[i] = fcntl(i, F_DUPFD_CLOEXEC, 100);
        CHECK_INT(pipe2(pipes[i], O_CLOEXEC), 0);
    }
    CHECK(write(pipes[0][1], "in\n", 3) == 3);
    close(pipes[0][1]);
    for (int i = 0; i < 3; i++)
        CHECK(dup3(pipes[i][i > 0], i, O_CLOEXEC) == i);
    options.in = in, options.out = out, options.err = err;
    proc_error *error = proc_run(proc_child(&options), NULL);
    for (int i = 0; i < 3; i++)
        dup2(former[i], i), close(former[i]);
    CHECK_OK(error);
    for (int i = 1; i < 3; i++)
        close(pipes[i][1]);
    for (int i = 1; i < 3; i++) {
        ssize_t count = read(pipes[i][0], told[i - 1], 19);
        told[i - 1][count > 0 ? count : 0] = '\0';
    }
    for (int i = 0; i < 3; i++)
        close(pipes[i][0]);
}

static void streams(void) {
    const char *script = "cat; echo out; echo err >&2";
    char told[2][20];
    run_among(script, 0, 1, 2, told);
    CHECK_STR(told[0], "in\nout\n");
    CHECK_STR(told[1], "err\n");
    run_among(script, 0, 2, 1, told);
    CHECK_STR(told[0], "err\n");
    CHECK_STR(told[1], "in\nout\n");
    run_among(script, 0, -1, 1, told);
    CHECK_STR(told[0], "in\nout\nerr\n");
    run_among("cat <&2; echo x >&0", 1, -1, 0,
              told); /* its input is our output, and its errors our input */
    CHECK_STR(told[0], "in\nx\n");
    CHECK_STR(told[1], "");
}

static void nothing_named(void) {
    char told[2][20];
    run_among("read line && exit 1; echo out; echo err >&2; test /proc/self/fd/0 -ef /dev/null", -1,
              -1, -1, told);
    CHECK_STR(told[0], "out\n");
    CHECK_STR(told[1], "err\n");
}

/* Its checks cannot be told: the parent has no streams. */
static void no_streams_role(void) {
    written w = {.count = {0}};
    for (int i = 0; i < 3; i++)
        close(i);
    const char *script = "test /proc/$$/fd/1 -ef /dev/null && test /proc/$$/fd/2 -ef /dev/null";
    proc_child_options options = program_of(ARGUMENTS("sh", "-c", script));
    if (proc_run(proc_child(&options), NULL))
        _exit(2);
    options.argv = ARGUMENTS("sh", "-c", "cat; echo out; echo err >&2");
    options.on_output = keep_written;
    options.user_data = &w;
    if (proc_run(proc_child(&options), NULL))
        _exit(3);
    _exit(strcmp(w.text[1], "out\n") == 0 && strcmp(w.text[2], "err\n") == 0 ? 0 : 4);
}
static void no_streams(void) { child_run("no_streams_role"); }

static void not_open(void) {
    proc_child_options options = program_of(ARGUMENTS("true"));
    int numbers[] = {900, -2, INT32_MAX}, former = fcntl(0, F_DUPFD_CLOEXEC, 100), untouched = 17;
    options.status_out = &untouched;
    for (int i = 0; i < 9; i++) {
        options.in = options.out = options.err = -1;
        *(i % 3 == 0 ? &options.in : i % 3 == 1 ? &options.out : &options.err) = numbers[i / 3];
        CHECK_FAILS(proc_run(proc_child(&options), NULL), EBADF, "true: Bad file descriptor");
    }
    options.in = options.out = options.err = -1;
    options.in = 0;
    close(0);
    CHECK_FAILS(proc_run(proc_child(&options), NULL), EBADF, "true: Bad file descriptor");
    dup2(former, 0);
    close(former);
    CHECK_INT(untouched, 17);
}

static void bad_input(void) {
    proc_child_options options = PROC_CHILD_OPTIONS_INIT;
    CHECK_FAILS(proc_run(proc_child(NULL), NULL), EINVAL, "proc_child: options is NULL");
    CHECK_FAILS(proc_run(proc_child(&options), NULL), EINVAL, "proc_child: options->argv is NULL");
    options.argv = (const char *const[]){NULL};
    CHECK_FAILS(proc_run(proc_child(&options), NULL), EINVAL,
                "proc_child: options->argv[0] is NULL");
    options.argv = ARGUMENTS("");
    CHECK_FAILS(proc_run(proc_child(&options), NULL), EINVAL,
                "proc_child: options->argv[0] is empty");
    options.argv = ARGUMENTS("true");
    options.size = 3;
    CHECK_FAILS(proc_run(proc_child(&options), NULL), EINVAL,
                "proc_child: options->size is 3, which is not the size of any version of it");
}

static void copied(void) {
    char name[] = "sh", option[] = "-c", script[] = "test $x = 1 && test \"$(pwd)\" = /",
         variable[] = "x=1", place[] = "/";
    const char *argv[] = {name, option, script, NULL}, *envp[] = {variable, NULL};
    proc_child_options options = program_of(argv);
    options.envp = envp;
    options.directory = place;
    proc_impl *impl = proc_child(&options);
    name[0] = option[0] = script[0] = variable[0] = place[0] = '\0';
    argv[0] = envp[0] = NULL;
    CHECK_OK(proc_run(proc_ref(impl), NULL));
    CHECK_OK(proc_run(PROC_GROUP(proc_ref(impl), proc_ref(impl), proc_ref(impl)), NULL));
    proc_unref(impl);
}

static void cancelled(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    int untouched = 17;
    proc_child_options options = program_of(ARGUMENTS("no such program"));
    options.status_out = &untouched;
    proc_cancel_trigger(cancel, proc_error_new(EINTR, "no more"));
    CHECK_FAILS(proc_run(proc_child(&options), cancel), EINTR, "no more");
    CHECK_INT(untouched, 17);
    proc_cancel_unref(cancel);
}

static void lost(void) {
    int untouched = 17;
    proc_child_options options = program_of(ARGUMENTS("sh", "-c", "exit 3"));
    options.status_out = &untouched;
    signal(SIGCHLD, SIG_IGN);
    CHECK_FAILS(proc_run(proc_child(&options), NULL), ECHILD, "sh: status lost");
    signal(SIGCHLD, SIG_DFL);
    CHECK_INT(untouched, 17);
}

static void nothing_left(void) {
    int before = fds_open();
    for (int i = 0; i < 10; i++) {
        written w = {.count = {0}};
        proc_child_options options = program_of(ARGUMENTS("sh", "-c", "echo x; exit 3"));
        options.on_output = keep_written;
        options.user_data = &w;
        CHECK_FAILS(proc_run(proc_child(&options), NULL), ECHILD, "sh: exit status 3");
        CHECK_STR(w.text[1], "x\n");
        options.argv = ARGUMENTS("no such program");
        proc_error_unref(proc_run(proc_child(&options), NULL));
        CHECK_OK(run_program(ARGUMENTS("true")));
    }
    CHECK_INT(fds_open(), before);
    check_no_child();
}

static void in_tasks(void) {
    proc_impl *tasks = proc_task("outer", proc_task("inner", shell("exit 3")));
    CHECK_FAILS(proc_run(tasks, NULL), ECHILD, "outer: inner: sh: exit status 3");
}

/* While the program waits for its input to end. */
static void *dump_and_end(void *ends) {
    int *input = ends;
    free(dump_until("child sh, thread ", 1));
    close(input[1]);
    return NULL;
}

static void dumped(void) {
    int input[2];
    pthread_t dumper;
    proc_child_options options = program_of(ARGUMENTS("sh", "-c", "cat"));
    CHECK_INT(pipe2(input, O_CLOEXEC), 0);
    options.in = input[0];
    CHECK_INT(pthread_create(&dumper, NULL, dump_and_end, input), 0);
    CHECK_OK(proc_run(proc_child(&options), NULL));
    pthread_join(dumper, NULL);
    close(input[0]);
}

CHECK_MAIN(CASE(results), CASE(status), CASE(not_startable), CASE(path), CASE(environment),
           CASE(directory), CASE(group), CASE(signals), CASE(descriptors), CASE(streams),
           CASE(nothing_named), CASE(no_streams), CASE(not_open), CASE(bad_input), CASE(copied),
           CASE(cancelled), CASE(lost), CASE(nothing_left), CASE(in_tasks), CASE(dumped),
           ROLE(environment_role), ROLE(given_role), ROLE(group_role), ROLE(signals_role),
           ROLE(descriptors_role), ROLE(no_streams_role))
