/* Which functions are cancellation points of pthread_cancel: proc_poll, and no other. Laws:
 *
 *   polling      A thread in no callback that is cancelled in proc_poll ends as one that is cancelled in poll, and keeps nothing.
 *   in_callback  In a callback that ends the program, with a message that names its task.
 *   pending      All other functions, those that wait or write or open files too, do what they do on a thread that is to be
 *                cancelled, and it is cancelled after that; in a callback, too.
 *   waiting      A thread that is cancelled while it waits in another function, also in one that reads, goes on waiting, until
 *                what it waits for comes.
 */
#include "asleep.h"
#include "child.h"
#include "fds.h"
#include "interpose.h"
#include "leaf.h"
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static proc_cancel *handle;
static int quiet[2]; /* a pipe to which nobody writes */

static void make_quiet(void) { CHECK_INT(pipe2(quiet, O_CLOEXEC), 0); }

static int poll_for_ever(proc_cancel *cancel) {
    struct pollfd files[20]; /* more than are polled without an allocation */
    for (int i = 0; i < 20; i++)
        files[i] = (struct pollfd){.fd = quiet[0], .events = POLLIN};
    return proc_poll(cancel, files, 20, PROC_FOREVER);
}

static void *poll_on(void *user_data) {
    (void)user_data;
    poll_for_ever(handle);
    return NULL;
}

/* Starts a thread, and cancels it when it waits. */
static void *cancelled_in(void *(*code)(void *)) {
    pthread_t thread;
    void *result = NULL;
    pthread_create(&thread, NULL, code, NULL);
    wait_until_others_sleep();
    pthread_cancel(thread);
    pthread_join(thread, &result);
    return result;
}

static void polling(void) {
    int before = fds_open();
    make_quiet();
    handle = proc_cancel_new(NULL);
    CHECK(cancelled_in(poll_on) == PTHREAD_CANCELED);
    proc_cancel_unref(handle); /* and with it its descriptor */
    handle = NULL;
    CHECK(cancelled_in(poll_on) == PTHREAD_CANCELED);
    close(quiet[0]), close(quiet[1]);
    CHECK_INT(fds_open(), before);
}

static proc_error *poll_in(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    poll_for_ever(cancel);
    return NULL;
}

static void *run_polling(void *user_data) {
    proc_error_unref(proc_run(proc_task("web", proc_new(poll_in, NULL, NULL)), NULL));
    return user_data;
}

static void in_callback_role(void) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    make_quiet();
    cancelled_in(run_polling);
}

static void in_callback(void) {
    child c = child_start("in_callback_role");
    child_end(&c);
    CHECK(WIFSIGNALED(c.status));
    CHECK_INT(WTERMSIG(c.status), SIGABRT);
    CHECK_HAS(c.text, "procession: a callback of the process web was left");
}

static void use_handles(void) {
    proc_cancel *cancel = proc_cancel_new(NULL), *below = proc_cancel_new(cancel);
    CHECK(proc_cancel_fd(below) >= 0);
    CHECK(!proc_wait(below, PROC_MS(1)));
    CHECK_INT(proc_poll(below, NULL, 0, PROC_MS(1)), 0);
    CHECK_INT(proc_poll(NULL, NULL, 0, PROC_MS(1)), 0);
    proc_cancel_trigger(cancel, NULL);
    CHECK(proc_wait(below, PROC_FOREVER));
    proc_cancel_unref(below);
    proc_cancel_unref(cancel);
}

