/* What only waits, as a child of a nursery: it is a child like any other, but for the thread that it does not take (pending.c).
 * Some cases play in a fresh program. Laws:
 *
 *   a_child            It counts, and has its place in a nursery with a limit, until it has ended.
 *   on_failure         on_failure is asked about its error, on a thread that may call anything, and not on the one that
 *                      completes the promise.
 *   never_there        Nothing of the program's runs where a promise is completed or a handle cancelled: what awaited it ends
 *                      on another thread.
 *   beside_others      It ends while its siblings run and hold all threads that are there.
 *   body_rests         A body that waits for the last child, in proc_nursery_wait, is told.
 *   body_waits         One that waits for something else: children end meanwhile, and a failure cancels it.
 *   others_spawn       A child that waits does not keep others from running, or from being refused once all is over.
 *   denied             If no thread can be had, a body that waits in proc_nursery_wait is told all the same, and a failure
 *                      cancels a body that waits for something else.
 *   dumped             The dump shows what waits, the tasks and regions around it, and how many there are; of many only some.
 *   forked             In a child of fork, a promise can be completed, and what awaits it in the parent does not end there.
 */
#include "asleep.h"
#include "child.h"
#include "dumped.h"
#include "forks.h"
#include "interpose.h"
#include "nursery.h"
#include "pending.h"
#include "tasks.h"

static proc_error *spawn_two(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    const awaits *a = user_data;
    CHECK_OK(proc_try_spawn(nursery, a->impls[0]));
    CHECK_OK(proc_try_spawn(nursery, a->impls[1]));
    CHECK_FAILS(proc_try_spawn(nursery, succeeding()), EAGAIN,
                "proc_try_spawn: the nursery is full");
    CHECK(!proc_nursery_wait(nursery, PROC_MS(1)));
    CHECK_INT(proc_nursery_count(nursery), 2);
    CHECK(proc_promise_complete(a->promises[1], NULL));
    CHECK_OK(proc_spawn(nursery, succeeding())); /* It gets the place. */
    CHECK(proc_promise_complete(a->promises[0], NULL));
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER));
    CHECK_INT(proc_nursery_count(nursery), 0);
    return NULL;
}

static void a_child(void) {
    awaits a = awaits_new(2);
    proc_nursery_options options = limited(2);
    CHECK_OK(nursery_run(spawn_two, &a, NULL, &options));
    awaits_free(&a);
}

/* Who was asked about which errors. */
typedef struct asked {
    atomic_int times, codes;
    pthread_t completes;
    const char *instead;
} asked;

static proc_error *ask(proc_error *error, void *user_data) {
    asked *a = user_data;
    const char *instead = a->instead;
    a->codes += proc_error_code(error);
    CHECK(!pthread_equal(pthread_self(), a->completes));
    CHECK_OK(proc_run(PROC_GROUP(succeeding(), succeeding()), NULL));
    proc_error_unref(error);
    a->times++;
    return instead ? proc_error_new(90, instead) : NULL;
}

static void on_failure(void) {
    enum { MANY = 100 };
    asked asks = {.completes = pthread_self()};
    proc_nursery_options options = PROC_NURSERY_OPTIONS_INIT;
    options.on_failure = ask;
    options.user_data = &asks;
    awaits a = awaits_new(MANY);
    spawned all = {a.impls, MANY};
    proc_job *job =
        proc_start(proc_with_nursery(spawn_all, &all, NULL, &options), NULL, NULL, NULL);
    wait_until_others_sleep();
    for (int i = 0; i < MANY - 1; i++)
        CHECK(proc_promise_complete(a.promises[i], proc_error_new(2, "two")));
    while (asks.times < MANY - 1)
        sched_yield();
    CHECK(!proc_job_wait(job, 0));
    asks.instead = "instead";
    CHECK(proc_promise_complete(a.promises[MANY - 1], proc_error_new(2, "two")));
    CHECK_FAILS(proc_job_join(job), 90, "instead");
    CHECK_INT(asks.times, MANY);
    CHECK_INT(asks.codes, 2 * MANY);
    awaits_free(&a);
}

static const proc_key key = {"key"};

static void note_thread(void *user_data) { *(_Atomic pthread_t *)user_data = pthread_self(); }

