/* proc_cancel_new_timeout, proc_cancel_remaining, proc_now: deadlines of cancel handles. Laws:
 *
 *   strikes         When the time is up, not before, the handle is cancelled: with ETIMEDOUT and a text that tells the time. It stays so.
 *   texts           That is told in the largest unit in which it is at least 1.
 *   waits           It ends every wait on the handle: proc_wait, proc_poll with and without files, channels, promises, nurseries, stacks, supervisors.
 *   earlier_wait    A wait with a time of its own that is up before is not ended by it, and not held up.
 *   hooks           It calls hooks when nobody waits, on a thread of the library's, in their order: those of a later deadline later.
 *   descriptor      It makes the descriptor readable when nobody waits.
 *   below           It cancels the handles below, with the same cause; those with a deadline of their own when the nearest one comes.
 *   above           It cancels nothing above.
 *   by_hand         Cancelled before its time, the handle keeps that cause; cancelled after it, the deadline's.
 *   remaining       Tells the time that is left until the nearest deadline; 0 when cancelled, for whatever reason; PROC_FOREVER without one.
 *   born            At 0, and below a handle that is cancelled, it is cancelled from the start; forever is no deadline.
 *   shielded        A shield for ever, and what cleans up, have no deadline.
 *   late_listener   A hook and a descriptor that come after the deadline are told at once.
 *   released        Released before its time, nothing is left of it, and no hook of others below it is called then.
 *   drains          What is over is draining.
 *   clock_is_monotonic  proc_now is CLOCK_MONOTONIC, and never goes back.
 *   counted         timeouts_total counts those that have struck.
 */
#include "check.h"
#include "fds.h"
#include "leaf.h"
#include <poll.h>
#include <sched.h>

static void check_timed_out(proc_cancel *cancel, const char *text) {
    CHECK(proc_cancelled(cancel));
    CHECK_INT(proc_error_code(proc_cancel_cause(cancel)), ETIMEDOUT);
    CHECK_STR(proc_error_message(proc_cancel_cause(cancel)), text);
    CHECK_INT(proc_cancel_remaining(cancel), 0);
    CHECK_FAILS(proc_cancel_error(cancel), ETIMEDOUT, text);
}

static void strikes(void) {
    int64_t began = proc_now();
    proc_cancel *cancel = proc_cancel_new_timeout(NULL, PROC_MS(10));
    while (!proc_cancelled(cancel))
        CHECK(proc_now() - began < PROC_SECONDS(check_deadline()));
    CHECK(proc_now() - began >= PROC_MS(10));
    const proc_error *cause = proc_cancel_cause(cancel);
    check_timed_out(cancel, "timed out after 10 ms");
    proc_cancel_trigger(cancel, proc_error_new(5, "later"));
    CHECK(proc_cancel_cause(cancel) == cause);
    proc_cancel_unref(cancel);
}

static void check_told(int64_t timeout_ns, const char *text) {
    proc_cancel *cancel = proc_cancel_new_timeout(NULL, timeout_ns);
    CHECK(proc_wait(cancel, PROC_FOREVER));
    check_timed_out(cancel, text);
    proc_cancel_unref(cancel);
}

static void texts(void) {
    check_told(0, "timed out after 0 s");
    check_told(1, "timed out after 1 ns");
    check_told(1500, "timed out after 1.5 µs");
    check_told(12345, "timed out after 12.3 µs");
    check_told(PROC_MS(1), "timed out after 1 ms");
    check_told(1234567, "timed out after 1.23 ms");
    check_told(999999, "timed out after 1 ms");
}

/* A wait of one kind on a handle, which fails if the cancellation does not end it. */
typedef void wait_on(proc_cancel *cancel);

static void by_wait(proc_cancel *cancel) { CHECK(proc_wait(cancel, PROC_FOREVER)); }

static void by_poll(proc_cancel *cancel) {
    CHECK_INT(proc_poll(cancel, NULL, 0, PROC_FOREVER), -1);
    CHECK_INT(errno, ECANCELED);
}

static void by_poll_of_file(proc_cancel *cancel) {
    int ends[2];
    CHECK_INT(pipe(ends), 0);
    struct pollfd file = {.fd = ends[0], .events = POLLIN};
    CHECK_INT(proc_poll(cancel, &file, 1, PROC_FOREVER), -1);
    CHECK_INT(errno, ECANCELED);
    close(ends[0]);
    close(ends[1]);
}

static void by_channel(proc_cancel *cancel) {
    proc_channel *channel = proc_channel_new(0, sizeof(int), NULL);
    int item = 0;
    CHECK_INT(proc_channel_receive(channel, cancel, &item, PROC_FOREVER), -1);
    CHECK_INT(errno, ECANCELED);
    proc_channel_unref(channel);
}

