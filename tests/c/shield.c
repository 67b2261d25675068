/* proc_shield: a cancellation from above reaches what is inside only some time after it came. Laws:
 *
 *   later            It reaches it once that time is over, not before, with the same cause; whoever waits inside is woken.
 *   in_time          What completes before that is a success, and is not waited for.
 *   draining         From the moment it came, it is draining inside: for every handle there, and for no other.
 *   forever          If the time is for ever, no cancellation from above reaches it; it is draining all the same.
 *   at_once          If there is no time, it reaches it at once.
 *   before           The time counts from the cancellation, also if that came before it began, and of a handle further up.
 *   nested           Of one inside of another, it counts from when it reached the inner one.
 *   not_beyond       It runs below a handle of its own: cancelling that cancels nothing above.
 *   closed           Whoever keeps the handle sees it cancelled once that is over, on success too.
 *   hooks            Hooks inside run when it reaches them, and have run when the shield is over.
 *   same_place       It is the same thread, task and values inside; errors are passed on as they are.
 *   echo             What only passes on the cause is an echo.
 *   cleanup          What cleans up inside is not draining because of a cancellation from above.
 *   many             Many that wait at the same time take one thread more, and none when nothing is cancelled.
 *   stop             A program that is told to stop: it reaches it that much later, and the grace period ends it.
 *   bad_input        A bad process is bad input, NULL too.
 *   deep             Nested as deep as may be, it runs, and a cancellation goes through.
 *   dumped           It is shown as `shield`.
 */
#include "sheltered.h"
#include "slow_hook.h"
#include "tasks.h"

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * PROC_SECONDS(1) + time.tv_nsec;
}

/* Cancels what is around, and waits until that reaches it: after at least so long. */
typedef struct reach {
    proc_cancel *around;
    int64_t at_least;
} reach;

static proc_error *cancel_and_wait(proc_cancel *cancel, void *user_data) {
    reach *r = user_data;
    int64_t began = now();
    proc_cancel_trigger(r->around, proc_error_new(77, "enough"));
    CHECK(!proc_cancelled(cancel) || r->at_least == 0 || now() - began >= r->at_least);
    CHECK(proc_draining(cancel));
    leaf_wait_cancelled(cancel);
    CHECK(now() - began >= r->at_least);
    CHECK(proc_cancel_cause(cancel) == proc_cancel_cause(r->around));
    return proc_cancel_error(cancel);
}

static void check_reach(int64_t at_least, shelter wrap) {
    reach r = {.around = proc_cancel_new(NULL), .at_least = at_least};
    CHECK_FAILS(proc_run(wrap(proc_new(cancel_and_wait, &r, NULL)), r.around), 77, "enough");
    proc_cancel_unref(r.around);
}

static proc_impl *briefly(proc_impl *impl) { return proc_shield(PROC_MS(20), impl); }
static proc_impl *in_group(proc_impl *impl) {
    return PROC_GROUP(proc_shield(PROC_MS(20), PROC_GROUP(impl)), succeeding());
}
static proc_impl *not_at_all(proc_impl *impl) { return proc_shield(0, impl); }
static proc_impl *twice(proc_impl *impl) {
    return proc_shield(PROC_MS(15), proc_shield(PROC_MS(15), impl));
}
static proc_impl *first_zero(proc_impl *impl) { return proc_shield(0, briefly(impl)); }

static void later(void) {
    check_reach(PROC_MS(20), briefly);
    check_reach(PROC_MS(20), in_group);
}

static void at_once(void) { check_reach(0, not_at_all); }

static void nested(void) {
    check_reach(PROC_MS(30), twice);
    check_reach(PROC_MS(20), first_zero);
}

static proc_error *cancel_and_go(proc_cancel *cancel, void *user_data) {
    proc_cancel_trigger(user_data, NULL);
    CHECK(!proc_cancelled(cancel) && proc_draining(cancel));
    return NULL;
}

static void in_time(void) {
    for (int i = 0; i < 10; i++) {
        proc_cancel *around = proc_cancel_new(NULL);
        int64_t began = now();
        CHECK_OK(proc_run(proc_shield(PROC_SECONDS(3600), proc_new(cancel_and_go, around, NULL)),
                          around));
        CHECK(now() - began < PROC_SECONDS(check_deadline()));
        proc_cancel_unref(around);
    }
}

