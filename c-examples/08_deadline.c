/* 08_deadline: time limits by one call, and cancelling with a handle of your own.
 *
 *     cc 08_deadline.c -o 08_deadline $(pkg-config --cflags --libs procession) && ./08_deadline
 *
 * proc_timeout cancels its process when the time is up, and ends at once if the process ends earlier. A process can ask how much
 * time is left, and why it was cancelled. Code that holds a handle can cancel everything below it, with a cause that all below can
 * read.
 */
#include <errno.h>
#include <procession.h>
#include <stdio.h>

static proc_error *work_until_stopped(proc_cancel *cancel, void *user_data) {
    const char *name = user_data;
    proc_wait(cancel, PROC_FOREVER);
    printf("%s: stopped, because: %s\n", name, proc_error_message(proc_cancel_cause(cancel)));
    return proc_cancel_error(cancel);
}

static proc_error *work_a_little(proc_cancel *cancel, void *user_data) {
    printf("%s: %s\n", (const char *)user_data, proc_wait(cancel, PROC_MS(1)) ? "stopped" : "done");
    return proc_cancel_error(cancel);
}

/* A function that takes a timeout of its own would get the remaining time. */
static proc_error *ask_a_server(proc_cancel *cancel, void *user_data) {
    bool is_left = proc_cancel_remaining(cancel) <= PROC_SECONDS(60);
    printf("%s: %s\n", (const char *)user_data, is_left ? "at most a minute is left" : "no limit");
    return NULL;
}

static proc_error *close_shop(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    proc_cancel_trigger(user_data, proc_error_new(ECANCELED, "the shop closes"));
    return NULL;
}

int main(void) {
    /* The process returns the cause of its cancellation, with code ETIMEDOUT. If it returned NULL, the run would succeed. */
    proc_error *error =
        proc_run(proc_timeout(PROC_MS(20), proc_new(work_until_stopped, "limited", NULL)), NULL);
    printf("limited: %s\n", proc_error_message(error));
    proc_error_unref(error);

    /* The run ends with the process, not after an hour. */
    error =
        proc_run(proc_timeout(PROC_SECONDS(3600), proc_new(work_a_little, "quick", NULL)), NULL);
    printf("quick: %s\n", proc_error_message(error));
    proc_error_unref(error);

    /* A handle with a deadline, for several calls that share the time. */
    proc_cancel *limit = proc_cancel_new_timeout(NULL, PROC_SECONDS(60));
    error = proc_run(proc_new(ask_a_server, "asking", NULL), limit);
    printf("asking: %s\n", proc_error_message(error));
    proc_error_unref(error);
    proc_cancel_unref(limit);

    /* The counter's handle is below the shop's: cancelling the shop cancels it, too, with the same cause. */
    proc_cancel *shop = proc_cancel_new(NULL);
    proc_cancel *counter = proc_cancel_new(shop);
    error = proc_run(PROC_CONCURRENT(proc_new(work_until_stopped, "counter", NULL),
                                     proc_new(close_shop, shop, NULL)),
                     counter);
    printf("counter: %s\n", proc_error_message(error));
    proc_error_unref(error);
    proc_cancel_unref(counter);
    proc_cancel_unref(shop);
    return 0;
}
