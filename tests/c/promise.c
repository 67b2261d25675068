/* Promises: something is completed once, and all that awaits it completes as it does. Laws:
 *
 *   completes        What awaits it completes as it does: with success, or with its error, the very same.
 *   wakes            Who waits when it is completed goes on: many, also in a tree, completed by a thread that runs no process.
 *   afterwards       What awaits it when it is complete completes at once, any number of times.
 *   first            The first completion counts; of a later one the error is released.
 *   cancelled        Cancelled while it waits, or before, it returns the cause; so a failing sibling ends the wait.
 *   wins             If it is complete, that counts, also under a cancelled handle.
 *   broken           When the last reference is gone without completion, what awaits it fails with EPIPE, and so does what
 *                    awaits it then. The process is no reference.
 *   kept             Another reference keeps it.
 *   races            Completions, cancellations and references that go at the same time: who waits ends with one of them, and
 *                    nothing is lost.
 *   in_a_nursery     A body that awaits what a child of its completes does so: the child begins.
 *   dumped           Who waits is shown as `await`, inside of what it is in.
 *   bad_input        NULL is bad input; as a reference it is nothing.
 */
#include "asleep.h"
#include "dumped.h"
#include "leaf.h"

static void *complete(void *promise) {
    CHECK(proc_promise_complete(promise, NULL));
    return NULL;
}

static void completes(void) {
    proc_promise *good = proc_promise_new(), *bad = proc_promise_new();
    proc_error *seven = proc_error_new(7, "seven");
    CHECK(proc_promise_complete(good, NULL));
    CHECK(proc_promise_complete(bad, proc_error_ref(seven)));
    CHECK_OK(proc_run(proc_await(good), NULL));
    proc_error *error = proc_run(proc_await(bad), NULL);
    CHECK(error == seven);
    proc_error_unref(error);
    proc_error_unref(seven);
    CHECK_FAILS(proc_run(proc_task("t", proc_await(bad)), NULL), 7, "t: seven");
    proc_promise_unref(good);
    proc_promise_unref(bad);
}

enum { MANY = 20 };

static void wakes(void) {
    proc_promise *promise = proc_promise_new();
    proc_impl *impls[MANY];
    pthread_t thread;
    for (int i = 0; i < MANY; i++)
        impls[i] = wrap_only(i, proc_await(promise));
    proc_job *job = proc_start(proc_group(impls, MANY), NULL, NULL, NULL);
    wait_until_others_sleep();
    CHECK(!proc_job_wait(job, 0));
    CHECK_INT(pthread_create(&thread, NULL, complete, promise), 0);
    CHECK_OK(proc_job_join(job));
    pthread_join(thread, NULL);
    proc_promise_unref(promise);
}

static void afterwards(void) {
    proc_promise *promise = proc_promise_new();
    proc_impl *impl = proc_await(promise);
    CHECK(proc_promise_complete(promise, proc_error_new(7, "seven")));
    proc_promise_unref(promise);
    for (int i = 0; i < 3; i++)
        CHECK_FAILS(proc_run(proc_ref(impl), NULL), 7, "seven");
    proc_unref(impl);
}

static void first(void) {
    atomic_int released = 0;
    proc_promise *promise = proc_promise_new();
    CHECK(proc_promise_complete(promise, NULL));
    CHECK(!proc_promise_complete(promise,
                                 proc_error_with_payload(7, "late", &released, check_destroyed)));
    CHECK_INT(released, 1);
    CHECK(!proc_promise_complete(promise, NULL));
    CHECK_OK(proc_run(proc_await(promise), NULL));
    proc_promise_unref(promise);
}

static void cancelled(void) {
    proc_promise *promise = proc_promise_new();
    proc_cancel *handle = proc_cancel_new(NULL);
    proc_job *job = proc_start(PROC_SEQUENCE(proc_await(promise)), handle, NULL, NULL);
    wait_until_others_sleep();
    proc_cancel_trigger(handle, proc_error_new(77, "enough"));
    proc_error *error = proc_job_join(job);
    CHECK(proc_error_is_echo(error, handle));
    proc_error_unref(error);
    CHECK_FAILS(proc_run(proc_task("t", proc_await(promise)), handle), 77, "t: enough");
    CHECK_FAILS(proc_run(PROC_GROUP(proc_await(promise), failing("sibling")), NULL), EIO,
                "sibling");
    CHECK(proc_promise_complete(promise, NULL));
    proc_cancel_unref(handle);
    proc_promise_unref(promise);
}

static void wins(void) {
    proc_promise *promise = proc_promise_new();
    proc_cancel *handle = proc_cancel_new(NULL);
    proc_cancel_trigger(handle, NULL);
    CHECK(proc_promise_complete(promise, NULL));
    CHECK_OK(proc_run(proc_await(promise), handle));
    proc_cancel_unref(handle);
    proc_promise_unref(promise);
}

