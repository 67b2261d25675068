/* What the library writes by itself raises no signal, whatever becomes of who reads it. SIGPIPE and SIGXFSZ have their default
 * action and are let in, so each of these would end the program. Laws:
 *
 *   dump           proc_dump to a pipe or a socket that nobody reads fails with EPIPE, on a thread of the program.
 *   dump_limited   … and to a file that may not grow any more with EFBIG.
 *   none_waits     On a thread that blocks SIGPIPE none waits for it afterwards, and one that waited before still does.
 *   stderr_gone    A standard error that nobody reads changes no exit status, and no live tree at a signal ends anything.
 *   escape_gone    … and a callback that is left in a forbidden way still aborts the program.
 *   trace_gone     A trace into a pipe whose reader has gone fails with EPIPE at its end.
 *   snapshot_gone  … and so does a snapshot.
 *   writes         proc_write_all fails with EPIPE where nobody reads any more, whatever it is; on a thread that lets SIGPIPE in, also
 *                  on one of the library, and on one that blocks it: none waits afterwards, and one that waited still does.
 *   writes_limited … and with EFBIG to a file that may not grow any more.
 */
#include "child.h"
#include "ends.h"
#include "fds.h"
#include "leaf.h"
#include "trace_file.h"
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* Whoever has started this program may ignore them. */
__attribute__((constructor)) static void default_actions(void) {
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
}

static void check_dump_fails(int fd, int code) {
    proc_error *error = proc_dump(fd, PROC_DUMP_TEXT);
    CHECK_INT(proc_error_code(error), code);
    proc_error_unref(error);
}

static int pipe_without_reader(void) {
    int ends[2];
    CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    return ends[1];
}

static int socket_without_peer(void) {
    int ends[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    close(ends[0]);
    return ends[1];
}

static proc_error *dump_to_nobody(proc_cancel *cancel, void *user_data) {
    int fd = user_data ? socket_without_peer() : pipe_without_reader();
    (void)cancel;
    check_dump_fails(fd, EPIPE);
    close(fd);
    return NULL;
}

static void dump_role(void) {
    CHECK_OK(proc_run(proc_new(dump_to_nobody, NULL, NULL), NULL));
    CHECK_OK(proc_main(PROC_SEQUENCE(proc_new(dump_to_nobody, "socket", NULL))));
}

static void dump(void) { child_run("dump_role"); }

static void limited_role(void) {
    FILE *file = tmpfile();
    struct rlimit nothing = {0, 0};
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &nothing), 0);
    check_dump_fails(fileno(file), EFBIG);
    fclose(file);
}

static void dump_limited(void) { child_run("limited_role"); }

static bool sigpipe_waits(void) {
    sigset_t waiting;
    sigpending(&waiting);
    return sigismember(&waiting, SIGPIPE);
}

static void none_waits(void) {
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    int fd = pipe_without_reader();
    check_dump_fails(fd, EPIPE);
    CHECK(!sigpipe_waits());
    raise(SIGPIPE);
    check_dump_fails(fd, EPIPE);
    CHECK(sigpipe_waits());
    CHECK_INT(sigtimedwait(&set, NULL, &(struct timespec){0, 0}), SIGPIPE);
    CHECK(!sigpipe_waits());
    kill(getpid(), SIGPIPE); /* the program's, beside which a thread's own could wait */
    check_dump_fails(fd, EPIPE);
    CHECK_INT(sigtimedwait(&set, NULL, &(struct timespec){0, 0}), SIGPIPE);
    CHECK(!sigpipe_waits());
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(fd);
}

static void lose_stderr(void) {
    int fd = pipe_without_reader();
    dup2(fd, STDERR_FILENO);
    close(fd);
}

static proc_error *ask_for_a_dump(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGTERM);
    leaf_wait_cancelled(cancel);
    return NULL;
}

static void stderr_role(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.dump_signal = SIGUSR1;
    lose_stderr();
    CHECK_OK(proc_main_with(proc_new(ask_for_a_dump, NULL, NULL), &options));
    _exit(proc_exit_status(proc_error_new(EIO, "to nobody")) == 1 ? 0 : 2);
}

static void stderr_gone(void) { child_run("stderr_role"); }

static proc_error *leave(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    lose_stderr();
    pthread_exit(user_data);
}

static void escape_role(void) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    proc_error_unref(proc_run(proc_new(leave, NULL, NULL), NULL));
}

static void escape_gone(void) {
    child c = child_start("escape_role");
    child_end(&c);
    CHECK(WIFSIGNALED(c.status));
    CHECK_INT(WTERMSIG(c.status), SIGABRT);
}

