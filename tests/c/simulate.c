/* Simulation: one thread goes on at a time, by the seed, in virtual time. Laws:
 *
 *   same_seed        The same seed gives the same run: order and times.
 *   other_seeds      Other seeds give other orders.
 *   inside           proc_simulated and proc_now in a run, and outside of one.
 *   a_day            A day of proc_every, with a supervisor and a timeout in it, is over at once, and all times are exact.
 *   deadlock         Nobody can go on: EDEADLK, with what runs.
 *   never_waited     A wait without end under a handle of its own ends with the run that fails.
 *   time_limit       A run that goes on beyond limit_ns fails with ETIMEDOUT.
 *   step_limit       A run that switches more often than limit_steps fails with ETIMEDOUT.
 *   own_error        The program's error is there with code and payload, and how to run it again.
 *   lost_wakeup      An order violation is found, and found again with its seed.
 *   left_behind      A job that goes on when the process has completed fails the run.
 *   left_handle      So does a handle below that of the run which nobody has released.
 *   nested           A simulation in a simulation is refused.
 *   bad_input        Bad input is told by its field.
 *   blocked          A callback that blocks outside of the library fails the run, and is named.
 *   computing        … but not if it computes, also if other programs have the processors meanwhile.
 *   outside          The calls that are for runs do nothing outside of one.
 */
#include "simulated.h"
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

typedef struct letter {
    words *w;
    const char *word;
} letter;

static proc_error *say_twice(proc_cancel *cancel, void *user_data) {
    letter *l = user_data;
    say(l->w, l->word);
    proc_wait(cancel, PROC_MS(10));
    say(l->w, l->word);
    return NULL;
}

static proc_impl *letters(void *user_data) {
    static letter all[3];
    const char *names[3] = {"a", "b", "c"};
    proc_impl *each[3];
    for (int i = 0; i < 3; i++) {
        all[i] = (letter){user_data, names[i]};
        each[i] = proc_new(say_twice, &all[i], NULL);
    }
    return proc_group(each, 3);
}

static void same_seed(void) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        words first = {0}, second = {0};
        CHECK_OK(simulate_seed(letters, &first, seed));
        CHECK_OK(simulate_seed(letters, &second, seed));
        CHECK_STR(second.text, first.text);
        CHECK_HAS(first.text, "a@10000000 ");
    }
}

static void other_seeds(void) {
    enum { SEEDS = 40 };
    static words all[SEEDS];
    int different = 0;
    for (int i = 0; i < SEEDS; i++) {
        all[i] = (words){0};
        CHECK_OK(simulate_seed(letters, &all[i], (uint64_t)i + 1));
        int known = 0;
        for (int j = 0; j < i; j++)
            known += strcmp(all[i].text, all[j].text) == 0;
        different += known == 0;
    }
    CHECK(different > 10);
}

static proc_error *look_inside(proc_cancel *cancel, void *user_data) {
    int64_t *slept = user_data;
    CHECK(proc_simulated());
    CHECK_INT(proc_now(), 0);
    CHECK(!proc_wait(cancel, PROC_SECONDS(3600)));
    *slept = proc_now();
    proc_yield();
    return NULL;
}

static proc_impl *looking(void *user_data) { return proc_new(look_inside, user_data, NULL); }

static void inside(void) {
    int64_t slept = 0;
    CHECK(!proc_simulated());
    CHECK_OK(simulate_seed(looking, &slept, 1));
    CHECK_INT(slept, PROC_SECONDS(3600));
    CHECK(!proc_simulated());
    CHECK(proc_now() > 0);
}

typedef struct day {
    long beats;
    int failures;
    int64_t end;
} day;

static proc_error *beat(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    ((day *)user_data)->beats++;
    return NULL;
}

static proc_error *fail_in_an_hour(proc_cancel *cancel, void *user_data) {
    if (proc_wait(cancel, PROC_SECONDS(3600)))
        return proc_cancel_error(cancel);
    ((day *)user_data)->failures++;
    return proc_error_new(EIO, "hourly");
}

