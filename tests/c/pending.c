/* What only waits takes no thread, as a child of whatever has children at the same time. Laws, for each of those:
 *
 *   no_thread        A hundred thousand promises that are awaited at once take no thread; each takes 1 KiB at most.
 *   completes        Each child completes as its promise does; all errors are there, in the order of completion.
 *   named            Tasks around it name the error; regions and values around it pass it on.
 *   cancelled        Cancelled, all of them return the cause; one that is complete by then completes.
 *   from_all_sides   Completed by many threads and cancelled at the same time: each ends once.
 *   again            The same process may wait any number of times at once.
 */
#include "pending.h"
#include "asleep.h"

static void no_thread(void) {
    size_t many = check_scaled(100000);
    EACH_KIND(kind) {
        holding before = holding_now();
        awaits a = awaits_new(many);
        proc_job *job = proc_start(kinds[kind](a.impls, many), NULL, NULL, NULL);
        wait_until_others_sleep();
        check_cheap(before, many);
        awaits_complete(&a);
        CHECK_OK(proc_job_join(job));
        awaits_free(&a);
    }
}

static void completes(void) {
    EACH_KIND(kind) {
        awaits a = awaits_new(3);
        proc_job *job = proc_start(kinds[kind](a.impls, 3), NULL, NULL, NULL);
        wait_until_others_sleep();
        CHECK(proc_promise_complete(a.promises[1], NULL));
        wait_until_others_sleep();
        CHECK(!proc_job_wait(job, 0));
        CHECK(proc_promise_complete(a.promises[2], proc_error_new(7, "seven")));
        CHECK(proc_promise_complete(a.promises[0], NULL));
        CHECK_FAILS(proc_job_join(job), 7, "seven");
        awaits_free(&a);
    }
}

static const proc_key key = {"key"};

static void count_release(void *user_data) { atomic_fetch_add((atomic_int *)user_data, 1); }

static proc_impl *wrapped(proc_impl *impl, atomic_int *released) {
    impl = proc_task("inner", proc_trace_region("region", impl));
    return proc_task("outer", proc_with_value(&key, released, count_release, impl));
}

static void named(void) {
    EACH_KIND(kind) {
        atomic_int released = 0;
        awaits a = awaits_new(2);
        a.impls[0] = wrapped(a.impls[0], &released);
        a.impls[1] = wrapped(a.impls[1], &released);
        proc_job *job = proc_start(proc_task("all", kinds[kind](a.impls, 2)), NULL, NULL, NULL);
        wait_until_others_sleep();
        CHECK(proc_promise_complete(a.promises[0], NULL));
        CHECK(proc_promise_complete(a.promises[1], proc_error_new(7, "seven")));
        CHECK_FAILS(proc_job_join(job), 7, "all: outer: inner: seven");
        CHECK_INT(released, 2);
        awaits_free(&a);
    }
}

static void cancelled(void) {
    EACH_KIND(kind) {
        atomic_int released = 0;
        proc_cancel *handle = proc_cancel_new(NULL);
        awaits a = awaits_new(3);
        a.impls[1] = wrapped(a.impls[1], &released);
        proc_job *job = proc_start(kinds[kind](a.impls, 3), handle, NULL, NULL);
        wait_until_others_sleep();
        proc_cancel_trigger(handle, proc_error_new(77, "enough"));
        check_enough(proc_job_join(job), handle);
        CHECK_INT(released, 1);
        proc_cancel_unref(handle);
        awaits_free(&a);
    }
}

/* Some of the promises, which one thread completes. */
typedef struct share {
    const awaits *of;
    size_t first, step;
} share;

static void *complete_share(void *user_data) {
    const share *s = user_data;
    for (size_t i = s->first; i < s->of->count; i += s->step)
        CHECK(proc_promise_complete(s->of->promises[i],
                                    i % 100 == 1 ? proc_error_new(7, "seven") : NULL));
    return NULL;
}

enum { SIDES = 4 };

static void from_all_sides(void) {
    EACH_KIND(kind) for (int round = 0; round < 10; round++) {
        atomic_int released = 0;
        proc_cancel *handle = proc_cancel_new(NULL);
        awaits a = awaits_new(check_scaled(2000));
        for (size_t i = 0; i < a.count; i++)
            a.impls[i] = proc_with_value(&key, &released, count_release, a.impls[i]);
        proc_job *job = proc_start(kinds[kind](a.impls, a.count), handle, NULL, NULL);
        pthread_t threads[SIDES];
        share shares[SIDES];
        if (round % 2)
            wait_until_others_sleep();
        for (size_t i = 0; i < SIDES; i++) {
            shares[i] = (share){&a, i, SIDES};
            CHECK_INT(pthread_create(&threads[i], NULL, complete_share, &shares[i]), 0);
        }
        if (round >= 5)
            proc_cancel_trigger(handle, proc_error_new(77, "enough"));
        for (size_t i = 0; i < SIDES; i++)
            pthread_join(threads[i], NULL);
        proc_error *error = proc_job_join(job);
        int code = proc_error_code(error);
        CHECK(code == 7 || code == EIO ||
              /* of several */ (round >= 5 && (code == 77 || code == 0)));
        proc_error_unref(error);
        CHECK_INT(released, (int)a.count);
        proc_cancel_unref(handle);
        awaits_free(&a);
    }
}

static void again(void) {
    EACH_KIND(kind) {
        enum { TIMES = 50 };
        awaits a = awaits_new(1);
        proc_impl *task = proc_task("t", a.impls[0]), *impls[TIMES];
        for (int i = 0; i < TIMES; i++)
            impls[i] = proc_ref(task);
        proc_job *job = proc_start(kinds[kind](impls, TIMES), NULL, NULL, NULL);
        wait_until_others_sleep();
        CHECK(proc_promise_complete(a.promises[0], proc_error_new(7, "seven")));
        proc_error *error = proc_job_join(job);
        CHECK_INT(proc_error_code(error), 7);
        proc_error_unref(error);
        CHECK_FAILS(proc_run(task, NULL), 7, "t: seven");
        awaits_free(&a);
    }
}

CHECK_MAIN(CASE(no_thread), CASE(completes), CASE(named), CASE(cancelled), CASE(from_all_sides),
           CASE(again))
