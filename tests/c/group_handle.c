/* The handle that a proc_group makes for its children, below its own. Laws:
 *
 *   cause                 The cause of a group's cancellation is its first failing child's error.
 *   task_cause            … as the group got it: wrapped by the task that the child is.
 *   cause_is_first        … also if several fail at the same time: it is the first in the list.
 *   success_cancels       Its children's handle is cancelled before it returns, on success too.
 *   success_cancels_below … and so is a handle that a callback made below it.
 *   failure_cancels       … and on failure, and when there is one child.
 *   below                 The handle is one below the group's own: what is above it and beside it is not cancelled.
 *   from_above            Cancelling the handle that the group runs in cancels its children, with that cause.
 *   succeeding_cancel     A child that cancels the group's handle and succeeds leaves the group a success.
 */
#include "leaf.h"

typedef struct seen {
    proc_cancel *handle; /* kept */
    const proc_error *cause;
} seen;

static proc_error *see_cause(proc_cancel *cancel, void *user_data) {
    seen *s = user_data;
    leaf_wait_cancelled(cancel);
    s->handle = proc_cancel_ref(cancel);
    s->cause = proc_cancel_cause(cancel);
    return NULL;
}

static void cause(void) {
    seen s = {0};
    leaf l = {.error = proc_error_new(77, "first")};
    proc_error *error = proc_run(PROC_GROUP(proc_new(see_cause, &s, NULL), leaf_new(&l)), NULL);
    CHECK(s.cause == l.error);
    CHECK(error == l.error);
    proc_cancel_unref(s.handle);
    proc_error_unref(error);
    proc_error_unref(l.error);
}

static void task_cause(void) {
    seen s = {0};
    leaf l = {.fails = "first"};
    proc_impl *deep = PROC_SEQUENCE(succeeding(), proc_task("inner", leaf_new(&l)));
    proc_error *error =
        proc_run(PROC_GROUP(proc_new(see_cause, &s, NULL), proc_task("outer", deep)), NULL);
    CHECK(s.cause == error);
    CHECK_STR(proc_error_message(s.cause), "outer: inner: first");
    proc_cancel_unref(s.handle);
    proc_error_unref(error);
}

enum { FAILING = 4 };

static proc_error *fail_together(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_MEET((gate *)user_data, FAILING);
    return proc_error_new(EIO, "together");
}

static void cause_is_first(void) {
    /* Who fails first and who cancels first may differ for a moment: that takes many rounds to be seen. */
    size_t rounds = check_scaled(2000);
    for (size_t round = 0; round < rounds; round++) {
        gate together;
        gate_init(&together);
        seen s = {0};
        proc_impl *impls[FAILING + 1] = {proc_new(see_cause, &s, NULL)};
        for (int i = 0; i < FAILING; i++)
            impls[1 + i] = proc_new(fail_together, &together, NULL);
        proc_error *error = proc_run(proc_group(impls, FAILING + 1), NULL);
        CHECK_INT((long long)proc_error_count(error), FAILING);
        CHECK(proc_error_at(error, 0) == s.cause);
        proc_error_unref(error);
        proc_cancel_unref(s.handle);
    }
}

static proc_error *keep_handle(proc_cancel *cancel, void *user_data) {
    seen *s = user_data;
    CHECK(!proc_cancelled(cancel));
    CHECK(proc_cancel_cause(cancel) == NULL);
    s->handle = proc_cancel_ref(cancel);
    return NULL;
}

static void check_cancelled(seen *s, int code) {
    CHECK(proc_cancelled(s->handle));
    CHECK(proc_wait(s->handle, 0));
    CHECK_INT(proc_error_code(proc_cancel_cause(s->handle)), code);
    proc_cancel_unref(s->handle);
}

/* A handle of the callback's own, below the group's. */
static proc_error *make_below(proc_cancel *cancel, void *user_data) {
    seen *s = user_data;
    s->handle = proc_cancel_new(cancel);
    CHECK(!proc_cancelled(s->handle));
    return NULL;
}