static void never_there(void) {
    for (int cancels = 0; cancels < 2; cancels++) {
        _Atomic pthread_t released = pthread_self();
        proc_cancel *handle = proc_cancel_new(NULL);
        awaits a = awaits_new(1);
        a.impls[0] = proc_with_value(&key, &released, note_thread, a.impls[0]);
        proc_job *job = proc_start(in_nursery(a.impls, 1), handle, NULL, NULL);
        wait_until_others_sleep();
        if (cancels)
            proc_cancel_trigger(handle, NULL);
        else
            CHECK(proc_promise_complete(a.promises[0], NULL));
        proc_error_unref(proc_job_join(job));
        CHECK(!pthread_equal(released, pthread_self()));
        proc_cancel_unref(handle);
        awaits_free(&a);
    }
}

/* Its siblings hold all threads until it has ended, which its value tells. */
static void open_gate(void *user_data) { gate_open(user_data); }

static void beside_others(void) {
    gate ended;
    gate_init(&ended);
    leaf l = {.waits = &ended};
    awaits a = awaits_new(1);
    proc_impl *impls[] = {leaf_new(&l), leaf_new(&l),
                          proc_with_value(&key, &ended, open_gate, a.impls[0]), leaf_new(&l)};
    proc_job *job = proc_start(in_nursery(impls, 4), NULL, NULL, NULL);
    wait_until_others_sleep();
    CHECK_INT(ended.opened, 0);
    CHECK(proc_promise_complete(a.promises[0], NULL));
    CHECK_OK(proc_job_join(job));
    CHECK_INT(l.runs, 3);
    awaits_free(&a);
}

static void *complete_all(void *user_data) {
    wait_until_others_sleep();
    awaits_complete(user_data);
    return NULL;
}

static proc_error *spawn_and_rest(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    awaits *a = user_data;
    pthread_t thread;
    spawned all = {a->impls, a->count};
    CHECK_OK(spawn_all(nursery, cancel, &all));
    CHECK_INT(pthread_create(&thread, NULL, complete_all, a), 0);
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER));
    CHECK_INT(proc_nursery_count(nursery), 0);
    pthread_join(thread, NULL);
    return NULL;
}

static void body_rests(void) {
    for (size_t count = 1; count <= 1000; count *= 10) {
        awaits a = awaits_new(count);
        CHECK_OK(nursery_run(spawn_and_rest, &a, NULL, NULL));
        awaits_free(&a);
    }
}

static void *fail_one(void *user_data) {
    const awaits *a = user_data;
    wait_until_others_sleep();
    CHECK(proc_promise_complete(a->promises[0], proc_error_new(7, "seven")));
    return NULL;
}

static proc_error *spawn_and_wait(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    awaits *a = user_data;
    pthread_t thread;
    spawned all = {a->impls, a->count};
    CHECK_OK(spawn_all(nursery, cancel, &all));
    CHECK_INT(pthread_create(&thread, NULL, fail_one, a), 0);
    leaf_wait_cancelled(cancel);
    CHECK_STR(proc_error_message(proc_cancel_cause(cancel)), "seven");
    pthread_join(thread, NULL);
    return NULL;
}

static void body_waits(void) {
    for (size_t count = 1; count <= 1000; count *= 10) {
        awaits a = awaits_new(count);
        proc_error *error = nursery_run(spawn_and_wait, &a, NULL, NULL);
        CHECK_INT(proc_error_code(error), 7);
        proc_error_unref(error);
        awaits_free(&a);
    }
}

static proc_error *spawn_more(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    nursed *n = user_data;
    (void)cancel;
    for (size_t i = 0; i < n->count; i++)
        CHECK_OK(proc_spawn(nursery, proc_new(nursed_count, n, NULL)));
    n->nursery = proc_nursery_ref(nursery);
    return NULL;
}

static proc_error *spawn_beside(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    const awaits *a = user_data;
    for (size_t i = 0; i < a->count; i++)
        CHECK_OK(proc_spawn(nursery, a->impls[i]));
    nursed n = {.count = 50};
    CHECK_OK(nursery_run(spawn_more, &n, NULL, NULL));
    CHECK_INT(n.runs, 50);
    CHECK_FAILS(proc_spawn(n.nursery, succeeding()), EPIPE,
                "proc_spawn: the nursery has completed");
    proc_nursery_unref(n.nursery);
    awaits_complete(a);
    return NULL;
}

static void others_spawn(void) {
    awaits a = awaits_new(20);
    CHECK_OK(nursery_run(spawn_beside, &a, NULL, NULL));
    awaits_free(&a);
}

