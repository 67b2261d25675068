/* Queues: what runs on a thread of the program's choice. Laws:
 *
 *   runs             What is there runs on the thread that calls proc_queue_run, one after the other, in the order in which it came; an error
 *                    goes to who waits.
 *   left             What comes while it runs is left for the next call.
 *   waits            Without anything to run it waits for the first, for so long, or until its handle is cancelled; what is there runs
 *                    under a cancelled handle, too.
 *   belongs          What runs has the handle, the task and the values that are around the wait, also where that is the thread's that runs it.
 *   in_place         Inside of a run of the same queue it runs at once; inside of one of another queue it does not.
 *   refused          What a run waits for, and has begun elsewhere, is not for the queue: EDEADLK, unless others run it. A job waits.
 *   nested           A run inside of a run goes on with what is left.
 *   cancelled        Cancelled before it began, it does not begin, and the cause is returned; no call counts it.
 *   stops            Cancelled after that, it is asked to stop, and waited for.
 *   released         With the last reference, what waits fails with EPIPE, and what comes later; the process is no reference; a run has one.
 *   readable         The descriptor is readable while there is something to run, and closed with the queue.
 *   read_away        If it was read from, what is left after the next run makes it readable again.
 *   races            Runs, cancellations and the last reference at the same time: each child ends once, as it should.
 *   dumped           Who waits is shown as `queue`; what runs, inside of who runs the queue, or else of who waits; who waits for something to run, by its name.
 *   bad_input        NULL is bad input; as a reference it is nothing.
 */
#include "asleep.h"
#include "dumped.h"
#include "leaf.h"
#include <fcntl.h>
#include <poll.h>

static size_t shown_waiting(void) {
    char *text = dump(PROC_DUMP_TEXT);
    size_t times = dumped_times(text, "queue, ");
    free(text);
    return times;
}

/* Starts a wait for its turn, and returns when that is in the queue; under valgrind, when it is about to be. */
static proc_job *start_in(proc_queue *queue, proc_impl *impl, proc_cancel *cancel) {
    size_t before = order_is_seen() ? 0 : shown_waiting();
    proc_job *job = proc_start(proc_on_queue(queue, impl), cancel, NULL, NULL);
    wait_until_others_sleep();
    if (!order_is_seen())
        free(dump_until("queue, ", before + 1));
    return job;
}

static bool is_readable(proc_queue *queue) {
    struct pollfd file = {.fd = proc_queue_fd(queue), .events = POLLIN};
    return poll(&file, 1, 0) == 1 && file.revents == POLLIN;
}

/* Notes in which order its like were called. */
typedef struct place {
    atomic_int *next;
    int found;
} place;

static proc_error *take_place(proc_cancel *cancel, void *user_data) {
    place *p = user_data;
    (void)cancel;
    p->found = atomic_fetch_add(p->next, 1);
    return NULL;
}

static void runs(void) {
    enum { COUNT = 3 };
    atomic_int next = 0;
    place places[COUNT];
    proc_job *jobs[COUNT];
    proc_queue *queue = proc_queue_new();
    for (int i = 0; i < COUNT; i++) {
        places[i] = (place){&next, -1};
        jobs[i] = start_in(queue, proc_new(take_place, &places[i], NULL), NULL);
    }
    leaf l = {.fails = "bad"};
    proc_job *fails = start_in(queue, leaf_new(&l), NULL);
    CHECK(!proc_job_wait(fails, 0));
    CHECK_INT(proc_queue_run(queue, NULL, order_is_seen() ? 0 : PROC_FOREVER), COUNT + 1);
    for (int i = 0; i < COUNT; i++) {
        CHECK_OK(proc_job_join(jobs[i]));
        CHECK_INT(places[i].found, i);
    }
    CHECK_FAILS(proc_job_join(fails), EIO, "bad");
    CHECK(pthread_equal(l.thread, pthread_self()));
    CHECK_INT(l.destroyed, 1);
    CHECK_INT(proc_queue_run(queue, NULL, 0), 0);
    proc_queue_unref(queue);
}

/* What a callback in the queue uses. */
typedef struct uses {
    proc_queue *queue;
    proc_job *started;
    leaf other;
    gate opens;
} uses;

static proc_error *bring_another(proc_cancel *cancel, void *user_data) {
    uses *u = user_data;
    (void)cancel;
    u->started = start_in(u->queue, leaf_new(&u->other), NULL);
    CHECK_INT(u->other.runs, 0);
    return NULL;
}

