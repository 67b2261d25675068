/* 01_hello: runs one process, and turns its result into the program's exit status.
 *
 *     cc 01_hello.c -o 01_hello $(pkg-config --cflags --libs procession) && ./01_hello
 *
 * A process is a C callback with its data. It gets a cancel handle, which says when it should stop early,
 * and returns an error, or NULL for success.
 */
#include <procession.h>
#include <stdio.h>

static proc_error *greet(proc_cancel *cancel, void *user_data) {
    const char *name = user_data;
    if (proc_cancelled(cancel))
        return proc_cancel_error(cancel);
    printf("Hello from a process, %s.\n", name);
    return NULL;
}

int main(void) {
    /* proc_run takes over the ownership of the process, so nothing is freed here. */
    proc_impl *hello = proc_new(greet, "world", NULL);
    return proc_exit_status(proc_run(hello, NULL));
}
