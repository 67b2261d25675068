/* A nursery in a child of fork that was made while it ran. Laws:
 *
 *   not_in_a_child   The parent's nursery takes no child there (EOWNERDEAD), has none, and nobody waits for it.
 *   own              The child has nurseries of its own.
 */
#include "forks.h"
#include "nursery.h"

static void use_parents(void *user_data) {
    leaf l = {0};
    CHECK_FAILS(
        proc_spawn(user_data, leaf_new(&l)), EOWNERDEAD,
        "proc_spawn: the nursery runs in the parent of this process, which was made by fork");
    CHECK_INT(l.destroyed, 1);
    CHECK_INT(proc_nursery_count(user_data), 0);
    errno = 0;
    CHECK(!proc_nursery_wait(user_data, PROC_FOREVER));
    CHECK_INT(errno, EOWNERDEAD);
}

static proc_error *fork_in_body(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    leaf *l = user_data;
    CHECK_OK(proc_spawn(nursery, leaf_new(l)));
    forks_run(use_parents, nursery);
    CHECK_INT(proc_nursery_count(nursery), 1);
    gate_open(l->waits);
    return NULL;
}

static void not_in_a_child(void) {
    gate go;
    gate_init(&go);
    leaf l = {.waits = &go};
    CHECK_OK(nursery_run(fork_in_body, &l, NULL, NULL));
    CHECK_INT(l.runs, 1);
}

static proc_error *spawn_three(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    for (int i = 0; i < 3; i++)
        CHECK_OK(proc_spawn(nursery, leaf_new(user_data)));
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER));
    return NULL;
}

static void run_own(void *user_data) { CHECK_OK(nursery_run(spawn_three, user_data, NULL, NULL)); }

static proc_error *fork_and_run(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)nursery, (void)cancel;
    forks_run(run_own, user_data);
    return NULL;
}

static void own(void) {
    leaf l = {0};
    CHECK_OK(nursery_run(fork_and_run, &l, NULL, NULL));
    CHECK_INT(l.runs, 0);
}

CHECK_MAIN(CASE(not_in_a_child), CASE(own))
