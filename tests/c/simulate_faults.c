/* Simulation: what goes wrong by chance. Laws:
 *
 *   denied       Threads that are denied by chance: children fail with EAGAIN.
 *   cancelled    A run that is cancelled by chance, and stops well, has not failed.
 *   overtaken    That a child has ended before another one looks a moment later fails with slow children alone, and is soon found.
 *   timed_out    A timeout overtakes a slow child that takes no time, and one that has done what it was to do.
 *   held_back    A child is held back before it begins and after it has ended, for slow_ns at most.
 *   same_seed    With slow children, too, the same seed is the same run.
 *   replayed     What is told of a run with slow children is how to run it again, also in the fewest switches.
 */
#include "simulated.h"

static proc_error *wait_a_bit(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    return proc_wait(cancel, PROC_SECONDS(1)) ? proc_cancel_error(cancel) : NULL;
}

static proc_impl *several_that_wait(void *user_data) {
    proc_impl *all[4];
    for (int i = 0; i < 4; i++)
        all[i] = proc_new(wait_a_bit, user_data, NULL);
    return proc_group(all, 4);
}

static void denied(void) {
    proc_simulation options = PROC_SIMULATION_INIT;
    options.seed = 1;
    options.deny_threads_permille = 1000;
    CHECK_SIMULATION(proc_simulate(several_that_wait, NULL, &options), EAGAIN,
                     ", 1000 of 1000 threads denied");
    options.deny_threads_permille = 300;
    int failures = 0;
    for (options.seed = 1; options.seed <= 50; options.seed++) {
        proc_error *error = proc_simulate(several_that_wait, NULL, &options);
        CHECK(error == NULL || proc_error_is(error, EAGAIN));
        failures += error != NULL;
        proc_error_unref(error);
    }
    CHECK(failures > 0 && failures < 50);
}

static proc_error *note_cancelled(proc_cancel *cancel, void *user_data) {
    bool is_cancelled = proc_wait(cancel, PROC_SECONDS(1));
    *(int *)user_data += is_cancelled;
    return is_cancelled ? proc_cancel_error(cancel) : NULL;
}

static proc_impl *noting_cancelled(void *user_data) {
    return PROC_GROUP(proc_new(note_cancelled, user_data, NULL),
                      proc_new(note_cancelled, user_data, NULL));
}

static void cancelled(void) {
    proc_simulation options = PROC_SIMULATION_INIT;
    int times = 0;
    options.cancel_permille = 100;
    for (options.seed = 1; options.seed <= 50; options.seed++)
        CHECK_OK(proc_simulate(noting_cancelled, &times, &options));
    CHECK(times > 0 && times < 100);
}

/* What a child has done. */
typedef struct work {
    int done;
    int64_t looks_after;
} work;

static proc_error *do_it(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    ((work *)user_data)->done = 1;
    return NULL;
}

static proc_error *take_it_for_done(proc_cancel *cancel, void *user_data) {
    const work *w = user_data;
    if (proc_wait(cancel, w->looks_after))
        return proc_cancel_error(cancel);
    return w->done ? NULL : proc_error_new(EPROTO, "not done yet");
}

static proc_impl *done_in_time(void *user_data) {
    work *w = user_data;
    w->done = 0;
    return PROC_GROUP(proc_new(do_it, w, NULL), proc_new(take_it_for_done, w, NULL));
}

static proc_simulation with_slow(int permille) {
    proc_simulation options = PROC_SIMULATION_INIT;
    options.seed = 1;
    options.slow_permille = permille;
    return options;
}

static void overtaken(void) {
    work w = {.looks_after = PROC_MS(100)};
    proc_simulation options = with_slow(0);
    options.runs = 2000;
    CHECK_OK(proc_simulate(done_in_time, &w, &options));
    options = with_slow(200);
    options.runs = 100;
    CHECK_SIMULATION(proc_simulate(done_in_time, &w, &options), EPROTO,
                     ", 200 of 1000 children slow by up to 1 s, after ");
    options = with_slow(200);
    options.runs = 2000;
    options.slow_ns = PROC_MS(99);
    CHECK_OK(proc_simulate(done_in_time, &w, &options));
}

static proc_error *do_it_unless_late(proc_cancel *cancel, void *user_data) {
    work *w = user_data;
    if (proc_cancelled(cancel))
        return proc_cancel_error(cancel);
    w->done++;
    return NULL;
}

