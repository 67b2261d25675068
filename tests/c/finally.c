/* proc_finally: one process, and after it one that cleans up, whatever became of the first. Laws:
 *
 *   after            The second runs after the first has completed, on the same thread, in the same task: after a success, a
 *                    failure, and a cancellation.
 *   shielded         It sees no cancellation that came before it, of whatever is above, and none that comes while it runs:
 *                    of handles, of a group that fails around it, and of proc_main.
 *   not_beyond       Its handle can be cancelled, and that cancels nothing above.
 *   closed           Whoever keeps its handle sees it cancelled once that is over, on success too.
 *   all_errors       The errors of both come, the first one's first. What only passes on the cancellation comes last.
 *   echo             An echo alone stays one.
 *   drains           While proc_main_with drains, it is draining there too.
 *   grace            The end of the grace period ends it.
 *   cleanup_of       What cleans up may be anything, also one that has something to clean up after.
 *   bad_input        If one of the two is bad input, neither runs, and both are released. NULL is; the message says which.
 *   deep             Nested as deep as may be, on either side, it runs; deeper is bad input that names the argument.
 *   dumped           The dump shows both inside of `finally`, and says of the second that it is cleaning up.
 */
#include "sheltered.h"

static proc_impl *as_first(proc_impl *impl) { return proc_finally(impl, succeeding()); }
static proc_impl *as_cleanup(proc_impl *impl) { return proc_finally(succeeding(), impl); }

/* Notes in which task it runs. */
static proc_error *note_task(proc_cancel *cancel, void *user_data) {
    *(uint64_t *)user_data = proc_trace_task_id(cancel);
    return NULL;
}

static void after(void) {
    gate first_ran;
    gate_init(&first_ran);
    leaf first = {.opens = &first_ran}, second = {.waits = &first_ran};
    proc_impl *both = proc_finally(leaf_new(&first), leaf_new(&second));
    CHECK_OK(proc_run(proc_ref(both), NULL));
    CHECK(pthread_equal(first.thread, second.thread) &&
          pthread_equal(first.thread, pthread_self()));
    first.fails = "first";
    CHECK_FAILS(proc_run(proc_ref(both), NULL), EIO, "first");
    CHECK_INT(second.runs, 2);
    proc_cancel *handle = cancelled_because(77, "enough");
    first.fails = NULL;
    first.until_cancelled = true;
    CHECK_FAILS(proc_run(both, handle), 77, "enough");
    CHECK_INT(second.runs, 3);
    CHECK_INT(first.destroyed + second.destroyed, 2);
    proc_cancel_unref(handle);
    uint64_t tasks[2] = {0, 0};
    CHECK_OK(proc_run(proc_task("t", proc_finally(proc_new(note_task, &tasks[0], NULL),
                                                  proc_new(note_task, &tasks[1], NULL))),
                      NULL));
    CHECK(tasks[0] != 0 && tasks[0] == tasks[1]);
}

/* Cancels what is around it, and looks whether that comes to itself. */
static proc_error *cancel_around(proc_cancel *cancel, void *user_data) {
    CHECK(!proc_cancelled(cancel));
    CHECK(proc_current() == cancel);
    proc_cancel_trigger(user_data, NULL);
    proc_cancel *below = proc_cancel_new(cancel);
    CHECK(!proc_cancelled(cancel) && !proc_cancelled(below));
    CHECK(proc_cancel_cause(cancel) == NULL && !proc_draining(cancel));
    proc_cancel_unref(below);
    return NULL;
}

static void shielded(void) {
    proc_cancel *before = cancelled_because(77, "enough"), *during = proc_cancel_new(NULL);
    leaf clean = {0};
    CHECK_OK(proc_run(proc_finally(succeeding(), leaf_new(&clean)), before));
    CHECK_INT(clean.saw_cancelled, 0);
    CHECK_OK(proc_run(proc_finally(succeeding(), proc_new(cancel_around, during, NULL)), during));
    CHECK(proc_cancelled(during));
    /* The failure of a sibling, and in a task, a region and groups of the second's own. */
    leaf other = {.until_cancelled = true};
    proc_impl *deep =
        PROC_GROUP(proc_task("t", proc_trace_region("r", PROC_GROUP(leaf_new(&clean)))));
    CHECK_FAILS(
        proc_run(PROC_GROUP(proc_finally(leaf_new(&other), deep), failing("sibling")), NULL), EIO,
        "sibling");
    CHECK_INT(clean.runs, 2);
    CHECK_INT(clean.saw_cancelled, 0);
    proc_cancel_unref(before);
    proc_cancel_unref(during);
}

static void not_beyond(void) { check_not_beyond(as_cleanup); }
static void closed(void) { check_closed(as_cleanup, "the cleanup has ended"); }

