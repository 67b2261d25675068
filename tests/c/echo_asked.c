/* proc_error_is_echo: whether an error only says "stopped, as asked". Laws:
 *
 *   itself           The handle's cause itself is an echo; nothing is one before the handle is cancelled.
 *   nothing          NULL error or NULL handle: false.
 *   wrapped          … in any number of tasks, texts and multi errors.
 *   from_above       The cause of a handle above is one, also if the one below was cancelled before, for another cause, and if
 *                    it was made only after that; not the cause of one below.
 *   two_causes       Both causes beside each other are nothing but why it was cancelled.
 *   looks_alike      Another error with the same code and text is none.
 *   beside_failure   Nothing with anything else in it is one, wherever that is.
 *   whole_cause      Of a cause that is a multi error, one item is none; all of them are, whatever they are in.
 *   in_a_callback    In a callback the handle of a group, of a task and of the run around all know it.
 *   restarts         So a callback that runs others again when they fail tells a failure from the stop.
 */
#include "leaf.h"

static proc_cancel *cancelled_for(proc_cancel *cancel, int code, const char *text) {
    proc_cancel_trigger(cancel, proc_error_new(code, text));
    return cancel;
}

static proc_error *beside(proc_error *a, proc_error *b) {
    proc_error *both[] = {a, b};
    return proc_error_merge(both, 2);
}

/* Releases the error. */
static bool is_echo(proc_error *error, const proc_cancel *cancel) {
    bool is = proc_error_is_echo(error, cancel);
    proc_error_unref(error);
    return is;
}

static proc_error *in_task(proc_error *error) {
    leaf l = {.error = error};
    proc_error *task = proc_run(proc_task("t", leaf_new(&l)), NULL);
    proc_error_unref(error);
    return task;
}

static void itself(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_error *cause = proc_error_new(77, "enough");
    CHECK(!proc_error_is_echo(cause, cancel));
    proc_cancel_trigger(cancel, proc_error_ref(cause));
    CHECK(proc_error_is_echo(cause, cancel));
    CHECK(is_echo(proc_cancel_error(cancel), cancel));
    proc_error_unref(cause);
    proc_cancel_unref(cancel);
}

static void nothing(void) {
    proc_cancel *cancel = cancelled_for(proc_cancel_new(NULL), 77, "enough");
    CHECK(!proc_error_is_echo(NULL, cancel));
    CHECK(!proc_error_is_echo(proc_cancel_cause(cancel), NULL));
    CHECK(!proc_error_is_echo(NULL, NULL));
    proc_cancel_unref(cancel);
}

static void wrapped(void) {
    proc_cancel *cancel = cancelled_for(proc_cancel_new(NULL), 77, "enough");
    proc_error *error = proc_error_wrap(in_task(proc_cancel_error(cancel)), "in words");
    CHECK(proc_error_is_echo(error, cancel));
    error = proc_error_wrap(beside(error, in_task(proc_cancel_error(cancel))), "both");
    CHECK(proc_error_is_echo(error, cancel));
    error = in_task(beside(in_task(error), proc_cancel_error(cancel)));
    CHECK(is_echo(error, cancel));
    proc_cancel_unref(cancel);
}

static void from_above(void) {
    proc_cancel *root = proc_cancel_new(NULL);
    proc_cancel *above = proc_cancel_new(root), *below = proc_cancel_new(above);
    cancelled_for(above, 77, "inner");
    proc_cancel *late = proc_cancel_new(below); /* It is born cancelled. */
    cancelled_for(root, 78, "outer");
    CHECK(is_echo(proc_cancel_error(root), below) && is_echo(proc_cancel_error(root), late));
    CHECK(is_echo(proc_cancel_error(above), below) && is_echo(proc_cancel_error(above), late));
    CHECK(!is_echo(proc_cancel_error(above), root));
    proc_cancel_unref(root);
    proc_cancel_unref(above);
    proc_cancel_unref(below);
    proc_cancel_unref(late);
}

static void two_causes(void) {
    proc_cancel *above = proc_cancel_new(NULL), *below = proc_cancel_new(above);
    cancelled_for(below, 77, "inner");
    cancelled_for(above, 78, "outer");
    proc_error *both = beside(proc_cancel_error(below), in_task(proc_cancel_error(above)));
    CHECK(proc_error_is_echo(both, below));
    CHECK(!proc_error_is_echo(both, above));
    proc_error_unref(both);
    proc_cancel_unref(above);
    proc_cancel_unref(below);
}

