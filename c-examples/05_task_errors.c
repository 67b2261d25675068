/* 05_task_errors: tasks give names to work, and their errors say where it went wrong.
 *
 *     cc 05_task_errors.c -o 05_task_errors $(pkg-config --cflags --libs procession) && ./05_task_errors
 *
 * An error is a tree: a task error has a cause, a multi error has several items. This program walks the whole tree, and
 * looks for one task's error in it.
 */
#include <errno.h>
#include <procession.h>
#include <stdio.h>

static proc_error *fail(proc_cancel *cancel, void *user_data) {
    /* The first task fails at once, the other one when it is cancelled, so the order is always the same. */
    const int *code = user_data;
    proc_wait(cancel, *code == EIO ? 0 : PROC_FOREVER);
    return proc_error_new(*code, NULL);
}

static void print_tree(const proc_error *error, int depth) {
    if (proc_error_task_type(error)) {
        printf("%*stask %s\n", depth * 2, "", proc_error_task_type(error));
        print_tree(proc_error_cause(error), depth + 1);
    } else if (proc_error_count(error) > 1) {
        printf("%*s%zu errors\n", depth * 2, "", proc_error_count(error));
        for (size_t i = 0; i < proc_error_count(error); i++)
            print_tree(proc_error_at(error, i), depth + 1);
    } else {
        printf("%*scode %d: %s\n", depth * 2, "", proc_error_code(error),
               proc_error_message(error));
    }
}

int main(void) {
    int disk_code = EIO, upload_code = EPIPE;
    proc_impl *backup =
        proc_task("backup", PROC_GROUP(proc_task("disk", proc_new(fail, &disk_code, NULL)),
                                       proc_task("upload", proc_new(fail, &upload_code, NULL))));
    proc_error *error = proc_run(backup, NULL);

    print_tree(error, 0);

    const proc_error *upload = proc_error_find_task(error, "upload");
    printf("the upload alone: %s\n", proc_error_message(upload));
    printf("a task that is not there: %s\n",
           proc_error_find_task(error, "restore") ? "found" : "not found");
    printf("the code of the whole is that of its first error: %d\n", proc_error_code(error));
    return proc_exit_status(error);
}