static int fifo_with_reader(void) {
    make_directory();
    CHECK_INT(mkfifo(in_directory("fifo"), 0600), 0);
    return open(in_directory("fifo"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static void trace_role(void) {
    int reader = fifo_with_reader();
    CHECK_OK(proc_trace_start(in_directory("fifo")));
    close(reader);
    CHECK_OK(proc_run(proc_task("t", succeeding()), NULL));
    proc_error *error = proc_trace_stop();
    CHECK_INT(proc_error_code(error), EPIPE);
    proc_error_unref(error);
    remove_directory();
}

static void trace_gone(void) { child_run("trace_role"); }

/* More than a pipe holds, so that the snapshot still writes when its reader goes. */
static proc_error *say_much(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    for (int i = 0; i < 20000; i++)
        proc_trace_log(cancel, "much", "a line that is there to be some bytes long");
    return NULL;
}

static void *read_little(void *user_data) {
    char part[4096];
    int fd = *(int *)user_data;
    CHECK_BECOMES_READABLE(fd);
    CHECK(read(fd, part, sizeof part) > 0);
    close(fd);
    return NULL;
}

static void snapshot_role(void) {
    pthread_t thread;
    proc_config config = PROC_CONFIG_INIT;
    config.flight_recorder_size = 8 << 20;
    CHECK_OK(proc_configure(&config));
    CHECK_OK(proc_run(proc_new(say_much, NULL, NULL), NULL));
    int reader = fifo_with_reader();
    pthread_create(&thread, NULL, read_little, &reader);
    proc_error *error = proc_trace_snapshot(in_directory("fifo"));
    CHECK_INT(proc_error_code(error), EPIPE);
    proc_error_unref(error);
    pthread_join(thread, NULL);
    remove_directory();
}

static void snapshot_gone(void) { child_run("snapshot_role"); }

/* To each kind, with what it takes as well, so that it fails in the middle. */
static void write_to_nobody(void) {
    static const char much[1 << 20];
    FOR_EACH_ENDS(e) {
        if (e.kind > SOCKET)
            continue;
        close(e.reading);
        e.reading = -1;
        CHECK_FAILED(proc_write_all(NULL, e.writing, "x", 1, PROC_FOREVER), EPIPE);
        CHECK_FAILED(proc_write_all(NULL, e.writing, much, sizeof much, PROC_FOREVER), EPIPE);
    }
}

static proc_error *write_there(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    write_to_nobody();
    return NULL;
}

static void writes_role(void) {
    sigset_t set;
    write_to_nobody();
    CHECK_OK(proc_run(
        PROC_GROUP(proc_new(write_there, NULL, NULL), proc_new(write_there, NULL, NULL)), NULL));
    CHECK_OK(proc_job_join(proc_start(proc_new(write_there, NULL, NULL), NULL, NULL, NULL)));
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    write_to_nobody();
    CHECK(!sigpipe_waits());
    raise(SIGPIPE);
    write_to_nobody();
    CHECK(sigpipe_waits());
    CHECK_INT(sigtimedwait(&set, NULL, &(struct timespec){0, 0}), SIGPIPE);
    kill(getpid(), SIGPIPE);
    write_to_nobody();
    CHECK(sigpipe_waits());
    CHECK_INT(sigtimedwait(&set, NULL, &(struct timespec){0, 0}), SIGPIPE);
    CHECK(!sigpipe_waits());
}

static void writes(void) { child_run("writes_role"); }

static void writes_limited_role(void) {
    FILE *file = tmpfile();
    struct rlimit little = {3, 3};
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &little), 0);
    CHECK_FAILED(proc_write_all(NULL, fileno(file), "abcdef", 6, PROC_FOREVER), EFBIG);
    CHECK_FAILED(proc_write_all(NULL, fileno(file), "g", 1, PROC_FOREVER), EFBIG);
    fclose(file);
}

static void writes_limited(void) { child_run("writes_limited_role"); }

CHECK_MAIN(CASE(writes), ROLE(writes_role), CASE(writes_limited), ROLE(writes_limited_role),
           CASE(dump), ROLE(dump_role), CASE(dump_limited), ROLE(limited_role), CASE(none_waits),
           CASE(stderr_gone), ROLE(stderr_role), CASE(escape_gone), ROLE(escape_role),
           CASE(trace_gone), ROLE(trace_role), CASE(snapshot_gone), ROLE(snapshot_role))
