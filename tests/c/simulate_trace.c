/* The trace of a run that has failed. Laws:
 *
 *   same_bytes       The same seed gives the same bytes, whatever ran before; another one gives others.
 *   of_the_failing   Of many runs it is that of the one that fails, as that one run alone has it.
 *   none_fails       If no run fails, nothing is written.
 *   what_is_in_it    It has the tasks, regions, logs, and who waits for what.
 *   first_moment     A region that begins when a run does, at 0, ends where it is ended, also if that run is traced.
 *   apart            The trace of the program, and the flight recorder, have nothing of a run, and a run nothing of them.
 *   not_writable     If it cannot be written, the error says why, and is else the same.
 */
#include "simulated.h"
#include "trace_file.h"

static proc_error *work(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_trace_log(cancel, "note", "at work");
    proc_region *region = proc_region_begin(cancel, "within");
    proc_wait(cancel, PROC_SECONDS(1));
    proc_region_end(region);
    return NULL;
}

static proc_error *fail(proc_cancel *cancel, void *user_data) {
    proc_wait(cancel, PROC_SECONDS(2));
    return *(bool *)user_data ? proc_error_new(EPROTO, "it failed") : NULL;
}

static proc_impl *program(void *user_data) {
    return PROC_SEQUENCE(PROC_GROUP(proc_task("first", proc_new(work, NULL, NULL)),
                                    proc_task("second", proc_new(work, NULL, NULL))),
                         proc_task("third", proc_new(fail, user_data, NULL)));
}

typedef struct bytes {
    char *text;
    size_t size;
} bytes;

static bytes read_all(const char *path) {
    bytes all = {calloc(1, 1 << 20), 0};
    FILE *file = fopen(path, "r");
    if (file) {
        all.size = fread(all.text, 1, (1 << 20) - 1, file);
        fclose(file);
    }
    return all;
}

static proc_error *simulate_traced(bool fails, uint64_t seed, size_t runs, const char *path) {
    proc_simulation options = PROC_SIMULATION_INIT;
    options.seed = seed;
    options.runs = runs;
    options.trace_path = path;
    return proc_simulate(program, &fails, &options);
}

static bytes traced(uint64_t seed, size_t runs) {
    const char *path = in_directory("run");
    unlink(path);
    CHECK_SIMULATION(simulate_traced(true, seed, runs, path), EPROTO, "it failed");
    return read_all(path);
}

static bool are_same(bytes one, bytes other) {
    bool same = one.size == other.size && memcmp(one.text, other.text, one.size) == 0;
    free(one.text);
    free(other.text);
    return same;
}

static void same_bytes(void) {
    make_directory();
    for (uint64_t seed = 1; seed <= 5; seed++)
        CHECK(are_same(traced(seed, 1), traced(seed, 1)));
    int others = 0;
    for (uint64_t seed = 2; seed <= 10; seed++)
        others += !are_same(traced(1, 1), traced(seed, 1));
    CHECK(others > 0);
    remove_directory();
}

static void of_the_failing(void) {
    make_directory();
    CHECK(are_same(traced(7, 20), traced(7, 1)));
    remove_directory();
}

static void none_fails(void) {
    make_directory();
    const char *path = in_directory("none");
    CHECK_OK(simulate_traced(false, 1, 1, path));
    CHECK(access(path, F_OK) != 0);
    remove_directory();
}

static bool has(bytes all, const char *part) {
    return memmem(all.text, all.size, part, strlen(part)) != NULL;
}

static void what_is_in_it(void) {
    make_directory();
    bytes all = traced(1, 1);
    const char *parts[] = {"first", "second",    "third",     "at work", "within",
                           "note",  "it failed", "proc_wait", "thread 0"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!has(all, parts[i]))
            CHECK_STR("is not in it", parts[i]);
    free(all.text);
    remove_directory();
}

static atomic_int regions_ended;

static void count_end(uint64_t region, void *user_data) {
    (void)region, (void)user_data;
    regions_ended++;
}

static proc_error *begin_and_end(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    CHECK_INT(proc_now(), 0);
    proc_region_end(proc_region_begin(cancel, "first"));
    return proc_error_new(EPROTO, "it failed");
}

static proc_impl *first_region(void *user_data) { return proc_new(begin_and_end, user_data, NULL); }

static void first_moment(void) {
    make_directory();
    proc_trace_hooks hooks = PROC_TRACE_HOOKS_INIT;
    hooks.region_end = count_end;
    CHECK_OK(proc_trace_set_hooks(&hooks));
    for (int i = 0; i < 2; i++) {
        proc_simulation options = PROC_SIMULATION_INIT;
        options.seed = 1;
        options.trace_path = i > 0 ? in_directory("run") : NULL;
        regions_ended = 0;
        CHECK_SIMULATION(proc_simulate(first_region, NULL, &options), EPROTO, "it failed");
        CHECK(regions_ended > 0);
    }
    CHECK_OK(proc_trace_set_hooks(NULL));
    remove_directory();
}

static void apart(void) {
    make_directory();
    CHECK_OK(proc_trace_start(in_directory("program")));
    CHECK_OK(proc_run(proc_task("outside", proc_new(work, NULL, NULL)), NULL));
    bytes run = traced(1, 1);
    CHECK_OK(proc_trace_stop());
    CHECK(!has(run, "outside"));
    bytes outside = read_all(in_directory("program"));
    CHECK(has(outside, "outside"));
    CHECK(!has(outside, "third"));
    free(outside.text);
    CHECK(are_same(run, traced(1, 1)));
    remove_directory();
}

static void not_writable(void) {
    proc_error *error = simulate_traced(true, 1, 1, "/nowhere/run");
    CHECK_HAS(proc_error_message(error), ", no trace: /nowhere/run: No such file or directory: ");
    CHECK_SIMULATION(error, EPROTO, "it failed");
}

CHECK_MAIN(CASE(same_bytes), CASE(of_the_failing), CASE(none_fails), CASE(what_is_in_it),
           CASE(first_moment), CASE(apart), CASE(not_writable))