static void left(void) {
    uses u = {.queue = proc_queue_new()};
    proc_job *job = start_in(u.queue, proc_new(bring_another, &u, NULL), NULL);
    CHECK_INT(proc_queue_run(u.queue, NULL, 0), 1);
    CHECK_OK(proc_job_join(job));
    CHECK_INT(u.other.runs, 0);
    CHECK_INT(proc_queue_run(u.queue, NULL, 0), 1);
    CHECK_OK(proc_job_join(u.started));
    CHECK_INT(u.other.runs, 1);
    proc_queue_unref(u.queue);
}

static void *run_for_ever(void *queue) {
    return (void *)(uintptr_t)proc_queue_run(queue, NULL, PROC_FOREVER);
}

static void waits(void) {
    void *count = NULL;
    pthread_t thread;
    proc_queue *queue = proc_queue_new();
    CHECK_INT(proc_queue_run(queue, NULL, 0), 0);
    CHECK_INT(proc_queue_run(queue, NULL, PROC_MS(1)), 0);
    proc_cancel *handle = proc_cancel_new_timeout(NULL, PROC_MS(1));
    CHECK_INT(proc_queue_run(queue, handle, PROC_FOREVER), 0);
    CHECK(proc_cancelled(handle));
    proc_job *job = start_in(queue, succeeding(), NULL);
    CHECK_INT(proc_queue_run(queue, handle, PROC_FOREVER), 1);
    CHECK_OK(proc_job_join(job));
    proc_cancel_unref(handle);
    CHECK_INT(pthread_create(&thread, NULL, run_for_ever, queue), 0);
    wait_until_others_sleep();
    CHECK_OK(proc_run(proc_on_queue(queue, succeeding()), NULL));
    pthread_join(thread, &count);
    CHECK_INT((uintptr_t)count, 1);
    proc_queue_unref(queue);
}

static void *run_two(void *queue) {
    for (size_t count = 0; count < 2;)
        count += proc_queue_run(queue, NULL, PROC_FOREVER);
    return NULL;
}

static const proc_key key = {"key"};

/* What is around a callback. */
typedef struct around {
    const char *path;
    void *value;
    const proc_cancel *handle;
} around;

static proc_error *look_around(proc_cancel *cancel, void *user_data) {
    around *a = user_data;
    a->handle = cancel;
    CHECK(proc_current() == cancel);
    CHECK(proc_value(NULL, &key) == a->value);
    CHECK(proc_value(cancel, &key) == a->value);
    return proc_errorf(7, "seven");
}

static proc_error *run_queue(proc_cancel *cancel, void *queue) {
    CHECK_INT(proc_queue_run(queue, cancel, PROC_FOREVER), 1);
    CHECK(proc_current() == cancel);
    CHECK_STR(proc_value(NULL, &key), "own");
    return NULL;
}

static void belongs(void) {
    proc_queue *queue = proc_queue_new();
    around a = {.value = "theirs"};
    proc_impl *look = proc_on_queue(queue, proc_task("inner", proc_new(look_around, &a, NULL)));
    proc_job *job = proc_start(proc_task("outer", proc_with_value(&key, "theirs", NULL, look)),
                               NULL, NULL, NULL);
    proc_impl *runs_it = proc_new(run_queue, queue, NULL);
    CHECK_OK(proc_run(proc_with_value(&key, "own", NULL, proc_task("loop", runs_it)), NULL));
    CHECK_FAILS(proc_job_join(job), 7, "outer: inner: seven");
    proc_queue_unref(queue);
}

static proc_error *spawn_in_place(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    (void)cancel;
    uses *u = user_data;
    return proc_spawn(nursery, proc_on_queue(u->queue, leaf_new(&u->other)));
}

static proc_error *spawn_and_open(proc_nursery *nursery, proc_cancel *cancel, void *user_data) {
    uses *u = user_data;
    CHECK_OK(spawn_in_place(nursery, cancel, u));
    gate_open(&u->opens);
    return NULL;
}

