/* Children that compute. Each case plays in a fresh program. Laws:
 *
 *   no_flood             Many children that compute for a while take about as many threads as there are processors for them.
 *   no_flood_in_trees    So do those of concurrent processes in each other.
 *   spinning             Children that spin until their siblings have begun do not wait for ever.
 *   beside_spinning      Children that wait for each other do not wait for those that compute elsewhere.
 *   few_threads          If there are few threads to be had, children that compute take turns: none fails.
 *   few_threads_steps    Nor does one fail while others take steps, though each takes long.
 */
#include "child.h"
#include "interpose.h"
#include "leaf.h"
#include <sched.h>

/* How many more threads than processors there may be where other programs use those, until the library knows that children
 * compute: at each level of a tree again. */
enum { SOME = 40, SOME_IN_TREES = 200 };

static proc_impl *many(size_t count, proc_impl *impl) {
    proc_impl **impls = calloc(count, sizeof *impls);
    for (size_t i = 0; i < count; i++)
        impls[i] = proc_ref(impl);
    proc_unref(impl);
    proc_impl *all = proc_concurrent(impls, count);
    free(impls);
    return all;
}

static long long clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static atomic_int ended;

static proc_error *compute(proc_cancel *cancel, void *milliseconds) {
    (void)cancel;
    long long until = clock_ns(CLOCK_THREAD_CPUTIME_ID) + (intptr_t)milliseconds * 1000000;
    while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < until)
        ;
    ended++;
    return NULL;
}

static proc_impl *computing(int milliseconds) {
    return proc_new(compute, (void *)(intptr_t)milliseconds, NULL);
}

static int processors(void) {
    cpu_set_t set;
    CHECK_INT(sched_getaffinity(0, sizeof set, &set), 0);
    return CPU_COUNT(&set);
}

/* Runs it. When other programs take most of the processors meanwhile, the library may see in none of its threads that it
 * computes, and the number of threads tells nothing. */
static void check_no_flood(proc_impl *all, int children, int more) {
    long long began = clock_ns(CLOCK_MONOTONIC), used = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    CHECK_OK(proc_run(all, NULL));
    CHECK_INT(ended, children);
    used = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - used;
    long long there_was = (clock_ns(CLOCK_MONOTONIC) - began) * processors();
    if (used * 5 < there_was * 2)
        printf("other programs have the processors: %d threads\n", threads_created);
    else
        CHECK(threads_created <= processors() + more);
}

static void no_flood_role(void) {
    int children = 2 * (processors() + SOME) + 100;
    check_no_flood(many((size_t)children, computing(3)), children, SOME);
}

static void no_flood_in_trees_role(void) {
    enum { EACH = 10 };
    proc_impl *all = many(EACH, many(EACH, many(EACH, computing(1))));
    check_no_flood(all, EACH * EACH * EACH, SOME_IN_TREES);
}

static atomic_int begun;

static proc_error *spin(proc_cancel *cancel, void *until) {
    (void)cancel;
    begun++;
    while (begun < (intptr_t)until)
        ;
    return NULL;
}

static void spinning_role(void) {
    int children = processors() + 6;
    proc_impl *spins = proc_new(spin, (void *)(intptr_t)children, NULL);
    CHECK_OK(proc_run(many((size_t)children, spins), NULL));
    CHECK_INT(begun, children);
}

static atomic_bool stop;

static proc_error *spin_until_stop(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    begun++;
    while (!stop)
        sched_yield();
    return NULL;
}

enum { MEET = 20 };

static proc_error *meet(proc_cancel *cancel, void *all) {
    (void)cancel;
    GATE_MEET((gate *)all, MEET);
    return NULL;
}

static void beside_spinning_role(void) {
    int spinning = processors() + 1;
    proc_impl *spins = many((size_t)spinning, proc_new(spin_until_stop, NULL, NULL));
    proc_job *job = proc_start(spins, NULL, NULL, NULL);
    while (begun < spinning)
        sched_yield();
    gate all;
    gate_init(&all);
    CHECK_OK(proc_run(many(MEET, proc_new(meet, &all, NULL)), NULL));
    stop = true;
    CHECK_OK(proc_job_join(job));
}

static void few_threads_role(void) {
    enum { CHILDREN = 16 };
    threads_left = 6;
    CHECK_OK(proc_run(many(CHILDREN, computing(50)), NULL));
    CHECK_INT(ended, CHILDREN);
}

static proc_error *pause_shortly(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_wait(cancel, PROC_MS(10));
    return NULL;
}

static void few_threads_steps_role(void) {
    enum { STEPS = 25, CHILDREN = 6 };
    proc_impl *steps[STEPS], *step = proc_new(pause_shortly, NULL, NULL);
    for (int i = 0; i < STEPS; i++)
        steps[i] = proc_ref(step);
    proc_unref(step);
    threads_left = 3; /* one of them watches */
    CHECK_OK(proc_run(many(CHILDREN, proc_sequence(steps, STEPS)), NULL));
}

IN_CHILD(spinning)
IN_CHILD(beside_spinning)
IN_CHILD(few_threads)
IN_CHILD(few_threads_steps)

/* Beside programs under valgrind, processors are so busy that no number of threads can be told. */
static void no_flood_beside(const char *role) {
    if (!check_environment("CHECK_SERIAL", 0))
        child_run(role);
}

static void no_flood(void) { no_flood_beside("no_flood_role"); }
static void no_flood_in_trees(void) { no_flood_beside("no_flood_in_trees_role"); }

CHECK_MAIN(BOTH(no_flood), BOTH(no_flood_in_trees), BOTH(spinning), BOTH(beside_spinning),
           BOTH(few_threads), BOTH(few_threads_steps))