static proc_impl *live_a_day(void *user_data) {
    proc_supervise_options options = PROC_SUPERVISE_OPTIONS_INIT;
    options.jitter_percent = 0;
    proc_impl *supervisors[3];
    for (int i = 0; i < 3; i++)
        supervisors[i] = proc_supervise(&options, proc_new(fail_in_an_hour, user_data, NULL));
    return proc_timeout(PROC_SECONDS(86400),
                        PROC_GROUP(proc_every(PROC_SECONDS(1), proc_new(beat, user_data, NULL)),
                                   proc_group(supervisors, 3)));
}

static void a_day(void) {
    day d = {0};
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    CHECK_SIMULATION(simulate_seed(live_a_day, &d, 1), ETIMEDOUT, "after 1 d: timed out after 1 d");
    clock_gettime(CLOCK_MONOTONIC, &end);
    CHECK(d.beats == 86400 || d.beats == 86401);
    CHECK_INT(d.failures, 3 * 23);
    if (getenv("SIMULATE_TIMES"))
        fprintf(stderr, "a day: %.3f s\n",
                (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
}

static proc_error *wait_for_it(proc_cancel *cancel, void *user_data) {
    char item;
    proc_channel_receive(user_data, cancel, &item, PROC_FOREVER);
    return proc_cancel_error(cancel);
}

static proc_impl *two_that_wait(void *user_data) {
    return PROC_GROUP(proc_task("reader", proc_new(wait_for_it, user_data, NULL)),
                      proc_task("other", proc_new(wait_for_it, user_data, NULL)));
}

static void deadlock(void) {
    proc_channel *channel = proc_channel_new(1, 1, NULL);
    proc_error *error = simulate_seed(two_that_wait, channel, 3);
    for (int i = 0; i < 5; i++) { /* Byte by byte the same. */
        proc_error *again = simulate_seed(two_that_wait, channel, 3);
        CHECK_STR(proc_error_message(again), proc_error_message(error));
        proc_error_unref(again);
    }
    CHECK_HAS(proc_error_message(error), "task reader");
    CHECK_HAS(proc_error_message(error), "proc_channel_receive");
    CHECK_SIMULATION(error, EDEADLK, "PROCESSION_SEED=3");
    proc_channel_unref(channel);
}

static proc_error *wait_alone(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    proc_cancel *own = proc_cancel_new(NULL);
    CHECK(proc_wait(own, PROC_FOREVER));
    proc_cancel_unref(own);
    return NULL;
}

static proc_impl *waiting_alone(void *user_data) { return proc_new(wait_alone, user_data, NULL); }

static void never_waited(void) {
    CHECK_SIMULATION(simulate_seed(waiting_alone, NULL, 1), EDEADLK, "deadlock");
}

static proc_impl *beating(void *user_data) {
    return proc_every(PROC_SECONDS(1), proc_new(beat, user_data, NULL));
}

static void time_limit(void) {
    day d = {0};
    proc_simulation options = PROC_SIMULATION_INIT;
    options.limit_ns = PROC_SECONDS(100);
    CHECK_SIMULATION(proc_simulate(beating, &d, &options), ETIMEDOUT,
                     "it has not ended within 1.67 min, limit_ns");
    CHECK_INT(d.beats, 101);
}

static void step_limit(void) {
    day d = {0};
    proc_simulation options = PROC_SIMULATION_INIT;
    options.limit_steps = 1000;
    CHECK_SIMULATION(proc_simulate(beating, &d, &options), ETIMEDOUT, "1000 switches, limit_steps");
}

static proc_error *fail_with_payload(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    return proc_error_with_payload(77, "seventy-seven", user_data, check_destroyed);
}

static proc_impl *failing(void *user_data) {
    return proc_task("t", proc_new(fail_with_payload, user_data, NULL));
}

static void own_error(void) {
    atomic_int released = 0;
    proc_error *error = simulate_seed(failing, &released, 9);
    CHECK_STR(proc_error_message(error), "simulation: seed 9, schedule random, PROCESSION_SEED=9, "
                                         "after 0 s, fewest switches 0: "
                                         "PROCESSION_SCHEDULE=-: t: seventy-seven");
    CHECK(proc_error_payload(error) == &released);
    CHECK(proc_error_find_task(error, "t") != NULL);
    CHECK_INT(proc_error_code(error), 77);
    CHECK_INT(released, 0);
    proc_error_unref(error);
    CHECK_INT(released, 1);
}

/* Whoever sends takes the item for received as soon as it is sent, and says so before it was looked at. */
typedef struct shared {
    proc_channel *channel;
    int looked_at;
} shared;

static proc_error *receive(proc_cancel *cancel, void *user_data) {
    shared *s = user_data;
    char item;
    if (proc_channel_receive(s->channel, cancel, &item, PROC_FOREVER))
        return proc_cancel_error(cancel);
    proc_yield();
    s->looked_at = 1;
    return NULL;
}

static proc_error *send_one(proc_cancel *cancel, void *user_data) {
    shared *s = user_data;
    if (proc_channel_send(s->channel, cancel, "x", PROC_FOREVER))
        return proc_cancel_error(cancel);
    proc_yield();
    proc_yield();
    return s->looked_at ? NULL : proc_error_new(EPROTO, "not looked at");
}

static proc_impl *sender_and_receiver(void *user_data) {
    shared *s = user_data;
    s->looked_at = 0;
    return PROC_CONCURRENT(proc_new(receive, s, NULL), proc_new(send_one, s, NULL));
}

static void lost_wakeup(void) {
    const int schedules[] = {PROC_SCHEDULE_RANDOM, PROC_SCHEDULE_PCT};
    for (int i = 0; i < 2; i++) {
        shared s = {.channel = proc_channel_new(0, 1, NULL)};
        uint64_t seed = first_failing(sender_and_receiver, &s, schedules[i], 200);
        CHECK(seed > 0);
        for (int again = 0; again < 3; again++) {
            proc_simulation options = PROC_SIMULATION_INIT;
            options.seed = seed;
            options.schedule = schedules[i];
            CHECK_SIMULATION(proc_simulate(sender_and_receiver, &s, &options), EPROTO,
                             "not looked at");
        }
        proc_channel_unref(s.channel);
    }
}

static proc_error *start_and_forget(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    proc_job **job = user_data;
    *job = proc_start(proc_task("left", proc_new(wait_alone, NULL, NULL)), NULL, NULL, NULL);
    return NULL;
}

static proc_impl *leaving_behind(void *user_data) {
    return proc_new(start_and_forget, user_data, NULL);
}

static void left_behind(void) {
    proc_job *job = NULL;
    proc_error *error = simulate_seed(leaving_behind, &job, 1);
    CHECK_HAS(proc_error_message(error), "task left");
    CHECK_SIMULATION(error, EBUSY, "left threads behind");
    CHECK_OK(proc_job_join(job));
}

static proc_error *keep_handle(proc_cancel *cancel, void *user_data) {
    *(proc_cancel **)user_data = proc_cancel_new(cancel);
    return NULL;
}

static proc_impl *keeping_handle(void *user_data) { return proc_new(keep_handle, user_data, NULL); }

static void left_handle(void) {
    proc_cancel *kept = NULL;
    CHECK_SIMULATION(simulate_seed(keeping_handle, &kept, 1), EBUSY, "left 1 cancel handle behind");
    proc_cancel_unref(kept);
}

static proc_error *simulate_within(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    return proc_simulate(letters, user_data, NULL);
}

static proc_impl *simulating(void *user_data) { return proc_new(simulate_within, user_data, NULL); }

static void nested(void) {
    words w = {0};
    CHECK_SIMULATION(simulate_seed(simulating, &w, 1), EDEADLK, "a simulation in a simulation");
    CHECK_STR(w.text, "");
}

static proc_impl *nothing(void *user_data) { return user_data; }

#define CHECK_BAD(field, value)                                                                    \
    do {                                                                                           \
        proc_simulation options = PROC_SIMULATION_INIT;                                            \
        options.field = value;                                                                     \
        CHECK_FAILS(proc_simulate(letters, NULL, &options), EINVAL,                                \
                    "proc_simulate: options->" #field " is " #value ", which it cannot be");       \
    } while (0)

static void bad_input(void) {
    CHECK_FAILS(proc_simulate(NULL, NULL, NULL), EINVAL, "proc_simulate: program is NULL");
    CHECK_BAD(runs, 0);
    CHECK_BAD(depth, 0);
    CHECK_BAD(schedule, 3);
    CHECK_BAD(deny_threads_permille, 1001);
    CHECK_BAD(deny_threads_permille, -1);
    CHECK_BAD(cancel_permille, 1001);
    CHECK_BAD(early_wakes_permille, 1001);
    CHECK_BAD(early_wakes_permille, -1);
    CHECK_BAD(slow_permille, 1001);
    CHECK_BAD(slow_permille, -1);
    CHECK_BAD(slow_ns, -1);
    proc_simulation traced = PROC_SIMULATION_INIT;
    traced.trace_path = "";
    CHECK_FAILS(proc_simulate(letters, NULL, &traced), EINVAL,
                "proc_simulate: options->trace_path is empty");
    proc_simulation zero = {0};
    CHECK_FAILS(proc_simulate(letters, NULL, &zero), EINVAL,
                "proc_simulate: options->size is 0, which is not the size of any version of it");
    CHECK_SIMULATION(simulate_seed(nothing, NULL, 1), EINVAL, "has returned NULL");
}

static int blocking[2];

static proc_error *block(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    char byte;
    CHECK(read(blocking[0], &byte, 1) < 0 || true);
    return NULL;
}

static proc_impl *that_blocks(void *user_data) {
    return PROC_GROUP(proc_task("stuck", proc_new(block, user_data, NULL)),
                      proc_new(wait_alone, NULL, NULL));
}

static void blocked(void) {
    CHECK_INT(pipe(blocking), 0);
    proc_error *error = simulate_seed(that_blocks, NULL, 1);
    CHECK_HAS(proc_error_message(error), "task stuck");
    CHECK_SIMULATION(error, ETIMEDOUT, "blocking for more than a second outside of the library");
    words first = {0}; /* The next one is not disturbed. */
    CHECK_OK(simulate_seed(letters, &first, 1));
    close(blocking[1]);
    close(blocking[0]);
}

/* Of the calling thread. */
static double computed(void) {
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static void stay_on_first_processor(void) {
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(sched_getcpu(), &first);
    sched_setaffinity(0, sizeof first, &first);
}

enum { OTHERS = 6 };

static pid_t begin_to_compute(void) {
    pid_t child = fork();
    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (volatile unsigned i = 0;; i++)
        ;
}

/* Has a seventh of a processor for two seconds. */
static proc_error *compute_beside_others(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    cpu_set_t all;
    pid_t others[OTHERS];
    sched_getaffinity(0, sizeof all, &all);
    stay_on_first_processor();
    for (int i = 0; i < OTHERS; i++)
        others[i] = begin_to_compute();
    double began = computed();
    while (computed() - began < 0.3)
        ;
    for (int i = 0; i < OTHERS; i++) {
        kill(others[i], SIGKILL);
        waitpid(others[i], NULL, 0);
    }
    sched_setaffinity(0, sizeof all, &all);
    return NULL;
}

static proc_impl *that_computes(void *user_data) {
    return proc_new(compute_beside_others, user_data, NULL);
}

static void computing(void) { CHECK_OK(simulate_seed(that_computes, NULL, 1)); }

static void outside(void) {
    proc_simulate_signal(SIGTERM, 0);
    proc_yield();
    CHECK(!proc_simulated());
}

CHECK_MAIN(CASE(same_seed), CASE(other_seeds), CASE(inside), CASE(a_day), CASE(deadlock),
           CASE(never_waited), CASE(time_limit), CASE(step_limit), CASE(own_error),
           CASE(lost_wakeup), CASE(left_behind), CASE(left_handle), CASE(nested), CASE(bad_input),
           CASE(blocked), CASE(computing), CASE(outside))
