/* What threads deadlines need. Each case plays in a fresh program. Laws:
 *
 *   none            A program that only asks and waits in this library makes no thread: handles, timeouts, delays, proc_every.
 *   delays          Delays that are children of a nursery take no thread each; cancelled, they end.
 *   one             Hooks and descriptors of a thousand deadlines need one thread, which sleeps while they are far away, and goes when none is left.
 *   precise         That thread has no timer slack.
 *   denied          If no thread can be had, a deadline is found over by who asks, and its descriptor and its hook hear of it
 *                   when a thread enters the library and one can be had again.
 *   together        Nor does it need one, nor anybody who enters the library, if children wait together under it: their caller wakes.
 *   shared          Many children with a deadline each, in hooks and in waits, all come back.
 *   late_threads    Of many hooks that are due at once each has a thread, if they wait for each other; but while threads are late, no more are made
 *                   than a few.
 */
#include "asleep.h"
#include "child.h"
#include "interpose.h"
#include "leaf.h"
#include "tasks.h"
#include <dirent.h>
#include <poll.h>
#include <sched.h>

static proc_impl *stops(leaf *l) {
    *l = (leaf){.until_cancelled = true};
    return leaf_new(l);
}

static void none_role(void) {
    leaf l;
    proc_cancel *cancel = proc_cancel_new_timeout(NULL, PROC_MS(2));
    CHECK(proc_wait(cancel, PROC_FOREVER));
    proc_cancel_unref(cancel);
    cancel = proc_cancel_new_timeout(NULL, PROC_MS(2));
    while (!proc_cancelled(cancel))
        sched_yield();
    CHECK_FAILS(proc_cancel_error(cancel), ETIMEDOUT, "timed out after 2 ms");
    proc_cancel_unref(cancel);
    CHECK_FAILS(proc_run(proc_timeout(PROC_MS(2), stops(&l)), NULL), ETIMEDOUT,
                "timed out after 2 ms");
    CHECK_OK(proc_run(proc_timeout(PROC_MS(5), proc_every(PROC_MS(1), succeeding())), NULL));
    CHECK_OK(proc_run(proc_delay(PROC_MS(2)), NULL));
    int ends[2];
    CHECK_INT(pipe(ends), 0);
    struct pollfd file = {.fd = ends[0], .events = POLLIN};
    cancel = proc_cancel_new_timeout(NULL, PROC_MS(2));
    CHECK_INT(proc_poll(cancel, &file, 1, PROC_FOREVER), -1);
    CHECK_INT(errno, ECANCELED);
    proc_cancel_unref(cancel);
    CHECK_INT(threads_created, 0);
}

static void none(void) {
    child c = child_start("none_role");
    child_passes(&c);
}

enum { DELAYS = 100 };

static proc_error *spawn_delays(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    proc_error *error = NULL; /* On a slow machine the time may be up before all are there. */
    for (int i = 0; i < DELAYS && !error; i++)
        error = proc_spawn(nursery, proc_task("delay", proc_delay(PROC_MS(5) * (i % 3))));
    return error;
}

static void delays_role(void) {
    int64_t began = proc_now();
    CHECK_OK(proc_run(proc_with_nursery(spawn_delays, NULL, NULL, NULL), NULL));
    CHECK(proc_now() - began >= PROC_MS(10));
    proc_cancel *cancel = proc_cancel_new_timeout(NULL, PROC_MS(5));
    proc_impl *forever =
        PROC_GROUP(proc_with_nursery(spawn_delays, NULL, NULL, NULL), proc_delay(PROC_FOREVER));
    proc_error *error = proc_run(forever, cancel);
    CHECK_INT(proc_error_code(error), ETIMEDOUT);
    proc_error_unref(error);
    proc_cancel_unref(cancel);
    CHECK(threads_created <= 6);
}

static void delays(void) {
    child c = child_start("delays_role");
    child_passes(&c);
}

