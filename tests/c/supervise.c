/* proc_supervise: a process that runs again when it fails. Laws:
 *
 *   again            It runs again after each failure, on the same thread, in the same task and below the same handle, until it
 *                    succeeds.
 *   gives_up         More failures than `most` within the time are too many: the last error, wrapped, with its code and payload.
 *   window           Failures of longer ago do not count; healthy runs in between do not matter.
 *   never            With SIZE_MAX it never gives up; with 0 at once.
 *   delays           It waits before it runs again: the first delay, and twice as long each time, up to the longest.
 *   healthy          After a healthy run, the delay is the first again.
 *   on_success       A success ends it, or makes it run again, after the first delay, and is no failure.
 *   asked            `restart` is asked after each failure, with the error, on the same thread; if it says no, the error ends it.
 *   cancelled_run    A cancellation ends it as it would end the process, whatever that returns; `restart` is not asked.
 *   cancelled_delay  One that comes in a delay ends that, with the cause, and so does one that came as it was asked.
 *   deadline         … by a deadline, too.
 *   from_the_start   Cancelled before it begins, it runs once.
 *   echo             What only passes on the cause is an echo, and no failure.
 *   told             Each failure that is not the last is a log of the trace, and is counted when it runs again.
 *   regions          Each run is a region of the trace.
 *   bad_input        What cannot be is EINVAL, and nothing runs.
 *   escape           `restart` must return, else the program ends with a message.
 *   deep             Nested as deep as may be, it runs.
 *   dumped           It is shown as `supervise`, with how often it ran again, and how long it still waits.
 */
#include "child.h"
#include "dumped.h"
#include "logged.h"
#include "stats.h"
#include "supervised.h"

/* Fails, so many times, and then succeeds. Each run may take a time. */
typedef struct failing_leaf {
    int failures;
    int64_t takes;
    atomic_int runs, asked, says_no_at;
    pthread_t thread;
    proc_cancel *cancels;
    uint64_t task;
    bool cancels_when_asked, own_tasks;
    int64_t began[16];
} failing_leaf;

static proc_error *fail_at_first(proc_cancel *cancel, void *user_data) {
    failing_leaf *f = user_data;
    int run = f->runs++;
    if (run < 16)
        f->began[run] = now();
    CHECK(run == 0 || pthread_equal(f->thread, pthread_self()));
    CHECK(run == 0 || f->own_tasks || f->task == proc_trace_task_id(cancel));
    CHECK(proc_current() == cancel);
    f->thread = pthread_self();
    f->task = proc_trace_task_id(cancel);
    if (f->takes)
        CHECK(!proc_wait(cancel, f->takes));
    return run < f->failures ? proc_errorf(100 + run, "run %d", run) : NULL;
}

static proc_impl *failing_new(failing_leaf *f) { return proc_new(fail_at_first, f, NULL); }

static void again(void) {
    failing_leaf f = {.failures = 3};
    proc_supervise_options options = at_most(3);
    CHECK_OK(supervise(&options, failing_new(&f), NULL));
    CHECK_INT(f.runs, 4);
    CHECK(pthread_equal(f.thread, pthread_self()));
    failing_leaf in_task = {.failures = 2};
    proc_impl *task = proc_task("t", proc_supervise(&options, failing_new(&in_task)));
    CHECK_OK(proc_run(PROC_GROUP(task, succeeding()), NULL));
    CHECK_INT(in_task.runs, 3);
    CHECK(in_task.task != 0);
    failing_leaf well = {.failures = 0};
    CHECK_OK(supervise(NULL, failing_new(&well), NULL));
    CHECK_INT(well.runs, 1);
}

/* "gave up after N failures in TIME: TEXT" */
static void check_gave_up_text(const proc_error *error, int failures, const char *text, int code) {
    char begins[60];
    snprintf(begins, sizeof begins, "gave up after %d failure%s in ", failures,
             failures == 1 ? "" : "s");
    const char *message = proc_error_message(error);
    CHECK_HAS(message, begins);
    CHECK(message && strncmp(message, begins, strlen(begins)) == 0);
    CHECK(message && strlen(message) > strlen(text) &&
          strcmp(message + strlen(message) - strlen(text), text) == 0);
    CHECK_INT(proc_error_code(error), code);
}

static void check_gave_up(proc_error *error, int failures, const char *text, int code) {
    check_gave_up_text(error, failures, text, code);
    proc_error_unref(error);
}