static const char *const text = "proc_await: the promise was released without being completed";

static void broken(void) {
    proc_promise *promise = proc_promise_new();
    proc_impl *impl = proc_await(promise);
    proc_job *job = proc_start(proc_ref(impl), NULL, NULL, NULL);
    wait_until_others_sleep();
    proc_promise_unref(promise);
    CHECK_FAILS(proc_job_join(job), EPIPE, text);
    CHECK_FAILS(proc_run(impl, NULL), EPIPE, text);
}

static void kept(void) {
    proc_promise *promise = proc_promise_new(), *other = proc_promise_ref(promise);
    CHECK(other == promise);
    proc_promise_unref(promise);
    proc_impl *impl = proc_await(other);
    CHECK(proc_promise_complete(other, NULL));
    proc_promise_unref(other);
    CHECK_OK(proc_run(impl, NULL));
}

/* What meets: each takes its reference with it. */
typedef struct race {
    proc_promise *promise;
    proc_cancel *handle;
    atomic_int first;
} race;

static proc_error *complete_it(proc_cancel *cancel, void *user_data) {
    race *r = user_data;
    proc_promise *own = proc_promise_ref(r->promise);
    r->first += proc_promise_complete(own, proc_error_new(7, "seven"));
    proc_promise_unref(own);
    (void)cancel;
    return NULL;
}

static proc_error *cancel_it(proc_cancel *cancel, void *user_data) {
    race *r = user_data;
    proc_cancel_trigger(r->handle, proc_error_new(77, "enough"));
    (void)cancel;
    return NULL;
}

static void races(void) {
    for (size_t i = 0; i < check_scaled(2000); i++) {
        race r = {.promise = proc_promise_new(), .handle = proc_cancel_new(NULL)};
        proc_job *waits = proc_start(proc_await(r.promise), r.handle, NULL, NULL);
        proc_job *cancels =
            i % 2 ? proc_start(proc_new(cancel_it, &r, NULL), NULL, NULL, NULL) : NULL;
        CHECK_OK(proc_run(
            PROC_GROUP(proc_new(complete_it, &r, NULL), proc_new(complete_it, &r, NULL)), NULL));
        proc_promise_unref(r.promise);
        proc_error *error = proc_job_join(waits);
        int code = proc_error_code(error);
        CHECK(code == 7 || (cancels && code == 77));
        proc_error_unref(error);
        if (cancels)
            CHECK_OK(proc_job_join(cancels));
        CHECK_INT(r.first, 1);
        proc_cancel_unref(r.handle);
    }
}

static proc_error *complete_here(proc_cancel *cancel, void *promise) {
    (void)cancel;
    CHECK(proc_promise_complete(promise, NULL));
    return NULL;
}

static proc_error *spawn_and_await(proc_nursery *nursery, proc_cancel *cancel, void *promise) {
    CHECK_OK(proc_spawn(nursery, proc_new(complete_here, promise, NULL)));
    return proc_run(proc_await(promise), cancel);
}

static void in_a_nursery(void) {
    for (int i = 0; i < 20; i++) {
        proc_promise *promise = proc_promise_new();
        CHECK_OK(proc_run(proc_with_nursery(spawn_and_await, promise, NULL, NULL), NULL));
        proc_promise_unref(promise);
    }
}

static void dumped(void) {
    proc_promise *promise = proc_promise_new();
    proc_job *job = proc_start(
        proc_task("page", PROC_GROUP(proc_await(promise), proc_await(promise))), NULL, NULL, NULL);
    char *tree = dump_until("await, ", 2);
    CHECK_INSIDE(tree, "await", "group");
    CHECK_INSIDE(tree, "group", "task page");
    free(tree);
    CHECK(proc_promise_complete(promise, NULL));
    CHECK_OK(proc_job_join(job));
    proc_promise_unref(promise);
}

static void bad_input(void) {
    atomic_int released = 0;
    leaf l = {0};
    CHECK_FAILS(proc_run(PROC_SEQUENCE(leaf_new(&l), proc_await(NULL)), NULL), EINVAL,
                "proc_await: promise is NULL");
    CHECK_INT(l.runs, 0);
    CHECK(!proc_promise_complete(NULL,
                                 proc_error_with_payload(7, "late", &released, check_destroyed)));
    CHECK_INT(released, 1);
    CHECK(proc_promise_ref(NULL) == NULL);
    proc_promise_unref(NULL);
}

CHECK_MAIN(CASE(completes), CASE(wakes), CASE(afterwards), CASE(first), CASE(cancelled), CASE(wins),
           CASE(broken), CASE(kept), CASE(races), CASE(in_a_nursery), CASE(dumped), CASE(bad_input))
