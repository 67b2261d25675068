/* What costs no thread. Each case plays in a fresh program, whose calls of pthread_create are counted. Laws:
 *
 *   unused           A program that only makes and releases things has no thread of the library.
 *   one_child        One child: no thread is needed, and none is taken, whatever the combinator and the depth.
 *   empty            No children: none either.
 *   caller_runs      What runs without a thread runs on the caller's.
 *   trivial          A trivial child costs no thread: many more of them run than threads are made.
 *   reused           Threads are used again: the same rendezvous many times takes the threads of one.
 */
#include "child.h"
#include "interpose.h"
#include "leaf.h"

static void unused_role(void) {
    proc_unref(PROC_GROUP(succeeding(), proc_task("t", succeeding())));
    proc_cancel *cancel = proc_cancel_new(NULL);
    CHECK(!proc_wait(cancel, PROC_MS(1)));
    proc_cancel_trigger(cancel, proc_error_new(EIO, "x"));
    proc_cancel_unref(cancel);
    CHECK_INT(threads_created, 0);
}

static void one_child_role(void) {
    leaf l = {0};
    proc_impl *impl = leaf_new(&l);
    for (int i = 0; i < 100; i++) {
        impl = wrap_only(i, impl);
        CHECK_OK(proc_run(proc_ref(impl), NULL));
        CHECK(pthread_equal(l.thread, pthread_self()));
    }
    CHECK_OK(proc_run(PROC_SEQUENCE(proc_ref(impl), proc_ref(impl), impl), NULL));
    CHECK_INT(threads_created, 0);
}

static void empty_role(void) {
    CHECK_OK(proc_run(proc_concurrent(NULL, 0), NULL));
    CHECK_OK(proc_run(PROC_GROUP(proc_group(NULL, 0)), NULL));
    proc_error_unref(proc_run(PROC_CONCURRENT(succeeding(), NULL, succeeding()), NULL));
    CHECK_INT(threads_created, 0);
}

static void caller_runs_role(void) {
    leaf inner = {0}, outer = {0};
    proc_impl *impl = PROC_GROUP(PROC_CONCURRENT(proc_task("inner", leaf_new(&inner))));
    CHECK_OK(proc_run(PROC_SEQUENCE(impl, PROC_CONCURRENT(leaf_new(&outer))), NULL));
    CHECK(pthread_equal(inner.thread, pthread_self()));
    CHECK(pthread_equal(outer.thread, pthread_self()));
    CHECK_INT(threads_created, 0);
}

static void trivial_role(void) {
    enum { MANY = 10000 };
    leaf l = {0};
    proc_impl *one = leaf_new(&l), *impls[MANY];
    for (int i = 0; i < MANY; i++)
        impls[i] = proc_ref(one);
    proc_unref(one);
    CHECK_OK(proc_run(proc_concurrent(impls, MANY), NULL));
    CHECK_INT(l.runs, MANY);
    CHECK(threads_created < MANY / 10);
}

static proc_error *meet(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_MEET((gate *)user_data, 10);
    return NULL;
}

static void reused_role(void) {
    for (int round = 0; round < 100; round++) {
        gate all;
        gate_init(&all);
        proc_impl *impls[10];
        for (int i = 0; i < 10; i++)
            impls[i] = proc_new(meet, &all, NULL);
        CHECK_OK(proc_run(proc_group(impls, 10), NULL));
    }
    /* The library may have threads of its own, and one may come too late to be used again. */
    CHECK(threads_created < 100);
}

IN_CHILD(unused)
IN_CHILD(one_child)
IN_CHILD(empty)
IN_CHILD(caller_runs)
IN_CHILD(trivial)
IN_CHILD(reused)

CHECK_MAIN(BOTH(unused), BOTH(one_child), BOTH(empty), BOTH(caller_runs), BOTH(trivial),
           BOTH(reused))