static void by_await(proc_cancel *cancel) {
    proc_promise *promise = proc_promise_new();
    proc_error *error = proc_run(proc_await(promise), cancel);
    CHECK_INT(proc_error_code(error), ETIMEDOUT);
    CHECK(proc_error_is_echo(error, cancel));
    proc_error_unref(error);
    proc_promise_unref(promise);
}

static proc_error *rest(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    leaf *l = user_data;
    proc_error_unref(
        proc_spawn(nursery, leaf_new(l))); /* It is refused if it is cancelled already. */
    proc_nursery_wait(nursery, PROC_FOREVER);
    CHECK(proc_cancelled(cancel));
    return proc_cancel_error(cancel);
}

static void by_nursery(proc_cancel *cancel) {
    leaf l = {.until_cancelled = true};
    proc_error *error = proc_run(proc_with_nursery(rest, &l, NULL, NULL), cancel);
    CHECK_INT(proc_error_code(error), ETIMEDOUT);
    proc_error_unref(error);
}

static void by_stack(proc_cancel *cancel) {
    leaf l = {.until_cancelled = true};
    proc_error_unref(proc_run(PROC_STACK(proc_service("low", leaf_new(&l))), cancel));
}

static void by_supervisor(proc_cancel *cancel) {
    proc_error_unref(proc_run(proc_supervise(NULL, failing("again and again")), cancel));
}

static void by_child(proc_cancel *cancel) {
    proc_cancel *below = proc_cancel_new(cancel), *further = proc_cancel_new(below);
    CHECK(proc_wait(further, PROC_FOREVER));
    CHECK(proc_cancel_cause(further) == proc_cancel_cause(cancel));
    proc_cancel_unref(further);
    proc_cancel_unref(below);
}

static void waits(void) {
    wait_on *const kinds[] = {by_wait,  by_poll,    by_poll_of_file, by_channel,   by_await,
                              by_child, by_nursery, by_stack,        by_supervisor};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int64_t began = proc_now();
        proc_cancel *cancel = proc_cancel_new_timeout(NULL, PROC_MS(5));
        kinds[i](cancel);
        CHECK(proc_now() - began >= PROC_MS(5));
        check_timed_out(cancel, "timed out after 5 ms");
        kinds[i](cancel); /* At once. */
        proc_cancel_unref(cancel);
    }
}

static void earlier_wait(void) {
    proc_cancel *cancel = proc_cancel_new_timeout(NULL, PROC_SECONDS(3600));
    CHECK(!proc_wait(cancel, PROC_MS(1)));
    CHECK_INT(proc_poll(cancel, NULL, 0, PROC_MS(1)), 0);
    int item;
    proc_channel *channel = proc_channel_new(1, sizeof item, NULL);
    CHECK_INT(proc_channel_receive(channel, cancel, &item, PROC_MS(1)), -1);
    CHECK_INT(errno, ETIMEDOUT);
    proc_channel_unref(channel);
    CHECK(!proc_cancelled(cancel));
    proc_cancel_unref(cancel);
}

typedef struct hooked {
    proc_cancel *cancel;
    proc_hook *hook;
    int64_t due;
    pthread_t main;
    int *order;
    int place;
    gate *called;
} hooked;

static void on_cancel(void *user_data) {
    hooked *h = user_data;
    CHECK(proc_cancelled(h->cancel));
    CHECK(proc_now() >= h->due);
    CHECK(!pthread_equal(pthread_self(), h->main));
    h->place = __atomic_add_fetch(h->order, 1, __ATOMIC_SEQ_CST);
    gate_open(h->called);
}

enum { HOOKS = 4 };

static void hooks(void) {
    /* The first is not the earliest, and on a slow machine, too, the hook is there before its time. */
    const int milliseconds[HOOKS] = {300, 100, 200, 3600 * 1000};
    hooked all[HOOKS];
    int order = 0;
    gate called;
    gate_init(&called);
    for (int i = 0; i < HOOKS; i++) {
        int64_t timeout = PROC_MS(milliseconds[i]);
        all[i] = (hooked){.due = proc_now() + timeout,
                          .main = pthread_self(),
                          .order = &order,
                          .called = &called};
        all[i].cancel = proc_cancel_new_timeout(NULL, timeout);
        all[i].hook = proc_on_cancel(all[i].cancel, on_cancel, &all[i]);
    }
    GATE_WAIT_FOR(&called, HOOKS - 1);
    for (int i = 0; i < HOOKS; i++) {
        proc_hook_remove(all[i].hook);
        proc_cancel_unref(all[i].cancel);
    }
    CHECK_INT(order, HOOKS - 1);
    CHECK_INT(all[HOOKS - 1].place, 0);
}