static void gives_up(void) {
    failing_leaf f = {.failures = 100, .own_tasks = true};
    proc_supervise_options options = at_most(2);
    proc_error *error = supervise(&options, proc_task("t", failing_new(&f)), NULL);
    const proc_error *cause = proc_error_cause(error);
    CHECK_STR(proc_error_message(cause), "t: run 2");
    CHECK_STR(proc_error_task_type(cause), "t");
    check_gave_up(error, 3, ": t: run 2", 102);
    CHECK_INT(f.runs, 3);
}

static void window(void) {
    failing_leaf f = {.failures = 4, .takes = PROC_MS(15)};
    proc_supervise_options options = at_most(1);
    options.within_ns = PROC_MS(10);
    CHECK_OK(supervise(&options, failing_new(&f), NULL));
    CHECK_INT(f.runs, 5);
    failing_leaf healthy = {.failures = 100, .takes = PROC_MS(2)};
    options = at_most(2);
    options.healthy_after_ns = PROC_MS(1);
    check_gave_up(supervise(&options, failing_new(&healthy), NULL), 3, "s: run 2", 102);
    failing_leaf all = {.failures = 100};
    options.within_ns = PROC_FOREVER;
    check_gave_up(supervise(&options, failing_new(&all), NULL), 3, "s: run 2", 102);
}

static void never(void) {
    failing_leaf f = {.failures = 10000};
    proc_supervise_options options = at_most(SIZE_MAX);
    CHECK_OK(supervise(&options, failing_new(&f), NULL));
    CHECK_INT(f.runs, 10001);
    failing_leaf once = {.failures = 1};
    options = at_most(0);
    check_gave_up(supervise(&options, failing_new(&once), NULL), 1, " 0 s: run 0", 100);
}

static int64_t waited(const failing_leaf *f, int before_run) {
    return f->began[before_run] - f->began[before_run - 1] - f->takes;
}

static void delays(void) {
    failing_leaf f = {.failures = 4};
    proc_supervise_options options = at_most(10);
    options.first_delay_ns = PROC_MS(2);
    options.longest_delay_ns = PROC_MS(8);
    options.jitter_percent = 0;
    CHECK_OK(supervise(&options, failing_new(&f), NULL));
    const int64_t expected[] = {0, PROC_MS(2), PROC_MS(4), PROC_MS(8), PROC_MS(8)};
    for (int run = 1; run <= 4; run++)
        CHECK(waited(&f, run) >= expected[run]);
    failing_leaf drawn = {.failures = 5};
    options.jitter_percent = 50;
    options.longest_delay_ns = PROC_MS(2);
    CHECK_OK(supervise(&options, failing_new(&drawn), NULL));
    for (int run = 1; run <= 5; run++)
        CHECK(waited(&drawn, run) >= PROC_MS(1));
}

/* If it were not the first again, the last delay would be 2^9 times as long. */
static void healthy(void) {
    failing_leaf f = {.failures = 10, .takes = PROC_MS(1)};
    proc_supervise_options options = at_most(20);
    options.first_delay_ns = PROC_MS(200) / 1000;
    options.healthy_after_ns = PROC_MS(1);
    options.longest_delay_ns = PROC_SECONDS(3600);
    int64_t began = now();
    CHECK_OK(supervise(&options, failing_new(&f), NULL));
    CHECK(now() - began < PROC_SECONDS(check_deadline()));
    CHECK_INT(f.runs, 11);
}

static proc_error *succeed_often(proc_cancel *cancel, void *user_data) {
    failing_leaf *f = user_data;
    if (++f->runs == 5)
        proc_cancel_trigger(cancel, proc_error_new(77, "enough"));
    return f->runs % 2 ? NULL : proc_error_new(1, "now and then");
}

static void on_success(void) {
    failing_leaf f = {0};
    proc_supervise_options options = at_most(2);
    options.restart_on_success = true;
    CHECK_OK(supervise(&options, proc_new(succeed_often, &f, NULL), NULL));
    CHECK_INT(f.runs, 5);
    failing_leaf once = {.failures = 1};
    CHECK_OK(supervise(NULL, failing_new(&once), NULL));
    CHECK_INT(once.runs, 2);
}

