/* A program on the library whose callbacks use pthreads, linked with libprocession-sim.so. Laws:
 *
 *   locked        A mutex may be held where another thread goes on: who wants it waits in the run.
 *   deadlock      Two that wait for each other's mutex fail the run with EDEADLK, which says who waits for what.
 *   virtual_time  sleep, and a wait for a condition with a deadline, go by the clock of the run.
 *   threads       Threads that a callback makes are in the run, and so are their locks.
 *   left_behind   One that still goes on when the process has completed fails the run.
 *   early_wakes   A wait for a condition may wake for no reason, by chance: who does not look again fails, and only then.
 *   early_times   It does so at once or later, and the same seed is the same run.
 *   late_threads  A thread that the program makes may be late, by chance.
 *   outside       Threads that are in no run are not concerned.
 */
#include "simulated.h"
#include <unistd.h>

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static int count;

static proc_error *increment(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    pthread_mutex_lock(&one);
    int read = count;
    proc_yield();
    count = read + 1;
    pthread_mutex_unlock(&one);
    return NULL;
}

static proc_impl *three_increments(void *user_data) {
    count = 0;
    return PROC_CONCURRENT(proc_new(increment, user_data, NULL),
                           proc_new(increment, user_data, NULL),
                           proc_new(increment, user_data, NULL));
}

static void locked(void) {
    for (uint64_t seed = 1; seed <= 100; seed++) {
        CHECK_OK(simulate_seed(three_increments, NULL, seed));
        CHECK_INT(count, 3);
    }
}

static proc_error *lock_both(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    pthread_mutex_t *first = user_data, *second = first == &one ? &other : &one;
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
    return NULL;
}

static proc_impl *both_orders(void *user_data) {
    (void)user_data;
    return PROC_CONCURRENT(proc_new(lock_both, &one, NULL), proc_new(lock_both, &other, NULL));
}

/* Last, for its threads are left as they are. */
static void deadlock(void) {
    proc_simulation options = PROC_SIMULATION_INIT;
    options.runs = 1000;
    proc_error *error = proc_simulate(both_orders, NULL, &options);
    CHECK_HAS(proc_error_message(error), "waits for the mutex");
    CHECK_HAS(proc_error_message(error), "which is held by thread");
    CHECK_SIMULATION(error, EDEADLK, "deadlock: nobody can go on");
}

static proc_error *sleep_a_day(proc_cancel *cancel, void *user_data) {
    (void)cancel, (void)user_data;
    int64_t begin = proc_now();
    sleep(86400);
    CHECK_INT(proc_now() - begin, PROC_SECONDS(86400));
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 3600;
    pthread_mutex_lock(&mutex);
    CHECK_INT(pthread_cond_timedwait(&condition, &mutex, &end), ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
    CHECK_INT(proc_now() - begin, PROC_SECONDS(90000));
    return NULL;
}

static proc_impl *sleeping(void *user_data) { return proc_new(sleep_a_day, user_data, NULL); }

static void virtual_time(void) { CHECK_OK(simulate_seed(sleeping, NULL, 1)); }

static void *increment_in_thread(void *data) {
    CHECK(proc_simulated());
    increment(NULL, data);
    return NULL;
}

static proc_error *make_threads(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    pthread_t threads[3];
    count = 0;
    for (int i = 0; i < 3; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, increment_in_thread, user_data), 0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    CHECK_INT(count, 3);
    return NULL;
}

static proc_impl *making_threads(void *user_data) {
    return proc_new(make_threads, user_data, NULL);
}

static void threads(void) {
    for (uint64_t seed = 1; seed <= 100; seed++)
        CHECK_OK(simulate_seed(making_threads, NULL, seed));
}

static void *sleep_long(void *data) {
    sleep(100);
    return data;
}

static proc_error *leave_one(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, sleep_long, user_data), 0);
    pthread_detach(thread);
    return NULL;
}

static proc_impl *leaving_one(void *user_data) { return proc_new(leave_one, user_data, NULL); }

static void left_behind(void) {
    CHECK_SIMULATION(simulate_seed(leaving_one, NULL, 1), EBUSY, "left threads behind");
}

/* One waits until another has brought something. */
typedef struct delivery {
    bool looks_again, is_there;
    pthread_mutex_t mutex;
    pthread_cond_t arrived;
} delivery;