/* While another thread runs the queue, too, what waits for its turn there gets it. */
static proc_error *run_beside(proc_cancel *cancel, void *user_data) {
    uses *u = user_data;
    pthread_t thread;
    gate started;
    gate_init(&started);
    gate_init(&u->opens);
    leaf holds = {.started = &started, .waits = &u->opens};
    proc_job *job = proc_start(proc_on_queue(u->queue, leaf_new(&holds)), NULL, NULL, NULL);
    CHECK_INT(pthread_create(&thread, NULL, run_two, u->queue), 0);
    GATE_WAIT(&started);
    CHECK_OK(proc_run(proc_with_nursery(spawn_and_open, u, NULL, NULL), cancel));
    CHECK_OK(proc_job_join(job));
    pthread_join(thread, NULL);
    return NULL;
}

static proc_error *use_inside(proc_cancel *cancel, void *user_data) {
    uses *u = user_data;
    for (int i = 0; i < COMBINATORS; i++)
        CHECK_OK(proc_run(wrap_only(i, proc_on_queue(u->queue, leaf_new(&u->other))), cancel));
    CHECK_INT(u->other.runs, COMBINATORS);
    CHECK(pthread_equal(u->other.thread, pthread_self()));
    CHECK_INT(proc_queue_run(u->queue, NULL, 0), 0);
    proc_queue *another = proc_queue_new();
    proc_impl *elsewhere = proc_on_queue(another, leaf_new(&u->other));
    proc_queue_unref(another);
    CHECK_FAILS(proc_run(elsewhere, NULL), EPIPE, "proc_on_queue: the queue was released");
    return NULL;
}

static void in_place(void) {
    uses u = {.queue = proc_queue_new()};
    proc_job *job = start_in(u.queue, proc_new(use_inside, &u, NULL), NULL);
    CHECK_INT(proc_queue_run(u.queue, NULL, PROC_FOREVER), 1);
    CHECK_OK(proc_job_join(job));
    proc_queue_unref(u.queue);
}

static void refused(void) {
    uses u = {.queue = proc_queue_new()};
    proc_impl *spawns = proc_with_nursery(spawn_in_place, &u, NULL, NULL);
    proc_job *job = start_in(u.queue, proc_ref(spawns), NULL);
    CHECK_INT(proc_queue_run(u.queue, NULL, PROC_FOREVER), 1);
    CHECK_FAILS(proc_job_join(job), EDEADLK, "proc_on_queue: what runs the queue waits for this");
    CHECK_INT(u.other.runs, 0);
    job = start_in(u.queue, proc_new(run_beside, &u, NULL), NULL);
    CHECK_INT(proc_queue_run(u.queue, NULL, PROC_FOREVER), 1);
    CHECK_OK(proc_job_join(job));
    CHECK_INT(u.other.runs, 1);
    proc_unref(spawns);
    proc_queue_unref(u.queue);
}

static proc_error *run_rest(proc_cancel *cancel, void *user_data) {
    uses *u = user_data;
    CHECK_INT(proc_queue_run(u->queue, cancel, 0), 1);
    CHECK_INT(u->other.runs, 1);
    CHECK_OK(proc_run(proc_on_queue(u->queue, succeeding()), NULL));
    return NULL;
}

static void nested(void) {
    uses u = {.queue = proc_queue_new()};
    proc_job *outer = start_in(u.queue, proc_new(run_rest, &u, NULL), NULL);
    proc_job *inner = start_in(u.queue, leaf_new(&u.other), NULL);
    CHECK_INT(proc_queue_run(u.queue, NULL, 0), 1);
    CHECK_OK(proc_job_join(outer));
    CHECK_OK(proc_job_join(inner));
    proc_queue_unref(u.queue);
}

static void cancelled(void) {
    leaf l = {0};
    proc_queue *queue = proc_queue_new();
    proc_cancel *handle = proc_cancel_new(NULL);
    proc_job *job = start_in(queue, leaf_new(&l), handle);
    proc_job *stays = start_in(queue, leaf_new(&l), NULL);
    proc_cancel_trigger(handle, proc_error_new(77, "enough"));
    proc_error *error = proc_job_join(job);
    CHECK(proc_error_is_echo(error, handle));
    proc_error_unref(error);
    CHECK_FAILS(proc_run(proc_task("t", proc_on_queue(queue, leaf_new(&l))), handle), 77,
                "t: enough");
    CHECK_FAILS(proc_run(proc_timeout(PROC_MS(1), proc_on_queue(queue, leaf_new(&l))), NULL),
                ETIMEDOUT, "timed out after 1 ms");
    CHECK_INT(proc_queue_run(queue, NULL, 0), 1);
    CHECK_INT(l.runs, 1);
    CHECK_OK(proc_job_join(stays));
    CHECK_INT(l.destroyed, 4);
    proc_cancel_unref(handle);
    proc_queue_unref(queue);
}

