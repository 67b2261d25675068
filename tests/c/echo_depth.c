/* Echoes of a cancellation that came from above, and through groups in groups. Laws:
 *
 *   from_above          A group lists its handle's cause at most once, also if the cancellation came from above.
 *   beside_own          Errors of its children's own stay beside it.
 *   in_one_task         A task's echo that is the only one is listed as it is.
 *   inner_group         A group inside a group lists the outer's cause once, the outer absorbs that: one error in all.
 *   every_level         … for groups in groups, 100 deep, with echoes on each level.
 *   through_run         … for a group that a callback runs in its own handle with proc_run.
 *   two_causes          A group cancelled by its own child keeps the cause of the group above, which absorbs it.
 *   concurrent_above    A concurrent process lists each task's, the group above it absorbs all.
 */
#include "leaf.h"

static proc_cancel *cancelled_handle(void) {
    proc_cancel *root = proc_cancel_new(NULL);
    proc_cancel *cancel = proc_cancel_new(root);
    proc_cancel_trigger(root, proc_error_new(77, "above"));
    proc_cancel_unref(root);
    return cancel;
}

static void from_above(void) {
    proc_cancel *cancel = cancelled_handle();
    leaf l = {.until_cancelled = true};
    proc_impl *impls[20];
    for (int i = 0; i < 20; i++)
        impls[i] = leaf_new(&l);
    proc_error *error = proc_run(proc_group(impls, 20), cancel);
    CHECK(error == proc_cancel_cause(cancel));
    CHECK_INT(l.runs, 20);
    proc_error_unref(error);
    proc_cancel_unref(cancel);
}

static void beside_own(void) {
    proc_cancel *cancel = cancelled_handle();
    leaf echoing = {.until_cancelled = true}, own = {.until_cancelled = true, .fails = "own"};
    proc_impl *impls[] = {leaf_new(&own), leaf_new(&echoing), leaf_new(&own), leaf_new(&echoing),
                          PROC_CONCURRENT(leaf_new(&echoing), leaf_new(&own))};
    proc_error *error = proc_run(proc_group(impls, 5), cancel);
    CHECK_INT((long long)proc_error_count(error), 4);
    int above = 0;
    for (size_t i = 0; i < 4; i++)
        above += proc_error_at(error, i) == proc_cancel_cause(cancel);
    CHECK_INT(above, 1);
    proc_error_unref(error);
    proc_cancel_unref(cancel);
}

static void in_one_task(void) {
    proc_cancel *cancel = cancelled_handle();
    leaf l = {.until_cancelled = true};
    CHECK_FAILS(proc_run(PROC_GROUP(succeeding(), proc_task("t", leaf_new(&l))), cancel), 77,
                "t: above");
    proc_error *error =
        proc_run(PROC_GROUP(proc_task("t", leaf_new(&l)), proc_task("t", leaf_new(&l))), cancel);
    CHECK_FAILS(error, 77, "t: above");
    proc_cancel_unref(cancel);
}

static void inner_group(void) {
    leaf l = {.until_cancelled = true};
    proc_impl *inner = PROC_GROUP(leaf_new(&l), proc_task("deep", leaf_new(&l)), leaf_new(&l));
    proc_impl *impl = PROC_GROUP(proc_ref(inner), proc_task("inner", inner), failing("first"));
    CHECK_FAILS(proc_run(impl, NULL), EIO, "first");
    CHECK_INT(l.runs, 6);
}

static void every_level(void) {
    leaf l = {.until_cancelled = true};
    proc_impl *impl = leaf_new(&l);
    for (int i = 0; i < 100; i++) {
        impl = PROC_GROUP(leaf_new(&l), impl);
        impl = i % 3 == 0 ? proc_task("level", impl) : impl;
    }
    CHECK_FAILS(proc_run(PROC_GROUP(impl, failing("first")), NULL), EIO, "first");
    CHECK_INT(l.runs, 101);
}

typedef struct inner_run {
    proc_impl *impl;
    size_t count;
    const proc_error *only;
    const proc_error *cause;
} inner_run;

static proc_error *run_inside(proc_cancel *cancel, void *user_data) {
    inner_run *r = user_data;
    proc_error *error = proc_run(r->impl, cancel);
    r->count = proc_error_count(error);
    r->only = error;
    r->cause = proc_cancel_cause(cancel);
    return error;
}

static void through_run(void) {
    leaf l = {.until_cancelled = true};
    inner_run r = {.impl = PROC_GROUP(leaf_new(&l), leaf_new(&l), leaf_new(&l))};
    proc_impl *impl = PROC_GROUP(proc_new(run_inside, &r, NULL), failing("first"));
    proc_error *error = proc_run(impl, NULL);
    CHECK_INT((long long)r.count, 1);
    CHECK(r.only == r.cause && r.cause == error);
    CHECK_FAILS(error, EIO, "first");
}

typedef struct outer_scope {
    proc_cancel *handle;
    gate published;
    gate inner_failed;
} outer_scope;

static proc_error *publish_handle(proc_cancel *cancel, void *user_data) {
    outer_scope *outer = user_data;
    outer->handle = proc_cancel_ref(cancel);
    gate_open(&outer->published);
    return NULL;
}

static proc_error *echo_of_outer(proc_cancel *cancel, void *user_data) {
    outer_scope *outer = user_data;
    GATE_WAIT(&outer->published);
    leaf_wait_cancelled(cancel);
    CHECK(!proc_cancelled(outer->handle));
    gate_open(&outer->inner_failed);
    leaf_wait_cancelled(outer->handle);
    return proc_cancel_error(outer->handle);
}

static void two_causes(void) {
    outer_scope outer = {0};
    gate_init(&outer.published);
    gate_init(&outer.inner_failed);
    leaf fails_inner = {.fails = "inner"},
         fails_outer = {.waits = &outer.inner_failed, .fails = "outer"};
    proc_impl *inner = PROC_GROUP(proc_new(echo_of_outer, &outer, NULL), leaf_new(&fails_inner));
    proc_impl *impl =
        PROC_GROUP(proc_new(publish_handle, &outer, NULL), inner, leaf_new(&fails_outer));
    CHECK_FAILS(proc_run(impl, NULL), EIO, "2 errors:\n- outer\n- inner");
    proc_cancel_unref(outer.handle);
}

static void concurrent_above(void) {
    proc_cancel *cancel = cancelled_handle();
    leaf l = {.until_cancelled = true};
    proc_impl *task = proc_task("t", leaf_new(&l));
    proc_impl *pair = PROC_CONCURRENT(proc_ref(task), task);
    CHECK_FAILS(proc_run(proc_ref(pair), cancel), 77, "2 errors:\n- t: above\n- t: (as above)");
    CHECK_FAILS(proc_run(PROC_GROUP(PROC_CONCURRENT(pair)), cancel), 77, "t: above");
    proc_cancel_unref(cancel);
}

CHECK_MAIN(CASE(from_above), CASE(beside_own), CASE(in_one_task), CASE(inner_group),
           CASE(every_level), CASE(through_run), CASE(two_causes), CASE(concurrent_above))
