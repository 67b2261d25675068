/* 04_group_first_failure: in a group the first child to fail cancels the others, and all are waited for.
 *
 *     cc 04_group_first_failure.c -o 04_group_first_failure $(pkg-config --cflags --libs procession)
 *     ./04_group_first_failure
 *
 * A process that has nothing to do until it is cancelled waits in proc_wait. With proc_cancel_error it says "stopped, as
 * asked"; the group recognizes the cause of its own cancellation, and reports only the failure.
 */
#include <errno.h>
#include <procession.h>
#include <stdio.h>

static proc_error *listen_for_calls(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_wait(cancel, PROC_FOREVER);
    printf("the listener stops, because: %s\n", proc_error_message(proc_cancel_cause(cancel)));
    return proc_cancel_error(cancel);
}

static proc_error *refresh_cache(proc_cancel *cancel, void *user_data) {
    int *rounds = user_data;
    while (!proc_wait(cancel, PROC_SECONDS(60)))
        ++*rounds;
    return proc_cancel_error(cancel);
}

static proc_error *connect_to_database(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    (void)user_data;
    return proc_error_new(ECONNREFUSED, "the database is not there");
}

int main(void) {
    int rounds = 0;
    proc_error *error = proc_run(PROC_GROUP(proc_new(listen_for_calls, NULL, NULL),
                                            proc_new(refresh_cache, &rounds, NULL),
                                            proc_new(connect_to_database, NULL, NULL)),
                                 NULL);
    printf("all three have ended, with %zu error\n", proc_error_count(error));
    return proc_exit_status(error);
}
