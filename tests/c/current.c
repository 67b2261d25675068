/* proc_current. Laws:
 *
 *   outside           NULL on a thread that runs no process: before, after, and on a thread that a callback makes.
 *   given             In a callback it is the handle that the callback was given, in each combinator, on each thread.
 *   nested            In a callback's own proc_run it is the inner callback's, and then the outer one's again.
 *   in_main           So it is in proc_main.
 *   in_destroy        What releases the user_data of an inner process is in the outer one.
 *   kept              It can be kept by proc_cancel_ref, waited for, and cancelled like the one that was given.
 */
#include "leaf.h"

enum { CHILDREN = 20 };

static void *is_outside(void *user_data) {
    (void)user_data;
    CHECK(proc_current() == NULL);
    return NULL;
}

static proc_error *is_given(proc_cancel *cancel, void *user_data) {
    pthread_t thread;
    CHECK(proc_current() == cancel);
    if (user_data)
        GATE_MEET((gate *)user_data, CHILDREN);
    CHECK(proc_current() == cancel);
    CHECK_INT(pthread_create(&thread, NULL, is_outside, NULL), 0);
    pthread_join(thread, NULL);
    return NULL;
}

static proc_impl *asking(gate *all) { return proc_new(is_given, all, NULL); }

static void outside(void) {
    is_outside(NULL);
    CHECK_OK(proc_run(asking(NULL), NULL));
    is_outside(NULL);
    CHECK_OK(proc_run(PROC_GROUP(succeeding(), succeeding()), NULL));
    is_outside(NULL);
}

static void given(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    for (int kind = 0; kind < COMBINATORS; kind++) {
        CHECK_OK(proc_run(wrap_only(kind, asking(NULL)), NULL));
        CHECK_OK(proc_run(wrap_only(kind, wrap_only(kind + 1, asking(NULL))), cancel));
    }
    gate all;
    gate_init(&all);
    proc_impl *impls[CHILDREN];
    for (int i = 0; i < CHILDREN; i++)
        impls[i] = wrap_only(i, asking(&all));
    CHECK_OK(proc_run(proc_group(impls, CHILDREN), cancel));
    proc_cancel_unref(cancel);
}

static proc_error *run_inner(proc_cancel *cancel, void *user_data) {
    proc_cancel *below = proc_cancel_new(cancel);
    CHECK_OK(proc_run(proc_ref(user_data), NULL));
    CHECK(proc_current() == cancel);
    CHECK_OK(proc_run(proc_ref(user_data), below));
    CHECK(proc_current() == cancel);
    proc_cancel_unref(below);
    return NULL;
}

static void nested(void) {
    proc_impl *inner = PROC_GROUP(asking(NULL), proc_task("t", asking(NULL)), asking(NULL));
    proc_impl *outer = proc_new(run_inner, inner, NULL);
    CHECK_OK(proc_run(PROC_SEQUENCE(proc_ref(outer), proc_task("t", proc_ref(outer))), NULL));
    CHECK_OK(proc_run(PROC_CONCURRENT(proc_ref(outer), outer), NULL));
    proc_unref(inner);
}

static void in_main(void) {
    CHECK_OK(proc_main(PROC_SEQUENCE(asking(NULL), proc_task("t", asking(NULL)))));
    is_outside(NULL);
}

typedef struct outer {
    proc_cancel *cancel;
    int released;
} outer;

static void is_outer(void *user_data) {
    outer *o = user_data;
    CHECK(proc_current() == o->cancel);
    o->released++;
}

static proc_error *run_released(proc_cancel *cancel, void *user_data) {
    outer *o = user_data;
    o->cancel = cancel;
    CHECK_OK(proc_run(
        PROC_SEQUENCE(proc_new(is_given, NULL, NULL), proc_new(leaf_succeed, o, is_outer)), NULL));
    return NULL;
}

static void in_destroy(void) {
    outer o = {0};
    CHECK_OK(proc_run(proc_new(run_released, &o, NULL), NULL));
    CHECK_INT(o.released, 1);
}

static proc_error *keep(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    *(proc_cancel **)user_data = proc_cancel_ref(proc_current());
    proc_cancel_trigger(proc_current(), proc_error_new(77, "stop"));
    leaf_wait_cancelled(cancel);
    return NULL;
}

static void kept(void) {
    proc_cancel *current = NULL;
    leaf l = {.until_cancelled = true};
    proc_impl *keeping = proc_new(keep, &current, NULL);
    CHECK_FAILS(proc_run(PROC_GROUP(keeping, leaf_new(&l)), NULL), 77, "stop");
    CHECK(proc_wait(current, 0));
    CHECK_INT(proc_error_code(proc_cancel_cause(current)), 77);
    proc_cancel_unref(current);
}

CHECK_MAIN(CASE(outside), CASE(given), CASE(nested), CASE(in_main), CASE(in_destroy), CASE(kept))
