/* Simulation: which runs are made, and what is told of one that fails. Laws:
 *
 *   many_seeds       Of many runs the first failing seed is told, whoever was faster, and its error is the real one.
 *   none_fails       If none of many fails, it is success, and seed_out stays as it was.
 *   crash            A run that ends its process is told with its seed.
 *   pct              With a depth of 3 an error that needs two switches at the right places is found.
 *   exhaustive       Of all orders the one that fails is found, and is run again as it is written down.
 *   all_orders       If none of all orders fails, it is success; if there are more than `runs`, ENOBUFS.
 *   preemptions      With a bound on preemptions, what needs one is found with one, and there are far fewer orders.
 *   environment      PROCESSION_SEED is the seed of a program that names none; nonsense is bad input.
 *   shrunk           The fewest switches are told, and with them it fails again.
 *   killed           No run outlives the process that has begun it.
 */
#include "simulated.h"

#include <sys/prctl.h>
#include <sys/wait.h>

typedef struct counter {
    int value;
    int increments;
} counter;

/* Reads, is switched, and writes: one increment is lost if another comes in between. */
static proc_error *increment(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    counter *c = user_data;
    int read = c->value;
    proc_yield();
    c->value = read + 1;
    return NULL;
}

static proc_error *check_count(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    counter *c = user_data;
    atomic_int *released = NULL;
    if (c->value == c->increments)
        return NULL;
    return proc_error_with_payload(EPROTO, "an increment was lost", released, NULL);
}

static proc_impl *incrementing(void *user_data) {
    counter *c = user_data;
    *c = (counter){.increments = 2};
    return PROC_SEQUENCE(
        PROC_CONCURRENT(proc_new(increment, c, NULL), proc_new(increment, c, NULL)),
        proc_new(check_count, c, NULL));
}

static proc_impl *once(void *user_data) {
    counter *c = user_data;
    *c = (counter){.increments = 1};
    return PROC_SEQUENCE(proc_new(increment, c, NULL), proc_new(check_count, c, NULL));
}

static void many_seeds(void) {
    counter c;
    uint64_t first = 0, again = 0;
    uint64_t *places[2] = {&first, &again};
    for (int i = 0; i < 2; i++) {
        proc_simulation options = PROC_SIMULATION_INIT;
        options.seed = 1;
        options.runs = 300;
        options.seed_out = places[i];
        proc_error *error = proc_simulate(incrementing, &c, &options);
        CHECK_HAS(proc_error_message(error), "an increment was lost");
        CHECK_SIMULATION(error, EPROTO, "PROCESSION_SEED=");
    }
    CHECK(first > 0);
    CHECK_INT(again, (long long)first);
    CHECK_INT((long long)first_failing(incrementing, &c, PROC_SCHEDULE_RANDOM, 300),
              (long long)first);
}

static void none_fails(void) {
    counter c;
    uint64_t seed = 4711;
    proc_simulation options = PROC_SIMULATION_INIT;
    options.runs = 500;
    options.seed_out = &seed;
    CHECK_OK(proc_simulate(once, &c, &options));
    CHECK_INT((long long)seed, 4711);
}

static proc_error *abort_if_lost(proc_cancel *cancel, void *user_data) {
    proc_error *error = check_count(cancel, user_data);
    if (error)
        _exit(3);
    return NULL;
}

static proc_impl *aborting(void *user_data) {
    counter *c = user_data;
    *c = (counter){.increments = 2};
    return PROC_SEQUENCE(
        PROC_CONCURRENT(proc_new(increment, c, NULL), proc_new(increment, c, NULL)),
        proc_new(abort_if_lost, c, NULL));
}

static void crash(void) {
    counter c;
    uint64_t seed = 0;
    proc_simulation options = PROC_SIMULATION_INIT;
    options.seed = 1;
    options.runs = 300;
    options.seed_out = &seed;
    CHECK_SIMULATION(proc_simulate(aborting, &c, &options), ENOTRECOVERABLE,
                     "the run has ended its process with exit status 3");
    CHECK_INT((long long)seed,
              (long long)first_failing(incrementing, &c, PROC_SCHEDULE_RANDOM, 300));
}

static void pct(void) {
    counter c;
    CHECK(first_failing(incrementing, &c, PROC_SCHEDULE_PCT, 300) > 0);
}

/* It fails again in the order that the error names, which is released. */
static void fails_again(proc_error *error) {
    counter c;
    char order[4096];
    CHECK_INT(proc_error_code(error), EPROTO);
    take_order(proc_error_message(error), order, sizeof order);
    proc_error_unref(error);
    setenv("PROCESSION_SCHEDULE", order, 1);
    error = proc_simulate(incrementing, &c, NULL);
    unsetenv("PROCESSION_SCHEDULE");
    CHECK_SIMULATION(error, EPROTO, "an increment was lost");
}