static bool ask(const proc_error *error, void *user_data) {
    failing_leaf *f = user_data;
    CHECK(pthread_equal(f->thread, pthread_self()));
    CHECK_INT(proc_error_code(error), 100 + f->asked);
    if (f->cancels_when_asked)
        proc_cancel_trigger(f->cancels, proc_error_new(77, "enough"));
    return ++f->asked != f->says_no_at;
}

static void asked(void) {
    failing_leaf f = {.failures = 3};
    proc_supervise_options options = at_most(5);
    options.restart = ask;
    options.user_data = &f;
    CHECK_OK(supervise(&options, failing_new(&f), NULL));
    CHECK_INT(f.asked, 3);
    f = (failing_leaf){.failures = 100, .says_no_at = 3};
    CHECK_FAILS(supervise(&options, failing_new(&f), NULL), 102, "run 2");
    CHECK_INT(f.runs, 3);
    f = (failing_leaf){.failures = 100, .says_no_at = 6};
    CHECK_FAILS(supervise(&options, failing_new(&f), NULL), 105, "run 5");
}

typedef struct ending {
    proc_cancel *cancels;
    const char *fails;
    atomic_int runs, asked;
} ending;

static proc_error *cancel_and_end(proc_cancel *cancel, void *user_data) {
    ending *e = user_data;
    e->runs++;
    proc_cancel_trigger(e->cancels, proc_error_new(77, "enough"));
    if (!e->fails)
        return NULL;
    return *e->fails ? proc_error_new(5, e->fails) : proc_cancel_error(cancel);
}

static bool count_asked(const proc_error *error, void *user_data) {
    (void)error;
    return ++((ending *)user_data)->asked;
}

static void check_cancelled_run(const char *fails, int code, const char *text) {
    ending e = {.cancels = proc_cancel_new(NULL), .fails = fails};
    proc_supervise_options options = at_most(5);
    options.restart_on_success = true;
    options.restart = count_asked;
    options.user_data = &e;
    proc_error *error = supervise(&options, proc_new(cancel_and_end, &e, NULL), e.cancels);
    CHECK_FAILS(error, code, text);
    CHECK_INT(e.runs, 1);
    CHECK_INT(e.asked, 0);
    proc_cancel_unref(e.cancels);
}

static void cancelled_run(void) {
    check_cancelled_run(NULL, 0, "success");
    check_cancelled_run("", 77, "enough");
    check_cancelled_run("other", 5, "other");
}

static proc_error *cancel_other(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    free(dump_until("waiting to run it again", 1));
    proc_cancel_trigger(user_data, proc_error_new(77, "enough"));
    return NULL;
}

static void cancelled_delay(void) {
    proc_supervise_options options = PROC_SUPERVISE_OPTIONS_INIT;
    const int64_t first[] = {PROC_SECONDS(3600), PROC_FOREVER};
    options.longest_delay_ns = PROC_FOREVER;
    for (int i = 0; i < 2; i++) {
        failing_leaf f = {.failures = 100, .cancels = proc_cancel_new(NULL)};
        options.first_delay_ns = first[i];
        proc_impl *cancels = proc_new(cancel_other, f.cancels, NULL);
        proc_impl *both = PROC_CONCURRENT(proc_supervise(&options, failing_new(&f)), cancels);
        CHECK_FAILS(proc_run(both, f.cancels), 77, "enough");
        CHECK_INT(f.runs, 1);
        proc_cancel_unref(f.cancels);
    }
    const int64_t delay[] = {0, PROC_SECONDS(3600)};
    for (int i = 0; i < 2; i++) {
        failing_leaf f = {.failures = 9, .cancels = proc_cancel_new(NULL)};
        f.cancels_when_asked = true;
        options.restart = ask;
        options.user_data = &f;
        options.first_delay_ns = delay[i];
        CHECK_FAILS(supervise(&options, failing_new(&f), f.cancels), 77, "enough");
        CHECK_INT(f.runs, 1);
        proc_cancel_unref(f.cancels);
    }
}

static void deadline(void) {
    failing_leaf f = {.failures = 100};
    proc_supervise_options options = at_most(SIZE_MAX);
    options.first_delay_ns = options.longest_delay_ns = PROC_SECONDS(3600);
    CHECK_FAILS(proc_run(proc_timeout(PROC_MS(5), proc_supervise(&options, failing_new(&f))), NULL),
                ETIMEDOUT, "timed out after 5 ms");
    CHECK_INT(f.runs, 1);
}

