/* A queue in a child of fork, where nobody runs the parent's. Laws:
 *
 *   parents   What is to run in the parent's fails at once with EOWNERDEAD, a run of it returns at once, and it has no descriptor.
 *   own       The child has queues of its own.
 */
#include "asleep.h"
#include "forks.h"
#include "leaf.h"

static void use_parents(void *queue) {
    leaf l = {0};
    CHECK_FAILS(
        proc_run(proc_on_queue(queue, leaf_new(&l)), NULL), EOWNERDEAD,
        "proc_on_queue: the queue is the parent process's, where nobody runs it for this one");
    CHECK_FAILS(
        proc_run(PROC_GROUP(proc_delay(PROC_MS(1)), proc_on_queue(queue, leaf_new(&l))), NULL),
        EOWNERDEAD,
        "proc_on_queue: the queue is the parent process's, where nobody runs it for this one");
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 2);
    CHECK_INT(proc_queue_run(queue, NULL, PROC_FOREVER), 0);
    errno = 0;
    CHECK_INT(proc_queue_fd(queue), -1);
    CHECK_INT(errno, EOWNERDEAD);
    proc_queue_unref(queue);
}

static void parents(void) {
    leaf l = {0};
    proc_queue *queue = proc_queue_new();
    CHECK(proc_queue_fd(queue) >= 0);
    proc_job *job = proc_start(proc_on_queue(queue, leaf_new(&l)), NULL, NULL, NULL);
    wait_until_others_sleep();
    forks_run(use_parents, queue);
    CHECK_INT(proc_queue_run(queue, NULL, 0), 1);
    CHECK_OK(proc_job_join(job));
    proc_queue_unref(queue);
}

static proc_error *fork_inside(proc_cancel *cancel, void *queue) {
    (void)cancel;
    forks_run(use_parents, queue);
    return NULL;
}

static void use_own(void *user_data) {
    (void)user_data;
    leaf l = {0};
    proc_queue *queue = proc_queue_new();
    proc_job *job = proc_start(proc_on_queue(queue, leaf_new(&l)), NULL, NULL, NULL);
    CHECK_INT(proc_queue_run(queue, NULL, PROC_FOREVER), 1);
    CHECK_OK(proc_job_join(job));
    CHECK_INT(l.runs, 1);
    proc_queue_unref(queue);
}

static void own(void) {
    forks_run(use_own, NULL);
    proc_queue *queue = proc_queue_new();
    proc_job *job =
        proc_start(proc_on_queue(queue, proc_new(fork_inside, queue, NULL)), NULL, NULL, NULL);
    CHECK_INT(proc_queue_run(queue, NULL, PROC_FOREVER), 1);
    CHECK_OK(proc_job_join(job));
    proc_queue_unref(queue);
}

CHECK_MAIN(CASE(parents), CASE(own))
