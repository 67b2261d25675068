/* proc_error_merge: one error of several. Laws:
 *
 *   in_order         A multi error of them in the order of the array, whatever they are; its code is its first's.
 *   flat             Multi errors are opened; those in a task or a text stay in it.
 *   each_once        An error that is there several times, by itself or in multi errors, is listed once, where it was first.
 *   not_by_looks     Two errors that only look alike are two.
 *   nulls            NULL is success, and left out; NULL if none is left; one that is left is itself.
 *   bad_input        NULL with a count: EINVAL, and a text that names function and argument.
 *   taken_over       One reference of each is taken over; the array stays as it is.
 */
#include "leaf.h"

static proc_error *merged(proc_error *a, proc_error *b, proc_error *c) {
    proc_error *errors[] = {a, b, c};
    return proc_error_merge(errors, 3);
}

static proc_error *failure(int code) { return proc_errorf(code, "%d", code); }

static void in_order(void) {
    CHECK_FAILS(merged(failure(3), failure(1), failure(2)), 3, "3 errors:\n- 3\n- 1\n- 2");
    /* An echo too stays where it was put. */
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, failure(9));
    CHECK_FAILS(merged(proc_cancel_error(cancel), failure(1), NULL), 9, "2 errors:\n- 9\n- 1");
    proc_cancel_unref(cancel);
}

static void flat(void) {
    proc_error *deep = merged(failure(1), merged(failure(2), failure(3), NULL), failure(4));
    CHECK_INT((long long)proc_error_count(deep), 4);
    leaf l = {.error = deep};
    proc_error *task = proc_run(proc_task("t", leaf_new(&l)), NULL);
    proc_error *error = merged(failure(0), deep, task);
    CHECK_INT((long long)proc_error_count(error), 6);
    CHECK(proc_error_at(error, 5) == task);
    CHECK_FAILS(error, -1,
                "6 errors:\n- 0\n- 1\n- 2\n- 3\n- 4\n"
                "- t: 4 errors:\n- (as above)\n- (as above)\n- (as above)\n- (as above)");
}

static void each_once(void) {
    proc_error *a = failure(1), *b = failure(2), *c = failure(3);
    CHECK(merged(proc_error_ref(a), proc_error_ref(a), proc_error_ref(a)) == a);
    proc_error_unref(a);
    proc_error *ab = merged(proc_error_ref(a), proc_error_ref(b), NULL);
    proc_error *bc = merged(proc_error_ref(b), proc_error_ref(c), proc_error_ref(b));
    CHECK_INT((long long)proc_error_count(bc), 2);
    proc_error *error = merged(bc, c, ab);
    CHECK_INT((long long)proc_error_count(error), 3);
    CHECK(proc_error_at(error, 0) == b && proc_error_at(error, 1) == c);
    CHECK(proc_error_at(error, 2) == a);
    proc_error_unref(error);
    proc_error_unref(a);
    proc_error_unref(b);
}

static void not_by_looks(void) {
    CHECK_FAILS(merged(failure(1), failure(1), NULL), 1, "2 errors:\n- 1\n- 1");
}

static void nulls(void) {
    CHECK(merged(NULL, NULL, NULL) == NULL);
    CHECK(proc_error_merge(NULL, 0) == NULL);
    proc_error *none = failure(1);
    CHECK(proc_error_merge(&none, 0) == NULL);
    CHECK(merged(NULL, none, NULL) == none);
    proc_error_unref(none);
    CHECK_FAILS(merged(NULL, failure(1), failure(2)), 1, "2 errors:\n- 1\n- 2");
}

static void bad_input(void) {
    proc_error *error = proc_error_merge(NULL, 3);
    CHECK_INT(proc_error_code(error), EINVAL);
    CHECK_HAS(proc_error_message(error), "proc_error_merge: errors is NULL");
    proc_error_unref(error);
    proc_error *one = failure(1);
    error = proc_error_merge(&one, SIZE_MAX);
    CHECK_INT(proc_error_code(error), EINVAL);
    CHECK_HAS(proc_error_message(error), "proc_error_merge: count");
    proc_error_unref(error);
    proc_error_unref(one);
}

static void taken_over(void) {
    atomic_int destroyed = 0;
    proc_error *a = proc_error_with_payload(1, "a", &destroyed, check_destroyed);
    proc_error *b = proc_error_with_payload(2, "b", &destroyed, check_destroyed);
    proc_error *const errors[] = {a, proc_error_ref(a), NULL, b};
    proc_error *error = proc_error_merge(errors, 4);
    CHECK(errors[0] == a && errors[3] == b);
    CHECK_INT(destroyed, 0);
    proc_error_unref(error);
    CHECK_INT(destroyed, 2);
}

CHECK_MAIN(CASE(in_order), CASE(flat), CASE(each_once), CASE(not_by_looks), CASE(nulls),
           CASE(bad_input), CASE(taken_over))
