/* Hooks that are due on a thread of the library that runs nothing of the program's: the one that watches fan-outs, when it
 * gives children up for which no thread can be had, and the one that listens to signals. Each case plays in a fresh program.
 * Laws:
 *
 *   may_run_processes   A hook may run what needs those threads, and so may it be slow: others do not wait for it.
 *   first_thread        Handles and descriptors are cancelled at once, and the hook runs on the first thread that can be
 *                       had, while the caller is in a child,
 *   first_that_is_free  … or on one of the library's that comes free, but on no other of the program's,
 *   at_the_return       … or at the latest on the caller's thread, before proc_run returns; once, and after all below it is
 *                       cancelled; those of a handle before those of the handles below.
 *   removed             One that is removed before has never run.
 *   of_proc_main        What a signal cancels without a thread runs its hooks on the thread of proc_main, before that
 *                       returns,
 *   runs_what_listens   … also if they listen to signals themselves,
 *   may_not_return      … and a hook that does not return is ended by the grace period.
 */
#include "child.h"
#include "interpose.h"
#include "leaf.h"
#include <sched.h>

typedef struct scene {
    proc_cancel *group;
    proc_hook *hook;
    void (*function)(void *);
    bool removes;
    gate hooked;
    gate hook_runs;
    gate go_on;
    atomic_int runs;
    _Atomic pthread_t thread;
} scene;

static void open_scene(scene *s) {
    *s = (scene){0};
    gate_init(&s->hooked);
    gate_init(&s->hook_runs);
    gate_init(&s->go_on);
}

static void run_hook(void *user_data) {
    scene *s = user_data;
    s->runs++;
    s->thread = pthread_self();
    if (s->function)
        s->function(s);
    gate_open(&s->hook_runs);
}

/* The child that runs; its sibling is given up, which cancels it. */
static proc_error *hook_and_wait(proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    s->hook = proc_on_cancel(cancel, run_hook, s);
    gate_open(&s->hooked);
    leaf_wait_cancelled(cancel);
    if (s->removes) {
        proc_hook_remove(s->hook);
        CHECK_INT(s->runs, 0);
    }
    return NULL;
}

/* Waits as what only the hook can interrupt. */
static proc_error *hook_and_block(proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    s->hook = proc_on_cancel(cancel, run_hook, s);
    int fd = proc_cancel_fd(cancel);
    gate_open(&s->hooked);
    leaf_wait_cancelled(cancel);
    CHECK_INT(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0), 1);
    CHECK_INT(s->runs, 0);
    gate_open(&s->go_on);
    GATE_WAIT(&s->hook_runs);
    CHECK(!pthread_equal(s->thread, pthread_self()));
    return NULL;
}

/* Only the thread that watches can be had, so one of the two is given up. */
static void given_up(scene *s, proc_fn child) {
    proc_error *error =
        proc_run(PROC_GROUP(proc_new(child, s, NULL), proc_new(child, s, NULL)), NULL);
    CHECK_INT(proc_error_code(error), EAGAIN);
    proc_error_unref(error);
    CHECK_INT(s->runs, !s->removes);
    if (!s->removes)
        proc_hook_remove(s->hook);
}

static proc_error *meet(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_MEET((gate *)user_data, 2);
    return NULL;
}

static void rendezvous(void) {
    gate both;
    gate_init(&both);
    CHECK_OK(
        proc_run(PROC_CONCURRENT(proc_new(meet, &both, NULL), proc_new(meet, &both, NULL)), NULL));
}

static void *rendezvous_elsewhere(void *user_data) {
    rendezvous();
    return user_data;
}

/* Another thread, too, has what it needs while the hook takes its time. */
static void run_processes(void *user_data) {
    pthread_t other;
    threads_left = -1;
    rendezvous();
    CHECK_INT(pthread_create(&other, NULL, rendezvous_elsewhere, NULL), 0);
    CHECK_INT(pthread_join(other, NULL), 0);
    (void)user_data;
}

static void may_run_processes_role(void) {
    scene s;
    open_scene(&s);
    s.function = run_processes;
    threads_left = 1;
    given_up(&s, hook_and_wait);
}

static void *allow_when_cancelled(void *user_data) {
    GATE_WAIT(&((scene *)user_data)->go_on);
    threads_left = -1;
    return NULL;
}

static void first_thread_role(void) {
    scene s;
    pthread_t other;
    open_scene(&s);
    CHECK_INT(pthread_create(&other, NULL, allow_when_cancelled, &s), 0);
    threads_left = 1;
    given_up(&s, hook_and_block);
    CHECK(!pthread_equal(s.thread, other));
    pthread_join(other, NULL);
}

/* What the other fan-out has of threads comes free while the hook waits for one. */
static proc_error *stay(proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    (void)cancel;
    gate_open(&s->hooked);
    GATE_WAIT(&s->go_on);
    return NULL;
}

static void *keep_a_thread(void *user_data) {
    CHECK_OK(proc_run(
        PROC_CONCURRENT(proc_new(stay, user_data, NULL), proc_new(stay, user_data, NULL)), NULL));
    return NULL;
}

static proc_stats threads_now(void) {
    proc_stats stats = PROC_STATS_INIT;
    proc_get_stats(&stats);
    return stats;
}

enum { MOST_KEEPERS = 4 };

/* Waits until each thread of the library that was created either is parked or is one of those that stay busy. No more can be
 * created. A thread that has not begun is not among those that are live yet, and would be free later. */
