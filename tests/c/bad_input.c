/* Bad input is never undefined, never silent. Laws:
 *
 *   null_callback        proc_new(NULL, …) returns a process that fails at once with EINVAL.
 *   null_child           So does each combinator given a NULL child; the message names function, argument and index.
 *   null_array           So does each combinator given a NULL array with a count.
 *   null_name            So do proc_task and proc_trace_region given a NULL name or a NULL child.
 *   run_null             proc_run(NULL, …) and proc_main(NULL) return an EINVAL error.
 *   every_time           A bad process may be kept and run again like any other.
 *   cancelled_too        It fails so in a cancelled handle too.
 *   empty_array          NULL with count 0 is not wrong: it succeeds.
 */
#include "leaf.h"

/* Releases the error. */
static void check_names(proc_error *error, const char *function, const char *argument) {
    CHECK_INT(proc_error_code(error), EINVAL);
    CHECK_HAS(proc_error_message(error), function);
    CHECK_HAS(proc_error_message(error), argument);
    proc_error_unref(error);
}

typedef proc_impl *combinator(proc_impl *const *impls, size_t count);
static const struct {
    combinator *make;
    const char *name;
} combinators[] = {{proc_concurrent, "proc_concurrent"},
                   {proc_group, "proc_group"},
                   {proc_sequence, "proc_sequence"}};

static void null_callback(void) {
    check_names(proc_run(proc_new(NULL, NULL, NULL), NULL), "proc_new", "fn");
    int data = 0;
    check_names(proc_run(proc_new(NULL, &data, NULL), NULL), "proc_new", "fn");
}

/* The index must be told exactly: 7 is not in 17. */
static void check_index(proc_error *error, size_t index) {
    char digits[30];
    int length = snprintf(digits, sizeof digits, "%zu", index);
    const char *at = strstr(proc_error_message(error), digits);
    CHECK(at && strspn(at, "0123456789") == (size_t)length);
    CHECK(at && !(at[-1] >= '0' && at[-1] <= '9'));
}

static void null_child(void) {
    const size_t indexes[] = {0, 1, 7, 17, 29};
    for (size_t i = 0; i < 3 * 5; i++) {
        size_t index = indexes[i % 5];
        proc_impl *impls[30];
        for (size_t j = 0; j < 30; j++)
            impls[j] = j == index ? NULL : succeeding();
        proc_error *error = proc_run(combinators[i / 5].make(impls, 30), NULL);
        check_index(error, index);
        check_names(error, combinators[i / 5].name, "impls");
    }
}

static void null_array(void) {
    const size_t counts[] = {1, 2, 1000, SIZE_MAX / sizeof(void *), SIZE_MAX};
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 5; j++)
            check_names(proc_run(combinators[i].make(NULL, counts[j]), NULL), combinators[i].name,
                        "impls");
}

static void null_name(void) {
    check_names(proc_run(proc_task(NULL, succeeding()), NULL), "proc_task", "task_type");
    check_names(proc_run(proc_task("type", NULL), NULL), "proc_task", "impl");
    check_names(proc_run(proc_task(NULL, NULL), NULL), "proc_task", "");
    check_names(proc_run(proc_trace_region(NULL, succeeding()), NULL), "proc_trace_region",
                "region_type");
    check_names(proc_run(proc_trace_region("type", NULL), NULL), "proc_trace_region", "impl");
    check_names(proc_run(proc_trace_region(NULL, NULL), NULL), "proc_trace_region", "");
}

static void run_null(void) {
    check_names(proc_run(NULL, NULL), "proc_run", "impl");
    check_names(proc_main(NULL), "proc_main", "impl");
    proc_cancel *cancel = proc_cancel_new(NULL);
    check_names(proc_run(NULL, cancel), "proc_run", "impl");
    CHECK(!proc_cancelled(cancel));
    proc_cancel_unref(cancel);
}

static void every_time(void) {
    proc_impl *bad = PROC_GROUP(succeeding(), NULL, succeeding());
    for (int i = 0; i < 3; i++)
        check_names(proc_run(proc_ref(bad), NULL), "proc_group", "impls");
    check_names(proc_main(proc_ref(bad)), "proc_group", "impls");
    proc_unref(bad);
}

static void cancelled_too(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, NULL);
    check_names(proc_run(PROC_SEQUENCE(NULL, succeeding()), cancel), "proc_sequence", "impls");
    check_names(proc_run(NULL, cancel), "proc_run", "impl");
    proc_cancel_unref(cancel);
}

static void empty_array(void) {
    proc_impl *const none[1] = {NULL};
    for (size_t i = 0; i < 3; i++) {
        CHECK_OK(proc_run(combinators[i].make(NULL, 0), NULL));
        CHECK_OK(proc_run(combinators[i].make(none, 0), NULL));
    }
}

CHECK_MAIN(CASE(null_callback), CASE(null_child), CASE(null_array), CASE(null_name), CASE(run_null),
           CASE(every_time), CASE(cancelled_too), CASE(empty_array))
