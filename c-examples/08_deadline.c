/* 08_deadline: cancelling with a handle of one's own, and a time limit made of two processes.
 *
 *     cc 08_deadline.c -o 08_deadline $(pkg-config --cflags --libs procession) && ./08_deadline
 *
 * Whoever holds a handle can cancel what runs under it, with a cause that all below it can read. And a limit needs no
 * function of its own: it is a process that fails when time is up, in a group with the work.
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

static proc_error *time_limit(proc_cancel *cancel, void *user_data) {
    const int64_t *limit = user_data;
    if (proc_wait(cancel, *limit))
        return proc_cancel_error(cancel);
    return proc_error_new(ETIMEDOUT, "time is up");
}

static proc_error *close_shop(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    proc_cancel_trigger(user_data, proc_error_new(ECANCELED, "the shop closes"));
    return NULL;
}

int main(void) {
    /* The group fails with its first error, ETIMEDOUT: that the work stopped because of it is no second error. */
    int64_t limit = PROC_MS(20);
    proc_error *error = proc_run(PROC_GROUP(proc_new(work_until_stopped, "limited", NULL),
                                            proc_new(time_limit, &limit, NULL)),
                                 NULL);
    printf("limited: %s\n", proc_error_message(error));
    proc_error_unref(error);

    /* A handle below the shop's: cancelling the shop cancels it too, with the same cause. */
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
