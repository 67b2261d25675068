/* Values: what handles, and what runs with them, have from above. Laws:
 *
 *   below            A handle has its own value and those of the handles above it, each under its key; others have none. Two keys
 *                    with the same name are two.
 *   innermost        The innermost of a key counts, and a NULL there hides the outer one.
 *   down_the_tree    proc_with_value gives a value to all that runs in its process: through every combinator, on every thread, what
 *                    cleans up too; and to nothing beside it.
 *   current          proc_value without a handle asks that of the callback that runs; on a thread that runs none, there is none.
 *   without_handle   A run, a job, a task by hand and a proc_main that are given no handle have the values of the callback that
 *                    asks for them; with a handle, those of the handle.
 *   same_run         The same process with a value may run any number of times, also at the same time, inside of itself, too.
 *   cancels          Cancelling a handle with a value does not cancel its parent; cancelling the parent cancels it.
 *   released         A value is released once, after the last handle that can see it, and the inner ones before the outer ones.
 *   with_process     That of a process, after its last reference, its last run and the last handle of a run that somebody keeps.
 *   with_a_strike    A hook may let go of the last reference: the value is released when all below the cancelled handle is cancelled.
 *   bad_input        Without a key: a cancelled handle, or a process that fails, and the value is released.
 *   errors           Errors are passed on as they are; an echo stays one.
 *   deep             100,000 values above each other are found and released without overflow; PROC_MAX_DEPTH of processes.
 */
#include "leaf.h"

static const proc_key request = {"request"}, logger = {"logger"}, other = {"request"};

static proc_cancel *with(proc_cancel *parent, const proc_key *key, void *value) {
    return proc_cancel_with_value(parent, key, value, NULL);
}

static void below(void) {
    int one, two;
    proc_cancel *root = proc_cancel_new(NULL);
    proc_cancel *first = with(root, &request, &one), *second = with(first, &logger, &two);
    proc_cancel *last = proc_cancel_new(second);
    CHECK(proc_value(first, &request) == &one && proc_value(first, &logger) == NULL);
    CHECK(proc_value(second, &request) == &one && proc_value(second, &logger) == &two);
    CHECK(proc_value(last, &request) == &one && proc_value(last, &logger) == &two);
    CHECK(proc_value(last, &other) == NULL && proc_value(last, NULL) == NULL);
    CHECK(proc_value(root, &request) == NULL);
    proc_cancel *alone = with(NULL, &request, &two);
    CHECK(proc_value(alone, &request) == &two);
    proc_cancel_unref(root);
    proc_cancel_unref(first);
    proc_cancel_unref(second);
    CHECK(proc_value(last, &request) == &one);
    proc_cancel_unref(last);
    proc_cancel_unref(alone);
}

static void innermost(void) {
    int one, two;
    proc_cancel *first = with(NULL, &request, &one), *second = with(first, &request, &two);
    proc_cancel *hidden = with(second, &request, NULL);
    CHECK(proc_value(first, &request) == &one && proc_value(second, &request) == &two);
    CHECK(proc_value(hidden, &request) == NULL);
    proc_cancel_unref(first);
    proc_cancel_unref(second);
    proc_cancel_unref(hidden);
}

/* Whether what runs has that request's number. */
typedef struct sight {
    void *expected;
    gate *meets;
    size_t threads;
    atomic_int times;
} sight;

static proc_error *see(proc_cancel *cancel, void *user_data) {
    sight *s = user_data;
    CHECK(proc_value(cancel, &request) == s->expected);
    CHECK(proc_value(NULL, &request) == s->expected);
    if (s->meets)
        GATE_MEET(s->meets, s->threads);
    s->times++;
    return NULL;
}

static proc_impl *seeing(sight *s) { return proc_new(see, s, NULL); }

static proc_impl *with_request(void *value, proc_impl *impl) {
    return proc_with_value(&request, value, NULL, impl);
}

static void down_the_tree(void) {
    int one, two;
    gate all;
    gate_init(&all);
    sight s = {.expected = &one, .meets = &all, .threads = 4}, cleans = {.expected = &one},
          none = {0}, inner = {.expected = &two};
    proc_impl *four[] = {seeing(&s), proc_task("t", seeing(&s)),
                         PROC_GROUP(seeing(&s), with_request(&two, seeing(&inner))),
                         proc_trace_region("r", PROC_SEQUENCE(seeing(&s)))};
    proc_impl *inside = proc_finally(proc_concurrent(four, 4), PROC_GROUP(seeing(&cleans)));
    proc_impl *tree = PROC_SEQUENCE(
        seeing(&none), PROC_GROUP(with_request(&one, inside), seeing(&none)), seeing(&none));
    CHECK_OK(proc_run(tree, NULL));
    CHECK_INT(s.times, 4);
    CHECK_INT(cleans.times + inner.times, 2);
    CHECK_INT(none.times, 3);
    for (int kind = 0; kind < COMBINATORS; kind++) {
        sight each = {.expected = &one};
        CHECK_OK(proc_run(with_request(&one, wrap_only(kind, seeing(&each))), NULL));
        CHECK_OK(proc_run(wrap_only(kind, with_request(&one, seeing(&each))), NULL));
        CHECK_INT(each.times, 2);
    }
}