static void all_errors(void) {
    proc_error *error = proc_run(proc_finally(failing("first"), failing("second")), NULL);
    CHECK_INT((long long)proc_error_count(error), 2);
    CHECK_STR(proc_error_message(proc_error_at(error, 0)), "first");
    CHECK_STR(proc_error_message(proc_error_at(error, 1)), "second");
    proc_error_unref(error);
    proc_cancel *handle = cancelled_because(77, "enough");
    leaf first = {.until_cancelled = true};
    error = proc_run(proc_finally(leaf_new(&first), failing("second")), handle);
    CHECK_INT(proc_error_code(error), EIO);
    CHECK_INT((long long)proc_error_count(error), 2);
    CHECK_STR(proc_error_message(proc_error_at(error, 1)), "enough");
    proc_error_unref(error);
    /* One error that both return comes once. */
    leaf same = {.error = proc_error_new(9, "same")};
    error = proc_run(proc_finally(leaf_new(&same), leaf_new(&same)), NULL);
    CHECK_INT((long long)proc_error_count(error), 1);
    CHECK(error == same.error);
    proc_error_unref(error);
    proc_error_unref(same.error);
    proc_cancel_unref(handle);
}

static void echo(void) {
    proc_cancel *handle = cancelled_because(77, "enough");
    leaf first = {.until_cancelled = true};
    proc_error *error = proc_run(proc_finally(leaf_new(&first), succeeding()), handle);
    CHECK(proc_error_is_echo(error, handle));
    proc_error_unref(error);
    proc_cancel_unref(handle);
}

static proc_error *drain(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    CHECK(!proc_draining(cancel));
    child_tell('r');
    while (!proc_draining(cancel))
        sched_yield();
    CHECK(!proc_cancelled(cancel));
    proc_cancel *below = proc_cancel_new(cancel);
    CHECK(proc_draining(below));
    proc_cancel_unref(below);
    return NULL;
}

static void drains_role(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.drain_ns = options.grace_ns = PROC_FOREVER;
    CHECK_OK(proc_main_with(proc_finally(succeeding(), proc_new(drain, NULL, NULL)), &options));
}

static void drains(void) {
    child c = child_start("drains_role");
    CHECK_INT(child_event(&c), 'r');
    CHECK_INT(kill(c.pid, SIGTERM), 0);
    child_passes(&c);
}

static void grace_role(void) { sheltered_main(as_cleanup); }
static void grace(void) { check_grace_ends("grace_role", "finally"); }

static void cleanup_of(void) {
    proc_cancel *handle = cancelled_because(77, "enough");
    leaf a = {.fails = "a"}, b = {.fails = "b"}, c = {0};
    proc_impl *inner = proc_finally(leaf_new(&b), PROC_CONCURRENT(leaf_new(&c), leaf_new(&c)));
    proc_error *error = proc_run(proc_finally(leaf_new(&a), inner), handle);
    CHECK_INT((long long)proc_error_count(error), 2);
    CHECK_INT(a.saw_cancelled, 1);
    CHECK_INT(b.saw_cancelled + c.saw_cancelled, 0);
    CHECK_INT(c.runs, 2);
    proc_error_unref(error);
    proc_cancel_unref(handle);
}

static void bad_input(void) {
    leaf l = {0};
    CHECK_FAILS(proc_run(proc_finally(NULL, leaf_new(&l)), NULL), EINVAL,
                "proc_finally: impl is NULL");
    CHECK_FAILS(proc_run(proc_finally(leaf_new(&l), NULL), NULL), EINVAL,
                "proc_finally: cleanup is NULL");
    CHECK_FAILS(proc_run(proc_finally(leaf_new(&l), proc_task(NULL, leaf_new(&l))), NULL), EINVAL,
                "proc_task: task_type is NULL");
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 4);
}

static proc_impl *nest(bool in_cleanup, int levels, proc_impl *impl) {
    for (int i = 0; i < levels; i++)
        impl = (in_cleanup ? as_cleanup : as_first)(impl);
    return impl;
}

static void deep(void) {
    static const char *const which[] = {"proc_finally: impl is", "proc_finally: cleanup is"};
    for (int side = 0; side < 2; side++) {
        leaf l = {0};
        proc_impl *full = nest(side, PROC_MAX_DEPTH, leaf_new(&l));
        CHECK_OK(proc_run(proc_ref(full), NULL));
        CHECK_INT(l.runs, 1);
        proc_error *error = proc_run(nest(side, 1, full), NULL);
        CHECK_INT(proc_error_code(error), ELOOP);
        CHECK_HAS(proc_error_message(error), which[side]);
        proc_error_unref(error);
        CHECK_INT(l.runs, 1);
        CHECK_INT(l.destroyed, 1);
    }
}

static proc_error *look_for_cleaning_up(proc_cancel *cancel, void *cleans) {
    (void)cancel;
    char *text = dump(PROC_DUMP_TEXT);
    CHECK(dumped_times(text, " s, cleaning up\n") == (cleans ? 1 : 0));
    free(text);
    return NULL;
}

static void dumped(void) {
    check_dumped_in(as_first, "finally");
    check_dumped_in(as_cleanup, "finally");
    CHECK_OK(proc_run(proc_finally(proc_new(look_for_cleaning_up, NULL, NULL),
                                   proc_new(look_for_cleaning_up, (void *)"yes", NULL)),
                      NULL));
}

CHECK_MAIN(CASE(after), CASE(shielded), CASE(not_beyond), CASE(closed), CASE(all_errors),
           CASE(echo), CASE(drains), CASE(grace), CASE(cleanup_of), CASE(bad_input), CASE(deep),
           REAL(dumped), ROLE(drains_role), ROLE(grace_role))
