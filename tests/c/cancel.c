/* A cancel handle. (The tree of them: cancel_tree.c) Laws:
 *
 *   once_for_good      A handle says once, and for good, that it is cancelled; the first call wins.
 *   no_cause           NULL cause: ECANCELED.
 *   takes_cause        The cause becomes the callee's, also if it comes too late, or if the handle is NULL.
 *   tells_cause        proc_cancel_cause: why, NULL if not cancelled. proc_cancel_error: the very cause, one more reference.
 *   null               NULL: not cancelled, no cause, no error; trigger and release do nothing.
 *   run_borrows        proc_run borrows its handle; NULL is a new root.
 *   callback_handle    A callback's handle is never NULL; proc_cancel_ref keeps it longer than the callback.
 *   signal_safe        proc_cancelled may be called in a signal handler.
 */
#include "leaf.h"

static void check_cancelled_by(proc_cancel *cancel, int code, const char *message) {
    CHECK(proc_cancelled(cancel));
    CHECK_INT(proc_error_code(proc_cancel_cause(cancel)), code);
    CHECK_STR(proc_error_message(proc_cancel_cause(cancel)), message);
}

static void once_for_good(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    CHECK(!proc_cancelled(cancel));
    proc_cancel_trigger(cancel, proc_error_new(71, "first"));
    check_cancelled_by(cancel, 71, "first");
    proc_cancel_trigger(cancel, proc_error_new(72, "second"));
    proc_cancel_trigger(cancel, NULL);
    check_cancelled_by(cancel, 71, "first");
    proc_cancel_unref(cancel);
}

static void no_cause(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, NULL);
    CHECK_INT(proc_error_code(proc_cancel_cause(cancel)), ECANCELED);
    proc_error *error = proc_cancel_error(cancel);
    CHECK_INT(proc_error_code(error), ECANCELED);
    CHECK(strlen(proc_error_message(error)) > 0);
    proc_error_unref(error);
    proc_cancel_unref(cancel);
}

static void takes_cause(void) {
    atomic_int destroyed = 0;
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, proc_error_with_payload(71, "a", &destroyed, check_destroyed));
    CHECK_INT(destroyed, 0);
    proc_cancel_trigger(cancel, proc_error_with_payload(72, "b", &destroyed, check_destroyed));
    CHECK_INT(destroyed, 1);
    proc_cancel_unref(cancel);
    CHECK_INT(destroyed, 2);
    proc_cancel_trigger(NULL, proc_error_with_payload(73, "c", &destroyed, check_destroyed));
    CHECK_INT(destroyed, 3);
}

static void tells_cause(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    CHECK(proc_cancel_cause(cancel) == NULL);
    CHECK(proc_cancel_error(cancel) == NULL);
    proc_error *cause = proc_error_new(71, "why");
    proc_cancel_trigger(cancel, proc_error_ref(cause));
    CHECK(proc_cancel_cause(cancel) == cause);
    proc_error *error = proc_cancel_error(cancel);
    CHECK(error == cause);
    proc_error_unref(cause);
    proc_cancel_unref(cancel);
    CHECK_FAILS(error, 71, "why");
}

static void null(void) {
    CHECK(!proc_cancelled(NULL));
    CHECK(proc_cancel_cause(NULL) == NULL);
    CHECK(proc_cancel_error(NULL) == NULL);
    CHECK(proc_cancel_ref(NULL) == NULL);
    proc_cancel_trigger(NULL, NULL);
    proc_cancel_unref(NULL);
}

static proc_error *keep(proc_cancel *cancel, void *user_data) {
    CHECK(cancel != NULL);
    CHECK(!proc_cancelled(cancel));
    *(proc_cancel **)user_data = proc_cancel_ref(cancel);
    return NULL;
}

static void run_borrows(void) {
    proc_cancel *kept = NULL, *cancel = proc_cancel_new(NULL);
    CHECK_OK(proc_run(proc_new(keep, &kept, NULL), cancel));
    proc_cancel_trigger(cancel, NULL);
    CHECK(proc_cancelled(kept));
    proc_cancel_unref(kept);
    CHECK(proc_cancelled(cancel));
    proc_cancel_unref(cancel);
}

static void callback_handle(void) {
    proc_cancel *kept = NULL;
    CHECK_OK(proc_run(proc_new(keep, &kept, NULL), NULL));
    CHECK(!proc_wait(kept, 0));
    proc_cancel_trigger(kept, proc_error_new(71, "later"));
    check_cancelled_by(kept, 71, "later");
    proc_cancel_unref(kept);
}

static proc_cancel *volatile looked_at;
static volatile sig_atomic_t answer;

static void look(int signal_number) {
    (void)signal_number;
    answer = proc_cancelled(looked_at);
}

static void signal_safe(void) {
    struct sigaction before;
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = look}, &before);
    looked_at = proc_cancel_new(NULL);
    answer = -1;
    raise(SIGUSR1);
    CHECK_INT(answer, false);
    proc_cancel_trigger(looked_at, NULL);
    raise(SIGUSR1);
    CHECK_INT(answer, true);
    sigaction(SIGUSR1, &before, NULL);
    proc_cancel_unref(looked_at);
}

CHECK_MAIN(CASE(once_for_good), CASE(no_cause), CASE(takes_cause), CASE(tells_cause), CASE(null),
           CASE(run_borrows), CASE(callback_handle), REAL(signal_safe))
