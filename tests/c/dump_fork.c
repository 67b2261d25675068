/* proc_dump in a child of fork. Laws:
 *
 *   of_the_parent  What runs in the parent is not in the child's dump: callbacks, jobs, and tasks by hand, which the child may
 *                  end. Its own is, and what the parent's list had is not mixed up with it.
 */
#include "dumped.h"
#include "forks.h"
#include "leaf.h"

enum { TASKS = 3 };

static void nothing_runs(void) {
    char *text = dump(PROC_DUMP_TEXT);
    CHECK_STR(text, "procession: 0 running\n");
    free(text);
}

static void look_in_child(void *tasks) {
    proc_cancel **of_parent = tasks;
    nothing_runs();
    proc_cancel *own = proc_task_begin(NULL, "own"), *second = proc_task_begin(own, "second");
    for (int i = 0; i < TASKS; i++)
        proc_task_end(of_parent[i], NULL);
    char *text = dump(PROC_DUMP_TEXT);
    CHECK_HAS(text, "procession: 2 running\n");
    CHECK_INSIDE(text, "task own #", NULL);
    CHECK_INSIDE(text, "task second #", "task own #");
    free(text);
    proc_task_end(own, NULL);
    proc_task_end(second, NULL);
    nothing_runs();
}

static proc_error *fork_inside(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    forks_run(look_in_child, user_data);
    return NULL;
}

static void of_the_parent(void) {
    proc_cancel *tasks[TASKS];
    for (int i = 0; i < TASKS; i++)
        tasks[i] = proc_task_begin(NULL, "of the parent");
    CHECK_OK(proc_job_join(proc_start(proc_new(fork_inside, tasks, NULL), NULL, NULL, NULL)));
    char *text = dump(PROC_DUMP_TEXT);
    CHECK_HAS(text, "procession: 3 running\n");
    free(text);
    for (int i = 0; i < TASKS; i++)
        proc_task_end(tasks[i], NULL);
    nothing_runs();
}

CHECK_MAIN(CASE(of_the_parent))