static proc_impl *within_100_ms(void *user_data) {
    return proc_timeout(PROC_MS(100), proc_new(do_it_unless_late, user_data, NULL));
}

static void timed_out(void) {
    work w = {0};
    proc_simulation options = with_slow(0);
    for (; options.seed <= 100; options.seed++)
        CHECK_OK(proc_simulate(within_100_ms, &w, &options));
    int undone = 0;
    options = with_slow(500);
    for (; options.seed <= 100; options.seed++) {
        w.done = 0;
        proc_error *error = proc_simulate(within_100_ms, &w, &options);
        CHECK(w.done || proc_error_is(error, ETIMEDOUT));
        undone += !w.done;
        proc_error_unref(error);
    }
    CHECK(undone > 0 && undone < 100);
}

/* When each of two has begun, and when both have ended. */
typedef struct times {
    int64_t at[3];
    int count;
} times;

static proc_error *note_time(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    times *t = user_data;
    t->at[t->count++] = proc_now();
    return NULL;
}

static proc_error *run_one(proc_cancel *cancel, void *user_data) {
    proc_error *error = proc_run(proc_new(note_time, user_data, NULL), cancel);
    return error ? error : note_time(cancel, user_data);
}

static proc_impl *running_one(void *user_data) {
    *(times *)user_data = (times){0};
    return proc_new(run_one, user_data, NULL);
}

static void held_back(void) {
    times t;
    int late[2] = {0};
    for (proc_simulation options = with_slow(500); options.seed <= 50; options.seed++) {
        options.slow_ns = PROC_MS(10);
        CHECK_OK(proc_simulate(running_one, &t, &options));
        CHECK(t.at[0] <= PROC_MS(20) && t.at[1] - t.at[0] <= PROC_MS(10));
        late[0] += t.at[0] > 0;
        late[1] += t.at[1] > t.at[0];
    }
    CHECK(late[0] > 0 && late[0] < 50 && late[1] > 0 && late[1] < 50);
    proc_simulation at_once = with_slow(1000);
    at_once.slow_ns = 0;
    CHECK_OK(proc_simulate(running_one, &t, &at_once));
    CHECK_INT(t.at[1], 0);
}

static proc_error *say_twice(proc_cancel *cancel, void *user_data) {
    words *w = user_data;
    say(w, "began");
    if (proc_wait(cancel, PROC_MS(10)))
        return proc_cancel_error(cancel);
    say(w, "ended");
    return NULL;
}

static proc_impl *several_that_say(void *user_data) {
    ((words *)user_data)->length = 0;
    proc_impl *all[4];
    for (int i = 0; i < 4; i++)
        all[i] = proc_new(say_twice, user_data, NULL);
    return proc_group(all, 4);
}

static void same_seed(void) {
    static words first, second, third;
    proc_simulation options = with_slow(300);
    CHECK_OK(proc_simulate(several_that_say, &first, &options));
    CHECK_OK(proc_simulate(several_that_say, &second, &options));
    CHECK_STR(second.text, first.text);
    options.seed = 2;
    CHECK_OK(proc_simulate(several_that_say, &third, &options));
    CHECK(strcmp(third.text, first.text) != 0);
}

static void replayed(void) {
    work w = {.looks_after = PROC_MS(100)};
    uint64_t seed = 0;
    proc_simulation options = with_slow(200);
    options.runs = 100;
    options.seed_out = &seed;
    proc_error *error = proc_simulate(done_in_time, &w, &options);
    CHECK_HAS(proc_error_message(error), "fewest switches ");
    char order[256], number[32];
    take_order(proc_error_message(error), order, sizeof order);
    snprintf(number, sizeof number, "%llu", (unsigned long long)seed);
    CHECK_HAS(proc_error_message(error), number);
    proc_error_unref(error);
    setenv("PROCESSION_SEED", number, 1);
    options = with_slow(200);
    options.seed = 0;
    CHECK_SIMULATION(proc_simulate(done_in_time, &w, &options), EPROTO, "not done yet");
    setenv("PROCESSION_SCHEDULE", order, 1);
    CHECK_SIMULATION(proc_simulate(done_in_time, &w, &options), EPROTO, "not done yet");
    unsetenv("PROCESSION_SCHEDULE");
    unsetenv("PROCESSION_SEED");
}

CHECK_MAIN(CASE(denied), CASE(cancelled), CASE(overtaken), CASE(timed_out), CASE(held_back),
           CASE(same_seed), CASE(replayed))
