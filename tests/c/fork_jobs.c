/* What a child of fork has of its parent's jobs and hooks, whose threads are not there. Laws:
 *
 *   running         Of a job that runs in the parent, the child is told at once: joining is an error with code EOWNERDEAD, waiting
 *                   is false, with that errno, and so is its descriptor (-1); and the child is not inside of it. In the parent
 *                   the job is what it was.
 *   complete        So it is of a job that is complete, and of one on whose descriptor the parent waits.
 *   from_inside     So it is in a child that a callback of the job has forked; and on_done is not called in it.
 *   own             The child has jobs of its own.
 *   hook_runs       Removing a hook that another thread of the parent runs does not wait for that.
 *   hook_forks      Nor does removing it in a child which that run has forked.
 *   joined_by       A job that another thread of the parent is joining from inside of a job is not waited for, either.
 */
#include "asleep.h"
#include "forks.h"
#include "leaf.h"

static void check_not_there(void *user_data) {
    proc_job *job = user_data;
    errno = 0;
    CHECK(!proc_job_wait(job, PROC_FOREVER));
    CHECK_INT(errno, EOWNERDEAD);
    errno = 0;
    CHECK_INT(proc_job_fd(job), -1);
    CHECK_INT(errno, EOWNERDEAD);
    CHECK(!proc_job_inside(job));
    proc_error *error = proc_job_join(job);
    CHECK_INT(proc_error_code(error), EOWNERDEAD);
    CHECK_HAS(proc_error_message(error), "proc_job_join: ");
    proc_error_unref(error);
}

static void running(void) {
    gate may_end;
    gate_init(&may_end);
    leaf l = {.waits = &may_end, .fails = "in the parent"};
    proc_job *job = proc_start(leaf_new(&l), NULL, NULL, NULL);
    forks_run(check_not_there, job);
    CHECK(!proc_job_wait(job, 0));
    gate_open(&may_end);
    CHECK_FAILS(proc_job_join(job), EIO, "in the parent");
}

static void complete(void) {
    leaf l = {.fails = "in the parent"};
    proc_job *job = proc_start(leaf_new(&l), NULL, NULL, NULL);
    int fd = proc_job_fd(job);
    CHECK(proc_job_wait(job, PROC_FOREVER));
    forks_run(check_not_there, job);
    CHECK_INT(proc_job_fd(job), fd);
    CHECK_FAILS(proc_job_join(job), EIO, "in the parent");
}

typedef struct inside {
    gate known;
    proc_job *job;
    atomic_int told;
} inside;

static proc_error *fork_in_job(proc_cancel *cancel, void *user_data) {
    inside *i = user_data;
    (void)cancel;
    GATE_WAIT(&i->known);
    forks_run(check_not_there, i->job);
    return NULL;
}

static void count(void *user_data) { ++*(atomic_int *)user_data; }

static void from_inside(void) {
    inside i = {.told = 0};
    gate_init(&i.known);
    i.job = proc_start(proc_new(fork_in_job, &i, NULL), NULL, count, &i.told);
    gate_open(&i.known);
    CHECK_OK(proc_job_join(i.job));
    CHECK_INT(i.told, 1);
}

static void use_jobs(void *user_data) {
    atomic_int told = 0;
    (void)user_data;
    proc_job *job = proc_start(failing("in the child"), NULL, count, &told);
    CHECK(proc_job_wait(job, PROC_FOREVER));
    CHECK(proc_job_fd(job) >= 0);
    CHECK_FAILS(proc_job_join(job), EIO, "in the child");
    CHECK_INT(told, 1);
    check_works();
}

static void own(void) {
    gate may_end;
    gate_init(&may_end);
    leaf l = {.waits = &may_end};
    proc_job *job = proc_start(leaf_new(&l), NULL, NULL, NULL);
    forks_run(use_jobs, NULL);
    gate_open(&may_end);
    CHECK_OK(proc_job_join(job));
}

typedef struct hooked {
    proc_cancel *cancel;
    proc_hook *hook;
    gate runs, may_end;
} hooked;

static void run_until(void *user_data) {
    hooked *h = user_data;
    gate_open(&h->runs);
    GATE_WAIT(&h->may_end);
}

static void *cancel_elsewhere(void *user_data) {
    proc_cancel_trigger(((hooked *)user_data)->cancel, NULL);
    return NULL;
}

static void remove_hook(void *user_data) { proc_hook_remove(((hooked *)user_data)->hook); }

static void hook_runs(void) {
    hooked h = {.cancel = proc_cancel_new(NULL)};
    pthread_t canceller;
    gate_init(&h.runs);
    gate_init(&h.may_end);
    h.hook = proc_on_cancel(h.cancel, run_until, &h);
    CHECK_INT(pthread_create(&canceller, NULL, cancel_elsewhere, &h), 0);
    GATE_WAIT(&h.runs);
    forks_run(remove_hook, &h);
    gate_open(&h.may_end);
    pthread_join(canceller, NULL);
    proc_hook_remove(h.hook);
    proc_cancel_unref(h.cancel);
}

static void fork_in_hook(void *user_data) { forks_run(remove_hook, user_data); }

static void hook_forks(void) {
    hooked h = {.cancel = proc_cancel_new(NULL)};
    h.hook = proc_on_cancel(h.cancel, fork_in_hook, &h);
    proc_cancel_trigger(h.cancel, NULL);
    proc_hook_remove(h.hook);
    proc_cancel_unref(h.cancel);
}

static proc_error *join_other(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    return proc_job_join(user_data);
}

static void joined_by(void) {
    gate may_end;
    gate_init(&may_end);
    leaf l = {.waits = &may_end};
    proc_job *job = proc_start(leaf_new(&l), NULL, NULL, NULL);
    proc_job *joins = proc_start(proc_new(join_other, job, NULL), NULL, NULL, NULL);
    wait_until_others_sleep();
    forks_run(check_not_there, joins);
    forks_run(use_jobs, NULL);
    gate_open(&may_end);
    CHECK_OK(proc_job_join(joins));
}

CHECK_MAIN(CASE(running), CASE(complete), CASE(from_inside), CASE(own), CASE(hook_runs),
           CASE(hook_forks), CASE(joined_by))