static void current(void) {
    int one;
    sight s = {.expected = &one};
    CHECK(proc_value(NULL, &request) == NULL);
    CHECK_OK(proc_run(with_request(&one, seeing(&s)), NULL));
    CHECK(proc_value(NULL, &request) == NULL);
    CHECK_INT(s.times, 1);
}

static proc_error *run_without_handle(proc_cancel *cancel, void *user_data) {
    sight none = {0};
    (void)cancel;
    CHECK_OK(proc_run(seeing(user_data), NULL));
    CHECK_OK(proc_run(PROC_GROUP(seeing(user_data), proc_task("t", seeing(user_data))), NULL));
    CHECK_OK(proc_job_join(proc_start(seeing(user_data), NULL, NULL, NULL)));
    CHECK_OK(proc_main(seeing(user_data)));
    proc_cancel *task = proc_task_begin(NULL, "task");
    CHECK_OK(proc_run(seeing(user_data), task));
    proc_task_end(task, NULL);
    proc_cancel *root = proc_cancel_new(NULL);
    CHECK_OK(proc_run(seeing(&none), root));
    CHECK_OK(proc_job_join(proc_start(seeing(&none), root, NULL, NULL)));
    proc_cancel_unref(root);
    CHECK_INT(none.times, 2);
    return NULL;
}

static void without_handle(void) {
    int one;
    sight s = {.expected = &one};
    proc_impl *runs = proc_new(run_without_handle, &s, NULL);
    CHECK_OK(proc_run(with_request(&one, proc_task("t", runs)), NULL));
    CHECK_INT(s.times, 6);
}

static proc_error *run_again(proc_cancel *cancel, void *user_data) {
    proc_impl **self = user_data;
    if (proc_value(cancel, &logger) == NULL) {
        proc_impl *again = proc_ref(*self);
        return proc_run(proc_with_value(&logger, self, NULL, again), cancel);
    }
    CHECK(proc_value(cancel, &request) == self);
    return NULL;
}

static void same_run(void) {
    int one;
    gate both;
    gate_init(&both);
    sight s = {.expected = &one, .meets = &both, .threads = 2};
    proc_impl *impl = with_request(&one, seeing(&s));
    CHECK_OK(proc_run(PROC_GROUP(proc_ref(impl), proc_ref(impl)), NULL));
    CHECK_OK(proc_run(PROC_GROUP(proc_ref(impl), impl), NULL));
    CHECK_INT(s.times, 4);
    proc_impl *self;
    self = with_request(&self, proc_new(run_again, &self, NULL));
    CHECK_OK(proc_run(proc_ref(self), NULL));
    proc_unref(self);
}

static proc_error *cancel_own(proc_cancel *cancel, void *user_data) {
    (void)user_data;
    proc_cancel_trigger(cancel, proc_error_new(5, "own"));
    return proc_cancel_error(cancel);
}

static void cancels(void) {
    int one;
    proc_cancel *root = proc_cancel_new(NULL);
    proc_cancel *first = with(root, &request, &one), *second = with(root, &request, &one);
    proc_cancel_trigger(first, NULL);
    CHECK(proc_cancelled(first) && !proc_cancelled(root) && !proc_cancelled(second));
    CHECK_FAILS(proc_run(with_request(&one, proc_new(cancel_own, NULL, NULL)), root), 5, "own");
    CHECK(!proc_cancelled(root));
    proc_cancel_trigger(root, NULL);
    CHECK(proc_cancelled(second));
    proc_cancel *born = with(root, &request, &one);
    CHECK(proc_cancelled(born) && proc_value(born, &request) == &one);
    proc_cancel_unref(root);
    proc_cancel_unref(first);
    proc_cancel_unref(second);
    proc_cancel_unref(born);
}

static int released_in_order;
static void release_digit(void *digit) {
    released_in_order = 10 * released_in_order + *(int *)digit;
}

static void released(void) {
    released_in_order = 0;
    int one = 1, two = 2, three = 3;
    proc_cancel *first = proc_cancel_with_value(NULL, &request, &one, release_digit);
    proc_cancel *second = proc_cancel_with_value(first, &request, &two, release_digit);
    proc_cancel *third = proc_cancel_with_value(second, &logger, &three, release_digit);
    proc_cancel *last = proc_cancel_new(third);
    proc_cancel_unref(third);
    proc_cancel_unref(first);
    proc_cancel_unref(second);
    CHECK_INT(released_in_order, 0);
    CHECK(proc_value(last, &logger) == &three);
    proc_cancel_unref(last);
    CHECK_INT(released_in_order, 321);
}

static proc_error *keep(proc_cancel *cancel, void *user_data) {
    *(proc_cancel **)user_data = proc_cancel_ref(cancel);
    return NULL;
}