static void exhaustive(void) {
    counter c;
    proc_simulation options = PROC_SIMULATION_INIT;
    options.schedule = PROC_SCHEDULE_EXHAUSTIVE;
    options.runs = 10000;
    fails_again(proc_simulate(incrementing, &c, &options));
}

static proc_error *yield_once(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    return NULL;
}

static proc_impl *two_that_yield(void *user_data) {
    return PROC_CONCURRENT(proc_new(yield_once, user_data, NULL),
                           proc_new(yield_once, user_data, NULL));
}

static void all_orders(void) {
    proc_simulation options = PROC_SIMULATION_INIT;
    options.schedule = PROC_SCHEDULE_EXHAUSTIVE;
    options.runs = 100000;
    CHECK_OK(proc_simulate(two_that_yield, NULL, &options));
    options.runs = 2;
    CHECK_FAILS(proc_simulate(two_that_yield, NULL, &options), ENOBUFS,
                "proc_simulate: there are more than 2 orders, options->runs");
}

static proc_error *yield_often(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    for (int i = 0; i < 5; i++)
        proc_yield();
    return NULL;
}

static proc_impl *two_that_yield_often(void *user_data) {
    return PROC_CONCURRENT(proc_new(yield_often, user_data, NULL),
                           proc_new(yield_often, user_data, NULL));
}

static void preemptions(void) {
    counter c;
    proc_simulation options = PROC_SIMULATION_INIT;
    options.schedule = PROC_SCHEDULE_EXHAUSTIVE;
    options.runs = 1000;
    options.preemptions = 1;
    fails_again(proc_simulate(incrementing, &c, &options));
    CHECK_OK(proc_simulate(two_that_yield_often, NULL, &options));
    options.preemptions = 0;
    CHECK_FAILS(proc_simulate(two_that_yield_often, NULL, &options), ENOBUFS,
                "proc_simulate: there are more than 1000 orders, options->runs");
}

static void environment(void) {
    counter c;
    uint64_t failing = first_failing(incrementing, &c, PROC_SCHEDULE_RANDOM, 300), seed = 0;
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)failing);
    setenv("PROCESSION_SEED", text, 1);
    proc_simulation options = PROC_SIMULATION_INIT;
    options.seed_out = &seed;
    CHECK_SIMULATION(proc_simulate(incrementing, &c, &options), EPROTO, text);
    CHECK_INT((long long)seed, (long long)failing);
    setenv("PROCESSION_SEED", "seven", 1);
    CHECK_FAILS(proc_simulate(incrementing, &c, NULL), EINVAL,
                "proc_simulate: PROCESSION_SEED in the environment is \"seven\"");
    unsetenv("PROCESSION_SEED");
}

static void shrunk(void) {
    counter c;
    uint64_t failing = first_failing(incrementing, &c, PROC_SCHEDULE_RANDOM, 300);
    proc_error *error = simulate_seed(incrementing, &c, failing);
    CHECK_HAS(proc_error_message(error), "fewest switches 1: ");
    fails_again(error);
}

/* Has begun, and computes without end. */
static proc_error *endless(proc_cancel *cancel, void *user_data) {
    static atomic_bool is_over;
    (void)cancel;
    CHECK_INT(write(*(int *)user_data, "b", 1), 1);
    while (!atomic_load(&is_over))
        continue;
    return NULL;
}

static proc_impl *without_end(void *user_data) { return proc_new(endless, user_data, NULL); }

/* The runs are in children of the process that is killed, which are this one's then. */
static void killed(void) {
    int ends[2];
    CHECK_INT(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    CHECK_INT(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        proc_simulation options = PROC_SIMULATION_INIT;
        options.runs = 2;
        proc_simulate(without_end, &ends[1], &options);
        _exit(1);
    }
    char begun;
    CHECK_INT(read(ends[0], &begun, 1), 1);
    CHECK_INT(kill(child, SIGKILL), 0);
    int ended = 0, status;
    for (; wait(&status) > 0; ended++) {
        bool is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        bool has_just_come =
            WIFEXITED(status) && WEXITSTATUS(status) == 1; /* And finds no parent. */
        CHECK(is_killed || has_just_come);
    }
    CHECK(ended >= 2);
    close(ends[0]);
    close(ends[1]);
}

CHECK_MAIN(CASE(many_seeds), CASE(none_fails), CASE(crash), CASE(pct), CASE(exhaustive),
           CASE(all_orders), CASE(preemptions), CASE(environment), CASE(shrunk), CASE(killed))
