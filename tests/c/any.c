/* proc_any. Laws:
 *
 *   success_decides       The first child to succeed decides; the others are cancelled and waited for.
 *   failures_before       Failures before it decide nothing, cancel nobody, and are not returned.
 *   cause                 The others' cause is ECANCELED, "another one was first".
 *   none_succeeds         If none succeeds, all errors are returned, in order of completion.
 *   told                  After a success, errors of others are told to the trace as logs of category proc_any; echoes are not.
 *   from_above            Cancelled from above, that cause is the result, once.
 *   success_from_above    … unless one succeeds all the same.
 *   never_begins          What has not begun at the decision never begins.
 *   only_child            A single child decides.
 *   ended                 The handle is cancelled at the end, though nobody has succeeded.
 *   no_children           No children are bad input, and so is a NULL in it.
 *   shown                 The dump calls it any.
 */
#include "asleep.h"
#include "dumped.h"
#include "leaf.h"
#include "logged.h"

static void success_decides(void) {
    for (int first = 0; first < 3; first++) {
        leaf waiting = {.until_cancelled = true};
        proc_impl *impls[3];
        for (int i = 0; i < 3; i++)
            impls[i] = i == first ? succeeding() : leaf_new(&waiting);
        CHECK_OK(proc_run(proc_any(impls, 3), NULL));
        CHECK_INT(waiting.destroyed, 2);
    }
}

static void failures_before(void) {
    leaf fails = {.fails = "fails"};
    CHECK_OK(proc_run(PROC_ANY(leaf_new(&fails), leaf_new(&fails), succeeding()), NULL));
    CHECK_INT(fails.runs, 2);
    gate failed;
    gate_init(&failed);
    leaf opens = {.opens = &failed, .fails = "fails"}, wins = {.waits = &failed};
    CHECK_OK(proc_run(PROC_ANY(leaf_new(&wins), leaf_new(&opens)), NULL));
    CHECK(!wins.saw_cancelled);
}

static proc_error *see_cause(proc_cancel *cancel, void *user_data) {
    gate_open(user_data);
    leaf_wait_cancelled(cancel);
    CHECK_INT(proc_error_code(proc_cancel_cause(cancel)), ECANCELED);
    CHECK_STR(proc_error_message(proc_cancel_cause(cancel)), "another one was first");
    return proc_cancel_error(cancel);
}

static void cause(void) {
    gate seen;
    gate_init(&seen);
    leaf wins = {.waits = &seen};
    CHECK_OK(proc_run(PROC_ANY(proc_new(see_cause, &seen, NULL), leaf_new(&wins)), NULL));
}

/* Fails when all others have ended. */
static proc_error *fail_late(proc_cancel *cancel, void *user_data) {
    proc_error *error = leaf_run(cancel, user_data);
    wait_until_others_sleep();
    return error;
}

static void none_succeeds(void) {
    gate failed;
    gate_init(&failed);
    proc_error *error = proc_run(PROC_ANY(failing("a"), failing("b"), failing("c")), NULL);
    CHECK_INT((long long)proc_error_count(error), 3);
    proc_error_unref(error);
    leaf first = {.opens = &failed, .fails = "first", .code = 77};
    leaf second = {.waits = &failed, .fails = "second", .code = 78};
    error = proc_run(PROC_ANY(proc_new(fail_late, &second, NULL), leaf_new(&first)), NULL);
    if (order_is_seen())
        CHECK_STR(proc_error_message(error), "2 errors:\n- first\n- second");
    proc_error_unref(error);
}

static void told(void) {
    logged_begin();
    gate begun;
    gate_init(&begun);
    leaf fails = {.fails = "fails"}, wins = {.waits = &begun};
    leaf echo = {.started = &begun, .until_cancelled = true};
    proc_impl *any = PROC_ANY(leaf_new(&fails), leaf_new(&echo), leaf_new(&wins));
    CHECK_OK(proc_run(proc_task("trying", any), NULL));
    CHECK_INT(logged.count, 1);
    CHECK_STR(logged.last, "trying, proc_any: fails");
    logged_end();
}

static void from_above(void) {
    leaf l = {.until_cancelled = true}, fails = {.until_cancelled = true, .fails = "own"};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, proc_error_new(77, "early"));
    CHECK_FAILS(proc_run(PROC_ANY(leaf_new(&l), leaf_new(&l), leaf_new(&l)), cancel), 77, "early");
    CHECK_INT(l.runs, 3);
    CHECK_FAILS(proc_run(PROC_ANY(leaf_new(&l), leaf_new(&fails), leaf_new(&l)), cancel), EIO,
                "2 errors:\n- own\n- early");
    proc_cancel_unref(cancel);
}

static void success_from_above(void) {
    leaf l = {.until_cancelled = true};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, proc_error_new(77, "early"));
    CHECK_OK(proc_run(PROC_ANY(leaf_new(&l), leaf_new(&l), succeeding()), cancel));
    proc_cancel_unref(cancel);
}

static proc_error *succeed_or_wait(proc_cancel *cancel, void *user_data) {
    atomic_int *runs = user_data;
    if (++*runs == 1)
        return NULL;
    leaf_wait_cancelled(cancel);
    return proc_cancel_error(cancel);
}

static void never_begins(void) {
    /* Whoever else has begun was sent while the first one did nothing but succeed. */
    enum { MANY = 1000 };
    atomic_int runs = 0;
    proc_impl *one = proc_new(succeed_or_wait, &runs, NULL), *impls[MANY];
    for (int i = 0; i < MANY; i++)
        impls[i] = proc_ref(one);
    proc_unref(one);
    CHECK_OK(proc_run(proc_any(impls, MANY), NULL));
    CHECK(runs < MANY);
}

static void only_child(void) {
    CHECK_OK(proc_run(PROC_ANY(succeeding()), NULL));
    CHECK_FAILS(proc_run(PROC_ANY(failing("alone")), NULL), EIO, "alone");
}

static proc_error *keep_and_fail(proc_cancel *cancel, void *user_data) {
    *(proc_cancel **)user_data = proc_cancel_ref(cancel);
    return proc_error_new(77, "fails");
}

static void ended(void) {
    proc_cancel *kept = NULL;
    proc_error *error =
        proc_run(PROC_ANY(proc_new(keep_and_fail, &kept, NULL), failing("b")), NULL);
    CHECK_INT((long long)proc_error_count(error), 2);
    proc_error_unref(error);
    CHECK(proc_cancelled(kept));
    proc_cancel_unref(kept);
}

static void no_children(void) {
    CHECK_FAILS(proc_run(proc_any(NULL, 0), NULL), EINVAL,
                "proc_any: count is 0, but one child must be the first");
    CHECK_FAILS(proc_run(PROC_ANY(NULL, succeeding()), NULL), EINVAL, "proc_any: impls[0] is NULL");
}

static proc_error *look(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    CHECK_DUMPED("any, thread");
    return NULL;
}

static void shown(void) {
    CHECK_OK(proc_run(PROC_ANY(proc_new(look, NULL, NULL), succeeding()), NULL));
}

CHECK_MAIN(CASE(success_decides), CASE(failures_before), CASE(cause), CASE(none_succeeds),
           CASE(told), CASE(from_above), CASE(success_from_above), CASE(never_begins),
           CASE(only_child), CASE(ended), CASE(no_children), CASE(shown))
