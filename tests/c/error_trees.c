/* Errors made of errors: what task errors and multi errors answer, and what they read like. Laws:
 *
 *   task_error       A task error has its task's type; its cause is what it wraps; its code is its cause's; it counts 1.
 *   task_text        Its text is "TYPE: TEXT".
 *   multi_error      A multi error has its errors at 0 to count - 1; its code is the first's; it has no cause, no task.
 *   multi_text       Its text is "N errors:" and then "\n- TEXT" for each.
 *   alone            One error alone is itself.
 *   multi_in_task    A multi error inside a task error stays in it.
 *   task_in_multi    A task error is one error of a multi error.
 *   is_anywhere      proc_error_is: any error in it has that code.
 *   find_task        Depth first: the outer before the inner, the earlier before the later; NULL if there is none.
 *   borrowed         What an accessor returns lives as long as the error that it belongs to, or as its own reference.
 */
#include "leaf.h"

/* A task error of that type around a failure with that code and text. */
static proc_impl *failing_task(const char *type, leaf *l) { return proc_task(type, leaf_new(l)); }

/* The two are in no particular order. */
static proc_error *multi_of(proc_impl *a, proc_impl *b) {
    proc_error *error = proc_run(PROC_CONCURRENT(a, b), NULL);
    CHECK_INT((long long)proc_error_count(error), 2);
    return error;
}

static void task_error(void) {
    leaf l = {.fails = "disk full", .code = ENOSPC};
    l.error = proc_error_new(ENOSPC, "disk full");
    proc_error *error = proc_run(failing_task("flush", &l), NULL);
    CHECK_STR(proc_error_task_type(error), "flush");
    CHECK(proc_error_cause(error) == l.error);
    CHECK_INT(proc_error_code(error), ENOSPC);
    CHECK_INT((long long)proc_error_count(error), 1);
    CHECK(proc_error_at(error, 0) == error);
    CHECK(proc_error_at(error, 1) == NULL);
    proc_error_unref(error);
    proc_error_unref(l.error);
}

static void task_text(void) {
    leaf l = {.fails = "disk full", .code = ENOSPC};
    CHECK_FAILS(proc_run(failing_task("flush", &l), NULL), ENOSPC, "flush: disk full");
    CHECK_FAILS(proc_run(proc_task("a", proc_task("b", leaf_new(&l))), NULL), ENOSPC,
                "a: b: disk full");
    CHECK_FAILS(proc_run(failing_task("", &l), NULL), ENOSPC, ": disk full");
}

static void multi_error(void) {
    leaf a = {.fails = "a", .code = 71}, b = {.fails = "b", .code = 72};
    proc_error *error = multi_of(leaf_new(&a), leaf_new(&b));
    int first = proc_error_code(proc_error_at(error, 0));
    CHECK(first == 71 || first == 72);
    CHECK_INT(proc_error_code(proc_error_at(error, 1)), 71 + 72 - first);
    CHECK_INT(proc_error_code(error), first);
    CHECK(proc_error_at(error, 2) == NULL && proc_error_at(error, SIZE_MAX) == NULL);
    CHECK(proc_error_cause(error) == NULL);
    CHECK(proc_error_task_type(error) == NULL);
    proc_error_unref(error);
}

static void multi_text(void) {
    leaf l = {.fails = "same"};
    proc_error *error = multi_of(leaf_new(&l), leaf_new(&l));
    CHECK_FAILS(error, EIO, "2 errors:\n- same\n- same");
    proc_impl *three =
        PROC_CONCURRENT(leaf_new(&l), leaf_new(&l), PROC_SEQUENCE(succeeding(), leaf_new(&l)));
    CHECK_FAILS(proc_run(three, NULL), EIO, "3 errors:\n- same\n- same\n- same");
}

static void alone(void) {
    leaf l = {.error = proc_error_new(EIO, "alone")};
    proc_error *error = proc_run(PROC_CONCURRENT(succeeding(), leaf_new(&l), succeeding()), NULL);
    CHECK(error == l.error);
    proc_error_unref(error);
    error = proc_run(PROC_GROUP(PROC_CONCURRENT(leaf_new(&l), succeeding()), succeeding()), NULL);
    CHECK(error == l.error);
    proc_error_unref(error);
    proc_error_unref(l.error);
}

