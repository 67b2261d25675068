/* When a child that was spawned begins. Each case plays in a fresh program. Laws:
 *
 *   while_spinning     Within a bounded time, though the body spins and every other callback does.
 *   while_blocked      And though the body blocks outside of the library.
 *   at_the_wait        By a parked thread, when the spawner goes on to wait in the library: no thread is made.
 *   from_outside       Also if the spawner is a thread that runs no callback.
 *   without_threads    If no thread can be had, a child that the body needs fails with EAGAIN, and cancels the nursery;
 *                      on_failure is asked about that.
 *   trivial            Trivial children cost no thread: many more of them run than threads are made.
 *   dumped             The dump shows who waits, what runs and how many have not begun.
 */
#include "child.h"
#include "dumped.h"
#include "interpose.h"
#include "nursery.h"

static proc_error *set_flag(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    *(atomic_bool *)user_data = true;
    return NULL;
}

static proc_error *spin_for_it(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    atomic_bool *flag = user_data;
    CHECK_OK(proc_spawn(nursery, proc_new(set_flag, flag, NULL)));
    while (!*flag)
        ;
    return NULL;
}

static void while_spinning_role(void) {
    proc_impl *impls[4];
    atomic_bool flags[4] = {0};
    for (int i = 0; i < 4; i++)
        impls[i] = proc_with_nursery(spin_for_it, &flags[i], NULL, NULL);
    CHECK_OK(proc_run(proc_group(impls, 4), NULL));
}

static proc_error *block_for_it(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    leaf *l = user_data;
    for (int i = 0; i < 3; i++) {
        gate_init(l->opens);
        CHECK_OK(proc_spawn(nursery, leaf_new(l)));
        GATE_WAIT(l->opens);
    }
    return NULL;
}

static void while_blocked_role(void) {
    gate done;
    leaf l = {.opens = &done};
    CHECK_OK(nursery_run(block_for_it, &l, NULL, NULL));
    CHECK_INT(l.runs, 3);
}

static proc_error *end_event(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    proc_cancel_trigger(user_data, proc_error_new(1, "done"));
    return NULL;
}

static void spawn_and_wait(proc_nursery *nursery) {
    for (int i = 0; i < 200; i++) {
        proc_cancel *event = proc_cancel_new(NULL);
        CHECK_OK(proc_spawn(nursery, proc_new(end_event, event, NULL)));
        CHECK(proc_wait(event, PROC_FOREVER));
        proc_cancel_unref(event);
    }
}

static proc_error *wait_as_body(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    spawn_and_wait(nursery);
    return NULL;
}

static void at_the_wait_role(void) {
    CHECK_OK(nursery_run(wait_as_body, NULL, NULL, NULL));
    CHECK(threads_created <= 10);
}

static void *wait_as_thread(void *user_data) {
    spawn_and_wait(user_data);
    return NULL;
}

static proc_error *let_thread_spawn(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    pthread_t thread;
    pthread_create(&thread, NULL, wait_as_thread, nursery);
    pthread_join(thread, NULL);
    return NULL;
}

static void from_outside_role(void) {
    CHECK_OK(nursery_run(let_thread_spawn, NULL, NULL, NULL));
    CHECK(threads_created <= 10);
}

static proc_error *need_child(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    leaf *l = user_data;
    CHECK_OK(proc_spawn(nursery, leaf_new(l)));
    leaf_wait_cancelled(cancel);
    return proc_cancel_error(cancel);
}

static proc_error *replace_it(proc_error *error, void *user_data) {
    *(int *)user_data = proc_error_code(error);
    proc_error_unref(error);
    return proc_error_new(94, "asked");
}

static void without_threads_role(void) {
    leaf l = {0};
    int asked = 0;
    proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
    options.on_failure = replace_it;
    options.user_data = &asked;
    threads_left = 0;
    CHECK_FAILS(nursery_run(need_child, &l, NULL, NULL), EAGAIN,
                "no thread could be had to run it");
    CHECK_FAILS(nursery_run(need_child, &l, NULL, &options), 94, "asked");
    CHECK_INT(asked, EAGAIN);
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 2);
}

static proc_error *spawn_many(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    for (int i = 0; i < 100000; i++)
        CHECK_OK(proc_spawn(nursery, proc_new(nursed_count, user_data, NULL)));
    return NULL;
}

static void trivial_role(void) {
    nursed n = {0};
    CHECK_OK(nursery_run(spawn_many, &n, NULL, NULL));
    CHECK_INT(n.runs, 100000);
    CHECK(threads_created < 100);
}

static proc_error *dump_it(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    leaf *l = user_data;
    CHECK_OK(proc_spawn(nursery, proc_task("held", leaf_new(l))));
    GATE_WAIT(l->started);
    char *text = dump(PROC_DUMP_TEXT);
    CHECK_INSIDE(text, "task held", "nursery");
    free(text);
    gate_open(l->waits);
    return NULL;
}

static void dumped_role(void) {
    gate started, go;
    gate_init(&started);
    gate_init(&go);
    leaf l = {.started = &started, .waits = &go};
    CHECK_OK(nursery_run(dump_it, &l, NULL, NULL));
}

IN_CHILD(while_spinning)
IN_CHILD(while_blocked)
IN_CHILD(at_the_wait)
IN_CHILD(from_outside)
IN_CHILD(without_threads)
IN_CHILD(trivial)
IN_CHILD(dumped)

CHECK_MAIN(BOTH(while_spinning), BOTH(while_blocked), BOTH(at_the_wait), BOTH(from_outside),
           BOTH(without_threads), BOTH(trivial), BOTH(dumped))
