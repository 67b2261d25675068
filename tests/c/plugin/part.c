/* What ../plugin.c loads: a plug-in that has the static library inside of itself. */
#include <procession.h>
#include <stdlib.h>

#define PART __attribute__((visibility("default")))

PART proc_job *part_start(proc_fn fn, proc_destroy_fn on_done, void *user_data);

static proc_error *wait_a_moment(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_wait(cancel, PROC_MS(1));
    return NULL;
}

/* Waits for several children, so for threads of the library, while the loader has its lock. */
__attribute__((constructor)) static void run_at_load(void) {
    if (getenv("PART_RUNS_AT_LOAD")) {
        proc_impl *child = proc_new(wait_a_moment, NULL, NULL);
        if (proc_run(PROC_CONCURRENT(proc_ref(child), proc_ref(child), child), NULL))
            abort();
    }
}

/* Runs it on a thread of the library that ends once it has nothing to do. NULL: that failed. */
proc_job *part_start(proc_fn fn, proc_destroy_fn on_done, void *user_data) {
    proc_config config = PROC_CONFIG_INIT;
    config.idle_timeout_ns = PROC_AT_ONCE;
    proc_error_unref(proc_configure(&config)); /* Too late if it runs at load. */
    return proc_start(proc_new(fn, user_data, NULL), NULL, on_done, user_data);
}
