/* proc_sequence. Laws:
 *
 *   in_order             One after the other, on the calling thread.
 *   first_error_ends     The first error ends it, and is returned as it is; later children are not started.
 *   no_skipping          Cancellation does not skip a step: a step sees the cancelled handle, so cleanup steps still run.
 *   cancelled_between    … also if it comes between two steps.
 *   passes_handle        Its steps run in the handle that it runs in; nothing cancels it at the end.
 *   keeps_multi          A multi error of a step is returned as it is.
 *   inside_others        On a helper's thread too its steps run on one thread.
 *   empty                count == 0 succeeds at once.
 */
#include "leaf.h"

typedef struct step {
    atomic_int *clock;
    int time;
    pthread_t thread;
} step;

static proc_error *take_time(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    step *s = user_data;
    s->time = atomic_fetch_add(s->clock, 1);
    s->thread = pthread_self();
    return NULL;
}

enum { STEPS = 20 };

static proc_impl *timed_steps(step *steps, atomic_int *clock) {
    proc_impl *impls[STEPS];
    for (int i = 0; i < STEPS; i++) {
        steps[i].clock = clock;
        impls[i] = proc_new(take_time, &steps[i], NULL);
    }
    return proc_sequence(impls, STEPS);
}

static void in_order(void) {
    step steps[STEPS];
    atomic_int clock = 0;
    CHECK_OK(proc_run(timed_steps(steps, &clock), NULL));
    for (int i = 0; i < STEPS; i++) {
        CHECK_INT(steps[i].time, i);
        CHECK(pthread_equal(steps[i].thread, pthread_self()));
    }
}

static void first_error_ends(void) {
    leaf before = {0}, after = {0};
    leaf l = {.error = proc_error_new(77, "ends it")};
    proc_error *error =
        proc_run(PROC_SEQUENCE(leaf_new(&before), leaf_new(&l), leaf_new(&after)), NULL);
    CHECK(error == l.error);
    CHECK_INT(before.runs, 1);
    CHECK_INT(after.runs, 0);
    CHECK_INT(after.destroyed, 1);
    proc_error_unref(error);
    proc_error_unref(l.error);
}

static void no_skipping(void) {
    leaf first = {0}, second = {0}, cleanup = {0};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, NULL);
    CHECK_OK(proc_run(PROC_SEQUENCE(leaf_new(&first), PROC_GROUP(leaf_new(&second)),
                                    proc_task("cleanup", leaf_new(&cleanup))),
                      cancel));
    CHECK(first.runs == 1 && second.runs == 1 && cleanup.runs == 1);
    CHECK(first.saw_cancelled && second.saw_cancelled && cleanup.saw_cancelled);
    proc_cancel_unref(cancel);
}

static proc_error *trigger(proc_cancel *cancel, void *user_data) {
    proc_cancel_trigger(cancel, proc_error_new(77, user_data));
    return NULL;
}

static void cancelled_between(void) {
    leaf before = {0}, cleanup = {0}, last = {.until_cancelled = true}, never = {0};
    proc_impl *impls[] = {leaf_new(&before), proc_new(trigger, "stop", NULL), leaf_new(&cleanup),
                          leaf_new(&last), leaf_new(&never)};
    CHECK_FAILS(proc_run(proc_sequence(impls, 5), NULL), 77, "stop");
    CHECK(before.runs == 1 && !before.saw_cancelled);
    CHECK(cleanup.runs == 1 && cleanup.saw_cancelled);
    CHECK_INT(never.runs, 0);
}

static proc_error *same(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    CHECK_INT(proc_error_code(proc_cancel_cause(cancel)), 77);
    return proc_cancel_error(cancel);
}

static void passes_handle(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    CHECK_OK(proc_run(PROC_SEQUENCE(succeeding(), succeeding()), cancel));
    CHECK_FAILS(proc_run(PROC_SEQUENCE(succeeding(), failing("fails")), cancel), EIO, "fails");
    CHECK(!proc_cancelled(cancel));
    proc_impl *impl = PROC_SEQUENCE(proc_new(trigger, "stop", NULL), proc_new(same, NULL, NULL));
    CHECK_FAILS(proc_run(impl, cancel), 77, "stop");
    CHECK(proc_cancelled(cancel));
    proc_cancel_unref(cancel);
}

static void keeps_multi(void) {
    proc_impl *pair = PROC_CONCURRENT(failing("same"), failing("same"));
    CHECK_FAILS(proc_run(PROC_SEQUENCE(succeeding(), pair, failing("never")), NULL), EIO,
                "2 errors:\n- same\n- same");
}

static void inside_others(void) {
    enum { N = 3 };
    step steps[N][STEPS];
    atomic_int clocks[N] = {0};
    gate all;
    gate_init(&all);
    leaf first = {.started = &all, .waits = &all};
    proc_impl *impls[N];
    for (int i = 0; i < N; i++)
        impls[i] = PROC_SEQUENCE(leaf_new(&first), timed_steps(steps[i], &clocks[i]));
    CHECK_OK(proc_run(proc_concurrent(impls, N), NULL));
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < STEPS; j++) {
            CHECK_INT(steps[i][j].time, j);
            CHECK(pthread_equal(steps[i][j].thread, steps[i][0].thread));
        }
    }
}

static void empty(void) {
    CHECK_OK(proc_run(proc_sequence(NULL, 0), NULL));
    CHECK_OK(proc_run(PROC_SEQUENCE(proc_sequence(NULL, 0), proc_group(NULL, 0)), NULL));
}

CHECK_MAIN(CASE(in_order), CASE(first_error_ends), CASE(no_skipping), CASE(cancelled_between),
           CASE(passes_handle), CASE(keeps_multi), CASE(inside_others), CASE(empty))