static proc_error *drain(proc_cancel *cancel, void *user_data) {
    proc_cancel *around = user_data, *before = proc_cancel_new(cancel),
                *other = proc_cancel_new(NULL);
    CHECK(!proc_draining(cancel) && !proc_draining(before));
    proc_cancel_trigger(around, NULL);
    proc_cancel *after = proc_cancel_new(cancel);
    CHECK(proc_draining(cancel) && proc_draining(before) && proc_draining(after));
    CHECK(!proc_draining(other));
    CHECK(!proc_cancelled(cancel) && !proc_cancelled(before) && !proc_cancelled(after));
    CHECK(proc_cancel_cause(cancel) == NULL);
    proc_cancel_unref(before);
    proc_cancel_unref(after);
    proc_cancel_unref(other);
    return NULL;
}

static void check_draining(shelter wrap) {
    proc_cancel *around = proc_cancel_new(NULL);
    CHECK_OK(proc_run(wrap(proc_new(drain, around, NULL)), around));
    proc_cancel_unref(around);
}

static proc_impl *for_ever(proc_impl *impl) { return proc_shield(PROC_FOREVER, impl); }
static proc_impl *for_long(proc_impl *impl) {
    return proc_shield(PROC_SECONDS(3600),
                       PROC_GROUP(proc_task("t", PROC_GROUP(impl)), succeeding()));
}
static proc_impl *both(proc_impl *impl) { return for_ever(for_long(PROC_GROUP(for_ever(impl)))); }

static void draining(void) {
    check_draining(for_long);
    check_draining(both);
}

static void forever(void) {
    check_draining(for_ever);
    proc_cancel *handle = cancelled_because(77, "enough");
    leaf l = {0};
    CHECK_OK(proc_run(for_ever(leaf_new(&l)), handle));
    CHECK_INT(l.saw_cancelled, 0);
    proc_cancel_unref(handle);
}

static void pass(int64_t time) {
    int64_t end = now() + time;
    while (now() < end)
        sched_yield();
}

static void before(void) {
    leaf l = {.until_cancelled = true};
    proc_cancel *handle = cancelled_because(77, "enough");
    int64_t came = now();
    CHECK_FAILS(proc_run(briefly(leaf_new(&l)), handle), 77, "enough");
    CHECK(now() - came >= PROC_MS(20) - PROC_MS(1)); /* It came before that was looked at. */
    CHECK_INT(l.saw_cancelled, 0);
    pass(PROC_MS(20));
    CHECK_FAILS(proc_run(briefly(leaf_new(&l)), handle), 77, "enough");
    CHECK_INT(l.saw_cancelled, 1);
    /* The group's own handle is made now, below one that was cancelled before. */
    CHECK_FAILS(proc_run(PROC_GROUP(briefly(leaf_new(&l)), succeeding()), handle), 77, "enough");
    CHECK_INT(l.saw_cancelled, 1);
    CHECK_INT(l.runs, 3);
    proc_cancel_unref(handle);
}

static void not_beyond(void) { check_not_beyond(briefly); }
static void closed(void) { check_closed(for_ever, "the shield has ended"); }

static void hooks(void) {
    const shelter wraps[] = {briefly, not_at_all, twice};
    for (int i = 0; i < 3; i++) {
        proc_cancel *around = proc_cancel_new(NULL);
        check_slow_hook_over(wraps[i], around);
        proc_cancel_unref(around);
    }
}

static const proc_key key = {"key"};

static proc_error *look_around(proc_cancel *cancel, void *user_data) {
    CHECK(proc_value(cancel, &key) == user_data);
    CHECK(proc_current() == cancel);
    *(uint64_t *)user_data = proc_trace_task_id(cancel);
    return proc_error_new(7, "seven");
}

static void same_place(void) {
    uint64_t task = 0;
    leaf l = {0};
    proc_impl *looks = proc_new(look_around, &task, NULL);
    CHECK_FAILS(proc_run(proc_with_value(&key, &task, NULL, proc_task("t", briefly(looks))), NULL),
                7, "t: seven");
    CHECK(task != 0);
    CHECK_OK(proc_run(briefly(leaf_new(&l)), NULL));
    CHECK(pthread_equal(l.thread, pthread_self()));
    CHECK_INT(l.destroyed, 1);
}

static void echo(void) {
    reach r = {.around = proc_cancel_new(NULL), .at_least = PROC_MS(20)};
    proc_error *error = proc_run(briefly(proc_new(cancel_and_wait, &r, NULL)), r.around);
    CHECK(proc_error_is_echo(error, r.around));
    proc_error_unref(error);
    proc_cancel_unref(r.around);
    leaf stops = {.until_cancelled = true};
    CHECK_FAILS(proc_run(PROC_GROUP(briefly(leaf_new(&stops)), failing("sibling")), NULL), EIO,
                "sibling");
}