static void *run_once(void *queue) {
    CHECK_INT(proc_queue_run(queue, NULL, PROC_FOREVER), 1);
    proc_queue_unref(queue);
    return NULL;
}

static void stops(void) {
    gate started, opens;
    gate_init(&started);
    gate_init(&opens);
    leaf l = {.started = &started, .until_cancelled = true, .waits = &opens};
    pthread_t thread;
    proc_queue *queue = proc_queue_new();
    proc_cancel *handle = proc_cancel_new(NULL);
    proc_job *job = proc_start(proc_on_queue(queue, leaf_new(&l)), handle, NULL, NULL);
    CHECK_INT(pthread_create(&thread, NULL, run_once, proc_queue_ref(queue)), 0);
    GATE_WAIT(&started);
    proc_queue_unref(queue); /* The run has one. */
    proc_cancel_trigger(handle, proc_error_new(77, "enough"));
    wait_until_others_sleep();
    CHECK(!proc_job_wait(job, 0));
    gate_open(&opens);
    CHECK_FAILS(proc_job_join(job), 77, "enough");
    CHECK(!l.saw_cancelled);
    pthread_join(thread, NULL);
    proc_cancel_unref(handle);
}

static void released(void) {
    leaf l = {0};
    proc_queue *queue = proc_queue_new(), *other = proc_queue_ref(queue);
    CHECK(other == queue);
    proc_impl *impl = proc_on_queue(queue, leaf_new(&l));
    proc_job *job = start_in(queue, leaf_new(&l), NULL);
    proc_queue_unref(queue);
    wait_until_others_sleep();
    CHECK(!order_is_seen() || !proc_job_wait(job, 0));
    proc_queue_unref(other);
    CHECK_FAILS(proc_job_join(job), EPIPE, "proc_on_queue: the queue was released");
    CHECK_FAILS(proc_run(impl, NULL), EPIPE, "proc_on_queue: the queue was released");
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 2);
}

static void readable(void) {
    proc_queue *queue = proc_queue_new();
    proc_cancel *handle = proc_cancel_new(NULL);
    int fd = proc_queue_fd(queue);
    CHECK(fd >= 0 && proc_queue_fd(queue) == fd && !is_readable(queue));
    CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    proc_job *first = proc_start(proc_on_queue(queue, succeeding()), NULL, NULL, NULL);
    CHECK_INT(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1), 1);
    proc_job *second = start_in(queue, succeeding(), handle);
    size_t ran = proc_queue_run(queue, NULL, 0);
    CHECK(ran == 2 || (ran == 1 && !order_is_seen()));
    CHECK_OK(proc_job_join(first));
    while (!order_is_seen() && !proc_job_wait(second, 0))
        proc_queue_run(queue, NULL, PROC_MS(1));
    CHECK_OK(proc_job_join(second));
    CHECK(!is_readable(queue));
    second = proc_start(proc_on_queue(queue, succeeding()), handle, NULL, NULL);
    CHECK_INT(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1), 1);
    proc_cancel_trigger(handle, NULL);
    CHECK_FAILS(proc_job_join(second), ECANCELED, strerror(ECANCELED));
    CHECK(!is_readable(queue));
    proc_cancel_unref(handle);
    proc_queue_unref(queue);
    CHECK_INT(fcntl(fd, F_GETFD), -1);
}

static void read_away(void) {
    char byte;
    uses u = {.queue = proc_queue_new()};
    int fd = proc_queue_fd(u.queue);
    proc_job *brings = start_in(u.queue, proc_new(bring_another, &u, NULL), NULL);
    proc_job *beside = start_in(u.queue, succeeding(), NULL);
    CHECK_INT(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1), 1);
    CHECK_INT(read(fd, &byte, 1), 1);
    size_t ran = proc_queue_run(u.queue, NULL, 0);
    CHECK(!order_is_seen() || (ran == 2 && is_readable(u.queue)));
    while (ran < 3)
        ran += proc_queue_run(u.queue, NULL, PROC_FOREVER);
    CHECK_OK(proc_job_join(brings));
    CHECK_OK(proc_job_join(beside));
    CHECK_OK(proc_job_join(u.started));
    CHECK(!is_readable(u.queue));
    proc_queue_unref(u.queue);
}

