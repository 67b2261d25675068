/* Hooks to which a handle is lent, elsewhere than where they were set. Law:
 *
 *   lent_elsewhere    They may be removed on another thread, in a callback or not, while the handle is cancelled, and in a child of fork.
 */
#include "leaf.h"
#include <sys/wait.h>

typedef struct probe {
    int runs;
} probe;

static void run_probe(void *user_data) { ((probe *)user_data)->runs++; }

static void *remove_hook(void *hook) {
    proc_hook_remove(hook);
    return NULL;
}

static proc_error *remove_in_callback(proc_cancel *cancel, void *hook) {
    (void)cancel;
    proc_hook_remove(hook);
    return NULL;
}

static void *cancel_it(void *cancel) {
    proc_cancel_trigger(cancel, NULL);
    return NULL;
}

static proc_error *removed_elsewhere(proc_cancel *cancel, void *above) {
    probe probes[3] = {{0}};
    proc_hook *hooks[3];
    for (int i = 0; i < 3; i++)
        hooks[i] = proc_on_cancel_lent(cancel, run_probe, &probes[i]);
    pthread_t removes;
    pthread_t cancels;
    CHECK_INT(pthread_create(&cancels, NULL, cancel_it, above), 0);
    CHECK_INT(pthread_create(&removes, NULL, remove_hook, hooks[0]), 0);
    CHECK(proc_run(proc_new(remove_in_callback, hooks[1], NULL), NULL) == NULL);
    pthread_join(removes, NULL);
    pthread_join(cancels, NULL);
    CHECK_INT(probes[2].runs, 1);
    const pid_t child = fork();
    if (child == 0) {
        proc_hook_remove(hooks[2]);
        proc_hook_remove(proc_on_cancel_lent(cancel, run_probe, &probes[2]));
        _exit(probes[2].runs == 2 ? 0 : 1);
    }
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    proc_hook_remove(hooks[2]);
    CHECK(probes[0].runs <= 1 && probes[1].runs <= 1);
    return NULL;
}

static void lent_elsewhere(void) {
    for (int i = 0; i < 50; i++) {
        proc_cancel *above = proc_cancel_new(NULL);
        CHECK(proc_run(proc_new(removed_elsewhere, above, NULL), above) == NULL);
        proc_cancel_unref(above);
    }
}

CHECK_MAIN(CASE(lent_elsewhere))
