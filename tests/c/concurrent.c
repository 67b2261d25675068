/* proc_concurrent. Laws:
 *
 *   truly_concurrent    All children run at the same time, truly: a child may wait for any other of them.
 *   any_for_any         … whichever for whichever.
 *   waits_for_all       It returns when all have completed.
 *   all_errors          All errors are returned.
 *   cancels_nobody      A failure cancels nobody.
 *   same_handle         Its children see the cancellation of the handle that it runs in, and its cause.
 *   not_skipped         Children in a cancelled handle run and see it.
 *   empty               count == 0 succeeds at once.
 *   no_absorbing        It absorbs no echoes: what children return in a cancelled handle is all there, each error once.
 */
#include "leaf.h"

static proc_error *meet(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_MEET((gate *)user_data, 8);
    return NULL;
}

static void truly_concurrent(void) {
    gate all;
    gate_init(&all);
    proc_impl *impls[8];
    for (int i = 0; i < 8; i++)
        impls[i] = proc_new(meet, &all, NULL);
    CHECK_OK(proc_run(proc_concurrent(impls, 8), NULL));
    CHECK_INT((long long)all.opened, 8);
}

static void any_for_any(void) {
    enum { N = 5 };
    for (int pair = 0; pair < N * N; pair++) {
        int waiter = pair / N, opener = pair % N;
        gate g;
        gate_init(&g);
        leaf leaves[N] = {0};
        if (waiter != opener)
            leaves[waiter].waits = &g;
        leaves[opener].opens = &g;
        proc_impl *impls[N];
        for (int i = 0; i < N; i++)
            impls[i] = leaf_new(&leaves[i]);
        CHECK_OK(proc_run(proc_concurrent(impls, N), NULL));
        for (int i = 0; i < N; i++)
            CHECK_INT(leaves[i].runs, 1);
    }
}

static proc_error *count_down(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    atomic_fetch_sub((atomic_int *)user_data, 1);
    return NULL;
}

static void waits_for_all(void) {
    for (int round = 0; round < 200; round++) {
        atomic_int running = 4;
        gate g;
        gate_init(&g);
        leaf first = {.opens = &g, .fails = "first"}, second = {.waits = &g};
        proc_impl *steps[4];
        for (int i = 0; i < 4; i++)
            steps[i] = PROC_SEQUENCE(leaf_new(&second), proc_new(count_down, &running, NULL));
        proc_impl *impl = PROC_CONCURRENT(leaf_new(&first), steps[0], steps[1], steps[2], steps[3]);
        CHECK_FAILS(proc_run(impl, NULL), EIO, "first");
        CHECK_INT(running, 0);
    }
}

static void all_errors(void) {
    enum { N = 10 };
    leaf leaves[N] = {0};
    proc_impl *impls[N];
    for (int i = 0; i < N; i++) {
        leaves[i].fails = "fails";
        leaves[i].code = 100 + i;
        impls[i] = leaf_new(&leaves[i]);
    }
    proc_error *error = proc_run(proc_concurrent(impls, N), NULL);
    CHECK_INT((long long)proc_error_count(error), N);
    for (int i = 0; i < N; i++)
        CHECK(proc_error_is(error, 100 + i));
    proc_error_unref(error);
}

static proc_error *after_a_failure(proc_cancel *cancel, void *user_data) {
    GATE_WAIT((gate *)user_data);
    CHECK(!proc_cancelled(cancel));
    CHECK(!proc_wait(cancel, PROC_MS(5)));
    return NULL;
}

static void cancels_nobody(void) {
    gate g;
    gate_init(&g);
    leaf l = {.opens = &g, .fails = "fails"};
    proc_impl *impl =
        PROC_CONCURRENT(proc_new(after_a_failure, &g, NULL), PROC_SEQUENCE(leaf_new(&l)),
                        proc_task("other", proc_new(after_a_failure, &g, NULL)));
    CHECK_FAILS(proc_run(impl, NULL), EIO, "fails");
}

static proc_error *trigger(proc_cancel *cancel, void *user_data) {
    proc_cancel_trigger(cancel, proc_error_new(77, user_data));
    return NULL;
}

static void same_handle(void) {
    leaf a = {.until_cancelled = true}, b = {.until_cancelled = true};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_impl *waiting = PROC_CONCURRENT(leaf_new(&a), leaf_new(&b));
    proc_impl *impl = PROC_CONCURRENT(waiting, proc_new(trigger, "stop", NULL));
    CHECK_FAILS(proc_run(impl, cancel), 77, "stop");
    CHECK(a.runs == 1 && b.runs == 1);
    CHECK(proc_cancelled(cancel));
    CHECK_INT(proc_error_code(proc_cancel_cause(cancel)), 77);
    proc_cancel_unref(cancel);
}

static void not_skipped(void) {
    leaf a = {0}, b = {.fails = "b"};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, NULL);
    CHECK_FAILS(proc_run(PROC_CONCURRENT(leaf_new(&a), leaf_new(&b)), cancel), EIO, "b");
    CHECK(a.runs == 1 && b.runs == 1);
    CHECK(a.saw_cancelled && b.saw_cancelled);
    proc_cancel_unref(cancel);
}

static void empty(void) {
    CHECK_OK(proc_run(proc_concurrent(NULL, 0), NULL));
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, NULL);
    CHECK_OK(proc_run(proc_concurrent(NULL, 0), cancel));
    proc_cancel_unref(cancel);
}

static void no_absorbing(void) {
    leaf l = {.until_cancelled = true};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, proc_error_new(77, "stop"));
    proc_impl *task = proc_task("t", leaf_new(&l));
    proc_impl *impl = PROC_CONCURRENT(proc_ref(task), proc_ref(task), task);
    proc_error *error = proc_run(impl, cancel);
    CHECK_INT((long long)proc_error_count(error), 3);
    for (size_t i = 0; i < 3; i++)
        CHECK(proc_error_cause(proc_error_at(error, i)) == proc_cancel_cause(cancel));
    proc_error_unref(error);
    error = proc_run(PROC_CONCURRENT(leaf_new(&l), leaf_new(&l), leaf_new(&l)), cancel);
    CHECK(error == proc_cancel_cause(cancel));
    proc_error_unref(error);
    proc_cancel_unref(cancel);
}

CHECK_MAIN(CASE(truly_concurrent), CASE(any_for_any), CASE(waits_for_all), CASE(all_errors),
           CASE(cancels_nobody), CASE(same_handle), CASE(not_skipped), CASE(empty),
           CASE(no_absorbing))
