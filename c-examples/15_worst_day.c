/* 15_worst_day: a daemon with a handler that does not stop, and what the log says then.
 *
 *     cc 15_worst_day.c -o 15_worst_day $(pkg-config --cflags --libs procession) && ./15_worst_day
 *
 * Stop it with Ctrl-C, or by kill -TERM. It drains for half a second, and takes no new work. Then it is cancelled, and has one
 * second to end. One handler does not end: it waits for a database that does not answer, in a call that knows nothing of
 * cancellation. So the program writes what still runs to standard error, and ends by the signal. On SIGUSR1 it writes what
 * runs at any time; on SIGHUP it reads its configuration.
 */
#define _POSIX_C_SOURCE 200809L
#include <procession.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static proc_error *read_configuration(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    (void)user_data;
    printf("configuration read\n");
    return NULL;
}

/* From the stop signal on, tells the load balancer to send work to other servers. */
static proc_error *tell_health(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    bool draining = false;
    proc_ready(cancel);
    printf("health: ready\n");
    while (!proc_wait(cancel, PROC_MS(10)))
        if (!draining && (draining = proc_draining(cancel)))
            printf("health: stopping, send nothing here\n");
    printf("health: cancelled\n");
    return NULL;
}

/* A good handler: it waits in a call that a cancellation ends. */
static proc_error *handle_well(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_wait(cancel, PROC_FOREVER);
    printf("GET /: ended\n");
    return NULL;
}

/* The pipe stands for a connection to a database: nobody ever writes to it. */
static proc_error *handle_badly(proc_cancel *cancel, void *user_data) {
    int connection[2];
    char answer;
    (void)cancel;
    (void)user_data;
    if (pipe(connection) != 0)
        return proc_errno("pipe");
    printf("GET /report: asking the database\n");
    if (read(connection[0], &answer, 1) != 1)
        return proc_errno("read");
    return NULL;
}

int main(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.drain_ns = PROC_MS(500);
    options.grace_ns = PROC_SECONDS(1);
    options.dump_signal = SIGUSR1;
    options.notify = true;
    setvbuf(stdout, NULL, _IOLBF, 0);
    proc_impl *handlers = PROC_GROUP(proc_task("GET /", proc_new(handle_well, NULL, NULL)),
                                     proc_task("GET /report", proc_new(handle_badly, NULL, NULL)));
    proc_impl *reload = proc_on_signal(SIGHUP, proc_new(read_configuration, NULL, NULL));
    return proc_exit_status(
        proc_main_with(PROC_GROUP(proc_service("health", proc_new(tell_health, NULL, NULL)),
                                  proc_task("web", handlers), proc_task("reload", reload)),
                       &options));
}