/* No thread can be had from when its children have begun, and those that there are have ended. */
static void deny_threads(void) {
    free(dump_until(", waiting without a thread", 3));
    threads_left = 0;
    wait_for_tasks(1);
}

static proc_error *rest_without_threads(proc_nursery *nursery, proc_cancel *cancel,
                                        void *user_data) {
    (void)cancel;
    const awaits *a = user_data;
    CHECK_OK(spawn_all(nursery, cancel, &(spawned){a->impls, 3}));
    deny_threads();
    awaits_complete(a);
    CHECK(proc_nursery_wait(nursery, PROC_FOREVER));
    CHECK_INT(proc_nursery_count(nursery), 0);
    return NULL;
}

static proc_error *wait_without_threads(proc_nursery *nursery, proc_cancel *cancel,
                                        void *user_data) {
    const awaits *a = user_data;
    CHECK_OK(spawn_all(nursery, cancel, &(spawned){a->impls, 3}));
    deny_threads();
    CHECK(proc_promise_complete(a->promises[1], NULL));
    CHECK(proc_promise_complete(a->promises[0], proc_error_new(7, "seven")));
    leaf_wait_cancelled(cancel);
    return NULL;
}

static void denied_role(void) {
    proc_config config = PROC_CONFIG_INIT;
    config.idle_timeout_ns = PROC_AT_ONCE;
    CHECK_OK(proc_configure(&config));
    awaits rests = awaits_new(3), waits = awaits_new(3);
    CHECK_OK(nursery_run(rest_without_threads, &rests, NULL, NULL));
    threads_left = -1;
    proc_error *error = nursery_run(wait_without_threads, &waits, NULL, NULL);
    CHECK_INT(proc_error_code(error), 7);
    proc_error_unref(error);
    awaits_free(&rests);
    awaits_free(&waits);
}

static void denied(void) { child_run("denied_role"); }

static void dumped(void) {
    size_t many = 1000;
    awaits a = awaits_new(many);
    for (size_t i = 0; i < many; i++)
        a.impls[i] = proc_task("page", proc_trace_region("region", a.impls[i]));
    proc_job *job = proc_start(proc_task("all", in_nursery(a.impls, many)), NULL, NULL, NULL);
    char *text = dump_until("968 more, waiting without a thread", 1);
    CHECK_INSIDE(text, "await", "trace_region region");
    CHECK_INSIDE(text, "trace_region region", "task page");
    CHECK_INSIDE(text, "task page", "nursery");
    CHECK(dumped_line_has(dumped_line(text, "task page"), ", waiting without a thread"));
    CHECK(!dumped_line_has(dumped_line(text, "task page"), "thread 1"));
    free(text);
    text = dump(PROC_DUMP_JSON);
    CHECK_HAS(text, "\"pending\":1000,");
    CHECK_HAS(text, "\"kind\":\"await\",\"path\":\"all/page\",\"age_ns\"");
    CHECK_HAS(text, "\"doing\":\"waiting without a thread\"");
    free(text);
    awaits_complete(&a);
    CHECK_OK(proc_job_join(job));
    awaits_free(&a);
}

static void complete_here(void *user_data) {
    const awaits *a = user_data;
    CHECK(proc_promise_complete(a->promises[0], NULL));
    CHECK_OK(proc_run(proc_await(a->promises[0]), NULL));
    awaits own = awaits_new(3);
    proc_job *job = proc_start(in_nursery(own.impls, 3), NULL, NULL, NULL);
    awaits_complete(&own);
    CHECK_OK(proc_job_join(job));
    awaits_free(&own);
}

static void forked(void) {
    if (!order_is_seen()) /* Valgrind would call what the parent's threads held a leak of the child's. */
        return;
    awaits a = awaits_new(2);
    proc_job *job = proc_start(in_nursery(a.impls, 2), NULL, NULL, NULL);
    free(dump_until(", waiting without a thread", 2));
    wait_until_others_sleep();
    forks_run(complete_here, &a);
    CHECK(!proc_job_wait(job, 0));
    awaits_complete(&a);
    CHECK_OK(proc_job_join(job));
    awaits_free(&a);
}

CHECK_MAIN(CASE(a_child), CASE(on_failure), CASE(never_there), CASE(beside_others),
           CASE(body_rests), CASE(body_waits), CASE(others_spawn), CASE(denied), ROLE(denied_role),
           CASE(dumped), CASE(forked))