static void with_process(void) {
    atomic_int value = 0;
    proc_cancel *kept = NULL;
    proc_impl *impl =
        proc_with_value(&request, &value, check_destroyed, proc_new(keep, &kept, NULL));
    CHECK_OK(proc_run(proc_ref(impl), NULL));
    proc_cancel_unref(kept);
    CHECK_OK(proc_run(PROC_GROUP(proc_task("t", impl)), NULL));
    CHECK_INT(value, 0);
    CHECK(proc_value(kept, &request) == &value);
    proc_cancel_unref(kept);
    CHECK_INT(value, 1);
    proc_unref(proc_with_value(&request, &value, check_destroyed, succeeding()));
    CHECK_INT(value, 2);
}

/* The last reference to a handle is let go of by a hook, so when all below is cancelled. */
static void release_looking(void *user_data) {
    proc_cancel *beside = user_data;
    CHECK(proc_cancelled(beside));
    proc_cancel_unref(beside);
}

static void release_kept(void *user_data) { proc_cancel_unref(user_data); }

static void with_a_strike(void) {
    for (int i = 0; i < 100; i++) {
        proc_cancel *root = proc_cancel_new(NULL);
        proc_cancel *beside = proc_cancel_new(root);
        proc_cancel *valued =
            proc_cancel_with_value(root, &request, proc_cancel_ref(beside), release_looking);
        proc_hook *hook = proc_on_cancel(root, release_kept, valued);
        proc_cancel_trigger(root, NULL);
        proc_hook_remove(hook);
        proc_cancel_unref(beside);
        proc_cancel_unref(root);
    }
}

static void bad_input(void) {
    atomic_int value = 0;
    proc_cancel *root = proc_cancel_new(NULL);
    proc_cancel *handle = proc_cancel_with_value(root, NULL, &value, check_destroyed);
    CHECK(proc_cancelled(handle) && !proc_cancelled(root));
    CHECK_INT(proc_error_code(proc_cancel_cause(handle)), EINVAL);
    CHECK_STR(proc_error_message(proc_cancel_cause(handle)), "proc_cancel_with_value: key is NULL");
    CHECK_INT(value, 1);
    CHECK(proc_value(handle, NULL) == NULL);
    leaf l = {0};
    CHECK_FAILS(proc_run(proc_with_value(NULL, &value, check_destroyed, leaf_new(&l)), NULL),
                EINVAL, "proc_with_value: key is NULL");
    CHECK_FAILS(proc_run(proc_with_value(&request, &value, check_destroyed, NULL), NULL), EINVAL,
                "proc_with_value: impl is NULL");
    CHECK_FAILS(
        proc_run(proc_with_value(&request, &value, check_destroyed, proc_task(NULL, leaf_new(&l))),
                 NULL),
        EINVAL, "proc_task: task_type is NULL");
    CHECK_INT(value, 4);
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 2);
    proc_cancel_unref(handle);
    proc_cancel_unref(root);
}

static void errors(void) {
    int one;
    leaf failing = {.error = proc_error_new(7, "seven")}, stops = {.until_cancelled = true};
    proc_error *error = proc_run(with_request(&one, leaf_new(&failing)), NULL);
    CHECK(error == failing.error);
    proc_error_unref(error);
    proc_error_unref(failing.error);
    proc_cancel *handle = proc_cancel_new(NULL);
    proc_cancel_trigger(handle, NULL);
    error = proc_run(with_request(&one, leaf_new(&stops)), handle);
    CHECK(proc_error_is_echo(error, handle));
    proc_error_unref(error);
    proc_cancel_unref(handle);
}

static void deep_handles(void) {
    int first;
    proc_cancel *last = with(NULL, &request, &first);
    for (size_t i = 0; i < check_scaled(100000); i++) {
        proc_cancel *next = with(last, &logger, &first);
        proc_cancel_unref(last);
        last = next;
    }
    CHECK(proc_value(last, &request) == &first);
    proc_cancel_unref(last);
}

static void deep(void) {
    int one;
    deep_handles();
    sight s = {.expected = &one};
    proc_impl *tree = with_request(&one, seeing(&s));
    for (int i = 1; i < PROC_MAX_DEPTH; i++)
        tree = proc_with_value(&logger, &one, NULL, tree);
    CHECK_OK(proc_run(proc_ref(tree), NULL));
    CHECK_INT(s.times, 1);
    proc_error *error = proc_run(with_request(&one, tree), NULL);
    CHECK_INT(proc_error_code(error), ELOOP);
    CHECK_HAS(proc_error_message(error), "proc_with_value: impl is");
    proc_error_unref(error);
}

CHECK_MAIN(CASE(below), CASE(innermost), CASE(down_the_tree), CASE(current), CASE(without_handle),
           CASE(same_run), CASE(cancels), CASE(released), CASE(with_process), CASE(with_a_strike),
           CASE(bad_input), CASE(errors), CASE(deep))