static void success_cancels_below(void) {
    seen one = {0}, a = {0}, b = {0};
    CHECK_OK(proc_run(PROC_GROUP(proc_new(make_below, &one, NULL)), NULL));
    check_cancelled(&one, ECANCELED);
    CHECK_OK(
        proc_run(PROC_GROUP(proc_new(make_below, &a, NULL), proc_new(make_below, &b, NULL)), NULL));
    check_cancelled(&a, ECANCELED);
    check_cancelled(&b, ECANCELED);
}

static void success_cancels(void) {
    seen one = {0}, a = {0}, b = {0};
    CHECK_OK(proc_run(PROC_GROUP(proc_new(keep_handle, &one, NULL)), NULL));
    check_cancelled(&one, ECANCELED);
    CHECK_OK(proc_run(PROC_GROUP(proc_new(keep_handle, &a, NULL),
                                 proc_task("b", proc_new(keep_handle, &b, NULL))),
                      NULL));
    check_cancelled(&a, ECANCELED);
    check_cancelled(&b, ECANCELED);
}

static void failure_cancels(void) {
    seen s = {0};
    leaf l = {.fails = "fails", .code = 77};
    proc_impl *steps = PROC_SEQUENCE(proc_new(keep_handle, &s, NULL), leaf_new(&l));
    CHECK_FAILS(proc_run(PROC_GROUP(steps), NULL), 77, "fails");
    check_cancelled(&s, 77);
}

static proc_error *not_cancelled(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    CHECK(!proc_cancelled(cancel));
    return NULL;
}

static void below(void) {
    leaf l = {.fails = "fails"};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_impl *inner = PROC_GROUP(leaf_new(&l), succeeding());
    CHECK_FAILS(proc_run(proc_ref(inner), cancel), EIO, "fails");
    CHECK(!proc_cancelled(cancel));
    gate done;
    gate_init(&done);
    leaf after = {.waits = &done};
    leaf opener = {.opens = &done};
    /* The group inside ends, cancelled; only then is its sibling looked at. */
    proc_impl *ended = PROC_SEQUENCE(PROC_GROUP(succeeding(), succeeding()), leaf_new(&opener));
    proc_impl *sibling = PROC_SEQUENCE(leaf_new(&after), proc_new(not_cancelled, NULL, NULL));
    CHECK_OK(proc_run(PROC_GROUP(ended, sibling), cancel));
    CHECK(!proc_cancelled(cancel));
    proc_unref(inner);
    proc_cancel_unref(cancel);
}

static proc_error *trigger_other(proc_cancel *cancel, void *user_data) {
    CHECK(!proc_cancelled(cancel));
    proc_cancel_trigger(user_data, proc_error_new(77, "from above"));
    leaf_wait_cancelled(cancel);
    return NULL;
}

static void from_above(void) {
    proc_cancel *root = proc_cancel_new(NULL);
    proc_cancel *cancel = proc_cancel_new(root);
    seen s = {0}, deep = {0};
    proc_impl *inner =
        PROC_GROUP(proc_task("deep", proc_new(see_cause, &deep, NULL)), succeeding());
    proc_impl *impl = PROC_GROUP(proc_new(see_cause, &s, NULL), proc_new(trigger_other, root, NULL),
                                 PROC_SEQUENCE(inner));
    CHECK_OK(proc_run(impl, cancel));
    CHECK(s.cause != NULL && s.cause == proc_cancel_cause(root) && deep.cause == s.cause);
    check_cancelled(&s, 77);
    check_cancelled(&deep, 77);
    proc_cancel_unref(cancel);
    proc_cancel_unref(root);
}

static proc_error *trigger_own(proc_cancel *cancel, void *user_data) {
    proc_cancel_trigger(cancel, proc_error_new(77, user_data));
    return NULL;
}

static void succeeding_cancel(void) {
    seen s = {0};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_impl *impl =
        PROC_GROUP(proc_new(trigger_own, "enough", NULL), proc_new(see_cause, &s, NULL));
    CHECK_OK(proc_run(impl, cancel));
    check_cancelled(&s, 77);
    CHECK(!proc_cancelled(cancel));
    proc_cancel_unref(cancel);
}

CHECK_MAIN(CASE(cause), CASE(task_cause), CASE(cause_is_first), CASE(success_cancels),
           CASE(success_cancels_below), CASE(failure_cancels), CASE(below), CASE(from_above),
           CASE(succeeding_cancel))
