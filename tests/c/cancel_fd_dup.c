/* Duplicates of descriptors of the library, which stay with who made them. Laws:
 *
 *   cancelled       A duplicate of a handle's descriptor is readable for good once the handle is cancelled, also after that
 *                   is gone.
 *   group_ends      … at the latest when a group has ended, whose handle nobody keeps, in tasks or not, on success too;
 *   run_ends        … when a run has ended that was given no handle;
 *   released        … when the handle is released, and nothing will cancel it any more.
 *   wakes           It wakes who waits there.
 *   job             A duplicate of a job's descriptor is readable once the job is complete, and when it is joined.
 */
#include "fds.h"
#include "leaf.h"

static void cancelled(void) {
    proc_cancel *cancel = proc_cancel_new(NULL), *below = proc_cancel_new(cancel);
    int copies[] = {dup(proc_cancel_fd(cancel)), dup(proc_cancel_fd(below))};
    CHECK_QUIET(copies[0]);
    CHECK_QUIET(copies[1]);
    proc_cancel_trigger(cancel, NULL);
    proc_cancel_unref(below);
    proc_cancel_unref(cancel);
    for (int i = 0; i < 2; i++) {
        CHECK(fd_state(copies[i]) & POLLIN);
        close(copies[i]);
    }
}

static proc_error *duplicate(proc_cancel *cancel, void *user_data) {
    int copy = dup(proc_cancel_fd(cancel));
    CHECK_QUIET(copy);
    *(int *)user_data = copy;
    return NULL;
}

static void check_over(int copy) {
    CHECK(fd_state(copy) & POLLIN);
    close(copy);
}

static void group_ends(void) {
    int copies[2];
    CHECK_OK(proc_run(PROC_GROUP(proc_new(duplicate, &copies[0], NULL)), NULL));
    check_over(copies[0]);
    CHECK_OK(proc_run(PROC_GROUP(proc_new(duplicate, &copies[0], NULL),
                                 proc_task("t", proc_new(duplicate, &copies[1], NULL))),
                      NULL));
    check_over(copies[0]);
    check_over(copies[1]);
}

static void run_ends(void) {
    int copy;
    CHECK_OK(proc_run(proc_new(duplicate, &copy, NULL), NULL));
    check_over(copy);
    CHECK_OK(proc_run(proc_task("t", proc_new(duplicate, &copy, NULL)), NULL));
    check_over(copy);
}

static void released(void) {
    int open = fds_open();
    proc_cancel *cancel = proc_cancel_new(NULL);
    int copy = dup(proc_cancel_fd(cancel));
    CHECK_QUIET(copy);
    proc_cancel_unref(cancel);
    CHECK_INT(fds_open(), open + 1);
    check_over(copy);
}

typedef struct watch {
    int copy;
    gate watched;
} watch;

static void *wait_there(void *user_data) {
    watch *w = user_data;
    gate_open(&w->watched);
    CHECK_BECOMES_READABLE(w->copy);
    return NULL;
}

static void wakes(void) {
    watch w;
    pthread_t waiter;
    proc_cancel *cancel = proc_cancel_new(NULL);
    gate_init(&w.watched);
    w.copy = dup(proc_cancel_fd(cancel));
    CHECK_INT(pthread_create(&waiter, NULL, wait_there, &w), 0);
    GATE_WAIT(&w.watched);
    proc_cancel_unref(cancel);
    pthread_join(waiter, NULL);
    close(w.copy);
}

static void job(void) {
    for (int joined_first = 0; joined_first <= 1; joined_first++) {
        gate go_on;
        gate_init(&go_on);
        leaf l = {.waits = &go_on};
        proc_job *job = proc_start(leaf_new(&l), NULL, NULL, NULL);
        int copy = dup(proc_job_fd(job));
        CHECK_QUIET(copy);
        gate_open(&go_on);
        CHECK(joined_first || proc_job_wait(job, PROC_FOREVER));
        if (joined_first)
            CHECK_OK(proc_job_join(job));
        CHECK(fd_state(copy) & POLLIN);
        if (!joined_first)
            CHECK_OK(proc_job_join(job));
        check_over(copy);
    }
}

CHECK_MAIN(CASE(cancelled), CASE(group_ends), CASE(run_ends), CASE(released), CASE(wakes),
           CASE(job))
