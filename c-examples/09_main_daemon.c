/* 09_main_daemon: the skeleton of a daemon: it works until SIGINT or SIGTERM, cleans up, and exits with 0.
 *
 *     cc 09_main_daemon.c -o 09_main_daemon $(pkg-config --cflags --libs procession) && ./09_main_daemon
 *
 * Stop it with Ctrl-C. proc_main turns the signal into a cancellation and waits for the process. A stop because of the
 * signal is no error. Another signal, one second later or more, would end the program at once.
 */
#include <errno.h>
#include <procession.h>
#include <stdio.h>

/* Periodic work: proc_every runs it at once and then each second, until the program is asked to stop. */
static proc_error *beat(proc_cancel *cancel, void *user_data) {
    int *beats = user_data;
    (void)cancel;
    printf("beat %d\n", ++*beats);
    return NULL;
}

/* Waits until it is cancelled, and prints why. */
static proc_error *watch(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_wait(cancel, PROC_FOREVER);
    const proc_error *cause = proc_cancel_cause(cancel);
    bool is_signal =
        proc_error_code(cause) == EINTR; /* otherwise a child of the group has failed */
    printf("the end, by a %s: %s\n", is_signal ? "signal" : "failure", proc_error_message(cause));
    return proc_cancel_error(cancel);
}

/* proc_finally runs this after the work, also if the work has failed. Its handle is not cancelled, so it can wait, and run
 * processes. */
static proc_error *clean_up(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    bool in_a_hurry = proc_wait(cancel, PROC_MS(1)); /* stands for the last messages to a peer */
    printf("cleaned up%s\n", in_a_hurry ? ", in a hurry" : "");
    return NULL;
}

int main(void) {
    int beats = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    proc_impl *beating = proc_every(PROC_SECONDS(1), proc_new(beat, &beats, NULL));
    proc_impl *work =
        PROC_GROUP(proc_task("beat", beating), proc_task("watch", proc_new(watch, NULL, NULL)));
    return proc_exit_status(
        proc_main(proc_finally(work, proc_task("clean-up", proc_new(clean_up, NULL, NULL)))));
}
