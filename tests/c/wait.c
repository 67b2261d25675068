/* proc_wait: until cancelled (true) or time is up (false). Laws:
 *
 *   already            In a cancelled handle it returns true at once, whatever the time.
 *   time_is_up         It returns false once the time is up, and not before; zero does not wait.
 *   woken              Cancellation wakes it, in a time that is finite, negative (forever), or as long as can be said.
 *   from_above         … also that of a handle above.
 *   all_woken          … all who wait, on one handle and on many.
 *   group_wakes        … also that of a group's failing child.
 *   at_once            A cancellation that comes as the wait begins is not missed.
 *   rings_for_nobody   Who does not wait any more costs no system call: neither as the deadline that ended the wait is struck
 *                      nor at a later cancellation.
 *   null               NULL: false, at once.
 *   units              PROC_MS and PROC_SECONDS are nanoseconds; PROC_FOREVER is negative.
 */
#include "leaf.h"
#include "system_call.h"
#include <linux/futex.h>
#include <sys/syscall.h>

static atomic_int rung; /* by futexes, on any thread */

long syscall(long number, ...) {
    va_list arguments;
    va_start(arguments, number);
    system_call call = system_call_of(number, arguments);
    va_end(arguments);
    if (number == SYS_futex && (call.arguments[1] & FUTEX_CMD_MASK) == FUTEX_WAKE)
        rung++;
    return system_call_real(&call);
}

static const int64_t times[] = {
    0, 1, PROC_MS(1), PROC_SECONDS(3600), INT64_MAX, PROC_FOREVER, -2, INT64_MIN};
enum { TIMES = sizeof times / sizeof *times };

static void already(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, NULL);
    for (int i = 0; i < TIMES; i++)
        CHECK(proc_wait(cancel, times[i]));
    proc_cancel_unref(cancel);
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void time_is_up(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    const int64_t short_times[] = {0, 1, 999, PROC_MS(1), PROC_MS(20)};
    for (int i = 0; i < 5; i++) {
        int64_t start = now();
        CHECK(!proc_wait(cancel, short_times[i]));
        CHECK(now() - start >= short_times[i]);
    }
    proc_cancel_unref(cancel);
}

typedef struct waiter {
    gate *ready;
    proc_cancel *waits_on;
    int64_t time;
} waiter;

static proc_error *wait_on(proc_cancel *cancel, void *user_data) {
    waiter *w = user_data;
    gate_open(w->ready);
    CHECK(proc_wait(w->waits_on ? w->waits_on : cancel, w->time));
    return NULL;
}

typedef struct canceller {
    gate *ready;
    size_t waiters;
    proc_cancel *cancels;
} canceller;

static proc_error *cancel_when_ready(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    canceller *c = user_data;
    GATE_WAIT_FOR(c->ready, c->waiters);
    proc_cancel_trigger(c->cancels, NULL);
    return NULL;
}

enum { WAITERS = 40 };

/* As many wait as there are handles, each for the time of its place, and root is cancelled. */
static void check_woken(proc_cancel *root, proc_cancel *const *handles, size_t count) {
    gate ready;
    gate_init(&ready);
    waiter waiters[WAITERS];
    canceller c = {.ready = &ready, .waiters = count, .cancels = root};
    proc_impl *impls[WAITERS + 1] = {proc_new(cancel_when_ready, &c, NULL)};
    for (size_t i = 0; i < count; i++) {
        waiters[i] = (waiter){&ready, handles[i], times[3 + i % (TIMES - 3)]};
        impls[1 + i] = proc_new(wait_on, &waiters[i], NULL);
    }
    CHECK_OK(proc_run(proc_concurrent(impls, 1 + count), NULL));
}

static void woken(void) {
    for (int i = 0; i < TIMES - 3; i++) {
        proc_cancel *cancel = proc_cancel_new(NULL);
        proc_cancel *handles[TIMES - 3];
        for (int j = 0; j < TIMES - 3; j++)
            handles[j] = cancel;
        check_woken(cancel, handles, (size_t)i + 1);
        proc_cancel_unref(cancel);
    }
}

static void from_above(void) {
    proc_cancel *root = proc_cancel_new(NULL);
    proc_cancel *middle = proc_cancel_new(root), *low = proc_cancel_new(middle);
    check_woken(root, &low, 1);
    proc_cancel_unref(low);
    proc_cancel_unref(middle);
    proc_cancel_unref(root);
}

static void all_woken(void) {
    proc_cancel *root = proc_cancel_new(NULL);
    proc_cancel *handles[WAITERS];
    for (int i = 0; i < WAITERS; i++)
        handles[i] =
            i % 4 ? proc_cancel_new(i % 4 > 1 ? handles[i - 1] : root) : proc_cancel_ref(root);
    check_woken(root, handles, WAITERS);
    for (int i = 0; i < WAITERS; i++)
        proc_cancel_unref(handles[i]);
    proc_cancel_unref(root);
}

static void group_wakes(void) {
    gate ready;
    gate_init(&ready);
    waiter w = {.ready = &ready, .time = PROC_FOREVER};
    leaf l = {.waits = &ready, .fails = "fails"};
    proc_impl *waiting = proc_new(wait_on, &w, NULL);
    proc_impl *impl =
        PROC_GROUP(proc_ref(waiting), PROC_SEQUENCE(PROC_GROUP(waiting)), leaf_new(&l));
    CHECK_FAILS(proc_run(impl, NULL), EIO, "fails");
}

static void at_once(void) {
    for (int i = 0; i < 2000; i++) {
        proc_cancel *cancel = proc_cancel_new(NULL);
        check_woken(cancel, &cancel, 1);
        proc_cancel_unref(cancel);
    }
}

static void rings_for_nobody(void) {
    proc_cancel *timed = proc_cancel_new_timeout(NULL, PROC_MS(1));
    proc_cancel *plain = proc_cancel_new(NULL);
    rung = 0;
    CHECK(proc_wait(timed, PROC_FOREVER));
    CHECK(!proc_wait(plain, 1));
    proc_cancel_trigger(plain, NULL);
    CHECK_INT(rung, 0);
    proc_cancel_unref(timed);
    proc_cancel_unref(plain);
}

static void null(void) {
    for (int i = 0; i < TIMES; i++)
        CHECK(!proc_wait(NULL, times[i]));
}

static void units(void) {
    CHECK(PROC_MS(1) == 1000000 && PROC_MS(-3) == -3000000);
    CHECK(PROC_SECONDS(1) == 1000000000);
    CHECK(PROC_FOREVER < 0);
    /* No int overflows on the way. */
    int days = 100;
    CHECK(PROC_SECONDS(days * 86400) == 8640000000000000);
    CHECK(PROC_MS(1 + 1) == 2000000 && PROC_SECONDS(1 + 1) == 2000000000);
    CHECK(sizeof PROC_MS(1) == sizeof(int64_t) && sizeof PROC_SECONDS(1) == sizeof(int64_t));
}

CHECK_MAIN(CASE(already), CASE(time_is_up), CASE(woken), CASE(from_above), CASE(all_woken),
           CASE(group_wakes), CASE(at_once), REAL(rings_for_nobody), CASE(null), CASE(units))