static void *run_for_a_moment(void *queue) {
    proc_queue_run(queue, NULL, PROC_MS(1));
    proc_queue_run(queue, NULL, 0);
    proc_queue_unref(queue);
    return NULL;
}

static void races(void) {
    for (size_t i = 0; i < check_scaled(1000); i++) {
        leaf l = {0};
        pthread_t thread;
        proc_queue *queue = proc_queue_new();
        proc_cancel *handle = proc_cancel_new(NULL);
        proc_impl *children[4];
        for (int c = 0; c < 4; c++)
            children[c] = proc_on_queue(queue, leaf_new(&l));
        proc_job *first = proc_start(proc_on_queue(queue, succeeding()), NULL, NULL, NULL);
        proc_job *all = proc_start(proc_concurrent(children, 4), handle, NULL, NULL);
        CHECK_INT(pthread_create(&thread, NULL, run_for_a_moment, proc_queue_ref(queue)), 0);
        if (i % 2)
            proc_cancel_trigger(handle, proc_error_new(77, "enough"));
        proc_queue_unref(queue);
        proc_error *error = proc_job_join(first);
        CHECK(!error || proc_error_code(error) == EPIPE);
        proc_error_unref(error);
        error = proc_job_join(all);
        CHECK(l.runs == 4 || error);
        int code = proc_error_code(error);
        CHECK(!error || code == EPIPE || (i % 2 && code == 77));
        proc_error_unref(error);
        CHECK_INT(l.destroyed, 4);
        pthread_join(thread, NULL);
        proc_cancel_unref(handle);
    }
}

static proc_error *show(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    char *tree = dump(PROC_DUMP_TEXT);
    CHECK_INSIDE(tree, "queue, ", "task waits");
    CHECK_HAS(tree, "proc_queue_run");
    CHECK_INSIDE(tree, "task runs", "proc_queue_run");
    free(tree);
    return NULL;
}

static proc_error *run_later(proc_cancel *cancel, void *queue) {
    CHECK_INT(proc_queue_run(queue, cancel, PROC_FOREVER), 1);
    return NULL;
}

static void dumped(void) {
    proc_queue *queue = proc_queue_new();
    proc_impl *waits = proc_on_queue(queue, proc_task("runs", proc_new(show, NULL, NULL)));
    proc_job *loop = proc_start(proc_new(run_later, queue, NULL), NULL, NULL, NULL);
    free(dump_until(", proc_queue_run\n", 1));
    CHECK_OK(proc_run(proc_task("waits", waits), NULL));
    CHECK_OK(proc_job_join(loop));
    waits = proc_on_queue(queue, proc_task("runs", proc_new(show, NULL, NULL)));
    proc_job *job =
        proc_start(PROC_GROUP(proc_task("waits", waits), succeeding()), NULL, NULL, NULL);
    free(dump_until("queue, ", 1));
    CHECK_INT(proc_queue_run(queue, NULL, 0), 1);
    CHECK_OK(proc_job_join(job));
    proc_queue_unref(queue);
}

static void bad_input(void) {
    leaf l = {0};
    proc_queue *queue = proc_queue_new();
    CHECK_FAILS(proc_run(PROC_SEQUENCE(leaf_new(&l), proc_on_queue(NULL, leaf_new(&l))), NULL),
                EINVAL, "proc_on_queue: queue is NULL");
    CHECK_FAILS(proc_run(proc_on_queue(queue, NULL), NULL), EINVAL, "proc_on_queue: impl is NULL");
    CHECK_INT(l.runs, 0);
    CHECK_INT(l.destroyed, 2);
    CHECK_INT(proc_queue_run(NULL, NULL, PROC_FOREVER), 0);
    CHECK(proc_queue_fd(NULL) == -1 && errno == EINVAL);
    CHECK(proc_queue_ref(NULL) == NULL);
    proc_queue_unref(NULL);
    proc_queue_unref(queue);
}

CHECK_MAIN(CASE(runs), CASE(left), CASE(waits), CASE(belongs), CASE(in_place), CASE(refused),
           CASE(nested), CASE(cancelled), CASE(stops), CASE(released), REAL(readable),
           CASE(read_away), CASE(races), CASE(dumped), CASE(bad_input))