static void looks_alike(void) {
    proc_cancel *cancel = cancelled_for(proc_cancel_new(NULL), 77, "enough");
    CHECK(!is_echo(proc_error_new(77, "enough"), cancel));
    CHECK(!is_echo(in_task(proc_error_new(77, "enough")), cancel));
    proc_cancel_unref(cancel);
}

static void beside_failure(void) {
    proc_cancel *cancel = cancelled_for(proc_cancel_new(NULL), 77, "enough");
    proc_error *mixed = beside(proc_cancel_error(cancel), proc_error_new(EIO, "own"));
    CHECK(!proc_error_is_echo(mixed, cancel));
    mixed = beside(proc_error_wrap(mixed, "w"), proc_cancel_error(cancel));
    CHECK(!proc_error_is_echo(mixed, cancel));
    CHECK(!is_echo(in_task(mixed), cancel));
    proc_cancel_unref(cancel);
}

static void whole_cause(void) {
    proc_error *a = proc_error_new(1, "a"), *b = in_task(proc_error_new(2, "b"));
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, beside(proc_error_ref(a), proc_error_ref(b)));
    CHECK(is_echo(proc_cancel_error(cancel), cancel));
    CHECK(is_echo(in_task(proc_cancel_error(cancel)), cancel));
    CHECK(is_echo(beside(proc_error_ref(b), proc_error_ref(a)), cancel));
    CHECK(is_echo(beside(in_task(proc_cancel_error(cancel)), proc_error_ref(a)), cancel));
    CHECK(!proc_error_is_echo(a, cancel) && !proc_error_is_echo(b, cancel));
    CHECK(!is_echo(in_task(proc_error_ref(a)), cancel));
    CHECK(!is_echo(beside(proc_error_ref(a), in_task(proc_error_ref(a))), cancel));
    proc_cancel_unref(cancel);
    proc_error_unref(a);
    proc_error_unref(b);
}

static proc_error *asks_its_handle(proc_cancel *cancel, void *user_data) {
    leaf_wait_cancelled(cancel);
    proc_cancel *above = user_data;
    proc_error *error = proc_error_wrap(proc_cancel_error(cancel), "here");
    CHECK(proc_error_is_echo(error, cancel));
    CHECK(proc_error_is_echo(error, proc_current()));
    CHECK(proc_error_is_echo(error, above));
    return error;
}

static void in_a_callback(void) {
    proc_cancel *cancel = cancelled_for(proc_cancel_new(NULL), 77, "enough");
    proc_impl *asking = proc_new(asks_its_handle, cancel, NULL);
    proc_impl *impl = PROC_GROUP(proc_task("t", PROC_CONCURRENT(asking)), succeeding());
    CHECK_FAILS(proc_run(impl, cancel), 77, "t: here: enough");
    proc_cancel_unref(cancel);
}

typedef struct restarting {
    proc_cancel *outside;
    proc_impl *inner;
    int fails;  /* runs that fail before the last, in which the stop comes */
    int failed; /* how many of the inner one's errors were failures */
} restarting;

static proc_error *fail_or_stop(proc_cancel *cancel, void *user_data) {
    restarting *r = user_data;
    if (r->failed < r->fails)
        return proc_error_new(EIO, "again");
    cancelled_for(r->outside, 77, "the stop");
    return proc_cancel_error(cancel);
}

static proc_error *restart(proc_cancel *cancel, void *user_data) {
    restarting *r = user_data;
    for (;;) {
        proc_error *error = proc_run(proc_ref(r->inner), cancel);
        if (!error || proc_error_is_echo(error, cancel))
            return error;
        r->failed++;
        proc_error_unref(error);
    }
}

static void restarts(void) {
    leaf echoing = {.until_cancelled = true};
    restarting r = {.outside = proc_cancel_new(NULL), .fails = 5};
    proc_impl *failing = proc_task("flaky", proc_new(fail_or_stop, &r, NULL));
    r.inner = PROC_GROUP(failing, proc_task("helper", leaf_new(&echoing)));
    proc_error *error = proc_run(proc_new(restart, &r, NULL), r.outside);
    CHECK_INT(r.failed, 5);
    CHECK(proc_error_is_echo(error, r.outside));
    proc_error_unref(error);
    proc_unref(r.inner);
    proc_cancel_unref(r.outside);
}

CHECK_MAIN(CASE(itself), CASE(nothing), CASE(wrapped), CASE(from_above), CASE(two_causes),
           CASE(looks_alike), CASE(beside_failure), CASE(whole_cause), CASE(in_a_callback),
           CASE(restarts))
