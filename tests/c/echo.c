/* Echoes within one group: a scope that issued a cancellation absorbs errors that are nothing but that cause come back. Laws:
 *
 *   siblings           A group lists its handle's cause at most once, not once per sibling.
 *   in_tasks           An echo is seen through task wrappers, however many.
 *   in_wraps           … and through texts around it (proc_error_wrap), before and after tasks.
 *   in_multis          … and through multi errors, and through multi errors in task wrappers.
 *   task_cause         The same if the cause is itself a task error.
 *   multi_cause        … or a multi error: each of its errors is listed once.
 *   not_the_same       An error that only looks like the cause is not an echo, nor one with the same code.
 *   more_than_echo     A task around a multi error with an error of its own in it is kept, whole.
 *   own_cancellation   A child cancels the group's handle with an error, and others return it: it is listed once.
 *   first_stays        It is the first in order of completion that is listed.
 */
#include "leaf.h"

enum { SIBLINGS = 10 };

typedef proc_impl *wrapper(leaf *echoing);

static proc_impl *bare(leaf *echoing) { return leaf_new(echoing); }

static proc_impl *in_task(leaf *echoing) { return proc_task("t", leaf_new(echoing)); }

static proc_impl *in_two_tasks(leaf *echoing) {
    return proc_task("t", PROC_SEQUENCE(proc_trace_region("r", proc_task("u", leaf_new(echoing)))));
}

static proc_error *wrap_echo(proc_cancel *cancel, void *user_data) {
    return proc_error_wrap(leaf_run(cancel, user_data), "on %s", "cancellation");
}

static proc_impl *in_wrap(leaf *echoing) { return proc_new(wrap_echo, echoing, NULL); }

static proc_error *wrap_run(proc_cancel *cancel, void *user_data) {
    return proc_error_wrap(proc_run(proc_ref(user_data), cancel), "outer");
}

static void unref_impl(void *user_data) { proc_unref(user_data); }

static proc_impl *task_in_wrap(leaf *echoing) {
    proc_impl *inner = proc_task("t", PROC_CONCURRENT(in_wrap(echoing), leaf_new(echoing)));
    return proc_new(wrap_run, inner, unref_impl);
}

static proc_impl *in_multi(leaf *echoing) {
    return PROC_CONCURRENT(leaf_new(echoing), proc_task("t", leaf_new(echoing)));
}

static proc_impl *multi_in_task(leaf *echoing) { return proc_task("t", in_multi(echoing)); }

static proc_impl *deep_mixture(leaf *echoing) {
    return PROC_CONCURRENT(proc_task("a", multi_in_task(echoing)), in_multi(echoing),
                           proc_task("b", PROC_CONCURRENT(multi_in_task(echoing))));
}

/* The group's error is that of its first failing child, whatever comes back of it. */
static void check_absorbed(wrapper *wrap, proc_impl *first) {
    leaf echoing = {.until_cancelled = true};
    proc_impl *impls[SIBLINGS + 1];
    for (int i = 0; i < SIBLINGS; i++)
        impls[i] = wrap(&echoing);
    impls[SIBLINGS] = proc_ref(first);
    proc_error *alone = proc_run(first, NULL);
    proc_error *error = proc_run(proc_group(impls, SIBLINGS + 1), NULL);
    CHECK_INT((long long)proc_error_count(error), (long long)proc_error_count(alone));
    CHECK_STR(proc_error_message(error), proc_error_message(alone));
    CHECK(echoing.runs >= SIBLINGS);
    proc_error_unref(alone);
    proc_error_unref(error);
}

static wrapper *const wrappers[] = {bare,         in_task,  in_two_tasks,  in_wrap,
                                    task_in_wrap, in_multi, multi_in_task, deep_mixture};
enum { WRAPPERS = sizeof wrappers / sizeof *wrappers };

static void siblings(void) { check_absorbed(bare, failing("first")); }

static void in_tasks(void) {
    check_absorbed(in_task, failing("first"));
    check_absorbed(in_two_tasks, failing("first"));
}