/* A pipe, of which somebody has the other end, and a socket. */
static void use_io(void) {
    int ends[2], listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char byte;
    CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    CHECK_INT(proc_read(NULL, ends[0], &byte, 1, PROC_MS(1)), -1);
    CHECK_INT(proc_write_all(NULL, ends[1], "x", 1, PROC_FOREVER), 1);
    CHECK_INT(proc_read(NULL, ends[0], &byte, 1, PROC_FOREVER), 1);
    CHECK_INT(listen(listener, 1), 0);
    CHECK_INT(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    CHECK_INT(proc_accept(NULL, listener, PROC_MS(1)), -1);
    CHECK_INT(proc_connect(NULL, client, (struct sockaddr *)&address, size, PROC_FOREVER), 0);
    CHECK((server = proc_accept(NULL, listener, PROC_FOREVER)) >= 0);
    CHECK_INT(proc_write_all(NULL, client, "x", 1, PROC_FOREVER), 1);
    CHECK_INT(proc_read(NULL, server, &byte, 1, PROC_FOREVER), 1);
    const int all[] = {ends[0], ends[1], listener, client, server};
    for (int i = 0; i < 5; i++) /* close is a cancellation point */
        syscall(SYS_close, all[i]);
}

static int null; /* a file that takes all */

static void use_files(void) {
    CHECK_OK(proc_dump(null, PROC_DUMP_TEXT));
    CHECK_OK(proc_dump(null, PROC_DUMP_JSON));
    proc_stats stats = PROC_STATS_INIT;
    proc_get_stats(&stats);
    CHECK_OK(proc_trace_start("/dev/null"));
    CHECK_OK(proc_run(PROC_GROUP(succeeding(), succeeding()), NULL));
    CHECK_OK(proc_trace_stop());
    CHECK_OK(proc_trace_snapshot("/dev/null"));
    CHECK_INT(proc_exit_status(proc_error_new(EIO, "this is to be said")), 1);
}

static void use_job(void) {
    proc_job *job = proc_start(succeeding(), NULL, NULL, NULL);
    CHECK(proc_job_fd(job) >= 0);
    CHECK(proc_job_wait(job, PROC_FOREVER));
    CHECK_OK(proc_job_join(job));
}

/* Threads that are denied are asked for again after a pause. */
static void use_no_threads(void) {
    denials_left = 3;
    CHECK_OK(proc_main(PROC_GROUP(succeeding(), succeeding())));
}

static atomic_int used;

/* All but the functions of the library are no cancellation points either; those of the test that are one come before. */
static proc_error *use_all(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    pthread_cancel(pthread_self());
    use_handles();
    use_files();
    use_io();
    use_job();
    used++;
    return NULL;
}

static void *use_all_and_end(void *user_data) {
    (void)user_data;
    CHECK_OK(use_all(NULL, NULL));
    CHECK_OK(proc_run(proc_task("web", proc_new(use_all, NULL, NULL)), NULL));
    use_no_threads();
    used++;
    pthread_testcancel();
    return NULL;
}

static void pending_role(void) {
    pthread_t thread;
    void *result = NULL;
    proc_config config = PROC_CONFIG_INIT;
    config.flight_recorder_size = 1 << 20;
    CHECK_OK(proc_configure(&config));
    null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    pthread_create(&thread, NULL, use_all_and_end, NULL);
    pthread_join(thread, &result);
    CHECK_INT(used, 3);
    CHECK(result == PTHREAD_CANCELED);
    close(null);
}

static void *wait_on(void *user_data) {
    (void)user_data;
    CHECK(proc_wait(handle, PROC_FOREVER));
    used++;
    pthread_testcancel();
    return NULL;
}

static void *read_on(void *user_data) {
    char byte;
    (void)user_data;
    CHECK_INT(proc_read(handle, quiet[0], &byte, 1, PROC_FOREVER), -1);
    used++;
    pthread_testcancel();
    return NULL;
}

static void check_waits_on(void *(*code)(void *)) {
    pthread_t thread;
    void *result = NULL;
    handle = proc_cancel_new(NULL);
    used = 0;
    pthread_create(&thread, NULL, code, NULL);
    wait_until_others_sleep();
    pthread_cancel(thread);
    wait_until_others_sleep();
    CHECK_INT(used, 0);
    proc_cancel_trigger(handle, NULL);
    pthread_join(thread, &result);
    CHECK_INT(used, 1);
    CHECK(result == PTHREAD_CANCELED);
    proc_cancel_unref(handle);
}

static void waiting(void) {
    make_quiet();
    check_waits_on(wait_on);
    check_waits_on(read_on);
    close(quiet[0]), close(quiet[1]);
}

static void pending(void) { child_run("pending_role"); }

CHECK_MAIN(CASE(polling), CASE(in_callback), ROLE(in_callback_role), CASE(pending),
           ROLE(pending_role), CASE(waiting))
