/* proc_error_wrap: a text around an error. Laws:
 *
 *   text             "TEXT: CAUSE", where the text is as printf prints it, however long; NULL cause: NULL.
 *   null_format      NULL format: the cause, unchanged.
 *   unprintable      Of an argument that printf cannot convert, the format itself, as for proc_errorf.
 *   looked_through   Code, payload, tasks and codes within are those of the cause, which proc_error_cause gives; no task type.
 *   one_error        It counts as one, is itself at 0, and is not opened by what lists errors side by side.
 *   taken_over       The cause is the wrapped error's, and is released with it.
 *   without_end      Errors may be wrapped without end: a million times on a small stack.
 */
#include "leaf.h"

static void text(void) {
    CHECK_FAILS(proc_error_wrap(proc_error_new(EIO, "disk"), "saving %s, try %d", "x", 3), EIO,
                "saving x, try 3: disk");
    proc_error *twice = proc_error_wrap(proc_error_new(EIO, "disk"), "inner");
    CHECK_FAILS(proc_error_wrap(twice, "outer"), EIO, "outer: inner: disk");
    CHECK_FAILS(proc_error_wrap(proc_error_new(EIO, "disk"), "%s", ""), EIO, ": disk");
    proc_error *error = proc_error_wrap(proc_error_new(EIO, "end"), "%050000d", 7);
    CHECK_INT((long long)strlen(proc_error_message(error)), 50005);
    CHECK_HAS(proc_error_message(error), "7: end");
    proc_error_unref(error);
    CHECK(proc_error_wrap(NULL, "%s %d", "nothing", 1) == NULL);
}

static void null_format(void) {
    /* Through a pointer, as the compiler would see the NULL and refuse. */
    proc_error *(*wrap)(proc_error *, const char *, ...) = proc_error_wrap;
    const char *none = NULL;
    proc_error *error = proc_error_new(EIO, "as it is");
    CHECK(wrap(error, none) == error);
    CHECK(wrap(NULL, none) == NULL);
    CHECK_FAILS(error, EIO, "as it is");
}

/* In the C locale, which a program begins in. */
static void unprintable(void) {
    const wchar_t invalid[] = {L'a', 0x7FFFFFFF, L'\0'};
    CHECK_FAILS(proc_error_wrap(proc_error_new(EIO, "disk"), "%s: %ls", "open", invalid), EIO,
                "%s: %ls: disk");
}

static proc_error *return_it(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    return user_data;
}

static void looked_through(void) {
    int payload = 0;
    proc_error *failure = proc_error_with_typed_payload(71, "disk", "type", &payload, NULL);
    proc_error *task = proc_run(proc_task("flush", proc_new(return_it, failure, NULL)), NULL);
    proc_error *error = proc_error_wrap(task, "at last");
    CHECK_INT(proc_error_code(error), 71);
    CHECK(proc_error_payload(error) == &payload);
    CHECK(proc_error_find_payload(error, "type") == &payload);
    CHECK(proc_error_is(error, 71) && !proc_error_is(error, 72));
    CHECK(proc_error_cause(error) == task);
    CHECK(proc_error_find_task(error, "flush") == task);
    CHECK(proc_error_find_task(error, "at last") == NULL);
    CHECK(proc_error_task_type(error) == NULL);
    CHECK_FAILS(error, 71, "at last: flush: disk");
}

static void one_error(void) {
    proc_error *two[] = {proc_error_new(1, "a"), proc_error_new(2, "b")};
    proc_error *multi = proc_error_merge(two, 2);
    proc_error *error = proc_error_wrap(multi, "both");
    CHECK_INT((long long)proc_error_count(error), 1);
    CHECK(proc_error_at(error, 0) == error && proc_error_at(error, 1) == NULL);
    CHECK_INT((long long)proc_error_count(proc_error_cause(error)), 2);
    CHECK_STR(proc_error_message(error), "both: 2 errors:\n- a\n- b");
    proc_error *beside[] = {proc_error_ref(error), proc_error_new(3, "c")};
    CHECK_FAILS(proc_error_merge(beside, 2), 1, "2 errors:\n- both: 2 errors:\n- a\n- b\n- c");
    leaf l = {.error = error};
    proc_error *run = proc_run(PROC_CONCURRENT(leaf_new(&l), succeeding()), NULL);
    CHECK(run == error);
    proc_error_unref(run);
    proc_error_unref(error);
}

static void taken_over(void) {
    atomic_int destroyed = 0;
    proc_error *failure = proc_error_with_payload(EIO, "disk", &destroyed, check_destroyed);
    proc_error *error = proc_error_wrap(failure, "%d", 1);
    proc_error *other = proc_error_wrap(proc_error_ref((proc_error *)proc_error_cause(error)), "2");
    proc_error_unref(error);
    CHECK_INT(destroyed, 0);
    CHECK_STR(proc_error_message(other), "2: disk");
    proc_error_unref(other);
    CHECK_INT(destroyed, 1);
}

static void *wrap_on_and_on(void *unused) {
    atomic_int destroyed = 0;
    size_t wraps = check_scaled(1000000);
    proc_cancel *cancel = proc_cancel_new(NULL);
    proc_cancel_trigger(cancel, proc_error_with_payload(71, "inmost", &destroyed, check_destroyed));
    proc_error *error = proc_cancel_error(cancel);
    for (size_t i = 0; i < wraps; i++)
        error = proc_error_wrap(error, "w");
    CHECK_INT(proc_error_code(error), 71);
    CHECK(proc_error_is(error, 71) && !proc_error_is(error, 72));
    CHECK(proc_error_find_task(error, "w") == NULL);
    CHECK(proc_error_payload(error) == &destroyed);
    CHECK(proc_error_is_echo(error, cancel));
    CHECK(strncmp(proc_error_message(error), "w: w: ", 6) == 0);
    CHECK(strlen(proc_error_message(error)) <= 1 << 20);
    proc_cancel_unref(cancel);
    proc_error_unref(error);
    CHECK_INT(destroyed, 1);
    return unused;
}

static void without_end(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    CHECK_INT(pthread_create(&thread, &attributes, wrap_on_and_on, NULL), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
}

CHECK_MAIN(CASE(text), CASE(null_format), CASE(unprintable), CASE(looked_through), CASE(one_error),
           CASE(taken_over), CASE(without_end))