static void descriptor(void) {
    for (int below = 0; below < 2; below++) {
        proc_cancel *cancel = proc_cancel_new_timeout(NULL, PROC_MS(10));
        proc_cancel *watched = below ? proc_cancel_new(cancel) : proc_cancel_ref(cancel);
        CHECK_BECOMES_READABLE(proc_cancel_fd(watched));
        check_timed_out(watched, "timed out after 10 ms");
        check_timed_out(cancel, "timed out after 10 ms");
        proc_cancel_unref(watched);
        proc_cancel_unref(cancel);
    }
}

static void below(void) {
    proc_cancel *outer = proc_cancel_new_timeout(NULL, PROC_MS(10));
    proc_cancel *later = proc_cancel_new_timeout(outer, PROC_SECONDS(3600));
    proc_cancel *nearer = proc_cancel_new_timeout(later, PROC_MS(1));
    CHECK(proc_wait(nearer, PROC_FOREVER));
    check_timed_out(nearer, "timed out after 1 ms");
    CHECK(proc_wait(later, PROC_FOREVER));
    check_timed_out(later, "timed out after 10 ms");
    CHECK(proc_cancel_cause(later) == proc_cancel_cause(outer));
    check_timed_out(nearer, "timed out after 1 ms");
    proc_cancel_unref(nearer);
    proc_cancel_unref(later);
    proc_cancel_unref(outer);
}

static void above(void) {
    proc_cancel *outer = proc_cancel_new(NULL);
    proc_cancel *cancel = proc_cancel_new_timeout(outer, 1);
    CHECK(proc_wait(cancel, PROC_FOREVER));
    CHECK(!proc_cancelled(outer));
    CHECK(proc_cancel_remaining(outer) == PROC_FOREVER);
    proc_cancel_unref(cancel);
    proc_cancel_unref(outer);
}

static void pass(int64_t time) {
    for (int64_t end = proc_now() + time; proc_now() < end;)
        sched_yield();
}

static void by_hand(void) {
    proc_cancel *cancel = proc_cancel_new_timeout(NULL, PROC_MS(10));
    proc_cancel *low = proc_cancel_new(cancel);
    proc_cancel_trigger(cancel, proc_error_new(77, "enough"));
    bool in_time = proc_error_code(proc_cancel_cause(cancel)) == 77;
    CHECK_INT(proc_cancel_remaining(cancel), 0);
    pass(PROC_MS(11));
    CHECK_INT(proc_error_code(proc_cancel_cause(cancel)), in_time ? 77 : ETIMEDOUT);
    CHECK(proc_cancel_cause(low) == proc_cancel_cause(cancel));
    proc_cancel *born = proc_cancel_new(cancel);
    CHECK(proc_cancel_cause(born) == proc_cancel_cause(cancel));
    proc_cancel_unref(born);
    proc_cancel_unref(low);
    proc_cancel_unref(cancel);

    cancel = proc_cancel_new_timeout(NULL, 1);
    low = proc_cancel_new(cancel);
    pass(1000);
    proc_cancel_trigger(low, proc_error_new(77, "too late"));
    check_timed_out(low, "timed out after 1 ns");
    check_timed_out(cancel, "timed out after 1 ns");
    proc_cancel_unref(low);
    proc_cancel_unref(cancel);
}

static void remaining(void) {
    CHECK(proc_cancel_remaining(NULL) == PROC_FOREVER);
    proc_cancel *plain = proc_cancel_new(NULL);
    CHECK(proc_cancel_remaining(plain) == PROC_FOREVER);
    proc_cancel *far = proc_cancel_new_timeout(plain, PROC_SECONDS(3600));
    int64_t left = proc_cancel_remaining(far);
    CHECK(left <= PROC_SECONDS(3600) && left > PROC_SECONDS(3600 - check_deadline()));
    proc_cancel *farther = proc_cancel_new_timeout(far, PROC_SECONDS(7200));
    CHECK(proc_cancel_remaining(farther) <= left);
    proc_cancel *nearer = proc_cancel_new_timeout(farther, PROC_SECONDS(60));
    CHECK(proc_cancel_remaining(nearer) <= PROC_SECONDS(60));
    CHECK(proc_cancel_remaining(far) > PROC_SECONDS(60));
    proc_cancel_trigger(far, NULL);
    CHECK_INT(proc_cancel_remaining(far), 0);
    CHECK_INT(proc_cancel_remaining(nearer), 0);
    proc_cancel *longest = proc_cancel_new_timeout(plain, INT64_MAX);
    CHECK(proc_cancel_remaining(longest) > PROC_SECONDS(1000000000));
    proc_cancel_unref(longest);
    proc_cancel_unref(nearer);
    proc_cancel_unref(farther);
    proc_cancel_unref(far);
    proc_cancel_unref(plain);
}

