/* proc_delay, and proc_timeout around what waits, as a child of whatever has children at the same time: they take no thread (pending.c).
 * Some cases play in a fresh program. Laws:
 *
 *   no_thread         A hundred thousand timeouts around promises, and as many delays, take no thread but the timer's; each takes 1 KiB at most.
 *   nothing_left      When they have ended before their moment, nothing of them is left: the timer's thread goes.
 *   delays            A delay succeeds after its time, not before; also many that are due at once.
 *   stops             Cancelled, it fails with the cause; for ever, it waits for that.
 *   in_time           A delay that is over before a deadline succeeds, and one after it fails with that.
 *   time_is_up        A timeout whose time is up fails with that, named by the tasks around it, and is counted once; nested ones, the nearest
 *                     one strikes.
 *   completes         What completes in time decides: success and errors are passed on.
 *   all_time_up       Many whose time is up at once: a group fails with those that did not end because of the others, and all errors are there where all count.
 *   contests          In a race, a delay is a limit that is a success, and a timeout one that is a failure; in proc_any, others may succeed after that.
 *   above             A nearer deadline above ends them, and its cause is an echo.
 *   from_all_sides    Told by the timer, completed by many threads and cancelled at the same time: each ends once.
 *   denied            If no thread can be had for the timer, who waits for them sees to it.
 *   dumped            The dump has the words, and says when they are due.
 *   forked            In a child of fork, those of the parent do not end, and its own do.
 */
#include "asleep.h"
#include "child.h"
#include "dumped.h"
#include "forks.h"
#include "interpose.h"
#include "pending.h"
#include "stats.h"

static const int64_t HOUR = PROC_SECONDS(3600);

/* Each of them gets this time. */
static awaits timed_new(size_t count, int64_t timeout_ns) {
    awaits a = awaits_new(count);
    for (size_t i = 0; i < count; i++)
        a.impls[i] = proc_timeout(timeout_ns, a.impls[i]);
    return a;
}

/* The caller frees it when it has run. */
static proc_impl **delays_new(size_t count, int64_t duration_ns) {
    proc_impl **impls = calloc(count, sizeof *impls);
    for (size_t i = 0; i < count; i++)
        impls[i] = proc_delay(duration_ns);
    return impls;
}

/* One or more have timed out. */
static void check_timed_out(proc_error *error) {
    CHECK_INT(proc_error_code(error), ETIMEDOUT);
    CHECK_HAS(proc_error_message(error), "timed out after 1 ms");
    proc_error_unref(error);
}

static void cancel_and_join(proc_job *job, proc_cancel *handle) {
    proc_cancel_trigger(handle, proc_error_new(77, "enough"));
    check_enough(proc_job_join(job), handle);
    proc_cancel_unref(handle);
}

static void no_thread(void) {
    size_t many = check_scaled(100000);
    EACH_KIND(kind) {
        holding before = holding_now();
        awaits a = timed_new(many, HOUR);
        proc_job *job = proc_start(kinds[kind](a.impls, many), NULL, NULL, NULL);
        wait_until_others_sleep();
        check_cheap(before, many);
        awaits_complete(&a);
        CHECK_OK(proc_job_join(job));
        awaits_free(&a);
        before = holding_now();
        proc_impl **delays = delays_new(many, HOUR);
        proc_cancel *handle = proc_cancel_new(NULL);
        job = proc_start(kinds[kind](delays, many), handle, NULL, NULL);
        wait_until_others_sleep();
        check_cheap(before, many);
        cancel_and_join(job, handle);
        free(delays);
    }
}

static void nothing_left_role(void) {
    let_go_at_once();
    EACH_KIND(kind) {
        awaits a = timed_new(2, HOUR);
        proc_impl *impls[] = {a.impls[0], a.impls[1], proc_delay(HOUR)};
        proc_cancel *handle = proc_cancel_new(NULL);
        proc_job *job = proc_start(kinds[kind](impls, 3), handle, NULL, NULL);
        free(dump_until(", waiting without a thread", 5));
        CHECK(proc_promise_complete(a.promises[0], NULL));
        cancel_and_join(job, handle);
        wait_for_tasks(1);
        awaits_free(&a);
    }
}

static void nothing_left(void) { child_run("nothing_left_role"); }

static void delays(void) {
    size_t many = check_scaled(1000);
    EACH_KIND(kind) {
        proc_impl **impls = delays_new(many, PROC_MS(10));
        int64_t began = proc_now();
        CHECK_OK(proc_run(kinds[kind](impls, many), NULL));
        CHECK(proc_now() - began >= PROC_MS(10));
        free(impls);
    }
}