/* Of all threads of this program, how often they were switched to. */
static unsigned long switches(int *threads) {
    unsigned long sum = 0, times;
    char path[300], line[200];
    *threads = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task; (task = readdir(tasks));) {
        snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        FILE *status = is_our_task(task->d_name) ? fopen(path, "r") : NULL;
        *threads += status != NULL;
        while (status && fgets(line, sizeof line, status))
            if (sscanf(line, "voluntary_ctxt_switches: %lu", &times) == 1 &&
                atoi(task->d_name) != getpid())
                sum += times;
        if (status)
            fclose(status);
    }
    closedir(tasks);
    return sum;
}

enum { DEADLINES = 1000 };

static void ignore(void *user_data) { (void)user_data; }

static void one_role(void) {
    static proc_cancel *cancels[DEADLINES];
    static proc_hook *hooks[DEADLINES];
    proc_config config = PROC_CONFIG_INIT;
    config.idle_timeout_ns = PROC_AT_ONCE;
    CHECK_OK(proc_configure(&config));
    for (int i = 0; i < DEADLINES; i++) {
        cancels[i] = proc_cancel_new_timeout(NULL, PROC_SECONDS(3600) - i);
        hooks[i] = proc_on_cancel(cancels[i], ignore, NULL);
    }
    int threads;
    wait_until_others_sleep();
    unsigned long before = switches(&threads);
    CHECK_INT(threads, 2);
    CHECK_OK(proc_run(proc_delay(PROC_MS(150)), NULL));
    CHECK(check_environment("CHECK_SERIAL", 0) || switches(&threads) == before);
    CHECK_INT(threads_created, 1);
    for (int i = 0; i < DEADLINES; i++) {
        proc_hook_remove(hooks[i]);
        proc_cancel_unref(cancels[i]);
    }
    for (threads = 2; threads > 1;)
        switches(&threads);
}

static void one(void) {
    child c = child_start("one_role");
    child_passes(&c);
}

/* Of each thread of this program but the first: how late it may wake, as the kernel tells it, if it does. */
static void precise_role(void) {
    char path[300] = "";
    unsigned long slack = 0;
    bool is_told; /* Not everybody is. */
    proc_cancel *cancel = proc_cancel_new_timeout(NULL, PROC_SECONDS(3600));
    proc_hook *hook = proc_on_cancel(cancel, ignore, NULL);
    CHECK_INT(threads_created, 1);
    do {
        DIR *tasks = opendir("/proc/self/task");
        for (struct dirent *task; (task = readdir(tasks));)
            if (is_our_task(task->d_name) && atoi(task->d_name) != getpid())
                snprintf(path, sizeof path, "/proc/%s/timerslack_ns", task->d_name);
        closedir(tasks);
        FILE *told = fopen(path, "r");
        is_told = told && fscanf(told, "%lu", &slack) == 1;
        if (told)
            fclose(told);
    } while (is_told && slack != 1);
    proc_hook_remove(hook);
    proc_cancel_unref(cancel);
}

static void precise(void) {
    child c = child_start("precise_role");
    child_passes(&c);
}

static void count_call(void *user_data) { gate_open(user_data); }

static void denied_role(void) {
    gate called;
    gate_init(&called);
    threads_left = 0;
    proc_cancel *cancel =
        proc_cancel_new_timeout(NULL, PROC_MS(100)); /* the hook is there before */
    struct pollfd file = {.fd = proc_cancel_fd(cancel), .events = POLLIN};
    proc_hook *hook = proc_on_cancel(cancel, count_call, &called);
    while (proc_cancel_remaining(cancel))
        sched_yield();
    CHECK(proc_cancelled(cancel));
    CHECK_OK(proc_run(succeeding(), NULL)); /* This thread enters. */
    CHECK_INT(poll(&file, 1, 0), 1);
    CHECK_INT((int)called.opened, 0);
    threads_left = -1;
    CHECK_OK(proc_run(proc_delay(PROC_MS(10)), NULL)); /* Somebody asks again. */
    CHECK_OK(proc_run(succeeding(), NULL));
    GATE_WAIT(&called);
    proc_hook_remove(hook);
    proc_cancel_unref(cancel);
}