static void born(void) {
    proc_cancel *cancel = proc_cancel_new_timeout(NULL, 0);
    check_timed_out(cancel, "timed out after 0 s");
    proc_cancel_unref(cancel);
    proc_cancel *parent = proc_cancel_new(NULL);
    proc_cancel_trigger(parent, proc_error_new(77, "before"));
    cancel = proc_cancel_new_timeout(parent, 0);
    CHECK(proc_cancel_cause(cancel) == proc_cancel_cause(parent));
    proc_cancel_unref(cancel);
    proc_cancel_unref(parent);
    cancel = proc_cancel_new_timeout(NULL, PROC_FOREVER);
    CHECK(!proc_cancelled(cancel) && proc_cancel_remaining(cancel) == PROC_FOREVER);
    proc_cancel_unref(cancel);
}

static proc_error *has_no_deadline(proc_cancel *cancel, void *user_data) {
    proc_cancel *around = user_data;
    CHECK(proc_wait(around, PROC_FOREVER));
    CHECK(!proc_cancelled(cancel) && proc_cancel_remaining(cancel) == PROC_FOREVER);
    return NULL;
}

static void shielded(void) {
    proc_cancel *cancel = proc_cancel_new_timeout(NULL, PROC_MS(1));
    proc_impl *inside = proc_new(has_no_deadline, cancel, NULL);
    CHECK_OK(proc_run(proc_shield(PROC_FOREVER, proc_ref(inside)), cancel));
    CHECK_OK(proc_run(proc_finally(succeeding(), inside), cancel));
    proc_cancel_unref(cancel);
}

static void count_call(void *user_data) { ++*(int *)user_data; }

static void late_listener(void) {
    proc_cancel *cancel = proc_cancel_new_timeout(NULL, 1);
    pass(1000);
    int calls = 0;
    proc_hook *hook = proc_on_cancel(cancel, count_call, &calls);
    CHECK_INT(calls, 1);
    struct pollfd file = {.fd = proc_cancel_fd(cancel), .events = POLLIN};
    CHECK_INT(poll(&file, 1, 0), 1);
    proc_hook_remove(hook);
    CHECK_INT(calls, 1);
    proc_cancel_unref(cancel);
}

static void released(void) {
    int calls = 0;
    for (int i = 0; i < 100; i++) {
        proc_cancel *outer = proc_cancel_new(NULL);
        proc_cancel *cancel = proc_cancel_new_timeout(outer, PROC_MS(5));
        proc_hook *hook = proc_on_cancel(cancel, count_call, &calls);
        proc_hook *stays = proc_on_cancel(outer, count_call, &calls);
        proc_hook_remove(hook);
        proc_cancel_unref(cancel);
        if (i == 99)
            pass(PROC_MS(10));
        CHECK(!proc_cancelled(outer));
        proc_hook_remove(stays);
        proc_cancel_unref(outer);
    }
    /* A slow machine may take 5 ms between two of these lines. */
    CHECK(calls < 100);
}

static void drains(void) {
    proc_cancel *cancel = proc_cancel_new_timeout(NULL, 0);
    CHECK(proc_draining(cancel));
    proc_cancel_unref(cancel);
}

static void clock_is_monotonic(void) {
    for (int i = 0; i < 1000; i++) {
        struct timespec time;
        int64_t before = proc_now();
        clock_gettime(CLOCK_MONOTONIC, &time);
        int64_t between = time.tv_sec * PROC_SECONDS(1) + time.tv_nsec, after = proc_now();
        CHECK(before <= between && between <= after);
    }
}

static uint64_t timeouts(void) {
    proc_stats stats = PROC_STATS_INIT;
    proc_get_stats(&stats);
    CHECK(stats.timeouts_total <= stats.cancellations_total);
    return stats.timeouts_total;
}

static void counted(void) {
    uint64_t before = timeouts();
    proc_cancel *cancel = proc_cancel_new_timeout(NULL, PROC_MS(1));
    proc_cancel *low = proc_cancel_new_timeout(cancel, PROC_SECONDS(1));
    CHECK(timeouts() == before);
    CHECK(proc_wait(low, PROC_FOREVER));
    CHECK(proc_wait(cancel, PROC_FOREVER));
    CHECK(timeouts() == before + 1);
    proc_cancel_unref(low);
    proc_cancel_unref(cancel);
    cancel = proc_cancel_new_timeout(NULL, PROC_SECONDS(3600));
    proc_cancel_trigger(cancel, NULL);
    CHECK(timeouts() == before + 1);
    proc_cancel_unref(cancel);
}

CHECK_MAIN(CASE(strikes), CASE(texts), CASE(waits), CASE(earlier_wait), CASE(hooks),
           CASE(descriptor), CASE(below), CASE(above), CASE(by_hand), CASE(remaining), CASE(born),
           CASE(shielded), CASE(late_listener), CASE(released), CASE(drains),
           CASE(clock_is_monotonic), CASE(counted))
