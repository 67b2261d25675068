/* A program on the library whose callbacks use pthreads, linked with libprocession-sim.so. Laws:
 *
 *   locked        A mutex may be held where another thread goes on: who wants it waits in the run.
 *   deadlock      Two that wait for each other's mutex fail the run with EDEADLK, which says who waits for what.
 *   virtual_time  sleep, and a wait for a condition with a deadline, go by the clock of the run.
 *   threads       Threads that a callback makes are in the run, and so are their locks.
 *   left_behind   One that still goes on when the process has completed fails the run.
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

static void outside(void) {
    pthread_mutex_lock(&one);
    CHECK_INT(pthread_mutex_trylock(&one), EBUSY);
    pthread_mutex_unlock(&one);
    int64_t begin = proc_now();
    usleep(1000);
    CHECK(proc_now() - begin >= PROC_MS(1));
}

CHECK_MAIN(CASE(locked), CASE(virtual_time), CASE(threads), CASE(left_behind), CASE(outside),
           CASE(deadlock))
