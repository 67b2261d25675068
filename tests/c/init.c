/* What the functions `_init` write, of each struct that begins with its size.
 *
 *   same_as_macros    All fields are as the macro `_INIT` says, whatever was there before.
 *   shorter           A program that knows fewer fields gets those, and nothing is written beyond.
 *   longer            What the library does not know becomes 0, and `size` is what was given.
 *   too_short         Without room for `size`, or at NULL, nothing is written.
 *   zero_filled       A struct of zeros with its size is taken as the defaults where 0 would do harm: no grace period that is over at once, threads
 *                     that are kept and a supervisor with its times.
 *   default_options   What they are set to is taken by the functions that read them.
 */
#include "asleep.h"
#include "leaf.h"

enum { GARBAGE = 0xA5 };

#define SAME(field) CHECK(memcmp(&by_function.field, &by_macro.field, sizeof by_macro.field) == 0)

#define BOTH(type, INIT)                                                                           \
    type by_macro = INIT, by_function;                                                             \
    memset(&by_function, GARBAGE, sizeof by_function);                                             \
    type##_init(&by_function, sizeof by_function);                                                 \
    SAME(size)

static void main_options_are_same(void) {
    BOTH(proc_main_options, PROC_MAIN_OPTIONS_INIT);
    SAME(signals);
    SAME(signal_count);
    SAME(drain_ns);
    SAME(grace_ns);
    SAME(dump_signal);
    SAME(notify);
    SAME(signal_out);
    SAME(force_after_ns);
    SAME(failure_grace_ns);
    SAME(reap);
    SAME(reserved);
    SAME(on_abandon);
    SAME(user_data);
}

static void config_is_same(void) {
    BOTH(proc_config, PROC_CONFIG_INIT);
    SAME(stack_size);
    SAME(max_idle_threads);
    SAME(idle_timeout_ns);
    SAME(thread_name_prefix);
    SAME(on_thread_start);
    SAME(on_thread_stop);
    SAME(user_data);
    SAME(flight_recorder_size);
    SAME(open_signals);
    SAME(open_signal_count);
}

static void supervise_options_are_same(void) {
    BOTH(proc_supervise_options, PROC_SUPERVISE_OPTIONS_INIT);
    SAME(first_delay_ns);
    SAME(longest_delay_ns);
    SAME(jitter_percent);
    SAME(healthy_after_ns);
    SAME(most);
    SAME(within_ns);
    SAME(restart_on_success);
    SAME(restart);
    SAME(user_data);
}

static void child_options_are_same(void) {
    BOTH(proc_child_options, PROC_CHILD_OPTIONS_INIT);
    SAME(argv);
    SAME(envp);
    SAME(directory);
    SAME(in);
    SAME(out);
    SAME(err);
    SAME(on_output);
    SAME(user_data);
    SAME(stop_after_ns);
    SAME(status_out);
}

static void nursery_options_are_same(void) {
    BOTH(proc_nursery_options, PROC_NURSERY_OPTIONS_INIT);
    SAME(limit);
    SAME(on_failure);
    SAME(user_data);
}

/* No gaps between their fields. */
static void simulation_is_same(void) {
    BOTH(proc_simulation, PROC_SIMULATION_INIT);
    SAME(seed);
    SAME(runs);
    SAME(schedule);
    SAME(depth);
    SAME(limit_ns);
    SAME(limit_steps);
    SAME(deny_threads_permille);
    SAME(cancel_permille);
    SAME(trace_path);
    SAME(seed_out);
    SAME(early_wakes_permille);
    SAME(slow_permille);
    SAME(slow_ns);
    SAME(preemptions);
    SAME(child);
    SAME(kill_children_permille);
}

static void stats_and_hooks_are_same(void) {
    proc_stats stats = PROC_STATS_INIT, stats_by_function;
    proc_trace_hooks hooks = PROC_TRACE_HOOKS_INIT, hooks_by_function;
    memset(&stats_by_function, GARBAGE, sizeof stats);
    memset(&hooks_by_function, GARBAGE, sizeof hooks);
    proc_stats_init(&stats_by_function, sizeof stats);
    proc_trace_hooks_init(&hooks_by_function, sizeof hooks);
    CHECK(memcmp(&stats_by_function, &stats, sizeof stats) == 0);
    CHECK(memcmp(&hooks_by_function, &hooks, sizeof hooks) == 0);
}