static proc_error *is_not_draining(proc_cancel *cancel, void *user_data) {
    CHECK(!proc_draining(cancel) && !proc_cancelled(cancel));
    CHECK(proc_value(cancel, &key) == user_data);
    return NULL;
}

static void cleanup(void) {
    proc_cancel *around = proc_cancel_new(NULL);
    proc_impl *cleans = proc_new(is_not_draining, around, NULL);
    proc_impl *inside = proc_finally(proc_new(cancel_and_go, around, NULL), cleans);
    CHECK_OK(proc_run(proc_with_value(&key, around, NULL, for_long(inside)), around));
    proc_cancel_unref(around);
}

enum { MANY = 40 };

static proc_error *count_threads(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    *(int *)user_data = tasks_now();
    return NULL;
}

static void many(void) {
    int before_it = tasks_now(), during = 0;
    proc_cancel *unused = proc_cancel_new(NULL);
    CHECK_OK(proc_run(briefly(proc_new(count_threads, &during, NULL)), unused));
    proc_cancel_unref(unused);
    CHECK(during <= before_it);

    gate begun;
    gate_init(&begun);
    leaf l = {.started = &begun, .until_cancelled = true};
    proc_impl *impls[MANY];
    for (int i = 0; i < MANY; i++)
        impls[i] = proc_shield(PROC_MS(50), leaf_new(&l));
    proc_cancel *around = proc_cancel_new(NULL);
    proc_job *job = proc_start(proc_group(impls, MANY), around, NULL, NULL);
    GATE_WAIT_FOR(&begun, MANY);
    int most = tasks_now() + 1;
    proc_cancel_trigger(around, proc_error_new(77, "enough"));
    while (!proc_job_wait(job, PROC_MS(5)))
        CHECK(tasks_now() <= most);
    CHECK_FAILS(proc_job_join(job), 77, "enough");
    CHECK_INT(l.runs, MANY);
    proc_cancel_unref(around);
}

/* In the child: tells 'r' when it runs, 'd' when it drains, 'c' when it is cancelled. */
static proc_error *tell(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    child_tell('r');
    while (!proc_draining(cancel))
        sched_yield();
    child_tell(proc_cancelled(cancel) ? 'c' : 'd');
    proc_wait(cancel, PROC_FOREVER);
    child_tell('c');
    return proc_cancel_error(cancel);
}

static void stop_role(void) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.grace_ns = PROC_FOREVER;
    CHECK_OK(proc_main_with(proc_shield(PROC_MS(100), proc_new(tell, NULL, NULL)), &options));
}

static void grace_role(void) { sheltered_main(for_ever); }

static void stop(void) {
    child c = child_start("stop_role");
    CHECK_INT(child_event(&c), 'r');
    CHECK_INT(kill(c.pid, SIGTERM), 0);
    CHECK_INT(child_event(&c), 'd');
    CHECK_INT(child_event(&c), 'c');
    child_passes(&c);
    check_grace_ends("grace_role", "shield");
}

static void bad_input(void) {
    leaf l = {0};
    CHECK_FAILS(proc_run(proc_shield(0, NULL), NULL), EINVAL, "proc_shield: impl is NULL");
    CHECK_FAILS(proc_run(proc_shield(0, PROC_SEQUENCE(leaf_new(&l), NULL)), NULL), EINVAL,
                "proc_sequence: impls[1] is NULL");
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 1);
}

static proc_impl *nest(int levels, proc_impl *impl) {
    for (int i = 0; i < levels; i++)
        impl = proc_shield(i % 10 == 0, impl);
    return impl;
}

static void deep(void) {
    reach r = {.around = proc_cancel_new(NULL)};
    proc_impl *full = nest(PROC_MAX_DEPTH, proc_new(cancel_and_wait, &r, NULL));
    CHECK_FAILS(proc_run(proc_ref(full), r.around), 77, "enough");
    proc_error *error = proc_run(proc_shield(0, full), NULL);
    CHECK_INT(proc_error_code(error), ELOOP);
    CHECK_HAS(proc_error_message(error), "proc_shield: impl is");
    proc_error_unref(error);
    proc_cancel_unref(r.around);
}

static void dumped(void) { check_dumped_in(briefly, "shield"); }

CHECK_MAIN(CASE(later), CASE(in_time), CASE(draining), CASE(forever), CASE(at_once), CASE(before),
           CASE(nested), CASE(not_beyond), CASE(closed), CASE(hooks), CASE(same_place), CASE(echo),
           CASE(cleanup), CASE(many), CASE(stop), CASE(bad_input), CASE(deep), REAL(dumped),
           ROLE(stop_role), ROLE(grace_role))
