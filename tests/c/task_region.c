/* proc_task and proc_trace_region. Laws:
 *
 *   task_wraps             proc_task wraps its child's error as a task error. (Its texts: error_trees.c)
 *   task_success           A task that succeeds is a success.
 *   region_passes_on       proc_trace_region passes errors on as they are.
 *   on_calling_thread      Both run their child on the calling thread.
 *   pass_handle            Both run their child in the handle that they run in, cancelled or not.
 *   one_scope              A task's child that cancels its handle cancels what runs beside the task, also through several
 *                          tasks, and for a callback that was given the handle while it waits.
 *   kept_handle            A task's handle that is kept is cancelled with what is around the task, after its end too.
 *   same_task_reused       The same task wraps each run's error anew.
 *   fails_on_each_level    A task wraps what its child returns, be it a task error, a multi error or an echo.
 */
#include "leaf.h"

static void task_wraps(void) {
    leaf l = {.error = proc_error_new(77, "inside")};
    proc_error *error = proc_run(proc_task("work", leaf_new(&l)), NULL);
    CHECK(error != l.error);
    CHECK(proc_error_cause(error) == l.error);
    CHECK_STR(proc_error_task_type(error), "work");
    proc_error_unref(l.error);
    CHECK_FAILS(error, 77, "work: inside");
}

static void task_success(void) {
    CHECK_OK(proc_run(proc_task("work", succeeding()), NULL));
    CHECK_OK(proc_run(proc_task("work", proc_task("more", proc_group(NULL, 0))), NULL));
}

static void region_passes_on(void) {
    leaf l = {.error = proc_error_new(77, "inside")};
    proc_error *error = proc_run(proc_trace_region("r", proc_trace_region("", leaf_new(&l))), NULL);
    CHECK(error == l.error);
    proc_error_unref(error);
    proc_error_unref(l.error);
    CHECK_OK(proc_run(proc_trace_region("r", succeeding()), NULL));
}

static void on_calling_thread(void) {
    leaf a = {0}, b = {0};
    CHECK_OK(proc_run(proc_task("work", leaf_new(&a)), NULL));
    CHECK_OK(proc_run(proc_trace_region("region", leaf_new(&b)), NULL));
    CHECK(pthread_equal(a.thread, pthread_self()));
    CHECK(pthread_equal(b.thread, pthread_self()));
}

static proc_error *trigger(proc_cancel *cancel, void *user_data) {
    proc_cancel_trigger(cancel, proc_error_new(77, user_data));
    return NULL;
}

static void pass_handle(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    CHECK_FAILS(proc_run(proc_task("t", failing("fails")), cancel), EIO, "t: fails");
    CHECK(!proc_cancelled(cancel));
    CHECK_OK(
        proc_run(proc_task("t", proc_trace_region("r", proc_new(trigger, "x", NULL))), cancel));
    CHECK_INT(proc_error_code(proc_cancel_cause(cancel)), 77);
    leaf l = {0};
    CHECK_OK(proc_run(proc_trace_region("r", proc_task("t", leaf_new(&l))), cancel));
    CHECK(l.saw_cancelled);
    proc_cancel_unref(cancel);
}

static void one_scope(void) {
    leaf a = {.until_cancelled = true}, b = {.until_cancelled = true},
         c = {.until_cancelled = true};
    proc_impl *triggering = proc_task("t", proc_task("u", proc_new(trigger, "x", NULL)));
    proc_impl *impl = PROC_GROUP(leaf_new(&a), proc_task("b", leaf_new(&b)), triggering,
                                 proc_task("c", PROC_CONCURRENT(leaf_new(&c), succeeding())));
    proc_error *error = proc_run(impl, NULL);
    CHECK_INT(proc_error_code(error), 77);
    CHECK_INT((long long)proc_error_count(error), 1);
    CHECK_INT(a.runs + b.runs + c.runs, 3);
    proc_error_unref(error);
}

static proc_error *keep_handle(proc_cancel *cancel, void *user_data) {
    *(proc_cancel **)user_data = proc_cancel_ref(cancel);
    return NULL;
}

static void kept_handle(void) {
    proc_cancel *cancel = proc_cancel_new(NULL), *kept = NULL;
    proc_impl *keeping = proc_task("t", proc_task("u", proc_new(keep_handle, &kept, NULL)));
    CHECK_OK(proc_run(proc_ref(keeping), cancel));
    CHECK(!proc_cancelled(kept));
    proc_cancel_trigger(cancel, proc_error_new(77, "late"));
    CHECK(proc_wait(kept, 0));
    CHECK(proc_cancel_cause(kept) == proc_cancel_cause(cancel));
    proc_cancel_unref(kept);
    CHECK_OK(proc_run(PROC_GROUP(keeping), NULL));
    CHECK(proc_cancelled(kept));
    proc_cancel_unref(kept);
    proc_cancel_unref(cancel);
}

static void same_task_reused(void) {
    leaf l = {.fails = "inside"};
    proc_impl *impl = proc_task("work", leaf_new(&l));
    proc_error *first = proc_run(proc_ref(impl), NULL);
    proc_error *second = proc_run(impl, NULL);
    CHECK(first != second);
    CHECK_FAILS(first, EIO, "work: inside");
    CHECK_FAILS(second, EIO, "work: inside");
}

static void fails_on_each_level(void) {
    proc_impl *pair = PROC_CONCURRENT(failing("same"), failing("same"));
    CHECK_FAILS(proc_run(proc_task("a", proc_trace_region("r", proc_task("b", pair))), NULL), EIO,
                "a: b: 2 errors:\n- same\n- same");
    leaf l = {.until_cancelled = true};
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, proc_error_new(77, "stop"));
    CHECK_FAILS(proc_run(proc_task("a", leaf_new(&l)), cancel), 77, "a: stop");
    proc_cancel_unref(cancel);
}

CHECK_MAIN(CASE(task_wraps), CASE(task_success), CASE(region_passes_on), CASE(on_calling_thread),
           CASE(pass_handle), CASE(one_scope), CASE(kept_handle), CASE(same_task_reused),
           CASE(fails_on_each_level))
