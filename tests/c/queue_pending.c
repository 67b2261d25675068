/* What waits for its turn in a queue takes no thread, as a child of whatever has children at the same time. Laws, for each of those:
 *
 *   no_thread        Ten thousand that wait at once take no thread each; they run when somebody runs the queue.
 *   as_elsewhere     Tasks around it name the error; what runs has their handle, the values and the timeouts around it.
 *   begun            Cancelled, or out of time, what has begun is asked to stop, and waited for; what has not never begins.
 *   denied           All of that where no thread can be had.
 *   not_from_inside  What runs in a queue is a part of the job that waits for it, and of the one that runs it: it can join neither
 *                    (EDEADLK).
 *   rests            A child that runs in a queue may wait for the others of its nursery.
 *   several          Who waits for ever has run something, however many others run the queue.
 */
#include "interpose.h"
#include "pending.h"

static void no_thread(void) {
    size_t many = check_scaled(10000);
    proc_impl **impls = calloc(many, sizeof(proc_impl *));
    EACH_KIND(kind) {
        leaf l = {0};
        proc_queue *queue = proc_queue_new();
        for (size_t i = 0; i < many; i++)
            impls[i] = proc_on_queue(queue, leaf_new(&l));
        holding before = holding_now();
        proc_job *job = proc_start(kinds[kind](impls, many), NULL, NULL, NULL);
        wait_until_others_sleep();
        /* Some, which begin them: more while they wait for each other's locks. */
        CHECK((size_t)tasks_now() <= (size_t)before.threads + many / 4);
        while (!proc_job_wait(job, 0))
            proc_queue_run(queue, NULL, PROC_MS(10));
        CHECK_OK(proc_job_join(job));
        CHECK_INT(l.runs, (int)many);
        CHECK(pthread_equal(l.thread, pthread_self()));
        CHECK_INT(l.destroyed, (int)many);
        proc_queue_unref(queue);
    }
    free(impls);
}

static const proc_key key = {"key"};

static proc_error *look(proc_cancel *cancel, void *user_data) {
    CHECK(proc_current() == cancel);
    CHECK(proc_value(cancel, &key) == user_data);
    CHECK(proc_cancel_remaining(cancel) > 0);
    return proc_error_new(7, "seven");
}

static proc_impl *wrapped(proc_queue *queue, int64_t timeout_ns, proc_impl *impl) {
    impl = proc_timeout(timeout_ns, proc_task("inner", proc_on_queue(queue, impl)));
    return proc_task("outer", proc_with_value(&key, "value", NULL, proc_trace_region("r", impl)));
}

static void as_elsewhere(void) {
    EACH_KIND(kind) {
        proc_queue *queue = proc_queue_new();
        proc_impl *impl = proc_task("leaf", proc_new(look, "value", NULL));
        proc_impl *impls[] = {wrapped(queue, PROC_SECONDS(3600), impl), succeeding()};
        proc_job *job = proc_start(proc_task("all", kinds[kind](impls, 2)), NULL, NULL, NULL);
        CHECK_INT(proc_queue_run(queue, NULL, PROC_FOREVER), 1);
        CHECK_FAILS(proc_job_join(job), 7, "all: outer: inner: leaf: seven");
        proc_queue_unref(queue);
    }
}

typedef struct above {
    proc_cancel *handle;
    atomic_int runs, destroyed;
} above;

static proc_error *cancel_above(proc_cancel *cancel, void *user_data) {
    above *a = user_data;
    a->runs++;
    proc_cancel_trigger(a->handle, proc_error_new(77, "enough"));
    leaf_wait_cancelled(cancel);
    return proc_error_new(7, "seven");
}

static void above_destroyed(void *user_data) { ((above *)user_data)->destroyed++; }

/* One has begun, and one has not, when both are cancelled. Either may be the first in the queue. */
static void begun_and_cancelled(proc_impl *in(proc_impl *const *, size_t)) {
    proc_queue *queue = proc_queue_new();
    proc_cancel *handle = proc_cancel_new(NULL);
    above a = {.handle = handle};
    proc_impl *impls[] = {proc_on_queue(queue, proc_new(cancel_above, &a, above_destroyed)),
                          proc_on_queue(queue, proc_new(cancel_above, &a, above_destroyed))};
    proc_job *job = proc_start(in(impls, 2), handle, NULL, NULL);
    wait_until_others_sleep();
    CHECK_INT(proc_queue_run(queue, NULL, PROC_FOREVER), 1);
    proc_error *error = proc_job_join(job);
    CHECK_INT(proc_error_code(error), 7);
    proc_error_unref(error);
    CHECK_INT(a.runs, 1);
    CHECK_INT(a.destroyed, 2);
    proc_cancel_unref(handle);
    proc_queue_unref(queue);
}

static void begun(void) {
    EACH_KIND(kind) {
        begun_and_cancelled(kinds[kind]);
        leaf late = {.until_cancelled = true};
        proc_queue *queue = proc_queue_new();
        proc_impl *impls[] = {wrapped(queue, PROC_MS(20), leaf_new(&late)), succeeding()};
        proc_job *job = proc_start(kinds[kind](impls, 2), NULL, NULL, NULL);
        size_t ran = proc_queue_run(queue, NULL, PROC_MS(500));
        CHECK_FAILS(proc_job_join(job), ETIMEDOUT, "outer: inner: timed out after 20 ms");
        CHECK_INT(late.runs, (int)ran);
        proc_impl *out[] = {wrapped(queue, PROC_MS(1), leaf_new(&late)), succeeding()};
        CHECK_FAILS(proc_run(kinds[kind](out, 2), NULL), ETIMEDOUT,
                    "outer: inner: timed out after 1 ms");
        CHECK_INT(late.runs, (int)ran);
        CHECK_INT(proc_queue_run(queue, NULL, 0), 0);
        proc_queue_unref(queue);
    }
}

