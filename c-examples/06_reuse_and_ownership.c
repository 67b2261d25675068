/* 06_reuse_and_ownership: a process is a value. It may run many times, and lives as long as there is a reference to it.
 *
 *     cc 06_reuse_and_ownership.c -o 06_reuse_and_ownership $(pkg-config --cflags --libs procession)
 *     ./06_reuse_and_ownership
 *
 * A function takes over the ownership of a process that you pass to it. To use the process again, take a reference
 * first. The user data is destroyed once, after the last use of the process.
 */
#include <procession.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct counter {
    atomic_int value;
};

static proc_error *count_one(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    struct counter *counter = user_data;
    int value = atomic_fetch_add(&counter->value, 1) + 1;
    return value == 5 ? proc_errorf(1, "%d is enough", value) : NULL;
}

static void destroy_counter(void *user_data) {
    struct counter *counter = user_data;
    printf("the counter is destroyed at %d\n", atomic_load(&counter->value));
    free(counter);
}

int main(void) {
    struct counter *counter = calloc(1, sizeof *counter);
    if (counter == NULL)
        return proc_exit_status(proc_errno("calloc"));
    proc_impl *one = proc_new(count_one, counter, destroy_counter);

    /* The same process three times, at the same time. Each run takes a reference, and we keep ours. */
    proc_impl *three = PROC_CONCURRENT(proc_ref(one), proc_ref(one), proc_ref(one));
    proc_error_unref(proc_run(three, NULL));
    printf("after three at once: %d\n", atomic_load(&counter->value));

    /* Once more, with another reference. */
    proc_error_unref(proc_run(proc_ref(one), NULL));
    printf("after one more: %d\n", atomic_load(&counter->value));

    /* This run takes our own reference: after it, the process and its counter are destroyed. */
    proc_error *error = proc_run(one, NULL);

    /* Errors are reference counted, too: we keep one reference and hand over the other. */
    proc_error *kept = proc_error_ref(error);
    int status = proc_exit_status(error);
    printf("still readable: %s\n", proc_error_message(kept));
    proc_error_unref(kept);
    return status;
}