static void stops(void) {
    EACH_KIND(kind) {
        proc_impl *impls[] = {proc_delay(HOUR), proc_task("t", proc_delay(PROC_FOREVER)),
                              proc_delay(HOUR)};
        proc_cancel *handle = proc_cancel_new(NULL);
        proc_job *job = proc_start(kinds[kind](impls, 3), handle, NULL, NULL);
        free(dump_until(", waiting without a thread", 4));
        cancel_and_join(job, handle);
    }
}

static void in_time(void) {
    EACH_KIND(kind) {
        proc_impl *impls[] = {proc_timeout(PROC_SECONDS(check_deadline()), proc_delay(1)),
                              proc_timeout(PROC_FOREVER, proc_delay(1))};
        CHECK_OK(proc_run(kinds[kind](impls, 2), NULL));
        proc_impl *late[] = {proc_timeout(PROC_MS(1), proc_task("t", proc_delay(HOUR))),
                             proc_delay(0)};
        CHECK_FAILS(proc_run(kinds[kind](late, 2), NULL), ETIMEDOUT, "t: timed out after 1 ms");
    }
}

static uint64_t timeouts(void) { return look().timeouts_total; }

static void time_is_up(void) {
    EACH_KIND(kind) {
        uint64_t before = timeouts();
        awaits a = awaits_new(2);
        proc_impl *inner = proc_timeout(PROC_MS(2), proc_task("inner", a.impls[0]));
        a.impls[0] = proc_timeout(HOUR, proc_task("outer", inner));
        proc_job *job = proc_start(proc_task("all", kinds[kind](a.impls, 2)), NULL, NULL, NULL);
        while (timeouts() == before)
            sched_yield();
        proc_promise_complete(a.promises[1], NULL);
        CHECK_FAILS(proc_job_join(job), ETIMEDOUT, "all: outer: inner: timed out after 2 ms");
        CHECK(timeouts() == before + 1);
        awaits_free(&a);
        a = awaits_new(2);
        a.impls[0] = proc_timeout(PROC_MS(1), proc_timeout(HOUR, a.impls[0]));
        proc_unref(a.impls[1]);
        a.impls[1] = proc_timeout(HOUR, proc_delay(1));
        CHECK_FAILS(proc_run(kinds[kind](a.impls, 2), NULL), ETIMEDOUT, "timed out after 1 ms");
        CHECK(timeouts() == before + 2);
        awaits_free(&a);
    }
}

static void completes(void) {
    uint64_t before = timeouts();
    EACH_KIND(kind) {
        awaits a = timed_new(2, HOUR);
        proc_job *job = proc_start(kinds[kind](a.impls, 2), NULL, NULL, NULL);
        free(dump_until("await, ", 2));
        CHECK(proc_promise_complete(a.promises[0], NULL));
        CHECK(!proc_job_wait(job, PROC_MS(1)));
        CHECK(proc_promise_complete(a.promises[1], proc_error_new(7, "seven")));
        CHECK_FAILS(proc_job_join(job), 7, "seven");
        awaits_free(&a);
    }
    CHECK(timeouts() == before);
}

static void all_time_up(void) {
    size_t many = check_scaled(1000);
    awaits a = timed_new(many, PROC_MS(1));
    check_timed_out(proc_run(proc_group(a.impls, many), NULL));
    awaits_free(&a);
    uint64_t before = timeouts();
    a = timed_new(many, PROC_MS(1));
    proc_error *error = proc_run(proc_concurrent(a.impls, many), NULL);
    CHECK_INT(proc_error_code(error), ETIMEDOUT);
    CHECK_INT((long long)proc_error_count(error), (long long)many);
    proc_error_unref(error);
    CHECK(timeouts() == before + many);
    awaits_free(&a);
}

static void contests(void) {
    awaits a = awaits_new(4);
    CHECK_OK(proc_run(PROC_RACE(a.impls[0], proc_delay(PROC_MS(1))), NULL));
    CHECK_FAILS(proc_run(PROC_RACE(a.impls[1], proc_timeout(PROC_MS(1), a.impls[2])), NULL),
                ETIMEDOUT, "timed out after 1 ms");
    CHECK_OK(
        proc_run(PROC_ANY(proc_timeout(PROC_MS(1), a.impls[3]), proc_delay(PROC_MS(2))), NULL));
    awaits_free(&a);
}

static void above(void) {
    EACH_KIND(kind) {
        awaits a = awaits_new(3);
        a.impls[1] = proc_timeout(HOUR, a.impls[1]);
        proc_impl *impls[] = {a.impls[0], a.impls[1], a.impls[2], proc_delay(HOUR)};
        proc_cancel *handle = proc_cancel_new_timeout(NULL, PROC_MS(50));
        proc_error *error = proc_run(kinds[kind](impls, 4), handle);
        if (error || order_is_seen()) { /* as in check_enough */
            CHECK(proc_error_is_echo(error, handle));
            CHECK_STR(proc_error_message(error), "timed out after 50 ms");
        }
        proc_error_unref(error);
        proc_cancel_unref(handle);
        awaits_free(&a);
    }
}