static void *run_all(void *queue) {
    for (size_t count = 0; count < 2;)
        count += proc_queue_run(queue, NULL, PROC_FOREVER);
    return NULL;
}

static void denied(void) {
    EACH_KIND(kind) {
        leaf l = {0};
        pthread_t thread;
        proc_queue *queue = proc_queue_new();
        CHECK_INT(pthread_create(&thread, NULL, run_all, queue), 0);
        threads_left = 0;
        proc_impl *impls[] = {proc_on_queue(queue, leaf_new(&l)),
                              proc_task("t", proc_on_queue(queue, leaf_new(&l))),
                              proc_timeout(PROC_MS(1), proc_delay(PROC_FOREVER))};
        proc_error *error = proc_run(kinds[kind](impls, 2), NULL);
        CHECK_OK(error);
        CHECK_INT(l.runs, 2);
        CHECK_FAILS(proc_run(proc_ref(impls[2]), NULL), ETIMEDOUT, "timed out after 1 ms");
        proc_unref(impls[2]);
        threads_left = -1;
        pthread_join(thread, NULL);
        proc_queue_unref(queue);
    }
}

/* Jobs that wait for each other through a queue. */
typedef struct jobs {
    proc_queue *queue;
    proc_job *waits, *runs;
    gate known;
} jobs;

static void check_refused(proc_job *job) {
    proc_error *error = proc_job_join(job);
    CHECK_INT(proc_error_code(error), EDEADLK);
    proc_error_unref(error);
    CHECK(proc_job_inside(job));
}

static proc_error *join_both(proc_cancel *cancel, void *user_data) {
    jobs *j = user_data;
    (void)cancel;
    GATE_WAIT(&j->known);
    check_refused(j->waits);
    check_refused(j->runs);
    return NULL;
}

static proc_error *run_queue(proc_cancel *cancel, void *user_data) {
    jobs *j = user_data;
    CHECK_INT(proc_queue_run(j->queue, cancel, PROC_FOREVER), 1);
    CHECK(!proc_job_inside(j->waits));
    return NULL;
}

static void not_from_inside(void) {
    for (int pends = 0; pends < 2; pends++) {
        jobs j = {.queue = proc_queue_new()};
        gate_init(&j.known);
        proc_impl *joins = proc_on_queue(j.queue, proc_new(join_both, &j, NULL));
        proc_impl *waits = pends ? PROC_GROUP(joins, succeeding()) : joins;
        j.waits = proc_start(waits, NULL, NULL, NULL);
        j.runs = proc_start(proc_new(run_queue, &j, NULL), NULL, NULL, NULL);
        gate_open(&j.known);
        CHECK_OK(proc_job_join(j.runs)); /* Which asks for the other one at its end. */
        CHECK_OK(proc_job_join(j.waits));
        proc_queue_unref(j.queue);
    }
}

typedef struct rest {
    proc_queue *queue;
    proc_nursery *nursery;
} rest;

static proc_error *rest_in_queue(proc_cancel *cancel, void *user_data) {
    rest *r = user_data;
    (void)cancel;
    CHECK(proc_nursery_wait(r->nursery, PROC_FOREVER));
    return NULL;
}

static proc_error *spawn_to_rest(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    rest *r = user_data;
    (void)cancel;
    r->nursery = nursery;
    CHECK_OK(proc_spawn(nursery, proc_on_queue(r->queue, proc_new(rest_in_queue, r, NULL))));
    CHECK_OK(proc_spawn(nursery, proc_delay(PROC_MS(1))));
    return NULL;
}

static void rests(void) {
    rest r = {.queue = proc_queue_new()};
    proc_job *job = proc_start(proc_with_nursery(spawn_to_rest, &r, NULL, NULL), NULL, NULL, NULL);
    CHECK_INT(proc_queue_run(r.queue, NULL, PROC_FOREVER), 1);
    CHECK_OK(proc_job_join(job));
    proc_queue_unref(r.queue);
}

/* What several threads run. */
typedef struct common {
    proc_queue *queue;
    proc_cancel *until;
    atomic_size_t ran;
} common;

static void *run_until_cancelled(void *user_data) {
    common *c = user_data;
    while (!proc_cancelled(c->until)) {
        size_t ran = proc_queue_run(c->queue, c->until, PROC_FOREVER);
        CHECK(ran > 0 || proc_cancelled(c->until));
        atomic_fetch_add(&c->ran, ran);
    }
    return NULL;
}

static proc_error *run_in(proc_cancel *cancel, void *queue) {
    (void)cancel;
    for (size_t i = 0; i < check_scaled(10000); i++)
        CHECK_OK(proc_run(
            PROC_CONCURRENT(proc_on_queue(queue, succeeding()), proc_on_queue(queue, succeeding())),
            NULL));
    return NULL;
}

static void several(void) {
    enum { COUNT = 3 };
    pthread_t threads[COUNT];
    common c = {.queue = proc_queue_new(), .until = proc_cancel_new(NULL)};
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, run_until_cancelled, &c), 0);
    CHECK_OK(proc_run(
        PROC_CONCURRENT(proc_new(run_in, c.queue, NULL), proc_new(run_in, c.queue, NULL)), NULL));
    proc_cancel_trigger(c.until, NULL);
    for (int i = 0; i < COUNT; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(c.ran, 4 * check_scaled(10000));
    proc_cancel_unref(c.until);
    proc_queue_unref(c.queue);
}

CHECK_MAIN(CASE(no_thread), CASE(as_elsewhere), CASE(begun), CASE(denied), CASE(not_from_inside),
           CASE(rests), CASE(several))
