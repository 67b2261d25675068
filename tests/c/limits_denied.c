/* Limits, each, race and any when no thread can be had. Each case plays in a fresh program. Laws:
 *
 *   one_at_a_time         A limit of 1 needs no thread.
 *   group_stops           A child of a group with a limit that got no thread fails with EAGAIN, which cancels the others; what
 *                         would have begun after it has no error.
 *   each_stops            The same for proc_each, whose child is named, and of whose errors there is one, however many are left.
 *   all_are_told          In proc_concurrent_limit each that could not run fails so.
 *   race_goes_on          A child of a race that got no thread does not decide: the one that runs does, also if it fails.
 *   any_goes_on           The same for proc_any.
 */
#include "child.h"
#include "interpose.h"
#include "leaf.h"

enum { MANY = 10 };

static proc_error *index_ends(proc_cancel *cancel, size_t index, void *user_data) {
    (void)index;
    if (user_data)
        leaf_wait_cancelled(cancel);
    return user_data ? proc_cancel_error(cancel) : NULL;
}

static void one_at_a_time_role(void) {
    leaf l = {0};
    proc_impl *impls[MANY];
    threads_left = 0;
    for (int i = 0; i < MANY; i++)
        impls[i] = leaf_new(&l);
    CHECK_OK(proc_run(proc_group_limit(1, impls, MANY), NULL));
    CHECK_OK(proc_run(proc_each(1000, 1, index_ends, NULL, NULL), NULL));
    CHECK_INT(l.runs, MANY);
    CHECK_INT(threads_denied, 0);
}

static void group_stops_role(void) {
    leaf l = {.until_cancelled = true};
    proc_impl *impls[MANY];
    threads_left = 0;
    for (int i = 0; i < MANY; i++)
        impls[i] = leaf_new(&l);
    CHECK_FAILS(proc_run(proc_group_limit(3, impls, MANY), NULL), EAGAIN,
                "no thread could be had to run it");
    CHECK_INT(l.runs, 1);
}

static void each_stops_role(void) {
    threads_left = 1; /* One that watches. */
    CHECK_FAILS(proc_run(proc_each(SIZE_MAX, 3, index_ends, &threads_left, NULL), NULL), EAGAIN,
                "[1]: no thread could be had to run it");
}

static void all_are_told_role(void) {
    leaf l = {0};
    proc_impl *impls[MANY];
    threads_left = 0;
    for (int i = 0; i < MANY; i++)
        impls[i] = leaf_new(&l);
    proc_error *error = proc_run(proc_concurrent_limit(3, impls, MANY), NULL);
    CHECK_INT((long long)proc_error_count(error), MANY - 1);
    CHECK_INT(proc_error_code(error), EAGAIN);
    proc_error_unref(error);
    CHECK_INT(l.runs, 1);
}

static void race_goes_on_role(void) {
    leaf l = {0}, fails = {.fails = "fails", .code = 77};
    threads_left = 0;
    CHECK_OK(proc_run(PROC_RACE(leaf_new(&l), leaf_new(&l), leaf_new(&l)), NULL));
    CHECK_INT(l.runs, 1);
    CHECK(!l.saw_cancelled);
    CHECK_FAILS(proc_run(PROC_RACE(leaf_new(&fails), leaf_new(&l)), NULL), 77,
                "2 errors:\n- fails\n- no thread could be had to run it");
    CHECK(!fails.saw_cancelled);
}

static void any_goes_on_role(void) {
    leaf l = {0}, fails = {.fails = "fails", .code = 77};
    threads_left = 0;
    CHECK_OK(proc_run(PROC_ANY(leaf_new(&l), leaf_new(&fails)), NULL));
    CHECK(!l.saw_cancelled);
    CHECK_FAILS(proc_run(PROC_ANY(leaf_new(&fails), leaf_new(&l)), NULL), EAGAIN,
                "2 errors:\n- no thread could be had to run it\n- fails");
}

IN_CHILD(one_at_a_time)
IN_CHILD(group_stops)
IN_CHILD(each_stops)
IN_CHILD(all_are_told)
IN_CHILD(race_goes_on)
IN_CHILD(any_goes_on)

CHECK_MAIN(BOTH(one_at_a_time), BOTH(group_stops), BOTH(each_stops), BOTH(all_are_told),
           BOTH(race_goes_on), BOTH(any_goes_on))
