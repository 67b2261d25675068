/* 09_main_daemon: the skeleton of a daemon: it works until SIGINT or SIGTERM, cleans up, and exits with 0.
 *
 *     cc 09_main_daemon.c -o 09_main_daemon $(pkg-config --cflags --libs procession) && ./09_main_daemon
 *
 * Stop it with Ctrl-C. proc_main turns the signal into a cancellation and waits for the process. That it stopped
 * because of the signal is no error. A second signal would end the program at once.
 */
#include <errno.h>
#include <procession.h>
#include <stdio.h>

/* A periodic process: proc_wait is its clock, and ends early when the program is asked to stop. It did what it was asked
 * to, so it returns NULL: an error, even proc_cancel_error, would end the sequence below before its cleaning up. */
static proc_error *beat(proc_cancel *cancel, void *user_data) {
    const int64_t *period = user_data;
    int beats = 0;
    do {
        printf("beat %d\n", ++beats);
    } while (!proc_wait(cancel, *period));
    return NULL;
}

/* Waits for its end, to tell why it came. */
static proc_error *watch(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_wait(cancel, PROC_FOREVER);
    const proc_error *cause = proc_cancel_cause(cancel);
    bool is_signal = proc_error_code(cause) == EINTR; /* else something in the group has failed */
    printf("the end, by a %s: %s\n", is_signal ? "signal" : "failure", proc_error_message(cause));
    return NULL;
}

/* A step of a sequence runs even when cancelled: it sees a cancelled handle, and cleans up. */
static proc_error *clean_up(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    printf("cleaned up%s\n", proc_cancelled(cancel) ? " after the cancellation" : "");
    return NULL;
}

int main(void) {
    int64_t period = PROC_SECONDS(1);
    setvbuf(stdout, NULL, _IOLBF, 0);
    proc_impl *work = PROC_GROUP(proc_task("beat", proc_new(beat, &period, NULL)),
                                 proc_task("watch", proc_new(watch, NULL, NULL)));
    return proc_exit_status(
        proc_main(PROC_SEQUENCE(work, proc_task("clean-up", proc_new(clean_up, NULL, NULL)))));
}
