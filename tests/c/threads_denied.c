/* When no thread can be had: pthread_create fails with EAGAIN. Each case plays in a fresh program. Laws:
 *
 *   interposed          (The tests of this file see the library's calls of pthread_create.)
 *   all_denied          If no thread can be had for a child, that child fails with EAGAIN; it is never dropped, and nothing
 *                       hangs: each child has run once or has failed so, and the caller's thread runs at least one.
 *   some_denied         The same if there are some threads, but not enough.
 *   group_cancels       A group then cancels the others and joins them, and lists each child that could not run.
 *   names_task          … wrapped by the task that the child is.
 *   nested              The same at depth: in a group in a concurrent process in a group.
 *   works_on            The library works on afterwards, once there are threads again.
 *   comes_back          A thread that can be had a moment later is enough: nothing fails.
 *   parked_are_used     Threads that the library has already still serve.
 *   parked_are_enough   They do so when it never had others: if none watches, there are enough of them for all children, or
 *                       one of them watches. Only what exceeds them fails.
 *   main_too            proc_main, too, ends: it succeeds or fails with EAGAIN, and works afterwards.
 *   main_signalled      If it fails so while a signal arrived, that goes to the former handler: it cancelled nothing.
 *   patient_again       After a wait in vain, too, a thread that can be had a moment later is enough.
 *   asked_once          As long as there are none, each further fan-out waits for less, and soon asks once only, so that
 *                       many of them do not wait.
 */
#include "child.h"
#include "interpose.h"
#include "leaf.h"
#include <sched.h>

enum { CHILDREN = 10 };

/* Each child waits for its cancellation: it can only go on if those that could not run fail. */
static proc_impl *waiting_group(leaf *l, const char *type) {
    proc_impl *impls[CHILDREN];
    for (int i = 0; i < CHILDREN; i++)
        impls[i] = type ? proc_task(type, leaf_new(l)) : leaf_new(l);
    return proc_group(impls, CHILDREN);
}

/* Those that ran returned the cause, which is listed once already: among the others. Releases the error. */
static void check_unstarted(proc_error *error, int runs) {
    CHECK_INT((long long)proc_error_count(error), CHILDREN - runs);
    for (size_t i = 0; i < proc_error_count(error); i++)
        CHECK_INT(proc_error_code(proc_error_at(error, i)), EAGAIN);
    proc_error_unref(error);
}

static proc_error *meet(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_MEET((gate *)user_data, CHILDREN);
    return NULL;
}

static void check_works(void) {
    gate all;
    gate_init(&all);
    proc_impl *impls[CHILDREN];
    for (int i = 0; i < CHILDREN; i++)
        impls[i] = proc_new(meet, &all, NULL);
    CHECK_OK(proc_run(proc_concurrent(impls, CHILDREN), NULL));
}

static void interposed_role(void) {
    check_works();
    CHECK(threads_created >= CHILDREN - 1);
    CHECK_INT(threads_denied, 0);
}

static void all_denied_role(void) {
    threads_left = 0;
    for (int round = 0; round < 3; round++) {
        leaf l = {0};
        proc_impl *impls[CHILDREN];
        for (int i = 0; i < CHILDREN; i++)
            impls[i] = leaf_new(&l);
        proc_error *error = proc_run(proc_concurrent(impls, CHILDREN), NULL);
        CHECK(l.runs >= 1);
        CHECK_INT(l.destroyed, CHILDREN);
        check_unstarted(error, l.runs);
    }
    CHECK(threads_denied > 0);
    CHECK_INT(threads_created, 0);
}

static void deny_after(int threads) {
    leaf l = {.until_cancelled = true};
    threads_left = threads;
    proc_error *error = proc_run(waiting_group(&l, NULL), NULL);
    CHECK(l.runs >= 1 && l.runs < CHILDREN);
    CHECK_INT(l.destroyed, CHILDREN);
    check_unstarted(error, l.runs);
}

static void some_denied_role(void) {
    deny_after(5);
    CHECK_INT(threads_created, 5);
    deny_after(0);
    CHECK_INT(threads_created, 5);
}

static void group_cancels_role(void) { deny_after(0); }

static void names_task_role(void) {
    leaf l = {.until_cancelled = true};
    threads_left = 3;
    proc_error *error = proc_run(waiting_group(&l, "worker"), NULL);
    CHECK_STR(proc_error_task_type(proc_error_at(error, 0)), "worker");
    CHECK_HAS(proc_error_message(error), "worker: ");
    check_unstarted(error, l.runs);
}

static void nested_role(void) {
    leaf low = {.until_cancelled = true}, beside = {.until_cancelled = true};
    threads_left = 4;
    proc_impl *inner = PROC_CONCURRENT(waiting_group(&low, NULL), succeeding());
    proc_error *error = proc_run(PROC_GROUP(leaf_new(&beside), proc_task("t", inner)), NULL);
    CHECK_INT(proc_error_code(error), EAGAIN);
    CHECK(proc_error_is(error, EAGAIN));
    CHECK(low.destroyed == CHILDREN && beside.destroyed == 1);
    proc_error_unref(error);
}

static void works_on_role(void) {
    deny_after(0);
    deny_after(2);
    threads_left = -1;
    for (int i = 0; i < 3; i++)
        check_works();
}

