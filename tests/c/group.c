/* proc_group. Laws:
 *
 *   truly_concurrent      All children run at the same time, truly.
 *   first_failure         The first child to fail cancels the others; all are waited for. For each child.
 *   started_late          In a cancelled group every child is still started, and sees it.
 *   all_errors            Errors of children after the first are returned too.
 *   empty                 count == 0 succeeds at once.
 */
#include "leaf.h"

static void truly_concurrent(void) {
    gate a, b;
    gate_init(&a);
    gate_init(&b);
    leaf first = {.started = &a, .waits = &b}, second = {.started = &b, .waits = &a};
    CHECK_OK(proc_run(PROC_GROUP(leaf_new(&first), leaf_new(&second)), NULL));
    CHECK_OK(proc_run(PROC_GROUP(leaf_new(&second), leaf_new(&first)), NULL));
}

static void first_failure(void) {
    enum { N = 6 };
    for (int i = 0; i < N; i++) {
        leaf waiting = {.until_cancelled = true}, l = {.fails = "fails", .code = 77};
        proc_impl *impls[N];
        for (int j = 0; j < N; j++)
            impls[j] = leaf_new(j == i ? &l : &waiting);
        CHECK_FAILS(proc_run(proc_group(impls, N), NULL), 77, "fails");
        CHECK_INT(waiting.runs, N - 1);
    }
}

static void started_late(void) {
    leaf l = {.until_cancelled = true};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, proc_error_new(77, "early"));
    CHECK_FAILS(proc_run(PROC_GROUP(leaf_new(&l), leaf_new(&l), leaf_new(&l)), cancel), 77,
                "early");
    CHECK_INT(l.runs, 3);
    CHECK(l.saw_cancelled);
    proc_cancel_unref(cancel);
}

static void all_errors(void) {
    leaf first = {.fails = "first", .code = 71};
    leaf second = {.until_cancelled = true, .fails = "second", .code = 72};
    CHECK_FAILS(proc_run(PROC_GROUP(leaf_new(&second), leaf_new(&first)), NULL), 71,
                "2 errors:\n- first\n- second");
    CHECK_FAILS(proc_run(PROC_GROUP(leaf_new(&first), leaf_new(&second)), NULL), 71,
                "2 errors:\n- first\n- second");
}

static void empty(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    CHECK_OK(proc_run(proc_group(NULL, 0), cancel));
    CHECK(!proc_cancelled(cancel));
    proc_cancel_unref(cancel);
}

CHECK_MAIN(CASE(truly_concurrent), CASE(first_failure), CASE(started_late), CASE(all_errors),
           CASE(empty))
