/* A program of somebody else: in a group, one process fails and the other stops for it. */
#include <procession.h>
#include <stdio.h>
#include <string.h>

#ifdef WITH_PART
int part(void);
#endif

static proc_error *wait_for_cancel(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_wait(cancel, PROC_FOREVER);
    return proc_cancel_error(cancel);
}

static proc_error *fail(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    return proc_error_new(7, user_data);
}

int main(void) {
    proc_impl *failing = proc_task("failing", proc_new(fail, "as planned", NULL));
    proc_error *error = proc_run(PROC_GROUP(proc_new(wait_for_cancel, NULL, NULL), failing), NULL);
    int wrong = strcmp(proc_error_message(error), "failing: as planned") != 0;
    printf("procession %s: %s\n", proc_version(), proc_error_message(error));
    proc_error_unref(error);
#ifdef WITH_PART
    wrong |= part();
#endif
    return wrong;
}