static void from_the_start(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, proc_error_new(77, "enough"));
    leaf l = {.fails = "by itself"}, waits = {.until_cancelled = true};
    CHECK_FAILS(supervise(NULL, leaf_new(&l), cancel), EIO, "by itself");
    CHECK_FAILS(supervise(NULL, leaf_new(&waits), cancel), 77, "enough");
    CHECK_INT(l.runs, 1);
    CHECK_INT(l.saw_cancelled, 1);
    CHECK_INT(waits.runs, 1);
    proc_cancel_unref(cancel);
}

static proc_error *fail_when_begun(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_WAIT((gate *)user_data);
    return proc_error_new(EIO, "sibling");
}

static void echo(void) {
    gate begun;
    gate_init(&begun);
    leaf stops = {.started = &begun, .until_cancelled = true};
    proc_impl *both = PROC_GROUP(proc_supervise(NULL, proc_task("t", leaf_new(&stops))),
                                 proc_new(fail_when_begun, &begun, NULL));
    CHECK_FAILS(proc_run(both, NULL), EIO, "sibling");
    CHECK_INT(stops.runs, 1);
}

static void told(void) {
    uint64_t before = look().restarts_total;
    failing_leaf f = {.failures = 100};
    proc_supervise_options options = at_most(3);
    logged.count = 0;
    logged_begin();
    proc_impl *task = proc_task("outer", proc_supervise(&options, failing_new(&f)));
    proc_error *error = proc_run(task, NULL);
    check_gave_up_text(proc_error_cause(error), 4, "s: run 3", 103);
    proc_error_unref(error);
    logged_end();
    CHECK_INT(logged.count, 3);
    CHECK_STR(logged.last, "outer, proc_supervise: run 2");
    CHECK_INT(look().restarts_total - before, 3);

    /* A success is none, and neither is one after which it does not run again. */
    failing_leaf often = {0};
    options.restart_on_success = true;
    CHECK_OK(supervise(&options, proc_new(succeed_often, &often, NULL), NULL));
    CHECK_INT(look().restarts_total - before, 5);
    failing_leaf cancelled = {.failures = 9, .cancels = proc_cancel_new(NULL)};
    cancelled.cancels_when_asked = true;
    options.restart = ask;
    options.user_data = &cancelled;
    CHECK_FAILS(supervise(&options, failing_new(&cancelled), cancelled.cancels), 77, "enough");
    CHECK_INT(look().restarts_total - before, 5);
    proc_cancel_unref(cancelled.cancels);
}

static atomic_int regions_begun, regions_ended;

static void region_begins(const proc_trace_task *task, uint64_t region, const char *region_type,
                          void *user_data) {
    (void)task, (void)region, (void)user_data;
    CHECK_STR(region_type, "supervised");
    regions_begun++;
}

static void region_ends(uint64_t region, void *user_data) {
    (void)region, (void)user_data;
    regions_ended++;
}

static void regions(void) {
    failing_leaf f = {.failures = 2};
    proc_supervise_options options = at_most(3);
    proc_trace_hooks hooks = PROC_TRACE_HOOKS_INIT;
    hooks.region_begin = region_begins;
    hooks.region_end = region_ends;
    regions_begun = regions_ended = 0;
    CHECK_OK(proc_trace_set_hooks(&hooks));
    CHECK_OK(supervise(&options, failing_new(&f), NULL));
    CHECK_OK(proc_trace_set_hooks(NULL));
    CHECK_INT(regions_begun, 3);
    CHECK_INT(regions_ended, 3);
}

static void bad_input(void) {
    leaf l = {0};
    proc_supervise_options options = PROC_SUPERVISE_OPTIONS_INIT;
    CHECK_FAILS(supervise(NULL, NULL, NULL), EINVAL, "proc_supervise: impl is NULL");
    CHECK_FAILS(supervise(NULL, PROC_SEQUENCE(leaf_new(&l), NULL), NULL), EINVAL,
                "proc_sequence: impls[1] is NULL");
    options.jitter_percent = 101;
    CHECK_FAILS(supervise(&options, leaf_new(&l), NULL), EINVAL,
                "proc_supervise: options->jitter_percent is 101, but it must be from 0 to 100");
    options.jitter_percent = -1;
    CHECK_FAILS(supervise(&options, leaf_new(&l), NULL), EINVAL,
                "proc_supervise: options->jitter_percent is -1, but it must be from 0 to 100");
    options.jitter_percent = 100;
    options.longest_delay_ns = 99999999;
    CHECK_FAILS(supervise(&options, leaf_new(&l), NULL), EINVAL,
                "proc_supervise: options->longest_delay_ns is 99999999, less than "
                "options->first_delay_ns, 100000000");
    options.first_delay_ns = PROC_FOREVER;
    proc_error *error = supervise(&options, leaf_new(&l), NULL);
    CHECK_INT(proc_error_code(error), EINVAL);
    proc_error_unref(error);
    options.size = 3;
    CHECK_FAILS(supervise(&options, leaf_new(&l), NULL), EINVAL,
                "proc_supervise: options->size is 3, which is not the size of any version of it");
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 6);
}