static void denied(void) {
    child c = child_start("denied_role");
    child_passes(&c);
}

static proc_error *blocked(proc_cancel *cancel, void *user_data) {
    gate released;
    gate_init(&released);
    proc_hook *hook = proc_on_cancel(cancel, count_call, &released);
    atomic_fetch_add((atomic_int *)user_data, 1);
    GATE_WAIT(&released);
    proc_hook_remove(hook);
    return proc_cancel_error(cancel);
}

static void shared(void) {
    size_t count = check_scaled(200);
    proc_impl *impls[200];
    leaf l;
    atomic_int begun = 0;
    proc_impl *in_hook = proc_timeout(PROC_MS(5), proc_new(blocked, (void *)&begun, NULL));
    proc_impl *in_wait = proc_timeout(PROC_MS(5), stops(&l));
    for (size_t i = 0; i < count; i++)
        impls[i] = proc_ref(i % 2 ? in_hook : in_wait);
    proc_error *error = proc_run(proc_concurrent(impls, count), NULL);
    CHECK_INT((int)proc_error_count(error), (int)count);
    CHECK_INT(proc_error_code(error), ETIMEDOUT);
    proc_error_unref(error);
    proc_unref(in_hook);
    proc_unref(in_wait);
}

/* Longer than threads are asked for in vain. */
static void waits_in_vain(proc_impl *waiting) {
    CHECK_FAILS(proc_run(proc_timeout(PROC_MS(150), waiting), NULL), ETIMEDOUT,
                "timed out after 150 ms");
}

static void together_role(void) {
    proc_promise *promise = proc_promise_new();
    threads_left = 0;
    waits_in_vain(PROC_GROUP(proc_await(promise), proc_await(promise)));
    waits_in_vain(PROC_RACE(proc_await(promise), proc_await(promise)));
    proc_impl *const two[] = {proc_await(promise), proc_await(promise)};
    waits_in_vain(proc_group_limit(1, two, 2));
    proc_promise_unref(promise);
}

static void together(void) {
    child c = child_start("together_role");
    child_passes(&c);
}

enum { TOGETHER = 100 };

static pthread_t adds_hooks;

/* One that comes late is called at once, by who adds it. */
static void meet_all(void *user_data) {
    if (pthread_equal(pthread_self(), adds_hooks))
        gate_open(user_data);
    else
        GATE_MEET(user_data, TOGETHER);
}

static void late_threads_role(void) {
    proc_cancel *cancels[TOGETHER];
    proc_hook *hooks[TOGETHER];
    static gate arrive, all; /* A thread may be there later. */
    gate_init(&arrive);
    gate_init(&all);
    proc_cancel *above = proc_cancel_new_timeout(NULL, PROC_SECONDS(3600));
    proc_hook *timer = proc_on_cancel(above, ignore, NULL); /* Its thread is there. */
    adds_hooks = pthread_self();
    threads_wait = &arrive;
    for (int i = 0; i < TOGETHER; i++) {
        cancels[i] = proc_cancel_new_timeout(NULL, PROC_MS(20));
        hooks[i] = proc_on_cancel(cancels[i], meet_all, &all);
    }
    for (int i = 0; i < TOGETHER; i++)
        CHECK(proc_wait(cancels[i], PROC_FOREVER));
    CHECK(threads_created <= 10);
    gate_open(&arrive);
    GATE_WAIT_FOR(&all, TOGETHER);
    for (int i = 0; i < TOGETHER; i++) {
        proc_hook_remove(hooks[i]);
        proc_cancel_unref(cancels[i]);
    }
    proc_hook_remove(timer);
    proc_cancel_unref(above);
}

static void late_threads(void) {
    child c = child_start("late_threads_role");
    child_passes(&c);
}

CHECK_MAIN(CASE(none), CASE(delays), CASE(one), CASE(precise), ROLE(precise_role), CASE(denied),
           CASE(together), CASE(shared), CASE(late_threads), ROLE(none_role), ROLE(delays_role),
           ROLE(one_role), ROLE(denied_role), ROLE(together_role), ROLE(late_threads_role))