static void *complete_all(void *user_data) {
    const awaits *a = user_data;
    for (size_t i = 0; i < a->count; i++)
        CHECK(proc_promise_complete(a->promises[i], NULL));
    return NULL;
}

static const proc_key key = {"key"};

static void count_release(void *user_data) { atomic_fetch_add((atomic_int *)user_data, 1); }

static void from_all_sides(void) {
    EACH_KIND(kind) for (int round = 0; round < 10; round++) {
        atomic_int released = 0;
        proc_cancel *handle = proc_cancel_new(NULL);
        awaits a = timed_new(check_scaled(1000), PROC_MS(1));
        for (size_t i = 0; i < a.count; i++)
            a.impls[i] = proc_with_value(&key, &released, count_release, a.impls[i]);
        proc_job *job = proc_start(kinds[kind](a.impls, a.count), handle, NULL, NULL);
        pthread_t thread;
        CHECK_INT(pthread_create(&thread, NULL, complete_all, &a), 0);
        if (round % 2)
            proc_wait(handle, PROC_MS(1));
        if (round >= 5)
            proc_cancel_trigger(handle, proc_error_new(77, "enough"));
        pthread_join(thread, NULL);
        proc_error_unref(proc_job_join(job));
        CHECK_INT(released, (int)a.count);
        proc_cancel_unref(handle);
        awaits_free(&a);
    }
}

static void denied_role(void) {
    let_go_at_once();
    wait_for_tasks(1);
    threads_left = 0;
    CHECK_OK(proc_run(PROC_CONCURRENT(proc_delay(PROC_MS(1)), proc_delay(PROC_MS(2))), NULL));
    awaits a = timed_new(2, PROC_MS(1));
    check_timed_out(proc_run(PROC_GROUP(a.impls[0], a.impls[1]), NULL));
    awaits_free(&a);
}

static void denied(void) { child_run("denied_role"); }

static void dumped(void) {
    awaits a = awaits_new(1);
    proc_impl *impls[] = {proc_timeout(HOUR, proc_task("page", a.impls[0])), proc_delay(HOUR)};
    proc_cancel *handle = proc_cancel_new(NULL);
    proc_job *job = proc_start(in_nursery(impls, 2), handle, NULL, NULL);
    char *text = dump_until(", waiting without a thread", 4);
    CHECK_INSIDE(text, "await, ", "task page");
    CHECK_INSIDE(text, "task page", "timeout, ");
    CHECK_INSIDE(text, "timeout, ", "nursery");
    CHECK_INSIDE(text, "delay, ", "nursery");
    CHECK(dumped_line_has(dumped_line(text, "timeout, "), ", due in 3599."));
    CHECK(dumped_line_has(dumped_line(text, "delay, "), ", due in 3599."));
    CHECK(!dumped_line_has(dumped_line(text, "await, "), ", due in"));
    free(text);
    cancel_and_join(job, handle);
    awaits_free(&a);
}

static void wait_here(void *user_data) {
    (void)user_data;
    EACH_KIND(kind) {
        awaits a = timed_new(2, PROC_MS(1));
        proc_impl *impls[] = {a.impls[0], proc_delay(PROC_MS(1))};
        CHECK_FAILS(proc_run(kinds[kind](impls, 2), NULL), ETIMEDOUT, "timed out after 1 ms");
        proc_unref(a.impls[1]);
        awaits_free(&a);
    }
}

static void forked(void) {
    if (!order_is_seen()) /* Valgrind would call what the parent's threads held a leak of the child's. */
        return;
    atomic_int released = 0;
    proc_impl *impls[] = {proc_with_value(&key, &released, count_release, proc_delay(HOUR)),
                          proc_delay(HOUR)};
    proc_cancel *handle = proc_cancel_new(NULL);
    proc_job *job = proc_start(in_nursery(impls, 2), handle, NULL, NULL);
    free(dump_until(", waiting without a thread", 2));
    wait_until_others_sleep();
    forks_run(wait_here, NULL);
    CHECK_INT(released, 0);
    cancel_and_join(job, handle);
    CHECK_INT(released, 1);
}

CHECK_MAIN(CASE(no_thread), CASE(nothing_left), ROLE(nothing_left_role), CASE(delays), CASE(stops),
           CASE(in_time), CASE(time_is_up), CASE(completes), CASE(all_time_up), CASE(contests),
           CASE(above), CASE(from_all_sides), CASE(denied), ROLE(denied_role), CASE(dumped),
           CASE(forked))
