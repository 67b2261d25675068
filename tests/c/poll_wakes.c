/* proc_poll and what comes from outside while it waits. Laws:
 *
 *   woken             A cancellation wakes it, in a time that is finite or forever, and it fails with ECANCELED.
 *   from_above        … also that of a handle above, and of a group's failing child.
 *   all_woken         … all who wait on one handle, and it takes one descriptor.
 *                     Until then, a dump says that they are there.
 *   at_once           A cancellation that comes as the wait begins is not missed.
 *   file_wakes        A file that becomes ready wakes it, and is told.
 *   signals           Signals do not end it: neither a file that becomes ready later is missed nor a cancellation,
 *   signals_and_time  … and it goes on with the time that is left, however many come.
 *   mask              It leaves the signal mask alone: a signal that is blocked stays pending.
 */
#include "asleep.h"
#include "dumped.h"
#include "fds.h"
#include "leaf.h"
#include <sys/eventfd.h>

/* A wait for a file that nobody makes ready, and what ends it. */
typedef struct waiter {
    gate *ready;
    proc_cancel *cancel; /* NULL: the callback's own */
    int64_t time;
    int quiet;
} waiter;

static proc_error *wait_there(proc_cancel *cancel, void *user_data) {
    waiter *w = user_data;
    struct pollfd files[2] = {{w->quiet, POLLIN, 0x55}, {-1, POLLIN, 0x55}};
    gate_open(w->ready);
    errno = 0;
    CHECK_INT(proc_poll(w->cancel ? w->cancel : cancel, files, 2, w->time), -1);
    CHECK_INT(errno, ECANCELED);
    CHECK(files[0].revents == 0 && files[1].revents == 0);
    return NULL;
}

typedef struct canceller {
    gate *ready;
    size_t waiters;
    proc_cancel *cancel;
    bool asleep; /* waits until they are, too */
} canceller;

static proc_error *cancel_when_ready(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    canceller *c = user_data;
    GATE_WAIT_FOR(c->ready, c->waiters);
    if (c->asleep) {
        wait_until_others_sleep();
        if (order_is_seen())
            CHECK_DUMPED(", proc_poll\n");
    }
    proc_cancel_trigger(c->cancel, NULL);
    return NULL;
}

enum { WAITERS = 12 };
static const int64_t times[] = {PROC_SECONDS(3600), INT64_MAX, PROC_FOREVER, INT64_MIN};

/* So many wait on the handle, each for another time, and root is cancelled. */
static void check_woken(proc_cancel *root, proc_cancel *cancel, size_t count, bool asleep) {
    gate ready;
    gate_init(&ready);
    int quiet = eventfd(0, 0);
    waiter waiters[WAITERS];
    canceller c = {&ready, count, root, asleep};
    proc_impl *impls[WAITERS + 1] = {proc_new(cancel_when_ready, &c, NULL)};
    for (size_t i = 0; i < count; i++) {
        waiters[i] = (waiter){&ready, cancel, times[i % 4], quiet};
        impls[1 + i] = proc_new(wait_there, &waiters[i], NULL);
    }
    CHECK_OK(proc_run(proc_concurrent(impls, 1 + count), NULL));
    close(quiet);
}

static void woken(void) {
    for (size_t count = 1; count <= 4; count++) {
        proc_cancel *cancel = proc_cancel_new(NULL);
        check_woken(cancel, cancel, count, true);
        proc_cancel_unref(cancel);
    }
}

static void from_above(void) {
    proc_cancel *root = proc_cancel_new(NULL);
    proc_cancel *middle = proc_cancel_new(root), *low = proc_cancel_new(middle);
    check_woken(root, low, 2, true);
    proc_cancel_unref(low);
    proc_cancel_unref(middle);
    proc_cancel_unref(root);
    gate ready;
    gate_init(&ready);
    waiter w = {&ready, NULL, PROC_FOREVER, eventfd(0, 0)};
    leaf l = {.waits = &ready, .fails = "fails"};
    proc_impl *waiting = proc_task("t", proc_new(wait_there, &w, NULL));
    CHECK_FAILS(proc_run(PROC_GROUP(waiting, leaf_new(&l)), NULL), EIO, "fails");
    close(w.quiet);
}

static void all_woken(void) {
    proc_cancel *cancel = proc_cancel_new(NULL);
    int open = fds_open();
    check_woken(cancel, cancel, WAITERS, true);
    CHECK_INT(fds_open(), open + 1);
    proc_cancel_unref(cancel);
}

