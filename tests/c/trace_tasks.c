/* Tasks, regions and logs by hand, and traces of a whole program. Laws:
 *
 *   ids                A task has one number, which no other has, whether or not a trace is on; outside of tasks it is 0.
 *   below              The handle of a task by hand is below its parent, and its task in that of its parent, or of the callback.
 *   no_cancel          Ending a task cancels nothing; who keeps its handle may go on with it.
 *   counted            Tasks by hand are counted as tasks.
 *   bad_task           NULL for a name: a handle that is cancelled, and says why. NULL for a task: nothing happens.
 *   wrong_end          Ending a task twice, or one that was not begun by hand, ends nothing, and the trace says so.
 *   bad_region         NULL for a name: NULL and EINVAL. Regions may be ended in a wrong order and on a wrong thread.
 *   bad_log            NULL for a message or a format is said in the trace; NULL for a category is none.
 *   all_is_there       What runs shows in the file: tasks, regions, logs, errors, and why something was cancelled.
 *   labels             A label is in the file, whether its task ends or not, and also if it was given before the trace began.
 *   off                Without a trace, none of it does anything.
 *   load               Traces may start and stop while many tasks run on many threads.
 *   environment        PROCESSION_TRACE makes proc_main write a trace; what is wrong with it is said, and changes nothing else.
 *   recorder           The flight recorder is on by configuration, and a snapshot has what happened last.
 */
#include "child.h"
#include "leaf.h"
#include "trace_file.h"

/* Texts stand in the file as they are. */
static bool file_has(const char *path, const char *text) {
    FILE *file = fopen(path, "r");
    size_t size = (size_t)size_of(path);
    char *bytes = malloc(size);
    CHECK(file != NULL && fread(bytes, 1, size, file) == size);
    bool has = memmem(bytes, size, text, strlen(text)) != NULL;
    fclose(file);
    free(bytes);
    return has;
}

#define CHECK_TRACED(text) CHECK(file_has(in_directory("trace"), text))

static void start(void) {
    make_directory();
    CHECK_OK(proc_trace_start(in_directory("trace")));
}

static void stop(void) { CHECK_OK(proc_trace_stop()); }

static uint64_t id_inside;

static proc_error *tell_id(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    id_inside = proc_trace_task_id(cancel);
    CHECK(proc_trace_task_id(proc_current()) == id_inside);
    return NULL;
}

static void ids(void) {
    CHECK_INT((long long)proc_trace_task_id(NULL), 0);
    proc_cancel *outside = proc_cancel_new(NULL);
    CHECK_INT((long long)proc_trace_task_id(outside), 0);
    proc_cancel *task = proc_task_begin(outside, "task"), *other = proc_task_begin(task, "task");
    uint64_t id = proc_trace_task_id(task);
    CHECK(id != 0 && id != proc_trace_task_id(other) && id == proc_trace_task_id(task));
    CHECK_OK(proc_run(proc_new(tell_id, NULL, NULL), task));
    CHECK(id_inside == id);
    CHECK_OK(proc_run(proc_task("inner", proc_new(tell_id, NULL, NULL)), task));
    CHECK(id_inside != id && id_inside != 0);
    start();
    CHECK(proc_trace_task_id(task) == id);
    stop();
    remove_directory();
    proc_task_end(other, NULL);
    proc_task_end(task, NULL);
    proc_cancel_unref(outside);
}

static void below(void) {
    proc_cancel *parent = proc_cancel_new(NULL);
    proc_cancel *task = proc_task_begin(parent, "task"), *inner = proc_task_begin(task, "inner");
    proc_cancel_trigger(task, proc_error_new(EIO, "enough"));
    CHECK(proc_cancelled(inner) && !proc_cancelled(parent));
    proc_task_end(inner, NULL);
    proc_task_end(task, NULL);
    task = proc_task_begin(parent, "task");
    proc_cancel_trigger(parent, NULL);
    CHECK(proc_cancelled(task));
    proc_task_end(task, NULL);
    proc_cancel_unref(parent);
}

static void no_cancel(void) {
    proc_cancel *task = proc_task_begin(NULL, "task"), *kept = proc_cancel_ref(task);
    start();
    proc_task_end(task, NULL);
    CHECK(!proc_cancelled(kept));
    proc_trace_log(kept, NULL, "after its end");
    CHECK_OK(proc_run(proc_task("later", succeeding()), kept));
    stop();
    CHECK_TRACED("after its end");
    CHECK_TRACED("later");
    proc_cancel_unref(kept);
    remove_directory();
}

static void counted(void) {
    proc_stats before = PROC_STATS_INIT, during = PROC_STATS_INIT, after = PROC_STATS_INIT;
    proc_error *error = proc_error_new(EIO, "broken");
    proc_get_stats(&before);
    proc_cancel *one = proc_task_begin(NULL, "one"), *two = proc_task_begin(NULL, "two");
    proc_get_stats(&during);
    CHECK_INT((long long)(during.tasks_running - before.tasks_running), 2);
    proc_task_end(one, error);
    proc_task_end(two, NULL);
    proc_get_stats(&after);
    CHECK_INT((long long)(after.tasks_running - before.tasks_running), 0);
    CHECK_INT((long long)(after.tasks_started_total - before.tasks_started_total), 2);
    CHECK_INT((long long)(after.tasks_failed_total - before.tasks_failed_total), 1);
    proc_error_unref(error);
}

