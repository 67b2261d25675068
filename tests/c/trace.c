/* Starting and stopping a trace. Laws:
 *
 *   on_and_off         A trace is on from start to stop; the file is there, and is closed. It may be done again.
 *   one_at_a_time      A second start fails with EBUSY, and leaves the first trace and its file alone.
 *   not_on             Stop without start fails with EINVAL; so does a second stop.
 *   bad_paths          NULL, "", a directory, a missing one, a pipe that nobody reads: an error that says so, nothing is on.
 *   disk_full          A full disk is an error of stop; the program goes on.
 *   size_limit         So is a limit on the size of files, whose signal ends nobody, and no packet is left in part.
 *   deleted            So is a file that was deleted.
 *   all_closed         A program that closes all descriptors hears of it from stop, and a file that gets our number is not
 *                      touched, nor closed.
 *   no_thread          Without a thread to be had, start fails with EAGAIN, and nothing is on.
 *   idle               Without a trace, there is no thread for one.
 *   from_all_sides     Threads may start and stop as they like: some succeed, the others are told.
 *   no_recorder        A snapshot without a flight recorder fails with ENODATA.
 */
#include "child.h"
#include "interpose.h"
#include "trace_file.h"
#include <sys/resource.h>

static void on_and_off(void) {
    make_directory();
    const char *path = in_directory("trace");
    for (int i = 0; i < 3; i++) {
        CHECK(!proc_trace_enabled());
        CHECK_OK(proc_trace_start(path));
        CHECK(proc_trace_enabled());
        CHECK_INT(descriptors_of(path), 1);
        CHECK_OK(proc_trace_stop());
        CHECK(size_of(path) > 0);
        CHECK_INT(descriptors_of(path), 0);
    }
    CHECK(!proc_trace_enabled());
    remove_directory();
}

static void one_at_a_time(void) {
    make_directory();
    CHECK_OK(proc_trace_start(in_directory("one")));
    check_refused(proc_trace_start(in_directory("other")), EBUSY,
                  "proc_trace_start: a trace is on already");
    check_refused(proc_trace_start(in_directory("one")), EBUSY, "a trace is on already");
    CHECK(proc_trace_enabled());
    CHECK_INT(size_of(in_directory("other")), -1);
    CHECK_OK(proc_trace_stop());
    CHECK(size_of(in_directory("one")) > 0);
    remove_directory();
}

static void not_on(void) {
    make_directory();
    check_refused(proc_trace_stop(), EINVAL, "proc_trace_stop: no trace is on");
    CHECK_OK(proc_trace_start(in_directory("trace")));
    CHECK_OK(proc_trace_stop());
    check_refused(proc_trace_stop(), EINVAL, "proc_trace_stop: no trace is on");
    remove_directory();
}

static void bad_paths(void) {
    make_directory();
    check_refused(proc_trace_start(NULL), EINVAL, "proc_trace_start: path is NULL");
    check_refused(proc_trace_start(""), EINVAL, "proc_trace_start: path is empty");
    check_refused(proc_trace_start(directory), EISDIR, directory);
    check_refused(proc_trace_start(in_directory("missing/trace")), ENOENT,
                  "missing/trace: No such");
    CHECK(mkfifo(in_directory("pipe"), 0600) == 0);
    check_refused(proc_trace_start(in_directory("pipe")), ENXIO, "pipe: No such device");
    check_refused(proc_trace_snapshot(NULL), EINVAL, "proc_trace_snapshot: path is NULL");
    check_refused(proc_trace_snapshot(""), EINVAL, "proc_trace_snapshot: path is empty");
    CHECK(!proc_trace_enabled());
    remove_directory();
}

static void disk_full(void) {
    CHECK_OK(proc_trace_start("/dev/full"));
    check_refused(proc_trace_stop(), ENOSPC, "proc_trace_stop: /dev/full: No space left");
    CHECK(!proc_trace_enabled());
}

