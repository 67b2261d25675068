/* Reuse: a process is immutable, reference counted, reusable. Laws:
 *
 *   many_callers        Every function may be called from any thread: several threads run processes of their own at once.
 *   shared_error        The same error may be read at the same time from several threads, and reads the same.
 *   shared_process      The same process may run at the same time from several threads.
 *   same_process        … and twice at the same time inside one tree.
 *   many_times          … and many times.
 */
#include "leaf.h"

enum { THREADS = 6 };

typedef struct caller {
    gate start;
    proc_impl *shared; /* NULL: each caller makes its own */
    leaf all;
} caller;

/* One tree with tasks that fail, be cancelled and succeed: five leaves are run in it. */
static proc_impl *make_tree(leaf *counted) {
    proc_impl *pair = PROC_CONCURRENT(leaf_new(counted), proc_task("t", leaf_new(counted)));
    proc_impl *steps = PROC_SEQUENCE(leaf_new(counted), leaf_new(counted), pair);
    return PROC_GROUP(steps, leaf_new(counted), PROC_SEQUENCE(succeeding(), failing("fails")));
}

static void *call_often(void *user_data) {
    caller *c = user_data;
    GATE_MEET(&c->start, THREADS);
    for (int i = 0; i < 100; i++) {
        proc_impl *impl = c->shared ? proc_ref(c->shared) : make_tree(&c->all);
        CHECK_FAILS(proc_run(impl, NULL), EIO, "fails");
    }
    return NULL;
}

static void call_from_threads(caller *c) {
    pthread_t threads[THREADS];
    gate_init(&c->start);
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, call_often, c), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(c->all.runs, THREADS * 100 * 5);
}

static void many_callers(void) {
    caller c = {0};
    call_from_threads(&c);
    CHECK_INT(c.all.destroyed, THREADS * 100 * 5);
}

static void shared_process(void) {
    caller c = {0};
    c.shared = make_tree(&c.all);
    call_from_threads(&c);
    CHECK_INT(c.all.destroyed, 0);
    proc_unref(c.shared);
    CHECK_INT(c.all.destroyed, 5);
}

static proc_error *read_error(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    const proc_error *const error = *(proc_error **)user_data;
    CHECK_STR(proc_error_message(error), "2 errors:\n- same\n- same");
    CHECK(proc_error_message(error) == proc_error_message(error));
    CHECK(proc_error_is(error, EIO) && proc_error_count(error) == 2);
    return NULL;
}

static void shared_error(void) {
    for (int round = 0; round < 200; round++) {
        proc_error *error = proc_run(PROC_CONCURRENT(failing("same"), failing("same")), NULL);
        proc_impl *reading = proc_new(read_error, &error, NULL);
        for (int i = 0; i < 3; i++)
            proc_ref(reading);
        CHECK_OK(proc_run(PROC_GROUP(reading, reading, reading, reading), NULL));
        proc_error_unref(error);
    }
}

static proc_error *meet(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    GATE_MEET((gate *)user_data, THREADS);
    return NULL;
}

static void same_process(void) {
    gate all;
    gate_init(&all);
    proc_impl *meeting = proc_new(meet, &all, NULL);
    proc_impl *impls[THREADS];
    for (int i = 0; i < THREADS; i++)
        impls[i] = i % 2 ? proc_task("same", proc_ref(meeting)) : proc_ref(meeting);
    proc_unref(meeting);
    CHECK_OK(proc_run(proc_group(impls, THREADS), NULL));
}

static void many_times(void) {
    leaf l = {0};
    proc_impl *impl = make_tree(&l);
    for (int i = 0; i < 2000; i++)
        CHECK_FAILS(proc_run(proc_ref(impl), NULL), EIO, "fails");
    proc_unref(impl);
    CHECK_INT(l.runs, 2000 * 5);
    CHECK_INT(l.destroyed, 5);
}

CHECK_MAIN(CASE(many_callers), CASE(shared_error), CASE(shared_process), CASE(same_process),
           CASE(many_times))