static void at_once(void) {
    size_t rounds = check_scaled(2000);
    for (size_t i = 0; i < rounds; i++) {
        proc_cancel *cancel = proc_cancel_new(NULL);
        check_woken(cancel, cancel, 1 + i % 2, false);
        proc_cancel_unref(cancel);
    }
}

/* A thread of the test's own, whose signals are known. */
typedef struct sleeper {
    pthread_t thread;
    gate ready;
    proc_cancel *cancel;
    struct pollfd file;
    int64_t time;
    int result, error;
    atomic_bool over;
} sleeper;

static void *sleep_there(void *user_data) {
    sleeper *s = user_data;
    gate_open(&s->ready);
    s->result = proc_poll(s->cancel, &s->file, 1, s->time);
    s->error = errno;
    s->over = true;
    return NULL;
}

static void start_sleeper(sleeper *s, int64_t time) {
    s->cancel = proc_cancel_new(NULL);
    s->file = (struct pollfd){eventfd(0, 0), POLLIN, 0};
    s->time = time;
    s->over = false;
    gate_init(&s->ready);
    CHECK_INT(pthread_create(&s->thread, NULL, sleep_there, s), 0);
    GATE_WAIT(&s->ready);
}

static void join_sleeper(sleeper *s) {
    CHECK_INT(pthread_join(s->thread, NULL), 0);
    proc_cancel_unref(s->cancel);
    close(s->file.fd);
}

static void make_ready(sleeper *s) { CHECK_INT(eventfd_write(s->file.fd, 1), 0); }

static void file_wakes(void) {
    sleeper s;
    start_sleeper(&s, PROC_FOREVER);
    wait_until_others_sleep();
    make_ready(&s);
    join_sleeper(&s);
    CHECK_INT(s.result, 1);
    CHECK_INT(s.file.revents, POLLIN);
}

static atomic_int handled;

static void handle(int signal_number) {
    (void)signal_number;
    handled++;
}

/* Sends it a signal as it waits, again and again. */
static void interrupt(sleeper *s, int times_to_interrupt) {
    for (int i = 0; i < times_to_interrupt; i++) {
        int before = handled;
        wait_until_others_sleep();
        pthread_kill(s->thread, SIGUSR1);
        while (handled == before)
            sched_yield();
        CHECK(!s->over);
    }
}

static void signals(void) {
    struct sigaction former;
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handle}, &former);
    for (int by_file = 0; by_file <= 1; by_file++) {
        sleeper s;
        start_sleeper(&s, by_file ? PROC_FOREVER : PROC_SECONDS(3600));
        interrupt(&s, 20);
        if (by_file)
            make_ready(&s);
        else
            proc_cancel_trigger(s.cancel, NULL);
        join_sleeper(&s);
        CHECK_INT(s.result, by_file ? 1 : -1);
        CHECK(by_file || s.error == ECANCELED);
    }
    sigaction(SIGUSR1, &former, NULL);
}

/* If it began anew after each signal, it would not end as long as they come. */
static void signals_and_time(void) {
    struct sigaction former;
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handle}, &former);
    sleeper s;
    start_sleeper(&s, PROC_MS(50));
    while (!s.over) {
        pthread_kill(s.thread, SIGUSR1);
        sched_yield();
    }
    join_sleeper(&s);
    CHECK_INT(s.result, 0);
    sigaction(SIGUSR1, &former, NULL);
}

static void mask(void) {
    sigset_t blocked, pending;
    struct sigaction former;
    proc_cancel *cancel = proc_cancel_new(NULL);
    struct pollfd file = {eventfd(0, 0), POLLIN, 0};
    int before = handled;
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handle}, &former);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
    raise(SIGUSR1);
    CHECK_INT(proc_poll(cancel, &file, 1, PROC_MS(1)), 0);
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGUSR1));
    CHECK_INT(handled, before);
    pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
    CHECK_INT(handled, before + 1);
    sigaction(SIGUSR1, &former, NULL);
    close(file.fd);
    proc_cancel_unref(cancel);
}

CHECK_MAIN(CASE(woken), CASE(from_above), CASE(all_woken), CASE(at_once), CASE(file_wakes),
           CASE(signals), CASE(signals_and_time), CASE(mask))