static void comes_back_role(void) {
    denials_left = 1;
    check_works();
    CHECK_INT(threads_denied, 1);
    CHECK_INT(denials_left, 0);
}

static void parked_are_used_role(void) {
    check_works();
    int created = threads_created;
    threads_left = 0;
    check_works();
    CHECK_INT(threads_created, created);
}

enum { PARKED = CHILDREN - 1 };

static proc_error *meet_parked(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_MEET((gate *)user_data, PARKED);
    return NULL;
}

static unsigned long idle_threads(void) {
    proc_stats stats = PROC_STATS_INIT;
    proc_get_stats(&stats);
    return stats.threads_idle;
}

/* Jobs need nobody who watches. */
static void park(void) {
    gate all;
    gate_init(&all);
    proc_job *jobs[PARKED];
    for (int i = 0; i < PARKED; i++)
        jobs[i] = proc_start(proc_new(meet_parked, &all, NULL), NULL, NULL, NULL);
    for (int i = 0; i < PARKED; i++)
        CHECK_OK(proc_job_join(jobs[i]));
    while (idle_threads() < PARKED)
        sched_yield();
}

static void parked_are_enough_role(void) {
    park();
    threads_left = 0;
    check_works();
    CHECK_INT(threads_created, PARKED);
    while (idle_threads() < PARKED)
        sched_yield();
    leaf l = {0};
    proc_impl *impls[2 * CHILDREN];
    for (int i = 0; i < 2 * CHILDREN; i++)
        impls[i] = leaf_new(&l);
    CHECK_OK(proc_run(proc_concurrent(impls, 2 * CHILDREN), NULL));
    CHECK_INT(l.runs, 2 * CHILDREN);
    deny_after(0);
    CHECK_INT(threads_created, PARKED);
}

static void patient_again_role(void) {
    for (int round = 0; round < 2; round++) {
        threads_left = 0;
        leaf l = {0};
        proc_error *error = proc_run(PROC_GROUP(leaf_new(&l), leaf_new(&l)), NULL);
        CHECK(proc_error_is(error, EAGAIN));
        proc_error_unref(error);
    }
    threads_left = -1;
    denials_left = 1;
    check_works();
}

static void main_too_role(void) {
    leaf l = {0};
    threads_left = 0;
    proc_error *error = proc_main(leaf_new(&l));
    CHECK(error == NULL ? l.runs == 1 : proc_error_code(error) == EAGAIN && l.runs == 0);
    CHECK_INT(l.destroyed, 1);
    proc_error_unref(error);
    threads_left = -1;
    CHECK_OK(proc_main(leaf_new(&l)));
    check_works();
}

static volatile sig_atomic_t terminated;

static void handle(int signal_number) { terminated += signal_number == SIGTERM; }

/* proc_main has taken the signals over, since it asks for its thread. */
static void send_once(void) {
    if (threads_denied == 1)
        CHECK_INT(kill(getpid(), SIGTERM), 0);
}

static void main_signalled_role(void) {
    leaf l = {0};
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = handle}, NULL);
    threads_left = 0;
    on_denial = send_once;
    proc_error *error = proc_main(leaf_new(&l));
    CHECK_INT(proc_error_code(error), EAGAIN);
    proc_error_unref(error);
    CHECK_INT(terminated, 1);
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 1);
    threads_left = -1;
    CHECK_OK(proc_main(leaf_new(&l)));
    CHECK_INT(terminated, 1);
    CHECK(l.runs == 1 && !l.saw_cancelled);
}

/* The library asks at intervals of two milliseconds for at most a fifth of a second in all, and then once for each. */
static void asked_once_role(void) {
    enum { TIMES = 200 };
    threads_left = 0;
    for (int i = 0; i < TIMES; i++) {
        leaf l = {.fails = i % 2 ? "fails" : NULL};
        proc_error *error = proc_run(PROC_GROUP(leaf_new(&l), leaf_new(&l)), NULL);
        CHECK(proc_error_is(error, EAGAIN));
        CHECK_INT((long long)proc_error_count(error), 1 + i % 2);
        CHECK(l.runs == 1 && l.destroyed == 2);
        proc_error_unref(error);
    }
    CHECK_INT(threads_created, 0);
    CHECK(threads_denied >= TIMES && threads_denied <= TIMES + 110);
    threads_left = -1;
    check_works();
}

IN_CHILD(interposed)
IN_CHILD(all_denied)
IN_CHILD(some_denied)
IN_CHILD(group_cancels)
IN_CHILD(names_task)
IN_CHILD(nested)
IN_CHILD(works_on)
IN_CHILD(comes_back)
IN_CHILD(parked_are_used)
IN_CHILD(parked_are_enough)
IN_CHILD(main_too)
IN_CHILD(main_signalled)
IN_CHILD(patient_again)
IN_CHILD(asked_once)

CHECK_MAIN(BOTH(interposed), BOTH(all_denied), BOTH(some_denied), BOTH(group_cancels),
           BOTH(names_task), BOTH(nested), BOTH(works_on), BOTH(comes_back), BOTH(parked_are_used),
           BOTH(parked_are_enough), BOTH(main_too), BOTH(main_signalled), BOTH(patient_again),
           BOTH(asked_once))