static void multi_in_task(void) {
    leaf l = {.fails = "same"};
    proc_impl *pair = PROC_CONCURRENT(leaf_new(&l), leaf_new(&l));
    proc_error *error = proc_run(proc_task("pair", pair), NULL);
    CHECK_INT((long long)proc_error_count(error), 1);
    CHECK_INT((long long)proc_error_count(proc_error_cause(error)), 2);
    CHECK_FAILS(error, EIO, "pair: 2 errors:\n- same\n- same");
}

static void task_in_multi(void) {
    leaf l = {.fails = "same"};
    proc_impl *pair = proc_task("pair", PROC_CONCURRENT(leaf_new(&l), leaf_new(&l)));
    proc_error *error = multi_of(proc_ref(pair), pair);
    CHECK_STR(proc_error_task_type(proc_error_at(error, 1)), "pair");
    CHECK_FAILS(error, EIO,
                "2 errors:\n- pair: 2 errors:\n- same\n- same\n- pair: 2 errors:\n- same\n- same");
}

static void is_anywhere(void) {
    leaf a = {.fails = "a", .code = 71}, b = {.fails = "b", .code = 72},
         c = {.fails = "c", .code = 73};
    proc_impl *pair = proc_task("pair", PROC_CONCURRENT(leaf_new(&a), leaf_new(&b)));
    proc_error *error = multi_of(proc_task("around", pair), leaf_new(&c));
    CHECK(proc_error_is(error, 71) && proc_error_is(error, 72) && proc_error_is(error, 73));
    CHECK(!proc_error_is(error, 74) && !proc_error_is(error, 0));
    proc_error_unref(error);
}

static void find_task(void) {
    leaf a = {.fails = "a"}, b = {.fails = "b"};
    proc_impl *inner = proc_task("same", failing_task("inner", &a));
    proc_error *error = proc_run(
        proc_task("outer", proc_task("same", PROC_CONCURRENT(inner, failing_task("other", &b)))),
        NULL);
    CHECK(proc_error_find_task(error, "outer") == error);
    CHECK(proc_error_find_task(error, "same") == proc_error_cause(error));
    CHECK_STR(proc_error_message(proc_error_find_task(error, "inner")), "inner: a");
    CHECK_STR(proc_error_message(proc_error_find_task(error, "other")), "other: b");
    CHECK(proc_error_find_task(error, "inne") == NULL);
    CHECK(proc_error_find_task(error, "") == NULL);
    proc_error_unref(error);
}

/* Depth first: what is inside the first error comes before the second. */
static void find_task_in_order(void) {
    leaf a = {.fails = "a"}, b = {.fails = "b"};
    proc_impl *deep = proc_task("x", proc_task("y", failing_task("same", &a)));
    proc_error *error = multi_of(deep, failing_task("same", &b));
    bool deep_first = proc_error_find_task(proc_error_at(error, 0), "x") != NULL;
    CHECK_STR(proc_error_message(proc_error_find_task(error, "same")),
              deep_first ? "same: a" : "same: b");
    proc_error_unref(error);
}

static void borrowed(void) {
    leaf a = {.fails = "a"}, b = {.fails = "b"};
    proc_error *error = multi_of(failing_task("task", &a), failing_task("task", &b));
    /* A reference of one's own may be taken of any part; the whole is gone before it. */
    proc_error *part = proc_error_ref((proc_error *)proc_error_at(error, 1));
    proc_error *cause = proc_error_ref((proc_error *)proc_error_cause(part));
    proc_error_unref(error);
    CHECK_STR(proc_error_task_type(part), "task");
    CHECK(proc_error_cause(part) == cause);
    proc_error_unref(part);
    CHECK(strlen(proc_error_message(cause)) == 1);
    proc_error_unref(cause);
}

CHECK_MAIN(CASE(task_error), CASE(task_text), CASE(multi_error), CASE(multi_text), CASE(alone),
           CASE(multi_in_task), CASE(task_in_multi), CASE(is_anywhere), CASE(find_task),
           CASE(find_task_in_order), CASE(borrowed))