static proc_stats await_busy(int keepers, uint64_t busy) {
    proc_stats now;
    do {
        sched_yield();
        now = threads_now();
    } while (threads_asked_for > 0 || now.threads_live != (uint64_t)(threads_created - keepers) ||
             now.threads_live - now.threads_idle != busy);
    return now;
}

/* Keeps every thread of the library but the one that watches. If a helper is slow to begin, a second one may be sent for the same
 * child: then that one is parked, and is to be kept, too. */
static int keep_threads(scene *s, pthread_t *keepers) {
    int count = 0;
    proc_stats now;
    do {
        threads_left = count == 0 ? -1 : 1; /* the keeper is one, too */
        CHECK_INT(pthread_create(&keepers[count++], NULL, keep_a_thread, s), 0);
        GATE_WAIT_FOR(&s->hooked, 2 * count);
        threads_left = 0;
        now = await_busy(count, 1 + (uint64_t)count);
    } while (now.threads_idle > 0 && CHECK(count < MOST_KEEPERS));
    return count;
}

static void first_that_is_free_role(void) {
    scene s;
    pthread_t keepers[MOST_KEEPERS];
    open_scene(&s);
    int count = keep_threads(&s, keepers);
    given_up(&s, hook_and_block);
    for (int i = 0; i < count; i++) {
        CHECK(!pthread_equal(s.thread, keepers[i]));
        pthread_join(keepers[i], NULL);
    }
}

typedef struct order {
    proc_cancel *low;
    proc_hook *hooks[2];
    atomic_int next;
    pthread_t thread;
} order;

static void be_first(void *user_data) {
    order *o = user_data;
    CHECK(proc_cancelled(o->low));
    CHECK_INT(o->next++, 0);
    CHECK(pthread_equal(o->thread, pthread_self()));
}

static void be_second(void *user_data) {
    order *o = user_data;
    CHECK_INT(o->next++, 1);
    CHECK(pthread_equal(o->thread, pthread_self()));
}

static proc_error *hook_both(proc_cancel *cancel, void *user_data) {
    order *o = user_data;
    o->low = proc_cancel_new(cancel);
    o->thread = pthread_self();
    o->hooks[1] = proc_on_cancel(o->low, be_second, o);
    o->hooks[0] = proc_on_cancel(cancel, be_first, o);
    leaf_wait_cancelled(cancel);
    CHECK_INT(o->next, 0);
    return NULL;
}

static void at_the_return_role(void) {
    order o = {0};
    threads_left = 1;
    proc_error *error =
        proc_run(PROC_GROUP(proc_new(hook_both, &o, NULL), proc_new(hook_both, &o, NULL)), NULL);
    CHECK_INT(o.next, 2);
    CHECK_INT(proc_error_code(error), EAGAIN);
    proc_error_unref(error);
    proc_hook_remove(o.hooks[0]);
    proc_hook_remove(o.hooks[1]);
    proc_cancel_unref(o.low);
}

static void removed_role(void) {
    scene s;
    open_scene(&s);
    s.removes = true;
    threads_left = 1;
    given_up(&s, hook_and_wait);
}

/* Only the thread that listens is there. */
static proc_error *be_stopped(proc_cancel *cancel, void *user_data) {
    scene *s = user_data;
    s->hook = proc_on_cancel(cancel, run_hook, s);
    threads_left = 0;
    CHECK_INT(kill(getpid(), SIGTERM), 0);
    leaf_wait_cancelled(cancel);
    CHECK_INT(s->runs, 0);
    return proc_cancel_error(cancel);
}

static void stop_main(scene *s, int64_t grace_ns) {
    proc_main_options options = PROC_MAIN_OPTIONS_INIT;
    options.grace_ns = grace_ns;
    CHECK_OK(proc_main_with(proc_new(be_stopped, s, NULL), &options));
    CHECK_INT(s->runs, 1);
    CHECK(pthread_equal(s->thread, pthread_self()));
    proc_hook_remove(s->hook);
}

static void of_proc_main_role(void) {
    scene s;
    open_scene(&s);
    stop_main(&s, PROC_FOREVER);
}

static void listen_and_end(void *user_data) {
    (void)user_data;
    proc_cancel *over = proc_cancel_new(NULL);
    proc_cancel_trigger(over, NULL);
    CHECK_OK(proc_run(proc_on_signal(SIGUSR1, succeeding()), over));
    proc_cancel_unref(over);
}

static void runs_what_listens_role(void) {
    scene s;
    open_scene(&s);
    s.function = listen_and_end;
    stop_main(&s, PROC_FOREVER);
}

static void stay_in_hook(void *user_data) {
    (void)user_data;
    child_tell('h');
    while (pause() == -1)
        ;
}

static void may_not_return_role(void) {
    scene s;
    open_scene(&s);
    s.function = stay_in_hook;
    stop_main(&s, PROC_MS(200));
}

static void may_not_return(void) {
    child c = child_start("may_not_return_role");
    CHECK_INT(child_event(&c), 'h');
    child_end(&c);
    CHECK(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGTERM);
}

IN_CHILD(may_run_processes)
IN_CHILD(first_thread)
IN_CHILD(first_that_is_free)
IN_CHILD(at_the_return)
IN_CHILD(removed)
IN_CHILD(of_proc_main)
IN_CHILD(runs_what_listens)

CHECK_MAIN(BOTH(may_run_processes), BOTH(first_thread), BOTH(first_that_is_free),
           BOTH(at_the_return), BOTH(removed), BOTH(of_proc_main), BOTH(runs_what_listens),
           BOTH(may_not_return))