static void bad_task(void) {
    proc_cancel *task = proc_task_begin(NULL, NULL);
    CHECK(proc_cancelled(task));
    CHECK_FAILS(proc_cancel_error(task), EINVAL, "proc_task_begin: task_type is NULL");
    CHECK_INT((long long)proc_trace_task_id(task), 0);
    proc_task_end(task, NULL);
    proc_task_end(NULL, NULL);
}

static proc_error *end_own(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_task_end(proc_cancel_ref(cancel), NULL);
    proc_trace_log(cancel, "test", "it still runs");
    return NULL;
}

static void wrong_end(void) {
    static const char said[] = "proc_task_end: this is not in a task";
    start();
    proc_cancel *task = proc_task_begin(NULL, "task"), *kept = proc_cancel_ref(task);
    proc_task_end(task, NULL);
    stop();
    CHECK(!file_has(in_directory("trace"), said));
    remove_directory();
    start();
    proc_task_end(kept, NULL);
    stop();
    CHECK_TRACED(said);
    remove_directory();
    start();
    CHECK_OK(proc_run(proc_task("task", proc_new(end_own, NULL, NULL)), NULL));
    stop();
    CHECK_TRACED(said);
    CHECK_TRACED("it still runs");
    remove_directory();
}

static void *end_region(void *region) {
    proc_region_end(region);
    return NULL;
}

static void bad_region(void) {
    pthread_t thread;
    errno = 0;
    CHECK(proc_region_begin(NULL, NULL) == NULL);
    CHECK_INT(errno, EINVAL);
    proc_region_end(NULL);
    proc_region *before = proc_region_begin(NULL, "before");
    CHECK(before != NULL);
    start();
    proc_region_end(before);
    proc_region *outer = proc_region_begin(NULL, "outer"),
                *inner = proc_region_begin(NULL, "inner");
    proc_region_end(outer);
    proc_region_end(inner);
    proc_region *elsewhere = proc_region_begin(NULL, "elsewhere");
    CHECK(pthread_create(&thread, NULL, end_region, elsewhere) == 0);
    pthread_join(thread, NULL);
    proc_region_end(elsewhere);
    proc_region_end(elsewhere);
    stop();
    CHECK_TRACED("elsewhere");
    CHECK(!file_has(in_directory("trace"), "before"));
    remove_directory();
}

static void bad_log(void) {
    const char *no_format = NULL;
    start();
    proc_trace_log(NULL, NULL, NULL);
    stop();
    CHECK_TRACED("proc_trace_log: message is NULL");
    remove_directory();
    start();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
    proc_trace_logf(NULL, "test", no_format);
#pragma GCC diagnostic pop
    stop();
    CHECK_TRACED("proc_trace_logf: format is NULL");
    remove_directory();
}

static proc_error *speak(proc_cancel *cancel, void *user_data) {
    proc_region *region = proc_region_begin(cancel, "region by hand");
    proc_trace_log(cancel, "category", user_data);
    proc_trace_logf(NULL, "category", "%d of %s", 1, "format");
    proc_region_end(region);
    return NULL;
}

static void all_is_there(void) {
    leaf waits = {.until_cancelled = true};
    start();
    proc_impl *said = proc_trace_region("region", proc_new(speak, "said", NULL));
    CHECK_OK(proc_run(proc_task("speaks", said), NULL));
    proc_impl *both = PROC_GROUP(proc_task("stops", leaf_new(&waits)),
                                 proc_task("fails", failing("broken pipe")));
    CHECK_FAILS(proc_run(both, NULL), EIO, "fails: broken pipe");
    stop();
    const char *texts[] = {
        "speaks", "region",      "region by hand", "category",           "said",  "1 of format",
        "fails",  "broken pipe", "stops",          "fails: broken pipe", "spawn", "arrive"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!file_has(in_directory("trace"), texts[i]))
            CHECK_STR("missing in the trace", texts[i]);
    remove_directory();
}

static void labels(void) {
    proc_cancel *before = proc_task_begin(NULL, "before"), *relabelled;
    proc_task_label(before, "given before");
    start();
    proc_cancel *ends = proc_task_begin(before, "ends"), *stays = proc_task_begin(before, "stays");
    relabelled = proc_task_begin(before, "relabelled");
    proc_task_label(ends, "of one that ends");
    proc_task_label(stays, "of one that stays");
    proc_task_label(relabelled, "for now");
    proc_task_label(relabelled, NULL);
    proc_task_end(relabelled, NULL);
    proc_task_end(ends, NULL);
    stop();
    CHECK_TRACED("given before");
    CHECK_TRACED("of one that ends");
    CHECK_TRACED("of one that stays");
    CHECK_TRACED("for now");
    remove_directory();
    proc_task_end(stays, NULL);
    proc_task_end(before, NULL);
}

