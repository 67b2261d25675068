/* No tree can overflow a stack, in running or in being released. Laws:
 *
 *   deepest            Nesting of PROC_MAX_DEPTH (1000) runs, for each combinator and all mixed. A leaf has depth 0.
 *   too_deep           Deeper is bad input, with ELOOP: nothing starts, all is released, the function is named.
 *   names_which        … and which of its arguments it is.
 *   wide_and_deep      Depth is that of the deepest child, whatever the others.
 *   construction       100,000 levels neither overflow when they are made, nor when run, nor when released.
 *   deepest_error      The error of the deepest tree reads and is released like any other.
 *   chain_of_handles   A chain of 100,000 cancel handles is cancelled and released without overflow.
 *   error_of_errors    So is an error wrapped by 5,000 tasks, run by run, read and released on a small stack.
 *   memory_of_errors   Wrapping one 50,000 times takes memory in proportion, not of the square.
 */
#include "child.h"
#include "leaf.h"

enum { MIXED = COMBINATORS + 1 };

static proc_impl *wrap(int kind, proc_impl *impl) {
    return kind < COMBINATORS ? wrap_only(kind, impl) : PROC_GROUP(impl, succeeding());
}

static const char *const function_of[] = {"proc_concurrent", "proc_group",        "proc_sequence",
                                          "proc_task",       "proc_trace_region", "proc_finally",
                                          "proc_group"};

static proc_impl *nest(int kind, int levels, proc_impl *impl) {
    for (int i = 0; i < levels; i++)
        impl = wrap(kind == MIXED ? i % MIXED : kind, impl);
    return impl;
}

static void deepest(void) {
    CHECK_INT(PROC_MAX_DEPTH, 1000);
    for (int kind = 0; kind <= MIXED; kind++) {
        leaf l = {0};
        CHECK_OK(proc_run(nest(kind, PROC_MAX_DEPTH, leaf_new(&l)), NULL));
        CHECK_INT(l.runs, 1);
        CHECK_INT(l.destroyed, 1);
    }
}

static void too_deep(void) {
    for (int kind = 0; kind < MIXED; kind++) {
        leaf l = {0};
        proc_impl *full = nest(kind, PROC_MAX_DEPTH, leaf_new(&l));
        proc_error *error = proc_run(wrap(kind, full), NULL);
        CHECK_INT(proc_error_code(error), ELOOP);
        CHECK_HAS(proc_error_message(error), function_of[kind]);
        proc_error_unref(error);
        CHECK_INT(l.runs, 0);
        CHECK_INT(l.destroyed, 1);
    }
}

/* Releases the error. */
static void check_which(proc_error *error, const char *which) {
    CHECK_INT(proc_error_code(error), ELOOP);
    CHECK(strncmp(proc_error_message(error), which, strlen(which)) == 0);
    proc_error_unref(error);
}

static void names_which(void) {
    leaf l = {0};
    proc_impl *full = nest(2, PROC_MAX_DEPTH, leaf_new(&l));
    proc_impl *second = PROC_GROUP(succeeding(), proc_ref(full));
    check_which(proc_run(second, NULL), "proc_group: impls[1] ");
    proc_impl *third = PROC_CONCURRENT(succeeding(), succeeding(), proc_ref(full), proc_ref(full));
    check_which(proc_run(third, NULL), "proc_concurrent: impls[2] ");
    check_which(proc_run(PROC_SEQUENCE(proc_ref(full)), NULL), "proc_sequence: impls[0] ");
    check_which(proc_run(proc_task("t", proc_ref(full)), NULL), "proc_task: impl ");
    check_which(proc_run(proc_trace_region("r", full), NULL), "proc_trace_region: impl ");
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 1);
}

static void wide_and_deep(void) {
    leaf l = {0};
    proc_impl *deep = nest(MIXED, PROC_MAX_DEPTH - 1, leaf_new(&l));
    proc_impl *full = PROC_SEQUENCE(leaf_new(&l), deep, leaf_new(&l));
    CHECK_OK(proc_run(proc_ref(full), NULL));
    CHECK_INT(l.runs, 3);
    proc_error *error = proc_run(PROC_SEQUENCE(leaf_new(&l), full), NULL);
    CHECK_INT(proc_error_code(error), ELOOP);
    proc_error_unref(error);
    CHECK_INT(l.runs, 3);
    CHECK_INT(l.destroyed, 4);
}