static void same_as_macros(void) {
    main_options_are_same();
    config_is_same();
    supervise_options_are_same();
    child_options_are_same();
    nursery_options_are_same();
    simulation_is_same();
    stats_and_hooks_are_same();
}

static bool are_all(const unsigned char *bytes, size_t count, unsigned char value) {
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

static void shorter(void) {
    proc_main_options by_macro = PROC_MAIN_OPTIONS_INIT, options;
    const size_t known = offsetof(proc_main_options, force_after_ns);
    memset(&options, GARBAGE, sizeof options);
    proc_main_options_init(&options, known);
    CHECK_INT((long long)options.size, (long long)known);
    CHECK_INT(options.grace_ns, by_macro.grace_ns);
    CHECK(are_all((unsigned char *)&options + known, sizeof options - known, GARBAGE));
}

static void longer(void) {
    struct {
        proc_config config;
        unsigned char further[8192];
    } of_later;
    memset(&of_later, GARBAGE, sizeof of_later);
    proc_config_init(&of_later.config, sizeof of_later);
    CHECK_INT((long long)of_later.config.size, (long long)sizeof of_later);
    CHECK_INT(of_later.config.idle_timeout_ns, PROC_SECONDS(30));
    CHECK(are_all(of_later.further, sizeof of_later.further, 0));
}

static proc_error *take_a_moment(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    kill(getpid(), SIGTERM);
    leaf_wait_cancelled(cancel);
    CHECK_OK(proc_run(proc_delay(PROC_MS(20)), NULL));
    return NULL;
}

static bool ask_no_more(const proc_error *error, void *user_data) {
    (void)error;
    return --*(int *)user_data > 0;
}

static void zero_filled(void) {
    gate both;
    gate_init(&both);
    leaf meets = {.started = &both, .waits = &both};
    CHECK_OK(proc_job_join(proc_start(leaf_new(&meets), NULL, NULL, NULL)));
    wait_until_others_sleep();
    proc_stats stats = PROC_STATS_INIT;
    proc_get_stats(&stats);
    CHECK(stats.threads_idle >= 1 || !order_is_seen());
    proc_main_options options = {.size = sizeof options};
    CHECK_OK(proc_main_with(proc_new(take_a_moment, NULL, NULL), &options));
    int times = 3;
    proc_supervise_options supervise = {
        .size = sizeof supervise, .most = 5, .restart = ask_no_more, .user_data = &times};
    CHECK_FAILS(proc_run(proc_supervise(&supervise, failing("bad")), NULL), EIO, "bad");
    CHECK_INT(times, 0);
}

static void too_short(void) {
    proc_nursery_options options;
    memset(&options, GARBAGE, sizeof options);
    proc_nursery_options_init(&options, sizeof(size_t) - 1);
    proc_nursery_options_init(&options, 0);
    CHECK(are_all((unsigned char *)&options, sizeof options, GARBAGE));
    proc_nursery_options_init(&options, sizeof(size_t));
    CHECK_INT((long long)options.size, sizeof(size_t));
    proc_nursery_options_init(NULL, sizeof options);
}

static proc_error *nothing(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    (void)user_data;
    return NULL;
}

static void default_options(void) {
    proc_main_options main_options;
    proc_supervise_options supervise_options;
    proc_config config;
    proc_config_init(&config, sizeof config);
    CHECK_OK(proc_configure(&config));
    config = (proc_config){.size = sizeof config}; /* See zero_filled. */
    CHECK_OK(proc_configure(&config));
    proc_main_options_init(&main_options, sizeof main_options);
    proc_supervise_options_init(&supervise_options, sizeof supervise_options);
    proc_impl *impl = proc_supervise(&supervise_options, proc_new(nothing, NULL, NULL));
    CHECK_OK(proc_main_with(impl, &main_options));
}

CHECK_MAIN(CASE(same_as_macros), CASE(shorter), CASE(longer), CASE(too_short),
           CASE(default_options), CASE(zero_filled))