static proc_error *fetch(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    delivery *d = user_data;
    pthread_mutex_lock(&d->mutex);
    if (!d->is_there)
        pthread_cond_wait(&d->arrived, &d->mutex);
    while (d->looks_again && !d->is_there)
        pthread_cond_wait(&d->arrived, &d->mutex);
    bool is_there = d->is_there;
    pthread_mutex_unlock(&d->mutex);
    return is_there ? NULL : proc_error_new(EPROTO, "nothing is there");
}

static proc_error *bring(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    delivery *d = user_data;
    pthread_mutex_lock(&d->mutex);
    d->is_there = true;
    pthread_cond_signal(&d->arrived);
    pthread_mutex_unlock(&d->mutex);
    return NULL;
}

static proc_impl *delivering(void *user_data) {
    ((delivery *)user_data)->is_there = false;
    return PROC_CONCURRENT(proc_new(fetch, user_data, NULL), proc_new(bring, user_data, NULL));
}

static proc_simulation with_early_wakes(int permille, size_t runs) {
    proc_simulation options = PROC_SIMULATION_INIT;
    options.seed = 1;
    options.runs = runs;
    options.early_wakes_permille = permille;
    return options;
}

static void early_wakes(void) {
    delivery d = {.mutex = PTHREAD_MUTEX_INITIALIZER, .arrived = PTHREAD_COND_INITIALIZER};
    proc_simulation never = with_early_wakes(0, 10000), some = with_early_wakes(100, 200),
                    many = with_early_wakes(100, 10000);
    CHECK_OK(proc_simulate(delivering, &d, &never));
    proc_error *error = proc_simulate(delivering, &d, &some);
    CHECK_HAS(proc_error_message(error), ", 100 of 1000 waits woken early, after ");
    CHECK_HAS(proc_error_message(error), "fewest switches ");
    CHECK_SIMULATION(error, EPROTO, "nothing is there");
    d.looks_again = true;
    CHECK_OK(proc_simulate(delivering, &d, &many));
}

static proc_error *wait_twenty_times(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    pthread_mutex_lock(&mutex);
    for (int i = 0; i < 20; i++) {
        struct timespec end;
        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += 2;
        int64_t began = proc_now();
        bool is_early = pthread_cond_timedwait(&condition, &mutex, &end) == 0;
        int64_t passed = proc_now() - began;
        CHECK(is_early ? passed <= PROC_SECONDS(1) : passed == PROC_SECONDS(2));
        say(user_data, passed == 0 ? "at once" : is_early ? "later" : "not");
    }
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static proc_impl *waiting_often(void *user_data) {
    ((words *)user_data)->length = 0;
    return proc_new(wait_twenty_times, user_data, NULL);
}

static void early_times(void) {
    static words first, second;
    proc_simulation options = with_early_wakes(500, 1);
    CHECK_OK(proc_simulate(waiting_often, &first, &options));
    CHECK_OK(proc_simulate(waiting_often, &second, &options));
    CHECK_STR(second.text, first.text);
    CHECK_HAS(first.text, "at once@");
    CHECK_HAS(first.text, "later@");
    CHECK_HAS(first.text, "not@");
}

static void *note_moment(void *data) {
    *(int64_t *)data = proc_now();
    return NULL;
}

static proc_error *note_begin(proc_cancel *cancel, void *user_data) {
    (void)cancel;
    int64_t *late_by = user_data, began = proc_now();
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, note_moment, late_by), 0);
    CHECK_INT(pthread_join(thread, NULL), 0);
    *late_by -= began;
    return NULL;
}

static proc_impl *noting_begin(void *user_data) { return proc_new(note_begin, user_data, NULL); }

static void late_threads(void) {
    int64_t late_by = 0;
    CHECK_OK(simulate_seed(noting_begin, &late_by, 1));
    CHECK_INT(late_by, 0);
    proc_simulation options = PROC_SIMULATION_INIT;
    options.seed = 1;
    options.slow_permille = 1000;
    CHECK_OK(proc_simulate(noting_begin, &late_by, &options));
    CHECK(late_by > 0 && late_by <= PROC_SECONDS(1));
}

static void outside(void) {
    pthread_mutex_lock(&one);
    CHECK_INT(pthread_mutex_trylock(&one), EBUSY);
    pthread_mutex_unlock(&one);
    int64_t begin = proc_now();
    usleep(1000);
    CHECK(proc_now() - begin >= PROC_MS(1));
}

CHECK_MAIN(CASE(locked), CASE(virtual_time), CASE(threads), CASE(left_behind), CASE(early_wakes),
           CASE(early_times), CASE(late_threads), CASE(outside), CASE(deadlock))
