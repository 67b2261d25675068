/* proc_dump and proc_get_stats: what they say of one thread is of one moment. Laws:
 *
 *   once           A callback that runs other processes all the time is in each dump once, and in each look at the numbers.
 *   between        A run that a hook makes between callbacks is inside of what the hook came from; no callback is made up.
 *   after_a_wait   The first callback of proc_on_signal is as old as it is, not as the wait for its signal.
 *   after_hooks    What a hook of the trace takes before a callback begins does not count for that.
 */
#include "dumped.h"
#include "leaf.h"
#include "runner.h"
#include "stats.h"

static void once(void) {
    runner r;
    runner_start(&r);
    for (size_t i = check_scaled(2000); i > 0; i--) {
        char *text = dump(PROC_DUMP_TEXT);
        if (!CHECK_INT((long long)dumped_times(text, "callback 0x"), 1))
            fprintf(stderr, "%s\n", text);
        free(text);
        CHECK_INT((long long)look().processes_running, 1);
    }
    runner_stop(&r);
}

static atomic_int looks;

static proc_error *look_around(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    char *text = dump(PROC_DUMP_TEXT), own[40];
    snprintf(own, sizeof own, "callback %p", (void *)(uintptr_t)look_around);
    CHECK_HAS(text, own);
    CHECK_INT((long long)dumped_times(text, "callback "), 1);
    CHECK_INT((long long)look().processes_running, 1);
    CHECK_INSIDE(text, own, "proc_run");
    free(text);
    looks++;
    return NULL;
}

static void run_in_hook(void *user_data) {
    (void)user_data;
    CHECK_OK(proc_run(proc_new(look_around, NULL, NULL), NULL));
}

static proc_error *hook_and_fail(proc_cancel *cancel, void *user_data) {
    *(proc_hook **)user_data = proc_on_cancel(cancel, run_in_hook, NULL);
    return proc_error_new(EIO, "fails");
}

/* The hook runs when its callback has returned, before the next child begins. */
static void between(void) {
    proc_hook *hook = NULL;
    looks = 0;
    proc_impl *fails = proc_new(hook_and_fail, &hook, NULL);
    CHECK_FAILS(proc_run(PROC_GROUP(fails, PROC_SEQUENCE(proc_sequence(NULL, 0))), NULL), EIO,
                "fails");
    CHECK_INT(looks, 1);
    proc_hook_remove(hook);
}

enum { LONG_MS = 100 };

static long long age_ms(const char *text, const char *process) {
    const char *line = strstr(text, process);
    const char *age = line ? strstr(strstr(line, ", thread ") + 2, ", ") : NULL;
    long long seconds = 0, milliseconds = 0;
    CHECK(age && sscanf(age, ", %lld.%lld s", &seconds, &milliseconds) == 2);
    return seconds * 1000 + milliseconds;
}

/* The callback began that much later than what it is in, however long it is looked at after that. */
static void check_began_later(const char *outer) {
    char *text = dump(PROC_DUMP_TEXT);
    long long around = age_ms(text, outer), inside = age_ms(text, "callback 0x");
    if (!CHECK(around - inside >= LONG_MS / 2))
        fprintf(stderr, "%s\n", text);
    free(text);
}

static proc_error *react(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    check_began_later("on_signal SIGHUP");
    proc_cancel_trigger(cancel, NULL);
    return NULL;
}

static void *listen_for_it(void *handle) {
    CHECK_OK(proc_run(proc_on_signal(SIGHUP, proc_new(react, NULL, NULL)), handle));
    return NULL;
}

static void after_a_wait(void) {
    pthread_t thread;
    long long age = 0;
    signal(SIGHUP, SIG_IGN); /* until it is listened to */
    proc_cancel *handle = proc_cancel_new(NULL);
    CHECK_INT(pthread_create(&thread, NULL, listen_for_it, handle), 0);
    while (age < LONG_MS) {
        char *text = dump(PROC_DUMP_TEXT);
        if (strstr(text, "waiting for its signal"))
            age = age_ms(text, "on_signal SIGHUP");
        free(text);
    }
    while (!proc_cancelled(handle)) {
        kill(getpid(), SIGHUP);
        proc_wait(handle, 10000000);
    }
    pthread_join(thread, NULL);
    proc_cancel_unref(handle);
}

static void *take_long(const proc_trace_task *task, const proc_trace_task *parent,
                       void *user_data) {
    struct timespec began, now;
    (void)user_data, (void)task, (void)parent;
    clock_gettime(CLOCK_MONOTONIC, &began);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - began.tv_sec) * 1000 + (now.tv_nsec - began.tv_nsec) / 1000000 < LONG_MS);
    return NULL;
}

static proc_error *look_at_age(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    check_began_later("proc_run");
    return NULL;
}

static void after_hooks(void) {
    proc_trace_hooks hooks = PROC_TRACE_HOOKS_INIT;
    hooks.task_begin = take_long;
    CHECK_OK(proc_trace_set_hooks(&hooks));
    CHECK_OK(proc_run(proc_task("t", proc_new(look_at_age, NULL, NULL)), NULL));
    CHECK_OK(proc_trace_set_hooks(NULL));
}

CHECK_MAIN(CASE(once), CASE(between), CASE(after_a_wait), CASE(after_hooks))