static void in_wraps(void) {
    check_absorbed(in_wrap, failing("first"));
    check_absorbed(task_in_wrap, failing("first"));
}

static void in_multis(void) {
    check_absorbed(in_multi, failing("first"));
    check_absorbed(multi_in_task, failing("first"));
    check_absorbed(deep_mixture, failing("first"));
}

static void task_cause(void) {
    for (int i = 0; i < WRAPPERS; i++) {
        check_absorbed(wrappers[i], proc_task("x", failing("first")));
        check_absorbed(wrappers[i], proc_task("x", proc_task("y", failing("first"))));
    }
}

static void multi_cause(void) {
    for (int i = 0; i < WRAPPERS; i++) {
        proc_impl *pair = PROC_CONCURRENT(failing("same"), failing("same"));
        check_absorbed(wrappers[i], proc_ref(pair));
        check_absorbed(wrappers[i], proc_task("x", pair));
    }
}

static void not_the_same(void) {
    leaf lookalike = {.until_cancelled = true, .fails = "first"};
    proc_impl *impl = PROC_GROUP(leaf_new(&lookalike), failing("first"));
    CHECK_FAILS(proc_run(impl, NULL), EIO, "2 errors:\n- first\n- first");
    leaf cancelled = {.until_cancelled = true, .fails = "cancelled", .code = ECANCELED};
    impl = PROC_GROUP(leaf_new(&cancelled), proc_task("t", leaf_new(&cancelled)), failing("first"));
    proc_error *error = proc_run(impl, NULL);
    CHECK_INT((long long)proc_error_count(error), 3);
    CHECK_STR(proc_error_message(proc_error_at(error, 0)), "first");
    proc_error_unref(error);
}

static void more_than_echo(void) {
    gate echoed;
    gate_init(&echoed);
    leaf echoing = {.until_cancelled = true, .opens = &echoed};
    leaf own = {.until_cancelled = true, .fails = "own"};
    proc_impl *mixed = proc_task("t", PROC_CONCURRENT(leaf_new(&echoing), leaf_new(&own)));
    proc_error *error = proc_run(PROC_GROUP(mixed, failing("first")), NULL);
    CHECK_INT((long long)proc_error_count(error), 2);
    CHECK_STR(proc_error_message(proc_error_at(error, 0)), "first");
    const proc_error *kept = proc_error_at(error, 1);
    CHECK_STR(proc_error_task_type(kept), "t");
    CHECK_INT((long long)proc_error_count(proc_error_cause(kept)), 2);
    CHECK_HAS(proc_error_message(kept), "t: 2 errors:\n- ");
    CHECK_HAS(proc_error_message(kept), "\n- own");
    CHECK_HAS(proc_error_message(kept), "\n- first");
    proc_error_unref(error);
    /* Without the task it is flattened: the echo goes, its neighbour stays. */
    mixed = PROC_CONCURRENT(leaf_new(&echoing), leaf_new(&own));
    CHECK_FAILS(proc_run(PROC_GROUP(mixed, failing("first")), NULL), EIO,
                "2 errors:\n- first\n- own");
}

static proc_error *trigger_own(proc_cancel *cancel, void *user_data) {
    proc_cancel_trigger(cancel, proc_error_new(77, user_data));
    return NULL;
}

static void own_cancellation(void) {
    leaf echoing = {.until_cancelled = true};
    proc_impl *impl = PROC_GROUP(leaf_new(&echoing), proc_new(trigger_own, "enough", NULL),
                                 leaf_new(&echoing), leaf_new(&echoing));
    CHECK_FAILS(proc_run(impl, NULL), 77, "enough");
    impl = PROC_GROUP(proc_task("t", leaf_new(&echoing)), proc_new(trigger_own, "enough", NULL),
                      proc_task("t", leaf_new(&echoing)));
    CHECK_FAILS(proc_run(impl, NULL), 77, "t: enough");
}

CHECK_MAIN(CASE(siblings), CASE(in_tasks), CASE(in_wraps), CASE(in_multis), CASE(task_cause),
           CASE(multi_cause), CASE(not_the_same), CASE(more_than_echo), CASE(own_cancellation))
