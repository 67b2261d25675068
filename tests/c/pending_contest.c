/* What only waits, in a race and in proc_any, beside what runs, and with a limit (pending.c). Laws:
 *
 *   race_decided       In a race the first to complete decides, and the others end with it: also while the caller's own child blocks.
 *   race_failed        If that one has failed, its error is the race's.
 *   any_decided        In proc_any the first to succeed decides; one that fails before does not.
 *   any_failed         If all have failed, all errors are there.
 *   decides_once       Many that complete at once: one decides.
 *   limited            With a limit, each takes a place until it has ended, and then the next begins.
 *   limited_many       So many go through few places.
 *   group_fails        In a group, the first failure ends those that run and those that wait.
 *   all_errors         proc_concurrent has all errors, and ends when all have ended.
 */
#include "dumped.h"
#include "pending.h"

static void *complete_first(void *promise) {
    free(dump_until(", waiting without a thread", 2));
    CHECK(proc_promise_complete(promise, NULL));
    return NULL;
}

static proc_error *block(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    leaf_wait_cancelled(cancel);
    return proc_cancel_error(cancel);
}

/* The caller's child is the first one. */
static proc_error *contest(proc_impl *(*kind)(proc_impl *const *, size_t), const awaits *a) {
    proc_impl *impls[] = {proc_new(block, NULL, NULL), a->impls[0], proc_task("task", a->impls[1])};
    return proc_run(kind(impls, 3), NULL);
}

static void race_decided(void) {
    awaits a = awaits_new(2);
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, complete_first, a.promises[1]), 0);
    CHECK_OK(contest(proc_race, &a));
    pthread_join(thread, NULL);
    awaits_free(&a);
}

static void *fail_first(void *promise) {
    free(dump_until(", waiting without a thread", 2));
    CHECK(proc_promise_complete(promise, proc_error_new(7, "seven")));
    return NULL;
}

static void race_failed(void) {
    awaits a = awaits_new(2);
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, fail_first, a.promises[1]), 0);
    CHECK_FAILS(contest(proc_race, &a), 7, "task: seven");
    pthread_join(thread, NULL);
    awaits_free(&a);
}

static void *fail_and_complete(void *user_data) {
    const awaits *a = user_data;
    fail_first(a->promises[0]);
    CHECK(proc_promise_complete(a->promises[1], NULL));
    return NULL;
}

static void any_decided(void) {
    awaits a = awaits_new(2);
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, fail_and_complete, &a), 0);
    CHECK_OK(contest(proc_any, &a));
    pthread_join(thread, NULL);
    awaits_free(&a);
}

static void any_failed(void) {
    awaits a = awaits_new(2);
    proc_job *job = proc_start(PROC_ANY(a.impls[0], a.impls[1]), NULL, NULL, NULL);
    free(dump_until("await, ", 2));
    CHECK(proc_promise_complete(a.promises[1], proc_error_new(7, "seven")));
    CHECK(!proc_job_wait(job, PROC_MS(5)));
    CHECK(proc_promise_complete(a.promises[0], proc_error_new(8, "eight")));
    CHECK_FAILS(proc_job_join(job), 7, "2 errors:\n- seven\n- eight");
    awaits_free(&a);
}

static void *complete_own(void *promise) {
    CHECK(proc_promise_complete(promise, NULL));
    return NULL;
}

static void decides_once(void) {
    enum { SIDES = 4 };
    for (size_t i = 0; i < check_scaled(200); i++) {
        awaits a = awaits_new(SIDES);
        pthread_t threads[SIDES];
        proc_job *job = proc_start(i % 2 ? proc_race(a.impls, SIDES) : proc_any(a.impls, SIDES),
                                   NULL, NULL, NULL);
        for (int side = 0; side < SIDES; side++)
            CHECK_INT(pthread_create(&threads[side], NULL, complete_own, a.promises[side]), 0);
        CHECK_OK(proc_job_join(job));
        for (int side = 0; side < SIDES; side++)
            pthread_join(threads[side], NULL);
        awaits_free(&a);
    }
}

static void limited(void) {
    awaits a = awaits_new(4);
    proc_job *job = proc_start(proc_group_limit(2, a.impls, 4), NULL, NULL, NULL);
    char *text = dump_until(", waiting without a thread", 2);
    CHECK_HAS(text, "2 not yet started");
    free(text);
    CHECK(proc_promise_complete(a.promises[1], NULL));
    free(dump_until("1 not yet started", 1));
    text = dump_until(", waiting without a thread", 2);
    CHECK_INT((long long)dumped_times(text, ", waiting without a thread"), 2);
    free(text);
    CHECK(proc_promise_complete(a.promises[0], NULL));
    CHECK(proc_promise_complete(a.promises[2], NULL));
    CHECK(!proc_job_wait(job, PROC_MS(5)));
    CHECK(proc_promise_complete(a.promises[3], NULL));
    CHECK_OK(proc_job_join(job));
    awaits_free(&a);
}

static void *complete_each(void *user_data) {
    awaits_complete(user_data);
    return NULL;
}

static void limited_many(void) {
    for (size_t limit = 1; limit <= 100; limit *= 10) {
        awaits a = awaits_new(check_scaled(2000));
        pthread_t thread;
        CHECK_INT(pthread_create(&thread, NULL, complete_each, &a), 0);
        CHECK_OK(proc_run(proc_concurrent_limit(limit, a.impls, a.count), NULL));
        pthread_join(thread, NULL);
        awaits_free(&a);
    }
}

static void group_fails(void) {
    awaits a = awaits_new(2);
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, fail_first, a.promises[0]), 0);
    CHECK_FAILS(contest(proc_group, &a), 7, "seven");
    pthread_join(thread, NULL);
    awaits_free(&a);
}

static void all_errors(void) {
    awaits a = awaits_new(3);
    proc_job *job = proc_start(proc_concurrent(a.impls, 3), NULL, NULL, NULL);
    free(dump_until("await, ", 3));
    CHECK(proc_promise_complete(a.promises[2], proc_error_new(7, "seven")));
    CHECK(!proc_job_wait(job, PROC_MS(5)));
    CHECK(proc_promise_complete(a.promises[0], proc_error_new(8, "eight")));
    CHECK(!proc_job_wait(job, PROC_MS(5)));
    CHECK(proc_promise_complete(a.promises[1], NULL));
    CHECK_FAILS(proc_job_join(job), 7, "2 errors:\n- seven\n- eight");
    awaits_free(&a);
}

CHECK_MAIN(CASE(race_decided), CASE(race_failed), CASE(any_decided), CASE(any_failed),
           CASE(decides_once), CASE(limited), CASE(limited_many), CASE(group_fails),
           CASE(all_errors))