static void off(void) {
    CHECK(!proc_trace_enabled());
    proc_trace_log(NULL, "test", "nowhere");
    proc_trace_logf(NULL, "test", "%s", "nowhere");
    proc_region *region = proc_region_begin(NULL, "nowhere");
    CHECK(region != NULL);
    proc_region_end(region);
    CHECK_OK(proc_run(proc_task("nowhere", proc_trace_region("nowhere", succeeding())), NULL));
}

static atomic_bool goes_on;

static proc_error *work(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_cancel *task = proc_task_begin(cancel, "request");
    proc_region *region = proc_region_begin(task, "region");
    proc_trace_logf(task, "load", "%p", (void *)task);
    proc_region_end(region);
    proc_task_end(task, NULL);
    return NULL;
}

static void *run_tasks(void *unused) {
    enum { CHILDREN = 20 };
    proc_impl *children[CHILDREN];
    for (size_t i = 0; i < CHILDREN; i++)
        children[i] = proc_task("child", proc_new(work, NULL, NULL));
    proc_impl *all = proc_task("all", proc_concurrent(children, CHILDREN));
    while (goes_on)
        CHECK_OK(proc_run(proc_ref(all), NULL));
    proc_unref(all);
    return unused;
}

static void load(void) {
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    make_directory();
    goes_on = true;
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, run_tasks, NULL) == 0);
    for (size_t i = 0; i < check_scaled(20); i++) {
        CHECK_OK(proc_trace_start(in_directory("trace")));
        for (int j = 0; j < 10; j++)
            work(NULL, NULL);
        CHECK_OK(proc_trace_stop());
        CHECK_TRACED("request");
    }
    goes_on = false;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    remove_directory();
}

/* What a program does that knows nothing of traces. */
static void main_role(void) {
    CHECK_OK(proc_main(proc_task("of main", proc_new(speak, "in main", NULL))));
    CHECK(!proc_trace_enabled());
}

/* One that has a trace of its own. */
static void own_role(void) {
    make_directory();
    CHECK_OK(proc_trace_start(in_directory("trace")));
    CHECK_OK(proc_main(proc_task("of main", succeeding())));
    CHECK_OK(proc_trace_stop());
    CHECK_TRACED("of main");
    remove_directory();
}

static void second_role(void) {
    main_role();
    main_role();
}

static void with_environment(const char *path, const char *role, const char *says) {
    setenv("PROCESSION_TRACE", path, 1);
    child c = child_start(role);
    child_passes(&c);
    if (*says)
        CHECK_HAS(c.text, says);
    else
        CHECK_STR(c.text, "");
    unsetenv("PROCESSION_TRACE");
}

static void environment(void) {
    make_directory();
    with_environment(in_directory("trace"), "main_role", "");
    CHECK_TRACED("of main");
    CHECK_TRACED("in main");
    with_environment(in_directory("trace"), "second_role", "so this one is written to");
    with_environment("", "main_role", "");
    with_environment(in_directory("missing/trace"), "main_role",
                     "missing/trace: No such file or directory\n");
    with_environment("/dev/full", "main_role",
                     "procession: PROCESSION_TRACE: /dev/full: No space left on device\n");
    with_environment(in_directory("trace"), "own_role",
                     "procession: PROCESSION_TRACE: a trace is on already\n");
    remove_directory();
}

static void recorder_role(void) {
    proc_config config = PROC_CONFIG_INIT;
    config.flight_recorder_size = 1;
    CHECK_OK(proc_configure(&config));
    CHECK(proc_trace_enabled());
    make_directory();
    CHECK_OK(proc_run(proc_task("recorded", proc_new(speak, "in the past", NULL)), NULL));
    CHECK_OK(proc_trace_snapshot(in_directory("trace")));
    CHECK_TRACED("recorded");
    CHECK_TRACED("in the past");
    check_refused(proc_trace_snapshot(in_directory("missing/trace")), ENOENT, "missing/trace: No");
    check_refused(proc_trace_snapshot("/dev/full"), ENOSPC, "/dev/full: No space left");
    CHECK(proc_trace_enabled());
    remove_directory();
}

static void not_again_role(void) {
    proc_config config = PROC_CONFIG_INIT;
    config.flight_recorder_size = 1 << 20;
    CHECK_OK(proc_configure(&config));
    config.flight_recorder_size = 0;
    CHECK_OK(proc_configure(&config));
    CHECK(!proc_trace_enabled());
    check_refused(proc_trace_snapshot("/dev/null"), ENODATA, "the flight recorder is off");
}

static void recorder(void) {
    child_run("recorder_role");
    child_run("not_again_role");
}

CHECK_MAIN(CASE(ids), CASE(below), CASE(no_cancel), CASE(counted), CASE(bad_task), CASE(wrong_end),
           CASE(bad_region), CASE(bad_log), CASE(all_is_there), CASE(labels), CASE(off), CASE(load),
           CASE(environment), ROLE(main_role), ROLE(own_role), ROLE(second_role), CASE(recorder),
           ROLE(recorder_role), ROLE(not_again_role))
