#include "late.h"
#include "../futex.h"
#include "../samples.h"
#include <pthread.h>
#include <stdint.h>
#include <sys/timerfd.h>

static struct timespec moment(double ns) {
    return (struct timespec){(time_t)(ns / 1e9), (long)(ns - (double)(time_t)(ns / 1e9) * 1e9)};
}

/* A thread sleeps until the moment. */
static double *late_sleeps(int n) {
    double *late = samples_make(n);
    for (int i = 0; i < n; i++) {
        double due = now_ns() + AHEAD_NS;
        struct timespec until = moment(due);
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        late[i] = now_ns() - due;
    }
    return late;
}

void late_median(int n, int repetitions) {
    (void)repetitions;
    print_sample(late_sleeps(n), n, 0.5);
}

void late_worst(int n, int repetitions) {
    (void)repetitions;
    print_sample(late_sleeps(n), n, 0.99);
}

struct timer {
    int fd;
    double at;
    atomic_uint count;
};

static void *read_timer(void *argument) {
    struct timer *timer = argument;
    for (uint64_t times; read(timer->fd, &times, sizeof times) == sizeof times;) {
        timer->at = now_ns();
        atomic_fetch_add(&timer->count, 1);
        futex_wake(&timer->count, 1);
    }
    exit(1);
}

static void set_timer(struct timer *timer, double due) {
    struct itimerspec when = {.it_value = moment(due)};
    if (timerfd_settime(timer->fd, TFD_TIMER_ABSTIME, &when, NULL) != 0)
        exit(1);
}

/* A thread reads from a timerfd, while whoever has set it is blocked elsewhere. */
static double *late_timerfds(int n) {
    static struct timer timer;
    pthread_t thread;
    double *late = samples_make(n);
    timer.fd = timerfd_create(CLOCK_MONOTONIC, 0);
    if (timer.fd < 0 || pthread_create(&thread, NULL, read_timer, &timer) != 0)
        skip("there is no timer or no thread to be had");
    for (int i = 0; i < n; i++) {
        double due = now_ns() + AHEAD_NS;
        set_timer(&timer, due);
        wait_while(&timer.count, (unsigned)i);
        late[i] = timer.at - due;
    }
    return late;
}

void late_timerfd_median(int n, int repetitions) {
    (void)repetitions;
    print_sample(late_timerfds(n), n, 0.5);
}

void late_timerfd_worst(int n, int repetitions) {
    (void)repetitions;
    print_sample(late_timerfds(n), n, 0.99);
}