static void construction(void) {
    int levels = (int)check_scaled(100000);
    for (int kind = 0; kind <= MIXED; kind++) {
        leaf l = {0};
        proc_error *error = proc_run(nest(kind, levels, leaf_new(&l)), NULL);
        CHECK_INT(proc_error_code(error), ELOOP);
        proc_error_unref(error);
        proc_unref(nest(kind, levels, leaf_new(&l)));
        CHECK_INT(l.runs, 0);
        CHECK_INT(l.destroyed, 2);
    }
}

static void deepest_error(void) {
    leaf l = {.fails = "deep", .code = 77};
    proc_error *error = proc_run(nest(3, PROC_MAX_DEPTH, leaf_new(&l)), NULL);
    CHECK_INT(proc_error_code(error), 77);
    CHECK(proc_error_is(error, 77) && !proc_error_is(error, 78));
    CHECK(proc_error_find_task(error, "absent") == NULL);
    const char *message = proc_error_message(error);
    CHECK_INT((long long)strlen(message), 3LL * PROC_MAX_DEPTH + 4);
    CHECK_STR(message + 3 * (PROC_MAX_DEPTH - 1), "t: deep");
    proc_error_unref(error);
}

static void chain_of_handles(void) {
    proc_cancel *root = proc_cancel_new(NULL);
    proc_cancel *last = proc_cancel_ref(root);
    size_t links = check_scaled(100000);
    for (size_t i = 0; i < links; i++) {
        proc_cancel *below = proc_cancel_new(last);
        proc_cancel_unref(last);
        last = below;
    }
    CHECK(!proc_cancelled(last));
    proc_cancel_trigger(root, proc_error_new(77, "root"));
    CHECK(proc_cancelled(last));
    CHECK(proc_cancel_cause(last) == proc_cancel_cause(root));
    proc_cancel_unref(root);
    proc_cancel_unref(last);
}

typedef struct wrapped {
    proc_error *error;
    int times;
} wrapped;

static void *read_and_release(void *user_data) {
    wrapped *w = user_data;
    proc_error *error = w->error;
    CHECK_INT(proc_error_code(error), 77);
    CHECK(proc_error_is(error, 77) && !proc_error_is(error, 78));
    CHECK(proc_error_find_task(error, "absent") == NULL);
    CHECK_INT((long long)strlen(proc_error_message(error)), 3LL * w->times + 4);
    proc_error_unref(error);
    return NULL;
}

/* Each error is the failure of the next run. */
static void wrap_errors(wrapped *w, int times) {
    leaf l = {.error = w->error};
    for (int i = 0; i < times; i++) {
        proc_error *error = proc_run(proc_task("t", leaf_new(&l)), NULL);
        proc_error_unref(l.error);
        l.error = error;
    }
    w->error = l.error;
    w->times += times;
}

static void release_on_small_stack(wrapped *w) {
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 * 1024);
    CHECK_INT(pthread_create(&thread, &small, read_and_release, w), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&small);
}

static void error_of_errors(void) {
    wrapped w = {.error = proc_error_new(77, "deep")};
    wrap_errors(&w, 5000);
    release_on_small_stack(&w);
}

static long resident_mebibytes(void) {
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    CHECK(statm && fscanf(statm, "%*d %ld", &pages) == 1);
    fclose(statm);
    return pages * (sysconf(_SC_PAGESIZE) / 1024) / 1024;
}

/* Their texts alone would be 3.5 GiB. The sanitizers keep more for each block, and what was released. */
static void memory_of_errors_role(void) {
    enum { TIMES = 50000, PARTS = 50, MOST = 300 };
    wrapped w = {.error = proc_error_new(77, "deep")};
    long before = resident_mebibytes();
    for (int i = 0; i < PARTS && resident_mebibytes() - before < MOST; i++)
        wrap_errors(&w, TIMES / PARTS);
    CHECK_INT(w.times, TIMES);
    release_on_small_stack(&w);
}

static void memory_of_errors(void) { child_run("memory_of_errors_role"); }

CHECK_MAIN(CASE(deepest), CASE(too_deep), CASE(wide_and_deep), CASE(construction),
           CASE(deepest_error), CASE(chain_of_handles), CASE(error_of_errors), CASE(names_which),
           CASE(memory_of_errors), ROLE(memory_of_errors_role))