/* Less than a trace begins with. */
static void size_limit_role(void) {
    struct rlimit limit = {.rlim_cur = 50, .rlim_max = 50};
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    make_directory();
    CHECK_OK(proc_trace_start(in_directory("trace")));
    check_refused(proc_trace_stop(), EFBIG, "trace: File too large");
    CHECK_INT(size_of(in_directory("trace")), 0);
    remove_directory();
}

static void size_limit(void) { child_run("size_limit_role"); }

static void deleted(void) {
    make_directory();
    CHECK_OK(proc_trace_start(in_directory("trace")));
    CHECK(unlink(in_directory("trace")) == 0);
    check_refused(proc_trace_stop(), ENOENT, "trace: No such file");
    remove_directory();
}

/* Whatever number the trace's file had, one of these gets it. */
static void all_closed_role(void) {
    enum { FILES = 20 };
    int files[FILES];
    make_directory();
    CHECK_OK(proc_trace_start(in_directory("trace")));
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
    check_refused(proc_trace_stop(), EBADF, "trace: Bad file descriptor");
    CHECK_OK(proc_trace_start(in_directory("trace")));
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
    for (int i = 0; i < FILES; i++)
        files[i] = open(in_directory("mine"), O_RDWR | O_CREAT, 0600);
    check_refused(proc_trace_stop(), EBADF, "trace: Bad file descriptor");
    for (int i = 0; i < FILES; i++)
        CHECK(close(files[i]) == 0);
    CHECK_INT(size_of(in_directory("mine")), 0);
    remove_directory();
}

static void all_closed(void) { child_run("all_closed_role"); }

static void no_thread_role(void) {
    make_directory();
    CHECK_INT(threads_created, 0);
    threads_left = 0;
    check_refused(proc_trace_start(in_directory("trace")), EAGAIN, "no thread could be had");
    CHECK(!proc_trace_enabled());
    CHECK_INT(descriptors_of(in_directory("trace")), 0);
    threads_left = -1;
    CHECK_OK(proc_trace_start(in_directory("trace")));
    CHECK_OK(proc_trace_stop());
    remove_directory();
}

static void no_thread(void) { child_run("no_thread_role"); }

static proc_error *nothing(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    return NULL;
}

static void idle_role(void) {
    proc_impl *leaf = proc_new(nothing, NULL, NULL);
    CHECK_OK(proc_run(proc_trace_region("region", proc_task("task", leaf)), NULL));
    CHECK(!proc_trace_enabled());
    CHECK_INT(threads_created, 0);
}

static void idle(void) { child_run("idle_role"); }

static atomic_int started, stopped;

static void *start_and_stop(void *path) {
    for (int i = 0; i < 50; i++) {
        proc_error *error = proc_trace_start(path);
        started += error == NULL;
        CHECK(error == NULL || proc_error_code(error) == EBUSY);
        proc_error_unref(error);
        error = proc_trace_stop();
        stopped += error == NULL;
        CHECK(error == NULL || proc_error_code(error) == EINVAL);
        proc_error_unref(error);
    }
    return NULL;
}

static void from_all_sides(void) {
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    char path[100];
    make_directory();
    snprintf(path, sizeof path, "%s", in_directory("trace"));
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, start_and_stop, path) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK(started > 0);
    CHECK_INT(stopped, started);
    CHECK(!proc_trace_enabled());
    remove_directory();
}

static void no_recorder(void) {
    check_refused(proc_trace_snapshot("/dev/null"), ENODATA,
                  "proc_trace_snapshot: the flight recorder is off");
}

CHECK_MAIN(CASE(on_and_off), CASE(one_at_a_time), CASE(not_on), CASE(bad_paths), CASE(disk_full),
           CASE(size_limit), ROLE(size_limit_role), CASE(deleted), CASE(all_closed),
           ROLE(all_closed_role), CASE(no_thread), ROLE(no_thread_role), CASE(idle),
           ROLE(idle_role), CASE(from_all_sides), CASE(no_recorder))