static bool leave(const proc_error *error, void *user_data) {
    (void)error, (void)user_data;
    pthread_exit(NULL);
}

static void escape_role(void) {
    proc_supervise_options options = at_most(1);
    options.restart = leave;
    proc_run(proc_task("t", proc_supervise(&options, failing("fails"))), NULL);
}

static void escape(void) {
    child c = child_start("escape_role");
    child_end(&c);
    CHECK(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGABRT);
    CHECK_HAS(c.text, "procession: a callback of the process t was left by");
}

static proc_impl *nest(int levels, proc_impl *impl) {
    for (int i = 0; i < levels; i++)
        impl = proc_supervise(NULL, impl);
    return impl;
}

static void deep(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    ending e = {.cancels = cancel, .fails = ""};
    proc_impl *full = nest(PROC_MAX_DEPTH, proc_new(cancel_and_end, &e, NULL));
    CHECK_FAILS(proc_run(proc_ref(full), cancel), 77, "enough");
    proc_error *error = proc_run(proc_supervise(NULL, full), NULL);
    CHECK_INT(proc_error_code(error), ELOOP);
    CHECK_HAS(proc_error_message(error), "proc_supervise: impl is");
    proc_error_unref(error);
    proc_cancel_unref(cancel);
}

static void check_waits(void) {
    char *text = dump_until("waiting to run it again", 1);
    const char *line = dumped_line(text, "supervise");
    CHECK(line && dumped_line_has(line, ", waiting to run it again, due in "));
    CHECK(line && dumped_line_has(line, " s, 0 restarts"));
    CHECK_INSIDE(text, "supervise", "task t");
    free(text);
    text = dump(PROC_DUMP_JSON);
    CHECK_HAS(text, "\"kind\":\"supervise\"");
    CHECK_HAS(text, "\"doing\":\"waiting to run it again\"");
    CHECK_HAS(text, "\"due_ns\":");
    CHECK_HAS(text, "\"restarts\":0");
    free(text);
}

static proc_error *look_at_third_run(proc_cancel *cancel, void *user_data) {
    failing_leaf *f = user_data;
    (void)cancel;
    if (f->runs++ < 2)
        return proc_error_new(EIO, "fails");
    char *text = dump(PROC_DUMP_TEXT);
    const char *line = dumped_line(text, "supervise");
    CHECK(line && dumped_line_has(line, " s, 2 restarts"));
    CHECK(line && !dumped_line_has(line, "waiting"));
    CHECK_INSIDE(text, "callback", "supervise");
    free(text);
    return NULL;
}

static void dumped(void) {
    failing_leaf f = {.failures = 100}, other = {0};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_supervise_options options = PROC_SUPERVISE_OPTIONS_INIT;
    options.first_delay_ns = options.longest_delay_ns = PROC_SECONDS(3600);
    proc_impl *waits = proc_task("t", proc_supervise(&options, failing_new(&f)));
    proc_job *job = proc_start(waits, cancel, NULL, NULL);
    check_waits();
    proc_cancel_trigger(cancel, proc_error_new(77, "enough"));
    CHECK_FAILS(proc_job_join(job), 77, "t: enough");
    proc_cancel_unref(cancel);
    options = at_most(3);
    CHECK_OK(supervise(&options, proc_new(look_at_third_run, &other, NULL), NULL));
}

CHECK_MAIN(CASE(again), CASE(gives_up), CASE(window), CASE(never), CASE(delays), CASE(healthy),
           CASE(on_success), CASE(asked), CASE(cancelled_run), CASE(cancelled_delay),
           CASE(deadline), CASE(from_the_start), CASE(echo), CASE(told), CASE(regions),
           CASE(bad_input), CASE(escape), ROLE(escape_role), CASE(deep), REAL(dumped))
