/* 17_job_runner: runs commands, at most four at a time, and says which ones have failed and why.
 *
 *     cc 17_job_runner.c -o 17_job_runner $(pkg-config --cflags --libs procession)
 *     ./17_job_runner 'echo one; sleep 1' 'sleep 60' false
 *
 * Each argument is a shell command, which runs in a process group of its own. On SIGINT or SIGTERM no more commands
 * begin; each running group gets SIGTERM, and SIGKILL if processes of it are left after two seconds. When this program ends, also
 * by force, no process of a stopped group goes on. It exits with 0 if all commands have succeeded. Background processes of a command
 * that has ended by itself are not stopped.
 */
#include <errno.h>
#include <procession.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 4, GRACE_SECONDS = 2 };

struct job {
    const char *command;
    bool has_begun, is_stopped;
};

struct jobs {
    struct job *all;
    size_t count;
    atomic_size_t failed;
};

static proc_error *run_job(proc_cancel *cancel, void *user_data) {
    struct job *job = user_data;
    const char *const words[] = {"sh", "-c", job->command, NULL};
    proc_child_options options = PROC_CHILD_OPTIONS_INIT;
    options.argv = words;
    options.stop_after_ns = PROC_SECONDS(GRACE_SECONDS);
    job->has_begun = true;
    proc_task_label(cancel, job->command);
    proc_error *error = proc_run(proc_child(&options), cancel);
    job->is_stopped = proc_error_is_echo(error, cancel);
    return proc_error_wrap(error, "%s", job->command);
}

/* Reports a failure; the other commands go on. */
static proc_error *tell_failure(proc_error *error, void *user_data) {
    struct jobs *jobs = user_data;
    atomic_fetch_add(&jobs->failed, 1);
    fprintf(stderr, "%s\n", proc_error_message(error));
    proc_error_unref(error);
    return NULL;
}

static proc_error *run_all(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    struct jobs *jobs = user_data;
    proc_error *error = NULL;
    (void)cancel;
    for (size_t i = 0; !error && i < jobs->count; i++) /* proc_spawn waits while MOST run */
        error = proc_spawn(nursery, proc_task("job", proc_new(run_job, &jobs->all[i], NULL)));
    return error;
}

/* A stopped command is no failure for the nursery, so this counts the stopped commands, and those that never began. */
static proc_error *result(struct jobs *jobs, proc_error *error) {
    size_t stopped = 0, left = 0;
    for (size_t i = 0; i < jobs->count; i++) {
        const struct job *job = &jobs->all[i];
        if (job->is_stopped && ++stopped)
            fprintf(stderr, "stopped: %s\n", job->command);
        if (!job->has_begun && ++left)
            fprintf(stderr, "not begun: %s\n", job->command);
    }
    if (error || jobs->failed + stopped + left == 0)
        return error;
    return proc_errorf(ECHILD, "%zu of %zu failed, %zu stopped, %zu not begun", jobs->failed,
                       jobs->count, stopped, left);
}

int main(int argc, char **argv) {
    struct jobs jobs = {.count = (size_t)argc - 1};
    jobs.all = calloc((size_t)argc, sizeof *jobs.all);
    if (jobs.all == NULL)
        return proc_exit_status(proc_errno("start"));
    for (size_t i = 0; i < jobs.count; i++)
        jobs.all[i].command = argv[i + 1];
    proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
    options.limit = MOST;
    options.on_failure = tell_failure;
    options.user_data = &jobs;
    proc_error *error = proc_main(proc_with_nursery(run_all, &jobs, NULL, &options));
    int status = proc_exit_status(result(&jobs, error));
    free(jobs.all);
    return status;
}
