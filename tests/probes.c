/* What tests/probes.sh looks at in a debugger: each probe is met once, in this order. */
#include <errno.h>
#include <procession.h>

static proc_error *work(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_region *region = proc_region_begin(cancel, "a region");
    proc_trace_log(cancel, "a category", "a message");
    proc_region_end(region);
    return proc_error_new(EIO, "broken");
}

int main(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_error_unref(proc_run(proc_task("a task", proc_new(work, NULL, NULL)), cancel));
    proc_cancel_trigger(cancel, proc_error_new(EINTR, "enough"));
    proc_cancel_unref(cancel);
    return 0;
}
