/* 03_concurrent_errors: processes that run at the same time, and the errors of all that failed.
 *
 *     cc 03_concurrent_errors.c -o 03_concurrent_errors $(pkg-config --cflags --libs procession) -pthread
 *     ./03_concurrent_errors
 *
 * proc_concurrent cancels no child when another one fails, and returns all errors, in the order of completion: the
 * first error in the list came first.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <procession.h>
#include <pthread.h>
#include <stdio.h>

struct check {
    const char *what;
    int outcome; /* 0, or the errno of the failure */
};

static pthread_barrier_t all_are_here;

static proc_error *run_check(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    const struct check *check = user_data;
    /* Concurrent processes may wait for each other: the barrier opens when all three have reached it. */
    pthread_barrier_wait(&all_are_here);
    if (check->outcome == 0)
        return NULL;
    errno = check->outcome;
    return proc_errno(check->what); /* "disk: No space left on device" */
}

int main(void) {
    struct check disk = {"disk", ENOSPC};
    struct check clock = {"clock", 0};
    struct check network = {"network", ENETDOWN};
    pthread_barrier_init(&all_are_here, NULL, 3);

    proc_error *error = proc_run(PROC_CONCURRENT(proc_new(run_check, &disk, NULL),
                                                 proc_new(run_check, &clock, NULL),
                                                 proc_new(run_check, &network, NULL)),
                                 NULL);
    pthread_barrier_destroy(&all_are_here);

    printf("%zu of 3 checks failed:\n", proc_error_count(error));
    for (size_t i = 0; i < proc_error_count(error); i++) {
        const proc_error *one = proc_error_at(error, i); /* borrowed from `error` */
        printf("code %d, %s\n", proc_error_code(one), proc_error_message(one));
    }
    printf("is the disk full? %s\n", proc_error_is(error, ENOSPC) ? "yes" : "no");
    return proc_exit_status(error);
}
